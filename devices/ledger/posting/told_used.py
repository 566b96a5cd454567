"""Which carried spares a filed record says went in: their swap waits for the faulty device to come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from devices.ledger.deciding.case import ToldUsed
from devices.ledger.deciding.entries import Held
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.store.database import Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Records

_FILED = compiled(
    Records.select(Records.content).where(
        Records.kind == DISPATCH_ORDER.name, Records.key.in_(EACH), Records.state == "done"
    )
)
ENDS_CARRYING = ("carry_back", "reversal")
"""The documents that take a carried spare from its technician, other than by the swap it was carried for."""


def filed_orders(store: Store, numbers: Iterable[str | None]) -> list[DispatchOrder]:
    """Those of these dispatch orders whose record is filed, by number; in one statement for hundreds of them."""
    wanted = sorted({number for number in numbers if number})
    found: list[DispatchOrder] = [DISPATCH_ORDER.decode(row[0]) for row in store.rows_in(_FILED, wanted)]
    return sorted(found, key=lambda order: order.number)


def told_used_of(store: Store, document: str, positions: Mapping[str, Held]) -> dict[str, ToldUsed]:
    """The carried spares among these devices that a record says went in, by serial, where a document ends carrying."""
    if document not in ENDS_CARRYING:
        return {}
    carried = {
        serial: held.position for serial, held in positions.items() if held.position.state == "carried"
    }
    orders = filed_orders(store, [position.order_number for position in carried.values()])
    return {
        pair.spare: ToldUsed(order.number, pair.faulty)
        for order in orders
        for pair in (order.record.used if order.record else None) or ()
        if pair.spare in carried and carried[pair.spare].order_number == order.number
    }
