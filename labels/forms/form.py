"""What a form is: a declared table of what is printed.

A form is declared over frozen values from `devices`: header fields, tables with columns, boxes to sign in, the proof
at the foot. `paper_of` in `labels/forms/paper.py` reads the values through the declaration and puts every code into
words; the writers draw any paper. Rows are read as they are drawn, so a form of 100,000 rows is never in memory as a
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import msgspec

from devices.audit.declarations import Declared

Kind = Literal[
    "text", "serial", "barcode", "date", "moment", "money", "number", "ordinal", "person", "choice"
]
"""How a value is printed. `serial`: text, zeros and all; `barcode`: the same, on a PDF below its Code 128; `ordinal`: a
number that counts rows; `date`: an ISO date; `moment`: from UTC microseconds, to the second in the unit's time zone;
`money`: from integer fen, in yuan; `person`: from a username or several, from numbers by username, or from what was
done `By` somebody; `choice`: of several codes, or words, each behind a box to tick by hand."""

Names = Callable[[str], str]
"""How a person is printed, by username."""

ReadFrom = str | Callable[[Any], Any]
"""The value of a row or a form: the path of its attribute, or a function of it."""


class Word(msgspec.Struct, frozen=True):
    """A value that is said by a word of ours, named by its id, among values that are people's own texts.

    `facts` are what it names in braces; one of them may be such a word itself.
    """

    id: str
    facts: dict[str, Any] = {}


class By(msgspec.Struct, frozen=True):
    """Who did something, by username, and the label of the token that their word came through, if any."""

    username: str
    token: str | None = None


class Column(msgspec.Struct, frozen=True):
    """One column: the id of its heading, what it shows, its kind, its width in mm; `words` is the group of its codes; a
    `Word` among those is said as it is.

    A `summed` column is added up in a last row. `facts` are what the heading names.
    """

    word: str
    read: ReadFrom
    width: int
    kind: Kind = "text"
    words: str | None = None
    summed: bool = False
    facts: dict[str, object] = {}


class Field(msgspec.Struct, frozen=True):
    """One field, left out where it is empty; a `wide` one has a line of its own.

    One `to_fill` in by hand is there also where it is empty, and has room for so many lines of print.
    """

    word: str
    read: ReadFrom
    kind: Kind = "text"
    words: str | None = None
    wide: bool = False
    to_fill: int = 0


class FormPart(msgspec.Struct, frozen=True):
    """What stands below the tables, if anything: the id of its title, and its fields."""

    word: str
    fields: tuple[Field, ...]


class Table(msgspec.Struct, frozen=True):
    """One table of a form: the id of its title, its rows, its columns, which may depend on the form's value."""

    word: str
    rows: Callable[[Any], Iterable[Any]]
    columns: tuple[Column, ...] | Callable[[Any], tuple[Column, ...]]


class Box(msgspec.Struct, frozen=True):
    """A place to sign: the id of whose it is, who did it by username, when, and the id of what was decided.

    `fingerprint` is that of the key of an electronic signature; `let_in_by` issued its owner's code, `confirmed_by`
    has confirmed it. `token` is the label of the one that somebody's word came through. `place` is the id of what is
    printed where to sign by hand.
    """

    word: str
    username: str | None = None
    at_us: int | None = None
    fingerprint: str | None = None
    outcome: str | None = None
    let_in_by: str | None = None
    confirmed_by: str | None = None
    token: str | None = None
    place: str = "form.to_sign"


class Proof(msgspec.Struct, frozen=True):
    """What ties the paper to the books: a digest to be compared, and the journal's link or head."""

    digest: str | None
    journal: str
    seq: int
    hash: str


class Form(msgspec.Struct, frozen=True):
    """A declared form over values of one type. `title` gives the id of its title with the facts that the title names.

    `declared` is what is said above the boxes, for a value that has some. `code` is what the QR code at the head holds,
    for a paper that is scanned to find what it is of. `copies` are the ids of the names of its copies, where it is
    printed for several hands.
    """

    name: str
    title: Callable[[Any], tuple[str, dict[str, object]]]
    number: ReadFrom
    unit: ReadFrom
    fields: tuple[Field, ...]
    tables: tuple[Table, ...] | Callable[[Any], tuple[Table, ...]]
    boxes: Callable[[Any], Sequence[Box]] = lambda _: ()
    proof: Callable[[Any], Proof | None] = lambda _: None
    declared: Callable[[Any], Sequence[Declared]] = lambda _: ()
    below: Callable[[Any], FormPart | None] = lambda _: None
    code: ReadFrom | None = None
    copies: Callable[[Any], Sequence[str]] = lambda _: ()
    landscape: bool = False
