"""The unit's calendar: the days its books are kept of, months, and working days by the official Chinese calendar.

Working days, make-up days among them, are those of the PyPI package `holidays` (country CN), which follows the yearly
notice of the General Office of the State Council. The notice for a year appears in November of the year before. For a
year that has no notice yet the package does not refuse: it answers the statutory holidays (by the lunar calendar,
a holiday on a weekend moved to the next weekday) and no make-up days, so a date after `known_until()` may
move by some days once the notice is out and the package has been upgraded.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

import holidays
import msgspec

from devices.problems import Problem

TIME_ZONE = "Asia/Shanghai"
"""The unit's one time zone, whose days and months these are."""

EARLIEST = date(1971, 1, 1)
"""Before it no unit kept such books, and no clock of ours counts."""
FIRST_CHECKED_YEAR = 2013  # the package agrees with the official calendar from here on; see the tests
ONE_DAY = timedelta(days=1)
_ZONE = ZoneInfo(TIME_ZONE)
_MICROSECONDS = 1_000_000


class BookDays(msgspec.Struct, frozen=True):
    """The days that a unit's books are kept of, both included: from the one that it declared, to today.

    This is the one range of whatever is dated, closed or read; see docs/decisions.md, "Books begin on a day".
    """

    first: date
    today: date

    @property
    def months(self) -> tuple[str, str]:
        """The first month and the one that runs, `YYYY-MM`: months are closed and read whole."""
        return month_of(self.first), month_of(self.today)

    @property
    def of_months(self) -> tuple[date, date]:
        """The first day of the first month and the last one of the month that runs."""
        first, running = self.months
        return first_day(first), last_day(running)

    def fault(self, day: date, pointer: str) -> Problem | None:
        """Why nothing is dated to a day, None where it lies in the range: `before_books`, `future_date`."""
        if day < self.first:
            return self._before(day.isoformat(), pointer)
        return self._after(day.isoformat(), pointer) if day > self.today else None

    def fault_of_month(self, month: str, pointer: str, *, told: str | None = None) -> Problem | None:
        """Why a month `YYYY-MM` is neither closed nor read, None where it has a day in the range.

        `told` is what was asked for, where that was a day of the month.
        """
        first, running = self.months
        if month < first:
            return self._before(told or month, pointer)
        return self._after(told or month, pointer) if month > running else None

    def _before(self, told: str, pointer: str) -> Problem:
        return Problem("before_books", pointer, {"date": told, "books_from": self.first.isoformat()})

    def _after(self, told: str, pointer: str) -> Problem:
        return Problem("future_date", pointer, {"date": told, "today": self.today.isoformat()})


def a_year_before(day: date) -> date:
    """The first of the month a year before: where books begin of which nothing else was said."""
    return date(max(day.year - 1, 1), day.month, 1)


def day_of(at_us: int) -> date:
    """The day, in the unit's time zone, of a moment in UTC microseconds."""
    return datetime.fromtimestamp(at_us / _MICROSECONDS, _ZONE).date()


def told_moment(at_us: int) -> str:
    """A moment in UTC microseconds as a refusal names it: RFC 3339 in the unit's time zone, to the second."""
    return datetime.fromtimestamp(at_us // _MICROSECONDS, _ZONE).isoformat()


def read_day(text: str) -> date | None:
    """The day of a text `YYYY-MM-DD`, None for any other text."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None


def first_day(month: str) -> date:
    """The first day of a month `YYYY-MM`. Raises ValueError for another text."""
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    """The last day of a month `YYYY-MM`."""
    return first_day(month_after(month)) - timedelta(days=1)


def month_after(month: str) -> str:
    """The month that follows."""
    first = first_day(month)
    return f"{first.year + first.month // 12:04d}-{first.month % 12 + 1:02d}"


def month_of(day: date) -> str:
    """The month a day lies in."""
    return day.isoformat()[:7]


def is_working_day(day: date) -> bool:
    """Whether people work on that day: a weekday that is no holiday, or a weekend day made a working day.

    After `known_until()` the answer is an estimate (see the module).
    """
    return _calendar(day.year).is_working_day(day)


def add_working_days(start: date, days: int) -> date:
    """The day that lies `days` working days after `start`; `start` itself is never counted.

    `add_working_days(start, 0)` is `start`, whether it is a working day or not. After `known_until()` the answer is an
    estimate. Raises ValueError when days is negative.
    """
    if days < 0:
        raise ValueError(f"working days are counted forwards, got {days}")
    day = start
    for _ in range(days):
        day += ONE_DAY
        while not is_working_day(day):
            day += ONE_DAY
    return day


@lru_cache(maxsize=1)
def known_until() -> date:
    """The last day for which the installed calendar holds an official notice: 31 December of some year.

    A year counts as known when it has a make-up working day: every notice since 2001 ordered some, and the
    package never estimates one.
    """
    unknown = next(year for year in count(FIRST_CHECKED_YEAR) if not _has_notice(year))
    return date(unknown - 1, 12, 31)


def _has_notice(year: int) -> bool:
    return any(day.year == year for day in _calendar(year).weekend_workdays)


@lru_cache(maxsize=64)
def _calendar(year: int) -> holidays.HolidayBase:
    """One finished calendar per year: one that grows while asked could answer a second thread half-filled."""
    return holidays.country_holidays("CN", years=year, expand=False)
