"""Follow-up calls (电话跟踪) over HTTP: listed, made, explained, settled, and taken over from a call centre."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from api.callers.access import works_or_reads
from api.calls import Call, Done, Shown
from api.resources.service.order_lists import OrderQuery, list_jobs
from api.wire import times
from api.wire.paging import refuse_unknown
from api.wire.problems import Fault, fault_of
from api.writing import at_site_of_number
from devices.journal import Writer, open_journals
from devices.ledger.deciding.drafts import Fen
from devices.ledger.reading.customers import customer_shown, sees_customer
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.complaints import Consequence, PassedTo
from devices.paperwork.follow_ups import (
    FOLLOW_UPS,
    Answers,
    FollowUp,
    FollowUpState,
    MissedCall,
    OnTime,
    Overall,
    SaidOfIt,
    SpokenTo,
    YesNo,
)
from devices.paperwork_kinds import FOLLOW_UP
from devices.people.persons import active_people
from devices.problems import refuse, refuse_foreign
from devices.records import Written, sites_by_code
from devices.service.calls import calling, importing
from devices.service.calls.about_jobs import did_the_job, done_job, follow_up_of, job_of_subject
from devices.service.calls.comparing import SomeJob
from devices.service.calls.standing import spoken_to
from devices.texts.lengths import Contact, Name, Note, Sentence, Serial, Username, Word
from devices.values import UNIT


class AnswersBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer answers, every question of them: see QUESTIONS. Null where they do not know.

    `paid_fen` is integer fen, `disk` the serial they read from the disk that is in the machine. `waited` is asked of a
    job that was put off, and of no other.
    """

    on_time: OnTime
    manner: YesNo
    proper: YesNo
    promise: YesNo
    paid_fen: Fen | None
    favour: YesNo
    solved: SaidOfIt
    disk: Serial | None
    signed: SaidOfIt
    overall: Overall
    waited: SaidOfIt | None = None


assert AnswersBody.__struct_fields__ == Answers.__struct_fields__, "an answer that nobody can send"


class SpokenToBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who was spoken to, what they said beside the answers, who called for a call centre; erased with them."""

    name: Name | None = None
    phone: Contact | None = None
    remarks: Note | None = None
    caller: Name | None = None


class AttemptBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a call that reached nobody ended."""

    outcome: MissedCall


class CallAnsweredBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answers. `complaint` is what the customer complains of, in their words: asked for where an answer is bad,
    and erased with them. `passed_on` is what is passed up, to `passed_to`: journalled for good, no personal data there.
    """

    answers: AnswersBody
    complaint: Sentence | None = None
    spoken_to: SpokenToBody | None = None
    passed_on: Sentence | None = None
    passed_to: PassedTo | None = None


class ExplanationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the record says something else: journalled for good, no personal data there."""

    text: Sentence


class DifferenceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the explanation is accepted and why, what happens to the person, and to whom it was passed up.

    `text` is journalled for good: no personal data there.
    """

    accepted: bool
    text: Sentence
    consequence: Consequence | None = None
    passed_to: PassedTo | None = None


class ImportedCallBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One call of a call centre: about which job, under which number of theirs, when (RFC 3339); `outcome` of one that
    reached nobody, else the answers.
    """

    subject: Word
    reference: Word
    called_at: times.Told
    outcome: MissedCall | None = None
    answers: AnswersBody | None = None
    complaint: Sentence | None = None
    spoken_to: SpokenToBody | None = None


class ImportedCallsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The calls of one site, in any order."""

    site: Word
    calls: Annotated[
        tuple[ImportedCallBody, ...], msgspec.Meta(min_length=1, max_length=importing.MOST_CALLS)
    ]
    source: Literal["call_center"] = "call_center"


class FollowUpQuery(OrderQuery, frozen=True, kw_only=True):
    """Follow-ups in one state besides, or of one technician; the day is that of the job, once it ended of the call."""

    state: FollowUpState | None = None
    technician: Username | None = None


class FollowUpAnswer(FollowUp, frozen=True):
    """A follow-up as whoever calls, explains or settles sees it.

    `customer_shown` and `spoken_to` are told to whoever sees the customer, but what they said to nobody who did the job
    or wrote it up, nor to a token without a person, who may have. `next` are the steps that the caller may take.
    The record stands beside the answers, and before there are any is not told here.
    """

    customer_shown: CustomerShown | None = None
    spoken_to: SpokenTo | None = None
    next: tuple[str, ...] = ()


CALL_BODIES: dict[str, type[msgspec.Struct] | None] = {
    "attempt": AttemptBody,
    "answer": CallAnsweredBody,
    "explain": ExplanationBody,
    "settle": DifferenceBody,
    "close": None,
}
"""What each step of a follow-up asks for."""
assert list(CALL_BODIES) == list(FOLLOW_UPS.step), "a step that nobody can take"

CALL_TOLD = {
    "attempt": "Tell of one call that reached nobody.",
    "answer": "Tell what the customer answers; a bad answer is a complaint in the same transaction.",
    "explain": "Tell, as the technician, why the record says something else than the customer.",
    "settle": "Settle what differs, as somebody else than the caller.",
    "close": "Give the customer up for unreached, after three attempts on two days.",
}


def _attempt(call: Call, writer: Writer, value: FollowUp, revision: int) -> Written:
    return calling.attempt_call(writer, value, revision, call.body.outcome, by=call.who.username)


def _answer(call: Call, writer: Writer, value: FollowUp, revision: int) -> Written:
    given = _given(call.body)
    job = done_job(call.store, value.subject)
    return calling.answer_call(writer, call.unit, value, revision, given, job, by=call.who.username)


def _explain(call: Call, writer: Writer, value: FollowUp, revision: int) -> Written:
    return calling.explain_difference(writer, value, revision, call.body.text, by=call.who.username)


def _settle(call: Call, writer: Writer, value: FollowUp, revision: int) -> Written:
    body: DifferenceBody = call.body
    told = calling.Settlement(
        accepted=body.accepted, text=body.text, consequence=body.consequence, passed_to=body.passed_to
    )
    site = sites_by_code(call.store)[value.site]
    return calling.settle_difference(writer, call.unit, site, value, revision, told, by=call.who.username)


def _close(call: Call, writer: Writer, value: FollowUp, revision: int) -> Written:
    return calling.give_up_calling(writer, value, revision, by=call.who.username)


_CallAct = Callable[[Call, Writer, FollowUp, int], Written]
CALL_ACTS: dict[str, _CallAct] = {
    "attempt": _attempt,
    "answer": _answer,
    "explain": _explain,
    "settle": _settle,
    "close": _close,
}
"""By the step's name; every declared one is here."""
assert list(CALL_ACTS) == list(FOLLOW_UPS.step), "a step that nobody can take"


def call_step(name: str) -> Callable[[Call], Done]:
    """A function that takes a step of the follow-up of a job, for whom it is to take."""

    def write(call: Call) -> Done:
        writer = at_site_of_number(call)
        value, revision = follow_up_at_hand(call)
        order = job_of_subject(call.store, value.subject)
        assert order is not None, "a follow-up is of a job"
        if name == "explain" and not calling.explains(call.who, value):
            raise refuse("not_the_technician", order=value.subject, technician=value.technician)
        calling.take_call(name, value, order, call.who.username)
        CALL_ACTS[name](call, writer, value, revision)
        return Done(200, value.subject)

    write.__doc__ = CALL_TOLD[name]
    return write


def _given(body: CallAnsweredBody | ImportedCallBody) -> calling.CallGiven:
    assert body.answers is not None, "answers that were given"
    return calling.CallGiven(
        answers=Answers(**msgspec.structs.asdict(body.answers)),
        spoken_to=_spoken(body.spoken_to),
        complaint=(body.complaint or "").strip() or None,
        passed_on=(getattr(body, "passed_on", None) or "").strip() or None,
        passed_to=getattr(body, "passed_to", None),
    )


def _spoken(body: SpokenToBody | None) -> SpokenTo | None:
    """Who was spoken to, as it is kept: nothing where nothing of them is told."""
    told = {name: text or None for name, text in msgspec.structs.asdict(body).items()} if body else {}
    return SpokenTo(**told) if any(told.values()) else None


class ImportedAnswer(msgspec.Struct, frozen=True):
    """How one call of a call centre stands: taken over, with its follow-up and the complaint it is, or refused and why.

    It is the same however often it is sent.
    """

    subject: str
    reference: str
    result: Literal["taken", "refused"]
    follow_up: str | None = None
    complaint: str | None = None
    errors: tuple[Fault, ...] = ()


