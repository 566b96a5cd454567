"""The unit itself: its name, its one time zone, the day its books begin, and the secret that keys commitments."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from devices import records
from devices.calendar import EARLIEST, TIME_ZONE, BookDays, a_year_before, day_of
from devices.chain import commitment
from devices.journal import open_journals
from devices.problems import Refused
from devices.records import RecordKind
from devices.store.database import Store
from devices.store.statements import compiled
from devices.store.tables.registers import Units
from devices.values import UNIT

FOUNDER = "system"
"""Nobody has signed up yet when a unit is founded."""
_MICROSECONDS = 1_000_000
_UNIT = compiled(
    Units.select(Units.name, Units.time_zone, Units.secret, Units.books_from).where(Units.id == 1)
)


class Unit(msgspec.Struct, frozen=True):
    """A service unit. `secret` is 32 bytes in hex and never leaves the database; `books_from` is an ISO date."""

    name: str
    time_zone: str
    secret: str
    books_from: str

    def day_of(self, at_us: int) -> date:
        """The calendar day, in the unit's time zone, of a moment in UTC microseconds."""
        return datetime.fromtimestamp(at_us / _MICROSECONDS, ZoneInfo(self.time_zone)).date()

    def days(self, at_us: int) -> BookDays:
        """The days that the books are kept of at a moment in UTC microseconds."""
        return BookDays(date.fromisoformat(self.books_from), self.day_of(at_us))


class Founded(msgspec.Struct, frozen=True):
    """What the journal holds of the unit: who it is since when, and a keyed mark by which its secret is known.

    `books_from` is the first day of its books; an earlier version asked for none (migration 0006 says what it is then).
    """

    name: str
    time_zone: str
    made_at: int
    mark: str
    books_from: str | None = None


FOUNDING = RecordKind("unit", Founded, lambda _: UNIT, lambda _: UNIT)


def unit_of(store: Store) -> Unit | None:
    """The unit whose books these are, None before `found`."""
    row = store.row(_UNIT)
    return Unit(*row) if row else None


def found(store: Store, name: str, at_us: int, books_from: date | None = None) -> Unit:
    """Found the unit in an empty database, journalled, within `store.writing()`; the one it has already is kept.

    Its books begin on `books_from`, by default the first of the month a year before. Raises Refused (`before_books`,
    `future_date`) for a day on which none can begin.
    """
    existing = unit_of(store)
    if existing is not None:
        return existing
    unit = Unit(name, TIME_ZONE, secrets.token_hex(32), _beginning(books_from, day_of(at_us)).isoformat())
    row = (1, unit.name, unit.time_zone, unit.secret, at_us, unit.books_from)
    store.insert(Units, [row])
    writer = open_journals(store, [UNIT], at_us)
    records.write(writer, FOUNDING, founded(unit, at_us), by=FOUNDER, expected=0)
    return unit


def _beginning(told: date | None, today: date) -> date:
    if told is None:
        return a_year_before(today)
    if fault := BookDays(EARLIEST, today).fault(told, "/books_from"):
        raise Refused([fault])
    return told


def founded(unit: Unit, made_at: int) -> Founded:
    """What must be journalled of a unit."""
    mark = commitment(unit.secret, FOUNDING.name, unit.name)
    return Founded(unit.name, unit.time_zone, made_at, mark, unit.books_from)
