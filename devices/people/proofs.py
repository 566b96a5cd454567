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
from devices.store.statements import GIVEN, compiled
from devices.store.tables.people import Credentials, SigningKeys
from devices.unit import Unit, unit_of

_STORED = (
    compiled(
        Credentials.select(
            Credentials.password_hash,
            Credentials.generation,
            Credentials.enrolment_digest,
            Credentials.enrolment_expires_at,
            Credentials.enrolment_by,
        ).where(Credentials.username == GIVEN)
    ),
    compiled(
        SigningKeys.select(
            SigningKeys.fingerprint,
            SigningKeys.memory_kib,
            SigningKeys.passes,
            SigningKeys.lanes,
            SigningKeys.salt,
            SigningKeys.nonce,
            SigningKeys.sealed,
        ).where(SigningKeys.username == GIVEN)
    ),
)
"""What is digested, in this order: another order would be another digest."""


def keep_proof(writer: Writer, username: str, *, by: str) -> None:
    """Journal what the person proves themself by now; call it after each change of it, in the same transaction."""
    unit = unit_of(writer.store)
    assert unit is not None, "people belong to a unit"
    records.write(writer, CREDENTIAL, proof_of(writer.store, unit, username), by=by)


def proof_of(store: Store, unit: Unit, username: str) -> Proof:
    """The digest of what is stored of a person now."""
    stored = [store.rows(query, (username,)) for query in _STORED]
    return Proof(username, commitment(unit.secret, username, canonical(stored).decode()))
