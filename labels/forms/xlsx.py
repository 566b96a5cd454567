"""The one writer of xlsx: draws any paper, ready to be printed on A4, a row at a time.

Text is written as text whatever it begins with, so nothing becomes a formula. Each table has a worksheet: the head
stands above the first, the boxes and the proof below the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

import msgspec
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from devices.problems import refuse
from labels.forms.form import Grid, Heading, Kind, Paper, Said, Signed, proof_texts, signed_text
from labels.forms.spans import Pair, in_lines, pairs_over, whole, width_of
from labels.words import Locale, text_of

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

A4 = 9
ROWS = 1_000_000
"""A worksheet holds 1,048,576 rows, head and foot included."""
CELL_LIMIT = 30_000
"""A cell holds 32,767 characters; what escapes add is room enough between."""
ELLIPSIS = "…"
MARGIN_INCHES = {"left": 0.4, "right": 0.4, "top": 0.5, "bottom": 0.6, "header": 0.25, "footer": 0.25}
FONT = "宋体"
SIZE, TITLE_SIZE, POINTS_PER_LINE, BOX_POINTS = 10, 16, 14.5, 30
MM_PER_CHARACTER = 1.9
"""The width of one Latin letter at size 10; a Chinese one is two."""

FORMATS: dict[Kind, str] = {
    "text": "General",
    "serial": "@",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "money": "#,##0.00",
    "number": "0",
}
AS_TEXT = ("text", "serial")
SIDES: dict[Kind, str] = {"money": "right", "number": "right", "date": "center", "moment": "center"}

_LINE = Side(style="thin", color="808080")
GRID = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
SHADE = PatternFill("solid", fgColor="EDEDED")
BOLD = Font(name=FONT, size=SIZE, bold=True)
PLAIN = Font(name=FONT, size=SIZE)
ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
SHEET_NAME = re.compile(r"[\[\]:*?/\\']")


def write_xlsx(paper: Paper, file: IO[bytes]) -> None:
    """Draw a paper into `file` as a workbook, row by row; what is not yet saved is on disk, not in memory."""
    book = Workbook(write_only=True)
    book.iso_dates = False
    book.properties.title = safe_text(f"{paper.title} {paper.number}")
    book.properties.creator = safe_text(paper.unit)
    try:
        for n, grid in enumerate(paper.tables):
            last = n + 1 == len(paper.tables)
            _write_sheet(book, paper, grid, first=n == 0, last=last)
        book.save(file)
    except BaseException:
        _discard(book)
        raise


def safe_text(text: str) -> str:
    """A text as a cell keeps it: `_x000D_` in it is no escape, what no XML can hold is shown by its code.

    One too long for a cell ends with an ellipsis.
    """
    if len(text) > CELL_LIMIT:
        text = text[: CELL_LIMIT - 1] + ELLIPSIS
    if text.isprintable() and "_x" not in text:
        return text
    kept = ESCAPED.sub("_x005F_", text)
    return UNWRITABLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", kept)


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
    sheet: Any = book.create_sheet(SHEET_NAME.sub(" ", grid.title)[:31])
    drawing = _Drawing(sheet, [heading.width for heading in grid.columns], paper.locale)
    head = list(_head(drawing, paper, grid, first=first))
    heading_row = len(head) + 1
    _set_up(sheet, paper, grid.columns, heading_row)
    for row in head:
        sheet.append(row)
    sheet.append([drawing.cell(each.title, "text", HEADING) for each in grid.columns])
    drawing.row = heading_row
    _write_rows(drawing, grid)
    if last:
        for row in _foot(drawing, paper):
            sheet.append(row)


def _set_up(sheet: Any, paper: Paper, columns: Sequence[Heading], heading_row: int) -> None:
    for n, heading in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(n)].width = round(heading.width / MM_PER_CHARACTER, 1)
    sheet.freeze_panes = f"A{heading_row + 1}"
    sheet.print_title_rows = f"{heading_row}:{heading_row}"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.paperSize = A4
    sheet.page_setup.orientation = "landscape" if paper.landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.print_options.horizontalCentered = True
    for side, inches in MARGIN_INCHES.items():
        setattr(sheet.page_margins, side, inches)
    sheet.oddFooter.left.text = _in_footer(f"{paper.title} {paper.number}")
    sheet.oddFooter.center.text = text_of("form.pages", paper.locale).format(page="&P", pages="&N")
    sheet.oddFooter.right.text = _in_footer(paper.unit)


def _in_footer(text: str) -> str:
    """A text in which `&` begins no code."""
    return UNWRITABLE.sub(" ", text.replace("&", "&&"))


# --- cells


class _Style(msgspec.Struct, frozen=True):
    """How a cell looks, beside what its kind asks for."""

    font: Font = PLAIN
    border: Border | None = None
    fill: PatternFill | None = None
    horizontal: str | None = None
    wrap: bool = True


HEADING = _Style(BOLD, GRID, SHADE, "center")
LABEL = _Style(BOLD, GRID, SHADE)
VALUE = _Style(PLAIN, GRID, None, "left")
BODY = _Style(PLAIN, GRID)
TITLE = _Style(Font(name=FONT, size=TITLE_SIZE, bold=True), horizontal="center", wrap=False)
UNDER_TITLE = _Style(PLAIN, horizontal="center", wrap=False)
NOTE = _Style(PLAIN)


class _Drawing:
    """One worksheet as it is drawn: its columns' widths and the row that was reached."""

    def __init__(self, sheet: Any, widths: Sequence[int], locale: Locale) -> None:
        self.sheet, self.widths, self.locale = sheet, widths, locale
        self.pairs, self.alone = pairs_over(widths), (whole(widths),)
        self.row = 0

    def pairs_for(self, some: Sequence[Any]) -> Sequence[Pair]:
        """The pairs for a line of fields or boxes: side by side, or one alone."""
        return self.pairs if len(some) == len(self.pairs) else self.alone

    def cell(self, value: Any, kind: Kind, style: _Style) -> Any:
        """A cell that is what its kind says."""
        cell = styled(self.sheet, kind, style)
        put(cell, value, kind)
        return cell

    def line(self, spans: Iterable[tuple[tuple[int, int], Any, Kind, _Style]], height: float) -> list[Any]:
        """The cells of the next row, each over the columns it spans."""
        self.row += 1
        cells: list[Any] = [None] * len(self.widths)
        for (first, last), value, kind, style in spans:
            cells += [None] * (last - len(cells))
            for column in range(first, last + 1):
                cells[column - 1] = styled(self.sheet, kind, style)
            put(cells[first - 1], value, kind)
            if last > first:
                where = f"{get_column_letter(first)}{self.row}:{get_column_letter(last)}{self.row}"
                self.sheet.merged_cells.add(where)
        self.sheet.row_dimensions[self.row].height = height
        return cells

    def height(self, spans: Iterable[tuple[tuple[int, int], Any]]) -> float:
        """The height in points of a line of wrapped texts: merged cells do not find it by themselves."""
        lines = (lines_of(str(text), width_of(self.widths, columns)) for columns, text in spans)
        return POINTS_PER_LINE * max(1, *lines, 1)


