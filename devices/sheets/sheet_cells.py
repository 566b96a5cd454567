"""What a cell of a list says: a serial, a word of a declared table, a date or plain text, or what is wrong with it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from devices.problems import Fact, Problem
from devices.serials import half_width, lost_zeros, matches, recognise, shortened, trimmed
from devices.sheets.headings import Entry
from devices.texts.characters import BREAKS, stripped
from devices.texts.judging import fault_of_line
from devices.texts.lengths import Word

_Value = TypeVar("_Value")
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?: 00:00(?::00)?)?")


def place(entry: Entry, field: str) -> str:
    """Where a cell stands: `/rows/N/field`, where N is the number a person sees beside the row."""
    return f"/rows/{entry.row}/{field}"


def fault(code: str, entry: Entry, at: str, /, **facts: Fact) -> Problem:
    """A problem of the cell of the field `at`."""
    return Problem(code, place(entry, at), facts)


def row_of(problem: Problem) -> int | None:
    """The number of the row a problem of a list is about, as a person sees it; None if it is about no row."""
    found = re.match(r"/rows/(\d+)", problem.pointer)
    return int(found.group(1)) if found else None


class Faults(list[Problem]):
    """The problems of one row, gathered while its values are read."""

    def kept(self, value: _Value | Problem) -> _Value | None:
        """A value that was read; None where it is a problem, which is gathered."""
        if isinstance(value, Problem):
            self.append(value)
            return None
        return value


class SerialCells:
    """Reads the serial cells of one list, remembering where each serial stood first.

    `patterns` are the models' serial patterns by model code. Where a row has no model, one of them must match; that its
    model is not among them is for others to tell.
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._patterns = patterns
        self._first_row: dict[str, int] = {}

    def knows(self, text: str) -> bool:
        """Whether a text is a serial that one of the models may have, if only in half-width characters."""
        serial = trimmed(half_width(text))
        return any(matches(pattern, serial) for pattern in self._patterns.values())

    def read(self, entry: Entry, model: str | None) -> str | Problem:
        """The serial of a row, or why there is none.

        Problems: `missing_serial`, `malformed_serial`, `full_width`, `leading_zeros_lost`, `precision_lost`,
        `formula_without_value`, `serial_not_of_model`, `serial_of_no_model`, `above_heading`, `duplicate_serial` with
        the row it stood in first.
        """
        serial = self._judge(entry, model)
        if isinstance(serial, Problem):
            return serial
        first = self._first_row.setdefault(serial, entry.row)
        if first != entry.row:
            return fault("duplicate_serial", entry, "serial", serial=serial, row=entry.row, first_row=first)
        return serial

    def _judge(self, entry: Entry, model: str | None) -> str | Problem:
        cell = entry.cell("serial")
        if (broken := broken_cell(entry, "serial")) is not None:
            return broken
        if not trimmed(cell.text):
            return fault("missing_serial", entry, "serial", row=entry.row)
        serial = recognise(cell.text, place(entry, "serial"))
        if isinstance(serial, Problem):
            return serial
        if entry.above:
            return fault("above_heading", entry, "serial", row=entry.row, serial=serial)
        known = model in self._patterns
        patterns = [self._patterns[model]] if model is not None and known else list(self._patterns.values())
        if any(matches(pattern, serial) for pattern in patterns):
            return serial
        unsure = cell.kind == "number" and not patterns
        if unsure or any(lost_zeros(pattern, serial) for pattern in patterns):
            return fault("leading_zeros_lost", entry, "serial", row=entry.row, text=shortened(cell.text))
        if known:
            return fault("serial_not_of_model", entry, "serial", serial=serial, model=model)
        if model is None and patterns:
            return fault("serial_of_no_model", entry, "serial", serial=serial)
        return serial


def broken_cell(entry: Entry, field: str) -> Problem | None:
    """Why a cell's text is not what was meant: `precision_lost` or `formula_without_value`; None where it is."""
    cell = entry.cell(field)
    if cell.kind == "imprecise":
        return fault("precision_lost", entry, field, row=entry.row, text=shortened(cell.text))
    if cell.kind == "uncached":
        return fault("formula_without_value", entry, field, row=entry.row)
    return None


def text_in(entry: Entry, field: str) -> str | None:
    """A cell's text without what is added around it; None where it is blank."""
    return stripped(entry.cell(field).text) or None


def line_of(entry: Entry, field: str, kind: Any) -> str | Problem | None:
    """A cell's text as a field of that kind keeps it, a line break in it a blank; None where it is blank.

    `text_too_long`, or `control_character`, as a request's field.
    """
    text = text_in(entry, field)
    if text is None:
        return None
    line = BREAKS.sub(" ", text)
    return fault_of_line(line, field, kind, place(entry, field)) or line


def code_of(entry: Entry, field: str) -> str | Problem | None:
    """A cell's text as a code (a model's): upper case, full-width characters and dashes made plain; None if blank."""
    text = line_of(entry, field, Word)
    return trimmed(half_width(text)) if isinstance(text, str) else text


def word_of(entry: Entry, field: str, words: Mapping[str, str]) -> str | Problem | None:
    """What a declared word stands for; None where the cell is blank; `unknown_word` with row, column and text."""
    text = text_in(entry, field)
    if text is None:
        return broken_cell(entry, field)
    if text not in words:
        return fault("unknown_word", entry, field, row=entry.row, column=field, text=shortened(text))
    return words[text]


def date_of(entry: Entry, field: str) -> str | Problem | None:
    """A date as YYYY-MM-DD from a date cell or as people write it (2026-11-30, 2026/11/30, 2026年11月30日, 20261130).

    None where the cell is blank; otherwise `malformed_date`.
    """
    text = text_in(entry, field)
    if text is None:
        return broken_cell(entry, field)
    found = _DATE.fullmatch(half_width(text))
    try:
        return dt.date(*map(int, found.groups())).isoformat() if found else _no_date(entry, field, text)
    except ValueError:
        return _no_date(entry, field, text)


def _no_date(entry: Entry, field: str, text: str) -> Problem:
    return fault("malformed_date", entry, field, date=shortened(text))
