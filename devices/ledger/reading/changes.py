"""A site's feed: every line that its books are rebuilt from, since a cursor. Whatever tells a site's lines reads it.

A site is told the lines of its own journal, and those of other journals that moved a device for which it answered
before or after (`line_elsewhere`). So whoever keeps, of each device, the position after its latest step has every
register of the site as it is. See docs/decisions.md, "A site's feed is its book".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

import msgspec

from devices.ledger.reading import cursors
from devices.ledger.reading.history import EVENT_COLUMNS, EVENT_TABLES, Event, event_of
from devices.store.database import Row, Store

PARTS_AT_ONCE = 400
"""How many parts one statement reads: SQLite joins at most 500 queries by UNION."""

EVER = ("0001-01-01", "9999-12-31")
"""Every business date there is: the first and the last."""

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Places = dict[str, tuple[_Number, _Number]]
"""By journal, the last line told of it: the link's sequence and the line's number within the document."""
_BEGINNING = (0, 0)


class FeedCursor(msgspec.Struct, frozen=True, array_like=True):
    """How far a feed has told: `own` of the journal of each of its sites, `elsewhere` of the other journals."""

    own: _Places
    elsewhere: _Places


class Select(NamedTuple):
    """What is told of a line: columns, and the tables they are of, of which the first is `line l`."""

    columns: str
    tables: str


class FeedPage(NamedTuple):
    """Rows of what was selected, in the order they were recorded; `cursor` asks for those after them.

    `more`: some are there already.
    """

    rows: list[Row]
    cursor: str
    more: bool


class Changes(msgspec.Struct, frozen=True):
    """Lines in the order they were recorded; `cursor` asks for those after them; `more`: some are there already."""

    lines: list[Event]
    cursor: str
    more: bool


_EVENTS = Select(EVENT_COLUMNS, EVENT_TABLES)


def changes(store: Store, sites: Sequence[str], after: str | None = None, limit: int = 100) -> Changes:
    """At most `limit` lines of these sites' feed after the cursor `after`, or from the beginning; see `told`."""
    found = told(store, sites, after, limit, _EVENTS)
    return Changes([event_of(row) for row in found.rows], found.cursor, found.more)


def told(
    store: Store,
    sites: Sequence[str],
    after: str | None,
    limit: int,
    select: Select,
    days: tuple[str, str] = EVER,
) -> FeedPage:
    """At most `limit` lines of these sites' feed after the cursor `after`, each once, of these business dates.

    Within a journal their order is the journal's, and none is left out behind the cursor, whenever another journal's
    are committed. Call it within `store.reading()`: more sites than one statement takes are then of one moment. A
    site that is not given is not told of, whatever the cursor; one that the cursor does not know is told from its
    beginning, and what other journals hold comes again then. Raises Refused (`malformed_cursor`).
    """
    parts, seen = _parts(store, sites, after)
    found: dict[Row, Row] = {}
    for some in _some(parts):
        found |= {row[:_KEY]: row[_KEY:] for row in _next(store, some, limit + 1, select, days)}
    keys = sorted(found)
    for _, journal, seq, n in keys[:limit]:
        (seen.own if journal in seen.own else seen.elsewhere)[journal] = (seq, n)
    return FeedPage([found[key] for key in keys[:limit]], cursors.encoded(seen), len(keys) > limit)


def count_told(store: Store, site: str, after: str | None = None, days: tuple[str, str] = EVER) -> int:
    """How many lines a site's feed has after a cursor. Raises Refused (`malformed_cursor`)."""
    parts, _ = _parts(store, [site], after)
    return sum(_count(store, part, days) for part in parts)


class _Part(NamedTuple):
    """What one journal holds after a place in it: all lines, or those of devices `answered_for` answered for."""

    journal: str
    after: tuple[int, int]
    answered_for: str | None = None


def _parts(store: Store, sites: Sequence[str], after: str | None) -> tuple[list[_Part], FeedCursor]:
    """Of what a feed consists, and how far it has told."""
    own = sorted(set(sites))
    others = journals_elsewhere(store, own)
    seen = _seen(after, own, others)
    parts = [_Part(site, seen.own[site]) for site in own]
    parts += [_Part(journal, seen.elsewhere[journal], site) for journal in others for site in own]
    return parts, seen


