"""Documents that cite one another: what reverses, answers or rests on a document, and which of its lines are undone."""

from __future__ import annotations

import msgspec

from devices.store.database import Store
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


CITING = " UNION ALL ".join(
    f"SELECT '{how}', d.number, d.type, s.status, d.site, d.business_date, d.recorded_at AS at FROM document d"
    f" JOIN standing s ON s.document = d.number WHERE d.{how} = ?"
    for how in ("cites", "answers")
)


def citing(store: Store, number: str) -> list[Citing]:
    """The documents that cite or answer this one, oldest first."""
    return [Citing(*row) for row in store.rows(f"{CITING} ORDER BY at, 2", (number, number))]


# A reversal undoes the line it names and every later one that still stood (see reversal.standing_lines).
UNDONE = (
    "SELECT l.serial, u.document FROM line l JOIN line u ON u.serial = l.serial AND u.step > l.step"
    " AND u.reverses <= l.step WHERE l.document = ? AND l.reverses IS NULL ORDER BY l.n, u.step DESC"
)


def undone(store: Store, number: str) -> dict[str, str]:
    """The serials of a document whose line was undone, each with the number of the reversal that did it."""
    return dict(store.rows(UNDONE, (number,)))
