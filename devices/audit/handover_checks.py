"""What `panku verify` asks of handovers: signatures are over what was handed over, and a completed one has three."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from devices.audit import signing
from devices.audit.custody import HANDOVER, Handover
from devices.audit.handovers import PARTIES, decode, payload_of
from devices.database import Store
from devices.ledger.faults import Fault
from devices.people.signing_keys import key_by_fingerprint


def handover_faults(store: Store) -> Iterator[Fault]:
    """Everything wrong with handovers and the signatures over them."""
    for key, content in store.rows(
        "SELECT key, content FROM record WHERE kind = ? ORDER BY key", (HANDOVER.name,)
    ):
        try:
            value = msgspec.json.decode(content, type=Handover)
            decode(value.payload)
        except msgspec.DecodeError:
            yield Fault("handover", key, "it can not be read")
            continue
        yield from _signatures(store, value)


def _signatures(store: Store, value: Handover) -> Iterator[Fault]:
    payload = payload_of(value)
    standing = signing.standing(store, value.number, payload.digest)
    for given in standing:
        key = key_by_fingerprint(store, given.fingerprint)
        signature = bytes.fromhex(given.signature)
        if key is None or not signing.verifies(payload, signature, bytes.fromhex(key.public_hex)):
            yield Fault("signature", f"{value.number}#{given.role}", "it is not of this handover by this key")
    if value.state == "completed" and {given.role for given in standing} != set(PARTIES):
        yield Fault("signature", value.number, "it is completed without all three signatures")
