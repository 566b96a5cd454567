"""Orders that are still open, neither cancelled nor closed by a service record; and those that one has closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec

from devices.ledger.reading.history import Sees
from devices.paperwork import DispatchOrder, RepairOrder, ServiceRecord, home_of
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.store.database import Store
from devices.store.statements import marks

OPEN = '%"cancelled":false,"record":null}'
"""How the content of an order ends that is neither cancelled nor closed by a service record."""

DEALING = (
    "SELECT responsible_site FROM position WHERE customer = ?"
    " UNION SELECT site FROM position WHERE customer = ? AND register = 'custody'"
)

ORDERS = "SELECT content FROM record WHERE kind = ? AND site IN ({sites}) AND content {like} ? ORDER BY key"


def open_repairs(store: Store, sites: Sequence[str]) -> list[RepairOrder]:
    """The open repair orders of these sites, by number."""
    return [
        msgspec.json.decode(content, type=RepairOrder) for content in _contents(store, REPAIR.name, sites)
    ]


def open_dispatch_orders(store: Store, sites: Sequence[str]) -> list[DispatchOrder]:
    """The open dispatch orders of these sites, by number."""
    found = _contents(store, DISPATCH_ORDER.name, sites)
    return [msgspec.json.decode(content, type=DispatchOrder) for content in found]


def filed_repairs(store: Store, sites: Sequence[str]) -> list[tuple[RepairOrder, ServiceRecord]]:
    """The repair orders of these sites whose service record was filed, with it, by number."""
    found = _contents(store, REPAIR.name, sites, still_open=False)
    orders = [msgspec.json.decode(content, type=RepairOrder) for content in found]
    return [(order, order.record) for order in orders if order.record is not None]


def filed_dispatch_orders(store: Store, sites: Sequence[str]) -> list[tuple[DispatchOrder, ServiceRecord]]:
    """The dispatch orders of these sites whose service record was filed, with it, by number."""
    found = _contents(store, DISPATCH_ORDER.name, sites, still_open=False)
    orders = [msgspec.json.decode(content, type=DispatchOrder) for content in found]
    return [(order, order.record) for order in orders if order.record is not None]


def repairing_sites(store: Store, customers: Collection[str], sites: Sequence[str]) -> dict[str, set[str]]:
    """By customer, which of these sites have a repair of theirs open (docs/decisions.md, "Who may see a customer")."""
    found: dict[str, set[str]] = defaultdict(set)
    for order in open_repairs(store, sites) if customers else ():
        if order.customer is not None and order.customer in customers:
            found[order.customer].add(order.site)
    return found


def _contents(store: Store, kind: str, sites: Sequence[str], *, still_open: bool = True) -> list[str]:
    if not sites:
        return []
    like = "LIKE" if still_open else "NOT LIKE"
    rows = store.rows(ORDERS.format(sites=marks(len(sites)), like=like), (kind, *sites, OPEN))
    return [content for (content,) in rows]


def deals_with(store: Store, number: str, sees: Sees) -> bool:
    """Whether one of the sites that `sees` tells of deals with a customer: the site they belong to, one that acted
    last on, or holds, a device of theirs, or one with a repair of theirs open. A device's answer asks the same.
    """
    if sees(home_of(number)):
        return True
    if any(sees(site) for (site,) in store.rows(DEALING, (number, number)) if site):
        return True
    seen = [site for (site,) in store.rows("SELECT code FROM site") if sees(site)]
    return bool(repairing_sites(store, {number}, seen))
