"""电话跟踪单, one call to be made or made, and 电话跟踪记录表, those of a month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from devices.calendar import day_of
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.complaints import PASSED_TO
from devices.paperwork.follow_ups import (
    QUESTION,
    QUESTIONS,
    TO_BE_CALLED,
    AnswerBeside,
    CallAct,
    FollowUp,
    Question,
    SpokenTo,
    called_at,
    questions_asked,
)
from devices.service.calls.by_month import CallFigures, CallMonth, CallOfMonth
from labels.forms.devices import customer_name
from labels.forms.form import Box, Column, Field, Form, FormPart, Table, Word
from labels.forms.parts import NUMBER, column
from labels.forms.service.parts import (
    CUSTOMER_FIELDS,
    code_on_paper,
    place_on_paper,
    site_field,
    to_tick,
    to_write,
)

CALLS_TO_WRITE = 3
"""So many more calls may be written down on a paper of one whose customer is still to be reached."""
UNKNOWN_ANSWER = Word("answer.unknown")


class CallPrinted(msgspec.Struct, frozen=True, kw_only=True):
    """A follow-up as it is printed: with its questions until they are answered, without a word of the record; then with
    the answers beside it.

    `customer` and `spoken_to` are for whoever sees them; `put_off` is the WaitReason for which the job was put off, and
    `was_sent_in` whether it was about a device that the customer sent in.
    """

    unit: str
    site_name: str
    call: FollowUp
    customer: CustomerShown | None = None
    spoken_to: SpokenTo | None = None
    put_off: str | None = None
    was_sent_in: bool = False

    @property
    def is_to_ask(self) -> bool:
        """Whether the customer is still to be asked."""
        return self.call.state in TO_BE_CALLED


# --- questions and answers


def told_answer(question: Question, told: object) -> str | Word:
    """One answer, or what a record says in its place, in words; money in yuan."""
    if told is None or told == "unknown":
        return UNKNOWN_ANSWER
    if question.kind == "fen":
        return Word("form.yuan", {"amount": f"{int(str(told)) / 100:,.2f}"})
    if question.kind == "serial":
        return str(told)
    return Word(f"{'score' if question.kind == 'score' else 'answer'}.{told}")


def told_record(beside: AnswerBeside) -> str | Word:
    """What the record says beside an answer: of several devices each."""
    question = QUESTION[beside.question]
    if question.kind == "serial":
        return " / ".join(beside.recorded)
    return told_answer(question, beside.recorded[0])


class _Answer(msgspec.Struct, frozen=True):
    question: str
    told: str | Word
    recorded: str | Word | None
    agrees: str | None


def _asked(printed: CallPrinted) -> Iterator[tuple[int, Question]]:
    """The questions of this call: of a job that was not put off one is not asked."""
    return iter(enumerate(questions_asked(put_off=printed.put_off is not None), 1))


def _answers(printed: CallPrinted) -> Iterator[tuple[int, _Answer]]:
    call = printed.call
    beside = {each.question: each for each in call.compared}
    asked = questions_asked(put_off=call.answers.waited is not None) if call.answers else ()
    for n, question in enumerate(asked, 1):
        held = beside.get(question.name)
        yield (
            n,
            _Answer(
                question.name,
                told_answer(question, getattr(call.answers, question.name)),
                told_record(held) if held else None,
                _agrees(held),
            ),
        )


def _agrees(held: AnswerBeside | None) -> str | None:
    """Whether an answer is what the record says; of one who does not know neither is said."""
    if held is None or held.told == "unknown":
        return None
    return "no" if held.differs else "yes"


def _to_answer(row: tuple[int, Question]) -> Any:
    """The answers that a question leaves to tick, or room to write."""
    question = row[1]
    if question.kind in ("fen", "serial"):
        return Word(f"form.fill.{question.kind}")
    group = "score" if question.kind == "score" else "answer"
    return tuple(Word(f"{group}.{choice}") for choice in question.choices)


def _questions(printed: CallPrinted) -> Table:
    """What is to be asked, or what was answered beside the record."""
    if not printed.is_to_ask:
        return Table("form.table.answers", _answers, _ANSWERED)

    def asks(row: tuple[int, Question]) -> Word:
        facts = {"reason": Word(f"wait.{printed.put_off}")} if row[1].name == "waited" else {}
        return Word(f"asks.{row[1].name}", facts)

    return Table(
        "form.table.questions",
        _asked,
        (
            NUMBER,
            column("question", "name", 30, words="question"),
            Column("form.column.asks", asks, 78),
            Column("form.column.answer", _to_answer, 72, "choice"),
        ),
    )


_ANSWERED = (
    NUMBER,
    column("question", "question", 46, words="question"),
    column("answer", "told", 50),
    column("recorded", "recorded", 60),
    column("agrees", "agrees", 24, words="form.agrees"),
)

# --- the calls


class _Called(msgspec.Struct, frozen=True):
    at: int | None = None
    by: str | None = None
    result: Word | None = None


def _called(act: CallAct) -> _Called:
    result = Word(f"missed.{act.outcome}") if act.outcome else Word(_CALL_ENDED[act.step])
    return _Called(called_at(act), act.by, result)


_CALL_ENDED = {"answer": "follow_up.answered", "close": "follow_up.unreached"}


def _every_call(printed: CallPrinted) -> Iterator[tuple[int, _Called]]:
    acts = [_called(act) for act in printed.call.course if act.step in ("attempt", "answer", "close")]
    more = [_Called()] * (CALLS_TO_WRITE if printed.is_to_ask else 0)
    return iter(enumerate([*acts, *more], 1))


_CALLS = (
    NUMBER,
    column("called_at", "at", 60, "moment"),
    column("caller", "by", 60, "person"),
    column("call_result", "result", 60),
)

# --- what comes of it


def _act(step: str, name: str, word: str, kind: Any = "text", **more: Any) -> Field:
    """A field of the latest act of a step."""
    return Field(word, lambda p: getattr(p.call.last(step), name, None), kind, **more)


def _spoken(name: str) -> Field:
    return Field(
        f"form.field.spoken_{name}", lambda p: getattr(p.spoken_to, name, None), wide=name == "remarks"
    )


def _accepted(printed: CallPrinted) -> str | None:
    settled = printed.call.last("settle")
    return None if settled is None else "yes" if settled.accepted else "no"


_TO_FILL = FormPart(
    "form.part.call_outcome",
    (
        to_write("form.field.spoken_name", lines=2, wide=False),
        to_write("form.field.spoken_phone", lines=2, wide=False),
        to_write("form.field.spoken_remarks", lines=2),
        to_write("form.field.complained_of", lines=4),
        to_write("form.field.passed_on", lines=2),
        to_tick("form.field.passed_to", PASSED_TO, "passed_to"),
    ),
)
_OUTCOME = FormPart(
    "form.part.call_outcome",
    (
        *map(_spoken, ("name", "phone", "caller", "remarks")),
        Field("form.field.call_reference", lambda p: p.call.ended and p.call.ended.reference),
        Field("form.field.complaint", "call.complaint"),
        Field("form.field.categories", lambda p: p.call.categories or None, words="category"),
        _act("answer", "passed_on", "form.field.passed_on", wide=True),
        _act("answer", "passed_to", "form.field.passed_to", words="passed_to"),
        _act("explain", "text", "form.field.explanation", wide=True),
        _act("explain", "by", "form.field.explained_by", "person"),
        _act("explain", "at", "form.field.explained_at", "moment"),
        Field("form.field.accepted", _accepted, words="form.check"),
        _act("settle", "text", "form.field.settlement", wide=True),
        _act("settle", "by", "form.field.difference_settled_by", "person"),
        _act("settle", "at", "form.field.difference_settled_at", "moment"),
        _act("settle", "consequence", "form.field.consequence", words="consequence"),
        _act("settle", "passed_to", "form.field.passed_to", words="passed_to"),
    ),
)


def _opening(printed: CallPrinted) -> Word | None:
    """What a caller begins with; nothing once the customer was asked."""
    if not printed.is_to_ask:
        return None
    word = "form.opening_repair" if printed.was_sent_in else "form.opening"
    return Word(word, {"unit": printed.unit, "date": day_of(printed.call.done_at).isoformat()})


def _boxes(printed: CallPrinted) -> list[Box]:
    ended, settled = printed.call.ended, printed.call.last("settle")
    caller = Box("form.box.caller", ended.by, called_at(ended)) if ended else Box("form.box.caller")
    if not printed.call.differs:
        return [caller, Box("form.box.manager")]
    explained = printed.call.last("explain")
    return [
        caller,
        Box("form.box.technician", explained.by, explained.at) if explained else Box("form.box.technician"),
        Box("form.box.settler", settled.by, settled.at) if settled else Box("form.box.settler"),
    ]


CALL_FORM = Form(
    name="follow_up",
    title=lambda printed: ("form.title.call", {}),
    number="call.subject",
    unit="unit",
    fields=(
        site_field("call"),
        Field("form.field.state", "call.state", words="follow_up"),
        Field("form.field.job_day", lambda p: day_of(p.call.done_at).isoformat(), "date"),
        Field("form.field.technician", "call.technician", "person"),
        *CUSTOMER_FIELDS,
        Field("form.field.call_opening", _opening, wide=True),
    ),
    tables=lambda printed: (_questions(printed), Table("form.table.calls", _every_call, _CALLS)),
    below=lambda printed: _TO_FILL if printed.is_to_ask else _OUTCOME,
    boxes=_boxes,
    code="call.subject",
)

# --- a month


class CallMonthPrinted(msgspec.Struct, frozen=True):
    """A month of calls as it is printed; `customers` are by number, as its reader may see them."""

    unit: str
    site_name: str
    on: str
    month: CallMonth
    customers: Mapping[str, CustomerShown]


def _calls_of(printed: CallMonthPrinted) -> Iterator[tuple[int, tuple[CallOfMonth, CustomerShown | None]]]:
    every = ((each, printed.customers.get(each.call.customer or "")) for each in printed.month.calls)
    return iter(enumerate(every, 1))


def _in_call(name: str, read: Any, width: int, kind: Any = "text", words: str | None = None) -> Column:
    """A column of a month's rows, read from the follow-up."""
    return Column(f"form.column.{name}", lambda row: read(row[1][0].call), width, kind, words)


