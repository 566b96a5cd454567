"""Rows as a file: CSV with a heading for spreadsheets, or one JSON object a line for programs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from api.wire.times import shown

_Row = tuple[Any, ...]

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[_Row]) -> None:
    """Write CSV (RFC 4180, UTF-8 with a mark by which Excel knows it).

    Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(tuple(map(_plain, row)) for row in _told(columns, rows))


def write_jsonl(path: Path, columns: Sequence[str], rows: Iterable[_Row]) -> None:
    """Write one JSON object a line, keyed by column; what is not there is null."""
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        told = (dict(zip(columns, row, strict=True)) for row in _told(columns, rows))
        file.writelines(encoder.encode(row) + b"\n" for row in told)


Write = Callable[[Path, Sequence[str], Iterable[_Row]], None]
LINE_WRITERS: dict[str, Write] = {".csv": write_csv, ".jsonl": write_jsonl}
"""By a file's suffix, who writes it."""


def _told(columns: Sequence[str], rows: Iterable[_Row]) -> Iterator[_Row]:
    """Rows with their moments, which are what ends in `_at`, in RFC 3339."""
    moments = [n for n, column in enumerate(columns) if column.endswith("_at")]
    for row in rows:
        told = list(row)
        for n in moments:
            told[n] = told[n] if told[n] is None else shown(told[n])
        yield tuple(told)


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_BEGINNINGS) else value
