"""The comparison of a count with the ledger: every serial that was expected, seen, or moved meanwhile, at one close.

What no line has touched since the opening is where its position says, then as now; so a close reads the book and what
was posted meanwhile, however long the book's history is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
from peewee import SQL, fn

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
from devices.audit.stocktake.scans import Opened, live, opening_of, place_columns, places_now
from devices.journal import heads, last_by
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.audits import Scans
from devices.store.tables.ledger import Lines, Positions

_BOOK = compiled(
    Positions.select(Positions.serial, *place_columns(Positions)).where(
        Positions.site == GIVEN, Positions.register == GIVEN
    )
)
_LINES_SINCE = compiled(
    Lines.select(Lines.serial, Lines.journal_seq, Lines.recorded_at, *place_columns(Lines)).where(
        Lines.journal_site == GIVEN,
        Lines.journal_seq > GIVEN,
        ((Lines.site == GIVEN) & (Lines.register == GIVEN))
        | ((Lines.from_site == GIVEN) & (Lines.from_register == GIVEN))
        | fn.EXISTS(Scans.select(SQL("1")).where(Scans.stocktake == GIVEN, Scans.serial == Lines.serial)),
    )
)
"""The lines since the opening that brought a device to the book, moved it there or took it out, and all of those of
what was scanned."""
_following = Lines.alias()
_BEFORE = compiled(
    Lines.select(Lines.serial, *place_columns(Lines)).where(
        Lines.serial.in_(EACH),
        Lines.recorded_at <= GIVEN,
        ~fn.EXISTS(
            _following.select(SQL("1")).where(
                _following.serial == Lines.serial,
                _following.step == Lines.step + 1,
                _following.recorded_at <= GIVEN,
            )
        ),
    )
)


class _Line(msgspec.Struct, frozen=True):
    """One line since the opening: its link, where its journal is the site's, when, and where it left the device."""

    seq: int | None
    at: int
    place: Place

    def precedes(self, scan: Scan) -> bool:
        """Whether it was there when something was scanned: by the journal's order, of another journal by the time."""
        if self.seq is None or scan.after_seq is None:
            return self.at <= scan.at
        return self.seq <= scan.after_seq


def rows_of(store: Store, shelf: Shelf, counted: Stocktake) -> Iterator[Row]:
    """The sheet's lines, by serial, as of now; call it with the journal of the site held."""
    decided = decisions(live(store, counted.number), double=counted.double)
    closed = {row[0]: Place(*row[1:]) for row in store.stream(_BOOK, (shelf.site, shelf.register))}
    closed |= places_now(store, sorted(decided.keys() - closed.keys()))
    opening = opening_of(store, counted.number)
    since = _since(store, shelf, counted, opening)  # after the places: other sites' journals are not held
    closed |= places_now(store, sorted(since.keys() - closed.keys()))
    before = _before(store, sorted(since), opening.recorded_at)
    for serial in sorted(closed.keys() | decided.keys()):
        lines, decision = since.get(serial, ()), decided.get(serial)
        place = _latest(closed.get(serial), lines)
        opened = before.get(serial) if lines else place
        if decision and decision.scan:
            decision = _then(decision, decision.scan, opened, lines)
        came = tuple(Came(line.place.step, line.place.bin) for line in lines if shelf.holds(line.place))
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
    earlier = [line.place for line in lines if line.precedes(scan)]
    then = earlier[-1] if earlier else opened
    return Decision(msgspec.structs.replace(scan, then=then), decision.recount)


def _since(store: Store, shelf: Shelf, counted: Stocktake, opening: Opened) -> dict[str, list[_Line]]:
    """What happened since the opening to what is counted or was scanned, by serial, oldest first."""
    found: dict[str, list[_Line]] = defaultdict(list)
    book = (shelf.site, shelf.register)
    for head in heads(store):
        own = head.site == shelf.site
        last = opening.seq if own else last_by(store, head.site, opening.recorded_at)
        params = (head.site, last, *book, *book, counted.number)
        for serial, seq, at, *place in store.stream(_LINES_SINCE, params):
            found[serial].append(_Line(seq if own else None, at, Place(*place)))
    return {serial: sorted(lines, key=lambda line: line.place.step) for serial, lines in found.items()}


def _before(store: Store, serials: Sequence[str], at: int) -> dict[str, Place]:
    """Where the ledger had these serials at a moment."""
    return {row[0]: Place(*row[1:]) for row in store.rows_in(_BEFORE, serials, after=(at, at))}
