"""What a technician has in hand: jobs to be done, and those done that wait for a swap or an installation's checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from devices import records
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.installations import INSTALLING, Installation
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION
from devices.records import Only
from devices.service.installing import installations_of, trip_of
from devices.service.settling import unsettled_at
from devices.store.database import Store


def jobs_in_hand(store: Store, sites: Collection[str], technician: str) -> list[DispatchOrder]:
    """The orders of these sites that are a technician's to work, the longest asked first.

    Those that are done are among them while a spare that their record names is still carried under them, and while
    what was installed has yet to be confirmed.
    """
    only = Only(states=DISPATCH_ORDER.open_states, assignee=technician)
    ahead = records.listed(store, DISPATCH_ORDER, sites, only=only)
    done = (*(order for order, _ in unsettled_at(store, sites)), *_unconfirmed_at(store, sites))
    found = {order.number: order for order in (*ahead, *done) if order.technician == technician}
    return sorted(found.values(), key=lambda each: each.asked_at)


def _unconfirmed_at(store: Store, sites: Collection[str]) -> Iterator[DispatchOrder]:
    """The orders by which something was installed that nobody has confirmed yet."""
    values = records.listed(store, INSTALLATION, sites, only=Only(states=("on_site",)))
    for order in records.these(store, DISPATCH_ORDER, [value.order for value in values]).values():
        if order.record and order.record.outcomes.install == "installed":
            yield order


def installations_to_confirm(store: Store, order: DispatchOrder) -> list[Installation]:
    """The installations that are still to be confirmed under an order."""
    if "install" not in order.purposes:
        return []
    of_device = installations_of(store, order.serials)
    values = [value for found in of_device.values() for value in found if value.state in INSTALLING]
    trips = ((value, trip_of(store, value)) for value in values)
    return [value for value, trip in trips if trip and trip.number == order.number]
