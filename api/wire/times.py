"""Times at the door: RFC 3339 with the unit's offset outside, UTC microseconds inside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from devices.calendar import TIME_ZONE
from devices.problems import refuse
from devices.serials import shortened

Told = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
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
    try:
        found = date.fromisoformat(text).isoformat()
    except ValueError:
        found = None
    if found != text:
        raise refuse("malformed_parameter", name=parameter, value=shortened(text))
    return text
