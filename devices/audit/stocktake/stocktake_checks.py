"""What `panku verify` asks of stocktakes: scans and sheets are those that were closed, signatures hold over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from devices.audit.kinds import STOCKTAKE, Close, Stocktake
from devices.audit.signature_checks import signature_faults
from devices.audit.stocktake import sheet
from devices.audit.stocktake.scans import Extent, digest, extent
from devices.audit.stocktake.stocktakes import SIGNING_ROLES, payload_of
from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.ledger.proving.verify import foreign_values
from devices.store.database import Store

REVISIONS = "SELECT content FROM revision WHERE kind = ? ORDER BY key, revision"
TABLES = ("scan", "scan_undo", "sheet", "sheet_row")
STRAY = {
    "scan": "SELECT DISTINCT stocktake FROM scan s WHERE NOT EXISTS"
    " (SELECT 1 FROM record r WHERE r.kind = 'stocktake' AND r.key = s.stocktake)",
    "sheet": "SELECT s.stocktake FROM sheet s WHERE NOT EXISTS"
    " (SELECT 1 FROM record r WHERE r.kind = 'stocktake' AND r.key = s.stocktake)",
    "scan_undo": "SELECT u.stocktake FROM scan_undo u WHERE NOT EXISTS"
    " (SELECT 1 FROM scan s WHERE s.stocktake = u.stocktake AND s.id = u.id)",
    "sheet_row": "SELECT DISTINCT r.stocktake FROM sheet_row r WHERE NOT EXISTS"
    " (SELECT 1 FROM sheet s WHERE s.stocktake = r.stocktake AND s.closing = r.closing)",
}
"""By table: rows that belong to nothing."""


def stocktake_faults(store: Store) -> Iterator[Fault]:
    """Everything wrong with counts, their sheets and the signatures over them."""
    for table, query in STRAY.items():
        for (number,) in store.rows(query):
            yield Fault(table, number, "it belongs to no stocktake, scan or sheet that there is")
    yield from foreign_values(store, TABLES)
    revisions = [_decoded(content) for (content,) in store.rows(REVISIONS, (STOCKTAKE.name,))]
    stocktakes = [
        each for each in revisions if each is not None
    ]  # what can not be read is told of its revision
    closes = {(each.number, each.closed.closing): each.closed for each in stocktakes if each.closed}
    latest = {each.number: each for each in stocktakes}
    yield from _sheets(store, closes)
    for (number, _), close in closes.items():
        yield from _scans(store, number, close, still=latest[number].closed == close)
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


def _sheets(store: Store, closes: Mapping[tuple[str, int], Close]) -> Iterator[Fault]:
    for (number, closing), close in closes.items():
        if sheet.stored_digest(store, number, closing) != close.rows:
            yield Fault("sheet", f"{number}/{closing}", "it is not what the stocktake was closed with")
    for number, closing in store.rows("SELECT stocktake, closing FROM sheet ORDER BY stocktake, closing"):
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
