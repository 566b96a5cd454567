"""The comparison of a count with the ledger: every serial that was expected, seen, or moved meanwhile, at one close."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from devices.audit.counting import Came, Candidate, Place, Row, Shelf, decisions, row_of
from devices.audit.kinds import Stocktake
from devices.audit.scans import live, places_now
from devices.database import Store

THEN = (
    "SELECT l.serial, l.state, l.register, l.site, l.bin, l.model, l.step, l.document FROM line l"
    " WHERE l.site = ? AND l.register = ? AND l.recorded_at <= ? AND NOT EXISTS"
    " (SELECT 1 FROM line x WHERE x.serial = l.serial AND x.step = l.step + 1 AND x.recorded_at <= ?)"
)
NOW = "SELECT p.serial, p.state, p.register, p.site, p.bin, p.model, p.step, p.document FROM position p"
LINE = "l.serial, l.step, l.document, l.recorded_at, l.state, l.register, l.site, l.bin, l.model"
MEANWHILE = (
    f"SELECT {LINE} FROM line l WHERE l.recorded_at > ? AND"
    " ((l.site = ? AND l.register = ?) OR (l.from_site = ? AND l.from_register = ?))"
    f" UNION SELECT {LINE} FROM scan s JOIN line l ON l.serial = s.serial"
    " WHERE s.stocktake = ? AND l.recorded_at > ? ORDER BY 1, 2"
)


def rows_of(store: Store, shelf: Shelf, counted: Stocktake) -> Iterator[Row]:
    """The sheet's lines, by serial, as of now; call it with the journal of the site held."""
    book = (shelf.site, shelf.register)
    opened = _places(store, THEN, (*book, counted.opened_at, counted.opened_at))
    closed = _places(store, f"{NOW} WHERE p.site = ? AND p.register = ?", book)
    scanned = "SELECT DISTINCT s.serial FROM scan s WHERE s.stocktake = ? AND s.serial IS NOT NULL"
    closed |= _places(store, f"{NOW} WHERE p.serial IN ({scanned})", (counted.number,))
    closed |= places_now(store, sorted(opened.keys() - closed.keys()))
    moved: dict[str, list[str]] = defaultdict(list)
    came: dict[str, list[Came]] = defaultdict(list)
    params = (counted.opened_at, *book, *book, counted.number, counted.opened_at)
    for serial, step, document, at, state, register, site, bin_code, model in store.stream(MEANWHILE, params):
        moved[serial].append(document)
        if shelf.holds(Place(state, register, site, bin_code, model, step, document)):
            came[serial].append(Came(at, bin_code))
    decided = decisions(live(store, counted.number), double=counted.double)
    for serial in sorted(opened.keys() | closed.keys() | decided.keys()):
        candidate = Candidate(
            serial,
            opened.get(serial),
            closed.get(serial),
            tuple(moved.get(serial, ())),
            decided.get(serial),
            tuple(came.get(serial, ())),
        )
        row = row_of(shelf, candidate)
        if row is not None:
            yield row


def _places(store: Store, query: str, params: tuple[object, ...]) -> dict[str, Place]:
    return {row[0]: Place(*row[1:]) for row in store.stream(query, params)}
