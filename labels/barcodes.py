"""Code 128 barcodes: the modules of one, its symbols for a printer that draws it itself, and it as an SVG or PNG.

No GS1 application identifiers: a serial without a GTIN may not use AI 21. A module is the narrowest bar; its width X
is 0.25 mm, the least that common scanners read from office and thermal printers, or 0.33 mm. Both sides keep a quiet
zone of 10 X, which belongs to the barcode's width.
"""

from __future__ import annotations

import io
import itertools
from functools import cached_property
from html import escape
from typing import Literal

import msgspec
from barcode.codex import Code128
from PIL import Image, ImageDraw

from devices.problems import refuse
from devices.serials import LONGEST, SERIAL, shortened
from labels.pdf import MM_PER_POINT, raster_font

ModuleUm = Literal[250, 330]
MODULES_UM: tuple[ModuleUm, ...] = (250, 330)
Dpi = Literal[203, 300]
RESOLUTIONS: tuple[Dpi, ...] = (203, 300)
MM_PER_INCH = 25.4
QUIET = 10  # modules on either side
START_B, START_C, TO_C, TO_B = 104, 105, 99, 100  # symbols; in subset C, 99 is a pair of digits
LEAST_BARS_MM = 6.0  # of height: a hand-held scanner's beam need not be level
PICTURE_BARS_MM = 12.0
PICTURE_TEXT_POINTS = 9.0


class Barcode(msgspec.Struct, frozen=True, dict=True):
    """What a barcode holds, its Code 128 `symbols` without check and stop, and its `modules`: 1 a bar, 0 a space."""

    text: str
    symbols: tuple[int, ...]
    modules: str

    @property
    def width(self) -> int:
        """How many modules wide it is, quiet zones included."""
        return len(self.modules) + 2 * QUIET

    @cached_property
    def bars(self) -> tuple[tuple[int, int], ...]:
        """Where each bar begins, in modules from the left of the quiet zone, and how many modules wide it is."""
        found, at = [], QUIET
        for module, run in itertools.groupby(self.modules):
            length = sum(1 for _ in run)
            if module == "1":
                found.append((at, length))
            at += length
        return tuple(found)


def code128(text: str, pointer: str = "") -> Barcode:
    """The barcode that holds `text`: capital letters, digits and hyphens, as serials, codes and numbers are.

    Raises Refused (`malformed_barcode`).
    """
    if len(text) > LONGEST or not SERIAL.fullmatch(text):
        raise refuse("malformed_barcode", pointer, text=shortened(text))
    (modules,) = _Code128(text).build()
    return Barcode(text, tuple(_Code128(text).encoded), modules)


class _Code128(Code128):
    """python-barcode's encoder, made to keep a pair `99` that a serial begins with.

    0.16.1 takes that pair for a change to subset C and drops it (its issue 251). It always begins in C, so that only
    a change to A or B can follow the start.
    """

    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        kept: list[int] = encoded if encoded[1] == TO_C else super()._try_to_optimize(encoded)
        return kept


def dots_of(module_um: int, dpi: int) -> int:
    """How many dots of a printer one module is."""
    return max(1, round(module_um / 1000 * dpi / MM_PER_INCH))


def svg(barcode: Barcode, *, module_um: int = 250) -> bytes:
    """The barcode as an SVG of its true size in mm, its text below."""
    x = module_um / 1000
    width, height = barcode.width * x, PICTURE_BARS_MM + 2 * MM_PER_POINT * PICTURE_TEXT_POINTS
    path = "".join(f"M{at} 0h{wide}v{PICTURE_BARS_MM:g}h-{wide}z" for at, wide in barcode.bars)
    baseline = PICTURE_BARS_MM + 1.2 * MM_PER_POINT * PICTURE_TEXT_POINTS
    size = MM_PER_POINT * PICTURE_TEXT_POINTS
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:.4g}mm"'
        f' viewBox="0 0 {width:g} {height:.4g}">'
        f'<rect width="100%" height="100%" fill="#fff"/><path transform="scale({x:g} 1)" d="{path}"/>'
        f'<text x="{width / 2:g}" y="{baseline:.4g}" font-family="monospace" font-size="{size:.4g}"'
        f' text-anchor="middle">{escape(barcode.text)}</text></svg>\n'
    ).encode()


def png(barcode: Barcode, *, module_um: int = 250, dpi: int = 300) -> bytes:
    """The barcode as a black and white PNG that says its resolution, every module the same number of dots wide."""
    dots, per_mm = dots_of(module_um, dpi), dpi / MM_PER_INCH
    bars_px, text_px = round(PICTURE_BARS_MM * per_mm), round(PICTURE_TEXT_POINTS * dpi / 72)
    picture = Image.new("1", (barcode.width * dots, bars_px + 2 * text_px), 1)
    draw = ImageDraw.Draw(picture)
    for at, wide in barcode.bars:
        draw.rectangle((at * dots, 0, (at + wide) * dots - 1, bars_px - 1), fill=0)
    place = (picture.width / 2, bars_px + text_px)
    draw.text(place, barcode.text, fill=0, font=raster_font(text_px), anchor="mm")
    written = io.BytesIO()
    picture.save(written, "PNG", dpi=(dpi, dpi))
    return written.getvalue()
