"""What `panku verify` asks of stocktakes: scans and sheets are those that were closed, signatures hold over them.

A late scan is covered as a record; what is asked of it is whether what was done with it was done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from peewee import SQL, fn

from devices.audit.kinds import LATE_SCAN, LATE_SCANS, STOCKTAKE, Close, LateScan, Stocktake
from devices.audit.signature_checks import signature_faults
from devices.audit.stocktake import sheet
from devices.audit.stocktake.disclosures import disclosed_by, kept
from devices.audit.stocktake.scans import Extent, digest, extent
from devices.audit.stocktake.stocktakes import SIGNING_ROLES, payload_of
from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.ledger.proving.verify import foreign_values
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables import name_of
from devices.store.tables.audits import Disclosures, Scans, ScanUndos, SheetRows, Sheets
from devices.store.tables.columns import Table
from devices.store.tables.ledger import Records, Revisions

_Value = TypeVar("_Value", bound=msgspec.Struct)
_REVISIONS = compiled(
    Revisions.select(Revisions.content)
    .where(Revisions.kind == STOCKTAKE.name)
    .order_by(Revisions.key, Revisions.revision)
)
_LATE = compiled(Records.select(Records.content).where(Records.kind == LATE_SCAN.name).order_by(Records.key))
_TAKEN_IN = compiled(
    Scans.select(
        Scans.serial, Scans.text, Scans.bin, Scans.part, Scans.claimed_at, Scans.at, Scans.received_at,
        Scans.skewed, Scans.made_by, Scans.after_seq,
    ).where(Scans.stocktake == GIVEN, Scans.id == GIVEN)
)  # fmt: skip
_UNDONE_BY = compiled(
    ScanUndos.select(ScanUndos.made_by).where(ScanUndos.stocktake == GIVEN, ScanUndos.id == GIVEN)
)
_SHEETS = compiled(Sheets.select(Sheets.stocktake, Sheets.closing).order_by(Sheets.stocktake, Sheets.closing))


def _without(stray: Any, owner: type[Table], *same: Any) -> Any:
    """The stocktakes of those rows of a table that have no row of `owner` with the same values."""
    there: Any = owner
    return stray.select(stray.stocktake).where(~fn.EXISTS(there.select(SQL("1")).where(*same)))


def _stocktake_of(stray: Any) -> tuple[Any, ...]:
    return (Records.kind == STOCKTAKE.name, Records.key == stray.stocktake)


STRAY: dict[str, str] = {
    name_of(Scans): compiled(_without(Scans, Records, *_stocktake_of(Scans)).distinct()),
    name_of(Disclosures): compiled(_without(Disclosures, Records, *_stocktake_of(Disclosures)).distinct()),
    name_of(Sheets): compiled(_without(Sheets, Records, *_stocktake_of(Sheets))),
    name_of(ScanUndos): compiled(
        _without(ScanUndos, Scans, Scans.stocktake == ScanUndos.stocktake, Scans.id == ScanUndos.id)
    ),
    name_of(SheetRows): compiled(
        _without(
            SheetRows, Sheets, Sheets.stocktake == SheetRows.stocktake, Sheets.closing == SheetRows.closing
        ).distinct()
    ),
}
"""By table: rows that belong to nothing."""


def stocktake_faults(store: Store) -> Iterator[Fault]:
    """Everything wrong with counts, their sheets and the signatures over them."""
    for table, query in STRAY.items():
        for (number,) in store.rows(query):
            yield Fault(table, number, "it belongs to no stocktake, scan or sheet that there is")
    yield from foreign_values(store, sorted(STRAY))
    revisions = [_decoded(content, Stocktake) for (content,) in store.rows(_REVISIONS)]
    stocktakes = [
        each for each in revisions if each is not None
    ]  # what can not be read is told of its revision
    closes = {(each.number, each.closed.closing): each.closed for each in stocktakes if each.closed}
    latest = {each.number: each for each in stocktakes}
    yield from _sheets(store, closes)
    for (number, _), close in closes.items():
        still = latest[number].closed == close
        yield from _scans(store, number, close, still=still)
        yield from _disclosures(store, latest[number], close, still=still)
    yield from _late_scans(store, latest)
    for counted in latest.values():
        yield from _signatures(store, counted)


def _scans(store: Store, number: str, close: Close, *, still: bool) -> Iterator[Fault]:
    """What every close was made of is there, also of those that a reopening set aside; nothing follows one that is
    `still` the count's close."""
    if not still and (close.scanned is None or close.undone is None):
        return
    try:
        within = extent(store, number) if still else Extent(close.scanned or 0, close.undone or 0)
        holds = digest(store, number, within) == close.scans
    except UNREADABLE:
        holds = False
    if not holds:
        yield Fault("scan", number, "the scans are not those that were counted at the close")


