"""Labels as PDF: on sheets of labels, from any label of the first sheet on, or one to a page of a roll."""

from __future__ import annotations

from collections.abc import Iterable

from devices.problems import refuse
from labels.label_layout import LEAST_POINTS, LINE, Placed, Text, placed, refuse_off_paper
from labels.label_stock import Stock
from labels.label_values import Label
from labels.pdf import FAMILY, MM_PER_POINT, Document

OUTLINE_GREY = 180
NARROWER_MM = 0.01
"""What every bar is narrower than its modules, half of it on either side. Renderers round widths up to whole dots and
make three of a bar a hair wider than two: at 203 dpi 76 of 80 barcodes were unreadable without this, with it none."""


def label_sheets(
    labels: Iterable[Label],
    stock: Stock,
    *,
    title: str,
    at_us: int,
    module_um: int = 250,
    start: int = 1,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    outline: bool = False,
) -> bytes:
    """The labels as a PDF, the first on label `start` of the first sheet, counted from 1 along the rows.

    `offset_mm` moves everything right and down, for a printer that prints beside the labels; `outline` draws the
    labels' edges, to see by how much. Raises Refused: `start_off_sheet`, `offset_off_paper`, and what `placed` refuses.
    """
    if not 1 <= start <= stock.count:
        raise refuse("start_off_sheet", "/start", start=start, count=stock.count)
    document = Document(title, at_us, page_mm=stock.page_mm)
    document.set_line_width(0.1)
    document.set_draw_color(OUTLINE_GREY)
    for index, each in enumerate(placed(labels, stock, module_um / 1000), start=start - 1):
        position = index % stock.count
        if position == 0 or index == start - 1:
            document.add_page()
        left, top = stock.place_mm(position)
        refuse_off_paper(each, stock.label_mm, (left, top), offset_mm, stock.page_mm)
        left, top = left + offset_mm[0], top + offset_mm[1]
        if outline:
            document.rect(left, top, *stock.label_mm)
        draw(document, each, left, top)
    return document.written()


def draw(document: Document, label: Placed, left: float, top: float) -> None:
    """Draw one label whose left and top edge are there, in mm."""
    module, bars_left, half = label.module_mm, left + label.left, NARROWER_MM / 2
    document.fill_rectangles(
        (bars_left + at * module + half, top + label.top, wide * module - NARROWER_MM, label.height)
        for at, wide in label.barcode.bars
    )
    for text in label.texts:
        _write(document, text, left, top)


def _write(document: Document, text: Text, left: float, top: float) -> None:
    shown, points = document.fitting(text.text, text.width, size=text.points, least=LEAST_POINTS)
    document.set_font(FAMILY, size=points)
    document.set_xy(left + text.left, top + text.top)
    document.cell(text.width, text.points * LINE * MM_PER_POINT, shown, align="C")
