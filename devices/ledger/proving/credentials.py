"""What `panku verify` asks of what people prove themselves by: it is what was journalled when it was set, and whole."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.people.kinds import CREDENTIAL, Proof
from devices.people.proofs import proof_of
from devices.store.database import Store
from devices.unit import Unit, unit_of

PROOFS = "SELECT key, content FROM record WHERE kind = ? ORDER BY key"
ENDED = "NOT EXISTS (SELECT 1 FROM public_key k WHERE k.username = {0}.username AND k.status <> 'void')"
BROKEN = {
    "a person without a credential": (
        "SELECT p.username FROM person p WHERE NOT EXISTS"
        " (SELECT 1 FROM credential c WHERE c.username = p.username)"
    ),
    "a key in force or waiting without its sealed private half": (
        "SELECT k.username FROM public_key k WHERE k.status <> 'void' AND NOT EXISTS"
        " (SELECT 1 FROM signing_key s WHERE s.username = k.username AND s.fingerprint = k.fingerprint)"
    ),
    "a key in force or waiting without a password": (
        "SELECT k.username FROM public_key k WHERE k.status <> 'void' AND NOT EXISTS"
        " (SELECT 1 FROM credential c WHERE c.username = k.username AND c.password_hash IS NOT NULL)"
    ),
    "a password without a key": (
        f"SELECT c.username FROM credential c WHERE c.password_hash IS NOT NULL AND {ENDED.format('c')}"
    ),
    "a sealed private half without a key": f"SELECT s.username FROM signing_key s WHERE {ENDED.format('s')}",
}
"""What can not be, whoever set it: one half without the other."""


def credential_faults(store: Store) -> Iterator[Fault]:
    """Everything wrong with passwords, enrolment codes and sealed keys.

    What an earlier version set is held against a digest from its next change on.
    """
    for what, query in BROKEN.items():
        for (username,) in store.rows(query):
            yield Fault("credential", str(username), what)
    unit = unit_of(store)
    for username, content in store.rows(PROOFS, (CREDENTIAL.name,)):
        if not _holds(store, unit, username, content):
            yield Fault("credential", str(username), "it is not what was journalled when it was last set")


def _holds(store: Store, unit: Unit | None, username: str, content: str) -> bool:
    try:
        kept = msgspec.json.decode(content, type=Proof)
        return unit is not None and kept == proof_of(store, unit, username)
    except UNREADABLE:
        return False
