"""Orders that are still open: neither cancelled nor closed by a service record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec

from devices.database import Store
from devices.ledger.gather import marks
from devices.paperwork import DISPATCH_ORDER, REPAIR, DispatchOrder, RepairOrder

OPEN = '%"cancelled":false,"record":null}'
"""How the content of an order ends that is neither cancelled nor closed by a service record."""

OPEN_ORDERS = (
    "SELECT content FROM record WHERE kind = ? AND site IN ({sites}) AND content LIKE ? ORDER BY key"
)


def open_repairs(store: Store, sites: Sequence[str]) -> list[RepairOrder]:
    """The open repair orders of these sites, by number."""
    return [
        msgspec.json.decode(content, type=RepairOrder) for content in _contents(store, REPAIR.name, sites)
    ]


def open_dispatch_orders(store: Store, sites: Sequence[str]) -> list[DispatchOrder]:
    """The open dispatch orders of these sites, by number."""
    found = _contents(store, DISPATCH_ORDER.name, sites)
    return [msgspec.json.decode(content, type=DispatchOrder) for content in found]


def repairing_sites(store: Store, customers: Collection[str], sites: Sequence[str]) -> dict[str, set[str]]:
    """By customer, which of these sites have a repair of theirs open (DESIGN section 5: who may see them)."""
    found: dict[str, set[str]] = defaultdict(set)
    for order in open_repairs(store, sites) if customers else ():
        if order.customer is not None and order.customer in customers:
            found[order.customer].add(order.site)
    return found


def _contents(store: Store, kind: str, sites: Sequence[str]) -> list[str]:
    if not sites:
        return []
    rows = store.rows(OPEN_ORDERS.format(sites=marks(len(sites))), (kind, *sites, OPEN))
    return [content for (content,) in rows]
