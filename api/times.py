"""Times at the door: RFC 3339 with the unit's offset outside, UTC microseconds inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from devices.problems import refuse
from devices.unit import TIME_ZONE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def shown(at_us: int) -> str:
    """A moment as RFC 3339 in the unit's time zone, to the microsecond."""
    return (EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(TIME_ZONE)).isoformat()


def moment(text: str, pointer: str = "") -> int:
    """A moment in RFC 3339 with an offset. Raises Refused (`malformed_date`)."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise refuse("malformed_date", pointer, date=text) from None
    if at.tzinfo is None:
        raise refuse("malformed_date", pointer, date=text)
    return (at - EPOCH) // timedelta(microseconds=1)
