"""The journalled records about people: who they are, their grants, keys and certificates, the outlets' tokens."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from devices.records import Found, RecordKind
from devices.store.tables.people import Persons, PublicKeys, RoleGrants, Tokens
from devices.values import UNIT

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
"""What a username looks like; text that does not is never asked the database for."""
KeyStatus = Literal["active", "waiting", "void"]


class PersonRecord(msgspec.Struct, frozen=True):
    """A person; the display name is personal data, kept outside, and `commitment` commits to it."""

    username: str
    commitment: str = ""
    active: bool = True


class Grant(msgspec.Struct, frozen=True):
    """A role of a person at a site, or UNIT; revoked with `active` false."""

    username: str
    role: str
    site: str
    active: bool = True


class PublicKey(msgspec.Struct, frozen=True):
    """The public half of an Ed25519 key. `fingerprint` is the SHA-256 of its 32 raw bytes, both in hex.

    A `waiting` key needs another person's confirmation before it signs, an `active` one without `confirmed_by` is its
    owner's first and may yet be confirmed, a `void` one never signs again. `seals` counts the passwords it has been
    sealed under, so that each change of a password is journalled. `let_in_by` issued the code its owner signed up
    with, and does not confirm it; of the first administrator it is the system.
    """

    fingerprint: str
    username: str
    public_hex: str
    status: KeyStatus
    confirmed_by: str | None = None
    seals: int = 1
    let_in_by: str | None = None


class Token(msgspec.Struct, frozen=True):
    """An outlet's token: `digest` is the SHA-256 (hex) of the whole secret, `scopes` are sorted, parted by spaces.

    `confirmed` tells that `username` has said, with their password, that it acts on their word.
    """

    id: str
    digest: str
    site: str
    scopes: str
    username: str | None
    expires_at: int
    label: str
    active: bool = True
    confirmed: bool = False


class Proof(msgspec.Struct, frozen=True):
    """A keyed digest of what a person proves themself by (see devices.people.proofs)."""

    username: str
    digest: str


class Certificate(msgspec.Struct, frozen=True):
    """A technician's certificate (上岗证): good until the end of its last day, ISO.

    Its number and who issued it are personal data, kept outside, and `commitment` commits to them, until they are
    `erased`. `reason` says why it ends sooner than it was said to.
    """

    username: str
    valid_until: str
    reason: str | None = None
    commitment: str = ""
    erased: bool = False


def grant_key(username: str, role: str, site: str) -> str:
    """The key of a grant's record; no username has a slash."""
    return f"{username}/{role}/{site}"


def _unit(_: object) -> str:
    return UNIT


PERSON = RecordKind("person", PersonRecord, lambda v: v.username, _unit, Persons)
GRANT = RecordKind(
    "grant",
    Grant,
    lambda v: grant_key(v.username, v.role, v.site),
    _unit,
    RoleGrants,
)
KEY = RecordKind("key", PublicKey, lambda v: v.fingerprint, _unit, PublicKeys)
TOKEN = RecordKind("token", Token, lambda v: v.id, _unit, Tokens)
CREDENTIAL = RecordKind("credential", Proof, lambda v: v.username, _unit)
CERTIFICATE = RecordKind(
    "certificate", Certificate, lambda v: v.username, _unit, found_by=lambda v: Found(day=v.valid_until)
)
PEOPLE_KINDS = (PERSON, GRANT, KEY, TOKEN, CREDENTIAL, CERTIFICATE)
