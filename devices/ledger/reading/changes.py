"""Every line since a cursor: how another program keeps up with the books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from devices.ledger.reading import cursors
from devices.ledger.reading.history import EVENT_COLUMNS, EVENT_TABLES, Event, event_of
from devices.store.database import Row, Store

Vector = dict[str, tuple[int, int]]
"""By site, the last line seen of its journal: the link's sequence and the line's number within the document."""

SITES_AT_ONCE = 100
"""How many journals one statement reads: SQLite joins at most 500 queries by UNION."""

LARGEST = 2**63 - 1


class Changes(msgspec.Struct, frozen=True):
    """Lines in the order they were recorded; `cursor` asks for those after them; `more`: some are there already."""

    lines: list[Event]
    cursor: str
    more: bool


def changes(store: Store, sites: Sequence[str], after: str | None = None, limit: int = 100) -> Changes:
    """At most `limit` lines that the journals of these sites hold after the cursor `after`, or from the beginning.

    Within a journal their order is the journal's. A site that is not given is never told of, whatever the cursor.
    Raises Refused (`malformed_cursor`).
    """
    vector = vector_of(after, sites)
    found = [row for some in _some(sorted(set(sites))) for row in _lines(store, some, vector, limit + 1)]
    events = sorted((event_of(row) for row in found), key=_order)
    for event in events[:limit]:
        vector[event.journal_site] = (event.journal_seq, event.n)
    return Changes(events[:limit], cursors.encoded(vector), len(events) > limit)


def vector_of(cursor: str | None, sites: Sequence[str]) -> Vector:
    """The vector of a cursor, for these sites only. Raises Refused (`malformed_cursor`)."""
    if cursor is None:
        return {}
    vector = cursors.decoded(cursor, Vector)
    wanted = set(sites)
    return {
        site: (min(max(seq, 0), LARGEST), min(max(n, 0), LARGEST))
        for site, (seq, n) in vector.items()
        if site in wanted
    }


def _order(event: Event) -> tuple[int, str, int, int]:
    return event.recorded_at_us, event.journal_site, event.journal_seq, event.n


def _some(sites: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(sites), SITES_AT_ONCE):
        yield sites[start : start + SITES_AT_ONCE]


def _lines(store: Store, sites: list[str], vector: Vector, limit: int) -> list[Row]:
    """The next `limit` lines of each journal; each is read in the order of its index."""
    # By hand: each journal's part in the order of its index, as many parts as there are sites.
    one = (
        f"SELECT * FROM (SELECT {_named()} FROM {EVENT_TABLES} WHERE l.journal_site = ?"
        " AND (l.journal_seq, l.n) > (?, ?) ORDER BY l.journal_seq, l.n LIMIT ?) AS journal"
    )
    sql = " UNION ALL ".join([one] * len(sites))
    params = [value for site in sites for value in (site, *vector.get(site, (0, 0)), limit)]
    return store.rows(sql, params)


def _named() -> str:
    """The columns of an event, numbered, so that no two share a name in the joined queries."""
    return ", ".join(f"{column} AS c{n}" for n, column in enumerate(EVENT_COLUMNS.split(", ")))
