"""A streaming replica: reads of the past are served from it once it has everything that their reader has written.

Its journals say how far it is. The primary is asked, by index, whether beyond those heads there is anything of the
reader's, and whether the heads are its own: a database that is no copy of these books serves nothing.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import peewee

from devices.journal import Head, heads
from devices.store.database import RETRIED, Store
from devices.store.unusable import sqlstate
from devices.values import UNIT

log = logging.getLogger("panku.replica")
Read = TypeVar("Read")
_Answer = TypeVar("_Answer")

LEFT_ALONE_SECONDS = 30
"""How long a replica that failed is not asked again: one that hangs takes each who asks the whole of their bound."""

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
    """The replica of one process: left alone for a while once it failed, then asked again by one request.

    `clock` answers in seconds that only rise.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_again_at = -math.inf
        self._is_sound = False
        self._is_asked = False

    def read(self, primary: Store, username: str, read: Callable[[Store], Read]) -> Read:
        """What `read` finds: in the replica where that has all that `username` wrote, else in the primary.

        A replica that fails is logged; nobody notices but the primary.
        """
        if self._may_be_asked():
            seen = self._tried(lambda: heads(self.store))
            if seen is not None and has_everything_of(username, seen, primary):
                found = self._tried(lambda: (read(self.store),))
                if found is not None:
                    return found[0]
        return read(primary)

    def _may_be_asked(self) -> bool:
        """Whether it is sound; of one that failed, or that nobody has asked yet, by one request at a time."""
        with self._lock:
            if self._is_sound:
                return True
            if self._is_asked or self._clock() < self._asked_again_at:
                return False
            self._is_asked = True
            return True

    def _tried(self, ask: Callable[[], _Answer]) -> _Answer | None:
        """What the replica answers; None where it failed, be it sick or that its replay was in the way."""
        fault: Exception | None = None
        try:
            return ask()
        except (peewee.DatabaseError, peewee.InterfaceError) as error:
            fault = error
            return None
        finally:
            self._keep(fault)

    def _keep(self, fault: Exception | None) -> None:
        """Keep how it answered. A conflict with its replay is no sickness, nor is what `read` refuses."""
        sick = fault is not None and sqlstate(fault) not in RETRIED
        with self._lock:
            is_news = sick and (self._is_sound or self._is_asked)
            self._is_sound, self._is_asked = not sick, False
            if sick:
                self._asked_again_at = self._clock() + LEFT_ALONE_SECONDS
        if is_news:
            log.warning("the replica cannot be read, the primary serves: %s", str(fault).strip())


def has_everything_of(username: str, seen: Sequence[Head], primary: Store) -> bool:
    """Whether a replica with these heads is one of the primary's, with all that this person wrote there."""
    if not seen:
        return False
    sql = AHEAD.format(seen=", ".join([ONE_SEEN] * len(seen)))
    params = [value for head in seen for value in (head.site, head.seq, head.hash)]
    return primary.row(sql, (*params, UNIT, username, username, username)) is None
