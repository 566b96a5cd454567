"""Idempotency: the same key and body do a thing once, and answer as the first time, forever."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from api.calls import Done
from devices.chain import fingerprint, request_mark
from devices.ledger.posting.kept_requests import KeptRequest, keep_request, kept_request
from devices.problems import refuse
from devices.store.database import OutcomeUnknown, Store
from devices.unit import Unit

LONGEST_KEY = 200


def once(
    store: Store, unit: Unit, principal: str, key: str | None, body: bytes, write: Callable[[str], Done]
) -> tuple[Done, bool]:
    """Run `write` in one transaction, unless this principal's `key` did so before; returns what it did, and if now.

    `write` is told the request's mark, which a document keeps: were the kept answer taken away, the same request would
    post a second time, and `panku verify` tells.

    Raises Refused: `idempotency_key_required`, `idempotency_key_malformed`, `idempotency_key_reused` for another
    body. A refusal is not stored. What is stored holds no personal data. Raises OutcomeUnknown when the connection
    was lost during COMMIT twice: the caller may send the same again.
    """
    if not key:
        raise refuse("idempotency_key_required")
    if len(key) > LONGEST_KEY or not key.isprintable() or not key.isascii():
        raise refuse("idempotency_key_malformed")
    mark = fingerprint(unit.secret, body)

    def attempt() -> tuple[Done, bool]:
        with store.writing():
            store.lock_journals([f"request {principal} {key}"])  # a second one in flight waits, then replays
            earlier = kept_request(store, principal, key)
            if earlier is not None:
                if earlier.fingerprint != mark:
                    raise refuse("idempotency_key_reused")
                return msgspec.json.decode(earlier.reference, type=Done), False
            done = write(request_mark(unit.secret, principal, key, mark))
            reference = msgspec.json.encode(msgspec.structs.replace(done, secret=None)).decode()
            keep_request(store, principal, key, KeptRequest(mark, reference))
            return done, True

    try:
        return store.retrying(attempt)
    except OutcomeUnknown:
        # A new connection tells: the key's lock is free only once the lost transaction has ended, either way, so that
        # its row is there to be replayed, or was never written and the write runs now.
        return store.retrying(attempt)
