"""Throttling of wrong passwords: per account and address, doubling to a minute, never a lock that stays."""

from __future__ import annotations

from devices.chain import digest_of
from devices.database import Store
from devices.problems import refuse

FREE_FAILURES = 5
LONGEST_SECONDS = 60
FORGOTTEN_AFTER_US = 15 * 60 * 1_000_000
_SECOND_US = 1_000_000


def wait_seconds(failures: int) -> int:
    """How long after its last failure an account waits: nothing below 5 failures, then 1, 2, 4 … 60 seconds."""
    over = failures - FREE_FAILURES
    return 0 if over < 0 else min(LONGEST_SECONDS, 2 ** min(over, 6))


def attempt(doors: Store, account: str, address: str, at_us: int) -> None:
    """Count an attempt as failed before its password is looked at, so that many at once gain nothing.

    Opens its own transaction. `pardon` takes the count back when the password was right. Raises Refused(throttled)
    with the seconds left; a refused attempt is not counted. Failures are forgotten after a quarter of an hour.
    """
    doors.retrying(lambda: _attempt(doors, _digest(account, address), at_us))


def pardon(doors: Store, account: str, address: str) -> None:
    """Forget the account's failures from this address: its password was right. Opens its own transaction."""
    with doors.writing():
        doors.execute("DELETE FROM throttle WHERE digest = ?", (_digest(account, address),))


def _attempt(doors: Store, digest: str, at_us: int) -> None:
    with doors.writing():
        doors.execute("DELETE FROM throttle WHERE last_at < ?", (at_us - FORGOTTEN_AFTER_US,))
        # The no-op update takes the row's lock, and the SELECT after it reads what the last holder left.
        doors.execute(
            "INSERT INTO throttle (digest, failures, last_at) VALUES (?, 0, ?)"
            " ON CONFLICT (digest) DO UPDATE SET failures = throttle.failures",
            (digest, at_us),
        )
        [(failures, last_at)] = doors.rows(
            "SELECT failures, last_at FROM throttle WHERE digest = ?", (digest,)
        )
        left_us = last_at + wait_seconds(failures) * _SECOND_US - at_us
        if left_us > 0:
            raise refuse("throttled", seconds=-(-left_us // _SECOND_US))
        doors.execute(
            "UPDATE throttle SET failures = failures + 1, last_at = ? WHERE digest = ?", (at_us, digest)
        )


def _digest(account: str, address: str) -> str:
    """People type passwords into the wrong field: what was typed is not kept in clear."""
    return digest_of((account, address))
