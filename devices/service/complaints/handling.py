"""The steps of a complaint, each taken while its site's journal is held, and kept in its course."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from devices import records
from devices.calendar import told_moment
from devices.journal import Writer
from devices.ledger.deciding.drafts import Party
from devices.ledger.posting.customers import hold_unerased, named_customer
from devices.moments.spans import MINUTE_US, is_ahead, refuse_ahead
from devices.paperwork.complaints import (
    COMPLAINTS,
    EVERYBODY,
    WORDS_IN_VAIN,
    Complaint,
    ComplaintAct,
    Consequence,
    CustomerWord,
    Measure,
    PassedTo,
    Registered,
)
from devices.paperwork.dispatches import issued_key
from devices.paperwork_kinds import COMPLAINT
from devices.people.persons import active_people
from devices.people.roles import Person
from devices.problems import Refused, refuse
from devices.records import Written
from devices.service.complaints.deciders import (
    ON_THEIR_WORD,
    fits_as_owner,
    keeps_from,
    may_be_judged,
)
from devices.service.complaints.receiving import refuse_unknown_persons
from devices.service.complaints.subjects import subject_at
from devices.service.complaints.waiting import staffed_on
from devices.texts.judging import refuse_empty
from devices.unit import Unit

MOST_DAYS = 90
"""A corrective action is seen to hold within a quarter of a year: none is put off for good [own]."""
Decision = Literal["valid", "invalid", "received"]
"""What is decided: `received` sends it back to be investigated anew."""


class Investigated(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner found: whether it is valid in their view, who is complained of besides, and who the customer is,
    where nobody knew.
    """

    text: str
    valid: bool
    persons: tuple[str, ...] = ()
    customer: Party | None = None


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """How it was made good, or what was explained of an invalid one; a valid one has an apology, and a consequence for
    those complained of.
    """

    text: str
    apology_at: int | None = None
    consequence: Consequence | None = None
    passed_to: PassedTo | None = None


def refuse_others(writer: Writer, unit: Unit, name: str, value: Complaint, person: Person) -> None:
    """Make sure that a step may be taken, and that nothing keeps this person from it.

    Raises Refused: `complaint_out_of_order`, `not_the_owner`, `complained_of`, `own_complaint`, `own_job`,
    `own_measure`, `owner_fixed`, `complaint_not_valid`, `measure_required`.
    """
    COMPLAINTS.take(name, value.state, complaint=value.number)
    if name in ON_THEIR_WORD and value.about:  # somebody may have had a hand in it since it was investigated
        workers = subject_at(writer.store, value.site, value.about).workers
        value = replace(value, workers=(*value.workers, *workers))
    if problem := keeps_from(staffed_on(writer.store, unit.day_of(writer.now_us)), name, value, person):
        raise Refused([problem])


def hand_complaint_over(
    writer: Writer, value: Complaint, revision: int, owner: str, reason: str, *, by: str
) -> Written:
    """Give a complaint to another owner. Raises Refused: `owner_unfit`, `empty_text`."""
    refuse_empty(reason, "reason")
    if not fits_as_owner(active_people(writer.store), value, owner):
        raise refuse("owner_unfit", "/owner", complaint=value.number, username=owner, site=value.site)
    act = ComplaintAct("hand_over", writer.now_us, by, reason=reason, owner=owner)
    return _write(writer, replace(value, owner=owner), revision, act)


