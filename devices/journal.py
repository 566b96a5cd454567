"""The journal: an append-only chain of links per site, and one for the unit."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from devices.chain import Link, link_after
from devices.moments.spans import SECOND_US, is_ahead
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Links
from devices.values import Instant

_HASH = compiled(Links.select(Links.hash).where(Links.site == GIVEN, Links.seq == GIVEN))
_HEAD = compiled(Links.select().where(Links.site == GIVEN).order_by(Links.seq.desc()).limit(1))
_RECORDED = compiled(Links.select(Links.recorded_at).where(Links.site == GIVEN, Links.seq == GIVEN))
_LAST_BY = compiled(
    Links.select(Links.seq)
    .where(Links.site == GIVEN, Links.recorded_at <= GIVEN)
    .order_by(Links.seq.desc())
    .limit(1)
)
# By hand: a recursive walk, and a hot path.
_HEADS = (
    "WITH RECURSIVE sites (site) AS (SELECT MIN(site) FROM journal UNION ALL"
    "  SELECT (SELECT MIN(site) FROM journal j WHERE j.site > s.site) FROM sites s WHERE s.site IS NOT NULL),"
    " ends (site, seq) AS MATERIALIZED"
    "  (SELECT site, (SELECT MAX(seq) FROM journal j WHERE j.site = s.site) FROM sites s)"
    " SELECT e.site, e.seq, (SELECT j.hash FROM journal j WHERE j.site = e.site AND j.seq = e.seq),"
    "  (SELECT j.recorded_at FROM journal j WHERE j.site = e.site AND j.seq = e.seq)"
    " FROM ends e WHERE e.site IS NOT NULL ORDER BY e.site"
)
"""It leaps from site to site in the index, however many links there are; every device's answer asks it."""


class Head(msgspec.Struct, frozen=True):
    """The last link of a journal, as evidence to be held outside: `seq` 0 where nothing has been written yet."""

    site: str
    seq: int
    hash: str
    recorded_at: Instant


def head_of(store: Store, site: str) -> Link | None:
    """The last link of `site`'s journal, None where it has none."""
    row = store.row(_HEAD, (site,))
    return Link(*row) if row else None


def link_hash(store: Store, site: str, seq: int) -> str | None:
    """The hash of one link of a journal; None where the journal has no such link."""
    row = store.row(_HASH, (site, seq))
    return row[0] if row else None


def heads(store: Store) -> list[Head]:
    """The head of every journal, by site."""
    return [Head(*row) for row in store.rows(_HEADS)]


class ClockStanding(msgspec.Struct, frozen=True):
    """The server's clock beside the journals: `newest_us` is the latest moment recorded in any, 0 where there is none.

    `is_behind` where the clock reads earlier by more than servers may differ: it was ahead once, or is wrong now.
    """

    now_us: Instant
    newest_us: Instant

    @property
    def behind_us(self) -> int:
        """How far the clock is behind, 0 where it is not."""
        return self.newest_us - self.now_us if self.is_behind else 0

    @property
    def behind_seconds(self) -> int:
        """The same in whole seconds."""
        return self.behind_us // SECOND_US

    @property
    def is_behind(self) -> bool:
        """Whether the newest recorded moment lies in the future of this clock."""
        return is_ahead(self.newest_us, self.now_us)


def clock_standing(store: Store, now_us: int) -> ClockStanding:
    """How the server's clock stands to what the journals have recorded."""
    return ClockStanding(now_us, newest_moment(store))


def newest_moment(store: Store) -> int:
    """The latest moment recorded in any journal, 0 where there is none."""
    return max((head.recorded_at for head in heads(store)), default=0)


def moment_of(store: Store, site: str, seq: int) -> int:
    """When a link of a journal is recorded; 0 where the journal has no such link."""
    row = store.row(_RECORDED, (site, seq))
    return int(row[0]) if row else 0


def last_by(store: Store, site: str, at_us: int) -> int:
    """The number of the last link of a journal that is recorded by a moment, 0 where there is none."""
    row = store.row(_LAST_BY, (site, at_us))
    return int(row[0]) if row else 0


class Writer:
    """Appends links within one write transaction; made by `open_journals`, which holds the locks.

    `now_us` is the server's clock, by which is decided what day it is and what has expired. `at_us` is what is
    recorded: never before what the journals have recorded already, whatever the clock says.
    """

    def __init__(self, store: Store, heads: dict[str, Link | None], at_us: int, now_us: int) -> None:
        self.store = store
        self.heads = heads
        self.at_us = at_us
        self.now_us = now_us

    @property
    def is_behind(self) -> bool:
        """Whether what is recorded now is recorded in the clock's future."""
        return is_ahead(self.at_us, self.now_us)

    def append(self, site: str, kind: str, reference: str, digest: str) -> Link:
        """Write the next link of `site`'s journal and return it."""
        link = link_after(
            self.heads[site], site=site, kind=kind, reference=reference, recorded_at=self.at_us, digest=digest
        )
        self.store.insert(Links, [msgspec.structs.astuple(link)])
        self.heads[site] = link
        return link


def open_journals(store: Store, sites: Iterable[str], now_us: int) -> Writer:
    """Lock the journals of `sites`, in ascending order, and read their heads; `now_us` is the server's clock.

    Must be called first within `store.writing()`. The writer's `at_us` lies after every head it continues, so that
    a moment always parts what was recorded before it from what came later.
    """
    wanted = sorted(set(sites))
    store.lock_journals(wanted)
    found = {site: head_of(store, site) for site in wanted}
    latest = max((link.recorded_at for link in found.values() if link), default=0)
    return Writer(store, found, max(now_us, latest + 1), now_us)
