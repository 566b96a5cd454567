"""How much an xlsx file may hold, however few its bytes: a file of 5 kB can say one thing a million times.

openpyxl takes time by the square over some of it: over each style for each number format, and over what is written in
one. Of what is neither a cell nor its text it makes objects, which are dear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.xmlreader import AttributesImpl

from devices.problems import Refused, refuse

ELEMENTS = 800_000  # XML elements in all members: 20,000 rows of 10 cells and their shared texts
DRESS = 50_000  # of these, what is neither a cell nor its text: styles, links, rules
NUMBER_FORMATS = 250  # as Excel allows
NUMBER_FORMAT = 255  # characters of one, as Excel allows
CELL_CHARACTERS = 32_767  # as Excel allows
CHARACTERS = 5 * 1024 * 1024  # of all cells, a shared text in each: as many as an upload has bytes

LIGHT = frozenset((
    "row", "c", "v", "f", "is", "t", "si", "r", "rPr", "rFont", "sz", "family", "charset", "scheme", "b", "i", "u",
    "rPh", "phoneticPr", "x", "n", "s", "d", "e", "m", "pt",
))  # fmt: skip
"""What cells and their texts are made of; and the points of pivot tables and charts, of which nothing is made."""


def too_large(what: str, limit: int, pointer: str = "") -> Refused:
    """The refusal of a spreadsheet with more than `limit` of `what`."""
    return refuse("spreadsheet_too_large", pointer, limit=f"{what}: {limit}")


class Bulk:
    """Counts what the members of one file hold together. Raises Refused (`spreadsheet_too_large`) past a limit."""

    def __init__(self) -> None:
        self._elements = self._dress = self._formats = 0

    def count(self, name: str, attributes: AttributesImpl[str]) -> None:
        """Count an element, by its name without a prefix."""
        self._elements += 1
        _refuse_over(self._elements, ELEMENTS, "elements")
        if name in LIGHT:
            return
        ranges = attributes.get("sqref", "").split()  # of each an object is made, too
        self._dress += 1 + len(ranges)
        self._formats += name == "numFmt"
        _refuse_over(self._dress, DRESS, "elements beside the cells")
        _refuse_over(self._formats, NUMBER_FORMATS, "number formats")
        _refuse_over(len(attributes.get("formatCode", "")), NUMBER_FORMAT, "characters in a number format")


def refuse_long_texts(sheets: Iterable[Iterable[Sequence[str]]]) -> None:
    """Raise Refused (`spreadsheet_too_large`) where a cell, or all cells of these sheets together, say too much.

    A sheet is its rows, a row the texts of its cells.
    """
    characters = 0
    for rows in sheets:
        for number, row in enumerate(rows, start=1):
            lengths = [len(text) for text in row]
            _refuse_over(max(lengths, default=0), CELL_CHARACTERS, "characters in a cell", f"/rows/{number}")
            characters += sum(lengths)
    _refuse_over(characters, CHARACTERS, "characters")


def _refuse_over(count: int, limit: int, what: str, pointer: str = "") -> None:
    if count > limit:
        raise too_large(what, limit, pointer)
