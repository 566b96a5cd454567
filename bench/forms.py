"""A sheet of 100,000 rows on xlsx against openpyxl's bare write-only mode, with the memory of each."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

from openpyxl import Workbook

from bench.bulk import in_child, megabytes
from devices.audit.stocktake.counting import Row
from devices.audit.stocktake.sheet import Header, Line
from labels.forms.paper import Paper, paper_of
from labels.forms.stocktake import STOCKTAKE_FORM, SheetPrinted
from labels.forms.writers.xlsx import write_xlsx

ROUNDS = 3
SMALL = 10
"""How many times fewer rows show what memory the rows take."""
DISTINCT = 1000
AT_US = 1_795_500_000_000_000

HEADER = Header(
    format=1, unit="Bench", number="S-BJ01-000001", closing=1, site="BJ01", register="merchandise", method="blind",
    double=False, month="2026-11", opened_at=AT_US, opened_by="zhang", closed_at=AT_US, closed_by="zhang",
    journal="BJ01", seq=1, hash="0" * 64, scans="0" * 64, counters={"zhang": 1}, signers=(), remarks=(),
    unreadable=(), skewed=0, summary=(),
)  # fmt: skip


def measure(rows: int) -> None:
    """Print the seconds of both, their ratio, and their peak memory at two sizes."""
    drawn, bare = [], []
    for _ in range(ROUNDS):
        drawn.append(in_child(_drawn, rows))
        bare.append(in_child(_bare, rows))
    few = in_child(_drawn, rows // SMALL)[1]
    seconds, peak, size = (statistics.median(each) for each in zip(*drawn, strict=True))
    plain, plain_peak, _ = (statistics.median(each) for each in zip(*bare, strict=True))
    print(
        f"forms: a sheet of {rows} rows on xlsx {seconds:.1f} s, {size / 1e6:.1f} MB; openpyxl's bare write-only mode"
        f" {plain:.1f} s, ratio {plain / seconds:.2f}; peak memory {peak:.0f} MB, bare {plain_peak:.0f} MB,"
        f" of {rows // SMALL} rows {few:.0f} MB",
        flush=True,
    )


def _paper(rows: int) -> Paper:
    printed = SheetPrinted(
        header=HEADER,
        site_name="",
        digest="0" * 64,
        sealed_at=None,
        signatures=(),
        kinds={"TCG-01": "tax_disk"},
        conditions={"M-01": "good"},
        lines=_lines(rows),
    )
    return paper_of(STOCKTAKE_FORM, printed, "zh_CN")


def _lines(rows: int) -> Iterator[Line]:
    for n in range(rows):
        row = Row(
            serial=f"{n:012d}",
            model="TCG-01",
            result="match",
            book_state="in_stock",
            book_site="BJ01",
            book_register="merchandise",
            book_bin="M-01",
            step=1,
            found_bin="M-01",
            scanned_at=AT_US + n * 1_000_000,
            scanned_by="zhang",
        )
        yield Line(row, "已核对" if n % 50 == 0 else None)


def _drawn(rows: int) -> tuple[float, float, int]:
    """Seconds, peak memory in MB and bytes of the form."""
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        write_xlsx(_paper(rows), file)
        return time.perf_counter() - began, megabytes()[0], file.tell()


def _bare(rows: int) -> tuple[float, float, int]:
    """The same of the same values without any form: appended as they are."""
    values: list[list[Any]] = list(_paper(min(rows, DISTINCT)).tables[-1].rows)
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in islice(cycle(values), rows):
            sheet.append(row)
        book.save(file)
        return time.perf_counter() - began, megabytes()[0], file.tell()
