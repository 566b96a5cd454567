"""The lines of a site's journal, one after another, for files that other programs read."""

from __future__ import annotations

from collections.abc import Iterator

from peewee import fn

from devices.store.database import Row, Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables import columns_of
from devices.store.tables.ledger import Lines

COLUMNS = tuple(column for column in columns_of(Lines) if column != "facts")
"""Free text may be among a line's facts; a customer is a number, whose name is in a table of its own."""

_chosen = (Lines.journal_site == GIVEN, Lines.business_date >= GIVEN, Lines.business_date <= GIVEN)
_COUNT = compiled(Lines.select(fn.COUNT(Lines.n)).where(*_chosen))
_LINES = compiled(
    Lines.select(*(getattr(Lines, column) for column in COLUMNS))
    .where(*_chosen)
    .order_by(Lines.journal_seq, Lines.n)
)
FIRST_DAY, LAST_DAY = "0001-01-01", "9999-12-31"


def count_lines(store: Store, site: str, first: str = FIRST_DAY, last: str = LAST_DAY) -> int:
    """How many lines `lines_of` gives."""
    (found,) = store.row(_COUNT, (site, first, last)) or (0,)
    return int(found)


def lines_of(store: Store, site: str, first: str = FIRST_DAY, last: str = LAST_DAY) -> Iterator[Row]:
    """Each line as COLUMNS has it, in the journal's order. `first` and `last` are business dates, both included."""
    return store.stream(_LINES, (site, first, last))
