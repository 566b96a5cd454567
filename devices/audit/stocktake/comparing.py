"""The comparison of a count with the ledger: every serial that was expected, seen, or moved meanwhile, at one close.

What no line has touched since the opening is where its position says, then as now; so a close reads the book and what
was posted meanwhile, however long the book's history is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from devices.audit.kinds import Stocktake
from devices.audit.stocktake.counting import (
    Came,
    Candidate,
    Decision,
    Place,
    Row,
    Scan,
    Shelf,
    decisions,
    row_of,
)
from devices.audit.stocktake.scans import live, places_now
from devices.journal import heads
from devices.ledger.posting.gather import AT_ONCE
from devices.store.database import Store
from devices.store.statements import marks

PLACE = "state, register, site, bin, model, step, document"
BOOK = f"SELECT serial, {PLACE} FROM position WHERE site = ? AND register = ?"
LAST_LINK = "SELECT seq FROM journal WHERE site = ? AND recorded_at <= ? ORDER BY seq DESC LIMIT 1"
SINCE = (
    f"SELECT serial, recorded_at, {PLACE} FROM line l WHERE journal_site = ? AND journal_seq > ? AND"
    " ((site = ? AND register = ?) OR (from_site = ? AND from_register = ?)"
    "  OR EXISTS (SELECT 1 FROM scan s WHERE s.stocktake = ? AND s.serial = l.serial))"
)
"""The lines since the opening that brought a device to the book, moved it there or took it out, and all of those of
what was scanned."""


class _Line(msgspec.Struct, frozen=True):
    """One line since the opening: when it was recorded, and where it left the device."""

    at: int
    place: Place


def rows_of(store: Store, shelf: Shelf, counted: Stocktake) -> Iterator[Row]:
    """The sheet's lines, by serial, as of now; call it with the journal of the site held."""
    decided = decisions(live(store, counted.number), double=counted.double)
    closed = {row[0]: Place(*row[1:]) for row in store.stream(BOOK, (shelf.site, shelf.register))}
    closed |= places_now(store, sorted(decided.keys() - closed.keys()))
    since = _since(store, shelf, counted)  # after the places: other sites' journals are not held
    closed |= places_now(store, sorted(since.keys() - closed.keys()))
    before = _before(store, sorted(since), counted.opened_at)
    for serial in sorted(closed.keys() | decided.keys()):
        lines, decision = since.get(serial, ()), decided.get(serial)
        place = _latest(closed.get(serial), lines)
        opened = before.get(serial) if lines else place
        if decision and decision.scan:
            decision = _then(decision, decision.scan, opened, lines)
        came = tuple(Came(line.at, line.place.bin) for line in lines if shelf.holds(line.place))
        moved = tuple(line.place.document for line in lines)
        row = row_of(shelf, Candidate(serial, opened, place, moved, decision, came, _stayed(opened, lines)))
        if row is not None:
            yield row


def _stayed(opened: Place | None, lines: Sequence[_Line]) -> bool:
    """Whether no line changed state, register or site; a device may have moved from bin to bin meanwhile."""
    places = [opened, *(line.place for line in lines)]
    return len({place and (place.state, place.register, place.site) for place in places}) == 1


def _latest(place: Place | None, lines: Sequence[_Line]) -> Place | None:
    """Where a device is; another site may have moved it after its place was read."""
    if lines and (place is None or lines[-1].place.step > place.step):
        return lines[-1].place
    return place


def _then(decision: Decision, scan: Scan, opened: Place | None, lines: Sequence[_Line]) -> Decision:
    """The decision, with what the ledger said at the moment of its scan."""
    earlier = [line.place for line in lines if line.at <= scan.at]
    then = earlier[-1] if earlier else opened
    return Decision(msgspec.structs.replace(scan, then=then), decision.recount)


def _since(store: Store, shelf: Shelf, counted: Stocktake) -> dict[str, list[_Line]]:
    """What happened since the opening to what is counted or was scanned, by serial, oldest first."""
    found: dict[str, list[_Line]] = defaultdict(list)
    book = (shelf.site, shelf.register)
    for head in heads(store):
        last = store.row(LAST_LINK, (head.site, counted.opened_at))
        params = (head.site, last[0] if last else 0, *book, *book, counted.number)
        for serial, at, *place in store.stream(SINCE, params):
            found[serial].append(_Line(at, Place(*place)))
    return {serial: sorted(lines, key=lambda line: line.place.step) for serial, lines in found.items()}


def _before(store: Store, serials: Sequence[str], at: int) -> dict[str, Place]:
    """Where the ledger had these serials at a moment."""
    found: dict[str, Place] = {}
    for start in range(0, len(serials), AT_ONCE):
        some = serials[start : start + AT_ONCE]
        rows = store.rows(
            f"SELECT serial, {PLACE} FROM line l WHERE serial IN ({marks(len(some))}) AND recorded_at <= ?"
            " AND NOT EXISTS (SELECT 1 FROM line x"
            "  WHERE x.serial = l.serial AND x.step = l.step + 1 AND x.recorded_at <= ?)",
            (*some, at, at),
        )
        found |= {row[0]: Place(*row[1:]) for row in rows}
    return found
