"""What a technician has in hand: jobs to be done, and those done that wait for a swap or an installation's checks."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from devices import records
from devices.paperwork.dispatches import TO_BE_DONE, DispatchOrder
from devices.paperwork.installations import INSTALLING, Installation
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.service.installations.installs import installations_under, installs_under_way, trip_of
from devices.service.jobs.settling import unsettled_at
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Records

_ASSIGNED = compiled(
    Records.select(Records.content).where(
        Records.assignee == GIVEN,
        Records.kind == DISPATCH_ORDER.name,
        Records.state.in_(TO_BE_DONE),
    )
)
"""Not in an order of its own, for which an engine would read all that was ever done."""


def jobs_in_hand(store: Store, sites: Collection[str], technician: str) -> list[DispatchOrder]:
    """The orders of these sites that are a technician's to work, by the agreed time, else by when the customer asked.

    Those that are done are among them while a spare that their record names is still carried under them, and while
    what was installed has yet to be confirmed.
    """
    ahead = (DISPATCH_ORDER.decode(content) for (content,) in store.rows(_ASSIGNED, (technician,)))
    done = (*(order for order, _ in unsettled_at(store, sites)), *_unconfirmed_at(store, sites))
    found = {order.number: order for order in (*ahead, *done) if order.technician == technician}
    return sorted((each for each in found.values() if each.site in sites), key=_in_turn)


def _in_turn(order: DispatchOrder) -> tuple[int, str]:
    return order.window.starts_at if order.window else order.asked_at, order.number


def _unconfirmed_at(store: Store, sites: Collection[str]) -> Iterator[DispatchOrder]:
    """The orders by which something was installed that nobody has confirmed yet."""
    sent_for = [value.order for value in installs_under_way(store, sites)]
    for order in records.these(store, DISPATCH_ORDER, sent_for).values():
        if order.record and order.record.outcomes.install == "installed":
            yield order


def installations_to_confirm(store: Store, order: DispatchOrder) -> list[Installation]:
    """The installations that are still to be confirmed under an order."""
    values = [value for value in installations_under(store, order) if value.state in INSTALLING]
    trips = ((value, trip_of(store, value)) for value in values)
    return [value for value, trip in trips if trip and trip.number == order.number]
