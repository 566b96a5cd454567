"""Labels over HTTP: devices, bins, documents and command cards, as PDF, ZPL, SVG or PNG. Nothing is changed by it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.callers.access import READERS
from api.calls import Call, Done, Shown
from devices.ledger.papers.labelled import Wanted, labelled
from labels.barcodes import Dpi, ModuleUm
from labels.label_printing import FORMATS, Format, Order, PrinterFont, printed
from labels.label_stock import OWN_SIZE, Stock, checked, stock_named
from labels.label_values import labels_of
from labels.pdf import A4_MM

MOST_LABELS = 1_000
Mm = Annotated[float, msgspec.Meta(ge=0, le=1000)]
Side = Annotated[float, msgspec.Meta(ge=10, le=1000)]
Offset = Annotated[float, msgspec.Meta(ge=-20, le=20)]
Number = Annotated[int, msgspec.Meta(ge=1, le=100)]


class StockBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A size of one's own: width and height of a label in mm, columns and rows of a page, gaps between.

    `margin_mm` is left and above the first label; without it the labels are in the middle of the page.
    """

    label_mm: tuple[Side, Side]
    columns: Number = 1
    rows: Number = 1
    page_mm: tuple[Side, Side] = A4_MM
    gap_mm: tuple[Mm, Mm] = (0.0, 0.0)
    margin_mm: tuple[Mm, Mm] | None = None


class LabelsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to print, in which format, on which stock: a name or a size of one's own.

    `start` is the first sheet's first free label, `offset_mm` the printer's; `module_um` how wide the narrowest bar
    is; `printer_font` a font with Chinese characters in a ZPL printer.
    """

    format: Format
    what: Annotated[list[Wanted], msgspec.Meta(min_length=1, max_length=MOST_LABELS)]
    stock: Annotated[str, msgspec.Meta(max_length=20)] | StockBody | None = None
    start: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    offset_mm: tuple[Offset, Offset] = (0.0, 0.0)
    module_um: ModuleUm = 250
    dpi: Dpi | None = None
    printer_font: PrinterFont | None = None
    outline: bool = False


def show_labels(call: Call, _: Done) -> Shown:
    """Print labels: a PDF of sheets, ZPL for a thermal printer, or one barcode as a picture."""
    body: LabelsBody = call.body
    order = Order(
        body.format,
        _stock(body.stock),
        body.start,
        body.offset_mm,
        body.module_um,
        body.dpi,
        body.printer_font,
        body.outline,
    )
    found = labelled(
        call.store, body.what, most=MOST_LABELS, reads_documents_of=lambda site: call.who.may(READERS, site)
    )
    drawn = printed(labels_of(found, call.locale), order, call.locale, call.at_us)
    return Shown(drawn, media_type=FORMATS[body.format].media_type)


def _stock(asked: str | StockBody | None) -> Stock | None:
    if asked is None:
        return None
    if isinstance(asked, str):
        return stock_named(asked, "/stock")
    return checked(Stock(OWN_SIZE, **msgspec.structs.asdict(asked)), "/stock")
