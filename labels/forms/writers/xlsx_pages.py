"""Where the pages of a worksheet end, so that the boxes to sign in stand whole and below the last rows.

A spreadsheet breaks pages wherever it likes, and measures rows only when it prints. So every row has a height, what
a page holds is reckoned with some room to spare, and every page's end is said: what was reckoned is what is printed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from labels.pdf import A4_MM, POINTS_PER_MM

_MM_PER_INCH = 25.4
MARGIN_INCHES = {"left": 0.4, "right": 0.4, "top": 0.5, "bottom": 0.6, "header": 0.25, "footer": 0.25}
NARROWER = 0.97
"""How wide a column is printed, of what it is declared: a whole number of dots for each letter."""
_SPARE = 0.96
"""Of a page's height, what is counted on."""
MOST_ENDS = 1_000
"""A worksheet holds 1,026 page ends of one's own."""
KEPT_ROWS = 3
"""So many rows, a total included, go with the boxes where those begin a page."""


class PageEnds:
    """How far the page is filled that the next row stands on, and the rows after which pages end, in `after`."""

    def __init__(self, widths_mm: Sequence[int], *, landscape: bool) -> None:
        across, down = (A4_MM[1], A4_MM[0]) if landscape else A4_MM
        wide = across - (MARGIN_INCHES["left"] + MARGIN_INCHES["right"]) * _MM_PER_INCH
        high = down - (MARGIN_INCHES["top"] + MARGIN_INCHES["bottom"]) * _MM_PER_INCH
        smaller = min(1.0, wide / (sum(widths_mm) * NARROWER))
        self.room = high * POINTS_PER_MM / smaller * _SPARE
        self.after: list[int] = []
        self.filled = 0.0
        self.heading: tuple[int, float] | None = None
        self.recent: deque[tuple[int, float]] = deque(maxlen=KEPT_ROWS)
        self.uncounted = False

    def head(self, row: int, points: float) -> None:
        """A row above the rows of the table; the last one is repeated on every page."""
        self.filled += points
        self.heading = (row, points)

    def add(self, row: int, points: float) -> None:
        """A row of the table."""
        if self.filled + points > self.room and self.recent:
            self._end_before(row)
        self.filled += points
        self.recent.append((row, points))

    def keep_last_rows_with(self, points: float) -> None:
        """End the page before the last rows where what follows, so high, would stand without them."""
        start = self.recent[0][0] if self.recent else 0
        parted = bool(self.after) and self.after[-1] >= start
        if not self.recent or not (self.filled + points > self.room or parted or self.uncounted):
            return
        kept = list(self.recent)
        repeated = self.heading[1] if self.heading else 0.0
        while len(kept) > 1 and repeated + sum(high for _, high in kept) + points > self.room:
            kept.pop(0)
        first = kept[0][0]
        self.after = [row for row in self.after if row < first - 1]
        self.after.append(self._before(first))
        self.filled = repeated + sum(high for _, high in kept)

    def _end_before(self, row: int) -> None:
        if len(self.after) < MOST_ENDS:
            self.after.append(row - 1)
        else:
            self.uncounted = True
        self.filled = self.heading[1] if self.heading else 0.0

    def _before(self, row: int) -> int:
        """The row after which a page ends that `row` begins, its heading with it where it is the first."""
        if self.heading and row == self.heading[0] + 1:
            return self.heading[0] - 1
        return row - 1