def investigate(
    writer: Writer, value: Complaint, revision: int, finding: Investigated, *, by: str
) -> Written:
    """Tell what was found. Raises Refused: `unknown_person`, `customer_known`, `empty_text`, what is wrong of the
    customer.
    """
    refuse_empty(finding.text)
    customer = value.customer
    if finding.customer is not None:
        if customer is not None:
            raise refuse("customer_known", "/customer", complaint=value.number, customer=customer)
        customer = named_customer(writer.store, value.site, finding.customer).number
        hold_unerased(writer.store, customer, "/customer")
    persons = _with(writer, value, finding.persons)
    workers = subject_at(writer.store, value.site, value.about).workers if value.about else ()
    act = ComplaintAct(
        "investigate", writer.now_us, by, text=finding.text, valid=finding.valid, persons=finding.persons
    )
    changed = replace(
        value, customer=customer, persons=persons, workers=tuple(sorted({*value.workers, *workers}))
    )
    return _write(writer, changed, revision, act)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided, and why; who is complained of besides, and who of those complained of it is not about."""

    decision: Decision
    reason: str | None = None
    persons: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()


def decide_complaint(
    writer: Writer, value: Complaint, revision: int, verdict: Verdict, *, by: str
) -> Written:
    """Decide whether a complaint is valid, or send it back. Raises Refused: `reason_required` where that is not what
    the owner found, or somebody is cleared; `unknown_person`, `not_complained_of`.
    """
    found = value.last("investigate")
    valid = None if verdict.decision == "received" else verdict.decision == "valid"
    if not (verdict.reason or "").strip() and (found is None or found.valid is not valid or verdict.cleared):
        raise refuse("reason_required", "/reason")
    persons = _with(writer, value, verdict.persons)
    # those complained of before: whoever is named and cleared at once would be kept from judging it, and nothing else
    if strangers := [username for username in verdict.cleared if username not in value.persons]:
        raise refuse("not_complained_of", "/cleared", complaint=value.number, username=strangers[0])
    act = ComplaintAct(
        "decide", writer.now_us, by, reason=verdict.reason, valid=valid, persons=verdict.persons,
        cleared=verdict.cleared,
    )  # fmt: skip
    changed = replace(value, valid=valid, persons=persons, cleared=tuple(dict.fromkeys(verdict.cleared)))
    return _write(writer, changed, revision, act, way=verdict.decision)


def resolve(writer: Writer, value: Complaint, revision: int, remedy: Remedy, *, by: str) -> Written:
    """Tell how it was made good. Raises Refused: `apology_required`, `consequence_required`, `complaint_not_valid` for
    either of an invalid one, `future_date`, `before_received`, `empty_text`.
    """
    refuse_empty(remedy.text)
    facts = {"complaint": value.number}
    if value.valid and remedy.apology_at is None:
        raise refuse("apology_required", "/apology_at", **facts)
    if value.vetoed and remedy.consequence is None:
        raise refuse("consequence_required", "/consequence", **facts)
    if not value.valid and remedy.consequence not in (None, "none"):
        raise refuse("complaint_not_valid", "/consequence", **facts)
    if remedy.apology_at is not None:
        _refuse_apology(writer, value, remedy.apology_at)
    act = ComplaintAct(
        "resolve", writer.now_us, by, text=remedy.text, valid=value.valid, apology_at=remedy.apology_at,
        consequence=remedy.consequence, passed_to=remedy.passed_to,
    )  # fmt: skip
    return _write(writer, replace(value, resolved_at=writer.now_us), revision, act)


def _refuse_apology(writer: Writer, value: Complaint, at_us: int) -> None:
    """People tell it to the minute."""
    refuse_ahead(at_us, writer.now_us, "/apology_at")
    if at_us < value.received_at // MINUTE_US * MINUTE_US and not is_ahead(value.received_at, writer.now_us):
        raise refuse("before_received", "/apology_at", complaint=value.number, date=told_moment(at_us))


def confirm_with_customer(
    writer: Writer, value: Complaint, revision: int, word: CustomerWord, reason: str | None, *, by: str
) -> Written:
    """Tell the customer's word. Not content with a valid one, they wait for another remedy; with an invalid one, for
    another decision; the deadline goes on meanwhile. After WORDS_IN_VAIN times it ends the round all the same.

    Raises Refused: `reason_required` of any word but content.
    """
    if word != "content" and not (reason or "").strip():
        raise refuse("reason_required", "/reason")
    act = ComplaintAct("confirm", writer.now_us, by, reason=reason, word=word)
    if word != "not_content":
        return _write(writer, value, revision, act, way="confirmed")
    changed = replace(value, not_content=value.not_content + 1)
    if value.not_content >= WORDS_IN_VAIN:
        return _write(writer, changed, revision, act, way="confirmed")
    way = "valid" if value.valid else "investigated"
    valid = True if value.valid else None
    return _write(writer, replace(changed, resolved_at=None, valid=valid), revision, act, way=way)


def agree_on_measure(
    writer: Writer, unit: Unit, value: Complaint, revision: int, measure: Measure, *, by: str
) -> Written:
    """Agree on what is done so that it does not happen again.

    Raises Refused: `measurer_unfit` of somebody without a role at the site, `checker_missing`, `day_past`,
    `day_too_far` of one more than MOST_DAYS ahead, `empty_text`.
    """
    refuse_empty(measure.what, "what")
    people = active_people(writer.store)
    measurer = people.get(measure.owner)
    if measurer is None or not measurer.may(EVERYBODY, value.site):
        raise refuse("measurer_unfit", "/owner", username=measure.owner, site=value.site)
    if not may_be_judged(people, value, measure.owner):
        raise refuse("checker_missing", "/owner", complaint=value.number, username=measure.owner)
    today = unit.day_of(writer.now_us).isoformat()
    if measure.due_on < today:
        raise refuse("day_past", "/due_on", date=measure.due_on, today=today)
    latest = (unit.day_of(writer.now_us) + timedelta(days=MOST_DAYS)).isoformat()
    if measure.due_on > latest:
        raise refuse("day_too_far", "/due_on", date=measure.due_on, latest=latest)
    act = ComplaintAct("correct", writer.now_us, by, text=measure.what, measure=measure)
    return _write(writer, replace(value, measure=measure), revision, act)


def check_measure(
    writer: Writer, unit: Unit, value: Complaint, revision: int, text: str, *, held: bool, by: str
) -> Written:
    """Tell what was seen of a corrective action; the complaint is closed once it holds, and is due until then.

    Raises Refused: `empty_text`.
    """
    refuse_empty(text)
    act = ComplaintAct("check", writer.now_us, by, text=text, held=held)
    if not held:
        return _write(writer, value, revision, act, way="correcting")
    return _write(writer, _closed(unit, writer, value), revision, act, way="closed")


def close_invalid(
    writer: Writer, unit: Unit, value: Complaint, revision: int, reason: str | None, *, by: str
) -> Written:
    """Close an invalid complaint."""
    act = ComplaintAct("close", writer.now_us, by, reason=reason)
    return _write(writer, _closed(unit, writer, value), revision, act)


def register_complaint(
    writer: Writer, unit: Unit, value: Complaint, revision: int, told: Registered, *, by: str
) -> Written:
    """Tell under which number the call centre has it; again where that was told wrongly. The unit's journal is held.

    Raises Refused: `registered_already` naming the complaint that has the number, `future_date`, `before_received`,
    `empty_text`.
    """
    refuse_empty(told.reference, "reference")
    other = records.referred_to(writer.store, COMPLAINT, issued_key(told.reference))
    if other is not None and other.number != value.number:
        raise refuse("registered_already", "/reference", reference=told.reference, complaint=other.number)
    today = unit.day_of(writer.now_us).isoformat()
    if told.day > today:
        raise refuse("future_date", "/day", date=told.day, today=today)
    if told.day < min(unit.day_of(value.received_at).isoformat(), today):
        raise refuse("before_received", "/day", complaint=value.number, date=told.day)
    act = ComplaintAct("register", writer.now_us, by, registered=told)
    return _write(writer, replace(value, registered=told), revision, act)


def erase_complainant(writer: Writer, value: Complaint, revision: int, *, by: str) -> Written:
    """Erase for good who complained and what they said; what was found and decided stays.

    Raises Refused: `complaint_erased`.
    """
    if value.erased:
        raise refuse("complaint_erased", complaint=value.number)
    changed = replace(value, commitment="", erased=True)
    written = _write(writer, changed, revision, ComplaintAct("erase", writer.now_us, by))
    records.erase_personal(writer.store, COMPLAINT, value.number)
    return written


def _closed(unit: Unit, writer: Writer, value: Complaint) -> Complaint:
    return replace(value, closed_on=unit.day_of(writer.now_us).isoformat())


def _with(writer: Writer, value: Complaint, persons: Iterable[str]) -> tuple[str, ...]:
    told = tuple(persons)
    refuse_unknown_persons(writer.store, told)
    return tuple(dict.fromkeys((*value.persons, *told)))


def _write(
    writer: Writer, value: Complaint, revision: int, act: ComplaintAct, *, way: str | None = None
) -> Written:
    return records.write(writer, COMPLAINT, COMPLAINTS.taken(value, act, way), by=act.by, expected=revision)[
        1
    ]
