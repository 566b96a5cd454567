"""Repair orders and dispatch orders over HTTP: opened, closed by a service record, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from api.calls import Call, Done
from api.resources.records import found_record
from api.wire import times
from api.writing import at_site_of_body, at_site_of_number
from devices.ledger.deciding.drafts import Party
from devices.paperwork import ServiceRecord
from devices.problems import refuse
from devices.records import RecordKind
from devices.spares import orders
from devices.texts.lengths import Address, Contact, Line, Sentence, Serial, Word


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose a device is, as another site than their home must say; what is told of them anew is proposed there."""

    taxpayer_id: Word
    name: Line
    address: Address | None = None
    contact: Contact | None = None


class RepairBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's device sent in for repair; `customer` is asked for away from their home."""

    site: Word
    serial: Serial
    fault: Sentence
    customer: Named | None = None


class DispatchOrderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician sent to a customer's device; `customer` is asked for away from their home."""

    site: Word
    serial: Serial
    fault: Sentence
    technician: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    customer: Named | None = None


class ServiceRecordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done under an order; `completed_at` in RFC 3339, `charged_fen` 0 for free."""

    completed_at: times.Told
    diagnosis: Sentence
    work: Sentence
    charged_fen: Annotated[int, msgspec.Meta(ge=0, le=100_000_000_00)] = 0


def open_repair(call: Call) -> Done:
    """Open a repair order."""
    body = call.body
    writer = at_site_of_body(call)
    _, written = orders.open_repair_order(
        writer,
        call.unit,
        site=body.site,
        serial=body.serial,
        fault=body.fault,
        by=call.who.username,
        named=_party(body.customer),
    )
    return Done(201, written.key)


def open_dispatch_order(call: Call) -> Done:
    """Open a dispatch order."""
    body = call.body
    writer = at_site_of_body(call)
    _, written = orders.send_technician(
        writer,
        call.unit,
        site=body.site,
        serial=body.serial,
        fault=body.fault,
        technician=body.technician,
        by=call.who.username,
        named=_party(body.customer),
    )
    return Done(201, written.key)


def _party(named: Named | None) -> Party | None:
    return Party(**msgspec.structs.asdict(named)) if named else None


def filing(kind: RecordKind) -> Callable[[Call], Done]:
    """A function that files an order's service record."""

    def write(call: Call) -> Done:
        writer = at_site_of_number(call)
        order, revision = found_record(call, kind, call.path["number"])
        completed = times.moment(call.body.completed_at, "/completed_at")
        today = call.unit.day_of(call.at_us).isoformat()
        if completed > call.at_us:
            raise refuse(
                "future_date",
                "/completed_at",
                date=call.body.completed_at,
                today=today,
            )
        if call.unit.day_of(completed).isoformat() < order.opened_on <= today:  # a day ahead is of no opening
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
        order, revision = found_record(call, kind, call.path["number"])
        orders.cancel_order(writer, kind, order, revision, by=call.who.username)
        return Done(200, order.number)

    return write
