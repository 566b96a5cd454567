"""The newest orders of a site, as they are offered where one acts under an order."""

from __future__ import annotations

import msgspec

from devices.paperwork import DispatchOrder
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Records

NEWEST_DISPATCHES = 200
"""How many are offered: older ones are found by their number."""
_NEWEST = compiled(
    Records.select(Records.content)
    .where(Records.kind == DISPATCH_ORDER.name, Records.site == GIVEN)
    .order_by(Records.key.desc())
    .limit(NEWEST_DISPATCHES)
)


def newest_dispatch_orders(store: Store, site: str) -> list[DispatchOrder]:
    """The newest dispatch orders of a site whatever became of them, newest first."""
    rows = store.rows(_NEWEST, (site,))
    return [msgspec.json.decode(content, type=DispatchOrder) for (content,) in rows]
