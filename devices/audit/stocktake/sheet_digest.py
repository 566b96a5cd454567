"""The digest of a sheet of any size: of the very bytes that are signed, without holding them."""

from __future__ import annotations

import hashlib

from devices.audit.kinds import Stocktake
from devices.audit.stocktake import sheet
from devices.audit.stocktake.late import late_on_sheet
from devices.store.database import Store


def digest_of_sheet(store: Store, counted: Stocktake) -> str:
    """The SHA-256 in hex of `sheet.payload_of` of a closed stocktake's sheet, line by line."""
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
