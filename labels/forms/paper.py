"""A form filled in: the values read through its declaration, every code in words, ready to be drawn by a writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from devices.audit.declarations import Declared
from devices.calendar import TIME_ZONE
from devices.people.roles import SYSTEM
from labels.forms.form import (
    Box,
    By,
    Column,
    Field,
    Form,
    FormPart,
    Kind,
    Names,
    Proof,
    ReadFrom,
    Table,
    Word,
)
from labels.words import SENTENCE_SPACE, Locale, sentence, term, text_of


class FieldSaid(msgspec.Struct, frozen=True):
    """A field of the paper with its value as the writers take it: str, int, Decimal in yuan, date or naive datetime.

    It has room for `lines` lines of print at least.
    """

    title: str
    value: Any
    kind: Kind
    wide: bool
    lines: int = 1


class Heading(msgspec.Struct, frozen=True):
    """A column of the paper; its width in mm."""

    title: str
    kind: Kind
    width: int


class Grid(msgspec.Struct):
    """A table of the paper. `rows` can be read once, in order; those of a copy again and again.

    `totals` is the row below them, complete once they have been read; empty where no column is summed.
    """

    title: str
    columns: tuple[Heading, ...]
    rows: Iterable[list[Any]]
    totals: list[Any]


class Below(msgspec.Struct, frozen=True):
    """What stands below the tables of the paper."""

    title: str
    fields: tuple[FieldSaid, ...]


class BoxSigned(msgspec.Struct, frozen=True):
    """A box of the paper: whose it is, and what is printed of who did it in the books, and on whose word."""

    title: str
    person: str | None
    at: datetime | None
    fingerprint: str | None
    outcome: str | None
    let_in_by: str
    confirmed_by: str
    place: str


class Paper(msgspec.Struct):
    """A form filled in, ready to be drawn. `locale` is that of its words, `code` what its QR code at the head holds.

    `copies` are the names of its copies; one that was taken of them has the name of its own alone.
    """

    name: str
    title: str
    number: str
    unit: str
    locale: Locale
    landscape: bool
    fields: tuple[FieldSaid, ...]
    tables: tuple[Grid, ...]
    declared: str | None
    boxes: tuple[BoxSigned, ...]
    proof: Proof | None
    below: Below | None = None
    code: str | None = None
    copies: tuple[str, ...] = ()

    @property
    def under(self) -> str:
        """What is printed under the title: whose it is, its number, and which copy."""
        return "  ".join((self.unit, self.number, *self.copies))


class Speech(msgspec.Struct, frozen=True):
    """In which words a paper speaks, and how it names persons."""

    locale: Locale
    names: Names


def paper_of(form: Form, value: Any, locale: Locale, names: Names = str) -> Paper:
    """The form over a value, in the words of a locale. Its tables' rows are read when they are drawn.

    `names` prints a person; by default the username alone.
    """
    code, facts = form.title(value)
    speech = Speech(locale, names)
    tables = form.tables(value) if callable(form.tables) else form.tables
    boxes = form.boxes(value)
    return Paper(
        name=form.name,
        title=capitalised(sentence(code, facts, locale)),
        number=str(_reader(form.number)(value)),
        unit=str(_reader(form.unit)(value)),
        locale=locale,
        landscape=form.landscape,
        fields=_fields(form.fields, value, speech),
        tables=tuple(_grid(table, value, speech) for table in tables),
        declared=_declared(form.declared(value), speech) if boxes else None,
        boxes=tuple(_signed(box, speech) for box in boxes),
        proof=form.proof(value),
        below=_below(form.below(value), value, speech),
        code=None if form.code is None else str(_reader(form.code)(value)),
        copies=tuple(text_of(copy, locale) for copy in form.copies(value)),
    )


def each_copy(paper: Paper) -> list[Paper]:
    """The paper itself, or each of its copies: the rows of those are held, and can be read again."""
    if not paper.copies:
        return [paper]
    held = tuple(msgspec.structs.replace(grid, rows=list(grid.rows)) for grid in paper.tables)
    return [msgspec.structs.replace(paper, tables=held, copies=(copy,)) for copy in paper.copies]


def _signed(box: Box, speech: Speech) -> BoxSigned:
    locale = speech.locale
    return BoxSigned(
        text_of(box.word, locale),
        _person(box.username and By(box.username, box.token), speech),
        None if box.at_us is None else clock_time(box.at_us),
        box.fingerprint,
        text_of(box.outcome, locale) if box.outcome else None,
        _let_in_by(box.let_in_by, speech),
        text_of("form.confirmed.nobody", locale)
        if box.confirmed_by is None
        else speech.names(box.confirmed_by),
        text_of(box.place, locale),
    )


def _declared(sentences: Sequence[Declared], speech: Speech) -> str | None:
    """What is said above the boxes; None where nothing is."""
    said = []
    for each in sentences:
        people = {name: [speech.names(who) for who in some] for name, some in each.people.items()}
        moments = {name: clock_time(at_us).isoformat(" ") for name, at_us in each.moments.items()}
        said.append(
            sentence(f"form.declared.{each.code}", {**people, **moments, **each.facts}, speech.locale)
        )
    return SENTENCE_SPACE[speech.locale].join(said) or None


def _let_in_by(username: str | None, speech: Speech) -> str:
    """Who let a signer in, as it is printed: a person, the system, or that it is not recorded."""
    if username is None:
        return text_of("form.let_in.unknown", speech.locale)
    return (
        text_of("form.let_in.system", speech.locale)
        if username == SYSTEM.username
        else speech.names(username)
    )


def _below(part: FormPart | None, value: Any, speech: Speech) -> Below | None:
    if part is None:
        return None
    return Below(text_of(part.word, speech.locale), _fields(part.fields, value, speech))


def _fields(fields: Sequence[Field], value: Any, speech: Speech) -> tuple[FieldSaid, ...]:
    """The fields that have something to say, or to be filled in."""
    said = ((field, _said(field, value, speech)) for field in fields)
    return tuple(each for field, each in said if field.to_fill or each.value not in (None, ""))


def _said(field: Field, value: Any, speech: Speech) -> FieldSaid:
    read, lines = _told(field.read, field.kind, field.words, speech), max(1, field.to_fill)
    return FieldSaid(
        text_of(field.word, speech.locale), read(value), _drawn_as(field.kind), field.wide, lines
    )


def _grid(table: Table, value: Any, speech: Speech) -> Grid:
    locale = speech.locale
    columns = table.columns(value) if callable(table.columns) else table.columns
    headings = tuple(
        Heading(sentence(each.word, each.facts, locale), _drawn_as(each.kind), each.width) for each in columns
    )
    totals: list[Any] = [0 if each.summed else None for each in columns]
    if any(each.summed for each in columns):
        totals[totals.index(None)] = text_of("form.total", locale)
    else:
        totals = []
    return Grid(text_of(table.word, locale), headings, _rows(table, columns, totals, value, speech), totals)


def _rows(
    table: Table, columns: Sequence[Column], totals: list[Any], value: Any, speech: Speech
) -> Iterator[list[Any]]:
    readers = [_told(each.read, each.kind, each.words, speech) for each in columns]
    summed = [n for n, each in enumerate(columns) if each.summed]
    for row in table.rows(value):
        told = [read(row) for read in readers]
        for n in summed:
            totals[n] += told[n] or 0
        yield told


# --- values


def _reader(read: ReadFrom) -> Callable[[Any], Any]:
    return attrgetter(read) if isinstance(read, str) else read


def _told(read: ReadFrom, kind: Kind, words: str | None, speech: Speech) -> Callable[[Any], Any]:
    """A function from a row to what is printed of it."""
    get, locale = _reader(read), speech.locale
    if kind == "choice":
        return lambda row: _to_tick(get(row), words or "", locale)
    if words is not None:
        return lambda row: _in_words(get(row), words, locale)
    if kind in ("number", "ordinal", "serial", "barcode"):
        return get
    if kind == "text":
        return lambda row: _text(get(row), locale)
    if kind == "person":
        return lambda row: _person(get(row), speech)
    convert = CONVERT[kind]
    return lambda row: None if (found := get(row)) is None else convert(found)


def _text(value: Any, locale: Locale) -> str | None:
    if value is None:
        return None
    return _word(value, locale) if isinstance(value, Word) else line_breaks(value)


def _word(word: Word, locale: Locale) -> str:
    """A word of ours with the facts that it names."""
    if not word.facts:
        return text_of(word.id, locale)
    facts = {
        name: _word(fact, locale) if isinstance(fact, Word) else fact for name, fact in word.facts.items()
    }
    return sentence(word.id, facts, locale)


def _in_words(value: Any, group: str, locale: Locale) -> str | None:
    if value is None:
        return None
    if isinstance(value, Word):
        return _word(value, locale)
    if isinstance(value, (list, tuple)):
        return text_of("form.comma", locale).join(term(group, str(each), locale) for each in value)
    return term(group, str(value), locale)


def _to_tick(codes: Sequence[str | Word] | Word | None, group: str, locale: Locale) -> str | None:
    """Several codes in words, each behind a box; None where there is nothing to choose. One word is room to write."""
    if isinstance(codes, Word):
        return _word(codes, locale)
    return "    ".join(f"{TICK} {_in_words(code, group, locale)}" for code in codes) if codes else None


def _drawn_as(kind: Kind) -> Kind:
    """What the writers draw: a person's name is a text to them, and so is what is chosen from."""
    return "text" if kind in ("person", "choice") else kind


