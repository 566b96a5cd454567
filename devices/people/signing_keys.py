"""Signing keys: one Ed25519 key per person, made at sign-up, its private half sealed under their password.

It proves that somebody with the password signed, not independence from whoever runs the server. The public halves
are journalled; the sealed private halves are outside the chain, in `signing_key`, and digested in it (see proofs).
"""

from __future__ import annotations

import hashlib
import secrets

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices import records
from devices.database import Store
from devices.journal import Writer
from devices.people import proofs
from devices.people.kinds import KEY, KeyStatus, PublicKey
from devices.people.roles import KEY_CONFIRMERS, Person
from devices.people.sealing import KEY_BYTES, Random, Sealed, WrongPassword, seal, unseal
from devices.problems import refuse

PUBLIC_COLUMNS = PublicKey.__struct_fields__
SEALED_COLUMNS = ("username", "fingerprint", *Sealed.__struct_fields__)


def create(
    writer: Writer, username: str, password: str, *, random: Random = secrets.token_bytes
) -> PublicKey:
    """Make the person's key, in place of none: active when it is their first, else waiting to be confirmed."""
    private = random(KEY_BYTES)
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    status: KeyStatus = "waiting" if keys_of(writer.store, username) else "active"
    key = PublicKey(hashlib.sha256(public).hexdigest(), username, public.hex(), status)
    key, _ = records.write(writer, KEY, key, by=username, expected=0)
    sealed = seal(private, password, username, key.fingerprint, random=random)
    row = (username, key.fingerprint, *msgspec.structs.astuple(sealed))
    writer.store.insert("signing_key", SEALED_COLUMNS, [row])
    return key


def reseal(
    writer: Writer, username: str, old: str, new: str, *, random: Random = secrets.token_bytes
) -> PublicKey:
    """Seal the person's key under their new password, journalled as a revision of the key.

    Raises Refused(wrong_password) when `old` does not open it.
    """
    key, private = _open(writer.store, username, old)
    sealed = seal(private, new, username, key.fingerprint, random=random)
    changes = ", ".join(f"{column} = ?" for column in Sealed.__struct_fields__)
    writer.store.execute(
        f"UPDATE signing_key SET {changes} WHERE username = ?", (*msgspec.structs.astuple(sealed), username)
    )
    changed = msgspec.structs.replace(key, seals=key.seals + 1)
    return records.write(writer, KEY, changed, by=username)[0]


def rotate(writer: Writer, by: Person, password: str, *, random: Random = secrets.token_bytes) -> PublicKey:
    """Replace one's own key by a new one, which waits for another person's confirmation; the old one stays to verify.

    Raises Refused: person_required, wrong_password.
    """
    if by.via != "session":
        raise refuse("person_required")
    _open(writer.store, by.username, password)
    void(writer, by, by.username)
    key = create(writer, by.username, password, random=random)
    proofs.keep(writer, by.username, by=by.username)
    return key


def void(writer: Writer, by: Person, username: str) -> None:
    """End the person's key, if they have one, and destroy its private half."""
    for key in keys_of(writer.store, username):
        if key.status != "void":
            records.write(writer, KEY, msgspec.structs.replace(key, status="void"), by=by.username)
    writer.store.execute("DELETE FROM signing_key WHERE username = ?", (username,))


def confirm(writer: Writer, by: Person, fingerprint: str) -> PublicKey:
    """Make a waiting key good, on the word of a second person who knows whose it is.

    Raises Refused: person_required, role_missing, not_found, key_own_confirmation, key_not_waiting.
    """
    if by.via != "session":
        raise refuse("person_required")
    if not any(role in KEY_CONFIRMERS for role, _ in by.roles):
        raise refuse("role_missing", roles=list(KEY_CONFIRMERS), site=None)
    key = key_by_fingerprint(writer.store, fingerprint)
    if key is None:
        raise refuse("not_found")
    if key.username == by.username:
        raise refuse("key_own_confirmation")
    if key.status != "waiting":
        raise refuse("key_not_waiting")
    confirmed = msgspec.structs.replace(key, status="active", confirmed_by=by.username)
    return records.write(writer, KEY, confirmed, by=by.username)[0]


def open_key(store: Store, username: str, password: str) -> tuple[PublicKey, Ed25519PrivateKey]:
    """The person's key, to sign with; raises Refused: wrong_password, key_not_confirmed."""
    key, private = _open(store, username, password)
    if key.status != "active":
        raise refuse("key_not_confirmed", username=username)
    return key, Ed25519PrivateKey.from_private_bytes(private)


def key_by_fingerprint(store: Store, fingerprint: str) -> PublicKey | None:
    """The public half with this fingerprint, void ones too: they verify what was signed before."""
    row = store.row(
        f"SELECT {', '.join(PUBLIC_COLUMNS)} FROM public_key WHERE fingerprint = ?", (fingerprint,)
    )
    return PublicKey(*row) if row else None


def keys_of(store: Store, username: str) -> list[PublicKey]:
    """Every key the person ever had, by fingerprint."""
    return _keys(store, "username = ?", username)


def keys_with_status(store: Store, status: KeyStatus) -> list[PublicKey]:
    """Every person's keys of one status, such as `waiting`, by fingerprint."""
    return _keys(store, "status = ?", status)


def _keys(store: Store, condition: str, value: str) -> list[PublicKey]:
    rows = store.rows(
        f"SELECT {', '.join(PUBLIC_COLUMNS)} FROM public_key WHERE {condition} ORDER BY fingerprint", (value,)
    )
    return [PublicKey(*row) for row in rows]


def _open(store: Store, username: str, password: str) -> tuple[PublicKey, bytes]:
    row = store.row(f"SELECT {', '.join(SEALED_COLUMNS)} FROM signing_key WHERE username = ?", (username,))
    key = key_by_fingerprint(store, row[1]) if row else None
    if row is None or key is None:
        raise refuse("wrong_password")
    try:
        return key, unseal(Sealed(*row[2:]), password, username, key.fingerprint)
    except WrongPassword:
        raise refuse("wrong_password") from None
