"""The steps of a follow-up (电话跟踪): tried, answered, explained, settled, given up; each in its course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import msgspec
from msgspec.structs import replace

from devices import records
from devices.calendar import day_of
from devices.deadlines import DEADLINE, due
from devices.journal import Writer
from devices.paperwork.complaints import Complainant, Consequence, PassedTo
from devices.paperwork.dispatches import issued_key
from devices.paperwork.follow_ups import (
    FOLLOW_UPS,
    LEAST_ATTEMPTS,
    LEAST_DAYS,
    MOST_ATTEMPTS,
    Answers,
    CallAct,
    FollowUp,
    MissedCall,
    SpokenTo,
    called_at,
)
from devices.paperwork_kinds import FOLLOW_UP
from devices.people.persons import active_people
from devices.people.roles import Person
from devices.problems import Problem, Refused, refuse
from devices.records import Personal, Written
from devices.serials import recognised
from devices.service.calls.about_jobs import did_the_job, hold_subject
from devices.service.calls.comparing import (
    DoneJob,
    SomeJob,
    answer_faults,
    categories_hit,
    compare_answers,
    spares_in,
)
from devices.service.complaints.receiving import receive_from_call
from devices.service.jobs.technicians import works_on
from devices.store.database import Store
from devices.texts.judging import refuse_empty
from devices.unit import Unit
from devices.values import Site

TO_EXPLAIN = DEADLINE["explanation"]


class CallGiven(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller heard: every answer, who said so, and the complaint in the customer's words where one is bad.

    `called_at` and `reference` are told of a call that a call centre made; `passed_on` is what is passed up at once.
    """

    answers: Answers
    spoken_to: SpokenTo | None = None
    complaint: str | None = None
    called_at: int | None = None
    reference: str | None = None
    passed_on: str | None = None
    passed_to: PassedTo | None = None


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """How a difference is settled: whether the explanation is accepted, what happens to the person, who is told."""

    accepted: bool
    text: str
    consequence: Consequence | None = None
    passed_to: PassedTo | None = None


def call_faults(name: str, value: FollowUp, order: SomeJob, username: str) -> Iterator[Problem]:
    """What keeps somebody from calling about a job, or from settling what the customer said. Pure."""
    if name == "explain":
        return
    if username in did_the_job(order):
        yield Problem("own_job", "", {"order": order.number, "username": username})
    if name == "settle" and value.ended is not None and value.ended.by == username:
        yield Problem("own_call", "", {"follow_up": value.number, "username": username})


def take_call(name: str, value: FollowUp, order: SomeJob, username: str) -> None:
    """Make sure that a step may be taken by somebody.

    Raises Refused: `follow_up_out_of_order`, `follow_up_answered` naming who heard the answers, `own_job`, `own_call`.
    """
    caller = value.ended.by if value.ended else ""
    FOLLOW_UPS.take(name, value.state, follow_up=value.number, username=caller)
    if problems := list(call_faults(name, value, order, username)):
        raise Refused(problems)


def attempt_call(
    writer: Writer,
    value: FollowUp,
    revision: int,
    outcome: MissedCall,
    *,
    by: str,
    at_us: int | None = None,
    reference: str | None = None,
) -> Written:
    """Tell of one call that reached nobody. Raises Refused: `called_too_often`, `customer_erased`."""
    refuse_too_often(value, writer.now_us if at_us is None else at_us)
    hold_subject(writer, value, revision)
    act = CallAct("attempt", writer.now_us, by, outcome, at_us, reference)
    return _write(writer, replace(value, reference=reference or value.reference), revision, act)


def refuse_too_often(value: FollowUp, at_us: int) -> None:
    """Raises Refused (`called_too_often`) of one more than MOST_ATTEMPTS calls in vain on a day."""
    day = day_of(at_us)
    if sum(act.step == "attempt" and day_of(called_at(act)) == day for act in value.course) >= MOST_ATTEMPTS:
        raise refuse("called_too_often", follow_up=value.number, attempts=MOST_ATTEMPTS, date=day.isoformat())


def answer_call(
    writer: Writer, unit: Unit, value: FollowUp, revision: int, given: CallGiven, job: DoneJob, *, by: str
) -> Written:
    """Keep what a customer answered, beside what the record says; a bad answer is a complaint in the same transaction.

    The devices that it is found by are those that went in too from now on. Raises Refused: `answer_required`,
    `answer_not_asked`, what is wrong of the disk's serial, `complaint_required` naming of what, `customer_erased`.
    """
    hold_subject(writer, value, revision)
    answers = sound_answers(given, job)
    categories = categories_hit(answers, job)
    changed = replace(
        value,
        answers=answers,
        compared=compare_answers(answers, job),
        categories=categories,
        reference=given.reference or value.reference,
        serials=tuple(dict.fromkeys((*value.serials, *spares_in(job)))),
    )
    spoken = given.spoken_to or SpokenTo()
    if given.complaint:
        complainant = Complainant(given.complaint, spoken.name, spoken.phone)
        number = receive_from_call(
            writer,
            unit,
            changed,
            categories or ("other",),
            complainant,
            workers=did_the_job(job.order),
            by=by,
        )
        changed = replace(changed, complaint=number)
    act = CallAct(
        "answer", writer.now_us, by, called_at=given.called_at, reference=given.reference,
        passed_on=given.passed_on, passed_to=given.passed_to,
    )  # fmt: skip
    way = "differing" if changed.differs else "answered"
    personal = Personal(records.encode(spoken)) if given.spoken_to else None
    return _write(writer, changed, revision, act, way=way, personal=personal, secret=unit.secret)


