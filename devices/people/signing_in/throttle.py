"""Throttling of wrong passwords: per account and address, and per address alone, never a lock that stays.

An attempt takes one of the slots that are left before its password is looked at, so that many wrong ones at once gain
nothing; right ones at once wait shortly for each other. A live session's own attempts are counted apart from sign-ins,
so that a stranger who tries to sign in as somebody keeps them neither from reviewing nor from signing; and whoever has
signed in from an address before is not kept out by what others do there.
"""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from devices.chain import digest_of
from devices.moments.spans import SECOND_US, is_ahead, latest, left
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.sessions import Attempts, KnownNetworks

FREE_FAILURES = 5
LONGEST_SECONDS = 60
FREE_FAILURES_OF_AN_ADDRESS = 50
"""Over all usernames: many people may share an address, and a list of usernames is tried from one."""
LONGEST_SECONDS_OF_AN_ADDRESS = 8
"""Short, since everybody waits who shares the address and has not signed in from it before."""
FORGOTTEN_AFTER_US = 15 * 60 * SECOND_US
LOOKED_AT_US = 30 * SECOND_US
"""How long a password is looked at, at the most; an attempt that is not settled by then was cut off, and is wrong."""
KNOWN_FOR_US = 90 * 24 * 3600 * SECOND_US
PAUSE_SECONDS = 0.1
PAUSES = 50
"""How often, at the most, an attempt waits for others that are being looked at."""
_NETWORK_BITS = 64
"""What one subscriber has of IPv6: all of it is one address here."""

_OLD_FORGOTTEN = compiled(Attempts.delete().where((Attempts.begun_at < GIVEN) | (Attempts.begun_at > GIVEN)))
"""Those of long ago, and those of a clock that was ahead."""
_CUT_OFF = compiled(
    Attempts.update({Attempts.wrong: 1}).where(Attempts.wrong == 0, Attempts.begun_at < GIVEN)
)
_JUST_AHEAD = compiled(Attempts.update({Attempts.begun_at: GIVEN}).where(Attempts.begun_at > GIVEN))
_OF_ACCOUNT = compiled(Attempts.select(Attempts.wrong, Attempts.begun_at).where(Attempts.account == GIVEN))
_OF_ADDRESS = compiled(Attempts.select(Attempts.wrong, Attempts.begun_at).where(Attempts.address == GIVEN))
_WAS_WRONG = compiled(Attempts.update({Attempts.wrong: 1}).where(Attempts.id == GIVEN))
_PARDONED = compiled(Attempts.delete().where(Attempts.account == GIVEN, Attempts.wrong == 1))
_WAS_RIGHT = compiled(Attempts.delete().where(Attempts.id == GIVEN))
_KNOWN = compiled(
    KnownNetworks.select(KnownNetworks.seen_at).where(
        KnownNetworks.digest == GIVEN, KnownNetworks.seen_at.between(GIVEN, GIVEN)
    )
)
_NOT_SEEN_SINCE = compiled(KnownNetworks.delete().where(KnownNetworks.seen_at < GIVEN))


class Attempt(msgspec.Struct, frozen=True):
    """An attempt whose password may be looked at: its id, and the digests it counts under.

    `address` is empty within a session, as `known` is, under which a sign-in from here is remembered.
    """

    id: str
    account: str
    address: str = ""
    known: str = ""


def wait_seconds(failures: int, free: int = FREE_FAILURES, longest: int = LONGEST_SECONDS) -> int:
    """How long after the last failure one waits: nothing below the free ones, then 1, 2, 4 … to the longest."""
    over = failures - free
    return 0 if over < 0 else min(longest, 2 ** min(over, 6))


