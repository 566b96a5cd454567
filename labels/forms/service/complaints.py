"""用户投诉记录表, one complaint with its course, and 投诉分析报告, what those of some months come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from devices.deadlines import STANDINGS
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.complaints import (
    CATEGORIES,
    COMPLAINT_CHANNELS,
    CONSEQUENCES,
    CUSTOMER_WORDS,
    PASSED_TO,
    TO_BE_CLOSED,
    Complainant,
    Complaint,
    ComplaintAct,
)
from devices.service.complaints.figures import ComplaintLine, ComplaintReport
from labels.forms.devices import ERASED, MASKED
from labels.forms.form import Box, Column, Field, Form, FormPart, Kind, Table, Word
from labels.forms.parts import NUMBER, column
from labels.forms.service.parts import (
    CUSTOMER_FIELDS,
    TO_SIGN_OR_STAMP,
    code_on_paper,
    place_on_paper,
    site_field,
    to_tick,
    to_write,
    when_to_write,
)

STEPS_TO_WRITE = 6
"""So many steps may be written down on a blank paper, whose back is how it is handled."""
BLANK_NUMBER = "________"
_VERDICTS = ("valid", "invalid")


class ComplaintPrinted(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint as it is printed, or a blank one to be filled in by hand.

    `complainant` is who complained and what they said, None once that was erased; one that is not `told` is not for
    this reader, of whom they complained.
    """

    unit: str
    site_name: str = ""
    complaint: Complaint | None = None
    customer: CustomerShown | None = None
    complainant: Complainant | None = None
    told: bool = True


# --- who complains of what


def _account(printed: ComplaintPrinted) -> str | Word:
    if not printed.told:
        return MASKED
    return printed.complainant.account if printed.complainant else ERASED


def _of_complainant(name: str) -> Field:
    return Field(f"form.field.complainant_{name}", lambda p: getattr(p.complainant, name, None))


_RECEIVED = (
    site_field("complaint"),
    Field("form.field.state", "complaint.state", words="complaint"),
    Field("form.field.channel", "complaint.channel", words="channel"),
    Field("form.field.complained_at", "complaint.received_at", "moment"),
    Field("form.field.received_by", "complaint.received_by", "person"),
    Field("form.field.owner", "complaint.owner", "person"),
    Field("form.field.categories", "complaint.categories", words="category", wide=True),
    Field("form.field.about", "complaint.about"),
    Field("form.field.persons", lambda p: p.complaint.persons or None, "person"),
    Field("form.field.serials", lambda p: "  ".join(p.complaint.serials) or None, wide=True),
    *CUSTOMER_FIELDS,
    _of_complainant("name"),
    _of_complainant("contact"),
    Field("form.field.account", _account, wide=True),
)
_TO_RECEIVE = (
    to_write("form.field.service_site", lines=2, wide=False),
    when_to_write("form.field.complained_at"),
    to_tick("form.field.channel", COMPLAINT_CHANNELS, "channel", wide=True),
    to_tick("form.field.categories", CATEGORIES, "category", wide=True),
    to_write("form.field.customer", lines=2, wide=False),
    to_write("form.field.taxpayer_id", lines=2, wide=False),
    to_write("form.field.complainant_name", lines=2, wide=False),
    to_write("form.field.complainant_contact", lines=2, wide=False),
    to_write("form.field.about", lines=2, wide=False),
    to_write("form.field.persons", lines=2, wide=False),
    to_write("form.field.account", lines=16),
)

# --- its course


class _Step(msgspec.Struct, frozen=True):
    at: int | None = None
    step: str | None = None
    by: str | None = None
    outcome: str | Word | None = None
    text: str | None = None


def _outcome(act: ComplaintAct) -> str | Word | None:
    """What a step came to, in a word."""
    if act.step == "decide" and act.valid is None:
        return Word("form.verdict.anew")
    if act.step in ("investigate", "decide"):
        return Word(f"form.verdict.{'valid' if act.valid else 'invalid'}")
    if act.word is not None:
        return Word(f"customer_word.{act.word}")
    if act.held is not None:
        return Word(f"form.verdict.{'held' if act.held else 'not_held'}")
    return act.owner or (act.registered.reference if act.registered else None)


def _course(printed: ComplaintPrinted) -> Iterator[tuple[int, _Step]]:
    acts = printed.complaint.course if printed.complaint else ()
    told = [
        _Step(
            act.at,
            act.step,
            act.by,
            _outcome(act),
            "\n".join(part for part in (act.text, act.reason) if part) or None,
        )
        for act in acts
    ]
    blank = [] if printed.complaint else [_Step()] * STEPS_TO_WRITE
    return iter(enumerate([*told, *blank], 1))


_STEPS = (
    NUMBER,
    column("at", "at", 34, "moment"),
    column("step", "step", 24, words="form.complaint_step"),
    column("made_by", "by", 30, "person"),
    column("outcome", "outcome", 24),
    column("said", "text", 68),
)