def _disclosures(store: Store, counted: Stocktake, close: Close, *, still: bool) -> Iterator[Fault]:
    """What a sheet lists as disclosed is what was kept and posted by then; one of the first format lists nothing.

    Nothing follows the sheet that is `still` the count's.
    """
    try:
        header = sheet.header_of(store, counted.number, close.closing)
        if header.format < sheet.DISCLOSING:
            return
        count = sum(len(each.serials) for each in header.disclosed)
        holds = disclosed_by(store, counted, header.seq, count) == header.disclosed
        holds &= not still or kept(store, counted.number) == count
    except (AssertionError, *UNREADABLE):
        holds = False
    if not holds:
        yield Fault("disclosure", counted.number, "the sheet lists others than there are")


def _sheets(store: Store, closes: Mapping[tuple[str, int], Close]) -> Iterator[Fault]:
    for (number, closing), close in closes.items():
        if sheet.stored_digest(store, number, closing) != close.rows:
            yield Fault("sheet", f"{number}/{closing}", "it is not what the stocktake was closed with")
    for number, closing in store.rows(_SHEETS):
        if (number, closing) not in closes:
            yield Fault("sheet", f"{number}/{closing}", "no close made it")


def _signatures(store: Store, counted: Stocktake) -> Iterator[Fault]:
    if counted.closed is None:
        return
    try:
        payload = payload_of(store, counted)
    except (AssertionError, *UNREADABLE):
        return  # the sheet itself is wrong, or what was said of it, which has been told
    yield from signature_faults(store, payload, SIGNING_ROLES if counted.state == "sealed" else ())


def _late_scans(store: Store, latest: Mapping[str, Stocktake]) -> Iterator[Fault]:
    """They are numbered without a gap; what was taken in is there as it came; none waits on a sheet that is sealed."""
    found: dict[str, list[LateScan]] = defaultdict(list)
    for (content,) in store.rows(_LATE):
        if (late := _decoded(content, LateScan)) is not None:
            found[late.stocktake].append(late)
    for number, scans in found.items():
        counted = latest.get(number)
        if counted is None or sorted(each.n for each in scans) != list(range(1, len(scans) + 1)):
            yield Fault("late_scan", number, "they belong to no stocktake, or their numbers have a gap")
        for each in scans:
            if each.state == LATE_SCANS.step["take_in"].after and not _is_taken_in(store, each):
                yield Fault(
                    "late_scan", LATE_SCAN.key(each), "it was taken in, and is not among the scans as it came"
                )
            if counted and each.state == LATE_SCANS.begins and each.n <= counted.late:
                yield Fault(
                    "late_scan", LATE_SCAN.key(each), "it waits to be settled on a sheet that is sealed"
                )


def _is_taken_in(store: Store, late: LateScan) -> bool:
    if late.undoes is not None:
        return store.row(_UNDONE_BY, (late.stocktake, late.undoes)) == (late.made_by,)
    return store.row(_TAKEN_IN, (late.stocktake, late.id)) == (
        late.serial, late.text, late.bin, late.part, late.claimed_at, late.at, late.received_at,
        int(late.skewed), late.made_by, late.placed_after,
    )  # fmt: skip


def _decoded(content: str, kind: type[_Value]) -> _Value | None:
    try:
        return msgspec.json.decode(content, type=kind)
    except UNREADABLE:
        return None
