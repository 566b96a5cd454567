"""How many documents wait for an auditor."""

from __future__ import annotations

from collections.abc import Collection

from peewee import fn

from devices.store.database import Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Standings

_WAITING = compiled(
    Standings.select(Standings.site, fn.COUNT(Standings.document))
    .where(Standings.review == "waiting", Standings.site.in_(EACH))
    .group_by(Standings.site)
)


def unreviewed(store: Store, sites: Collection[str]) -> dict[str, int]:
    """By each of these sites, in their order: how many of its documents wait for an auditor, 0 for none."""
    waiting: dict[str, int] = dict(store.rows_in(_WAITING, sites))
    return {site: waiting.get(site, 0) for site in sites}