def take_calls_over(call: Call) -> Done:
    """Take over the calls of a call centre, each once by its reference; a row that is refused keeps no other out.

    When a call was made is the call centre's to tell, through its token: nobody else says that theirs was in time. A
    reference is one call's in the whole unit, whose journal is held too. Raises Refused: `token_required`.
    """
    if call.who.via != "token":
        raise refuse("token_required")
    writer = open_journals(call.store, [call.body.site, UNIT], call.at_us)
    importing.import_calls(writer, _importing(call), _rows(call.body))
    return Done(200, call.body.site)


def show_imported(call: Call, _: Done) -> Shown:
    """How every call of the body stands, in its order."""
    taken = importing.calls_taken(call.store, _importing(call), _rows(call.body))
    return Shown([_imported(call, index, each) for index, each in enumerate(taken)])


def _importing(call: Call) -> importing.Importing:
    return importing.Importing(call.unit, call.body.site, call.who.username, call.at_us)


def _rows(body: ImportedCallsBody) -> list[importing.ImportedCall]:
    return [
        importing.ImportedCall(
            subject=each.subject,
            reference=each.reference,
            called_at=times.moment(each.called_at, f"/calls/{index}/called_at"),
            outcome=each.outcome,
            given=_given(each) if each.answers else None,
        )
        for index, each in enumerate(body.calls)
    ]


def _imported(call: Call, index: int, taken: importing.CallTaken) -> ImportedAnswer:
    faults = [replace(each, pointer=f"/calls/{index}{each.pointer}") for each in taken.problems]
    return ImportedAnswer(
        taken.subject,
        taken.reference,
        "refused" if faults else "taken",
        taken.follow_up,
        taken.complaint,
        tuple(fault_of(each, call.locale) for each in faults),
    )


def show_follow_up(call: Call, done: Done) -> Shown:
    """The follow-up of a job as the caller may see it."""
    value, revision = follow_up_at_hand(call)
    return Shown(follow_up_seen(call, value), revision)


def follow_up_at_hand(call: Call) -> tuple[FollowUp, int]:
    """The follow-up of the job in the path. Raises Refused (`not_found`, `job_not_done`)."""
    number = call.path["number"]
    found = follow_up_of(call.store, number)
    if found is None:
        if job_of_subject(call.store, number) is None:
            raise refuse("not_found")
        raise refuse("job_not_done", order=number)
    return found


def follow_up_seen(call: Call, value: FollowUp) -> FollowUpAnswer:
    """A follow-up as the caller may see it.

    Raises Refused (`not_found`) for one that is neither of their site nor of a job of theirs.
    """
    if not works_or_reads(call.who, value.site, value.technician):
        raise refuse_foreign()
    order = job_of_subject(call.store, value.subject)
    assert order is not None, "a follow-up is of a job"
    answer = FollowUpAnswer(**msgspec.structs.asdict(value), next=tuple(_next(call, value, order)))
    sees = value.customer is not None and call.who.reads(value.site)
    if not sees or not sees_customer(call.store, value.customer or "", call.who.reads):
        return answer
    answer = replace(answer, customer_shown=customer_shown(call.store, value.customer or ""))
    if not call.who.username or call.who.username in did_the_job(order):
        return answer
    return replace(answer, spoken_to=spoken_to(call.store, value.number))


def _next(call: Call, value: FollowUp, order: SomeJob) -> Iterator[str]:
    """The steps that the caller may take of a follow-up."""
    site, people = sites_by_code(call.store)[value.site], active_people(call.store)
    hindered = {
        "explain": not calling.explains(call.who, value),
        "settle": calling.explanation_due(people, site, value, call.today) is not None,
        "close": not calling.is_tried_enough(value),
    }
    for step in FOLLOW_UPS.next_steps(value.state):
        if hindered.get(step.name) or any(calling.call_faults(step.name, value, order, call.who.username)):
            continue
        if step.name == "explain" or call.who.may(step.who, value.site):
            yield step.name


def list_follow_ups(call: Call, _: Done) -> Shown:
    """The follow-ups of the caller's sites, by number; a technician's are those of their own jobs."""
    refuse_unknown(call, "technician")
    return list_jobs(call, FOLLOW_UP, call.query.state, call.query.technician)
