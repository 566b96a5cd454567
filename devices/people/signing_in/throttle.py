"""Throttling of wrong passwords: per account and address, and per address alone, never a lock that stays.

A live session's own attempts are counted apart from sign-ins, so that a stranger who tries to sign in as somebody keeps
them neither from reviewing nor from signing.
"""

from __future__ import annotations

import ipaddress

import msgspec

from devices.chain import digest_of
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.sessions import Throttles

FREE_FAILURES = 5
LONGEST_SECONDS = 60
FREE_FAILURES_OF_AN_ADDRESS = 50
"""Over all usernames: many people may share an address, and a list of usernames is tried from one."""
LONGEST_SECONDS_OF_AN_ADDRESS = 8
"""Short, since everybody who shares the address waits."""
FORGOTTEN_AFTER_US = 15 * 60 * 1_000_000
_SECOND_US = 1_000_000
_NETWORK_BITS = 64
"""What one subscriber has of IPv6: all of it is one address here."""

# By hand: peewee builds no ON CONFLICT without a database. The no-op change takes the row's lock, so that the SELECT
# after it reads what the last holder left.
_HELD = (
    "INSERT INTO throttle (digest, failures, last_at) VALUES (?, 0, ?)"
    " ON CONFLICT (digest) DO UPDATE SET failures = throttle.failures"
)
_FAILURES = compiled(Throttles.select(Throttles.failures, Throttles.last_at).where(Throttles.digest == GIVEN))
_COUNTED = compiled(
    Throttles.update({Throttles.failures: Throttles.failures + 1, Throttles.last_at: GIVEN}).where(
        Throttles.digest == GIVEN
    )
)
_TAKEN_BACK = compiled(
    Throttles.update({Throttles.failures: Throttles.failures - 1}).where(
        Throttles.digest == GIVEN, Throttles.failures > 0
    )
)
_PARDONED = compiled(Throttles.delete().where(Throttles.digest == GIVEN))
_FORGOTTEN = compiled(Throttles.delete().where(Throttles.last_at < GIVEN))


class Counter(msgspec.Struct, frozen=True):
    """One count of failures: the digest it is kept under, how many are free, and the longest wait."""

    digest: str
    free: int = FREE_FAILURES
    longest_seconds: int = LONGEST_SECONDS


def wait_seconds(failures: int, free: int = FREE_FAILURES, longest: int = LONGEST_SECONDS) -> int:
    """How long after the last failure one waits: nothing below the free ones, then 1, 2, 4 … to the longest."""
    over = failures - free
    return 0 if over < 0 else min(longest, 2 ** min(over, 6))


def attempt(
    session_store: Store, account: str, address: str, at_us: int, *, in_session: bool = False
) -> None:
    """Count an attempt as failed before its password is looked at, so that many at once gain nothing.

    Opens its own transaction. `pardon` takes the count back when the password was right. Raises Refused(throttled)
    with the seconds left; a refused attempt is not counted. Failures are forgotten after a quarter of an hour.
    """
    counters = _counters(account, address, in_session)
    session_store.retrying(lambda: _attempt(session_store, counters, at_us))


def pardon(session_store: Store, account: str, address: str, *, in_session: bool = False) -> None:
    """Forget the account's failures from this address: its password was right. Opens its own transaction.

    Of the address's own only this attempt is taken back, or one's own account would pardon all others.
    """
    own, *shared = _counters(account, address, in_session)
    with session_store.writing():
        session_store.execute(_PARDONED, (own.digest,))
        for counter in shared:
            session_store.execute(_TAKEN_BACK, (counter.digest,))


def _counters(account: str, address: str, in_session: bool) -> list[Counter]:
    """People type passwords into the wrong field: what was typed is not kept in clear."""
    network = network_of(address)
    if in_session:
        return [Counter(digest_of(("in a session", account, network)))]
    shared = digest_of(("address", network))
    own = Counter(digest_of(("sign-in", account, network)))
    return [own, Counter(shared, FREE_FAILURES_OF_AN_ADDRESS, LONGEST_SECONDS_OF_AN_ADDRESS)]


def network_of(address: str) -> str:
    """The address, or the network of one subscriber where it is of IPv6; any other text as it is."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False))


def _attempt(session_store: Store, counters: list[Counter], at_us: int) -> None:
    with session_store.writing():
        session_store.execute(_FORGOTTEN, (at_us - FORGOTTEN_AFTER_US,))
        left_us = max(
            _left_us(session_store, each, at_us) for each in sorted(counters, key=lambda each: each.digest)
        )
        if left_us > 0:
            raise refuse("throttled", seconds=-(-left_us // _SECOND_US))
        for counter in counters:
            session_store.execute(_COUNTED, (at_us, counter.digest))


def _left_us(session_store: Store, counter: Counter, at_us: int) -> int:
    session_store.execute(_HELD, (counter.digest, at_us))
    [(failures, last_at)] = session_store.rows(_FAILURES, (counter.digest,))
    wait_us = wait_seconds(failures, counter.free, counter.longest_seconds) * _SECOND_US
    return min(wait_us, int(last_at) + wait_us - at_us)  # no longer where the clock has been set back
