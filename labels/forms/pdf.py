"""The one writer of PDF forms: draws any paper on A4, the heading repeated and every page numbered.

What the font cannot draw is printed by its code point, so that no character of a name is lost. The boxes to sign and
the proof, with its digest as text and as a QR code, stay together on the last page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import segno

from devices.problems import refuse
from labels.forms.form import Grid, Heading, Kind, Paper, Said, Signed, as_text, proof_texts, signed_text
from labels.forms.spans import LABEL_MM, in_lines
from labels.pdf import A4_MM, FAMILY, MM_PER_POINT, Document, drawable
from labels.words import text_of

MEDIA_TYPE = "application/pdf"
ROWS = 20_000

MARGIN, FOOTER = 10.0, 8.0
TITLE, UNDER_TITLE, BODY, FIELD, SMALL = 16.0, 9.0, 7.5, 8.5, 7.5
LEADING = 1.3
PADDING = 0.8
BOX_MM, QR_MM = 19.0, 24.0
QR_QUIET = 4
HEADING_MM = 20.0
"""At most so much of a page is taken by what it goes on with and a table's heading."""
SHADE, INK, RULE = (237, 237, 237), (0, 0, 0), (110, 110, 110)
RIGHT: tuple[Kind, ...] = ("money", "number")


def write_pdf(paper: Paper, file: IO[bytes], at_us: int) -> None:
    """Draw a paper into `file`; `at_us`, in UTC microseconds, is when it says that it was made.

    Raises Refused (`form_too_long`) beyond ROWS rows: a PDF is laid out in memory, an xlsx is not.
    """
    page = (A4_MM[1], A4_MM[0]) if paper.landscape else A4_MM
    document = _Pages(paper, at_us, page)
    document.add_page()
    document.head()
    for n, grid in enumerate(paper.tables):
        document.draw_grid(grid, titled=len(paper.tables) > 1, first=n == 0)
    document.foot()
    file.write(document.written())


def drawn(text: str) -> str:
    """A text with what the font cannot draw shown by its code point."""
    return "".join(
        each if ord(each) in drawable() or each == "\n" else f"[U+{ord(each):04X}]" for each in text
    )


