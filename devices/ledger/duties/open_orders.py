"""The orders of some sites that are still open."""

from __future__ import annotations

from collections.abc import Sequence

from devices.listed import Only, listed
from devices.paperwork.dispatches import TO_BE_DONE, DispatchOrder
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.store.database import Store


def open_repairs(store: Store, sites: Sequence[str]) -> list[RepairOrder]:
    """The open repair orders of these sites, by number."""
    return list(listed(store, REPAIR, sites, only=Only(states=("open",))))


def open_dispatch_orders(store: Store, sites: Sequence[str]) -> list[DispatchOrder]:
    """The open dispatch orders of these sites, by number."""
    return list(listed(store, DISPATCH_ORDER, sites, only=Only(states=TO_BE_DONE)))
