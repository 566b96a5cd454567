"""What a home was told of its customers, and what became of it: an order that came to nothing is flagged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from devices import records
from devices.listed import Only, listed
from devices.paperwork.customers import NOTICES, Notice
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.installations import Installation
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION, NOTICE, REPAIR
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Positions, Standings

Flag = Literal["cancelled", "no_work", "given_up", "reversed", "withdrawn", "rejected"]
"""An order that was cancelled, one whose device went back without a service record or a swap, an installation that was
given up, a document that does not stand."""

FLAGS: dict[str, Flag] = {"reversed": "reversed", "withdrawn": "withdrawn", "rejected": "rejected"}
"""By the status of a document."""
_STATUS = compiled(Standings.select(Standings.status).where(Standings.document == GIVEN))
_TAKEN_IN = compiled(
    Documents.select(Documents.number)
    .join(Lines, on=(Lines.document == Documents.number))
    .where(Documents.under == GIVEN, Documents.type == "repair_intake", Lines.serial == GIVEN)
    .limit(1)
)
_SWAPPED = compiled(
    Documents.select(Documents.number)
    .join(Standings, on=(Standings.document == Documents.number))
    .where(Documents.under == GIVEN, Documents.type == "swap", Standings.status != "reversed")
    .limit(1)
)
_STILL_OUT = compiled(
    Positions.select(Positions.serial).where(Positions.serial == GIVEN, Positions.order_number == GIVEN)
)
_ORDERS = {kind.name: kind for kind in (REPAIR, DISPATCH_ORDER, INSTALLATION)}


def waiting_notices(store: Store, sites: Collection[str] | None) -> list[Notice]:
    """The notices of these sites' customers that nobody there has settled, by what they are under."""
    return list(listed(store, NOTICE, sites, only=Only(states=(NOTICES.begins,))))


def flag_of(store: Store, notice: Notice) -> Flag | None:
    """What a notice's order or document came to, where that is nothing."""
    kind = _ORDERS.get(notice.what)
    if kind is None:
        row = store.row(_STATUS, (notice.under,))
        return FLAGS.get(row[0]) if row else None
    found = records.current(store, kind, notice.under)
    return _of_order(store, found[0]) if found else None


def _of_order(store: Store, order: RepairOrder | DispatchOrder | Installation) -> Flag | None:
    if isinstance(order, Installation):
        return "given_up" if order.state == "unfit" else None
    if order.cancelled:
        return "cancelled"
    if isinstance(order, DispatchOrder) or order.record is not None or store.row(_SWAPPED, (order.number,)):
        return None
    came_in = store.row(_TAKEN_IN, (order.number, order.serial))
    still_out = store.row(_STILL_OUT, (order.serial, order.number))
    return "no_work" if came_in and not still_out else None
