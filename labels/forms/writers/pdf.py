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
from labels.forms.paper import (
    Below,
    FieldSaid,
    Grid,
    Heading,
    Paper,
    as_text,
    each_copy,
)
from labels.forms.writers.pdf_foot import Foot
from labels.forms.writers.pdf_pages import (
    BARCODE_LINES,
    BODY,
    FIELD,
    HEAD_QR_MM,
    HEADING_MM,
    LEADING,
    MARGIN,
    SHADE,
    TITLE,
    UNDER_TITLE,
    drawn,
)
from labels.forms.writers.spans import LABEL_MM, in_lines
from labels.pdf import A4_MM, MM_PER_POINT
from labels.words import text_of

MEDIA_TYPE = "application/pdf"
_ROWS = 20_000

GAP = 3.0
PART_TITLE, LEAST_TITLE = 12.0, 6.0
FIELD_LABEL_MM = LABEL_MM + 4
HEAD_QR_ABOVE = 4.0
"""So far the quiet zone of the code at the head goes into the margin."""
_ROOM_FOR_BARS = ("",) * BARCODE_LINES
RIGHT: tuple[Kind, ...] = ("money", "number", "ordinal")
HELD_BACK = 2
"""So many rows, and the total, go on to the next page with the boxes: nobody signs below an empty heading."""


def write_pdf(paper: Paper, file: IO[bytes], at_us: int) -> None:
    """Draw a paper into `file`; `at_us`, in UTC microseconds, is when it says that it was made.

    Raises Refused (`form_too_long`) beyond _ROWS rows: a PDF is laid out in memory, an xlsx is not.
    """
    page = (A4_MM[1], A4_MM[0]) if paper.landscape else A4_MM
    document, copies = _Drawing(paper, at_us, page), each_copy(paper)
    if len(copies) > 1:  # each is counted by itself
        counted = _Drawing(paper, at_us, page)
        counted.draw(copies[0])
        document.pages_of_copy = str(counted.page_no())
    for each in copies:
        document.draw(each)
    file.write(document.written())


class _Drawing(Foot):
    """The head, the tables and the foot of one paper, or of each of its copies, drawn down its pages."""

    def draw(self, paper: Paper) -> None:
        """Draw a paper, beginning with a new page."""
        self.coming = paper
        self.add_page()
        self.head()
        for n, grid in enumerate(paper.tables):
            last = n + 1 == len(paper.tables) and paper.below is None
            self.draw_grid(grid, titled=len(paper.tables) > 1, first=n == 0, last=last)
        if paper.below is not None:
            self.draw_below(paper.below)
        self.foot()

    def head(self) -> None:
        """The title, whose it is, the code that it is found by, and the fields."""
        if self.paper.code is not None:
            self.code(
                self.paper.code, MARGIN + self.room - HEAD_QR_MM, MARGIN - HEAD_QR_ABOVE, size=HEAD_QR_MM
            )
        for text, size in ((self.paper.title, TITLE), (self.paper.under, UNDER_TITLE)):
            self._in_the_middle(text, size)
            self.down += 1
        if self.paper.code is not None:
            self.down = max(self.down, MARGIN - HEAD_QR_ABOVE + HEAD_QR_MM)
        self._every_field(self.paper.fields)
        self.down += 2

    def _in_the_middle(self, text: str, size: float) -> None:
        """A line of text in the middle; a long one is drawn smaller, so that it leaves the code alone."""
        width, points = self.room, size
        if self.paper.code is not None:
            width -= 2 * HEAD_QR_MM
            text, points = self.fitting(drawn(text), width, size=size, least=LEAST_TITLE)
        left = MARGIN + (self.room - width) / 2
        self.line_of_text(left, self.down, drawn(text), size=points, width=width, align="C")
        self.down += size * MM_PER_POINT * LEADING

    def _every_field(self, fields: Sequence[FieldSaid]) -> None:
        beside = 3 if self.paper.landscape else 2
        for some in in_lines(fields, beside):
            self._fields(some, self.room / beside)

    def draw_below(self, below: Below) -> None:
        """What stands below the tables, on one page with the boxes where one has room for both."""
        whole = self._height_below(below) + self.foot_height()
        if whole <= self.bottom - MARGIN - HEADING_MM:
            self.ensure(whole)
        self._in_the_middle(below.title, PART_TITLE)
        self.down += 1
        self._every_field(below.fields)
        self.down += GAP

    def _height_below(self, below: Below) -> float:
        beside = 3 if self.paper.landscape else 2
        lines = in_lines(below.fields, beside)
        fields = sum(self.height(self._wrapped_fields(some, self.room / beside), FIELD) for some in lines)
        return PART_TITLE * MM_PER_POINT * LEADING + 1 + fields + GAP

    def _wrapped_fields(self, fields: Sequence[FieldSaid], each: float) -> list[Sequence[str]]:
        """A line of fields, each so wide: of each its title and its value, in lines; the last has what is left."""
        wrapped: list[Sequence[str]] = []
        for n, field in enumerate(fields, 1):
            width = self.room - each * (n - 1) if n == len(fields) else each
            told = self.lines(as_text(field.value, field.kind), width - FIELD_LABEL_MM, FIELD)
            wrapped.append(self.lines(field.title, FIELD_LABEL_MM, FIELD))
            wrapped.append([*told, *[""] * (field.lines - len(told))])
        return wrapped

    def _fields(self, fields: Sequence[FieldSaid], each: float) -> None:
        """A line of fields, each so wide; the last takes what is left of the line."""
        label = FIELD_LABEL_MM
        lefts = [MARGIN + n * each for n in range(len(fields))]
        rights = [*lefts[1:], MARGIN + self.room]
        for piece in self.pieces(self._wrapped_fields(fields, each), FIELD):
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
            [
                *(_ROOM_FOR_BARS if column.kind == "barcode" and value else ()),
                *self.lines(as_text(value, column.kind), width, BODY),
            ]
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
            self._barcodes(row, columns, widths)
            self._line(piece, right, widths, height, shade=shade)

    def _barcodes(self, row: Sequence[Any], columns: Sequence[Heading], widths: Sequence[float]) -> None:
        x = MARGIN
        for value, column, width in zip(row, columns, widths, strict=True):
            if column.kind == "barcode" and value:
                self.bars(value, x, width)
            x += width

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
