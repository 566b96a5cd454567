"""What each Idempotency-Key of each caller was for, kept forever."""

from __future__ import annotations

import msgspec

from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Requests


class KeptRequest(msgspec.Struct, frozen=True):
    """What was asked under a key, as a keyed `fingerprint`, and what it came to, as JSON text."""

    fingerprint: str
    reference: str


_KEPT = compiled(
    Requests.select(Requests.fingerprint, Requests.reference).where(
        Requests.principal == GIVEN, Requests.key == GIVEN
    )
)


def kept_request(store: Store, principal: str, key: str) -> KeptRequest | None:
    """What a caller's key was for; None where it was never used."""
    row = store.row(_KEPT, (principal, key))
    return KeptRequest(*row) if row else None


def keep_request(store: Store, principal: str, key: str, request: KeptRequest) -> None:
    """Keep what a caller's key was for."""
    store.insert(Requests, [(principal, key, request.fingerprint, request.reference)])
