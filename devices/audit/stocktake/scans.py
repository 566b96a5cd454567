"""Taking scans: each is kept once by its id, an undo is kept too, and a repeated one changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from peewee import SQL, fn

from devices import records
from devices.audit.kinds import RUNNING, STOCKTAKE, Stocktake
from devices.audit.stocktake.counting import Part, Place, Scan, Shelf, disagreements
from devices.chain import canonical
from devices.people.roles import Person
from devices.problems import Fact, Problem, refuse
from devices.serials import recognise, shortened
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.audits import Scans, ScanUndos
from devices.store.tables.ledger import Positions
from devices.store.tables.registers import Bins
from devices.values import Bin

SKEW_US = 60_000_000
"""How far a phone's clock may be off before the scan is flagged, and before the opening a scan may claim to be."""

Outcome = Literal["taken", "duplicate", "unexpected", "unreadable", "refused"]
ALLOWED_PARTS: dict[tuple[bool, str], tuple[Part, ...]] = {
    (False, "counting"): ("single",),
    (True, "counting"): ("storekeeper", "auditor"),
    (True, "recounting"): ("recount",),
}
"""Which part a scan may be of, by whether the count is double and by its state."""
PART_OF_ROLE: dict[str, Part] = {"storekeeper": "storekeeper", "auditor": "auditor"}


def place_columns(table: Any) -> tuple[Any, ...]:
    """What of a position or a line makes a Place, in its order."""
    return tuple(getattr(table, name) for name in Place.__struct_fields__)


STANDING = ~fn.EXISTS(
    ScanUndos.select(SQL("1")).where(ScanUndos.stocktake == Scans.stocktake, ScanUndos.id == Scans.id)
)
"""The condition of a scan that was not undone."""
_KEPT = compiled(Scans.select(Scans.id).where(Scans.stocktake == GIVEN, Scans.id.in_(EACH)))
_EARLIER = compiled(
    Scans.select(Scans.serial, Scans.text, Scans.bin, Scans.outcome).where(
        Scans.stocktake == GIVEN, Scans.id == GIVEN
    )
)
_SEEN_BEFORE = compiled(
    Scans.select(Scans.bin)
    .where(Scans.stocktake == GIVEN, Scans.serial == GIVEN, Scans.part == GIVEN, STANDING)
    .order_by(Scans.n.desc())
    .limit(1)
)
_LAST_NUMBER = compiled(Scans.select(fn.MAX(Scans.n)).where(Scans.stocktake == GIVEN))
_UNDONE = compiled(ScanUndos.select(SQL("1")).where(ScanUndos.stocktake == GIVEN, ScanUndos.id == GIVEN))
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
_LIVE = compiled(
    Scans.select(Scans.id, Scans.n, Scans.serial, Scans.bin, Scans.part, Scans.at, Scans.made_by)
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
        Scans.claimed_at, Scans.at, Scans.received_at, Scans.skewed, Scans.made_by,
    )
    .where(Scans.stocktake == GIVEN, Scans.n <= GIVEN)
    .order_by(Scans.n)
)  # fmt: skip
"""Every scan up to one, with what the digest is of, in its order."""
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


class Sent(msgspec.Struct, frozen=True):
    """One scan as a phone sent it; `at_us` is the phone's clock."""

    id: str
    text: str
    bin: str | None
    at_us: int
    part: Part | None = None


