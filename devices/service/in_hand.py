"""What a technician has in hand: the jobs that are still to be done, and those that wait for the storekeeper's swap."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from devices import records
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.records import Only
from devices.service.filing import unsettled
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Positions, Records

_ORDERS_OF_CARRIED = compiled(
    Positions.select(Positions.order_number)
    .distinct()
    .where(
        Positions.state == "carried",
        Positions.responsible_site.in_(EACH),
        Positions.order_number.is_null(is_null=False),
    )
)
_DONE_BY = compiled(
    Records.select(Records.content).where(
        Records.key.in_(EACH),
        Records.kind == DISPATCH_ORDER.name,
        Records.assignee == GIVEN,
        Records.state == "done",
    )
)


def jobs_in_hand(store: Store, sites: Collection[str], technician: str) -> list[DispatchOrder]:
    """The orders of these sites that are a technician's to work, the longest asked first.

    Those that are done are among them while a spare that their record names is still carried under them.
    """
    ahead = records.listed(
        store, DISPATCH_ORDER, sites, only=Only(states=DISPATCH_ORDER.open_states, assignee=technician)
    )
    return sorted(chain(ahead, _unsettled_of(store, sites, technician)), key=lambda each: each.asked_at)


def _unsettled_of(store: Store, sites: Collection[str], technician: str) -> list[DispatchOrder]:
    """Found by the few spares that are out, however many jobs were ever done."""
    numbers = [number for (number,) in store.rows_in(_ORDERS_OF_CARRIED, sorted(sites))]
    done = store.rows_in(_DONE_BY, numbers, after=(technician,))
    orders = (DISPATCH_ORDER.decode(content) for (content,) in done)
    return [order for order in orders if order.site in sites and unsettled(store, order)]
