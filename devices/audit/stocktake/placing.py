"""Where in its site's journal a scan belongs: after which link it was made. The journal's order decides, not its times.

See docs/decisions.md, "A scan is compared with its own moment".
"""

from __future__ import annotations

from devices.audit.kinds import Stocktake
from devices.audit.stocktake.scans import opening_of
from devices.journal import head_of, last_by
from devices.moments.spans import SECOND_US, elapsed
from devices.store.database import Store

PLACED_BY_TIME_US = 5 * SECOND_US
"""How far the journal's end may lie in the future and times still tell: a posting may come in just after the scans."""


class Placing:
    """Places the scans of one batch in the journal of their count's site, as of its reception."""

    def __init__(self, store: Store, counted: Stocktake, received_at_us: int) -> None:
        self._store, self._site = store, counted.site
        self._head = head_of(store, counted.site)
        self._opened = opening_of(store, counted.number).seq
        self._ahead = self._head is not None and self._head.recorded_at - received_at_us > PLACED_BY_TIME_US
        self._since_opening_us = elapsed(counted.opened_at, received_at_us)

    def after(self, at_us: int) -> int:
        """The last link that a scan of a moment came after, by the server's clock; not before its count was opened.

        Where the journal is dated ahead of the clock, its times tell nothing: then it came after all that there is.
        """
        assert self._head is not None, "a count without a journal"
        if self._ahead or at_us >= self._head.recorded_at:
            return self._head.seq
        return max(self._opened, last_by(self._store, self._site, at_us))

    def precedes_opening(self, age_us: int, tolerated_us: int) -> bool:
        """Whether a scan so old was made before its count was opened, by more than is tolerated.

        Of a count that was opened by a clock that was ahead, nobody knows.
        """
        return self._since_opening_us is not None and age_us > self._since_opening_us + tolerated_us