def styled(sheet: Any, kind: Kind, style: _Style) -> Any:
    """An empty cell of a kind and style."""
    cell = WriteOnlyCell(sheet)
    cell.font = style.font
    if style.border is not None:
        cell.border = style.border
    if style.fill is not None:
        cell.fill = style.fill
    horizontal = style.horizontal or SIDES.get(kind)
    cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=style.wrap)
    cell.number_format = FORMATS[kind]
    if kind == "text":
        cell.quotePrefix = True  # stays text when somebody edits the cell, too
    return cell


def put(cell: Any, value: Any, kind: Kind) -> None:
    """Set a cell's value; text is text, also where it begins like a formula or an error."""
    if value is not None and kind in AS_TEXT:
        cell.value = safe_text(str(value))
        cell.data_type = "s"
    else:
        cell.value = value


def lines_of(text: str, width_mm: float) -> int:
    """How many lines a text takes in a width."""
    room = max(1.0, width_mm / MM_PER_CHARACTER - 1)
    return sum(max(1, -int(-_letters(line) // room)) for line in text.split("\n"))


def _letters(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


# --- head, rows, foot


def _head(drawing: _Drawing, paper: Paper, grid: Grid, *, first: bool) -> Iterator[list[Any]]:
    every = (1, len(drawing.widths))
    title = paper.title if first else f"{paper.title} {grid.title}"
    yield drawing.line([(every, title, "text", TITLE)], 26)
    yield drawing.line([(every, f"{paper.unit}  {paper.number}", "text", UNDER_TITLE)], 16)
    if first:
        yield from _fields(drawing, paper.fields)
        if len(paper.tables) > 1:
            yield drawing.line([(every, grid.title, "text", NOTE)], 18)


def _fields(drawing: _Drawing, fields: Sequence[Said]) -> Iterator[list[Any]]:
    for some in in_lines(fields, len(drawing.pairs)):
        spans: list[Any] = []
        for field, pair in zip(some, drawing.pairs_for(some), strict=True):
            spans += [(pair.label, field.title, "text", LABEL), (pair.value, field.value, field.kind, VALUE)]
        yield drawing.line(spans, drawing.height((columns, text) for columns, text, _, _ in spans))


def _write_rows(drawing: _Drawing, grid: Grid) -> None:
    """Write the rows; each column's one cell is filled again for every row, since a row is written at once."""
    kinds = [heading.kind for heading in grid.columns]
    cells = [styled(drawing.sheet, kind, BODY) for kind in kinds]
    for n, row in enumerate(grid.rows, 1):
        if n > ROWS:
            raise refuse("form_too_long", limit=ROWS)
        _append(drawing, cells, kinds, row)
    if grid.totals:
        said: list[Kind] = [
            "text" if isinstance(value, str) else kind for value, kind in zip(grid.totals, kinds, strict=True)
        ]
        _append(drawing, [styled(drawing.sheet, kind, LABEL) for kind in said], said, grid.totals)


def _append(drawing: _Drawing, cells: Sequence[Any], kinds: Sequence[Kind], row: Sequence[Any]) -> None:
    most = 1
    for cell, kind, value, width in zip(cells, kinds, row, drawing.widths, strict=True):
        put(cell, value, kind)
        if kind == "text" and value and (len(value) * 2 * MM_PER_CHARACTER > width or "\n" in value):
            most = max(most, lines_of(value, width))
    drawing.row += 1
    if most > 1:
        drawing.sheet.row_dimensions[drawing.row].height = most * POINTS_PER_LINE
    drawing.sheet.append(cells)
    if most > 1:
        del drawing.sheet.row_dimensions[drawing.row]  # it is written: 100,000 rows are not remembered


def _foot(drawing: _Drawing, paper: Paper) -> Iterator[list[Any]]:
    every = (1, len(drawing.widths))
    yield drawing.line([], 8)
    if paper.declared:
        yield drawing.line([(every, paper.declared, "text", NOTE)], POINTS_PER_LINE)
    for some in in_lines(paper.boxes, len(drawing.pairs)):
        yield _line_of_boxes(drawing, some)
    for told in proof_texts(paper.proof, paper.locale) if paper.proof else ():
        yield drawing.line([(every, told, "text", NOTE)], drawing.height([(every, told)]))


def _line_of_boxes(drawing: _Drawing, boxes: Sequence[Signed]) -> list[Any]:
    spans: list[Any] = []
    for box, pair in zip(boxes, drawing.pairs_for(boxes), strict=True):
        said = signed_text(box, drawing.locale)
        spans += [(pair.label, box.title, "text", LABEL), (pair.value, said, "text", VALUE)]
    height = drawing.height((columns, text) for columns, text, _, _ in spans)
    return drawing.line(spans, max(BOX_POINTS, height + POINTS_PER_LINE))