# --- how it is handled


class _Handling:
    """The fields of what is said of a complaint: as told, or to be filled in by hand while it is open."""

    def __init__(self, value: Complaint | None) -> None:
        self.value = value
        self.is_open = value is None or value.state in TO_BE_CLOSED

    def act(self, step: str, *, stands: bool) -> ComplaintAct | None:
        """The latest act of a step, where what it said still stands."""
        return self.value.last(step) if self.value is not None and stands else None

    def told(
        self, word: str, value: Any, kind: Kind = "text", *, lines: int = 2, wide: bool = False
    ) -> Field:
        """A value, or room for it."""
        if value is None and self.is_open:
            return to_write(word, lines=lines, wide=wide)
        return Field(word, lambda _: value, kind, wide=wide)

    def ticked(
        self, word: str, code: str | None, codes: Sequence[str], group: str, *, wide: bool = False
    ) -> Field:
        """A code in words, or several to tick."""
        if code is None and self.is_open:
            return to_tick(word, codes, group, wide=wide)
        return Field(word, lambda _: code, words=group, wide=wide)


def _handled(printed: ComplaintPrinted) -> FormPart:
    value, told = printed.complaint, _Handling(printed.complaint)
    state = value.state if value else None
    found = told.act("investigate", stands=state != "received")
    decided = told.act("decide", stands=value is not None and value.valid is not None)
    resolved = told.act("resolve", stands=value is not None and value.resolved_at is not None)
    word = told.act("confirm", stands=state in ("confirmed", "correcting", "closed"))
    return FormPart(
        "form.part.handling",
        (
            told.told("form.field.finding", found and found.text, lines=4, wide=True),
            told.ticked("form.field.found_valid", _verdict(found), _VERDICTS, "form.verdict"),
            told.ticked("form.field.decided_valid", _verdict(decided), _VERDICTS, "form.verdict"),
            Field("form.field.cleared", lambda p: (p.complaint and p.complaint.cleared) or None, "person"),
            told.told("form.field.why_decided", decided and (decided.reason or ""), wide=True),
            told.told("form.field.remedy", resolved and resolved.text, lines=4, wide=True),
            _apology(told, resolved),
            told.ticked(
                "form.field.passed_to", _code(resolved, "passed_to"), PASSED_TO, "passed_to", wide=True
            ),
            told.ticked(
                "form.field.consequence",
                _code(resolved, "consequence"),
                CONSEQUENCES,
                "consequence",
                wide=True,
            ),
            told.ticked("form.field.customer_word", _code(word, "word"), CUSTOMER_WORDS, "customer_word"),
            told.told("form.field.word_reason", word and (word.reason or "")),
            *_corrected(value, told),
            *_registered(value, told),
        ),
    )


def _verdict(act: ComplaintAct | None) -> str | None:
    return None if act is None else "valid" if act.valid else "invalid"


def _code(act: ComplaintAct | None, name: str) -> str | None:
    """What a step said of something; "" where it did not, and nothing is left to say."""
    return None if act is None else getattr(act, name) or ""


def _apology(told: _Handling, resolved: ComplaintAct | None) -> Field:
    if resolved is None and told.is_open:
        return when_to_write("form.field.apology_at")
    return Field("form.field.apology_at", lambda _: resolved and resolved.apology_at, "moment")


def _corrected(value: Complaint | None, told: _Handling) -> Iterator[Field]:
    """The corrective action, which an invalid one has none of."""
    if value is not None and value.valid is False:
        return
    measure, checked = value.measure if value else None, value.last("check") if value else None
    yield told.told("form.field.measure", measure and measure.what, lines=3, wide=True)
    yield told.told("form.field.measure_owner", measure and measure.owner, "person")
    yield told.told("form.field.measure_due_on", measure and measure.due_on, "date")
    yield told.told("form.field.checked", checked and checked.text, wide=True)
    yield Field(
        "form.field.vetoed", lambda p: (p.complaint and p.complaint.vetoed) or None, "person", wide=True
    )


def _registered(value: Complaint | None, told: _Handling) -> Iterator[Field]:
    """Under which number the call centre has it; that is told of a closed one too."""
    there = value.registered if value else None
    lines = 0 if there else 2
    yield Field("form.field.registered_as", lambda _: there and there.reference, to_fill=lines)
    yield Field("form.field.registered_on", lambda _: there and there.day, "date", to_fill=lines)


def _signed(printed: ComplaintPrinted) -> list[Box]:
    value = printed.complaint
    boxes = [
        Box("form.box.received_by", value.received_by, value.received_at)
        if value
        else Box("form.box.received_by")
    ]
    for word, step in (("form.box.decided_by", "decide"), ("form.box.called_back_by", "confirm")):
        act = value.last(step) if value else None
        boxes.append(Box(word, act.by, act.at) if act else Box(word))
    return [*boxes, Box("form.box.manager", place=TO_SIGN_OR_STAMP)]


