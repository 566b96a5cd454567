"""What should catch an auditor's eye in a document that waits for review, each reason a declared rule. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from devices import calendar
from devices.lifecycle import DOCUMENT
from devices.moments.spans import is_ahead
from devices.problems import Fact
from devices.values import Instant

WAITING_DAYS = 2
"""Working days after which a document has waited long: its month's close waits for it."""
VALUE_FEN = 1_000_000
"""The catalogue's value from which a document is a large one: 10,000 yuan."""
OPENS, CLOSES = 7, 20
"""The hours of the day, by the unit's clock, between which people are at work."""
REVERSALS = 3
"""From how many reversals by one poster within REVERSAL_DAYS they are told."""
REVERSAL_DAYS = 30


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A waiting document as the rules see it.

    `devices` it moves or would move; `value_fen` their price; `same_hands` those whose other half (Document.halves) was
    posted by the same person; `undone_before` those of which a line was reversed before; `reversals` how many the
    poster posted within REVERSAL_DAYS up to it; `answers` the rejected document that it answers.
    """

    type: str
    business_date: str
    recorded_at_us: Instant
    devices: int
    value_fen: int
    same_hands: int = 0
    undone_before: int = 0
    reversals: int = 0
    answers: str | None = None


class Concern(msgspec.Struct, frozen=True):
    """One reason to look twice: a code, and the facts of its sentence."""

    code: str
    facts: dict[str, Fact] = {}


class Clock(msgspec.Struct, frozen=True):
    """Now, and the zone of the unit's clock."""

    now_us: int
    zone: str

    def at(self, at_us: int) -> datetime:
        """A moment by the unit's clock."""
        return datetime.fromtimestamp(at_us // 1_000_000, ZoneInfo(self.zone))

    def recorded(self, document: Waiting) -> datetime | None:
        """When a document was posted; None where that lies in the future, so that nobody knows it by its own time."""
        at_us = document.recorded_at_us
        return None if is_ahead(at_us, self.now_us) else self.at(at_us)


_Rule = Callable[[Waiting, Clock], Concern | None]


def age_in_working_days(document: Waiting, clock: Clock) -> int:
    """How many working days have begun since the day it was posted."""
    at, today = clock.recorded(document), clock.at(clock.now_us).date()
    day = at.date() if at else today
    return sum(
        calendar.is_working_day(day + timedelta(days=n)) for n in range(1, max(0, (today - day).days) + 1)
    )


def _waits_long(document: Waiting, clock: Clock) -> Concern | None:
    days = age_in_working_days(document, clock)
    return Concern("waits_long", {"days": days}) if days > WAITING_DAYS else None


def _large(document: Waiting, clock: Clock) -> Concern | None:
    return Concern("large") if document.value_fen >= VALUE_FEN else None


def _same_hands(document: Waiting, clock: Clock) -> Concern | None:
    if not document.same_hands:
        return None
    facts: dict[str, Fact] = {"count": document.same_hands, "type": list(DOCUMENT[document.type].halves)}
    return Concern("same_hands", facts)


def _odd_hour(document: Waiting, clock: Clock) -> Concern | None:
    at = clock.recorded(document)
    if at is None or OPENS <= at.hour < CLOSES:
        return None
    return Concern("odd_hour", {"time": f"{at:%H:%M}"})


def _day_off(document: Waiting, clock: Clock) -> Concern | None:
    at = clock.recorded(document)
    if at is None or calendar.is_working_day(at.date()):
        return None
    return Concern("day_off", {"day": at.date().isoformat()})


def _back_dated(document: Waiting, clock: Clock) -> Concern | None:
    at, said = clock.recorded(document), date.fromisoformat(document.business_date)
    if at is None or said >= at.date():
        return None
    posted = at.date()
    code = "back_dated" if (said.year, said.month) == (posted.year, posted.month) else "back_dated_month"
    return Concern(code, {"days": (posted - said).days})


def _reverses_often(document: Waiting, clock: Clock) -> Concern | None:
    if document.type != "reversal" or document.reversals < REVERSALS:
        return None
    return Concern("reverses_often", {"count": document.reversals, "days": REVERSAL_DAYS})


def _dated_ahead(document: Waiting, clock: Clock) -> Concern | None:
    today = clock.at(clock.now_us).date()
    if document.business_date > today.isoformat():
        return Concern("dated_ahead", {"day": document.business_date})
    return Concern("recorded_ahead") if clock.recorded(document) is None else None


def _undone_before(document: Waiting, clock: Clock) -> Concern | None:
    return Concern("undone_before", {"count": document.undone_before}) if document.undone_before else None


def _answers(document: Waiting, clock: Clock) -> Concern | None:
    return Concern("answers", {"number": document.answers}) if document.answers else None


CONCERN_RULES: tuple[_Rule, ...] = (
    _same_hands,
    _dated_ahead,
    _back_dated,
    _reverses_often,
    _undone_before,
    _odd_hour,
    _day_off,
    _large,
    _waits_long,
    _answers,
)


def concerns(document: Waiting, clock: Clock) -> list[Concern]:
    """Every reason to look twice, in the order of RULES; none for a document like any other."""
    return [found for rule in CONCERN_RULES if (found := rule(document, clock)) is not None]