def sound_answers(given: CallGiven, job: DoneJob) -> Answers:
    """The answers as they are kept. Raises Refused with everything that is wrong of them."""
    answers = given.answers
    problems = list(answer_faults(job.order, answers))
    if (given.passed_on is None) != (given.passed_to is None):
        missing = "passed_on" if given.passed_on is None else "passed_to"
        problems.append(Problem("passed_up_in_part", f"/{missing}"))
    if answers.disk is not None:
        try:
            answers = replace(answers, disk=recognised(answers.disk, "/answers/disk"))
        except Refused as refused:
            problems += refused.problems
    categories = categories_hit(answers, job)
    if categories and not given.complaint:
        problems.append(Problem("complaint_required", "/complaint", {"categories": list(categories)}))
    if problems:
        raise Refused(problems)
    return answers


def explain_difference(writer: Writer, value: FollowUp, revision: int, text: str, *, by: str) -> Written:
    """Tell why the record says something else than the customer. Raises Refused: `empty_text`."""
    refuse_empty(text)
    return _write(writer, value, revision, CallAct("explain", writer.now_us, by, text=text))


def explains(person: Person, value: FollowUp) -> bool:
    """Whether a difference is somebody's to explain: they did the job, and are still a technician there."""
    return works_on(person, value.site, value.technician)


def settle_difference(
    writer: Writer, unit: Unit, site: Site, value: FollowUp, revision: int, told: Settlement, *, by: str
) -> Written:
    """Settle what differs. Raises Refused: `explanation_missing`, while the technician still has to explain,
    `consequence_missing` where no explanation is accepted, `empty_text`.
    """
    refuse_empty(told.text)
    if not told.accepted and told.consequence is None:
        raise refuse("consequence_missing", "/consequence", follow_up=value.number)
    today, people = unit.day_of(writer.now_us), active_people(writer.store)
    if until := explanation_due(people, site, value, today):
        raise refuse(
            "explanation_missing", follow_up=value.number, technician=value.technician, date=until.isoformat()
        )
    act = CallAct(
        "settle", writer.now_us, by, text=told.text, accepted=told.accepted, consequence=told.consequence,
        passed_to=told.passed_to,
    )  # fmt: skip
    return _write(writer, value, revision, act)


def explanation_due(people: Mapping[str, Person], site: Site, value: FollowUp, today: date) -> date | None:
    """Until which day a technician has to explain a difference before it can be settled; None where nobody is awaited:
    it is explained, that day has passed, or they have no part in it any more. `people` are those who have a role. Pure.
    """
    if value.state != "differing" or value.ended is None or value.technician is None:
        return None
    until = due(TO_EXPLAIN, day_of(value.ended.at), site)
    person = people.get(value.technician)
    return until if today <= until and person is not None and explains(person, value) else None


def give_up_calling(writer: Writer, value: FollowUp, revision: int, *, by: str) -> Written:
    """Give a customer up for unreached. Raises Refused: `attempts_missing`, before LEAST_ATTEMPTS on LEAST_DAYS."""
    if not is_tried_enough(value):
        facts = {"attempts": LEAST_ATTEMPTS, "days": LEAST_DAYS}
        raise refuse("attempts_missing", follow_up=value.number, **facts)
    return _write(writer, value, revision, CallAct("close", writer.now_us, by))


def is_tried_enough(value: FollowUp) -> bool:
    """Whether a customer was called often enough to be given up."""
    days = [day_of(called_at(act)) for act in value.course if act.step == "attempt"]
    return len(days) >= LEAST_ATTEMPTS and len({*days}) >= LEAST_DAYS


def referred_follow_up(store: Store, reference: str) -> FollowUp | None:
    """The follow-up whose last call a call centre has under this number."""
    found: FollowUp | None = records.referred_to(store, FOLLOW_UP, issued_key(reference))
    return found


def _write(
    writer: Writer,
    value: FollowUp,
    revision: int,
    act: CallAct,
    *,
    way: str | None = None,
    personal: Personal | None = None,
    secret: str | None = None,
) -> Written:
    changed = FOLLOW_UPS.taken(value, act, way)
    return records.write(
        writer, FOLLOW_UP, changed, by=act.by, expected=revision, personal=personal, secret=secret
    )[1]
