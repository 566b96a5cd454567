"""Documents that cite one another: what reverses, answers or rests on a document, and which of its lines are undone."""

from __future__ import annotations

from typing import Any

import msgspec
from peewee import SQL, Value

from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Standings
from devices.values import Instant


class Citing(msgspec.Struct, frozen=True):
    """A document that cites another. `how` is `cites` (it reverses it, or rests on it) or `answers`."""

    how: str
    number: str
    type: str
    status: str
    site: str
    business_date: str
    recorded_at_us: Instant


def _citing_by(how: str, column: Any) -> Any:
    return (
        Documents.select(
            Value(how), Documents.number, Documents.type, Standings.status, Documents.site,
            Documents.business_date, Documents.recorded_at.alias("at"),
        )
        .join(Standings, on=(Standings.document == Documents.number))
        .where(column == GIVEN)
    )  # fmt: skip


_cites, _answers = (_citing_by(column.name, column) for column in (Documents.cites, Documents.answers))
_CITING = compiled(_cites.union_all(_answers).order_by(SQL("at"), SQL("2")))


def citing(store: Store, number: str) -> list[Citing]:
    """The documents that cite or answer this one, oldest first."""
    return [Citing(*row) for row in store.rows(_CITING, (number, number))]


# A reversal undoes the line it names and every later one that still stood (see reversal.standing_lines).
_reversal = Lines.alias("u")
_UNDONE = compiled(
    Lines.select(Lines.serial, _reversal.document)
    .join(
        _reversal,
        on=(
            (_reversal.serial == Lines.serial)
            & (_reversal.step > Lines.step)
            & (_reversal.reverses <= Lines.step)
        ),
    )
    .where(Lines.document == GIVEN, Lines.reverses.is_null())
    .order_by(Lines.n, _reversal.step.desc())
)


def undone(store: Store, number: str) -> dict[str, str]:
    """The serials of a document whose line was undone, each with the number of the reversal that did it."""
    return dict(store.rows(_UNDONE, (number,)))
