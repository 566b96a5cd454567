"""Repair orders, dispatch orders, consignments and customers over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from api import times
from api.calls import Call, Done, Shown
from api.confidences import Password
from api.paging import page, sites_asked
from api.texts import Line, Note, Sentence
from api.writing import at_site_of_body, at_site_of_number
from devices import records, taxpayers
from devices.journal import Writer, open_journals
from devices.ledger.customers import hold_customers, write_customer
from devices.ledger.dealings import deals_with
from devices.ledger.erasure import refuse_erasure
from devices.ledger.gather import kept_at
from devices.paperwork import (
    CONSIGNMENT,
    CUSTOMER,
    Consignment,
    Customer,
    CustomerData,
    ServiceRecord,
    home_of,
)
from devices.people import signing_keys
from devices.problems import Problem, refuse
from devices.records import RecordKind
from devices.spares import orders


class RepairBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's device sent in for repair."""

    site: str
    serial: str
    fault: Sentence


class DispatchOrderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician sent to a customer's device."""

    site: str
    serial: str
    fault: Sentence
    technician: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class ServiceRecordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done under an order; `completed_at` in RFC 3339, `charged_fen` 0 for free."""

    completed_at: times.Told
    diagnosis: Sentence
    work: Sentence
    charged_fen: Annotated[int, msgspec.Meta(ge=0, le=100_000_000_00)] = 0


class CustomerQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer by taxpayer id."""

    taxpayer_id: str


class CustomerAnswer(msgspec.Struct, frozen=True):
    """A customer; `site` is the one they belong to, which corrects and erases. `data` is null once it was erased."""

    number: str
    site: str
    data: CustomerData | None
    erased: bool


class ConsignmentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be told of a consignment after it was sent: its packages, a note, its papers' digests."""

    packages: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    note: Note = ""
    papers: tuple[Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")], ...] = ()


def open_repair(call: Call) -> Done:
    """Open a repair order."""
    body = call.body
    writer = at_site_of_body(call)
    _, written = orders.open_repair(
        writer, call.unit, site=body.site, serial=body.serial, fault=body.fault, by=call.who.username
    )
    return Done(201, written.key)


def open_dispatch_order(call: Call) -> Done:
    """Open a dispatch order."""
    body = call.body
    writer = at_site_of_body(call)
    _, written = orders.open_dispatch_order(
        writer,
        call.unit,
        site=body.site,
        serial=body.serial,
        fault=body.fault,
        technician=body.technician,
        by=call.who.username,
    )
    return Done(201, written.key)


def filing(kind: RecordKind) -> Callable[[Call], Done]:
    """A function that files an order's service record."""

    def write(call: Call) -> Done:
        writer = at_site_of_number(call)
        order, revision = _found(call, kind, call.path["number"])
        completed = times.moment(call.body.completed_at, "/completed_at")
        if completed > call.at_us:
            raise refuse(
                "future_date",
                "/completed_at",
                date=call.body.completed_at,
                today=call.unit.day_of(call.at_us).isoformat(),
            )
        if call.unit.day_of(completed).isoformat() < order.opened_on:
            raise refuse("completed_before_opened", "/completed_at", order=order.number)
        who = call.who.username
        record = ServiceRecord(
            completed, call.body.diagnosis, call.body.work, call.body.charged_fen, call.at_us, who
        )
        orders.file_service_record(writer, kind, order, revision, record, by=who)
        return Done(201, order.number)

    return write


def cancelling(kind: RecordKind) -> Callable[[Call], Done]:
    """A function that cancels an order."""

    def write(call: Call) -> Done:
        writer = at_site_of_number(call)
        order, revision = _found(call, kind, call.path["number"])
        orders.cancel(writer, kind, order, revision, by=call.who.username)
        return Done(200, order.number)

    return write


def _found(call: Call, kind: RecordKind, key: str) -> tuple[Any, int]:
    found = records.current(call.store, kind, key)
    if found is None:
        raise refuse("not_found")
    return found


def showing(kind: RecordKind) -> Callable[[Call, Done], Shown]:
    """A function that shows one record by its number."""

    def show(call: Call, done: Done) -> Shown:
        value, revision = _found(call, kind, done.key or call.path["number"])
        return Shown(value, revision)

    return show


def listing(kind: RecordKind) -> Callable[[Call, Done], Shown]:
    """A function that lists a kind of record of the caller's sites, by number."""

    def show(call: Call, _: Done) -> Shown:
        return page(call, records.listed(call.store, kind, sites_asked(call), call.query.place), kind.key)

    return show


# --- consignments


def consignment_number(call: Call) -> str:
    """The key of the consignment a path names."""
    return "/".join((call.path["site"], call.path["carrier"], call.path["waybill"]))


def show_consignment(call: Call, _: Done) -> Shown:
    """One consignment with its papers."""
    value, revision = _found(call, CONSIGNMENT, consignment_number(call))
    return Shown(value, revision)


def replace_consignment(call: Call) -> Done:
    """Tell more of a consignment; its papers must be stored."""
    value, _ = _found(call, CONSIGNMENT, consignment_number(call))
    for index, digest in enumerate(call.body.papers):
        if not kept_at(call.store, value.site, [digest]):
            raise refuse("unknown_attachment", f"/papers/{index}", digest=digest)
    writer = open_journals(call.store, [value.site], call.at_us)
    changed: Consignment = msgspec.structs.replace(value, **msgspec.structs.asdict(call.body))
    records.write(writer, CONSIGNMENT, changed, by=call.who.username, expected=call.if_match)
    return Done(200, value.number)


# --- customers


def show_customer(call: Call, done: Done) -> Shown:
    """One customer with their data."""
    number = done.key or call.path["number"]
    value, revision = _found(call, CUSTOMER, number)
    if not deals_with(call.store, number, call.who.reads):
        raise refuse("not_found")
    return Shown(_answer(call, value), revision)


def find_customer(call: Call, _: Done) -> Shown:
    """The customer with this taxpayer id whom one of the caller's sites deals with: one or none."""
    taxpayer = taxpayers.recognise(call.query.taxpayer_id, "/taxpayer_id")
    if isinstance(taxpayer, Problem):
        raise refuse(taxpayer.code, taxpayer.pointer, **taxpayer.facts)
    row = call.store.row("SELECT key FROM personal WHERE taxpayer_id = ? AND latest = 1", (taxpayer.id,))
    found = records.current(call.store, CUSTOMER, row[0]) if row else None
    shown = [found[0]] if found and deals_with(call.store, found[0].number, call.who.reads) else []
    return Shown([_answer(call, value) for value in shown])


def _answer(call: Call, value: Customer) -> CustomerAnswer:
    row = call.store.row(
        "SELECT content FROM personal WHERE kind = 'customer' AND key = ? AND latest = 1", (value.number,)
    )
    data = msgspec.json.decode(row[0], type=CustomerData) if row and row[0] else None
    return CustomerAnswer(value.number, home_of(value.number), data, value.erased)


def _held_customer(call: Call) -> tuple[Customer, int, Writer]:
    """A customer whom nobody else changes, or sells anything to, meanwhile; with the writer of their journal."""
    number = call.path["number"]
    writer = at_site_of_number(call)
    hold_customers(call.store, [number])
    value, revision = _found(call, CUSTOMER, number)
    return msgspec.structs.replace(value, site=home_of(number)), revision, writer


def replace_customer(call: Call) -> Done:
    """Correct a customer's name, address or contact; the taxpayer id stays."""
    value, revision, writer = _held_customer(call)
    if revision != call.if_match:
        raise refuse("if_match_failed", revision=revision)
    old = _answer(call, value).data
    if old is None:
        raise refuse("already_erased", customer=value.number)
    changed = msgspec.structs.replace(old, **msgspec.structs.asdict(call.body))
    write_customer(writer, call.unit, value.number, changed, by=call.who.username)
    return Done(200, value.number)


class CustomerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's data as it should be."""

    name: Line
    address: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    contact: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class EraseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The auditor's own password, entered again: what is erased never comes back."""

    password: Password


def erase_customer(call: Call) -> Done:
    """Erase a customer's personal data for good (个人信息保护法 article 47); the chain stays whole.

    Journalled free text and attachments are not reached. Refused while the customer has devices of ours, or a
    proposal that waits for an auditor would give them one, and to a person whose signing key waits.
    """
    signing_keys.refuse_waiting(call.store, call.who.username)
    value, _, writer = _held_customer(call)
    if value.erased:
        raise refuse("already_erased", customer=value.number)
    refuse_erasure(call.store, value.number)
    changed = msgspec.structs.replace(value, commitment="", erased=True)
    records.write(writer, CUSTOMER, changed, by=call.who.username)
    call.store.execute(
        "UPDATE personal SET salt = NULL, content = NULL, taxpayer_id = NULL WHERE kind = 'customer' AND key = ?",
        (value.number,),
    )
    return Done(200, value.number)
