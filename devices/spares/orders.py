"""Repair orders (送修) and dispatch orders (派工单), and the service records that close them."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from peewee import JOIN, fn

from devices import records
from devices.journal import Writer
from devices.ledger.deciding.drafts import Party
from devices.ledger.posting.customers import known_customer, learned, refuse_unnamed
from devices.ledger.posting.gather import held
from devices.ledger.posting.notices import tell
from devices.paperwork import ORDERS, DispatchOrder, Notice, RepairOrder, ServiceRecord
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.problems import Problem, refuse
from devices.records import RecordKind, Written
from devices.serials import recognise
from devices.store.database import Row, Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Positions, Reservations, Standings
from devices.unit import Unit

_Order = TypeVar("_Order", RepairOrder, DispatchOrder)

_DEVICE_OUT_UNDER = compiled(
    Positions.select(Positions.serial, Positions.document)
    .where(
        Positions.order_number == GIVEN,
        Positions.state.in_(("in_repair", "carried", "in_transit", "at_factory", "missing")),
    )
    .limit(1)
)
"""A device that is in custody or carried under an order, and the document that says so."""
_DOCUMENT_UNDER = compiled(
    Documents.select(fn.COALESCE(Lines.serial, Reservations.serial), Documents.number)
    .join(Standings, on=Standings.document == Documents.number)
    .join_from(Documents, Lines, JOIN.LEFT_OUTER, on=(Lines.document == Documents.number) & (Lines.n == 1))
    .join_from(Documents, Reservations, JOIN.LEFT_OUTER, on=Reservations.document == Documents.number)
    .where(
        Documents.under == GIVEN,
        Standings.status.not_in(("withdrawn", "reversed")),
        (Standings.status == "pending") | (Standings.lines > 0),
    )
    .limit(1)
)
"""A device of a document that stands under an order, or waits to, and the document."""

WITH_A_CUSTOMER = ("in_service", "in_repair", "lost", "at_factory", "in_transit")


def open_repair_order(
    writer: Writer, unit: Unit, *, site: str, serial: str, fault: str, by: str, named: Party | None = None
) -> tuple[RepairOrder, Written]:
    """Open a repair order for a customer's device; away from their home they are `named`, and it is told there.

    Raises Refused: `customer_required`, `customer_not_matched`, `order_open_already` naming the order that the device
    is open under for the same customer.
    """
    device, customer = _device(writer, serial)
    refuse_unnamed(writer.store, site, device, customer, named)
    for order in records.listed(
        writer.store, REPAIR, [site], states=("open",), serial=device, customers=[customer]
    ):
        raise refuse("order_open_already", "/serial", serial=device, order=order.number)
    number = records.next_number(writer.store, REPAIR, site)
    day = unit.day_of(writer.now_us).isoformat()
    value = RepairOrder(number, site, device, fault, day, by, customer)
    _tell_home(writer, unit, REPAIR, value, device, named)
    return records.write(writer, REPAIR, value, by=by, expected=0)


def send_technician(
    writer: Writer,
    unit: Unit,
    *,
    site: str,
    serial: str,
    fault: str,
    technician: str,
    by: str,
    named: Party | None = None,
) -> tuple[DispatchOrder, Written]:
    """Send a technician to a customer's device; away from their home they are `named`, and it is told there.

    Raises Refused: `customer_required`, `customer_not_matched`.
    """
    device, customer = _device(writer, serial)
    refuse_unnamed(writer.store, site, device, customer, named)
    number = records.next_number(writer.store, DISPATCH_ORDER, site)
    day = unit.day_of(writer.now_us).isoformat()
    value = DispatchOrder(number, site, device, fault, technician, day, by, customer)
    _tell_home(writer, unit, DISPATCH_ORDER, value, device, named)
    return records.write(writer, DISPATCH_ORDER, value, by=by, expected=0)


def _tell_home(
    writer: Writer,
    unit: Unit,
    kind: RecordKind,
    order: RepairOrder | DispatchOrder,
    device: str,
    named: Party | None,
) -> None:
    """Tell a customer's home of an order for their device that another site opens, and what it learned of them."""
    assert order.customer is not None, "an order for nobody's device"
    known = known_customer(writer.store, order.customer)
    if known.home == order.site:
        return
    notice = Notice(
        known.home, known.number, order.number, kind.name, order.site, order.opened_by, order.opened_on,
        (device,),
    )  # fmt: skip
    tell(writer, unit, notice, learned(known, named, order.site) if named else None)


def file_service_record(
    writer: Writer, kind: RecordKind, order: _Order, revision: int, record: ServiceRecord, *, by: str
) -> tuple[_Order, Written]:
    """File what was done under an order; it is then closed. Raises Refused when it has a record or was cancelled."""
    ORDERS.take("file", order.state, order=order.number)
    changed = msgspec.structs.replace(order, record=record)
    return records.write(writer, kind, changed, by=by, expected=revision)


def cancel_order(
    writer: Writer, kind: RecordKind, order: _Order, revision: int, *, by: str
) -> tuple[_Order, Written]:
    """Cancel an order under which nothing was done, while its site's journal is held.

    Raises Refused: `order_closed`, `order_in_use` naming a device and the document that has it under the order.
    """
    ORDERS.take("cancel", order.state, order=order.number)
    used = _use_of(writer.store, order.number)
    if used is not None:
        serial, document = used
        raise refuse("order_in_use", order=order.number, serial=serial, document=document)
    return records.write(
        writer, kind, msgspec.structs.replace(order, cancelled=True), by=by, expected=revision
    )


def _use_of(store: Store, order: str) -> Row | None:
    """A device that is out under an order, else one of a document under it, with the document; None for no use."""
    return store.row(_DEVICE_OUT_UNDER, (order,)) or store.row(_DOCUMENT_UNDER, (order,))


def _device(writer: Writer, text: str) -> tuple[str, str]:
    serial = recognise(text, "/serial")
    if isinstance(serial, Problem):
        raise refuse(serial.code, serial.pointer, **serial.facts)
    found = held(writer.store, [serial]).get(serial)
    if found is None or found.step == 0:
        raise refuse("unknown_device", "/serial", serial=serial, document="repair_intake")
    if found.position.customer is None:
        facts = {"serial": serial, "state": found.position.state, "document": "repair_intake"}
        raise refuse("wrong_state", "/serial", **facts, allowed=list(WITH_A_CUSTOMER), cited=found.document)
    return serial, found.position.customer
