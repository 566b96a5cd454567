"""The course of a book: month by month, what it opened with, what came in and went out, and what it closed with."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from devices.calendar import first_day, month_after
from devices.ledger.books.books import IN, OUT
from devices.store.database import Store


class BookMonth(msgspec.Struct, frozen=True):
    """One month of a book, all models together; a reversal is a negative in the column of what it undoes."""

    month: str
    opening: int
    came: int
    went: int
    closing: int


# By hand: a report that counts the lines into a book and those out of it, side by side.
_COUNTED = (
    "SELECT {sign}, CASE WHEN l.business_date < ? THEN '' ELSE SUBSTR(l.business_date, 1, 7) END AS month,"
    " CASE WHEN l.reverses IS NULL THEN 0 ELSE 1 END AS undone, COUNT(*)"
    " FROM line l WHERE {which} AND l.business_date < ? GROUP BY month, undone"
)
_MOVEMENTS = f"{_COUNTED.format(sign='1', which=IN)} UNION ALL {_COUNTED.format(sign='-1', which=OUT)}"


def course(store: Store, site: str, register: str, first: str, last: str) -> list[BookMonth]:
    """Every month of a book from `first` to `last`, both `YYYY-MM`, by business date; equal to its statements."""
    book = (site, register, site, register)
    window = (first_day(first).isoformat(), *book, first_day(month_after(last)).isoformat())
    held = 0
    columns: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for sign, month, undone, count in store.rows(_MOVEMENTS, (*window, *window)):
        if month == "":
            held += sign * count
        else:
            undoes = -1 if undone else 1
            columns[month][0 if sign * undoes > 0 else 1] += undoes * count
    found, month = [], first
    while month <= last:
        came, went = columns[month]
        found.append(BookMonth(month, held, came, went, held + came - went))
        held, month = held + came - went, month_after(month)
    return found
