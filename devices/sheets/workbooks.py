"""An xlsx file made harmless: its size is surveyed before openpyxl builds anything from it.

A far cell, a zip bomb and an entity bomb are all small files that openpyxl would open into hundreds of megabytes. So
every member is first streamed through SAX, which keeps nothing, and the upload is refused at the first limit passed.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import xml.sax
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, Literal

import msgspec
from defusedxml import DefusedXmlException
from defusedxml import sax as defused_sax
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils import column_index_from_string, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from devices.problems import Problem, refuse
from devices.serials import LONGEST
from devices.sheets.bulk import Bulk, refuse_long_texts, too_large

MEMBERS = 200  # files within the file
UNPACKED_BYTES = 40 * 1024 * 1024
ROWS = 20_000  # twice the serials one document may hold
COLUMNS = 100
MERGED_ROWS = 10 * ROWS  # rows in all merged ranges together
EXACT_BELOW = 10**15  # Excel keeps 15 digits of a number; from here on the last ones are zeros it made up

_BROKEN = (  # what zipfile, expat and openpyxl raise over a file that is not what it says
    zipfile.BadZipFile, xml.sax.SAXException, DefusedXmlException, InvalidFileException, ArithmeticError,
    AssertionError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError, SyntaxError,
    TypeError, ValueError, zlib.error,
)  # fmt: skip

CellKind = Literal["text", "number", "imprecise", "uncached", "date"]


class Cell(msgspec.Struct, frozen=True):
    """One cell as a person sees it.

    `number` says that zeros before it may be gone, `imprecise` that its last digits are, `uncached` that it is a
    formula whose value the file does not hold. A date's text is YYYY-MM-DD.
    """

    text: str = ""
    kind: CellKind = "text"


BLANK = Cell()


class Sheet(msgspec.Struct, frozen=True):
    """The cells of one sheet; the first row is row 1. Rows end where their last cell does.

    One that is `broken` ends before the row in which it is. Only a CSV has a `delimiter`.
    """

    title: str
    rows: tuple[tuple[Cell, ...], ...]
    hidden: bool = False
    broken: Problem | None = None
    delimiter: str = ""


def read_workbook(data: bytes) -> tuple[Sheet, ...]:
    """The sheets of an xlsx file, those that are hidden too.

    Raises Refused: `spreadsheet_too_large`, or `not_a_spreadsheet` with the reason `damaged`.
    """
    try:
        surveys = _survey(data)
        sheets = tuple(_sheet(worksheet, surveys) for worksheet in _worksheets(data))
    except _BROKEN as broken:
        raise refuse("not_a_spreadsheet", reason="damaged") from broken
    refuse_long_texts([[cell.text for cell in row] for row in sheet.rows] for sheet in sheets)
    return sheets


# --- the survey


class _Survey(xml.sax.ContentHandler):
    """Counts one member's elements and refuses a far row or column; notes what openpyxl's reading leaves out.

    A row or cell that comes after one to which it should be prior is refused: openpyxl would drop it and say nothing.
    """

    def __init__(self, bulk: Bulk) -> None:
        super().__init__()
        self._bulk = bulk
        self.merged: list[str] = []
        self.uncached: set[str] = set()
        self._cell = ""
        self._row = self._column = 0
        self._formula = self._value = self._in_value = False

    def startElement(self, name: str, attrs: xml.sax.xmlreader.AttributesImpl) -> None:  # noqa: N802
        self._bulk.count(name.rpartition(":")[2], attrs)
        match name.rpartition(":")[2]:
            case "row":
                _, row = _near(attrs.get("r", ""))
                self._row, self._column = _following(row, self._row), 0
                self._cell = ""
            case "c":
                self._cell = attrs.get("r", "")
                column, _ = _near(self._cell)
                if self._row:  # calculation chains name cells, too, in an order of their own
                    self._column = _following(column, self._column)
                self._formula = self._value = False
            case "f":
                self._formula = True
            case "v" | "t":
                self._in_value = True
            case "mergeCell":
                self.merged.append(attrs.get("ref", ""))

    def characters(self, content: str) -> None:
        self._value = self._value or (self._in_value and bool(content))

    def endElement(self, name: str) -> None:  # noqa: N802
        match name.rpartition(":")[2]:
            case "v" | "t":
                self._in_value = False
            case "c" if self._cell and self._formula and not self._value:
                self.uncached.add(self._cell)


_COORDINATE = re.compile(r"([A-Za-z]*)([0-9]*)")


def _near(coordinate: str) -> tuple[int, int]:
    """The column and row that a coordinate names, 0 where it does not; refused beyond the limits."""
    found = _COORDINATE.fullmatch(coordinate)
    if found is None:
        raise ValueError(coordinate)
    letters, digits = found.groups()
    row = int(digits or 0) if len(digits) <= 7 else ROWS + 1
    if row > ROWS:
        raise too_large("rows", ROWS)
    column = (column_index_from_string(letters) if letters else 0) if len(letters) <= 3 else COLUMNS + 1
    if column > COLUMNS:
        raise too_large("columns", COLUMNS)
    return column, row


def _following(place: int, before: int) -> int:
    """Where the next row or cell is, which may not say so. Raises ValueError where it is not beyond the one before."""
    if 0 < place <= before:
        raise ValueError(place)
    return place or before + 1


def _survey(data: bytes) -> dict[str, _Survey]:
    surveys: dict[str, _Survey] = {}
    bulk = Bulk()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > MEMBERS:
            raise too_large("files", MEMBERS)
        if sum(member.file_size for member in members) > UNPACKED_BYTES:  # and zipfile reads no further
            raise too_large("bytes", UNPACKED_BYTES)
        for member in members:
            survey = _Survey(bulk)
            with archive.open(member) as source:
                _parse(member.filename, source, survey)
            surveys[member.filename] = survey
    return surveys


def _parse(name: str, source: IO[bytes], survey: _Survey) -> None:
    """Survey one member whatever it is called, since any can be named as a sheet; one that is no XML ends at once."""
    try:
        defused_sax.parse(source, survey, forbid_dtd=True)
    except xml.sax.SAXParseException:
        if name.endswith((".xml", ".rels")):
            raise


# --- the cells


def _worksheets(data: bytes) -> Iterator[ReadOnlyWorksheet]:
    """Every sheet, by openpyxl's own steps but those for what no list has: print areas, pictures, properties.

    The patterns by which it looks for a print area take time by the square of what is written there. A part that is
    named as a sheet again would be read again; no program writes it so.
    """
    reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    seen: set[str] = set()
    for sheet, part in reader.parser.find_sheets():
        if "chartsheet" in part.Type or part.target not in reader.valid_files:
            continue
        if part.target in seen:
            raise InvalidFileException(part.target)
        seen.add(part.target)
        worksheet = ReadOnlyWorksheet(reader.wb, sheet.name, part.target, reader.shared_strings)
        worksheet.sheet_state = sheet.state or "visible"
        yield worksheet


def _sheet(worksheet: Any, surveys: dict[str, _Survey]) -> Sheet:
    survey = surveys[worksheet._worksheet_path]  # noqa: SLF001 - openpyxl has no public name for it
    worksheet.reset_dimensions()  # they are only what the file claims
    rows = []
    for number, row in enumerate(worksheet.iter_rows(), start=1):
        if number > ROWS:
            raise too_large("rows", ROWS)
        if len(row) > COLUMNS:
            raise too_large("columns", COLUMNS)
        rows.append([_cell(cell) for cell in row])
    for coordinate in survey.uncached:
        column, number, _, _ = _boundaries(coordinate)
        rows[number - 1][column - 1] = Cell(kind="uncached")
    _fill_down(rows, [_boundaries(reference) for reference in survey.merged])
    return Sheet(worksheet.title, tuple(map(tuple, rows)), hidden=worksheet.sheet_state != "visible")


def _boundaries(reference: str) -> tuple[int, int, int, int]:
    column, row, last_column, last_row = range_boundaries(reference)
    if column is None or row is None or last_column is None or last_row is None:
        raise ValueError(reference)
    return column, row, last_column, last_row


def _fill_down(rows: list[list[Cell]], merged: list[tuple[int, int, int, int]]) -> None:
    """Give each row of a merged column the value that a person sees beside it (a carton merged over its devices)."""
    if sum(last - first for _, first, _, last in merged) > MERGED_ROWS:
        raise too_large("merged rows", MERGED_ROWS)
    for column, first, last_column, last in merged:
        if column != last_column or column > COLUMNS or first > len(rows):
            continue
        value = rows[first - 1][column - 1] if column <= len(rows[first - 1]) else BLANK
        for row in rows[first:last]:
            row.extend([BLANK] * (column - len(row)))
            row[column - 1] = value


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return BLANK
    if isinstance(value, dt.date):
        return Cell(value.strftime("%Y-%m-%d"), "date")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, str(cell.number_format))
    return Cell(str(value))


def _number(value: float, number_format: str) -> Cell:
    if abs(value) >= EXACT_BELOW or value != int(value):
        return Cell(repr(value), "imprecise")
    if 1 < len(number_format) <= LONGEST and set(number_format) == {"0"}:  # it prints the zeros: none is lost
        return Cell(f"{int(value):0{len(number_format)}}")
    return Cell(str(int(value)), "number")
