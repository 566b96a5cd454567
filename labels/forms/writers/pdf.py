"""The one writer of PDF forms: draws any paper on A4, the heading repeated and every page numbered.

What the font cannot draw is printed by its code point, so that no character of a name is lost. The boxes to sign and
the proof, with its digest as text and as a QR code beside them, stay together on the last page, below rows that go
with them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any

from devices.problems import refuse
from labels.forms.form import Kind
from labels.forms.paper import Grid, Heading, Paper, Said, Signed, as_text, proof_texts, signed_text
from labels.forms.writers.pdf_pages import (
    BODY,
    FIELD,
    HEADING_MM,
    LEADING,
    MARGIN,
    QR_MM,
    SHADE,
    SMALL,
    TITLE,
    UNDER_TITLE,
    Pages,
    drawn,
)
from labels.forms.writers.spans import LABEL_MM, in_lines
from labels.pdf import A4_MM, MM_PER_POINT
from labels.words import text_of

MEDIA_TYPE = "application/pdf"
_ROWS = 20_000

GAP, BOX_MM = 3.0, 14.0
RIGHT: tuple[Kind, ...] = ("money", "number", "ordinal")
HELD_BACK = 2
"""So many rows, and the total, go on to the next page with the boxes: nobody signs below an empty heading."""


def write_pdf(paper: Paper, file: IO[bytes], at_us: int) -> None:
    """Draw a paper into `file`; `at_us`, in UTC microseconds, is when it says that it was made.

    Raises Refused (`form_too_long`) beyond _ROWS rows: a PDF is laid out in memory, an xlsx is not.
    """
    page = (A4_MM[1], A4_MM[0]) if paper.landscape else A4_MM
    document = _Drawing(paper, at_us, page)
    document.add_page()
    document.head()
    for n, grid in enumerate(paper.tables):
        last = n + 1 == len(paper.tables)
        document.draw_grid(grid, titled=len(paper.tables) > 1, first=n == 0, last=last)
    document.foot()
    file.write(document.written())


class _Drawing(Pages):
    """The head, the tables and the foot of one paper, drawn down its pages."""

    def head(self) -> None:
        """The title, whose it is, and the fields."""
        width = self.room
        self.line_of_text(MARGIN, self.down, drawn(self.paper.title), size=TITLE, width=width, align="C")
        self.down += TITLE * MM_PER_POINT * LEADING + 1
        under = drawn(f"{self.paper.unit}  {self.paper.number}")
        self.line_of_text(MARGIN, self.down, under, size=UNDER_TITLE, width=width, align="C")
        self.down += UNDER_TITLE * MM_PER_POINT * LEADING + 1
        beside = 3 if self.paper.landscape else 2
        for some in in_lines(self.paper.fields, beside):
            self._fields(some, self.room / beside)
        self.down += 2

    def _fields(self, fields: Sequence[Said], each: float) -> None:
        """A line of fields, each so wide; the last takes what is left of the line."""
        label = LABEL_MM + 4
        lefts = [MARGIN + n * each for n in range(len(fields))]
        rights = [*lefts[1:], MARGIN + self.room]
        wrapped: list[Sequence[str]] = []
        for field, left, right in zip(fields, lefts, rights, strict=True):
            wrapped.append(self.lines(field.title, label, FIELD))
            wrapped.append(self.lines(as_text(field.value, field.kind), right - left - label, FIELD))
        for piece in self.pieces(wrapped, FIELD):
            height = self.height(piece, FIELD)
            self.ensure(height)
            for title, lines, x, end in zip(piece[::2], piece[1::2], lefts, rights, strict=True):
                self.cell_of(x, (label, height), title, FIELD, shade=True)
                self.cell_of(x + label, (end - x - label, height), lines, FIELD, shade=False)
            self.down += height

    def draw_grid(self, grid: Grid, *, titled: bool, first: bool, last: bool) -> None:
        """A table, its heading repeated on every page; the last one's last rows are kept with the foot."""
        scale = self.room / sum(column.width for column in grid.columns)
        widths = [column.width * scale for column in grid.columns]
        rows, held = self._rows_of(grid), deque[list[Any]]()
        for row in rows:
            held.append(row)
            if len(held) > HELD_BACK:
                break
        ending = self._height_of_rows(held, grid, widths) + (self.foot_height() if last else 0)
        self._title(grid, widths, ending if len(held) <= HELD_BACK else 0, titled=titled, first=first)
        if not held:
            self._none()
        while len(held) > HELD_BACK:
            self._row(held.popleft(), grid.columns, widths)
            held.extend(islice(rows, 1))
        if last:
            self._keep_with_foot(held, grid, widths)
        for row in held:
            self._row(row, grid.columns, widths)
        if grid.totals:
            self._row(grid.totals, grid.columns, widths, shade=True)
        self.down += GAP

    def _rows_of(self, grid: Grid) -> Iterator[list[Any]]:
        for n, row in enumerate(grid.rows, 1):
            if n > _ROWS:
                raise refuse("form_too_long", limit=_ROWS)
            yield row

    def _title(self, grid: Grid, widths: Sequence[float], below: float, *, titled: bool, first: bool) -> None:
        """What a table begins with, on a page that has room for `below` beneath it, where any page has."""
        high = self._heading_height(grid.columns, widths) + (
            self.height([[grid.title]], FIELD) if titled else 0
        )
        self.ensure(min(max(high + below, HEADING_MM), self.bottom - MARGIN - HEADING_MM))
        if titled:
            self.down += 0 if first else GAP
            self.place(MARGIN, self.down, self.room, [grid.title], FIELD)
            self.down += self.height([[grid.title]], FIELD)
        self._heading(grid.columns, widths)

    def _none(self) -> None:
        height = self.height([[""]], BODY)
        self.cell_of(
            MARGIN, (self.room, height), [text_of("form.none", self.paper.locale)], BODY, shade=False
        )
        self.down += height

    def _keep_with_foot(self, rows: Iterable[list[Any]], grid: Grid, widths: Sequence[float]) -> None:
        """Go to a new page where these last rows and the foot would be parted, if one page can hold them."""
        needed = self._height_of_rows(rows, grid, widths) + self.foot_height()
        heading = self._heading_height(grid.columns, widths)
        if needed + heading <= self.bottom - MARGIN - HEADING_MM and self.ensure(needed):
            self._heading(grid.columns, widths)

    def _height_of_rows(self, rows: Iterable[list[Any]], grid: Grid, widths: Sequence[float]) -> float:
        """How high rows are with the total and the gap below them."""
        every = [*rows, *([grid.totals] if grid.totals else [])]
        wrapped = (self._wrapped(row, grid.columns, widths) for row in every)
        return sum(self.height(lines, BODY) for lines in wrapped) + GAP

    def _wrapped(
        self, row: Sequence[Any], columns: Sequence[Heading], widths: Sequence[float]
    ) -> list[list[str]]:
        return [
            self.lines(as_text(value, column.kind), width, BODY)
            for value, column, width in zip(row, columns, widths, strict=True)
        ]

    def _heading_height(self, columns: Sequence[Heading], widths: Sequence[float]) -> float:
        texts = (column.title for column in columns)
        return self.height(
            [self.lines(text, wide, BODY) for text, wide in zip(texts, widths, strict=True)], BODY
        )

    def _heading(self, columns: Sequence[Heading], widths: Sequence[float]) -> None:
        texts = [column.title for column in columns]
        wrapped = [self.lines(text, width, BODY) for text, width in zip(texts, widths, strict=True)]
        self._line(wrapped, [False] * len(columns), widths, self.height(wrapped, BODY), shade=True)

    def _row(
        self, row: Sequence[Any], columns: Sequence[Heading], widths: Sequence[float], *, shade: bool = False
    ) -> None:
        wrapped = self._wrapped(row, columns, widths)
        right = [
            column.kind in RIGHT and not isinstance(value, str)
            for value, column in zip(row, columns, strict=True)
        ]
        for piece in self.pieces(wrapped, BODY):
            height = self.height(piece, BODY)
            if self.ensure(height):
                self._heading(columns, widths)
            self._line(piece, right, widths, height, shade=shade)

    def _line(
        self,
        wrapped: Sequence[Sequence[str]],
        right: Sequence[bool],
        widths: Sequence[float],
        height: float,
        *,
        shade: bool,
    ) -> None:
        if shade:
            self.set_fill_color(*SHADE)
        self.rect(MARGIN, self.down, self.room, height, style="DF" if shade else "D")
        x = MARGIN
        for lines, to_right, width in zip(wrapped, right, widths, strict=True):
            if x > MARGIN:
                self.line(x, self.down, x, self.down + height)
            self.place(x, self.down, width, lines, BODY, right=to_right)
            x += width
        self.down += height

    def foot_height(self) -> float:
        """How high the foot is, down to its end."""
        paper = self.paper
        beside = self._boxes_height() + self._proof_height()
        return self._declared_height() + max(beside, QR_MM if paper.proof else 0.0)

    def _beside(self) -> tuple[float, float]:
        """The left edge and the width of what stands beside the QR code, where there is one."""
        left = QR_MM + 2 if self.paper.proof else 0.0
        return MARGIN + left, self.room - left

    def _declared_lines(self) -> list[str]:
        return self.lines(self.paper.declared, self.room, FIELD) if self.paper.declared else []

    def _declared_height(self) -> float:
        lines = self._declared_lines()
        return self.height([lines], FIELD) if lines else 0.0

    def _boxes_height(self) -> float:
        texts = [self._box_lines(box) for box in self.paper.boxes]
        return max(BOX_MM, self.height(texts, SMALL)) if texts else 0.0

    def _box_lines(self, box: Signed) -> list[str]:
        width = self._beside()[1] / len(self.paper.boxes) - LABEL_MM
        return self.lines(signed_text(box, self.paper.locale), width, SMALL)

    def _proof_lines(self) -> list[str]:
        told = proof_texts(self.paper.proof, self.paper.locale) if self.paper.proof else []
        return [line for text in told for line in self.lines(text, self._beside()[1], SMALL)]

    def _proof_height(self) -> float:
        lines = self._proof_lines()
        return self.height([lines], SMALL) if lines else 0.0

    def foot(self) -> None:
        """The boxes and the proof, on one page."""
        paper = self.paper
        self.ensure(self.foot_height())
        self.place(MARGIN, self.down, self.room, self._declared_lines(), FIELD)
        self.down += self._declared_height()
        if paper.proof is not None:
            sealed = paper.proof.digest or paper.proof.hash
            self.code(f"{paper.number} {sealed}", MARGIN, self.down)
        self._boxes()
        left, width = self._beside()
        self.place(left, self.down, width, self._proof_lines(), SMALL)

    def _boxes(self) -> None:
        boxes, height = self.paper.boxes, self._boxes_height()
        if not boxes:
            return
        left, width = self._beside()
        each = width / len(boxes)
        for n, box in enumerate(boxes):
            x, title = left + n * each, self.lines(box.title, LABEL_MM, FIELD)
            self.cell_of(x, (LABEL_MM, height), title, FIELD, shade=True)
            self.cell_of(x + LABEL_MM, (each - LABEL_MM, height), self._box_lines(box), SMALL, shade=False)
        self.down += height
