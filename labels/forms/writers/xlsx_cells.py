"""The cells of a worksheet: how they look, what their kinds ask for, and how high their texts are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from functools import lru_cache
from typing import Any

import msgspec
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from labels.forms.form import Kind
from labels.forms.writers.spans import Pair, pairs_over, whole, width_of
from labels.forms.writers.wrapping import broken, is_wide
from labels.forms.writers.xlsx_pages import PageEnds
from labels.words import Locale

CELL_LIMIT = 30_000
"""A cell holds 32,767 characters; what escapes add is room enough between."""
_ELLIPSIS = "…"
FONT = "宋体"
SIZE, TITLE_SIZE, POINTS_PER_LINE = 10, 16, 14.5
MOST_LINES = 20
"""So many lines a row is high at most: spreadsheets show no row higher than 409 points, and cut what is left."""
MM_PER_CHARACTER = 1.9
"""The width of one Latin letter at size 10; a Chinese one is two."""
LETTER = 1.15
"""What a letter takes of that, where another font stands in for ours."""

_FORMATS: dict[Kind, str] = {
    "text": "General",
    "serial": "@",
    "barcode": "@",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "money": "#,##0.00",
    "number": "0",
    "ordinal": "0",
}
AS_TEXT = ("text", "serial", "barcode")
SIDES: dict[Kind, str] = {
    "money": "right",
    "number": "right",
    "ordinal": "center",
    "date": "center",
    "moment": "center",
}

_LINE = Side(style="thin", color="808080")
GRID = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
SHADE = PatternFill("solid", fgColor="EDEDED")
BOLD = Font(name=FONT, size=SIZE, bold=True)
_PLAIN = Font(name=FONT, size=SIZE)
ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
SHOWN_BY_CODE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""What no XML can hold, and what turns the order of the letters after it around."""


def safe_text(text: str) -> str:
    """A text as a cell keeps it: `_x000D_` in it is no escape, what may not be in a cell is shown by its code.

    One too long for a cell ends with an ellipsis.
    """
    if len(text) > CELL_LIMIT:
        text = text[: CELL_LIMIT - 1] + _ELLIPSIS
    if text.isprintable() and "_x" not in text:
        return text
    return by_code(ESCAPED.sub("_x005F_", text))


def by_code(text: str) -> str:
    """A text with what may not be in a cell shown by its code."""
    return SHOWN_BY_CODE.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


class Style(msgspec.Struct, frozen=True):
    """How a cell looks, beside what its kind asks for."""

    font: Font = _PLAIN
    border: Border | None = None
    fill: PatternFill | None = None
    horizontal: str | None = None
    wrap: bool = True


HEADING = Style(BOLD, GRID, SHADE, "center")
LABEL = Style(BOLD, GRID, SHADE)
VALUE = Style(_PLAIN, GRID, None, "left")
BODY = Style(_PLAIN, GRID)
TITLE = Style(Font(name=FONT, size=TITLE_SIZE, bold=True), horizontal="center", wrap=False)
UNDER_TITLE = Style(_PLAIN, horizontal="center", wrap=False)
NOTE = Style(_PLAIN)
NOTHING = Style(_PLAIN, GRID, None, "center")

Span = tuple[tuple[int, int], Any, Kind, Style]
"""The columns that a cell goes over, from 1, both ends included; its value, kind and style."""


class Drawing:
    """One worksheet as it is drawn: its columns' widths, the row that was reached, and where its pages end."""

    def __init__(self, sheet: Any, widths: Sequence[int], locale: Locale, ends: PageEnds) -> None:
        self.sheet, self.widths, self.locale, self.ends = sheet, widths, locale, ends
        self.every = (1, len(widths))
        self.pairs, self.alone = pairs_over(widths), (whole(widths),)
        self.row = 0
        self._cells: dict[tuple[Kind, Style], Any] = {}

    def pairs_for(self, some: Sequence[Any]) -> Sequence[Pair]:
        """The pairs for a line of fields or boxes: side by side, or one alone."""
        return self.pairs if len(some) == len(self.pairs) else self.alone

    def head_line(self, spans: Iterable[Span], height: float) -> list[Any]:
        """The cells of the next row above the table."""
        cells = self.line(spans, height)
        self.ends.head(self.row, height)
        return cells

    def line(self, spans: Iterable[Span], height: float) -> list[Any]:
        """The cells of the next row, each over the columns it spans."""
        self.row += 1
        cells: list[Any] = [None] * len(self.widths)
        for (first, last), value, kind, style in spans:
            cells += [None] * (last - len(cells))
            for column in range(first, last + 1):
                cells[column - 1] = self.cell(kind, style)
            put(cells[first - 1], value, kind)
            if last > first:
                where = f"{get_column_letter(first)}{self.row}:{get_column_letter(last)}{self.row}"
                self.sheet.merged_cells.add(where)
        self.sheet.row_dimensions[self.row].height = height
        return cells

    def cell(self, kind: Kind, style: Style) -> Any:
        """An empty cell of a kind and style. The workbook is asked for each of them once: it compares whole styles."""
        if (kind, style) not in self._cells:
            self._cells[kind, style] = _styled(self.sheet, kind, style)
        return copy(self._cells[kind, style])

    def height(self, spans: Iterable[tuple[tuple[int, int], Any]]) -> float:
        """The height in points of a line of wrapped texts: merged cells do not find it by themselves."""
        lines = (
            lines_of("" if text is None else str(text), width_of(self.widths, place)) for place, text in spans
        )
        return POINTS_PER_LINE * max(1, *lines, 1)


def _styled(sheet: Any, kind: Kind, style: Style) -> Any:
    cell = WriteOnlyCell(sheet)
    cell.font = style.font
    if style.border is not None:
        cell.border = style.border
    if style.fill is not None:
        cell.fill = style.fill
    horizontal = style.horizontal or SIDES.get(kind)
    cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=style.wrap)
    cell.number_format = _FORMATS[kind]
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


@lru_cache(maxsize=512)
def lines_of(text: str, width_mm: float) -> int:
    """How many lines a text takes in a width."""
    return len(in_lines_of(text, width_mm))


def in_lines_of(text: str, width_mm: float) -> list[str]:
    """A text in the lines that it takes in a width, with its own line breaks at their ends."""
    room = max(2.0, width_mm / MM_PER_CHARACTER - 1)
    parts = [part + "\n" for part in text.split("\n")]
    parts[-1] = parts[-1][:-1]
    return [line for part in parts for line in broken(part, room, _letter)]


def _letter(letter: str) -> float:
    return 0 if letter == "\n" else 2 if is_wide(letter) else LETTER


def pieces_of(text: str, width_mm: float) -> list[str]:
    """A text in pieces that are each at most as high as a row may be."""
    lines = in_lines_of(text, width_mm)
    return [
        "".join(lines[start : start + MOST_LINES]).removesuffix("\n")
        for start in range(0, len(lines), MOST_LINES)
    ]


def piled(texts: Sequence[tuple[Any, Kind]], widths_mm: Sequence[float]) -> Iterator[list[Any]]:
    """The values of one row in as many as it takes: what is too high for one goes on in the next."""
    columns = [
        pieces_of(value, width) if kind == "text" and isinstance(value, str) else [value]
        for (value, kind), width in zip(texts, widths_mm, strict=True)
    ]
    for n in range(max(map(len, columns))):
        yield [column[n] if n < len(column) else None for column in columns]