def attempt(
    session_store: Store,
    account: str,
    address: str,
    at_us: int,
    *,
    in_session: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Attempt:
    """Take a slot for an attempt, before its password is looked at; `settle` it afterwards, whatever it was.

    Where only attempts that are being looked at are in the way, it waits for them, up to five seconds and outside of
    any transaction. Opens its own transactions. Raises Refused(throttled) with the seconds left; a refused attempt is
    not counted. Failures are forgotten after a quarter of an hour.
    """
    tried = _attempt_of(account, address, in_session)
    for _ in range(PAUSES):
        left_us, slots = session_store.retrying(partial(_take_slot, session_store, tried, at_us))
        if left_us > 0:
            raise refuse("throttled", seconds=-(-left_us // SECOND_US))
        if slots > 0:
            return tried
        sleep(PAUSE_SECONDS)
        at_us += round(PAUSE_SECONDS * SECOND_US)
    raise refuse("throttled", seconds=1)


def settle(session_store: Store, tried: Attempt, at_us: int, *, right: bool) -> None:
    """Say what the password was; opens its own transaction.

    A right one forgets the account's failures from this address, among the address's own too, but nobody else's there,
    or one's own account would pardon all others. A sign-in makes the address one that the account is known at.
    """
    session_store.retrying(partial((_forgive if right else _blame), session_store, tried, at_us))


def refuse_guesser(session_store: Store, account: str, at_us: int) -> None:
    """Raise Refused(throttled) for whoever has named customers wrongly too often, and waits; only reads."""
    subject = _guesser(account)
    left_us, _ = _standing(session_store.rows(_OF_ACCOUNT, (subject,)), at_us)
    if left_us > 0:
        raise refuse("throttled", seconds=-(-left_us // SECOND_US))


def count_guess(session_store: Store, account: str, at_us: int) -> None:
    """Count one customer named wrongly; opens its own transaction. It is forgotten as a wrong password is."""

    def write() -> None:
        with session_store.writing():
            session_store.execute(_OLD_FORGOTTEN, (at_us - FORGOTTEN_AFTER_US, latest(at_us)))
            session_store.insert(Attempts, [(secrets.token_hex(16), _guesser(account), "", 1, at_us)])

    session_store.retrying(write)


def _guesser(account: str) -> str:
    return digest_of(("guesses", account))


def network_of(address: str) -> str:
    """The address, or the network of one subscriber where it is of IPv6; any other text as it is."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False))


def _attempt_of(account: str, address: str, in_session: bool) -> Attempt:
    """People type passwords into the wrong field: what was typed is not kept in clear."""
    made, network = secrets.token_hex(16), network_of(address)
    if in_session:
        return Attempt(made, digest_of(("in a session", account, network)))
    return Attempt(
        made,
        digest_of(("sign-in", account, network)),
        digest_of(("address", network)),
        digest_of(("known", account, network)),
    )


def _take_slot(session_store: Store, tried: Attempt, at_us: int) -> tuple[int, int]:
    """Take one of the slots, unless one waits; returns how many microseconds are left, and how many slots there were.

    Nothing is raised here, since what the clock's setting back changes has to stay.
    """
    with session_store.writing():
        for name in sorted({tried.account, tried.address} - {""}):
            session_store.hold(name)
        session_store.execute(_OLD_FORGOTTEN, (at_us - FORGOTTEN_AFTER_US, latest(at_us)))
        session_store.execute(_JUST_AHEAD, (at_us, at_us))
        session_store.execute(_CUT_OFF, (at_us - LOOKED_AT_US,))
        known = session_store.row(_KNOWN, (tried.known, at_us - KNOWN_FOR_US, latest(at_us)))
        address = "" if known else tried.address
        found = [_standing(session_store.rows(_OF_ACCOUNT, (tried.account,)), at_us)]
        if address:
            free, longest = FREE_FAILURES_OF_AN_ADDRESS, LONGEST_SECONDS_OF_AN_ADDRESS
            found.append(_standing(session_store.rows(_OF_ADDRESS, (address,)), at_us, free, longest))
        left_us, slots = max(left_us for left_us, _ in found), min(slots for _, slots in found)
        if left_us <= 0 < slots:
            session_store.insert(Attempts, [(tried.id, tried.account, address, 0, at_us)])
    return left_us, slots


def _standing(
    attempts: Sequence[tuple[int, int]],
    at_us: int,
    free: int = FREE_FAILURES,
    longest: int = LONGEST_SECONDS,
) -> tuple[int, int]:
    """How many microseconds one still waits, and how many passwords may be looked at then.

    These are the free failures that are left, one after a wait, less those that are being looked at. What a clock that
    was ahead began counts for nothing.
    """
    counted = [(wrong, begun_at) for wrong, begun_at in attempts if not is_ahead(begun_at, at_us)]
    failed = [begun_at for wrong, begun_at in counted if wrong]
    wait_us = wait_seconds(len(failed), free, longest) * SECOND_US
    left_us = left(max(failed), wait_us, at_us) if wait_us else 0
    return left_us, max(free - len(failed), 1) - (len(counted) - len(failed))


def _blame(session_store: Store, tried: Attempt, _: int) -> None:
    with session_store.writing():
        session_store.execute(_WAS_WRONG, (tried.id,))


def _forgive(session_store: Store, tried: Attempt, at_us: int) -> None:
    with session_store.writing():
        session_store.execute(_WAS_RIGHT, (tried.id,))
        session_store.execute(_PARDONED, (tried.account,))
        if tried.known:
            session_store.execute(_NOT_SEEN_SINCE, (at_us - KNOWN_FOR_US,))
            session_store.upsert(KnownNetworks, (tried.known, at_us))