def _seen(after: str | None, own: Sequence[str], others: Sequence[str]) -> FeedCursor:
    """How far the feed of these sites has told, by the cursor of an earlier answer, which may have been of others."""
    told_of = FeedCursor({}, {}) if after is None else cursors.decoded(after, FeedCursor)
    known = told_of.own.keys() >= set(own)
    elsewhere = {**told_of.own, **told_of.elsewhere} if known else {}
    return FeedCursor(
        {site: told_of.own.get(site, _BEGINNING) for site in own},
        {journal: elsewhere.get(journal, _BEGINNING) for journal in others},
    )


# By hand: whether there is any, of each site's journal, in the index.
_ANY_ELSEWHERE = (
    "SELECT s.code FROM site s WHERE EXISTS"
    " (SELECT 1 FROM line_elsewhere e WHERE e.site IN (:each) AND e.journal_site = s.code) ORDER BY s.code"
)


def journals_elsewhere(store: Store, sites: Sequence[str]) -> list[str]:
    """The journals of other sites that hold lines of devices which these sites answered for."""
    found = {code for (code,) in store.rows_in(_ANY_ELSEWHERE, sites)}
    return sorted(found - set(sites))


def _some(parts: list[_Part]) -> Iterator[list[_Part]]:
    for start in range(0, len(parts), PARTS_AT_ONCE):
        yield parts[start : start + PARTS_AT_ONCE]


# By hand, to the end: as many parts as there are journals, each read in the order of its index. Keys first, so that
# only what is told is looked up.
_OWN = "line l WHERE l.journal_site = ? AND (l.journal_seq, l.n) > (?, ?) AND l.business_date BETWEEN ? AND ?"
_ELSEWHERE = (
    "line_elsewhere e CROSS JOIN line l WHERE e.journal_site = ? AND (e.journal_seq, e.n) > (?, ?)"
    " AND l.business_date BETWEEN ? AND ? AND e.site = ?"
    " AND l.journal_site = e.journal_site AND l.journal_seq = e.journal_seq AND l.n = e.n"
)
_KEYS = (
    "SELECT * FROM (SELECT l.recorded_at AS at, l.journal_site AS journal, l.journal_seq AS seq, l.n AS n"
    " FROM {part} ORDER BY {alias}.journal_seq, {alias}.n LIMIT ?) AS part"
)
_KEY = 4
_TOLD = (
    "SELECT k.at, k.journal, k.seq, k.n, {columns} FROM ({keys} ORDER BY 1, 2, 3, 4 LIMIT ?) AS k CROSS JOIN {tables}"
    " WHERE l.journal_site = k.journal AND l.journal_seq = k.seq AND l.n = k.n"
)
_COUNT = "SELECT COUNT(*) FROM {part}"


def _next(
    store: Store, parts: Sequence[_Part], limit: int, select: Select, days: tuple[str, str]
) -> list[Row]:
    """The next `limit` lines of these parts together, each once, after the four columns that order them."""
    texts, params = [], []
    for part in parts:
        text, values = _of(part, days)
        texts.append(_KEYS.format(part=text, alias="l" if part.answered_for is None else "e"))
        params += [*values, limit]
    keys = " UNION ".join(texts)
    sql = _TOLD.format(columns=select.columns, keys=keys, tables=select.tables)
    return store.rows(sql, [*params, limit]) if texts else []


def _count(store: Store, part: _Part, days: tuple[str, str]) -> int:
    text, values = _of(part, days)
    (found,) = store.row(_COUNT.format(part=text), values) or (0,)
    return int(found)


def _of(part: _Part, days: tuple[str, str]) -> tuple[str, list[str | int]]:
    """The lines of a part, as text and values."""
    values: list[str | int] = [part.journal, *part.after, *days]
    return (_OWN, values) if part.answered_for is None else (_ELSEWHERE, [*values, part.answered_for])
