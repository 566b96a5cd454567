"""The orders of some sites that are still open."""

from __future__ import annotations

from collections.abc import Collection

from devices.listed import open_at
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.store.database import Store


def open_repairs(store: Store, sites: Collection[str]) -> list[RepairOrder]:
    """The open repair orders of these sites, by number."""
    return open_at(store, REPAIR, sites)


def open_dispatch_orders(store: Store, sites: Collection[str]) -> list[DispatchOrder]:
    """The dispatch orders of these sites whose job is still to be done, by number."""
    return open_at(store, DISPATCH_ORDER, sites)
