"""Of whom and of which months the lists of calls and complaints offer their papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from api.callers.access import READERS
from api.calls import Call
from devices.calendar import first_day, month_of
from devices.values import UNIT

MONTHS_OFFERED = 12


class PaperMonths(msgspec.Struct, frozen=True):
    """Whose papers are offered, a site's or the unit's, and of which months `YYYY-MM`, the latest first."""

    where: str
    months: tuple[str, ...]


def paper_months(call: Call, asked: str | None, sites: Sequence[str]) -> PaperMonths | None:
    """The papers of the site that a list is asked of, of the reader's only one, or of the unit; None where it would be
    of several that they do not read together, or of one whose books they do not read.
    """
    where = asked or (sites[0] if len(sites) == 1 else UNIT)
    if not call.who.may(READERS, where):
        return None
    first, month = call.days.months
    months = [month]
    while len(months) < MONTHS_OFFERED and months[-1] > first:
        months.append(month_of(first_day(months[-1]) - timedelta(days=1)))
    return PaperMonths(where, tuple(months))
