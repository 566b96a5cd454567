"""What a person proves themself by, vouched for by the journal: a keyed digest of it, at each of its changes.

The password's hash, an enrolment code's and the sealed signing key stay outside the chain, since they are secret. The
digest says no more than whether they are still those that were set: a hash put in another's place is found.
"""

from __future__ import annotations

from devices import records
from devices.chain import canonical, commitment
from devices.journal import Writer
from devices.people.kinds import CREDENTIAL, Proof
from devices.store.database import Store
from devices.unit import Unit, unit_of

STORED = (
    (
        "SELECT password_hash, generation, enrolment_digest, enrolment_expires_at, enrolment_by"
        " FROM credential WHERE username = ?"
    ),
    "SELECT fingerprint, memory_kib, passes, lanes, salt, nonce, sealed FROM signing_key WHERE username = ?",
)


def keep(writer: Writer, username: str, *, by: str) -> None:
    """Journal what the person proves themself by now; call it after each change of it, in the same transaction."""
    unit = unit_of(writer.store)
    assert unit is not None, "people belong to a unit"
    records.write(writer, CREDENTIAL, proof_of(writer.store, unit, username), by=by)


def proof_of(store: Store, unit: Unit, username: str) -> Proof:
    """The digest of what is stored of a person now."""
    stored = [store.rows(query, (username,)) for query in STORED]
    return Proof(username, commitment(unit.secret, username, canonical(stored).decode()))
