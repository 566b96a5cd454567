"""Who works with the books of one SQLite file: many share their presence, and a restore wants to be alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.store.sqlite.lock_files import open_lock_file


class InUse(Exception):
    """Somebody works with these books."""


class Presence:
    """A lock beside the file, which the kernel frees when its process dies, even by kill -9.

    A server's workers and every command hold it shared for as long as they may open the file, connected or not.
    """

    def __init__(self, database: Path) -> None:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = open_lock_file(database, ".present")

    def share(self) -> None:
        """Be present until `leave` or the process's end; waits for one who wants to be alone."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def alone(self) -> None:
        """Be the only one present until `leave`. Raises InUse at once where somebody is."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse from None

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
