"""Every format that labels come in, and how they are ordered: a declared table that the API and the command read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Literal, get_args

import msgspec

from devices.problems import refuse
from labels import barcodes
from labels.barcodes import Dpi, ModuleUm, code128
from labels.label_sheets import label_sheets
from labels.label_stock import STOCK, Pair, Stock
from labels.label_values import Label
from labels.words import Locale, term
from labels.zpl import PRINTER_FONT, zpl

Format = Literal["pdf", "zpl", "svg", "png"]
PrinterFont = Annotated[str, msgspec.Meta(pattern=PRINTER_FONT, max_length=24)]


class Order(msgspec.Struct, frozen=True):
    """How labels are to be printed; what a format has no use for is left aside.

    `stock` and `dpi` None mean the format's usual ones. `start` counts labels from 1 along the rows of the first
    sheet; `offset_mm` moves everything right and down.
    """

    format: Format
    stock: Stock | None = None
    start: int = 1
    offset_mm: Pair = (0.0, 0.0)
    module_um: ModuleUm = 250
    dpi: Dpi | None = None
    printer_font: str | None = None
    outline: bool = False


_Drawing = Callable[[Iterable[Label], Order, Locale, int], bytes]


class Drawn(msgspec.Struct, frozen=True):
    """One format: its media type, and what draws it."""

    media_type: str
    draw: _Drawing


def _pdf(labels: Iterable[Label], order: Order, locale: Locale, at_us: int) -> bytes:
    return label_sheets(
        labels,
        order.stock or STOCK["L7160"],
        title=term("label", "title", locale),
        at_us=at_us,
        module_um=order.module_um,
        start=order.start,
        offset_mm=order.offset_mm,
        outline=order.outline,
    )


def _zpl(labels: Iterable[Label], order: Order, _: Locale, __: int) -> bytes:
    return zpl(
        labels,
        order.stock or STOCK["60x40"],
        dpi=order.dpi or 203,
        module_um=order.module_um,
        printer_font=order.printer_font,
        offset_mm=order.offset_mm,
    )


def _svg(labels: Iterable[Label], order: Order, _: Locale, __: int) -> bytes:
    return barcodes.svg(code128(_only(labels, order).barcode, "/what/0"), module_um=order.module_um)


def _png(labels: Iterable[Label], order: Order, _: Locale, __: int) -> bytes:
    barcode = code128(_only(labels, order).barcode, "/what/0")
    return barcodes.png(barcode, module_um=order.module_um, dpi=order.dpi or 300)


def _only(labels: Iterable[Label], order: Order) -> Label:
    found = list(labels)
    if len(found) != 1:
        raise refuse("one_label_only", "/what", format=order.format, count=len(found))
    return found[0]


FORMATS: dict[Format, Drawn] = {
    "pdf": Drawn("application/pdf", _pdf),
    "zpl": Drawn("application/zpl", _zpl),
    "svg": Drawn("image/svg+xml", _svg),
    "png": Drawn("image/png", _png),
}
assert tuple(FORMATS) == get_args(Format), "every format is drawn"


def printed(labels: Iterable[Label], order: Order, locale: Locale, at_us: int) -> bytes:
    """The labels as ordered; `at_us` is when a PDF says it was made. Raises Refused as the format's drawing does."""
    return FORMATS[order.format].draw(labels, order, locale, at_us)
