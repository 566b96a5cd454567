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
        self._files = threading.local()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold the gate for the block; waits without limit, as the holder's end frees it."""
        porch, gate = self._open()
        fcntl.flock(porch, fcntl.LOCK_EX)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
        finally:
            fcntl.flock(porch, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(gate, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the calling thread's files; they open again by themselves."""
        for descriptor in getattr(self._files, "open", ()):
            os.close(descriptor)
        self._files.open = ()

    def _open(self) -> tuple[int, int]:
        """The calling thread's own descriptors: a lock belongs to an open file, so threads must not share one."""
        held: tuple[int, ...] = getattr(self._files, "open", ())
        if not held or self._files.process != os.getpid():
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            held = (os.open(self._porch, flags, 0o600), os.open(self._gate, flags, 0o600))
            self._files.open, self._files.process = held, os.getpid()
        return held[0], held[1]
