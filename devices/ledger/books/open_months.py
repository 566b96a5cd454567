"""Months that are over and not closed yet, book by book.

See docs/decisions.md, "What was reversed leaves no month behind".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from peewee import fn

from devices.calendar import month_after, month_of
from devices.ledger.posting.closed_months import closed_months
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Lines
from devices.values import BOOKS, Book


class OpenMonths(msgspec.Struct, frozen=True):
    """A book that is behind: the first month to close, YYYY-MM, and how many are over and not closed."""

    site: str
    register: Book
    month: str
    count: int


_undoing = Lines.alias()
_FIRST_STANDING = compiled(
    Lines.select(Lines.business_date)
    .where(
        Lines.site == GIVEN,
        Lines.register == GIVEN,
        Lines.reverses.is_null(),
        ~fn.EXISTS(
            _undoing.select(_undoing.serial).where(
                _undoing.serial == Lines.serial,
                _undoing.step > Lines.step,
                _undoing.reverses <= Lines.step,
            )
        ),
    )
    .order_by(Lines.business_date)
    .limit(1)
)
"""The day of a book's first line that is no reversal and that none has undone: its own, or that of a line before it."""


def open_months(store: Store, sites: Sequence[str], today: date) -> list[OpenMonths]:
    """The books of these sites whose last month is not closed, by site.

    One that was never closed begins with its first line that stands: without one it has no month. After a first close
    every month is closed, one after the other.
    """
    closed = closed_months(store, set(sites))
    found = []
    for site in sites:
        for register in BOOKS:
            first = _first_open(store, closed.get((site, register)), site, register)
            months = _months(first, month_of(today))
            if months:
                found.append(OpenMonths(site, register, months[0], len(months)))
    return found


def _first_open(store: Store, last_closed: str | None, site: str, register: str) -> str | None:
    if last_closed is not None:
        return month_after(last_closed)
    row = store.row(_FIRST_STANDING, (site, register))
    return row[0][:7] if row else None


def _months(first: str | None, current: str) -> list[str]:
    months = []
    while first is not None and first < current:
        months.append(first)
        first = month_after(first)
    return months
