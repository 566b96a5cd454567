"""The day from which books are kept: of a unit that told none at its founding, read once from what is in its books.

It is the first of the month a year before the founding, or of the earliest line that was not reversed, whichever is
earlier. No journal is written: the founding stays as it was, and nothing is posted later that could lie before it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from peewee import fn

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS
from devices.store.tables.ledger import Lines
from devices.store.tables.registers import Units

CHINA = timedelta(hours=8)  # no summer time since 1991, and no books so old


def up(migrator: Any, db: Any) -> None:
    """Add the column, and fill it for a unit that is there."""
    build(db, TABLES_OF_BOOKS)
    for (made_at,) in db.execute(Units.select(Units.made_at)).fetchall():
        founding = (datetime.fromtimestamp(made_at / 1_000_000, UTC) + CHINA).date()
        (earliest,) = db.execute(_standing()).fetchone()
        a_year_before = f"{founding.year - 1:04d}-{founding.month:02d}-01"
        told = [a_year_before, *([f"{earliest[:7]}-01"] if earliest else [])]
        db.execute(Units.update({Units.books_from: min(told)}))


def _standing() -> Any:
    """The day of the earliest line that is no reversal and that none has undone."""
    undoing = Lines.alias()
    undone = undoing.select(undoing.serial).where(
        undoing.serial == Lines.serial, undoing.step > Lines.step, undoing.reverses <= Lines.step
    )
    return Lines.select(fn.MIN(Lines.business_date)).where(Lines.reverses.is_null(), ~fn.EXISTS(undone))
