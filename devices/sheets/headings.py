"""Finding the table in a spreadsheet: its heading by declared synonyms, its rows, and what of it is no device."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import chain

import msgspec
from openpyxl.utils import get_column_letter

from devices.paperwork.papers import LeftOut, WhyLeftOut
from devices.problems import Problem, Refused, refuse
from devices.serials import shortened
from devices.sheets.row_words import says_no_device
from devices.sheets.spreadsheets import FOLD, read_sheets, unclosed_quote
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
    """One row of the table: its number as a person sees it, and its cells by field; `above` it stands the heading."""

    row: int
    cells: dict[str, Cell]
    above: bool = False

    def cell(self, field: str) -> Cell:
        """The cell of a field; blank where the sheet has no such column."""
        return self.cells.get(field, BLANK)


class Rows(msgspec.Struct, frozen=True):
    """A list as it stands in an upload: every row that is a device or a fault, and all else that stood there."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]


Knows = Callable[[str], bool]
"""Whether a text is a serial that a known model may have."""


def read_rows(data: bytes, columns: tuple[Column, ...], knows: Knows) -> Rows:
    """The rows of the one table in an upload. A row with a serial is never left out, and no other is silently.

    Raises Refused: those of `read_sheets`; `unclosed_quote` where a quote of a CSV takes rows into one cell;
    `no_header` with the headers found when no sheet has the required columns; `several_tables` when more than one
    sheet has, or another holds a column of serials; `repeated_column` when two columns claim one field.
    """
    readings = [_Reading(sheets, _tables(sheets, columns)) for sheets in read_sheets(data)]
    reading = max(readings, key=_Reading.fields)
    complete = [table for table in reading.tables if table.has(columns)]
    for each in [reading] if complete else readings:
        if broken := [sheet.broken for sheet in each.sheets if sheet.broken]:
            raise Refused(broken)
    if not complete:
        best = max(reading.tables, key=lambda table: len(table.fields), default=None)
        raise refuse("no_header", found=list(best.headers) if best else [])
    others = [sheet for sheet in reading.sheets if all(sheet is not table.sheet for table in complete)]
    lists = [table.sheet for table in complete]
    lists += [sheet for sheet in others if not sheet.hidden and _is_list(sheet, knows)]
    if len(lists) > 1:
        raise refuse("several_tables", sheets=[sheet.title for sheet in lists])
    (table,) = complete
    if torn := [unclosed_quote(number) for number in table.torn(knows)]:
        raise Refused(torn)
    if table.repeated:
        raise Refused(Problem("repeated_column", "", {"header": header}) for header in table.repeated)
    entries, left_out = _parted(table, knows)
    left_out += [*_columns_left(table, entries, knows), *_sheets_left(others)]
    return Rows(tuple(entries), tuple(left_out))


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

    def torn(self, knows: Knows) -> Iterator[int]:
        """The rows of a CSV that were several.

        A cell that goes over the end of a line has another row's serial in it, or has made its own row wider than the
        heading.
        """
        rows, delimiter = self.sheet.rows, self.sheet.delimiter
        for number, row in enumerate(rows[self.heading + 1 :], start=self.heading + 2):
            folded = [cell.text for cell in row if delimiter and FOLD.search(cell.text)]
            parts = [re.split(rf"[\r\n{delimiter}]", text) for text in folded if delimiter in text]
            if folded and (len(row) > len(rows[self.heading]) or any(knows(part) for part in chain(*parts))):
                yield number


class _Reading(msgspec.Struct, frozen=True):
    """One way to read an upload, and the best heading of each of its sheets that is not hidden."""

    sheets: tuple[Sheet, ...]
    tables: list[_Table]

    def fields(self) -> int:
        return max((len(table.fields) for table in self.tables), default=0)


def _tables(sheets: tuple[Sheet, ...], columns: tuple[Column, ...]) -> list[_Table]:
    meanings = {
        header_key(header): (column.field, rank)
        for column in columns
        for rank, header in enumerate(column.headers)
    }
    tables = []
    for sheet in sheets:
        top = [] if sheet.hidden else enumerate(sheet.rows[:HEADING_WITHIN])
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


def _parted(table: _Table, knows: Knows) -> tuple[list[Entry], list[LeftOut]]:
    """The rows of a table that are devices or faults, and those that are neither; blank ones are nothing at all."""
    heading = _keys(table.sheet.rows[table.heading], table)
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for at, row in enumerate(table.sheet.rows):
        cells = {field: row[column] for field, column in table.fields.items() if column < len(row)}
        entry = Entry(at + 1, cells, above=at < table.heading)
        if at == table.heading or not (_said(row) or _broken(entry)):
            continue
        why = _why_left_out(entry, row, knows) if _keys(row, table) != heading else "heading"
        if why is None:
            entries.append(entry)
        else:
            left_out.append(LeftOut(entry.row, shortened(_said(row)), why))
    return entries, left_out


def _keys(row: tuple[Cell, ...], table: _Table) -> list[str]:
    return [header_key(row[at].text) if at < len(row) else "" for at in table.fields.values()]


def _said(row: tuple[Cell, ...]) -> str:
    """What stands in a row, its cells parted by blanks."""
    return " ".join(text for cell in row if (text := cell.text.strip()))


def _broken(entry: Entry) -> bool:
    return any(cell.kind == "uncached" for cell in entry.cells.values())


def _why_left_out(entry: Entry, row: tuple[Cell, ...], knows: Knows) -> WhyLeftOut | None:
    """Why a row is no device; None where it is one, or is to be told as a fault."""
    serial = entry.cell("serial").text
    if entry.above:
        return None if knows(serial) else "title"
    if any(knows(cell.text) for cell in row):
        return None
    first = next((cell.text for cell in row if cell.text.strip()), "")
    if (why := says_no_device(first, serial)) is not None:
        return why
    return None if _broken(entry) or any(cell.text.strip() for cell in entry.cells.values()) else "nothing"


def _columns_left(table: _Table, entries: list[Entry], knows: Knows) -> Iterator[LeftOut]:
    """The columns that are not read though they hold what may be serials, beside those of their rows."""
    beside: dict[int, set[str]] = defaultdict(set)
    for entry in entries:
        if serial := entry.cell("serial").text.strip():
            for at, cell in enumerate(table.sheet.rows[entry.row - 1]):
                beside[at] |= {cell.text.strip()} - {serial}
    heading = table.sheet.rows[table.heading]
    for at in sorted(beside.keys() - set(table.fields.values())):
        if any(map(knows, beside[at])):
            header = heading[at].text if at < len(heading) else ""
            yield LeftOut(table.heading + 1, shortened(header) or get_column_letter(at + 1), "column")


def _is_list(sheet: Sheet, knows: Knows) -> bool:
    """Whether some column of a sheet holds two serials or more."""
    found = Counter(at for row in sheet.rows for at, cell in enumerate(row) if knows(cell.text))
    return any(count > 1 for count in found.values())


def _sheets_left(sheets: list[Sheet]) -> Iterator[LeftOut]:
    for sheet in sheets:
        if any(_said(row) for row in sheet.rows):
            yield LeftOut(None, shortened(sheet.title), "hidden" if sheet.hidden else "sheet")
