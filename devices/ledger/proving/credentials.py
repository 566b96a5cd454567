"""What `panku verify` asks of what people prove themselves by: it is what was journalled when it was set, and whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from peewee import fn

from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.people.kinds import CREDENTIAL, Proof
from devices.people.proofs import proof_of
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Records
from devices.store.tables.people import Credentials, Persons, PublicKeys, SigningKeys
from devices.unit import Unit, unit_of

_PROOFS = compiled(
    Records.select(Records.key, Records.content).where(Records.kind == GIVEN).order_by(Records.key)
)
_in_use = PublicKeys.status != "void"


def _none(table: Any, *that: Any) -> Any:
    """That a table has no row of which all that holds."""
    return ~fn.EXISTS(table.select(table.username).where(*that))


BROKEN = {
    "a person without a credential": compiled(
        Persons.select(Persons.username).where(_none(Credentials, Credentials.username == Persons.username))
    ),
    "a key in force or waiting without its sealed private half": compiled(
        PublicKeys.select(PublicKeys.username).where(
            _in_use,
            _none(
                SigningKeys,
                SigningKeys.username == PublicKeys.username,
                SigningKeys.fingerprint == PublicKeys.fingerprint,
            ),
        )
    ),
    "a key in force or waiting without a password": compiled(
        PublicKeys.select(PublicKeys.username).where(
            _in_use,
            _none(
                Credentials,
                Credentials.username == PublicKeys.username,
                Credentials.password_hash.is_null(is_null=False),
            ),
        )
    ),
    "a password without a key": compiled(
        Credentials.select(Credentials.username).where(
            Credentials.password_hash.is_null(is_null=False),
            _none(PublicKeys, PublicKeys.username == Credentials.username, _in_use),
        )
    ),
    "a sealed private half without a key": compiled(
        SigningKeys.select(SigningKeys.username).where(
            _none(PublicKeys, PublicKeys.username == SigningKeys.username, _in_use)
        )
    ),
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
    for username, content in store.rows(_PROOFS, (CREDENTIAL.name,)):
        if not _holds(store, unit, username, content):
            yield Fault("credential", str(username), "it is not what was journalled when it was last set")


def _holds(store: Store, unit: Unit | None, username: str, content: str) -> bool:
    try:
        kept = msgspec.json.decode(content, type=Proof)
        return unit is not None and kept == proof_of(store, unit, username)
    except UNREADABLE:
        return False
