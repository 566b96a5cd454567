"""What has to be done by some day: each source of it, and what they tell of some sites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import msgspec

from devices import deadlines as rules
from devices.deadlines import Deadline, Standing
from devices.records import SITE, all_current
from devices.store.database import Store
from devices.values import Site


class Due(msgspec.Struct, frozen=True):
    """One thing to be done, or that was done on `met_on`. `subject` is a serial, or the number of an order.

    The dates are ISO business dates. `days_left` counts calendar days to `due_on`, from today, or from `met_on` once
    it was met; negative where that day lies after it. `waits_for` is why the work waits, a WaitReason; it moves no day.
    """

    deadline: str
    subject: str
    site: str
    started_on: str
    due_on: str
    standing: Standing
    days_left: int
    met_on: str | None = None
    waits_for: str | None = None


_Source = Callable[[Store, Sequence[Site], date], Iterable[Due]]


class Duty(msgspec.Struct, frozen=True):
    """One source of what is due: which deadlines it tells of, what is due today, and what was met since a day."""

    deadlines: tuple[str, ...]
    due: _Source
    met: _Source


def what_is_due(store: Store, duties: Sequence[Duty], sites: Sequence[str], today: date) -> list[Due]:
    """Everything these sites still have to do by some day, the earliest day first."""
    asked = _asked(store, sites)
    found = [each for duty in duties for each in duty.due(store, asked, today)] if asked else []
    return sorted(found, key=lambda each: (each.due_on, each.deadline, each.subject))


def what_was_met(store: Store, duties: Sequence[Duty], sites: Sequence[str], since: date) -> list[Due]:
    """What these sites have done since a day that was to be done by some day, the earliest first."""
    asked = _asked(store, sites)
    found = [each for duty in duties for each in duty.met(store, asked, since)] if asked else []
    return sorted(found, key=lambda each: (each.met_on or "", each.deadline, each.subject))


def due_of(
    deadline: Deadline,
    subject: str,
    site: Site,
    started: date,
    today: date,
    met_on: date | None = None,
    *,
    waits_for: str | None = None,
) -> Due:
    """How one subject stands under a deadline. Pure."""
    due_on = rules.due(deadline, started, site)
    standing = rules.standing_on(due_on, met_on, today)
    return Due(
        deadline.name,
        subject,
        site.code,
        started.isoformat(),
        due_on.isoformat(),
        standing,
        (due_on - (met_on or today)).days,
        met_on.isoformat() if met_on else None,
        waits_for,
    )


def _asked(store: Store, sites: Sequence[str]) -> list[Site]:
    return [site for site, _ in all_current(store, SITE) if site.code in set(sites)]
