"""The ground of everything on paper: a PDF document in millimetres with Noto Sans SC embedded in it.

A text with a character that the font lacks is refused and never printed as an empty box; the same calls with the same
moment give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path

import noto_cjk_sans_otc
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import Align
from PIL import ImageFont

from devices.problems import Problem, Refused
from devices.serials import shortened

FAMILY = "Noto Sans SC"
FONT_FILE = Path(str(noto_cjk_sans_otc.FONT_PATH))
FACE = 2  # of the collection's faces, the one drawn as mainland China writes
POINTS_PER_MM = 72 / 25.4
MM_PER_POINT = 25.4 / 72
A4_MM = (210.0, 297.0)
_ELLIPSIS = "…"
MEASURED_PX = 100
_BREAKS = frozenset("\n\r\t")  # fpdf2 breaks lines at them and draws no glyph


def document_font() -> tuple[Path, int]:
    """The file that documents embed their characters from, and which of its faces."""
    return FONT_FILE, FACE


@cache
def drawable() -> frozenset[int]:
    """The code points that the font has a glyph for."""
    with TTFont(FONT_FILE, fontNumber=FACE, lazy=True) as font:
        return frozenset(font.getBestCmap())


def missing_glyphs(text: str, pointer: str = "") -> list[Problem]:
    """A `missing_glyph` for each character of `text` that the font lacks, each once, in order."""
    missing = dict.fromkeys(c for c in text if c not in _BREAKS and ord(c) not in drawable())
    return [_missing(character, text, pointer) for character in missing]


def _missing(character: str, text: str, pointer: str) -> Problem:
    told = character if character.isprintable() else ""
    facts = {"character": told, "code_point": f"U+{ord(character):04X}", "text": shortened(text)}
    return Problem("missing_glyph", pointer, facts)


def refuse_undrawable(text: str, pointer: str = "") -> None:
    """Raise Refused (`missing_glyph`) for a text with characters that the font lacks."""
    if problems := missing_glyphs(text, pointer):
        raise Refused(problems)


def fitted(
    text: str, width: float, measure: Callable[[str, float], float], *, size: float, least: float
) -> tuple[str, float]:
    """`text` and the type size (points, from `size` down to `least`) at which it is `width` mm wide at most.

    `measure` tells how wide, in mm, a text is at a size. A text too long even for `least` is cut, and ends with an
    ellipsis then: only for words, never for a number.
    """
    needed = measure(text, size)
    if needed <= width:
        return text, size
    shrunk = size * width / needed
    if shrunk >= least:
        return text, int(shrunk * 10) / 10
    kept = text
    while kept and measure(kept + _ELLIPSIS, least) > width:
        kept = kept[:-1]
    return kept + _ELLIPSIS, least


@lru_cache(maxsize=16)
def raster_font(height_px: int) -> ImageFont.FreeTypeFont:
    """The same font for drawing on bitmaps, its em `height_px` pixels high."""
    return ImageFont.truetype(FONT_FILE, height_px, index=FACE)


def measured(text: str, points: float) -> float:
    """How wide in mm a text is in that font at a size, without a document."""
    return raster_font(MEASURED_PX).getlength(text) / MEASURED_PX * points * MM_PER_POINT


class Document(FPDF):
    """An fpdf2 document with the font set, no page yet, no margins and no automatic page breaks.

    Millimetres everywhere, type sizes in points. Every text goes through `normalize_text`, which raises Refused
    (`missing_glyph`).
    """

    def __init__(self, title: str, at_us: int, *, page_mm: tuple[float, float] = A4_MM) -> None:
        orientation = "landscape" if page_mm[0] > page_mm[1] else "portrait"
        super().__init__(orientation=orientation, unit="mm", format=(min(page_mm), max(page_mm)))
        self.set_margin(0)
        self.set_auto_page_break(auto=False)
        self.c_margin = 0
        self.set_creation_date(datetime.fromtimestamp(at_us // 1_000_000, UTC))
        self.set_producer("Panku")
        self.set_lang("zh-CN")
        file, face = document_font()
        self.add_font(FAMILY, fname=file, collection_font_number=face)
        self.set_font(FAMILY, size=9)
        refuse_undrawable(title)
        self.set_title(title)

    def normalize_text(self, text: str) -> str:
        """`text` as it is. Raises Refused (`missing_glyph`) where the font lacks a character of it."""
        refuse_undrawable(text)
        return text

    def line_of_text(
        self, x: float, y: float, text: str, *, size: float, width: float = 0.0, align: str | Align = Align.L
    ) -> None:
        """Draw one line of text whose top is at `y`, `size` points high, in a place `width` mm wide."""
        self.set_font(FAMILY, size=size)
        self.set_xy(x, y)
        self.cell(width or None, size * MM_PER_POINT * 1.2, text, align=align)

    def width_of(self, text: str, size: float) -> float:
        """How wide `text` is in mm, at `size` points."""
        self.set_font(FAMILY, size=size)
        return self.get_string_width(text)

    def fitting(self, text: str, width: float, *, size: float, least: float) -> tuple[str, float]:
        """`text` and the type size at which it is `width` mm wide at most, as `fitted` finds them."""
        return fitted(text, width, self.width_of, size=size, least=least)

    def fill_rectangles(self, rectangles: Iterable[tuple[float, float, float, float]]) -> None:
        """Fill rectangles (left, top, width, height) in black, placed to a ten-thousandth of a point.

        fpdf2 itself rounds to a hundredth, which moves the edges of bars by more than a barcode at 203 dpi bears.
        """
        for left, top, width, height in rectangles:
            x, y = left * self.k, (self.h - top - height) * self.k
            self._out(f"{x:.4f} {y:.4f} {width * self.k:.4f} {height * self.k:.4f} re f")

    def written(self) -> bytes:
        """The finished document."""
        return bytes(self.output())


__all__ = [
    "A4_MM", "FACE", "FAMILY", "FONT_FILE", "MM_PER_POINT", "POINTS_PER_MM", "Document", "drawable",
    "fitted", "measured", "missing_glyphs", "raster_font", "refuse_undrawable",
]  # fmt: skip
