"""How the fields of a form's head and the boxes at its foot are laid over the columns of the table between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TypeVar

import msgspec

_Item = TypeVar("_Item")

LABEL_MM = 24
"""A label is at least this wide, and so is what it says."""


class Pair(msgspec.Struct, frozen=True):
    """The columns, from 1, of a label and of its value, both ends included."""

    label: tuple[int, int]
    value: tuple[int, int]


def pairs_over(widths: Sequence[int]) -> tuple[Pair, ...]:
    """The pairs that stand side by side over columns of these widths in mm: two where both have room, else one."""
    ends = list(accumulate(widths))
    middle = ends[-1] / 2
    cut = min(range(len(ends)), key=lambda n: abs(ends[n] - middle)) + 1
    halves = [(1, cut), (cut + 1, len(widths))] if cut < len(widths) else [(1, len(widths))]
    found = [_pair(widths, *half) for half in halves]
    if any(pair is None for pair in found):
        return (whole(widths),)
    return tuple(pair for pair in found if pair is not None)


def whole(widths: Sequence[int]) -> Pair:
    """The pair of a label and a value that fills the line."""
    return _pair(widths, 1, len(widths)) or Pair((1, 1), (2, max(2, len(widths))))


def in_lines(items: Sequence[_Item], side_by_side: int) -> Iterator[list[_Item]]:
    """Fields or boxes line by line: as many as stand side by side, or fewer before a wide one and at the end."""
    waiting: list[_Item] = []
    for item in items:
        wide = getattr(item, "wide", False)
        if waiting and (wide or len(waiting) == side_by_side):
            yield waiting
            waiting = []
        if wide:
            yield [item]
        else:
            waiting.append(item)
    if waiting:
        yield waiting


def width_of(widths: Sequence[int], columns: tuple[int, int]) -> int:
    """The width in mm of columns, both ends included."""
    return sum(widths[columns[0] - 1 : columns[1]])


def _pair(widths: Sequence[int], first: int, last: int) -> Pair | None:
    label = first
    while label <= last and width_of(widths, (first, label)) < LABEL_MM:
        label += 1
    if label >= last or width_of(widths, (label + 1, last)) < LABEL_MM:
        return None
    return Pair((first, label), (label + 1, last))
