"""Times at the door: RFC 3339 with the unit's offset outside, UTC microseconds inside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from devices.calendar import TIME_ZONE, BookDays, day_of, first_day, month_of, read_day
from devices.problems import Refused, refuse
from devices.serials import shortened

Told = Annotated[str, msgspec.Meta(max_length=40, extra_json_schema={"format": "date-time"})]
"""A moment in a body or an answer: RFC 3339 text."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_US = 32_503_680_000_000_000  # the year 3000: far from where the calendar ends, in every time zone
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})\Z"
)


def shown(at_us: int) -> str:
    """A moment as RFC 3339 in the unit's time zone, to the microsecond."""
    return (EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(TIME_ZONE)).isoformat()


def moment(text: str, pointer: str = "") -> int:
    """A moment in RFC 3339 with an offset, as UTC microseconds. Raises Refused (`malformed_date`).

    A leap second (`23:59:60`) is refused: it has no microsecond of its own.
    """
    try:
        at_us = (
            (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)
            if RFC_3339.match(text)
            else -1
        )
    except (ValueError, OverflowError):
        at_us = -1
    if not 0 <= at_us < LATEST_US:
        raise refuse("malformed_date", pointer, date=shortened(text))
    return at_us


def day(text: str, parameter: str) -> str:
    """A calendar day of a query, `YYYY-MM-DD`, as it is. Raises Refused (`malformed_parameter`)."""
    if read_day(text) is None:
        raise refuse("malformed_parameter", name=parameter, value=shortened(text))
    return text


def day_read(text: str, parameter: str, days: BookDays) -> str:
    """A day of a query that books are read from or to: in a month of theirs. Raises Refused, as `month_read` does."""
    found = date.fromisoformat(day(text, parameter))
    return _read(days, found, parameter, text)


def moment_read(text: str, parameter: str, days: BookDays) -> int:
    """A moment as of which books are read, as UTC microseconds. Raises Refused, as `month_read` and `moment` do."""
    at_us = moment(text, f"/{parameter}")
    _read(days, day_of(at_us), parameter, text)
    return at_us


def month_read(text: str, days: BookDays, parameter: str = "month") -> str:
    """A month of a query, `YYYY-MM`, of which books are read.

    Raises Refused: `malformed_parameter`, `before_books`, `future_date`.
    """
    try:
        whole = month_of(first_day(text)) == text
    except ValueError:
        whole = False
    if not whole:
        raise refuse("malformed_parameter", name=parameter, value=shortened(text))
    if fault := days.fault_of_month(text, f"/{parameter}"):
        raise Refused([fault])
    return text


def _read(days: BookDays, found: date, parameter: str, text: str) -> str:
    if fault := days.fault_of_month(month_of(found), f"/{parameter}", told=found.isoformat()):
        raise Refused([fault])
    return text
