"""What a technician has in hand: the jobs that are still to be done, and those that wait for the storekeeper's swap."""

from __future__ import annotations

from collections.abc import Collection

from devices import records
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.records import Only
from devices.service.settling import unsettled_at
from devices.store.database import Store


def jobs_in_hand(store: Store, sites: Collection[str], technician: str) -> list[DispatchOrder]:
    """The orders of these sites that are a technician's to work, the longest asked first.

    Those that are done are among them while a spare that their record names is still carried under them.
    """
    only = Only(states=DISPATCH_ORDER.open_states, assignee=technician)
    ahead = records.listed(store, DISPATCH_ORDER, sites, only=only)
    done = (order for order, _ in unsettled_at(store, sites) if order.technician == technician)
    return sorted((*ahead, *done), key=lambda each: each.asked_at)
