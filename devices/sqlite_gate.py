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
        self._gate = f"{database}.gate"
        self._porch = f"{database}.gate-porch"
        self._thread = _Thread()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold the gate for the block; waits without limit, as the holder's end frees it.

        Raises RuntimeError in a thread that holds it already.
        """
        porch, gate = self._open()
        if self._thread.inside:
            raise RuntimeError("this thread is inside the gate already")
        fcntl.flock(porch, fcntl.LOCK_EX)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
        finally:
            fcntl.flock(porch, fcntl.LOCK_UN)
        self._thread.inside = True
        try:
            yield
        finally:
            self._thread.inside = False
            fcntl.flock(gate, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the calling thread's files; they open again by themselves."""
        for descriptor in self._thread.files:
            os.close(descriptor)
        self._thread.files = ()

    def _open(self) -> tuple[int, ...]:
        """The calling thread's own descriptors: a lock belongs to an open file, so threads must not share one."""
        if not self._thread.files:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._thread.files = (os.open(self._porch, flags, 0o600), os.open(self._gate, flags, 0o600))
        return self._thread.files


class _Thread(threading.local):
    """One thread's open files (porch, gate), and whether it is inside."""

    files: tuple[int, ...] = ()
    inside: bool = False
