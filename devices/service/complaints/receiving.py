"""Complaints (投诉) as they are received: over any channel by anybody with a role, or from the answers of a call."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from devices import records
from devices.calendar import told_moment
from devices.journal import Writer
from devices.ledger.deciding.drafts import Party
from devices.ledger.posting.customers import hold_unerased, named_customer
from devices.ledger.posting.gather import cited_document, held
from devices.moments.spans import is_ahead
from devices.paperwork.complaints import (
    BY_CALL,
    Category,
    Complainant,
    Complaint,
    ComplaintAct,
    ComplaintChannel,
)
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.follow_ups import FollowUp
from devices.paperwork_kinds import COMPLAINT, DISPATCH_ORDER, INSTALLATION, REPAIR
from devices.people.persons import are_there
from devices.problems import Problem, Refused, refuse
from devices.records import Personal, Written
from devices.serials import recognised
from devices.service.installations.installs import trip_of
from devices.store.database import Store
from devices.unit import Unit

_BY_LETTER = {kind.letter: kind for kind in (DISPATCH_ORDER, REPAIR, INSTALLATION)}


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


class _About(msgspec.Struct, frozen=True):
    """Whose what a complaint is about was, which devices it was about, and who did it."""

    customer: str | None = None
    serials: tuple[str, ...] = ()
    technician: str | None = None


def receive_complaint(writer: Writer, unit: Unit, asked: ComplaintAsked, *, by: str) -> Written:
    """Write down a complaint; whoever does owns it to the end (首问). The site's journal is held.

    Raises Refused: `future_date`, `unknown_order` or `unknown_document` of what it is about, `order_of_other_site`,
    `about_other_customer`, `unknown_serial`, `unknown_person`, what is wrong of the customer.
    """
    refuse_received_ahead(writer, unit, asked.received_at)
    about = _about(writer.store, asked)
    told = named_customer(writer.store, asked.site, asked.customer).number if asked.customer else None
    if told and about.customer and told != about.customer:
        raise refuse("about_other_customer", "/about", about=asked.about)
    customer = told or about.customer
    if customer is not None:
        hold_unerased(writer.store, customer, "/customer")
    refuse_unknown_persons(writer.store, asked.persons)
    persons = [*asked.persons, *([about.technician] if about.technician else [])]
    value = Complaint(
        records.next_number(writer.store, COMPLAINT, asked.site), asked.site, asked.channel, asked.received_at, by,
        by, tuple(dict.fromkeys(asked.categories)), customer, asked.about,
        _serials(writer.store, asked.serials) or about.serials, tuple(dict.fromkeys(persons)),
        course=(ComplaintAct("receive", writer.now_us, by),),
    )  # fmt: skip
    return _write(writer, unit, value, asked.complainant)


def receive_from_call(
    writer: Writer,
    unit: Unit,
    call: FollowUp,
    categories: Collection[Category],
    complainant: Complainant,
    *,
    by: str,
) -> str:
    """The number of the complaint that the answers of a call are, written with them; its owner is the caller."""
    value = Complaint(
        records.next_number(writer.store, COMPLAINT, call.site), call.site, BY_CALL, writer.now_us, by, by,
        tuple(categories), call.customer, call.subject, call.serials,
        (call.technician,) if call.technician else (), course=(ComplaintAct("receive", writer.now_us, by),),
    )  # fmt: skip
    return _write(writer, unit, value, complainant).key


def refuse_received_ahead(writer: Writer, unit: Unit, received_at: int) -> None:
    """Nobody complained in the future. Raises Refused: `future_date`."""
    if is_ahead(received_at, writer.now_us):
        today = unit.day_of(writer.now_us).isoformat()
        raise refuse("future_date", "/received_at", date=told_moment(received_at), today=today)


def refuse_unknown_persons(store: Store, usernames: Iterable[str]) -> None:
    """Raises Refused: `unknown_person` for each of these whom nobody knows."""
    told = list(usernames)
    there = are_there(store, told)
    unknown = [(n, each) for n, each in enumerate(told) if each not in there]
    if unknown:
        raise Refused(Problem("unknown_person", f"/persons/{n}", {"username": each}) for n, each in unknown)


def _about(store: Store, asked: ComplaintAsked) -> _About:
    if asked.about is None:
        return _About()
    kind = _BY_LETTER.get(asked.about.partition("-")[0])
    if kind is None:
        return _of_document(store, asked)
    found = records.current(store, kind, asked.about)
    if found is None:
        raise refuse("unknown_order", "/about", order=asked.about)
    order = found[0]
    if order.site != asked.site:
        raise refuse("order_of_other_site", "/about", order=asked.about, site=order.site)
    if isinstance(order, DispatchOrder):
        return _About(order.customer, order.serials, order.technician)
    serials = (order.serial,) if order.serial else ()
    trip = trip_of(store, order) if kind is INSTALLATION else None
    return _About(order.customer, serials, trip.technician if trip else None)


def _of_document(store: Store, asked: ComplaintAsked) -> _About:
    """A document, such as a sale; whose its devices are is not told of one alone."""
    assert asked.about is not None, "a document's number"
    found = cited_document(store, asked.about, with_lines=False)
    if found is None or found.site != asked.site:
        raise refuse("unknown_order", "/about", order=asked.about)
    return _About()


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
