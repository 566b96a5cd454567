"""The one writer of xlsx: draws any paper, ready to be printed on A4, a row at a time.

Text is written as text whatever it begins with, so nothing becomes a formula. Each table has a worksheet: the head
stands above the first, the boxes and the proof below the last.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

import segno
from openpyxl import Workbook
from openpyxl.drawing.image import Image
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties

from devices.problems import refuse
from labels.forms.form import Kind
from labels.forms.paper import (
    Below,
    BoxSigned,
    FieldSaid,
    Grid,
    Heading,
    Paper,
    each_copy,
    proof_texts,
    signed_text,
)
from labels.forms.writers.spans import in_lines, width_of
from labels.forms.writers.xlsx_cells import (
    BODY,
    HEADING,
    LABEL,
    MM_PER_CHARACTER,
    MOST_LINES,
    NOTE,
    NOTHING,
    POINTS_PER_LINE,
    TITLE,
    UNDER_TITLE,
    VALUE,
    Drawing,
    Span,
    by_code,
    lines_of,
    piled,
    put,
    safe_text,
)
from labels.forms.writers.xlsx_pages import MARGIN_INCHES, PageEnds
from labels.words import text_of

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

A4 = 9
_ROWS = 1_000_000
"""A worksheet holds 1,048,576 rows, head and foot included."""
BOX_POINTS = 30
FROZEN_POINTS = 160
"""A head higher than this would leave no room on a screen for the rows that scroll below it."""
CODE_MM, EMU_PER_MM = 14, 36_000
SHEET_NAME = re.compile(r"[\[\]:*?/\\']")


def write_xlsx(paper: Paper, file: IO[bytes]) -> None:
    """Draw a paper into `file` as a workbook, row by row; what is not yet saved is on disk, not in memory."""
    book = Workbook(write_only=True)
    book.iso_dates = False
    book.properties.title = safe_text(f"{paper.title} {paper.number}")
    book.properties.creator = safe_text(paper.unit)
    try:
        for each in each_copy(paper):
            for n, grid in enumerate(each.tables):
                last = n + 1 == len(each.tables)
                _write_sheet(book, each, grid, first=n == 0, last=last)
        book.save(file)
    except BaseException:
        _discard(book)
        raise


def _discard(book: Workbook) -> None:
    """Remove the rows that lie in temporary files: they are customers' and people's."""
    for sheet in book.worksheets:
        writer = getattr(sheet, "_writer", None)
        if writer is not None:
            with suppress(Exception):
                sheet.close()
            with suppress(OSError):
                writer.cleanup()


def _write_sheet(book: Workbook, paper: Paper, grid: Grid, *, first: bool, last: bool) -> None:
    sheet: Any = book.create_sheet(SHEET_NAME.sub(" ", " ".join((*paper.copies, grid.title)))[:31])
    widths = [heading.width for heading in grid.columns]
    drawing = Drawing(sheet, widths, paper.locale, PageEnds(widths, landscape=paper.landscape))
    head = [*_head(drawing, paper, grid, first=first), _heading(drawing, grid)]
    _set_up(sheet, paper, grid.columns, drawing)
    if first and paper.code is not None:
        sheet.add_image(_picture(paper.code, len(grid.columns), grid.columns[-1].width))
    for row in head:
        sheet.append(row)
    _write_rows(drawing, grid)
    if last and paper.below is not None:
        _write_below(drawing, paper.below)
    if last:
        _write_foot(drawing, paper)
    for last_row in drawing.ends.after:
        sheet.row_breaks.append(Break(id=last_row))


def _set_up(sheet: Any, paper: Paper, columns: Sequence[Heading], drawn: Drawing) -> None:
    """What is said of a worksheet before its rows; its head is drawn already, down to the heading."""
    for n, heading in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(n)].width = round(heading.width / MM_PER_CHARACTER, 1)
    sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = POINTS_PER_LINE, True
    if drawn.ends.filled <= FROZEN_POINTS:
        sheet.freeze_panes = f"A{drawn.row + 1}"
    sheet.print_title_rows = f"{drawn.row}:{drawn.row}"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.paperSize = A4
    sheet.page_setup.orientation = "landscape" if paper.landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.print_options.horizontalCentered = True
    for side, inches in MARGIN_INCHES.items():
        setattr(sheet.page_margins, side, inches)
    sheet.oddFooter.left.text = _in_footer("  ".join((f"{paper.title} {paper.number}", *paper.copies)))
    sheet.oddFooter.center.text = text_of("form.pages", paper.locale).format(page="&P", pages="&N")
    sheet.oddFooter.right.text = _in_footer(paper.unit)


def _picture(text: str, column: int, width: int) -> Image:
    """A QR code as a picture, quiet zone included, at the right of the title's two lines: of a column so wide in mm."""
    png = io.BytesIO()
    segno.make_qr(text, error="m").save(png, kind="png", scale=8)
    picture, left = Image(png), round(max(0, width - CODE_MM) * EMU_PER_MM)
    size = XDRPositiveSize2D(CODE_MM * EMU_PER_MM, CODE_MM * EMU_PER_MM)
    picture.anchor = OneCellAnchor(AnchorMarker(col=column - 1, colOff=left, row=0), size)
    return picture


def _in_footer(text: str) -> str:
    """A text in which `&` begins no code."""
    return by_code(text).replace("&", "&&")


# --- head, rows, foot


