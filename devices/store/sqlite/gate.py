"""The queue of writers in front of one SQLite file, fair across processes and threads."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.store.sqlite.lock_files import open_lock_file
from devices.store.unusable import Unusable, unusable_file


class Gate:
    """Lets one writer through at a time, and never the same one twice while another waits.

    SQLite's own busy handler polls, so that one of several saturating writers may wait for seconds. Here the threads of
    a process take turns, and the kernel keeps the queue of the processes: `flock` on bytes of nothing, freed when its
    process dies, even by kill -9. Two locks make it fair: a writer waits in the porch, enters it alone, and leaves it
    only with the gate in hand; whoever has just written must pass the porch again. Who waits longer than `seconds`
    gives up.
    """

    def __init__(self, database: Path, seconds: float) -> None:
        self._database, self._seconds = database, seconds
        self._turns = _Turns()
        self._inside: int | None = None
        self._locks: _Locks | None = None
        self._entering: _Entering | None = None

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Hold the gate for the block.

        Raises Unusable (`locked`) after the bound, and where its files cannot be opened; RuntimeError in a thread that
        holds it already.
        """
        if self._inside == threading.get_ident():
            raise RuntimeError("this thread is inside the gate already")
        until = time.monotonic() + self._seconds
        if not self._turns.take(self._seconds):
            raise self._given_up()
        try:
            locks = self._entered(until)
            self._inside = threading.get_ident()
            try:
                yield
            finally:
                self._inside = None
                locks.leave()
        finally:
            self._turns.give_back()

    def close(self) -> None:
        """Close the gate's files where no thread holds it or waits; they open again by themselves."""
        if self._turns.take(0):
            self._locks = None
            self._turns.give_back()

    def _entered(self, until: float) -> _Locks:
        """The locks in hand. The kernel waits for others without a bound, so that a thread of its own waits for it.

        One that is given up stays, and lets the next one in when its turn comes, unless this process wants it again by
        then: a process has one at a time.
        """
        if self._entering is None or not self._entering.taken_up():
            self._entering = None
            if self._locks is None:
                self._locks = _Locks(self._database)
            if self._locks.enter_at_once():
                return self._locks
            self._entering = _Entering(self._locks)
            self._entering.start()
        if not self._entering.awaited(until - time.monotonic()):
            raise self._given_up()
        locks, self._entering = self._entering.locks, None
        return locks

    def _given_up(self) -> Unusable:
        return Unusable(
            "locked", f"another writer has held {self._database} for more than {self._seconds:g} s"
        )


class _Turns:
    """A lock that threads are given in the order in which they asked for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for one's turn; False where it has not come in time."""
        mine = threading.Event()
        with self._lock:
            self._queue.append(mine)
            if self._queue[0] is mine:
                return True
        if mine.wait(seconds):
            return True
        with self._lock:
            if self._queue[0] is mine:  # it came this moment
                return True
            self._queue.remove(mine)
        return False

    def give_back(self) -> None:
        """Let the next one have it."""
        with self._lock:
            self._queue.popleft()
            if self._queue:
                self._queue[0].set()


class _Locks:
    """A process's open files of one gate, closed with the last word of them: a lock belongs to an open file."""

    def __init__(self, database: Path) -> None:
        self._open: list[int] = []  # file by file: a second that can not be opened leaves the first
        self.porch = self._opened(database, ".gate-porch")
        self.gate = self._opened(database, ".gate")

    def enter_at_once(self) -> bool:
        """Take both where they are free; else False, with one's place in the porch where that was."""
        try:
            fcntl.flock(self.porch, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(self.gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self.porch, fcntl.LOCK_UN)
        return True

    def enter(self) -> None:
        """Take both, however long it takes."""
        fcntl.flock(self.porch, fcntl.LOCK_EX)
        try:
            fcntl.flock(self.gate, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self.porch, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Let the next one in."""
        fcntl.flock(self.gate, fcntl.LOCK_UN)

    def _opened(self, database: Path, suffix: str) -> int:
        try:
            self._open.append(open_lock_file(database, suffix))
        except OSError as error:
            raise unusable_file(error) from error
        return self._open[-1]

    def __del__(self) -> None:
        for file in self._open:
            os.close(file)


class _Entering(threading.Thread):
    """Waits for the kernel's word, beside the thread that may not wait so long."""

    def __init__(self, locks: _Locks) -> None:
        super().__init__(name="panku-gate", daemon=True)
        self.locks = locks
        self._lock = threading.Lock()
        self._wanted, self._over = True, False
        self._inside = threading.Event()

    def run(self) -> None:
        """Enter; where nobody wants it any more, leave again."""
        self.locks.enter()
        with self._lock:
            if self._wanted:
                self._inside.set()
            else:
                self._over = True
                self.locks.leave()

    def awaited(self, seconds: float) -> bool:
        """Whether it is inside within that time; else it is given up."""
        if self._inside.wait(max(0, seconds)):
            return True
        with self._lock:
            self._wanted = self._inside.is_set()
            return self._wanted

    def taken_up(self) -> bool:
        """Want it again; False where it has left meanwhile."""
        with self._lock:
            self._wanted = not self._over
            return self._wanted
