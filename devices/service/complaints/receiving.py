"""Complaints (投诉) as they are received: over any channel by anybody with a role, or from the answers of a call."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from devices import records
from devices.journal import Writer
from devices.ledger.deciding.drafts import Party
from devices.ledger.posting.customers import held_unerased, hold_unerased, named_customer
from devices.ledger.posting.gather import held
from devices.moments.spans import refuse_ahead
from devices.paperwork.complaints import (
    BY_CALL,
    Category,
    Complainant,
    Complaint,
    ComplaintAct,
    ComplaintChannel,
)
from devices.paperwork.follow_ups import FollowUp
from devices.paperwork_kinds import COMPLAINT
from devices.people.persons import are_there
from devices.problems import Problem, Refused, refuse
from devices.records import Personal, Written
from devices.serials import recognised
from devices.service.complaints.subjects import Subject, subject_at
from devices.store.database import Store
from devices.texts.judging import refuse_empty
from devices.unit import Unit


class ComplaintAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What a complaint is received with. `about` is the number of a job, a repair, an installation or a document."""

    site: str
    channel: ComplaintChannel
    received_at: int
    categories: tuple[Category, ...]
    complainant: Complainant
    customer: Party | None = None
    about: str | None = None
    serials: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()


def receive_complaint(writer: Writer, unit: Unit, asked: ComplaintAsked, *, by: str) -> Written:
    """Write down a complaint; whoever does owns it to the end (首问). The site's journal is held.

    Raises Refused: `future_date`, `unknown_order` or `unknown_document` of what it is about, `order_of_other_site`,
    `about_other_customer`, `unknown_serial`, `unknown_person`, `empty_text`, what is wrong of the customer.
    """
    refuse_empty(asked.complainant.account, "account")
    refuse_ahead(asked.received_at, writer.now_us, "/received_at")
    subject = subject_at(writer.store, asked.site, asked.about) if asked.about else Subject()
    customer = _whose(writer.store, asked, subject)
    refuse_unknown_persons(writer.store, asked.persons)
    persons = [*asked.persons, *([subject.technician] if subject.technician else [])]
    value = Complaint(
        records.next_number(writer.store, COMPLAINT, asked.site), asked.site, asked.channel, asked.received_at, by,
        by, tuple(dict.fromkeys(asked.categories)), customer, asked.about,
        _serials(writer.store, asked.serials) or subject.serials, tuple(dict.fromkeys(persons)),
        tuple(sorted(subject.workers)), course=(ComplaintAct("receive", writer.now_us, by),),
    )  # fmt: skip
    return _write(writer, unit, value, asked.complainant)


def receive_from_call(
    writer: Writer,
    unit: Unit,
    call: FollowUp,
    categories: Collection[Category],
    complainant: Complainant,
    *,
    workers: Collection[str],
    by: str,
) -> str:
    """The number of the complaint that the answers of a call are, written with them; its owner is the caller. `workers`
    are those who had a hand in the job.
    """
    value = Complaint(
        records.next_number(writer.store, COMPLAINT, call.site), call.site, BY_CALL, writer.now_us, by, by,
        tuple(categories), call.customer, call.subject, call.serials,
        (call.technician,) if call.technician else (), tuple(sorted(workers)),
        course=(ComplaintAct("receive", writer.now_us, by),),
    )  # fmt: skip
    return _write(writer, unit, value, complainant).key


def refuse_unknown_persons(store: Store, usernames: Iterable[str]) -> None:
    """Raises Refused: `unknown_person` for each of these whom nobody knows."""
    told = list(usernames)
    there = are_there(store, told)
    unknown = [(n, each) for n, each in enumerate(told) if each not in there]
    if unknown:
        raise Refused(Problem("unknown_person", f"/persons/{n}", {"username": each}) for n, each in unknown)


def _whose(store: Store, asked: ComplaintAsked, subject: Subject) -> str | None:
    """Whose complaint it is, held against being erased: named, or whose the job was, unless they were erased since."""
    if asked.customer is None:
        return subject.customer if subject.customer and held_unerased(store, subject.customer) else None
    told = named_customer(store, asked.site, asked.customer).number
    if subject.customer not in (None, told):
        raise refuse("about_other_customer", "/about", about=asked.about)
    hold_unerased(store, told, "/customer")
    return told


def _serials(store: Store, told: Iterable[str]) -> tuple[str, ...]:
    serials = [recognised(text, f"/serials/{index}") for index, text in enumerate(told)]
    there = held(store, serials)
    problems = [
        Problem("unknown_serial", f"/serials/{index}", {"serial": serial})
        for index, serial in enumerate(serials)
        if serial not in there or not there[serial].step
    ]
    if problems:
        raise Refused(problems)
    return tuple(dict.fromkeys(serials))


def _write(writer: Writer, unit: Unit, value: Complaint, complainant: Complainant) -> Written:
    personal = Personal(records.encode(complainant))
    return records.write(
        writer, COMPLAINT, value, by=value.received_by, expected=0, personal=personal, secret=unit.secret
    )[1]
