"""A streaming replica: reads of the past are served from it once it has everything that their reader has written.

Its journals say how far it is. The primary is asked, by index, whether beyond those heads there is anything of the
reader's, and whether the heads are its own: a database that is no copy of these books serves nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import peewee

from devices.journal import Head, heads
from devices.moments.spans import is_over
from devices.store.database import Store
from devices.values import UNIT

log = logging.getLogger("panku.replica")
Read = TypeVar("Read")

LEFT_ALONE_US = 30_000_000
"""How long a replica that failed is not asked again: connecting to one that is gone takes its time."""

# By hand: a report over every journal. Only what lies past the replica's heads is looked at: as much as it lags.
AHEAD = (
    "WITH seen (site, seq, hash) AS (VALUES {seen}), every (site) AS (SELECT code FROM site UNION ALL SELECT ?),"
    " place (site, seq, hash) AS"
    "  (SELECT every.site, COALESCE(seen.seq, 0), seen.hash FROM every LEFT JOIN seen ON seen.site = every.site)"
    " SELECT 1 FROM place p WHERE (p.hash IS NOT NULL AND NOT EXISTS"
    "  (SELECT 1 FROM journal j WHERE j.site = p.site AND j.seq = p.seq AND j.hash = p.hash))"
    " OR EXISTS (SELECT 1 FROM document d WHERE d.site = p.site AND d.journal_seq > p.seq AND d.made_by = ?)"
    " OR EXISTS (SELECT 1 FROM review r WHERE r.journal_site = p.site AND r.journal_seq > p.seq AND r.made_by = ?)"
    " OR EXISTS (SELECT 1 FROM revision v WHERE v.journal_site = p.site AND v.journal_seq > p.seq AND v.made_by = ?)"
    " LIMIT 1"
)
ONE_SEEN = "(?, CAST(? AS BIGINT), ?)"


class Replica:
    """The replica of one process."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._failed_at_us: int | None = None

    def read(self, primary: Store, username: str, read: Callable[[Store], Read], at_us: int) -> Read:
        """What `read` finds: in the replica where that has all that `username` wrote, else in the primary.

        A replica out of reach is logged and left alone for a while; nobody notices but the primary.
        """
        if self._failed_at_us is None or is_over(self._failed_at_us, LEFT_ALONE_US, at_us):
            try:
                if has_everything_of(username, heads(self.store), primary):
                    return read(self.store)
            except (peewee.DatabaseError, peewee.InterfaceError) as error:
                self._failed_at_us = at_us
                log.warning("the replica cannot be read, the primary serves: %s", str(error).strip())
        return read(primary)


def has_everything_of(username: str, seen: Sequence[Head], primary: Store) -> bool:
    """Whether a replica with these heads is one of the primary's, with all that this person wrote there."""
    if not seen:
        return False
    sql = AHEAD.format(seen=", ".join([ONE_SEEN] * len(seen)))
    params = [value for head in seen for value in (head.site, head.seq, head.hash)]
    return primary.row(sql, (*params, UNIT, username, username, username)) is None
