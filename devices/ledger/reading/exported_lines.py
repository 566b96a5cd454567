"""A site's feed for files that other programs read: the lines of `GET /v1/changes`, with a line's own columns."""

from __future__ import annotations

from collections.abc import Iterator

from devices.ledger.reading.changes import EVER, FeedPage, Select, told
from devices.store.database import Store
from devices.store.tables import columns_of
from devices.store.tables.ledger import Lines

COLUMNS = tuple(column for column in columns_of(Lines) if column != "facts")
"""Free text may be among a line's facts; a customer is a number, whose name is in a table of its own."""

LINES_AT_ONCE = 1000
"""As many are in memory."""

_LINES = Select(", ".join(f"l.{column}" for column in COLUMNS), "line l")


def pages(
    store: Store, site: str, after: str | None = None, days: tuple[str, str] = EVER
) -> Iterator[FeedPage]:
    """Every line of a site's feed after a cursor, as COLUMNS has it, within `store.reading()`.

    `days` are business dates, both included. Raises Refused (`malformed_cursor`).
    """
    more = True
    while more:
        page = told(store, [site], after, LINES_AT_ONCE, _LINES, days)
        yield page
        after, more = page.cursor, page.more
