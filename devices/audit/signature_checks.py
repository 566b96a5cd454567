"""What `panku verify` asks of signatures over a payload: each holds by its key, and none that is needed is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from devices.audit import signing
from devices.audit.kinds import signature_key
from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.people.signing_keys import key_by_fingerprint
from devices.store.database import Store


def signature_faults(store: Store, payload: signing.Payload, needed: Collection[str]) -> Iterator[Fault]:
    """What is wrong with the standing signatures over a payload; `needed` are the roles that must have signed."""
    try:
        standing = signing.standing(store, payload.subject, payload.digest)
    except UNREADABLE:  # what was written over is told of its record
        yield Fault("signature", payload.subject, "a signature can not be read")
        return
    for given in standing:
        key = key_by_fingerprint(store, given.fingerprint)
        if key is None or not signing.verifies_hex(payload, given.signature, key.public_hex):
            name = signature_key(payload.subject, given.role)
            yield Fault("signature", name, "it is not over what is there, by this key")
    if missing := sorted(set(needed) - {given.role for given in standing}):
        yield Fault("signature", payload.subject, f"it is sealed without a signature as {', '.join(missing)}")