class _Pages(Document):
    """The pages of one paper, and how far down the last one is filled."""

    def __init__(self, paper: Paper, at_us: int, page_mm: tuple[float, float]) -> None:
        super().__init__(drawn(f"{paper.title} {paper.number}"), at_us, page_mm=page_mm)
        self.paper = paper
        self.room = page_mm[0] - 2 * MARGIN
        self.bottom = page_mm[1] - MARGIN - FOOTER
        self.down = MARGIN
        self.letters: dict[str, float] = {}
        self.set_line_width(0.15)
        self.set_draw_color(*RULE)

    # --- every page

    def header(self) -> None:
        """On every page but the first, what it goes on with."""
        self.down = MARGIN
        if self.page_no() > 1:
            title = f"{self.paper.title}{text_of('form.continued', self.paper.locale)}  {self.paper.number}"
            self.line_of_text(MARGIN, self.down, drawn(title), size=UNDER_TITLE)
            self.down += UNDER_TITLE * MM_PER_POINT * LEADING + 1

    def footer(self) -> None:
        """What it is, its page and whose it is."""
        y = self.h - MARGIN - SMALL * MM_PER_POINT
        pages = text_of("form.pages", self.paper.locale).format(page=self.page_no(), pages="{nb}")
        told = drawn(f"{self.paper.title} {self.paper.number}")
        self.line_of_text(MARGIN, y, told, size=SMALL, width=self.room)
        self.line_of_text(MARGIN, y, pages, size=SMALL, width=self.room, align="C")
        self.line_of_text(MARGIN, y, drawn(self.paper.unit), size=SMALL, width=self.room, align="R")

    # --- text in places

    def lines(self, text: str, width: float, size: float) -> list[str]:
        """A text in lines that fit a width, broken after spaces where there are some, anywhere else otherwise."""
        room = (width - 2 * PADDING) / size
        return [line for part in drawn(text).split("\n") for line in self._broken(part, room)]

    def _broken(self, text: str, room: float) -> list[str]:
        found, start, space, wide = [], 0, 0, 0.0
        for n, letter in enumerate(text):
            wide += self._letter(letter)
            if letter == " ":
                space = n + 1
            if wide > room and n > start:
                cut = space if space > start and letter != " " else n
                found.append(text[start:cut].rstrip())
                start = cut
                wide = sum(map(self._letter, text[start : n + 1]))
        return [*found, text[start:]]

    def _letter(self, letter: str) -> float:
        """How wide a letter is, in mm for each point of its size."""
        known = self.letters.get(letter)
        if known is None:
            known = self.letters[letter] = self.width_of(letter, 10.0) / 10.0
        return known

    def _width(self, text: str, size: float) -> float:
        return size * sum(map(self._letter, text))

    def place(
        self, x: float, y: float, width: float, lines: Sequence[str], size: float, *, right: bool = False
    ) -> None:
        """Draw lines of text from a place's upper left corner."""
        if self.font_size_pt != size:
            self.set_font(FAMILY, size=size)
        step = size * MM_PER_POINT * LEADING
        down = y + PADDING + size * MM_PER_POINT
        for line in lines:
            if line:
                left = x + width - PADDING - self._width(line, size) if right else x + PADDING
                self.text(left, down, line)
            down += step

    def cell_of(
        self, x: float, size: tuple[float, float], lines: Sequence[str], points: float, *, shade: bool
    ) -> None:
        """A bordered place with lines of text in it."""
        width, height = size
        self.set_fill_color(*SHADE)
        self.rect(x, self.down, width, height, style="DF" if shade else "D")
        self.place(x, self.down, width, lines, points)

    def height(self, lines: Iterable[Sequence[str]], size: float) -> float:
        """How high a row of places is."""
        most = max((len(each) for each in lines), default=1)
        return most * size * MM_PER_POINT * LEADING + 2 * PADDING

    def pieces(self, wrapped: Sequence[Sequence[str]], size: float) -> Iterator[list[Sequence[str]]]:
        """A row of places in pieces that fit a page each: one, but for a text longer than a page."""
        room = self.bottom - MARGIN - HEADING_MM - 2 * PADDING
        most = int(room / (size * MM_PER_POINT * LEADING))
        for start in range(0, max(1, *map(len, wrapped), 1), most):
            yield [lines[start : start + most] for lines in wrapped]

    def ensure(self, height: float) -> bool:
        """Go to a new page where less than `height` mm is left; tells whether it did."""
        if self.down + height <= self.bottom:
            return False
        self.add_page()
        return True

    # --- head, tables, foot

    def head(self) -> None:
        """The title, whose it is, and the fields."""
        width = self.room
        self.line_of_text(MARGIN, self.down, drawn(self.paper.title), size=TITLE, width=width, align="C")
        self.down += TITLE * MM_PER_POINT * LEADING + 1
        under = drawn(f"{self.paper.unit}  {self.paper.number}")
        self.line_of_text(MARGIN, self.down, under, size=UNDER_TITLE, width=width, align="C")
        self.down += UNDER_TITLE * MM_PER_POINT * LEADING + 1
        for some in in_lines(self.paper.fields, 3 if self.paper.landscape else 2):
            self._fields(some)
        self.down += 2

    def _fields(self, fields: Sequence[Said]) -> None:
        each = self.room / len(fields)
        label = LABEL_MM + 4
        wrapped: list[Sequence[str]] = []
        for field in fields:
            wrapped.append(self.lines(field.title, label, FIELD))
            wrapped.append(self.lines(as_text(field.value, field.kind), each - label, FIELD))
        for piece in self.pieces(wrapped, FIELD):
            height = self.height(piece, FIELD)
            self.ensure(height)
            for n, (title, lines) in enumerate(zip(piece[::2], piece[1::2], strict=True)):
                x = MARGIN + n * each
                self.cell_of(x, (label, height), title, FIELD, shade=True)
                self.cell_of(x + label, (each - label, height), lines, FIELD, shade=False)
            self.down += height

    def draw_grid(self, grid: Grid, *, titled: bool, first: bool) -> None:
        """A table, its heading repeated on every page."""
        scale = self.room / sum(column.width for column in grid.columns)
        widths = [column.width * scale for column in grid.columns]
        if titled:
            self.ensure(20)
            self.down += 0 if first else 3
            self.place(MARGIN, self.down, self.room, [grid.title], FIELD)
            self.down += self.height([[grid.title]], FIELD)
        self._heading(grid.columns, widths)
        for n, row in enumerate(grid.rows, 1):
            if n > ROWS:
                raise refuse("form_too_long", limit=ROWS)
            self._row(row, grid.columns, widths)
        if grid.totals:
            self._row(grid.totals, grid.columns, widths, shade=True)
        self.down += 3

    def _heading(self, columns: Sequence[Heading], widths: Sequence[float]) -> None:
        texts = [column.title for column in columns]
        wrapped = [self.lines(text, width, BODY) for text, width in zip(texts, widths, strict=True)]
        self._line(wrapped, [False] * len(columns), widths, self.height(wrapped, BODY), shade=True)

    def _row(
        self, row: Sequence[Any], columns: Sequence[Heading], widths: Sequence[float], *, shade: bool = False
    ) -> None:
        wrapped = [
            self.lines(as_text(value, column.kind), width, BODY)
            for value, column, width in zip(row, columns, widths, strict=True)
        ]
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

    def foot(self) -> None:
        """The boxes and the proof, on one page."""
        boxes = list(in_lines(self.paper.boxes, len(self.paper.boxes) or 1))
        told = proof_texts(self.paper.proof, self.paper.locale) if self.paper.proof else []
        declared = [self.paper.declared] if self.paper.declared else []
        said = self.height([declared], FIELD) if declared else 0.0
        self.ensure(said + len(boxes) * BOX_MM + (QR_MM + 4 if told else 0))
        self.place(MARGIN, self.down, self.room, declared, FIELD)
        self.down += said
        for some in boxes:
            self._boxes(some)
        if self.paper.proof is None:
            return
        self.down += 2
        sealed = self.paper.proof.digest or self.paper.proof.hash
        self._code(f"{self.paper.number} {sealed}", MARGIN, self.down)
        width = self.room - QR_MM - 3
        lines = [line for text in told for line in self.lines(text, width, FIELD)]
        self.place(MARGIN + QR_MM + 2, self.down + 2, width, lines, FIELD)
        self.down += QR_MM

    def _boxes(self, boxes: Sequence[Signed]) -> None:
        each = self.room / len(boxes)
        label = LABEL_MM
        for n, box in enumerate(boxes):
            x = MARGIN + n * each
            text = self.lines(signed_text(box, self.paper.locale), each - label, SMALL)
            self.cell_of(x, (label, BOX_MM), self.lines(box.title, label, FIELD), FIELD, shade=True)
            self.cell_of(x + label, (each - label, BOX_MM), text, SMALL, shade=False)
        self.down += BOX_MM

    def _code(self, text: str, x: float, y: float) -> None:
        """A QR code, quiet zone included, `QR_MM` wide."""
        matrix = segno.make_qr(text, error="m").matrix
        module = QR_MM / (len(matrix) + 2 * QR_QUIET)
        self.set_fill_color(*INK)
        for r, row in enumerate(matrix):
            start = None
            for c, dark in enumerate([*row, 0]):
                if dark and start is None:
                    start = c
                elif not dark and start is not None:
                    left = x + (QR_QUIET + start) * module
                    self.rect(left, y + (QR_QUIET + r) * module, (c - start) * module, module, style="F")
                    start = None
