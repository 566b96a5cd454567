"""Labels as ZPL II for thermal printers: bars drawn by the printer, Chinese as a bitmap where it has no font.

Words in ASCII use the printer's own scalable font. Every character of text that is not a plain letter, digit or blank
is written in hexadecimal (^FH), so that no name can hold a command.
"""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image, ImageDraw

from labels.barcodes import MM_PER_INCH, QUIET, START_B, START_C, TO_B, TO_C, Barcode, dots_of
from labels.label_layout import LEAST_POINTS, LINE, Placed, Text, placed, refuse_off_paper
from labels.label_stock import Stock
from labels.label_values import Label
from labels.pdf import MM_PER_POINT, fitted, measured, raster_font

PRINTER_FONT = r"^[EBRA]:[A-Z0-9_]{1,16}\.(TTF|TTE|FNT)$"
"""What a font in a printer's memory is called, such as `E:SIMSUN.TTF`."""
INVOKED = {START_B: ">:", START_C: ">;", TO_C: ">5", TO_B: ">6"}
FIRST_OF_B = ord(" ")  # the character that symbol 0 stands for in subset B


def zpl(
    labels: Iterable[Label],
    stock: Stock,
    *,
    dpi: int = 203,
    module_um: int = 250,
    printer_font: str | None = None,
    offset_mm: tuple[float, float] = (0.0, 0.0),
) -> bytes:
    """One format (^XA … ^XZ) for each label, one label of the stock's size each, for a printer of this resolution.

    `printer_font` names a font in the printer that has Chinese characters; without one they are bitmaps.
    Raises Refused: `offset_off_paper`, and what `placed` refuses.
    """
    printer = _Printer(dpi, printer_font, offset_mm)
    module_mm = dots_of(module_um, dpi) * MM_PER_INCH / dpi
    width, height = (printer.dots(side) for side in stock.label_mm)
    every = placed(labels, stock, module_mm)
    for each in every:
        refuse_off_paper(each, stock.label_mm, (0.0, 0.0), offset_mm, stock.label_mm)
    formats = (f"^XA^CI28^PW{width}^LL{height}^LH0,0\n{printer.written(each)}^XZ\n" for each in every)
    return "".join(formats).encode()


def field_data(barcode: Barcode) -> str:
    """A ^BC field's data that prints these symbols: `>;` and `>:` start subsets C and B, `>5` and `>6` change them."""
    subset, written = "", []
    for symbol in barcode.symbols:
        if (
            symbol in (START_B, START_C)
            or (subset == "B" and symbol == TO_C)
            or (subset, symbol) == ("C", TO_B)
        ):
            subset = "B" if symbol in (START_B, TO_B) else "C"
            written.append(INVOKED[symbol])
        else:
            written.append(chr(symbol + FIRST_OF_B) if subset == "B" else f"{symbol:02}")
    return "".join(written)


def escaped(text: str) -> str:
    """`text` for a ^FD after ^FH: each byte of UTF-8 that is no plain letter, digit or blank as `_` and two digits."""
    return "".join(
        character if character.isascii() and (character.isalnum() or character == " ")
        else "".join(f"_{byte:02X}" for byte in character.encode())
        for character in text
    )  # fmt: skip


class _Printer:
    """A printer's resolution, its font for Chinese and its offset."""

    def __init__(self, dpi: int, font: str | None, offset_mm: tuple[float, float]) -> None:
        self.dpi, self.font, self.offset_mm = dpi, font, offset_mm

    def dots(self, mm: float) -> int:
        return round(mm * self.dpi / MM_PER_INCH)

    def origin(self, left: float, top: float) -> str:
        across, down = self.offset_mm
        return f"^FO{max(0, self.dots(left + across))},{max(0, self.dots(top + down))}"

    def written(self, label: Placed) -> str:
        bars_left = label.left + QUIET * label.module_mm
        bars = (
            f"{self.origin(bars_left, label.top)}^BY{self.dots(label.module_mm)}"
            f"^BCN,{self.dots(label.height)},N,N,N^FD{field_data(label.barcode)}^FS\n"
        )
        return bars + "".join(map(self.text, label.texts))

    def text(self, text: Text) -> str:
        shown, points = fitted(text.text, text.width, measured, size=text.points, least=LEAST_POINTS)
        high = self.dots(points * MM_PER_POINT)
        top = text.top + (text.points * LINE - points) / 2 * MM_PER_POINT
        if not shown.isascii() and self.font is None:
            return self.bitmap(shown, text.left + text.width / 2, top, high)
        font = f"^A0N,{high},{high}" if shown.isascii() else f"^A@N,{high},{high},{self.font}"
        place = f"{self.origin(text.left, top)}{font}^FB{self.dots(text.width)},1,0,C"
        return f"{place}^FH^FD{escaped(shown)}^FS\n"

    def bitmap(self, text: str, middle: float, top: float, high: int) -> str:
        font = raster_font(high)
        wide = round(font.getlength(text))
        picture = Image.new("1", (wide, round(high * LINE)), 0)
        draw = ImageDraw.Draw(picture)
        draw.fontmode = "1"  # dots are black or not: no grey edges
        draw.text((0, picture.height / 2), text, fill=1, font=font, anchor="lm")
        left = middle - wide * MM_PER_INCH / self.dpi / 2
        data, across = picture.tobytes(), (wide + 7) // 8
        return f"{self.origin(left, top)}^GFA,{len(data)},{len(data)},{across},{data.hex().upper()}^FS\n"