def _head(drawing: Drawing, paper: Paper, grid: Grid, *, first: bool) -> Iterator[list[Any]]:
    every = drawing.every
    title = paper.title if first else f"{paper.title} {grid.title}"
    yield drawing.head_line([(every, title, "text", TITLE)], 26)
    yield drawing.head_line([(every, paper.under, "text", UNDER_TITLE)], 16)
    if first:
        for spans, height in _field_lines(drawing, paper.fields):
            yield drawing.head_line(spans, height)
        if len(paper.tables) > 1:
            yield drawing.head_line([(every, grid.title, "text", NOTE)], 18)


def _field_lines(drawing: Drawing, fields: Sequence[FieldSaid]) -> Iterator[tuple[list[Span], float]]:
    for some in in_lines(fields, len(drawing.pairs)):
        places = [place for pair in drawing.pairs_for(some) for place in (pair.label, pair.value)]
        values: list[tuple[Any, Kind]] = [
            told for field in some for told in ((field.title, "text"), (field.value, field.kind))
        ]
        for piece in piled(values, [width_of(drawing.widths, place) for place in places]):
            spans = [
                (place, value, kind, VALUE if n % 2 else LABEL)
                for n, (place, value, (_, kind)) in enumerate(zip(places, piece, values, strict=True))
            ]
            least = POINTS_PER_LINE * max(field.lines for field in some)
            yield spans, max(least, drawing.height((place, value) for place, value, _, _ in spans))


def _heading(drawing: Drawing, grid: Grid) -> list[Any]:
    """The row that is repeated on every page, as high as its longest title."""
    spans: list[Span] = [
        ((n, n), heading.title, "text", HEADING) for n, heading in enumerate(grid.columns, 1)
    ]
    return drawing.head_line(spans, drawing.height((place, title) for place, title, _, _ in spans))


def _write_rows(drawing: Drawing, grid: Grid) -> None:
    """Write the rows; each column's one cell is filled again for every row, since a row is written at once."""
    kinds = [heading.kind for heading in grid.columns]
    cells = [drawing.cell(kind, BODY) for kind in kinds]
    n = 0
    for n, row in enumerate(grid.rows, 1):
        if n > _ROWS:
            raise refuse("form_too_long", limit=_ROWS)
        _append(drawing, cells, kinds, row)
    if n == 0:
        _append_none(drawing)
    if grid.totals:
        said: list[Kind] = [
            "text" if isinstance(value, str) else kind for value, kind in zip(grid.totals, kinds, strict=True)
        ]
        _append(drawing, [drawing.cell(kind, LABEL) for kind in said], said, grid.totals)


def _append_none(drawing: Drawing) -> None:
    none = text_of("form.none", drawing.locale)
    cells = drawing.line([(drawing.every, none, "text", NOTHING)], POINTS_PER_LINE)
    drawing.ends.add(drawing.row, POINTS_PER_LINE)
    drawing.sheet.append(cells)


def _append(drawing: Drawing, cells: Sequence[Any], kinds: Sequence[Kind], row: Sequence[Any]) -> None:
    most = 1
    for cell, kind, value, width in zip(cells, kinds, row, drawing.widths, strict=True):
        put(cell, value, kind)
        if kind == "text" and value and (len(value) * 2 * MM_PER_CHARACTER > width or "\n" in value):
            most = max(most, lines_of(value, width))
    if most > MOST_LINES:
        for piece in piled(list(zip(row, kinds, strict=True)), drawing.widths):
            _append(drawing, cells, kinds, piece)
        return
    drawing.row += 1
    height = most * POINTS_PER_LINE
    drawing.ends.add(drawing.row, height)
    if most > 1:
        drawing.sheet.row_dimensions[drawing.row].height = height
    drawing.sheet.append(cells)
    if most > 1:
        del drawing.sheet.row_dimensions[drawing.row]  # it is written: 100,000 rows are not remembered


def _write_below(drawing: Drawing, below: Below) -> None:
    """The title and the fields of what stands below the table, as rows of it are: a page may end between them."""
    title: list[Span] = [(drawing.every, below.title, "text", UNDER_TITLE)]
    for spans, height in [([], 8.0), (title, 18.0), *_field_lines(drawing, below.fields)]:
        cells = drawing.line(spans, height)
        drawing.ends.add(drawing.row, height)
        drawing.sheet.append(cells)


def _write_foot(drawing: Drawing, paper: Paper) -> None:
    """The boxes and the proof, never parted from the last rows of the table."""
    lines = list(_foot(drawing, paper))
    if len(lines) > 1:
        drawing.ends.keep_last_rows_with(sum(height for _, height in lines))
    for spans, height in lines:
        drawing.sheet.append(drawing.line(spans, height))


def _foot(drawing: Drawing, paper: Paper) -> Iterator[tuple[list[Span], float]]:
    every = drawing.every
    yield [], 8
    if paper.declared:
        yield [(every, paper.declared, "text", NOTE)], drawing.height([(every, paper.declared)])
    for some in in_lines(paper.boxes, len(drawing.pairs)):
        yield _line_of_boxes(drawing, some)
    for told in proof_texts(paper.proof, paper.locale) if paper.proof else ():
        yield [(every, told, "text", NOTE)], drawing.height([(every, told)])


def _line_of_boxes(drawing: Drawing, boxes: Sequence[BoxSigned]) -> tuple[list[Span], float]:
    spans: list[Span] = []
    for box, pair in zip(boxes, drawing.pairs_for(boxes), strict=True):
        said = signed_text(box, drawing.locale)
        spans += [(pair.label, box.title, "text", LABEL), (pair.value, said, "text", VALUE)]
    height = drawing.height((columns, text) for columns, text, _, _ in spans)
    return spans, max(BOX_POINTS, height + POINTS_PER_LINE)
