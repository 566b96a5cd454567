"""Whether the books can be used: looked at on a thread of its own, and told in time whatever the database does."""

from __future__ import annotations

import logging
import math
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cached_property
from typing import Any

import msgspec

from devices.store import schema
from devices.store.database import Store
from devices.store.engines import PROBING, sqlite_path
from devices.store.sqlite.as_it_is import address_of_existing
from devices.store.unusable import cause_of

_log = logging.getLogger("panku.readiness")

ANSWERED_WITHIN_SECONDS = 1.5
"""A look that takes longer is told as one that did not answer: whoever asks waits two seconds at most."""
KEPT_SECONDS = 1
"""How long a look stands: anybody may ask, and each look writes."""
ROOM_BYTES = 8 * 1024 * 1024
"""What must still fit on the disk: as much as the largest posting adds, 10,000 serials."""

# By hand: rows that need more memory than they are given, which PostgreSQL writes to its disk and deletes.
SPILLED = (
    "SET LOCAL work_mem = '64kB'",
    f"SELECT count(*) FROM unnest(array_fill(repeat('x', 1024), ARRAY[{ROOM_BYTES // 1024}]))",
)


class Look(msgspec.Struct, frozen=True):
    """What was seen: the name of the cause and what was said where the books cannot be used; else what they told."""

    cause: str | None = None
    said: str = ""
    told: Any = None


class Readiness:
    """Looks at the books and the session store of one process; `ask` is what the books are asked, for whoever looks."""

    def __init__(
        self,
        url: str,
        session_url: str,
        ask: Callable[[Store], Any],
        *,
        within_seconds: float = ANSWERED_WITHIN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls, self._ask = tuple(dict.fromkeys((url, session_url))), ask
        self._within_seconds, self._clock = within_seconds, clock
        self._lock = threading.Lock()
        self._looking: _Looking | None = None
        self._last, self._last_at = Look(), -math.inf

    def look(self) -> Look:
        """What is seen now, or was a second ago. A look that did not end in time goes on; nobody begins another.

        Raises what is no fault of the database.
        """
        with self._lock:
            if self._clock() - self._last_at < KEPT_SECONDS:
                return self._last
            if self._looking is None:
                self._looking = _Looking(self._seen)
                self._looking.start()
            looking = self._looking
        if not looking.done.wait(self._within_seconds):
            return Look("timed_out", f"nothing was seen within {self._within_seconds:g} s")
        if looking.fault is not None:
            raise looking.fault
        return looking.look

    def _seen(self) -> Look:
        """One look, kept; a change from the last one is logged."""
        try:
            look = self._at_all()
        except Exception as error:
            cause = cause_of(error)
            if cause is None:
                raise
            look = Look(cause.name, str(error).strip())
        finally:
            with self._lock:
                self._looking = None
        with self._lock:
            before, self._last, self._last_at = self._last, look, self._clock()
        if look.cause != before.cause:
            _log.warning("%s: %s", look.cause or "ready again", look.said)
        return look

    def _at_all(self) -> Look:
        with ExitStack() as opened:
            stores = [opened.enter_context(closing(store)) for store in self._stores]
            told = self._ask(stores[0])
            for store in stores:
                _find_room(store)
                schema.check_writing(store)
        return Look(told=told)

    @cached_property
    def _stores(self) -> list[Store]:
        """The databases; their connections are closed after each look, so that each opens them anew. None is made."""
        return [Store(url, PROBING, address=_address(url)) for url in self._urls]


class _Looking(threading.Thread):
    """One look on a thread of its own, which the database may hold up."""

    def __init__(self, seen: Callable[[], Look]) -> None:
        super().__init__(name="panku-readiness", daemon=True)
        self._seen = seen
        self.look = Look()
        self.fault: Exception | None = None
        self.done = threading.Event()

    def run(self) -> None:
        """Look, and say so."""
        try:
            self.look = self._seen()
        except Exception as fault:  # noqa: BLE001  (told by whoever waits for it)
            self.fault = fault
        finally:
            self.done.set()


def _address(url: str) -> str | None:
    return address_of_existing(sqlite_path(url)) if url.startswith("sqlite:") else None


def _find_room(store: Store) -> None:
    """Write as much as a posting may need, where the database lies; it is gone at once. Raises what the disk says.

    A small write proves nothing: a log and a file have room that was theirs before the disk was full.
    """
    if store.engine == "postgresql":
        with store.writing():
            for statement in SPILLED:
                store.execute(statement)
        return
    with tempfile.TemporaryFile(dir=sqlite_path(store.url).absolute().parent, buffering=0) as file:
        written = 0
        while written < ROOM_BYTES:
            written += file.write(bytes(ROOM_BYTES // 8))
