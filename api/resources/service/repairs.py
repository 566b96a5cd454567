"""Repair orders (送修) over HTTP: opened, closed by the record of what was done, cancelled."""

from __future__ import annotations

import msgspec

from api.calls import Call, Done, Shown
from api.resources.records import found_record
from api.resources.service.order_lists import OrderQuery, list_orders
from api.wire import times
from api.writing import at_site_of_body, at_site_of_number
from devices.ledger.deciding.drafts import Fen, Party
from devices.paperwork.orders import OrderState, RepairRecord
from devices.paperwork_kinds import REPAIR
from devices.problems import refuse
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


class RepairQuery(OrderQuery, frozen=True, kw_only=True):
    """Those in one state besides."""

    state: OrderState | None = None


class RepairRecordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done under a repair order; `completed_at` in RFC 3339, `charged_fen` 0 for free."""

    completed_at: times.Told
    diagnosis: Sentence
    work: Sentence
    charged_fen: Fen = 0


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


def _party(named: Named | None) -> Party | None:
    return Party(**msgspec.structs.asdict(named)) if named else None


def file_repair(call: Call) -> Done:
    """File what was done under a repair order."""
    writer = at_site_of_number(call)
    order, revision = found_record(call, REPAIR, call.path["number"])
    completed = times.moment(call.body.completed_at, "/completed_at")
    today = call.unit.day_of(call.at_us).isoformat()
    if completed > call.at_us:
        raise refuse("future_date", "/completed_at", date=times.shown(completed), today=today)
    if call.unit.day_of(completed).isoformat() < order.opened_on <= today:  # a day ahead is of no opening
        raise refuse("completed_before_opened", "/completed_at", order=order.number)
    who = call.who.username
    record = RepairRecord(
        completed, call.body.diagnosis, call.body.work, call.body.charged_fen, call.at_us, who
    )
    orders.file_repair_record(writer, order, revision, record, by=who)
    return Done(201, order.number)


def cancel_repair(call: Call) -> Done:
    """Cancel a repair order."""
    writer = at_site_of_number(call)
    order, revision = found_record(call, REPAIR, call.path["number"])
    orders.cancel_repair_order(writer, order, revision, by=call.who.username)
    return Done(200, order.number)


def list_repairs(call: Call, _: Done) -> Shown:
    """The repair orders of the caller's sites, by number."""
    return list_orders(call, REPAIR, call.query.state)
