"""What is read of a sheet besides its lines in order: one of them, how many of each result, shortages, the digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from peewee import fn

from devices.audit.kinds import Stocktake
from devices.audit.stocktake import sheet
from devices.audit.stocktake.late import late_on_sheet
from devices.audit.stocktake.scans import places_now
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.audits import SheetRows
from devices.store.tables.ledger import Documents

_ROW = compiled(
    SheetRows.select(SheetRows.content).where(
        SheetRows.stocktake == GIVEN, SheetRows.closing == GIVEN, SheetRows.serial == GIVEN
    )
)
_RESULTS = compiled(
    SheetRows.select(SheetRows.result, fn.COUNT(SheetRows.serial))
    .where(SheetRows.stocktake == GIVEN, SheetRows.closing == GIVEN)
    .group_by(SheetRows.result)
)
_RESULTS_OF = compiled(
    SheetRows.select(SheetRows.serial, SheetRows.result).where(
        SheetRows.stocktake == GIVEN, SheetRows.closing == GIVEN, SheetRows.serial.in_(EACH)
    )
)
_SHORTAGES = compiled(
    Documents.select(Documents.number)
    .where(Documents.under == GIVEN, Documents.type == "shortage")
    .order_by(Documents.number)
)


def sheet_line(store: Store, number: str, closing: int, serial: str) -> sheet.Line | None:
    """The line of one serial on a sheet, with what was said of it; None where the sheet has no such serial."""
    row = store.row(_ROW, (number, closing, serial))
    return sheet.line_of(sheet.decode_row(row[0]), sheet.findings_of(store, number)) if row else None


def lines_by_result(store: Store, number: str, closing: int) -> dict[str, int]:
    """By result: how many lines of a sheet have it; what none has is missing."""
    return dict(store.rows(_RESULTS, (number, closing)))


def results_of(store: Store, number: str, closing: int, serials: Collection[str]) -> dict[str, str]:
    """The results that a sheet has of these serials, by serial; those it does not have are missing."""
    return dict(store.rows_in(_RESULTS_OF, sorted(serials), before=(number, closing)))


def missing_since(store: Store, number: str, serials: Collection[str]) -> list[str]:
    """Those of these serials that are missing by the seal of a stocktake, and have not been found since."""
    posted = set(shortages_of(store, number))
    return [
        serial
        for serial, place in sorted(places_now(store, sorted(serials)).items())
        if place.document in posted
    ]


def shortages_of(store: Store, number: str) -> list[str]:
    """The numbers of the shortages that the seal of a stocktake posted."""
    return [document for (document,) in store.rows(_SHORTAGES, (number,))]


def digest_of_sheet(store: Store, counted: Stocktake) -> str:
    """The SHA-256 in hex of `sheet.payload_of` of a closed stocktake's sheet, of any size: it is never held whole."""
    close = counted.closed
    assert close is not None, "a stocktake that was not closed"
    header = sheet.header_of(store, counted.number, close.closing)
    total = hashlib.sha256(b'{"header":' + sheet.encode(header) + b',"rows":[')
    comma = b""
    for line in sheet.lines_of(store, counted.number, close.closing):
        total.update(comma + sheet.encode(line))
        comma = b","
    late = late_on_sheet(store, counted)
    total.update(b"]" + (b',"late":' + sheet.encode(late) if late else b"") + b"}")
    return total.hexdigest()
