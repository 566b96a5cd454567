"""Who works with the books of one SQLite file: many share their presence, and a restore wants to be alone."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.store.sqlite.lock_files import open_lock_file
from devices.store.unusable import Unusable

SHARED_WITHIN_SECONDS = 15
ASKED_EVERY_SECONDS = 0.05


class InUse(Exception):
    """Somebody works with these books."""


class Presence:
    """A lock beside the file, which the kernel frees when its process dies, even by kill -9.

    A server's workers and every command hold it shared for as long as they may open the file, connected or not.
    """

    def __init__(self, database: Path) -> None:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = database
        self._file = open_lock_file(database, ".present")

    def share(self, within_seconds: float = SHARED_WITHIN_SECONDS) -> None:
        """Be present until `leave` or the process's end; waits for one who wants to be alone.

        Raises Unusable (`locked`) where that one is not done in time.
        """
        until = time.monotonic() + within_seconds
        while not self._locked(fcntl.LOCK_SH):
            if time.monotonic() >= until:
                raise Unusable("locked", f"{self._database} is being restored")
            time.sleep(ASKED_EVERY_SECONDS)

    def alone(self) -> None:
        """Be the only one present until `leave`. Raises InUse at once where somebody is."""
        if not self._locked(fcntl.LOCK_EX):
            raise InUse

    def _locked(self, kind: int) -> bool:
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def leave(self) -> None:
        """Be present no more; this cannot be used again."""
        os.close(self._file)


@contextmanager
def being_alone(database: Path) -> Iterator[None]:
    """Be the only one present for the block. Raises InUse where somebody is."""
    presence = Presence(database)
    try:
        presence.alone()
        yield
    finally:
        presence.leave()
