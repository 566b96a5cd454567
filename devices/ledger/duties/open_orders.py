"""The orders of some sites that are still open."""

from __future__ import annotations

from collections.abc import Sequence

from devices import records
from devices.paperwork.dispatches import TO_BE_DONE, DispatchOrder
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.store.database import Store


def open_repairs(store: Store, sites: Sequence[str]) -> list[RepairOrder]:
    """The open repair orders of these sites, by number."""
    return list(records.listed(store, REPAIR, sites, only=records.Only(states=("open",))))


def open_dispatch_orders(store: Store, sites: Sequence[str]) -> list[DispatchOrder]:
    """The open dispatch orders of these sites, by number."""
    return list(records.listed(store, DISPATCH_ORDER, sites, only=records.Only(states=TO_BE_DONE)))
