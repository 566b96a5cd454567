"""What was scanned in a count: read, placed in the journal, told how far it is, and made a digest of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from peewee import SQL, fn

from devices import records
from devices.audit.kinds import RUNNING, STOCKTAKE, Stocktake
from devices.audit.stocktake.counting import Place, Scan, Shelf, disagreements
from devices.chain import canonical
from devices.journal import head_of, last_by
from devices.moments.spans import SECOND_US, elapsed
from devices.problems import refuse
from devices.serials import shortened
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.audits import Scans, ScanUndos
from devices.store.tables.ledger import Positions, Revisions
from devices.store.tables.registers import Bins
from devices.values import Bin

PLACED_BY_TIME_US = 5 * SECOND_US
"""How far the journal's end may lie in the future and times still tell: a posting may come in just after the scans."""


def place_columns(table: Any) -> tuple[Any, ...]:
    """What of a position or a line makes a Place, in its order."""
    return tuple(getattr(table, name) for name in Place.__struct_fields__)


STANDING = ~fn.EXISTS(
    ScanUndos.select(SQL("1")).where(ScanUndos.stocktake == Scans.stocktake, ScanUndos.id == Scans.id)
)
"""The condition of a scan that was not undone."""
_LAST_NUMBER = compiled(Scans.select(fn.MAX(Scans.n)).where(Scans.stocktake == GIVEN))
_LAST_UNDOING = compiled(ScanUndos.select(fn.MAX(ScanUndos.recorded_at)).where(ScanUndos.stocktake == GIVEN))
_UNDOINGS = compiled(ScanUndos.select(fn.COUNT(ScanUndos.id)).where(ScanUndos.stocktake == GIVEN))
_BINS = compiled(
    Bins.select(Bins.site, Bins.code, Bins.register, Bins.condition, Bins.name, Bins.active).where(
        Bins.site == GIVEN
    )
)
_PLACES = compiled(
    Positions.select(Positions.serial, *place_columns(Positions)).where(Positions.serial.in_(EACH))
)
_OPENED = compiled(
    Revisions.select(Revisions.journal_seq, Revisions.recorded_at).where(
        Revisions.kind == STOCKTAKE.name, Revisions.key == GIVEN, Revisions.revision == 1
    )
)
_LIVE = compiled(
    Scans.select(
        Scans.id, Scans.n, Scans.serial, Scans.bin, Scans.part, Scans.at, Scans.made_by, Scans.after_seq
    )
    .where(Scans.stocktake == GIVEN, Scans.serial.is_null(is_null=False), STANDING)
    .order_by(Scans.n)
)
_COUNTS = compiled(
    Scans.select(fn.COUNT(Scans.id), fn.COUNT(Scans.serial), fn.COUNT(Scans.serial.distinct())).where(
        Scans.stocktake == GIVEN, STANDING
    )
)
_BY_PERSON = compiled(
    Scans.select(Scans.made_by, fn.COUNT(Scans.id))
    .where(Scans.stocktake == GIVEN, STANDING)
    .group_by(Scans.made_by)
    .order_by(Scans.made_by)
)
_SCANNED = compiled(
    Scans.select(
        Scans.stocktake, Scans.id, Scans.n, Scans.serial, Scans.text, Scans.bin, Scans.part, Scans.outcome,
        Scans.claimed_at, Scans.at, Scans.received_at, Scans.skewed, Scans.made_by, Scans.after_seq,
    )
    .where(Scans.stocktake == GIVEN, Scans.n <= GIVEN)
    .order_by(Scans.n)
)  # fmt: skip
"""Every scan up to one, with what the digest is of, in its order; its place in the journal where it has one."""
_earliest = (
    ScanUndos.select(ScanUndos.id, ScanUndos.made_by, ScanUndos.recorded_at)
    .where(ScanUndos.stocktake == GIVEN)
    .order_by(ScanUndos.recorded_at, ScanUndos.id)
    .limit(GIVEN)
)
_FIRST_UNDOINGS = compiled(
    _earliest.select_from(_earliest.c.id, _earliest.c.made_by, _earliest.c.recorded_at).order_by(
        _earliest.c.id
    )
)


