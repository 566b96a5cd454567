"""Where on a label everything stands: words above, the bars as high as there is room for, the caption and lines below.

Pure; what draws on PDF and what writes for thermal printers place a label alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from devices.problems import Problem, Refused, refuse
from labels.barcodes import LEAST_BARS_MM, Barcode, code128
from labels.label_stock import ROUNDING_MM, Pair, Stock
from labels.label_values import Label
from labels.pdf import MM_PER_POINT, measured, missing_glyphs

LINE = 1.2  # of the type size, from one line to the next
LEAST_POINTS = 5.5
MOST_BARS_MM = 16.0
CLEAR_MM = 0.8  # above and below the bars, so that no text touches them


class Sizes(msgspec.Struct, frozen=True):
    """Type sizes in points and the free edge in mm, for labels at least `height` mm high."""

    height: float
    edge: float
    heading: float
    caption: float
    large: float
    line: float


SIZES = (Sizes(30, 2.0, 10, 10, 18, 8), Sizes(0, 1.2, 8, 8, 12, 6.5))


class Text(msgspec.Struct, frozen=True):
    """A line of text in the middle of a place: left, top and width in mm, its size at most in points."""

    left: float
    top: float
    width: float
    points: float
    text: str


class Placed(msgspec.Struct, frozen=True):
    """A label with everything in its place, in mm from its left and top edge; `left` is where the quiet zone begins."""

    texts: tuple[Text, ...]
    barcode: Barcode
    left: float
    top: float
    height: float
    module_mm: float


def placed(labels: Iterable[Label], stock: Stock, module_mm: float) -> list[Placed]:
    """Every label in its place on this stock.

    Raises Refused with a problem for each label that cannot be printed on it, told by its place in `/what`:
    `barcode_too_wide`, `label_too_low`, `missing_glyph`.
    """
    found = [_placed(label, stock, module_mm, f"/what/{place}") for place, label in enumerate(labels)]
    if problems := [problem for each in found if not isinstance(each, Placed) for problem in each]:
        raise Refused(problems)
    return [each for each in found if isinstance(each, Placed)]


def _placed(label: Label, stock: Stock, module_mm: float, pointer: str) -> Placed | list[Problem]:
    words = (label.heading, label.caption, *label.lines)
    if problems := [problem for text in words for problem in missing_glyphs(text, pointer)]:
        return problems
    barcode = code128(label.barcode, pointer)
    width, height = stock.label_mm
    wide = barcode.width * module_mm
    if wide > width:
        facts = {"text": label.barcode, "needed_mm": f"{wide:.1f}", "width_mm": f"{width:g}"}
        return [Problem("barcode_too_wide", pointer, facts)]
    sizes = next(each for each in SIZES if height >= each.height)
    for above, below in _texts(label, sizes):
        room = height - 2 * sizes.edge - _height(above) - _height(below)
        if room >= LEAST_BARS_MM:
            return _stacked(
                above, below, barcode, (width - wide) / 2, min(room, MOST_BARS_MM), stock, module_mm
            )
    return [Problem("label_too_low", pointer, {"text": label.barcode, "height_mm": f"{height:g}"})]


_Line = tuple[str, float]
"""A text and its size in points."""


def _texts(label: Label, sizes: Sizes) -> tuple[tuple[list[_Line], list[_Line]], ...]:
    """What stands above and below the bars, and with how much less it does where the label is low."""
    heading = [(label.heading, sizes.heading)]
    caption = [(label.caption, sizes.large if label.large else sizes.caption)]
    lines = [(text, sizes.line) for text in label.lines]
    plain = [(label.caption, sizes.caption)]
    return (heading, caption + lines), (heading, plain + lines), (heading, plain), ([], plain)


def _height(lines: Sequence[_Line]) -> float:
    return sum(points for _, points in lines) * LINE * MM_PER_POINT + (CLEAR_MM if lines else 0)


def _stacked(
    above: Sequence[_Line],
    below: Sequence[_Line],
    barcode: Barcode,
    left: float,
    high: float,
    stock: Stock,
    module_mm: float,
) -> Placed:
    (width, height), edge = stock.label_mm, 1.0
    top = (height - high - _height(above) - _height(below)) / 2
    bars_top = top + _height(above)
    texts, at = [], top
    for text, points in above:
        texts.append(Text(edge, at, width - 2 * edge, points, text))
        at += points * LINE * MM_PER_POINT
    at = bars_top + high + CLEAR_MM
    for text, points in below:
        texts.append(Text(edge, at, width - 2 * edge, points, text))
        at += points * LINE * MM_PER_POINT
    return Placed(tuple(texts), barcode, left, bars_top, high, module_mm)


def refuse_off_paper(label: Placed, label_mm: Pair, corner_mm: Pair, offset_mm: Pair, paper_mm: Pair) -> None:
    """Refuse an offset that moves something of a label off its paper: a barcode that is cut off scans as nothing.

    `corner_mm` is where the label is on that paper. Across and down, either the whole label stays on the paper, as on
    a sheet with free edges, or what is on it stays within the label. Raises Refused (`offset_off_paper`).
    """
    starts, ends = _extent(label)
    for start, end, side, corner, offset, paper in zip(
        starts, ends, label_mm, corner_mm, offset_mm, paper_mm, strict=True
    ):
        label_on_paper = _within(corner + offset, corner + offset + side, paper)
        if offset and not label_on_paper and not _within(start + offset, end + offset, side):
            across, down = offset_mm
            facts = {"offset_mm": f"{across:g}, {down:g}", "paper_mm": "{:g} × {:g}".format(*paper_mm)}
            raise refuse("offset_off_paper", "/offset_mm", **facts)


def _within(start: float, end: float, room: float) -> bool:
    return start >= -ROUNDING_MM and end <= room + ROUNDING_MM


def _extent(label: Placed) -> tuple[Pair, Pair]:
    """The left and top, and the right and bottom edges of what is on a label, quiet zones included."""
    lefts, tops = [label.left], [label.top]
    rights = [label.left + label.barcode.width * label.module_mm]
    bottoms = [label.top + label.height]
    for text in label.texts:
        beside = (text.width - min(text.width, measured(text.text, text.points))) / 2
        lefts.append(text.left + beside)
        rights.append(text.left + text.width - beside)
        tops.append(text.top)
        bottoms.append(text.top + text.points * LINE * MM_PER_POINT)
    return (min(lefts), min(tops)), (max(rights), max(bottoms))