def _person(value: Any, speech: Speech) -> str | None:
    if isinstance(value, Mapping):
        return "  ".join(f"{speech.names(who)}: {number}" for who, number in value.items())
    if isinstance(value, (list, tuple)):
        return text_of("form.comma", speech.locale).join(map(speech.names, value))
    if isinstance(value, By):
        through = sentence("form.through", {"label": value.token}, speech.locale) if value.token else None
        return " ".join(filter(None, (speech.names(value.username), through)))
    return None if value is None else speech.names(value)


def clock_time(at_us: int) -> datetime:
    """A moment in UTC microseconds as the unit's clocks showed it, to the second, without a zone."""
    return datetime.fromtimestamp(at_us // 1_000_000, ZONE).replace(tzinfo=None)


def _yuan(fen: int) -> Decimal:
    """Integer fen as yuan with two places."""
    return Decimal(fen).scaleb(-2)


def capitalised(text: str) -> str:
    """A title with its first letter large, also where a word of another group comes first in it."""
    return text[:1].upper() + text[1:]


def line_breaks(text: object) -> str:
    """A text with one kind of line break, as every reader of a spreadsheet has it."""
    return str(text).replace("\r\n", "\n").replace("\r", "\n")


def as_text(value: Any, kind: Kind) -> str:
    """A value of the paper as text: dates and moments in ISO order, yuan with two places."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return f"{value:,.2f}" if kind == "money" else str(value)


def signed_text(box: BoxSigned, locale: Locale) -> str:
    """What is printed in a box: who did it in the books or signed electronically, and where to sign by hand."""
    at = as_text(box.at, "moment")
    if box.fingerprint is not None:
        facts = {
            "person": box.person,
            "at": at,
            "fingerprint": box.fingerprint,
            "let_in_by": box.let_in_by,
            "confirmed_by": box.confirmed_by,
        }
        return sentence("form.signed", facts, locale)
    done = "  ".join(part for part in (box.person, at, box.outcome) if part)
    return "\n".join(part for part in (done, box.place) if part)


def proof_texts(proof: Proof, locale: Locale) -> list[str]:
    """What is printed of a proof: the digest, where there is one, and the journal's link."""
    journal = {"journal": proof.journal, "seq": proof.seq, "hash": proof.hash}
    digest = [sentence("form.digest", {"digest": proof.digest}, locale)] if proof.digest else []
    return [*digest, sentence("form.journal", journal, locale)]


TICK = "□"
ZONE = ZoneInfo(TIME_ZONE)
CONVERT: dict[Kind, Callable[[Any], Any]] = {
    "date": date.fromisoformat,
    "moment": clock_time,
    "money": _yuan,
}
