"""What a person proves themself by: the password's hash, or the enrolment code they set it with.

Outside the chain, which holds a keyed digest of it: whoever changes a credential calls proofs.keep. Every function runs
inside its caller's transaction, or alone where it only reads.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

import msgspec

from devices.moments.spans import latest
from devices.people.kinds import USERNAME
from devices.people.sealing import Random
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.people import Credentials, Persons

ENROLMENT_LASTS_US = 7 * 24 * 3600 * 1_000_000
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 that are not mistaken for one another
CODE_LENGTH = 28  # 140 bits: ASVS 5.0, 11.5.1 asks for 128, and 6.5.2 allows a plain hash from 112
_GROUP = 4

_OF_AN_ACTIVE_PERSON = (Persons.username == Credentials.username) & (Persons.active == 1)
_CREDENTIAL = compiled(
    Credentials.select(Credentials.username, Credentials.password_hash, Credentials.generation)
    .join(Persons, on=_OF_AN_ACTIVE_PERSON)
    .where(Credentials.username == GIVEN)
)
_CODE = compiled(
    Credentials.select(Credentials.enrolment_digest)
    .join(Persons, on=_OF_AN_ACTIVE_PERSON)
    .where(Credentials.username == GIVEN, Credentials.enrolment_expires_at.between(GIVEN, GIVEN))
)
"""One that has more time left than any has, was issued by a clock that was ahead."""
_ISSUED_BY = compiled(Credentials.select(Credentials.enrolment_by).where(Credentials.username == GIVEN))
_AWAITS_ENROLMENT = compiled(
    Credentials.update(
        {
            Credentials.password_hash: None,
            Credentials.generation: Credentials.generation + 1,
            Credentials.enrolment_digest: GIVEN,
            Credentials.enrolment_expires_at: GIVEN,
            Credentials.enrolment_by: GIVEN,
        }
    ).where(Credentials.username == GIVEN)
)
_PASSWORD_SET = compiled(
    Credentials.update(
        {
            Credentials.password_hash: GIVEN,
            Credentials.generation: Credentials.generation + 1,
            Credentials.enrolment_digest: None,
            Credentials.enrolment_expires_at: None,
        }
    ).where(Credentials.username == GIVEN)
)
_RENEWED = compiled(
    Credentials.update({Credentials.password_hash: GIVEN}).where(
        Credentials.username == GIVEN, Credentials.password_hash == GIVEN
    )
)


class Credential(msgspec.Struct, frozen=True):
    """An active person's password hash (None before they enrolled) and its generation, which sessions repeat."""

    username: str
    password_hash: str | None
    generation: int


def credential_of(store: Store, username: str) -> Credential | None:
    """The credential of an active person, None for anybody else."""
    if not USERNAME.fullmatch(username):
        return None
    row = store.row(_CREDENTIAL, (username,))
    return Credential(*row) if row else None


def new_code(random: Random = secrets.token_bytes) -> str:
    """An enrolment code in groups of four, to be read to somebody: `7KQF-2M9X-…`."""
    letters = "".join(CODE_LETTERS[byte % 32] for byte in random(CODE_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, CODE_LENGTH, _GROUP))


def await_enrolment(store: Store, username: str, code: str, at_us: int, *, by: str) -> None:
    """Forget the person's password, end their sessions, and let `code`, issued by `by`, set a new one within 7 days."""
    enrolment = (_code_digest(code), at_us + ENROLMENT_LASTS_US, by)
    if not store.execute(_AWAITS_ENROLMENT, (*enrolment, username)).rowcount:
        store.insert(Credentials, [(username, None, 0, *enrolment)])


def let_in_by(store: Store, username: str) -> str | None:
    """Who issued the person's latest enrolment code, used or not; None where they never needed one."""
    row = store.row(_ISSUED_BY, (username,))
    return row[0] if row else None


def may_enrol(store: Store, username: str, code: str, at_us: int) -> bool:
    """Whether `code` is the active person's, unused and not expired."""
    if not USERNAME.fullmatch(username):
        return False
    row = store.row(_CODE, (username, at_us + 1, latest(at_us) + ENROLMENT_LASTS_US))
    return hmac.compare_digest(row[0] if row else "", _code_digest(code)) and row is not None


def set_password(store: Store, username: str, password_hash: str) -> None:
    """Keep a new password's hash; an enrolment code is used up, and every earlier session ends."""
    if not store.execute(_PASSWORD_SET, (password_hash, username)).rowcount:
        store.insert(Credentials, [(username, password_hash, 1, None, None, None)])


def renew_hash(store: Store, found: Credential, password_hash: str) -> bool:
    """Keep the same password's hash with today's parameters; False where the password was changed meanwhile."""
    changed = store.execute(_RENEWED, (password_hash, found.username, found.password_hash))
    return bool(changed.rowcount)


def withdraw(store: Store, username: str) -> None:
    """Take the person's password and enrolment code away, and end their sessions."""
    store.execute(_PASSWORD_SET, (None, username))


def _code_digest(code: str) -> str:
    """The digest of a code however it was typed: without its hyphens, in capitals, not in full-width letters."""
    typed = unicodedata.normalize("NFKC", code).upper()
    return hashlib.sha256("".join(c for c in typed if c in CODE_LETTERS).encode()).hexdigest()
