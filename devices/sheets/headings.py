"""Finding the table in a spreadsheet: its heading by declared synonyms, and the rows that hold something."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import msgspec

from devices.problems import Problem, Refused, refuse
from devices.serials import shortened
from devices.sheets.spreadsheets import read_sheets
from devices.sheets.workbooks import BLANK, Cell, Sheet

HEADING_WITHIN = 30  # rows from the top in which the heading stands, below title rows
HEADERS_TOLD = 30  # headers that a refusal names
LONGEST_HEADER = 64  # characters; a longer text is none
_OPENING = re.compile(r"[(\[【]")
_CLOSING = (")", "]", "】")  # of a remark in brackets; NFKC has made the wide ones narrow


class Column(msgspec.Struct, frozen=True):
    """A field that a sheet may have: its name here, the headers that mean it (the plainest first), whether it must."""

    field: str
    headers: tuple[str, ...]
    required: bool = False


class Entry(msgspec.Struct, frozen=True):
    """One row of the table: its number as a person sees it, and its cells by field."""

    row: int
    cells: dict[str, Cell]

    def cell(self, field: str) -> Cell:
        """The cell of a field; blank where the sheet has no such column."""
        return self.cells.get(field, BLANK)


# Below the table stand sums and signatures; such a row begins with one of these.
TOTALS = ("合计", "总计", "小计", "共计")
FOOTERS = (
    "TOTAL", "制表", "制单", "审核", "复核", "经办", "签收", "收货", "发货", "送货", "日期", "打印",
    "备注", "说明", "注",
)  # fmt: skip


def read_entries(data: bytes, columns: tuple[Column, ...]) -> Iterator[Entry]:
    """The rows of the one table in an upload, without blank rows, repeated headings, sums and footers.

    Raises Refused: those of `read_sheets`; `no_header` with the headers found when no sheet has the required columns;
    `several_tables` when more than one sheet has; `repeated_column` when two columns claim one field.
    """
    readings = [_tables(sheets, columns) for sheets in read_sheets(data)]
    tables = max(readings, key=lambda found: max((len(table.fields) for table in found), default=0))
    complete = [table for table in tables if table.has(columns)]
    if not complete:
        best = max(tables, key=lambda table: len(table.fields), default=None)
        raise refuse("no_header", found=list(best.headers) if best else [])
    if len(complete) > 1:
        raise refuse("several_tables", sheets=[table.sheet.title for table in complete])
    table = complete[0]
    if table.repeated:
        raise Refused(Problem("repeated_column", "", {"header": header}) for header in table.repeated)
    return _entries(table)


class _Table(msgspec.Struct, frozen=True):
    sheet: Sheet
    heading: int  # the index of its row
    headers: tuple[str, ...]
    fields: dict[str, int]  # field -> the index of its column
    repeated: tuple[str, ...]

    def has(self, columns: tuple[Column, ...]) -> bool:
        return all(column.field in self.fields for column in columns if column.required)

    def weight(self, columns: tuple[Column, ...]) -> tuple[bool, int, int]:
        """How much the row is a heading, to be compared with other rows."""
        return self.has(columns), len(self.fields), len(self.headers)


def _tables(sheets: tuple[Sheet, ...], columns: tuple[Column, ...]) -> list[_Table]:
    meanings = {
        header_key(header): (column.field, rank)
        for column in columns
        for rank, header in enumerate(column.headers)
    }
    tables = []
    for sheet in sheets:
        top = enumerate(sheet.rows[:HEADING_WITHIN])
        candidates = [_table(sheet, at, row, meanings) for at, row in top if any(cell.text for cell in row)]
        if candidates:
            tables.append(max(candidates, key=lambda table: table.weight(columns)))
    return tables


def _table(sheet: Sheet, index: int, row: tuple[Cell, ...], meanings: dict[str, tuple[str, int]]) -> _Table:
    """The row read as a heading: of several headers that mean one field, the plainest wins."""
    claims: dict[str, list[tuple[int, int]]] = {}
    for position, cell in enumerate(row):
        if (meaning := meanings.get(header_key(cell.text))) is not None:
            field, rank = meaning
            claims.setdefault(field, []).append((rank, position))
    headers = tuple(shortened(cell.text) for cell in row if cell.text.strip())[:HEADERS_TOLD]
    repeated = tuple(
        row[position].text.strip()
        for claim in claims.values()
        for rank, position in claim
        if (rank, position) != min(claim) and rank == min(claim)[0]
    )
    return _Table(sheet, index, headers, {field: min(claim)[1] for field, claim in claims.items()}, repeated)


def header_key(text: str) -> str:
    """A header without what varies: width, case, blanks, a colon or star, and a remark in brackets."""
    if len(text) > LONGEST_HEADER:
        return ""
    plain = re.sub(r"[\s:*_]", "", unicodedata.normalize("NFKC", text)).casefold()
    remark = _OPENING.search(plain)
    return plain[: remark.start()] if remark and plain.endswith(_CLOSING) else plain


def _entries(table: _Table) -> Iterator[Entry]:
    heading = _keys(table.sheet.rows[table.heading], table)
    below = table.sheet.rows[table.heading + 1 :]
    for number, row in enumerate(below, start=table.heading + 2):
        first = next((cell.text.strip() for cell in row if cell.text.strip()), "")
        entry = Entry(number, {field: row[at] for field, at in table.fields.items() if at < len(row)})
        if _keys(row, table) == heading or _is_blank(entry) or _is_footer(first, entry):
            continue
        yield entry


def _keys(row: tuple[Cell, ...], table: _Table) -> list[str]:
    return [header_key(row[at].text) if at < len(row) else "" for at in table.fields.values()]


def _is_blank(entry: Entry) -> bool:
    return not any(cell.text.strip() or cell.kind == "uncached" for cell in entry.cells.values())


def _is_footer(first: str, entry: Entry) -> bool:
    compact = re.sub(r"\s", "", first).upper()
    if compact.startswith(FOOTERS) and not entry.cell("serial").text.strip():
        return True
    return compact.startswith(TOTALS)
