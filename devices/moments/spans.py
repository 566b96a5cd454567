"""How long ago a kept moment is: the one comparison of what is kept with now. Pure.

Wall clocks jump both ways: a dead battery, a restored image, a time server that was out of reach. So no comparison
may assume that time only rises: a moment that lies in the future is no moment at all, and whatever began then, waits
until then or was seen then is answered as if that had not been.
See docs/decisions.md, "A moment in the future is none".
"""

from __future__ import annotations

from devices.calendar import day_of, told_moment
from devices.problems import Problem, Refused

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
TOLERATED_US = 60 * SECOND_US
"""How far ahead a moment may lie and be now all the same: servers differ a little, and time servers step a little."""


def is_ahead(moment_us: int, now_us: int) -> bool:
    """Whether a kept moment lies in the future, so that it is none."""
    return moment_us - now_us > TOLERATED_US


def ahead_fault(moment_us: int, now_us: int, pointer: str) -> Problem | None:
    """What is wrong (`future_date`) of a moment at which somebody says that something was: it lies in the future."""
    if not is_ahead(moment_us, now_us):
        return None
    facts = {"date": told_moment(moment_us), "today": day_of(now_us).isoformat()}
    return Problem("future_date", pointer, facts)


def refuse_ahead(moment_us: int, now_us: int, pointer: str) -> None:
    """Raises Refused with what is wrong of such a moment."""
    if problem := ahead_fault(moment_us, now_us, pointer):
        raise Refused([problem])


def elapsed(since_us: int, now_us: int) -> int | None:
    """How many microseconds ago a moment was, at least 0; None where it lies in the future."""
    return None if is_ahead(since_us, now_us) else max(0, now_us - since_us)


def is_over(since_us: int, lasts_us: int, now_us: int) -> bool:
    """Whether what began at a moment and lasts so long is over; what began in the future is."""
    gone = elapsed(since_us, now_us)
    return gone is None or gone >= lasts_us


def left(since_us: int, lasts_us: int, now_us: int) -> int:
    """How many microseconds are left of what began at a moment and lasts so long; 0 where it is over."""
    gone = elapsed(since_us, now_us)
    return 0 if gone is None else max(0, lasts_us - gone)


def latest(now_us: int) -> int:
    """The last moment that may be kept as of now: for a query, which takes nothing beyond it."""
    return now_us + TOLERATED_US