def _attempts(call: FollowUp) -> int:
    return sum(act.step in ("attempt", "answer") for act in call.course)


def _passed(name: str) -> Any:
    """What was passed up with the answers, or when they were settled."""

    def read(call: FollowUp) -> Any:
        acts = (call.last("settle"), call.last("answer"))
        return next((told for act in acts if (told := getattr(act, name, None))), None)

    return read


_MONTH_CALLS = (
    NUMBER,
    _in_call("job", lambda call: call.subject, 28),
    _in_call("job_day", lambda call: day_of(call.done_at).isoformat(), 20, "date"),
    _in_call("technician", lambda call: call.technician, 22, "person"),
    Column("form.column.customer", lambda row: customer_name(row[1][1]), 44),
    _in_call("attempts", _attempts, 12, "number"),
    _in_call("called_at", lambda call: call.ended_at, 32, "moment"),
    _in_call("caller", lambda call: call.ended and call.ended.by, 22, "person"),
    _in_call("call_result", lambda call: call.state, 16, words="follow_up"),
    Column("form.column.in_time", lambda row: row[1][0].standing, 16, words="standing"),
    _in_call("differences", lambda call: sum(each.differs for each in call.compared) or None, 14, "number"),
    _in_call("complaint", lambda call: call.complaint, 28),
    _in_call("passed_on", _passed("passed_on"), 34),
    _in_call("passed_to", _passed("passed_to"), 20, words="passed_to"),
)


