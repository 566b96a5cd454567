"""Single links of the journals, which heads that were held outside are compared with."""

from __future__ import annotations

from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Links

_HASH = compiled(Links.select(Links.hash).where(Links.site == GIVEN, Links.seq == GIVEN))


def link_hash(store: Store, site: str, seq: int) -> str | None:
    """The hash of one link of a journal; None where the journal has no such link."""
    row = store.row(_HASH, (site, seq))
    return row[0] if row else None