def kept_text(text: str) -> str:
    """What was scanned as it can be kept: cut to what a sentence can repeat, unprintable characters shown as such."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in shortened(text))


def lock_of(number: str) -> str:
    """The name under which a stocktake's scans queue; taken after the journals', whose names come before it."""
    return f"stocktake {number}"


def known(store: Store, number: str) -> Stocktake:
    """A stocktake in whatever state. Raises Refused (`not_found`)."""
    found = records.current(store, STOCKTAKE, number)
    if found is None:
        raise refuse("not_found")
    value: Stocktake = found[0]
    return value


def running(store: Store, number: str) -> Stocktake:
    """A stocktake that is being counted. Raises Refused: `not_found`, `stocktake_not_counting`."""
    value = known(store, number)
    if value.state not in RUNNING:
        raise refuse("stocktake_not_counting", stocktake=number, state=value.state)
    return value


def shelf_of(store: Store, counted: Stocktake) -> Shelf:
    """What a stocktake counts, with every bin of its site."""
    rows = store.rows(_BINS, (counted.site,))
    bins = {row[1]: Bin(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows}
    return Shelf(counted.site, counted.register, bins)


def places_now(store: Store, wanted: Sequence[str]) -> dict[str, Place]:
    """Where the books have these serials now; those never held are missing."""
    return {row[0]: Place(*row[1:]) for row in store.rows_in(_PLACES, wanted)}


def live(store: Store, number: str) -> list[Scan]:
    """Every readable scan that was not undone, in order of arrival."""
    return [Scan(*row) for row in store.stream(_LIVE, (number,))]


def disputed(store: Store, counted: Stocktake) -> list[str]:
    """The serials that a double count's recount still has to look at."""
    seen = live(store, counted.number)
    done = {scan.serial for scan in seen if scan.part == "recount"}
    return sorted(set(disagreements(seen)) - done)


class Opened(msgspec.Struct, frozen=True):
    """The link of a site's journal that opened a stocktake, and when that is recorded: what follows came later."""

    seq: int
    recorded_at: int


def opening_of(store: Store, number: str) -> Opened:
    """Where in its site's journal a stocktake was opened."""
    row = store.row(_OPENED, (number,))
    assert row is not None, "a stocktake that nobody opened"
    return Opened(*row)


class Placing:
    """Places the scans of one batch in the journal of their count's site, as of its reception.

    The journal's order decides, not its times: see docs/decisions.md, "A scan is compared with its own moment".
    """

    def __init__(self, store: Store, counted: Stocktake, received_at_us: int) -> None:
        self._store, self._site = store, counted.site
        self._head = head_of(store, counted.site)
        self._opened = opening_of(store, counted.number).seq
        self._ahead = self._head is not None and self._head.recorded_at - received_at_us > PLACED_BY_TIME_US
        self._since_opening_us = elapsed(counted.opened_at, received_at_us)

    def after(self, at_us: int) -> int:
        """The last link that a scan of a moment came after, by the server's clock; not before its count was opened.

        Where the journal is dated ahead of the clock, its times tell nothing: then it came after all that there is.
        """
        assert self._head is not None, "a count without a journal"
        if self._ahead or at_us >= self._head.recorded_at:
            return self._head.seq
        return max(self._opened, last_by(self._store, self._site, at_us))

    def precedes_opening(self, age_us: int, tolerated_us: int) -> bool:
        """Whether a scan so old was made before its count was opened, by more than is tolerated.

        Of a count that was opened by a clock that was ahead, nobody knows.
        """
        return self._since_opening_us is not None and age_us > self._since_opening_us + tolerated_us


class Tally(msgspec.Struct, frozen=True):
    """How far a count is: scans kept and undone, serials seen, unreadable scans, and who counted how many."""

    scans: int
    undone: int
    serials: int
    unreadable: int
    by_person: dict[str, int]


def tally(store: Store, number: str) -> Tally:
    """How far a count is."""
    kept, readable, serials = store.row(_COUNTS, (number,)) or (0, 0, 0)
    undone = store.row(_UNDOINGS, (number,)) or (0,)
    people = store.rows(_BY_PERSON, (number,))
    return Tally(int(kept), int(undone[0]), int(serials), int(kept) - int(readable), dict(people))


class Extent(msgspec.Struct, frozen=True):
    """How far a stocktake's scans went at one moment: up to the `scanned`th, and the first `undone` undoings."""

    scanned: int
    undone: int


def extent(store: Store, number: str) -> Extent:
    """How far a stocktake's scans go now."""
    last = store.row(_LAST_NUMBER, (number,)) or (0,)
    undone = store.row(_UNDOINGS, (number,)) or (0,)
    return Extent(int(last[0] or 0), int(undone[0]))


def last_undoing(store: Store, number: str) -> int:
    """When the last undoing of a stocktake was recorded, 0 where there is none."""
    row = store.row(_LAST_UNDOING, (number,)) or (0,)
    return int(row[0] or 0)


def digest(store: Store, number: str, within: Extent) -> str:
    """A digest of the scans of a stocktake in order, and of their undoings, as far as they went at one moment."""
    total = hashlib.sha256()
    for *row, after_seq in store.stream(_SCANNED, (number, within.scanned)):
        total.update(canonical(row if after_seq is None else (*row, after_seq)))
    for undoing in store.stream(_FIRST_UNDOINGS, (number, within.undone)):
        total.update(canonical(undoing))
    return total.hexdigest()
