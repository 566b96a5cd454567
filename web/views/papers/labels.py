"""Printing labels: of devices by list or by document, of the bins of a site, of a document."""

from __future__ import annotations

from typing import Any, get_args

from devices import records
from devices.ledger.reading import listing
from devices.people.roles import administers
from devices.serials import shortened
from devices.values import Bin
from labels.barcodes import RESOLUTIONS
from labels.label_printing import Format
from labels.label_stock import STOCKS
from web.pages import View

SHEETS: tuple[Format, ...] = ("pdf", "zpl")
"""The formats that are printed; a picture of one barcode is for programs."""
assert set(SHEETS) < set(get_args(Format))
MOST_SERIALS = 1000
"""So many devices of a document are filled in."""
PRINTING = {"formats": SHEETS, "stocks": [stock.name for stock in STOCKS], "resolutions": RESOLUTIONS}
"""What the fields offer that say how labels are printed."""


def labels_page(view: View) -> dict[str, Any]:
    """The forms that print labels; `document` fills them with that document's number and devices."""
    store = view.call.store
    everywhere = administers(view.person)
    bins: dict[str, list[Bin]] = {}
    for each, _ in records.all_current(store, records.BIN):
        if each.active and (everywhere or view.person.reads(each.site)):
            bins.setdefault(each.site, []).append(each)
    number = shortened(view.text("document"))
    return {"bins": bins, "number": number, "serials": _serials(view, number), "printing": PRINTING}


def _serials(view: View, number: str) -> list[str]:
    """The devices that a document moves, as far as its reader reads its site."""
    if not number or not view.person.reads(number.rsplit("-", 2)[0]):
        return []
    found = view.told(listing.document(view.call.store, number, limit=MOST_SERIALS))
    return sorted({line.serial for line in found.lines}) if found else []
