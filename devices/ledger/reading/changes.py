"""Every line since a cursor: how another program keeps up with the books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from devices.ledger.reading import cursors
from devices.ledger.reading.history import EVENT_COLUMNS, EVENT_TABLES, Event, event_of
from devices.store.database import Row, Store

Vector = dict[str, tuple[int, int]]
"""By site, the last line seen of its journal: the link's sequence and the line's number within the document."""

JOURNALS_AT_ONCE = 100
"""How many journals one statement reads: SQLite joins at most 500 queries by UNION."""

LARGEST = 2**63 - 1


class Changes(msgspec.Struct, frozen=True):
    """Lines in the order they were recorded; `cursor` asks for those after them; `more`: some are there already."""

    lines: list[Event]
    cursor: str
    more: bool


def changes(store: Store, sites: Sequence[str], after: str | None = None, limit: int = 100) -> Changes:
    """At most `limit` lines after the cursor `after`, or from the beginning: those that these sites' journals hold,
    and those of other journals that moved a device one of these sites answered for.

    Within a journal their order is the journal's. A site that is not given is never told of otherwise, whatever the
    cursor. Raises Refused (`malformed_cursor`).
    """
    own = sorted(set(sites))
    others = journals_elsewhere(store, own)
    vector = vector_of(after, [*own, *others])
    parts = [Part(site) for site in own] + [Part(journal, site) for journal in others for site in own]
    found = {
        (event.journal_site, event.journal_seq, event.n): event
        for some in _some(parts)
        for event in map(event_of, _lines(store, some, vector, limit + 1))
    }
    events = sorted(found.values(), key=_order)
    for event in events[:limit]:
        vector[event.journal_site] = (event.journal_seq, event.n)
    return Changes(events[:limit], cursors.encoded(vector), len(events) > limit)


class Part(msgspec.Struct, frozen=True):
    """The lines of one journal: all of them, or those of devices that `answered_for` answered for until then."""

    journal: str
    answered_for: str | None = None


# By hand: whether there is any, of each site's journal, in the index.
_ELSEWHERE = (
    "SELECT s.code FROM site s WHERE EXISTS"
    " (SELECT 1 FROM line_elsewhere e WHERE e.site IN (:each) AND e.journal_site = s.code) ORDER BY s.code"
)


def journals_elsewhere(store: Store, sites: Sequence[str]) -> list[str]:
    """The journals of other sites that hold lines of devices which these sites answered for."""
    found = {code for (code,) in store.rows_in(_ELSEWHERE, sites)}
    return sorted(found - set(sites))


def vector_of(cursor: str | None, sites: Sequence[str]) -> Vector:
    """The vector of a cursor, for these sites' journals only. Raises Refused (`malformed_cursor`)."""
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


def _some(parts: list[Part]) -> Iterator[list[Part]]:
    for start in range(0, len(parts), JOURNALS_AT_ONCE):
        yield parts[start : start + JOURNALS_AT_ONCE]


# By hand: each journal's part in the order of its index, as many parts as there are of them.
_OF_JOURNAL = (
    "SELECT * FROM (SELECT {columns} FROM {tables} WHERE l.journal_site = ?"
    " AND (l.journal_seq, l.n) > (?, ?) ORDER BY l.journal_seq, l.n LIMIT ?) AS journal"
)
_OF_ANSWERED_FOR = (
    "SELECT * FROM (SELECT {columns} FROM line_elsewhere e CROSS JOIN {tables} WHERE e.journal_site = ?"
    " AND (e.journal_seq, e.n) > (?, ?) AND e.site = ? AND l.journal_site = e.journal_site"
    " AND l.journal_seq = e.journal_seq AND l.n = e.n ORDER BY e.journal_seq, e.n LIMIT ?) AS journal"
)


def _lines(store: Store, parts: list[Part], vector: Vector, limit: int) -> list[Row]:
    """The next `limit` lines of each part; each is read in the order of its index."""
    texts, params = [], []
    for part in parts:
        answered_for = () if part.answered_for is None else (part.answered_for,)
        text = _OF_ANSWERED_FOR if answered_for else _OF_JOURNAL
        texts.append(text.format(columns=_named(), tables=EVENT_TABLES))
        params += [part.journal, *vector.get(part.journal, (0, 0)), *answered_for, limit]
    return store.rows(" UNION ALL ".join(texts), params) if texts else []


def _named() -> str:
    """The columns of an event, numbered, so that no two share a name in the joined queries."""
    return ", ".join(f"{column} AS c{n}" for n, column in enumerate(EVENT_COLUMNS.split(", ")))