class Taken(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one scan.

    `unexpected` (only of an open count) says where the device belongs; `unreadable` and `refused` have the problem.
    A refused scan is not kept; `kept_now` tells a scan that just was from one that had been sent before.
    """

    id: str
    outcome: Outcome
    serial: str | None = None
    belongs: Place | None = None
    problem: Problem | None = None
    kept_now: bool = False


def take(
    store: Store, number: str, scans: Sequence[Sent], *, sent_at_us: int, received_at_us: int, by: Person
) -> list[Taken]:
    """Keep a batch of scans, within `store.writing()`; an outcome for each, in their order.

    A scan's time is the phone's, corrected by how far `sent_at_us` is off, and kept between opening and reception.
    Raises Refused: `not_found`, `stocktake_not_counting`; nothing is kept then, and the phone still has everything.
    """
    store.lock_journals([lock_of(number)])
    counted = taking(store, number, [sent.id for sent in scans])
    desk = _Desk(store, counted, by, received_at_us - sent_at_us, received_at_us)
    done = [desk.take(sent, sent_at_us) for sent in scans]
    store.insert(Scans, desk.fresh)
    return done


def undo(store: Store, number: str, scan_id: str, *, by: str, at_us: int) -> None:
    """Undo one scan, within `store.writing()`; both stay. Raises Refused: `not_found`, `stocktake_not_counting`.

    Each undoing is recorded after the one before it, so that a close can say how many of them it knew.
    """
    store.lock_journals([lock_of(number)])
    running(store, number)
    if not store.row(_EARLIER, (number, scan_id)):
        raise refuse("not_found")
    if not store.row(_UNDONE, (number, scan_id)):
        row = store.row(_LAST_UNDOING, (number,))
        recorded_at = max(at_us, int(row[0]) + 1) if row and row[0] is not None else at_us
        columns = ("stocktake", "id", "made_by", "recorded_at")
        store.insert(ScanUndos, [(number, scan_id, by, recorded_at)], columns)


def kept_text(text: str) -> str:
    """What was scanned as it can be kept: cut to what a sentence can repeat, unprintable characters shown as such."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in shortened(text))


def lock_of(number: str) -> str:
    """The name under which a stocktake's scans queue; taken after the journals', whose names come before it."""
    return f"stocktake {number}"


def taking(store: Store, number: str, ids: Sequence[str]) -> Stocktake:
    """A stocktake that takes these scans: one that is counted, or any that has kept them all already.

    So a phone whose answer was lost on the way learns that nothing was, even once the count is closed.
    """
    found = records.current(store, STOCKTAKE, number)
    if found is not None and found[0].state not in RUNNING:
        wanted = set(ids)
        if len(store.rows_in(_KEPT, wanted, before=(number,))) == len(wanted):
            value: Stocktake = found[0]
            return value
    return running(store, number)


def running(store: Store, number: str) -> Stocktake:
    """A stocktake that is being counted. Raises Refused: `not_found`, `stocktake_not_counting`."""
    found = records.current(store, STOCKTAKE, number)
    if found is None:
        raise refuse("not_found")
    value: Stocktake = found[0]
    if value.state not in RUNNING:
        raise refuse("stocktake_not_counting", stocktake=number, state=value.state)
    return value


def shelf_of(store: Store, counted: Stocktake) -> Shelf:
    """What a stocktake counts, with every bin of its site."""
    rows = store.rows(_BINS, (counted.site,))
    bins = {row[1]: Bin(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows}
    return Shelf(counted.site, counted.register, bins)


class _Desk:
    """One batch being taken: what was there before, and what is new."""

    def __init__(
        self, store: Store, counted: Stocktake, by: Person, offset_us: int, received_at_us: int
    ) -> None:
        self.store, self.counted, self.by = store, counted, by
        self.offset_us, self.received_at_us = offset_us, received_at_us
        self.shelf = shelf_of(store, counted)
        self.fresh: list[tuple[Any, ...]] = []
        self.by_id: dict[str, tuple[Any, ...]] = {}
        row = store.row(_LAST_NUMBER, (counted.number,))
        self.n = int(row[0] or 0) if row else 0

    def take(self, sent: Sent, sent_at_us: int) -> Taken:
        earlier = self._earlier(sent.id)
        if earlier is not None:
            return self._again(sent, earlier)
        part = sent.part or self._own_part()
        problem = self._problem(sent, part, sent_at_us)
        if problem is not None:
            return Taken(sent.id, "refused", problem=problem)
        serial = recognise(sent.text)
        if isinstance(serial, Problem):
            self._keep(sent, None, part, "unreadable")
            return Taken(sent.id, "unreadable", problem=serial, kept_now=True)
        place = self._place(serial)
        outcome: Outcome = "taken"
        if self._repeated(serial, sent.bin, part):
            outcome = "duplicate"
        elif self.counted.method == "open" and not self._belongs(place, sent.bin):
            outcome = "unexpected"
        self._keep(sent, serial, part, outcome)
        belongs = place if outcome == "unexpected" else None
        return Taken(sent.id, outcome, serial, belongs, kept_now=True)

    def _belongs(self, place: Place | None, bin_code: str | None) -> bool:
        """Whether a device is counted here and, where a bin was scanned, belongs into that one."""
        return place is not None and self.shelf.holds(place) and bin_code in (None, place.bin)

    def _earlier(self, scan_id: str) -> tuple[Any, ...] | None:
        if scan_id in self.by_id:
            return self.by_id[scan_id]
        return self.store.row(_EARLIER, (self.counted.number, scan_id))

    def _again(self, sent: Sent, earlier: tuple[Any, ...]) -> Taken:
        serial, text, bin_code, outcome = earlier
        if (text, bin_code) != (kept_text(sent.text), sent.bin):
            facts: dict[str, Fact] = {"id": sent.id, "serial": kept_text(sent.text)}
            return Taken(sent.id, "refused", problem=Problem("scan_id_reused", "", facts))
        if outcome == "unreadable":
            problem = recognise(sent.text)
            return Taken(sent.id, outcome, problem=problem if isinstance(problem, Problem) else None)
        return Taken(sent.id, outcome, serial, self._place(serial) if outcome == "unexpected" else None)

    def _own_part(self) -> Part | None:
        allowed = ALLOWED_PARTS.get((self.counted.double, self.counted.state), ())
        if len(allowed) == 1:
            return allowed[0]
        roles = [role for role, site in self.by.roles if site == self.counted.site]
        return next((PART_OF_ROLE[role] for role in roles if role in PART_OF_ROLE), None)

    def _problem(self, sent: Sent, part: Part | None, sent_at_us: int) -> Problem | None:
        """Why a scan is refused, or None."""
        text = kept_text(sent.text)
        if part not in ALLOWED_PARTS.get((self.counted.double, self.counted.state), ()):
            return Problem("wrong_part", "/count", {"serial": text, "part": part})
        if part in PART_OF_ROLE.values() and part != self._own_part():
            return Problem("wrong_part", "/count", {"serial": text, "part": part})
        if sent.at_us > sent_at_us:
            return Problem("scan_in_future", "/at", {"serial": text})
        if sent.at_us + self.offset_us < self.counted.opened_at - SKEW_US:
            return Problem("scan_before_opening", "/at", {"serial": text, "stocktake": self.counted.number})
        if sent.bin is not None and sent.bin not in self.shelf.bins:
            return Problem("unknown_bin", "/bin", {"bin": sent.bin, "site": self.counted.site})
        return None

    def _place(self, serial: str) -> Place | None:
        return places_now(self.store, [serial]).get(serial)

    def _repeated(self, serial: str, bin_code: str | None, part: Part | None) -> bool:
        for row in reversed(self.fresh):
            if (row[3], row[6]) == (serial, part):
                return bool(row[5] == bin_code)
        row_before = self.store.row(_SEEN_BEFORE, (self.counted.number, serial, part))
        return row_before is not None and bool(row_before[0] == bin_code)

    def _keep(self, sent: Sent, serial: str | None, part: Part | None, outcome: Outcome) -> None:
        self.n += 1
        corrected = min(max(sent.at_us + self.offset_us, self.counted.opened_at), self.received_at_us)
        corrected = max(corrected, self.counted.opened_at)
        skewed = int(abs(self.offset_us) > SKEW_US)
        text = kept_text(sent.text)
        self.fresh.append(
            (
                self.counted.number, sent.id, self.n, serial, text, sent.bin, part, outcome, sent.at_us, corrected,
                self.received_at_us, skewed, self.by.username,
            )
        )  # fmt: skip
        self.by_id[sent.id] = (serial, text, sent.bin, outcome)


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


def digest(store: Store, number: str, within: Extent) -> str:
    """A digest of the scans of a stocktake in order, and of their undoings, as far as they went at one moment."""
    each: Iterable[tuple[Any, ...]]
    total = hashlib.sha256()
    for each in (
        store.stream(_SCANNED, (number, within.scanned)),
        store.stream(_FIRST_UNDOINGS, (number, within.undone)),
    ):
        for row in each:
            total.update(canonical(row))
    return total.hexdigest()
