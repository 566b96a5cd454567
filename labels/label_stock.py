"""The paper that labels are on: declared sheets and rolls, and sizes of one's own."""

from __future__ import annotations

import msgspec

from devices.problems import refuse
from labels.pdf import A4_MM

ROUNDING_MM = 0.05  # of published sizes: rows that fill a page to the edge are not refused for it

Pair = tuple[float, float]


class Stock(msgspec.Struct, frozen=True):
    """Labels of one size on a page: width and height in mm, in columns and rows with gaps between.

    `margin_mm` is left and above the first label; without it the labels are in the middle of the page. A roll is a
    page of one label.
    """

    name: str
    label_mm: Pair
    columns: int = 1
    rows: int = 1
    page_mm: Pair = A4_MM
    gap_mm: Pair = (0.0, 0.0)
    margin_mm: Pair | None = None

    @property
    def count(self) -> int:
        """How many labels a page has."""
        return self.columns * self.rows

    @property
    def spread_mm(self) -> Pair:
        """How wide and high all labels of a page are together, gaps included."""
        (width, height), (across, down) = self.label_mm, self.gap_mm
        return (
            self.columns * width + (self.columns - 1) * across,
            self.rows * height + (self.rows - 1) * down,
        )

    @property
    def first_mm(self) -> Pair:
        """Where the first label is: its left and top edge."""
        if self.margin_mm is not None:
            return self.margin_mm
        (width, height), (wide, high) = self.page_mm, self.spread_mm
        return (width - wide) / 2, (height - high) / 2

    def place_mm(self, index: int) -> Pair:
        """The left and top edge of a page's label `index`, counted from 0, along the rows."""
        row, column = divmod(index, self.columns)
        (left, top), (width, height), (across, down) = self.first_mm, self.label_mm, self.gap_mm
        return left + column * (width + across), top + row * (height + down)


def roll(width: float, height: float) -> Stock:
    """A roll of single labels, as thermal printers have; its name is its size in mm."""
    return Stock(f"{width:g}x{height:g}", (width, height), page_mm=(width, height))


STOCKS = (
    Stock("L7160", (63.5, 38.1), 3, 7, gap_mm=(2.5, 0.0)),
    Stock("L7651", (38.1, 21.2), 5, 13, gap_mm=(2.5, 0.0)),
    Stock("L7163", (99.1, 38.1), 2, 7, gap_mm=(2.5, 0.0)),
    roll(60, 40),
    roll(50, 30),
    roll(40, 30),
)
STOCK = {stock.name: stock for stock in STOCKS}
OWN_SIZE = "own"
"""The name of a size of one's own."""


def stock_named(name: str, pointer: str = "") -> Stock:
    """The declared stock of that name. Raises Refused (`unknown_stock`)."""
    if name not in STOCK:
        raise refuse("unknown_stock", pointer, stock=name, known=list(STOCK))
    return STOCK[name]


def checked(stock: Stock, pointer: str = "") -> Stock:
    """A size of one's own whose labels are all on its page. Raises Refused (`stock_off_page`)."""
    (left, top), (wide, high), (width, height) = stock.first_mm, stock.spread_mm, stock.page_mm
    if (
        min(left, top) < -ROUNDING_MM
        or left + wide > width + ROUNDING_MM
        or top + high > height + ROUNDING_MM
    ):
        size = f"{left + wide:.4g} × {top + high:.4g}" if stock.margin_mm else f"{wide:.4g} × {high:.4g}"
        raise refuse("stock_off_page", pointer, needed_mm=size, page_mm=f"{width:g} × {height:g}")
    return stock
