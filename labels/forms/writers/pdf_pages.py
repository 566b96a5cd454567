"""The pages of a PDF form: what is on every one of them, and how texts are laid into places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import segno

from labels.barcodes import code128
from labels.forms.paper import Paper
from labels.forms.writers.wrapping import broken
from labels.pdf import FAMILY, MM_PER_POINT, Document, drawable
from labels.words import text_of

MARGIN, FOOTER = 10.0, 8.0
TITLE, UNDER_TITLE, BODY, FIELD, SMALL = 16.0, 9.0, 7.5, 8.5, 7.5
LEADING = 1.3
PADDING = 0.8
QR_MM, QR_QUIET = 24.0, 4
HEAD_QR_MM = 18.0
BARCODE_UM, BARCODE_LINES = 250, 2
"""How wide a module of a barcode in a row is, and how many lines of print its bars are high."""
HEADING_MM = 20.0
"""At most so much of a page is taken by what it goes on with and a table's heading."""
SHADE, INK, RULE = (237, 237, 237), (0, 0, 0), (110, 110, 110)


def drawn(text: str) -> str:
    """A text with what the font cannot draw shown by its code point."""
    return "".join(
        each if ord(each) in drawable() or each == "\n" else f"[U+{ord(each):04X}]" for each in text
    )


class Pages(Document):
    """The pages of one paper, or of its copies one after another, and how far down the last one is filled.

    `coming` is the paper that begins with the next page, `before` how many pages there are before this one's first.
    """

    def __init__(self, paper: Paper, at_us: int, page_mm: tuple[float, float]) -> None:
        super().__init__(drawn(f"{paper.title} {paper.number}"), at_us, page_mm=page_mm)
        self.paper = paper
        self.room = page_mm[0] - 2 * MARGIN
        self.bottom = page_mm[1] - MARGIN - FOOTER
        self.down = MARGIN
        self.coming: Paper | None = paper
        self.before, self.pages_of_copy = 0, "{nb}"
        self.letters: dict[str, float] = {}
        self.set_line_width(0.15)
        self.set_draw_color(*RULE)

    # --- every page

    def header(self) -> None:
        """On every page but a paper's first, what it goes on with."""
        self.down = MARGIN
        if self.coming is not None:
            self.paper, self.before, self.coming = self.coming, self.page_no() - 1, None
        else:
            title = f"{self.paper.title}{text_of('form.continued', self.paper.locale)}  {self.paper.number}"
            self.line_of_text(MARGIN, self.down, drawn(title), size=UNDER_TITLE)
            self.down += UNDER_TITLE * MM_PER_POINT * LEADING + 1

    def footer(self) -> None:
        """What it is, its page and whose it is."""
        y = self.h - MARGIN - SMALL * MM_PER_POINT
        page = self.page_no() - self.before
        pages = text_of("form.pages", self.paper.locale).format(page=page, pages=self.pages_of_copy)
        told = drawn("  ".join((f"{self.paper.title} {self.paper.number}", *self.paper.copies)))
        self.line_of_text(MARGIN, y, told, size=SMALL, width=self.room)
        self.line_of_text(MARGIN, y, pages, size=SMALL, width=self.room, align="C")
        self.line_of_text(MARGIN, y, drawn(self.paper.unit), size=SMALL, width=self.room, align="R")

    # --- text in places

    def lines(self, text: str, width: float, size: float) -> list[str]:
        """A text in lines that fit a width."""
        room = (width - 2 * PADDING) / size
        parts = drawn(text).split("\n")
        return [line.rstrip(" ") for part in parts for line in broken(part, room, self._letter)]

    def _letter(self, letter: str) -> float:
        """How wide a letter is, in mm for each point of its size."""
        known = self.letters.get(letter)
        if known is None:
            known = self.letters[letter] = self.width_of(letter, 10.0) / 10.0
        return known

    def text_width(self, text: str, size: float) -> float:
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
                left = x + width - PADDING - self.text_width(line, size) if right else x + PADDING
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

    def bars(self, text: str, x: float, width: float) -> bool:
        """A text's barcode at the top of a place, quiet zone included; False where it is wider than that."""
        barcode, module = code128(text), BARCODE_UM / 1000
        if barcode.width * module > width:
            return False
        high = BARCODE_LINES * BODY * MM_PER_POINT * LEADING
        self.set_fill_color(*INK)
        self.fill_rectangles(
            (x + at * module, self.down + PADDING, wide * module, high) for at, wide in barcode.bars
        )
        return True

    def code(self, text: str, x: float, y: float, *, size: float = QR_MM) -> None:
        """A QR code so many mm wide, quiet zone included."""
        matrix = segno.make_qr(text, error="m").matrix
        module = size / (len(matrix) + 2 * QR_QUIET)
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