COMPLAINT_FORM = Form(
    name="complaint",
    title=lambda printed: ("form.title.complaint", {}),
    number="complaint.number",
    unit="unit",
    fields=_RECEIVED,
    tables=(Table("form.table.course", _course, _STEPS),),
    below=_handled,
    boxes=_signed,
    code="complaint.number",
)
BLANK_COMPLAINT_FORM = Form(
    name="blank_complaint",
    title=lambda printed: ("form.title.complaint", {}),
    number=lambda printed: BLANK_NUMBER,
    unit="unit",
    fields=_TO_RECEIVE,
    tables=(Table("form.table.course", _course, _STEPS),),
    below=_handled,
    boxes=_signed,
)

# --- what they come to


class ComplaintReportPrinted(msgspec.Struct, frozen=True):
    """A report on complaints as it is printed."""

    unit: str
    site_name: str
    on: str
    report: ComplaintReport


def _counts(name: str) -> Any:
    """The one row of counts by a code."""
    return lambda printed: [getattr(printed.report.figures, name)]


def _counted(group: str, codes: Sequence[str]) -> tuple[Column, ...]:
    """A column for each code, headed by its word."""

    def of(code: str) -> Column:
        return Column(f"{group}.{code}", lambda row: row[code], 24, "number")

    return tuple(of(code) for code in codes)


def _stood(printed: ComplaintReportPrinted) -> Iterator[dict[str, Any]]:
    figures = printed.report.figures
    deadlines = {
        "complaint": figures.resolved,
        "complaint_filing": figures.registered,
        "corrective_action": figures.corrected,
    }
    for name, counts in deadlines.items():
        yield {"deadline": name, **counts}


def _line_of(row: tuple[int, ComplaintLine]) -> str | None:
    valid = row[1].valid
    return None if valid is None else "valid" if valid else "invalid"


_LIST = (
    NUMBER,
    column("complaint", "number", 27),
    column("received_on", "received_on", 20, "date"),
    column("channel", "channel", 20, words="channel"),
    column("categories", "categories", 34, words="category"),
    column("about", "about", 28),
    column("persons", "persons", 30, "person"),
    Column("form.column.verdict", _line_of, 14, words="form.verdict"),
    column("complaint_state", "state", 24, words="complaint"),
    column("resolved", "resolved", 18, words="standing"),
    column("registered", "registered", 18, words="standing"),
    column("corrected", "corrected", 18, words="standing"),
)


def _number(name: str) -> Field:
    return Field(f"form.field.complaints_{name}", f"report.figures.{name}", "number")


REPORT_FORM = Form(
    name="complaint_report",
    title=lambda printed: ("form.title.complaint_report", {}),
    number=lambda printed: (
        f"{code_on_paper(printed.report.site)}{printed.report.first} – {printed.report.last}"
    ),
    unit="unit",
    fields=(
        Field("form.field.service_site", lambda p: place_on_paper(p.report.site, p.site_name)),
        Field("form.field.month", lambda p: f"{p.report.first} – {p.report.last}"),
        Field("form.field.on", "on", "date"),
        *map(_number, ("received", "valid", "invalid", "undecided", "closed", "not_content")),
        Field("form.field.complaints_in_year", lambda p: len(p.report.year.valid), "number"),
        Field("form.field.complaints_warned", "report.year.warned_from", "number"),
        Field(
            "form.field.warning",
            lambda p: "reached" if p.report.year.is_reached else "below",
            words="form.warning",
        ),
        Field("form.field.valid_in_year", lambda p: "  ".join(p.report.year.valid) or None, wide=True),
    ),
    tables=(
        Table("form.table.channels", _counts("channels"), _counted("channel", COMPLAINT_CHANNELS)),
        Table("form.table.categories", _counts("categories"), _counted("category", CATEGORIES)),
        Table(
            "form.table.deadlines",
            _stood,
            (
                Column("form.column.deadline", lambda row: row["deadline"], 40, words="deadline"),
                *_counted("standing", STANDINGS),
            ),
        ),
        Table(
            "form.table.persons",
            lambda printed: enumerate(printed.report.figures.persons, 1),
            (
                NUMBER,
                column("persons", "username", 60, "person"),
                column("complaints", "complaints", 40, "number"),
                column("valid", "valid", 40, "number"),
                Column(
                    "form.column.vetoed",
                    lambda row: "vetoed" if row[1].vetoed else None,
                    60,
                    words="form.verdict",
                ),
            ),
        ),
        Table("form.table.complaints", lambda printed: enumerate(printed.report.complaints, 1), _LIST),
    ),
    below=lambda printed: FormPart(
        "form.part.analysis",
        (to_write("form.field.causes", lines=10), to_write("form.field.improvements", lines=10)),
    ),
    boxes=lambda printed: [
        Box("form.box.supervisor"),
        Box("form.box.manager", place=TO_SIGN_OR_STAMP),
    ],
    landscape=True,
)
