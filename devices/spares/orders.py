"""Repair orders (送修), the records that close them, and what every order for a customer's device asks for."""

from __future__ import annotations

import msgspec
from peewee import JOIN, fn

from devices import records
from devices.journal import Writer
from devices.ledger.deciding.drafts import Party
from devices.ledger.posting.customers import known_customer, learned, refuse_unnamed
from devices.ledger.posting.gather import held
from devices.ledger.posting.notices import tell
from devices.listed import Only, listed
from devices.paperwork.customers import Notice
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.installations import Installation
from devices.paperwork.orders import ORDERS, RepairOrder, RepairRecord
from devices.paperwork_kinds import REPAIR
from devices.problems import refuse
from devices.records import RecordKind, Written
from devices.serials import recognised
from devices.store.database import Row, Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Positions, Reservations, Standings
from devices.unit import Unit

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


def open_repair_order(
    writer: Writer, unit: Unit, *, site: str, serial: str, fault: str, by: str, named: Party | None = None
) -> tuple[RepairOrder, Written]:
    """Open a repair order for a customer's device; away from their home they are `named`, and it is told there.

    Raises Refused: `customer_required`, `customer_not_matched`, `order_open_already` naming the order that the device
    is open under for the same customer.
    """
    device, customer = device_of_customer(writer, serial, site, named, pointer="/serial")
    for order in listed(
        writer.store, REPAIR, [site], only=Only(states=("open",), customers=[customer], serial=device)
    ):
        raise refuse("order_open_already", "/serial", serial=device, order=order.number)
    number = records.next_number(writer.store, REPAIR, site)
    day = unit.day_of(writer.now_us).isoformat()
    value = RepairOrder(number, site, device, fault, day, by, customer)
    tell_home(writer, unit, REPAIR, value, (device,), named)
    return records.write(writer, REPAIR, value, by=by, expected=0)


def tell_home(
    writer: Writer,
    unit: Unit,
    kind: RecordKind,
    order: RepairOrder | DispatchOrder | Installation,
    serials: tuple[str, ...],
    named: Party | None,
) -> None:
    """Tell a customer's home of an order or installation that another site opens, and what it learned of them."""
    assert order.customer is not None, "an order for nobody's device"
    known = known_customer(writer.store, order.customer)
    if known.home == order.site:
        return
    notice = Notice(
        known.home, known.number, order.number, kind.name, order.site, order.opened_by,
        unit.day_of(writer.now_us).isoformat(), serials,
    )  # fmt: skip
    tell(writer, unit, notice, learned(known, named, order.site) if named else None)


def file_repair_record(
    writer: Writer, order: RepairOrder, revision: int, record: RepairRecord, *, by: str
) -> tuple[RepairOrder, Written]:
    """File what was done under a repair order; it is then closed.

    Raises Refused when it has a record or was cancelled.
    """
    ORDERS.take("file", order.state, order=order.number)
    changed = msgspec.structs.replace(order, record=record)
    return records.write(writer, REPAIR, changed, by=by, expected=revision)


def cancel_repair_order(
    writer: Writer, order: RepairOrder, revision: int, *, by: str
) -> tuple[RepairOrder, Written]:
    """Cancel a repair order under which nothing was done, while its site's journal is held.

    Raises Refused: `order_closed`, `order_in_use` naming a device and the document that has it under the order.
    """
    ORDERS.take("cancel", order.state, order=order.number)
    refuse_used(writer.store, order.number)
    changed = msgspec.structs.replace(order, cancelled=True)
    return records.write(writer, REPAIR, changed, by=by, expected=revision)


def refuse_used(store: Store, order: str) -> None:
    """Refuse to cancel an order under which something was done. Raises Refused (`order_in_use`)."""
    used = _use_of(store, order)
    if used is not None:
        serial, document = used
        raise refuse("order_in_use", order=order, serial=serial, document=document)


def _use_of(store: Store, order: str) -> Row | None:
    """A device that is out under an order, else one of a document under it, with the document; None for no use."""
    return store.row(_DEVICE_OUT_UNDER, (order,)) or store.row(_DOCUMENT_UNDER, (order,))


def device_of_customer(
    writer: Writer, text: str, site: str, named: Party | None, *, pointer: str
) -> tuple[str, str]:
    """A customer's device and the number of the customer, who is `named` away from their home.

    Raises Refused: what is wrong of the serial, `unknown_device`, `not_with_a_customer`, `customer_required`,
    `customer_not_matched`.
    """
    serial = recognised(text, pointer)
    found = held(writer.store, [serial]).get(serial)
    if found is None or found.step == 0:
        raise refuse("unknown_device", pointer, serial=serial, document=None)
    if found.position.customer is None:
        state, cited = found.position.state, found.document
        raise refuse("not_with_a_customer", pointer, serial=serial, state=state, cited=cited)
    refuse_unnamed(writer.store, site, serial, found.position.customer, named)
    return serial, found.position.customer
