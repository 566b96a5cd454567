"""Signing keys: one Ed25519 key per person, made at sign-up, its private half sealed under their password.

It proves that somebody with the password signed, not independence from whoever runs the server. The public halves
are journalled; the sealed private halves are outside the chain, in `signing_key`, and digested in it (see proofs).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices import records
from devices.journal import Writer
from devices.people import proofs
from devices.people.kinds import KEY, KeyStatus, PublicKey
from devices.people.roles import KEY_CONFIRMERS, Person
from devices.people.sealing import KEY_BYTES, Random, Sealed, WrongPassword, seal, unseal
from devices.problems import refuse
from devices.store.database import Row, Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.people import PublicKeys, SigningKeys

_KEY = compiled(PublicKeys.select().where(PublicKeys.fingerprint == GIVEN))
_KEYS_OF_PERSON = compiled(
    PublicKeys.select().where(PublicKeys.username == GIVEN).order_by(PublicKeys.fingerprint)
)
_UNCONFIRMED = compiled(
    PublicKeys.select()
    .where(PublicKeys.status != "void", PublicKeys.confirmed_by.is_null())
    .order_by(PublicKeys.fingerprint)
)
_KEYS = compiled(PublicKeys.select().where(PublicKeys.fingerprint.in_(EACH)))
_SEALED_KEY = compiled(SigningKeys.select().where(SigningKeys.username == GIVEN))
_RESEALED = compiled(
    SigningKeys.update({getattr(SigningKeys, column): GIVEN for column in Sealed.__struct_fields__}).where(
        SigningKeys.username == GIVEN
    )
)
_DESTROYED = compiled(SigningKeys.delete().where(SigningKeys.username == GIVEN))


class NewKey(msgspec.Struct, frozen=True):
    """A key made but not kept yet: its public half in hex, and its private one under the owner's password."""

    username: str
    public_hex: str
    sealed: Sealed

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the raw public half, in hex."""
        return _fingerprint(bytes.fromhex(self.public_hex))


class Opened(msgspec.Struct, frozen=True):
    """A key that a password has opened, and the seal as it was then: another seal means another password."""

    key: PublicKey
    sealed: Sealed
    private: bytes


def new_key(username: str, password: str, *, random: Random = secrets.token_bytes) -> NewKey:
    """A key for the person, sealed. Slow on purpose: make it before the transaction that keeps it."""
    private = random(KEY_BYTES)
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return NewKey(
        username, public.hex(), seal(private, password, username, _fingerprint(public), random=random)
    )


def opened(store: Store, username: str, password: str) -> Opened:
    """The person's key, opened. Slow on purpose, as `new_key` is. Raises Refused(wrong_password)."""
    row = _sealed_row(store, username)
    key = key_by_fingerprint(store, row[1]) if row else None
    if row is None or key is None:
        raise refuse("wrong_password")
    sealed = Sealed(*row[2:])
    try:
        return Opened(key, sealed, unseal(sealed, password, username, key.fingerprint))
    except WrongPassword:
        raise refuse("wrong_password") from None


def resealed(of: Opened, password: str, *, random: Random = secrets.token_bytes) -> Sealed:
    """The same key's seal under another password. Slow on purpose, as `new_key` is."""
    return seal(of.private, password, of.key.username, of.key.fingerprint, random=random)


def create_key(writer: Writer, new: NewKey, *, let_in_by: str | None = None) -> PublicKey:
    """Keep the person's key, in place of none: active when it is their first, else waiting to be confirmed.

    A first key signs at once, since a unit begins with one person; it may still be confirmed. `let_in_by` issued the
    code that the person signed up with, and could have signed up in their stead.
    """
    status: KeyStatus = "waiting" if keys_of(writer.store, new.username) else "active"
    key = PublicKey(new.fingerprint, new.username, new.public_hex, status, let_in_by=let_in_by)
    key, _ = records.write(writer, KEY, key, by=new.username, expected=0)
    row = (new.username, key.fingerprint, *msgspec.structs.astuple(new.sealed))
    writer.store.insert(SigningKeys, [row])
    return key


def reseal(writer: Writer, before: Opened, sealed: Sealed) -> PublicKey:
    """Keep the key's new seal, journalled as a revision of the key.

    Raises Refused(wrong_password) when the key or its seal is no longer the one that was opened.
    """
    key, username = _still(writer.store, before), before.key.username
    writer.store.execute(_RESEALED, (*msgspec.structs.astuple(sealed), username))
    changed = msgspec.structs.replace(key, seals=key.seals + 1)
    return records.write(writer, KEY, changed, by=username)[0]


