"""Ledger lines as a file: CSV with a heading for spreadsheets, or one JSON object a line for programs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from api.wire.times import shown
from devices.ledger.reading.exported_lines import COLUMNS

_Row = tuple[Any, ...]

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
RECORDED = COLUMNS.index("recorded_at")


def write_csv(path: Path, rows: Iterable[_Row]) -> None:
    """Write CSV (RFC 4180, UTF-8 with a mark by which Excel knows it).

    Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(tuple(map(_plain, row)) for row in _told(rows))


def write_jsonl(path: Path, rows: Iterable[_Row]) -> None:
    """Write one JSON object a line, keyed by column; what is not there is null."""
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        file.writelines(encoder.encode(dict(zip(COLUMNS, row, strict=True))) + b"\n" for row in _told(rows))


LINE_WRITERS: dict[str, Callable[[Path, Iterable[_Row]], None]] = {".csv": write_csv, ".jsonl": write_jsonl}
"""By a file's suffix, who writes it."""


def _told(rows: Iterable[_Row]) -> Iterator[_Row]:
    """Rows with their moment in RFC 3339."""
    for row in rows:
        yield (*row[:RECORDED], shown(row[RECORDED]), *row[RECORDED + 1 :])


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_BEGINNINGS) else value
