"""What `panku verify` asks of stocktakes: scans and sheets are those that were closed, signatures hold over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from peewee import SQL, fn

from devices.audit.kinds import STOCKTAKE, Close, Stocktake
from devices.audit.signature_checks import signature_faults
from devices.audit.stocktake import sheet
from devices.audit.stocktake.disclosures import disclosed_by, kept
from devices.audit.stocktake.scans import Extent, digest, extent
from devices.audit.stocktake.stocktakes import SIGNING_ROLES, payload_of
from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.ledger.proving.verify import foreign_values
from devices.store.database import Store
from devices.store.statements import compiled
from devices.store.tables import name_of
from devices.store.tables.audits import Disclosures, Scans, ScanUndos, SheetRows, Sheets
from devices.store.tables.columns import Table
from devices.store.tables.ledger import Records, Revisions

_REVISIONS = compiled(
    Revisions.select(Revisions.content)
    .where(Revisions.kind == STOCKTAKE.name)
    .order_by(Revisions.key, Revisions.revision)
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
    revisions = [_decoded(content) for (content,) in store.rows(_REVISIONS)]
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


def _decoded(content: str) -> Stocktake | None:
    try:
        return msgspec.json.decode(content, type=Stocktake)
    except UNREADABLE:
        return None
