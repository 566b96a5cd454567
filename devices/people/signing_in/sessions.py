"""Sessions of people at the pages: 256 random bits in a cookie, their SHA-256 in the session store.

Source of the limits: ASVS 5.0, 7.3; 30 minutes without a request, 12 hours in all. Each function opens its own
transaction on the session store where it writes.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Collection

import msgspec

from devices.chain import digest_of
from devices.moments.spans import is_over, latest
from devices.people.sealing import Random
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.sessions import Sessions
from devices.values import Instant

SECRET_BYTES = 32
IDLE_US = 30 * 60 * 1_000_000
LONGEST_US = 12 * 3600 * 1_000_000
SEEN_EVERY_US = 60 * 1_000_000
_NAME_LENGTH = 16

_SESSION = compiled(
    Sessions.select(Sessions.username, Sessions.generation, Sessions.made_at, Sessions.seen_at).where(
        Sessions.digest == GIVEN
    )
)
_SEEN = compiled(
    Sessions.update({Sessions.seen_at: GIVEN}).where(Sessions.digest == GIVEN, Sessions.seen_at < GIVEN)
)
_ENDED = compiled(Sessions.delete().where(Sessions.digest == GIVEN))
_OF_PERSON = compiled(
    Sessions.select(
        Sessions.digest,
        Sessions.username,
        Sessions.generation,
        Sessions.made_at,
        Sessions.seen_at,
        Sessions.address,
    )
    .where(Sessions.username == GIVEN)
    .order_by(Sessions.made_at.desc(), Sessions.digest)
)
_IDLE_ENDED = compiled(
    Sessions.delete().where(
        (Sessions.seen_at <= GIVEN) | (Sessions.seen_at > GIVEN) | (Sessions.made_at > GIVEN)
    )
)
"""Those that nobody used for a while, and those of a clock that was ahead."""


class Session(msgspec.Struct, frozen=True):
    """A session: whose it is, the generation of the password it began with, and its times."""

    username: str
    generation: int
    made_at: int
    seen_at: int

    def is_over(self, now_us: int) -> bool:
        """Whether it has ended: unused for too long, too old, or begun or seen by a clock that was ahead."""
        return is_over(self.seen_at, IDLE_US, now_us) or is_over(self.made_at, LONGEST_US, now_us)


class OwnSession(msgspec.Struct, frozen=True):
    """A running session as its person sees it: `id` names it and opens nothing, `is_this` the one that asks.

    `address` is that of the client that began it, None for one from before addresses were kept.
    """

    id: str
    begun_at_us: Instant
    seen_at_us: Instant
    address: str | None
    is_this: bool


def begin(
    session_store: Store,
    username: str,
    generation: int,
    at_us: int,
    *,
    previous: str | None = None,
    address: str | None = None,
    random: Random = secrets.token_bytes,
) -> str:
    """Begin a session and return its secret, which is not kept; `previous`, the caller's earlier one, ends.

    `address` is the client's, for the person to know their sessions by.
    """
    secret = base64.urlsafe_b64encode(random(SECRET_BYTES)).decode().rstrip("=")

    def write() -> None:
        with session_store.writing():
            session_store.execute(_IDLE_ENDED, (at_us - IDLE_US, latest(at_us), latest(at_us)))
            if previous is not None:
                session_store.execute(_ENDED, (_digest(previous),))
            row = (_digest(secret), username, generation, at_us, at_us, address)
            session_store.insert(Sessions, [row])

    session_store.retrying(write)
    return secret


def find(session_store: Store, secret: str, at_us: int) -> Session | None:
    """The running session with this secret; that it was seen is written at most once a minute."""
    digest = _digest(secret)
    row = session_store.row(_SESSION, (digest,))
    session = Session(*row) if row else None
    if session is None or session.is_over(at_us):
        return None
    if is_over(session.seen_at, SEEN_EVERY_US, at_us):
        with session_store.writing():
            session_store.execute(_SEEN, (at_us, digest, at_us))
    return session


def end(session_store: Store, secret: str) -> None:
    """Sign out; a session that is not there has ended already."""
    with session_store.writing():
        session_store.execute(_ENDED, (_digest(secret),))


def sessions_of(
    session_store: Store, username: str, generation: int, secret: str | None, at_us: int
) -> list[OwnSession]:
    """The running sessions of a person, the latest begun first; `generation` is that of their password.

    `secret` is that of the session that asks.
    """
    this = _digest(secret) if secret is not None else None
    found = (
        (digest, Session(*session), address)
        for digest, *session, address in session_store.rows(_OF_PERSON, (username,))
    )
    return [
        OwnSession(_named(digest), session.made_at, session.seen_at, address, digest == this)
        for digest, session, address in found
        if session.generation == generation and not session.is_over(at_us)
    ]


def end_named(session_store: Store, username: str, names: Collection[str]) -> int:
    """End those of a person's sessions that OwnSession names so; returns how many there were."""
    with session_store.writing():
        rows = session_store.rows(_OF_PERSON, (username,))
        ended = [digest for digest, *_ in rows if _named(digest) in names]
        for digest in ended:
            session_store.execute(_ENDED, (digest,))
    return len(ended)


def _named(digest: str) -> str:
    """What a session is called: neither its secret nor what the secret is found by."""
    return digest_of(("session", digest))[:_NAME_LENGTH]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
