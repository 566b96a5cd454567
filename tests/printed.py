"""Forms as their readers have them: asked for at a door, opened again, and read cell by cell or as text."""

from __future__ import annotations

import io
from typing import Any

import openpyxl

from tests.door import Client
from tests.paper import texts


class Printed:
    """A form read back: `fields` by their label, each table's rows by its heading, every text."""

    def __init__(self, data: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(data))
        self.tables = [Rows(sheet) for sheet in self.book.worksheets]
        self.fields: dict[str, Any] = {}
        head = self.book.worksheets[0]
        for row in head.iter_rows(max_row=heading_row(head) - 1, values_only=True):
            told: list[Any] = [value for value in row if value is not None]
            self.fields |= dict(zip(told[::2], told[1::2], strict=False))

    @property
    def texts(self) -> list[str]:
        """Every text of every sheet."""
        cells = (cell.value for sheet in self.book for row in sheet.iter_rows() for cell in row)
        return [value for value in cells if isinstance(value, str)]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The rows of the last table."""
        return self.tables[-1].rows


class Rows:
    """One table: its rows by heading, and the total below them, None where there is none."""

    def __init__(self, sheet: Any) -> None:
        top = heading_row(sheet)
        titles = [cell.value for cell in sheet[top]]
        self.rows: list[dict[str, Any]] = []
        self.total: dict[str, Any] | None = None
        for values in sheet.iter_rows(min_row=top + 1, max_col=len(titles), values_only=True):
            row = dict(zip(titles, values, strict=True))
            if values[0] == "合计":
                self.total = row
            if self.rows and values[0] is None and any(values) and self.total is None:
                _go_on(self.rows[-1], row)
                continue
            if values[0] in (None, "合计", "（无）"):
                break
            self.rows.append(row)


def _go_on(row: dict[str, Any], more: dict[str, Any]) -> None:
    """Put what goes on in a further row of the sheet where it belongs."""
    for title, value in more.items():
        row[title] = f"{row[title] or ''}{value}" if value is not None else row[title]


def heading_row(sheet: Any) -> int:
    """The row that is repeated on every page."""
    return int(sheet.print_title_rows.partition(":")[0].strip("$"))


def printed(client: Client, path: str, query: str = "") -> Printed:
    """A form on xlsx, opened again."""
    return Printed(fetched(client, f"{path}.xlsx{query}"))


def pdf_text(client: Client, path: str, query: str = "") -> str:
    """Every text of a form on PDF, in the order it was drawn."""
    return "\n".join(texts(fetched(client, f"{path}.pdf{query}")))


def fetched(client: Client, address: str) -> bytes:
    """The bytes of a form."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    assert answer.headers["content-disposition"].startswith("attachment; filename")
    return bytes(answer.content)
