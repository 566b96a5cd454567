"""Paper as tests read it: pages of a PDF as pictures, and what the barcodes in a picture hold."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdfium2
import zxingcpp
from PIL import Image

from labels.label_stock import Stock

POINTS_PER_INCH = 72
MM_PER_INCH = 25.4


def pages(pdf: bytes, dpi: int) -> list[Image.Image]:
    """Every page as a grey picture."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / POINTS_PER_INCH, grayscale=True).to_pil() for page in document]
    finally:
        document.close()


def texts(pdf: bytes) -> list[str]:
    """The text of every page, as a reader would copy it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def labels_on(pdf: bytes, stock: Stock, dpi: int) -> Iterator[Image.Image]:
    """Every label of every page cut out along its edges, used or not."""
    for page in pages(pdf, dpi):
        for index in range(stock.count):
            left, top = stock.place_mm(index)
            corners = (left, top, left + stock.label_mm[0], top + stock.label_mm[1])
            left, top, right, bottom = (round(mm * dpi / MM_PER_INCH) for mm in corners)
            yield page.crop((left, top, right, bottom))


def scanned(picture: Image.Image) -> list[str]:
    """What every Code 128 in the picture holds; nothing else counts as read."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128))
    return [each.text for each in found]


def opened(png: bytes) -> Image.Image:
    """A PNG as a picture."""
    return Image.open(io.BytesIO(png))
