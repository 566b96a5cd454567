"""A spreadsheet as it was uploaded, xlsx or CSV, read into sheets of cells within declared limits."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain

from devices.problems import Problem, refuse
from devices.sheets.bulk import too_large
from devices.sheets.workbooks import COLUMNS, ROWS, Cell, Sheet, read_workbook

UPLOAD_BYTES = 5 * 1024 * 1024
DELIMITERS = ",;\t"

_XLSX = b"PK\x03\x04"
_OLD = b"\xd0\xcf\x11\xe0"  # a compound file: the old .xls, or an xlsx under a password
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_ENCODINGS = ("utf-8-sig", "gb18030")  # strict UTF-8 first: GB18030 text is hardly ever valid UTF-8
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+\d{1,3}")  # what Excel writes of a long number into a CSV
FOLD = re.compile(r"[\r\n]")  # in a cell: it was quoted
_END = "\0"  # no text of an upload has it
_TEXT_FORMULA = re.compile(r'="([^"]*)"')  # how a CSV keeps Excel from taking text for a number


def read_sheets(data: bytes) -> tuple[tuple[Sheet, ...], ...]:
    """Every way to read an upload, each as its sheets: one for xlsx, one per delimiter for CSV.

    Whoever knows the headers chooses among them, and refuses a sheet that is `broken`. Raises Refused:
    `upload_too_large`, `spreadsheet_too_large`, or `not_a_spreadsheet` with a reason `old_format`, `damaged`, `empty`
    or `not_text`.
    """
    if len(data) > UPLOAD_BYTES:
        raise refuse("upload_too_large", limit_bytes=UPLOAD_BYTES)
    if data.startswith(_XLSX):
        return (read_workbook(data),)
    if data.startswith(_OLD):
        raise refuse("not_a_spreadsheet", reason="old_format")
    text = _decoded(data)
    delimiters = [delimiter for delimiter in DELIMITERS if delimiter in text] or [","]
    return tuple((_sheet(text, delimiter),) for delimiter in delimiters)


def _decoded(data: bytes) -> str:
    if not data.strip():
        raise refuse("not_a_spreadsheet", reason="empty")
    for encoding in ("utf-16",) if data.startswith(_UTF_16) else _ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise refuse("not_a_spreadsheet", reason="not_text")


def unclosed_quote(number: int) -> Problem:
    """What is wrong with the row of a CSV in which a quote takes other rows into its cell."""
    return Problem("unclosed_quote", f"/rows/{number}", {"row": number})


def _sheet(text: str, delimiter: str) -> Sheet:
    """The rows of a CSV, up to one in which a quote takes other rows into its cell."""
    rows: list[tuple[Cell, ...]] = []
    for number, row in enumerate(_records(text, delimiter), start=1):
        if _takes_rows(row, delimiter):
            return Sheet("", tuple(rows), broken=unclosed_quote(number))
        if number > ROWS:
            raise too_large("rows", ROWS)
        if len(row) > COLUMNS:
            raise too_large("columns", COLUMNS)
        rows.append(tuple(map(_cell, row)))
    return Sheet("", tuple(rows), delimiter=delimiter)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """What csv reads; a quote that is open at the end has taken _END into its cell."""
    reader = csv.reader(chain(io.StringIO(text, newline=""), [_END]), delimiter=delimiter)
    try:
        for row in reader:
            if row != [_END]:
                yield row
    except csv.Error as broken:  # a cell beyond what csv takes
        if '"' not in text:
            raise refuse("not_a_spreadsheet", reason="damaged") from broken
        yield [_END]


def _takes_rows(row: list[str], delimiter: str) -> bool:
    """Whether a quoted cell never ended, or goes over the end of a line and has the delimiters of a whole row in it."""
    if row and row[-1].endswith(_END):
        return True
    return any(cell.count(delimiter) >= max(len(row) - 1, 1) for cell in row if FOLD.search(cell))


def _cell(text: str) -> Cell:
    if (quoted := _TEXT_FORMULA.fullmatch(text.strip())) is not None:
        return Cell(quoted.group(1))
    return Cell(text, "imprecise") if _SCIENTIFIC.fullmatch(text.strip()) else Cell(text)
