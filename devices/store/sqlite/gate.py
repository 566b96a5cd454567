"""The queue of writers in front of one SQLite file, fair across processes and threads."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Gate:
    """Lets one writer through at a time, and never the same one twice while another waits.

    SQLite's own busy handler polls, so that one of several saturating writers may wait for seconds. Here the kernel
    keeps the queue: `flock` on bytes of nothing, freed when its process dies, even by kill -9. Two locks make it
    fair: a writer waits in the porch, enters it alone, and leaves it only with the gate in hand; whoever has just
    written must pass the porch again.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._thread = threading.local()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold the gate for the block; waits without limit, as the holder's end frees it.

        Raises RuntimeError in a thread that holds it already.
        """
        locks = self._locks()
        if locks.inside:
            raise RuntimeError("this thread is inside the gate already")
        fcntl.flock(locks.porch, fcntl.LOCK_EX)
        try:
            fcntl.flock(locks.gate, fcntl.LOCK_EX)
        finally:
            fcntl.flock(locks.porch, fcntl.LOCK_UN)
        locks.inside = True
        try:
            yield
        finally:
            locks.inside = False
            fcntl.flock(locks.gate, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the calling thread's files; they open again by themselves."""
        self._thread.__dict__.clear()

    def _locks(self) -> "_Locks":
        """The calling thread's own files: a lock belongs to an open file, so threads must not share one."""
        locks: _Locks | None = getattr(self._thread, "locks", None)
        if locks is None:
            locks = self._thread.locks = _Locks(self._database)
        return locks


class _Locks:
    """One thread's open files, closed when the thread ends, and whether it is inside."""

    def __init__(self, database: Path) -> None:
        self._open: list[int] = []  # file by file: a second that can not be opened leaves the first
        self.porch = self._opened(f"{database}.gate-porch")
        self.gate = self._opened(f"{database}.gate")
        self.inside = False

    def _opened(self, name: str) -> int:
        self._open.append(os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return self._open[-1]

    def __del__(self) -> None:
        for file in self._open:
            os.close(file)
