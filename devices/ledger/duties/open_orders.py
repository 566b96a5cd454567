"""Orders that are still open, and which sites deal with a customer by them, or otherwise, and so may read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from devices import records
from devices.ledger.reading.history import Sees
from devices.paperwork import DispatchOrder, RepairOrder, home_of
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Positions

ACTED_LAST = compiled(
    Positions.select(Positions.responsible_site).where(Positions.customer == GIVEN)
    | Positions.select(Positions.site).where(Positions.customer == GIVEN, Positions.register == "custody")
)


def open_repairs(store: Store, sites: Sequence[str]) -> list[RepairOrder]:
    """The open repair orders of these sites, by number."""
    return list(records.listed(store, REPAIR, sites, states=("open",)))


def open_dispatch_orders(store: Store, sites: Sequence[str]) -> list[DispatchOrder]:
    """The open dispatch orders of these sites, by number."""
    return list(records.listed(store, DISPATCH_ORDER, sites, states=("open",)))


def repairing_sites(store: Store, customers: Collection[str], sites: Sequence[str]) -> dict[str, set[str]]:
    """By customer, which of these sites have a repair of theirs open (docs/decisions.md, "Who may see a customer")."""
    found: dict[str, set[str]] = defaultdict(set)
    for order in records.listed(store, REPAIR, sites, states=("open",), customers=customers):
        found[order.customer].add(order.site)
    return found


def deals_with(store: Store, number: str, sees: Sees) -> bool:
    """Whether one of the sites that `sees` tells of deals with a customer: the site they belong to, one that acted
    last on, or holds, a device of theirs, or one with a repair of theirs open. A device's answer asks the same.
    """
    if sees(home_of(number)):
        return True
    if any(sees(site) for (site,) in store.rows(ACTED_LAST, (number, number)) if site):
        return True
    seen = [code for code in records.site_codes(store) if sees(code)]
    return bool(repairing_sites(store, {number}, seen))
