"""The rows of a count's scans: kept as phones send them, taken in late when it is reopened, and undone."""

from __future__ import annotations

from typing import Any, Literal

from peewee import SQL

from devices.audit.kinds import RUNNING, LateScan, Stocktake
from devices.audit.stocktake.counting import Part
from devices.audit.stocktake.late import keep_late, last_late, late_among, settle_taken, waiting
from devices.audit.stocktake.scans import STANDING, extent, known, last_undoing, lock_of
from devices.journal import Writer
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.audits import Scans, ScanUndos

Outcome = Literal["taken", "duplicate", "unexpected", "unreadable", "refused", "late"]

_EARLIER = compiled(
    Scans.select(Scans.serial, Scans.text, Scans.bin, Scans.outcome).where(
        Scans.stocktake == GIVEN, Scans.id == GIVEN
    )
)
_PART = compiled(Scans.select(Scans.part).where(Scans.stocktake == GIVEN, Scans.id == GIVEN))
_SEEN_BEFORE = compiled(
    Scans.select(Scans.bin)
    .where(Scans.stocktake == GIVEN, Scans.serial == GIVEN, Scans.part == GIVEN, STANDING)
    .order_by(Scans.n.desc())
    .limit(1)
)
_UNDONE = compiled(ScanUndos.select(SQL("1")).where(ScanUndos.stocktake == GIVEN, ScanUndos.id == GIVEN))
_UNDOING = ("stocktake", "id", "made_by", "recorded_at")


class KeptScans:
    """The scans of a stocktake, and those `fresh` ones that are about to be kept too, in the table's columns."""

    def __init__(self, store: Store, number: str) -> None:
        self.store, self.number = store, number
        self.n = extent(store, number).scanned
        self.fresh: list[tuple[Any, ...]] = []
        self.by_id: dict[str, tuple[Any, ...]] = {}

    def earlier(self, scan_id: str) -> tuple[Any, ...] | None:
        """Serial, text, bin and outcome of a scan that is kept."""
        return self.by_id.get(scan_id) or self.store.row(_EARLIER, (self.number, scan_id))

    def has(self, scan_id: str) -> bool:
        """Whether a scan is kept."""
        return self.earlier(scan_id) is not None

    def repeated(self, serial: str, bin_code: str | None, part: Part | None) -> bool:
        """Whether the last scan of a serial in this part was in the same bin."""
        for row in reversed(self.fresh):
            if (row[3], row[6]) == (serial, part):
                return bool(row[5] == bin_code)
        row_before = self.store.row(_SEEN_BEFORE, (self.number, serial, part))
        return row_before is not None and bool(row_before[0] == bin_code)

    def add(
        self, scan_id: str, scanned: tuple[str | None, str, str | None], part: Part | None, outcome: Outcome,
        *, claimed_at: int, at: int, received_at: int, skewed: bool, made_by: str, after_seq: int | None,
    ) -> None:  # fmt: skip
        """Keep one more; `scanned` are its serial, text and bin."""
        self.n += 1
        times = (claimed_at, at, received_at, int(skewed))
        self.fresh.append((self.number, scan_id, self.n, *scanned, part, outcome, *times, made_by, after_seq))
        self.by_id[scan_id] = (*scanned, outcome)

    def take_in(self, late: LateScan) -> None:
        """Keep a late scan as one of the count."""
        outcome: Outcome = "unreadable"
        if late.serial is not None:
            outcome = "duplicate" if self.repeated(late.serial, late.bin, late.part) else "taken"
        self.add(
            late.id, as_scanned(late), late.part, outcome,
            claimed_at=late.claimed_at, at=late.at, received_at=late.received_at,
            skewed=late.skewed, made_by=late.made_by, after_seq=late.placed_after,
        )  # fmt: skip


def take_in(writer: Writer, counted: Stocktake, *, by: str) -> None:
    """Take the late scans of a stocktake that is reopened into it, in order of arrival, after all that it has.

    They keep their times. The undoing of a scan that was explained, and is none of the count, goes on waiting.
    """
    store, number = writer.store, counted.number
    kept, undone_at = KeptScans(store, number), last_undoing(store, number)
    undoings: list[tuple[Any, ...]] = []
    for late in waiting(store, number):
        if late.undoes is None:
            kept.take_in(late)
        elif kept.has(late.undoes):
            undone_at = max(writer.now_us, undone_at + 1)
            undoings.append((number, late.undoes, late.made_by, undone_at))
        else:
            continue
        settle_taken(writer, late, by=by)
    store.insert(Scans, kept.fresh)
    store.insert(ScanUndos, undoings, _UNDOING)


def undo(writer: Writer, number: str, scan_id: str, *, by: str) -> None:
    """Undo one scan; both stay. One that comes when the count takes nothing any more, is kept apart as a late scan is.

    Each undoing is recorded after the one before it, so that a close can say how many of them it knew.
    Raises Refused (`not_found`).
    """
    store = writer.store
    store.lock_journals([lock_of(number)])
    counted = known(store, number)
    row, undoing = store.row(_EARLIER, (number, scan_id)), f"{scan_id}:undo"
    late = late_among(store, number, [scan_id, undoing])
    if row is None and scan_id not in late:
        raise refuse("not_found")
    if store.row(_UNDONE, (number, scan_id)):
        return
    if row is not None and counted.state in RUNNING:
        recorded_at = max(writer.now_us, last_undoing(store, number) + 1)
        store.insert(ScanUndos, [(number, scan_id, by, recorded_at)], _UNDOING)
        return
    if undoing in late:
        return
    serial, text, bin_code = row[:3] if row else as_scanned(late[scan_id])
    part = (store.row(_PART, (number, scan_id)) or (None,))[0] if row else late[scan_id].part
    value = LateScan(
        stocktake=number,
        site=counted.site,
        id=undoing,
        n=last_late(store, number) + 1,
        serial=serial,
        text=text,
        bin=bin_code,
        part=part,
        claimed_at=writer.now_us,
        at=writer.now_us,
        received_at=writer.now_us,
        skewed=False,
        made_by=by,
        undoes=scan_id,
    )
    keep_late(writer, counted, [value])


def as_scanned(late: LateScan) -> tuple[str | None, str, str | None]:
    """What was scanned: serial, text and bin."""
    return late.serial, late.text, late.bin
