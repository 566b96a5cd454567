"""The bytes of papers as they are kept."""

from __future__ import annotations

from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Blobs

_BYTES = compiled(Blobs.select(Blobs.bytes).where(Blobs.digest == GIVEN))


def bytes_kept(store: Store, digest: str) -> bytes | None:
    """The bytes that are kept under a digest, unchecked; None where there are none."""
    row = store.row(_BYTES, (digest,))
    return bytes(row[0]) if row else None