def rotate(writer: Writer, by: Person, before: Opened, new: NewKey) -> PublicKey:
    """Replace one's own key by a new one, which waits for another person's confirmation; the old one stays to verify.

    Raises Refused: person_required, wrong_password when the old key is no longer the one that was opened.
    """
    if by.via != "session":
        raise refuse("person_required")
    let_in_by = _still(writer.store, before).let_in_by
    void_key(writer, by, by.username)
    created = create_key(writer, new, let_in_by=let_in_by)
    proofs.keep_proof(writer, by.username, by=by.username)
    return created


def void_key(writer: Writer, by: Person, username: str) -> None:
    """End the person's key, if they have one, and destroy its private half."""
    for key in keys_of(writer.store, username):
        if key.status != "void":
            records.write(writer, KEY, msgspec.structs.replace(key, status="void"), by=by.username)
    writer.store.execute(_DESTROYED, (username,))


def confirm(writer: Writer, by: Person, fingerprint: str) -> PublicKey:
    """Vouch for another person's key that nobody has confirmed yet; one that waits signs from now on.

    Never of the one who issued the code it was made with: they may be its holder. Raises Refused: person_required,
    role_missing, key_not_confirmed, not_found, key_own_confirmation, key_not_waiting, key_let_in_confirmation.
    """
    if by.via != "session":
        raise refuse("person_required")
    if not _confirms(by):
        raise refuse("role_missing", roles=list(KEY_CONFIRMERS), site=None)
    key = key_by_fingerprint(writer.store, fingerprint)
    if key is None:
        raise refuse("not_found")
    if key.username == by.username:
        raise refuse("key_own_confirmation")
    refuse_waiting(writer.store, by.username)
    if key.status == "void" or key.confirmed_by is not None:
        raise refuse("key_not_waiting")
    if key.let_in_by == by.username:
        raise refuse("key_let_in_confirmation", username=key.username)
    confirmed = msgspec.structs.replace(key, status="active", confirmed_by=by.username)
    return records.write(writer, KEY, confirmed, by=by.username)[0]


def confirmable(store: Store, by: Person) -> list[PublicKey]:
    """The keys that somebody may confirm, by fingerprint: those that wait, and first keys that sign already."""
    if not _confirms(by):
        return []
    unconfirmed = [_public_key(row) for row in store.rows(_UNCONFIRMED)]
    if any(key.username == by.username and key.status == "waiting" for key in unconfirmed):
        return []
    return [key for key in unconfirmed if by.username not in (key.username, key.let_in_by)]


def _confirms(by: Person) -> bool:
    return any(role in KEY_CONFIRMERS for role, _ in by.roles)


def refuse_waiting(store: Store, username: str) -> None:
    """Raise Refused(key_not_confirmed) for a person whose key waits: until then another may hold their password."""
    if any(key.status == "waiting" for key in keys_of(store, username)):
        raise refuse("key_not_confirmed", username=username)


def open_key(store: Store, username: str, password: str) -> tuple[PublicKey, Ed25519PrivateKey]:
    """The person's key, to sign with; raises Refused: wrong_password, key_not_confirmed."""
    found = opened(store, username, password)
    if found.key.status != "active":
        raise refuse("key_not_confirmed", username=username)
    return found.key, Ed25519PrivateKey.from_private_bytes(found.private)


def key_by_fingerprint(store: Store, fingerprint: str) -> PublicKey | None:
    """The public half with this fingerprint, void ones too: they verify what was signed before."""
    row = store.row(_KEY, (fingerprint,))
    return _public_key(row) if row else None


def keys_of(store: Store, username: str) -> list[PublicKey]:
    """Every key the person ever had, by fingerprint."""
    return [_public_key(row) for row in store.rows(_KEYS_OF_PERSON, (username,))]


def keys_by_fingerprint(store: Store, fingerprints: Collection[str]) -> dict[str, PublicKey]:
    """The public halves with these fingerprints, void ones too."""
    keys = [_public_key(row) for row in store.rows_in(_KEYS, sorted(set(fingerprints)))]
    return {key.fingerprint: key for key in keys}


def _public_key(row: Row) -> PublicKey:
    key: PublicKey = records.value_of(KEY, row)[0]
    return key


def _still(store: Store, before: Opened) -> PublicKey:
    """The key as it is now, if it is under the same seal; raises Refused(wrong_password)."""
    row = _sealed_row(store, before.key.username)
    key = key_by_fingerprint(store, row[1]) if row else None
    if row is None or key is None or Sealed(*row[2:]) != before.sealed:
        raise refuse("wrong_password")
    return key


def _sealed_row(store: Store, username: str) -> Row | None:
    return store.row(_SEALED_KEY, (username,))


def _fingerprint(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()
