"""The unit itself: its name, its one time zone, and the secret under which commitments are keyed."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from devices import records
from devices.calendar import TIME_ZONE
from devices.chain import commitment
from devices.journal import open_journals
from devices.records import RecordKind
from devices.store.database import Store
from devices.store.statements import compiled
from devices.store.tables.registers import Units
from devices.values import UNIT

FOUNDER = "system"
"""Nobody has signed up yet when a unit is founded."""
_MICROSECONDS = 1_000_000
_UNIT = compiled(Units.select(Units.name, Units.time_zone, Units.secret).where(Units.id == 1))


class Unit(msgspec.Struct, frozen=True):
    """A service unit. `secret` is 32 bytes in hex and never leaves the database."""

    name: str
    time_zone: str
    secret: str

    def day_of(self, at_us: int) -> date:
        """The calendar day, in the unit's time zone, of a moment in UTC microseconds."""
        return datetime.fromtimestamp(at_us / _MICROSECONDS, ZoneInfo(self.time_zone)).date()


class Founded(msgspec.Struct, frozen=True):
    """What the journal holds of the unit: who it is since when, and a keyed mark by which its secret is known."""

    name: str
    time_zone: str
    made_at: int
    mark: str


FOUNDING = RecordKind("unit", Founded, lambda _: UNIT, lambda _: UNIT)


def unit_of(store: Store) -> Unit | None:
    """The unit whose books these are, None before `found`."""
    row = store.row(_UNIT)
    return Unit(*row) if row else None


def found(store: Store, name: str, at_us: int) -> Unit:
    """Found the unit in an empty database, journalled, within `store.writing()`; the one it has already is kept."""
    existing = unit_of(store)
    if existing is not None:
        return existing
    unit = Unit(name, TIME_ZONE, secrets.token_hex(32))
    row = (1, unit.name, unit.time_zone, unit.secret, at_us)
    store.insert(Units, [row])
    writer = open_journals(store, [UNIT], at_us)
    records.write(writer, FOUNDING, founded(unit, at_us), by=FOUNDER, expected=0)
    return unit


def founded(unit: Unit, made_at: int) -> Founded:
    """What must be journalled of a unit."""
    return Founded(unit.name, unit.time_zone, made_at, commitment(unit.secret, FOUNDING.name, unit.name))