def _answered(printed: CallMonthPrinted) -> Iterator[FollowUp]:
    return (each.call for each in printed.month.calls if each.call.answers is not None)


def _told_of(question: Question) -> Column:
    def read(call: FollowUp) -> str | Word | None:
        told = getattr(call.answers, question.name)
        return None if question.name == "waited" and told is None else told_answer(question, told)

    return Column(f"question.{question.name}", read, 30 if question.kind == "serial" else 20)


_MONTH_ANSWERS = (Column("form.column.job", "subject", 28), *map(_told_of, QUESTIONS))


class _Difference(msgspec.Struct, frozen=True):
    """One answer that is not what the record says, and what was said of the call's differences."""

    call: FollowUp
    beside: AnswerBeside

    def said(self, step: str, name: str) -> Any:
        return getattr(self.call.last(step), name, None)


def _differences(printed: CallMonthPrinted) -> Iterator[_Difference]:
    for call in _answered(printed):
        yield from (_Difference(call, each) for each in call.compared if each.differs)


def _said(
    word: str, step: str, name: str, width: int, kind: Any = "text", words: str | None = None
) -> Column:
    return Column(f"form.column.{word}", lambda row: row.said(step, name), width, kind, words)


def _is_accepted(row: _Difference) -> str | None:
    told = row.said("settle", "accepted")
    return None if told is None else "yes" if told else "no"


_MONTH_DIFFERENCES = (
    Column("form.column.job", "call.subject", 28),
    Column("form.column.question", "beside.question", 22, words="question"),
    Column("form.column.answer", lambda row: told_answer(QUESTION[row.beside.question], row.beside.told), 24),
    Column("form.column.recorded", lambda row: told_record(row.beside), 28),
    _said("said", "explain", "text", 50),
    _said("explained_by", "explain", "by", 22, "person"),
    Column("form.column.accepted", _is_accepted, 14, words="form.check"),
    _said("settlement", "settle", "text", 50),
    _said("said_by", "settle", "by", 22, "person"),
    _said("consequence", "settle", "consequence", 18, words="consequence"),
)


def _figure(name: str) -> Field:
    return Field(f"form.field.calls_{name}", f"month.figures.{name}", "number")


CALL_MONTH_FORM = Form(
    name="call_month",
    title=lambda printed: ("form.title.call_month", {}),
    number=lambda printed: f"{code_on_paper(printed.month.site)}{printed.month.month}",
    unit="unit",
    fields=(
        Field("form.field.service_site", lambda p: place_on_paper(p.month.site, p.site_name)),
        Field("form.field.month", "month.month"),
        Field("form.field.on", "on", "date"),
    ),
    tables=(
        Table("form.table.month_calls", _calls_of, _MONTH_CALLS),
        Table("form.table.answers", _answered, _MONTH_ANSWERS),
        Table("form.table.differences", _differences, _MONTH_DIFFERENCES),
    ),
    below=lambda printed: FormPart(
        "form.part.call_figures", tuple(map(_figure, CallFigures.__struct_fields__))
    ),
    boxes=lambda printed: [Box("form.box.supervisor"), Box("form.box.manager")],
    landscape=True,
)
