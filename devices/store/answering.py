"""PostgreSQL servers that may hang: how long their answers are waited for, and who asks one that gave none.

A server keeps the bounds of statements and locks itself, but one that hangs keeps none, and the kernel of a stopped one
goes on acknowledging what it is sent.
"""

from __future__ import annotations

import threading
import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from devices.store.unusable import Silent

_Answer = TypeVar("_Answer")

DOUBTED_AFTER_SECONDS = 2
"""After how long without an answer a server is asked by a second connection: a slow statement is no hang."""
ASKED_WITHIN_SECONDS = 2
"""The least that the driver waits for a connection."""


class AskedServer:
    """A server as a process knows it, whose connections share this: whether it answers.

    One that did not answer is asked by one thread at a time until it does: the others are told so at once.
    `silent_seconds` is the longest that it may say nothing at all, None for as long as it likes.
    """

    def __init__(self, silent_seconds: float | None) -> None:
        self.silent_seconds = silent_seconds
        self.is_hung = False
        self.asking = threading.Lock()
        self._asked_at = 0.0
        self._parameters: dict[str, Any] = {}

    def connect(self, parameters: dict[str, Any]) -> AnsweringConnection:
        """A connection. Raises Silent at once where another thread is asking a server that did not answer."""
        self._parameters = parameters
        is_alone = self.is_hung
        if is_alone and not self.asking.acquire(blocking=False):
            raise Silent("the server did not answer, and another request is asking it")
        try:
            connection = AnsweringConnection.connect(autocommit=True, **parameters)
        except psycopg.errors.ConnectionTimeout:
            self.is_hung = True
            raise
        finally:
            if is_alone:
                self.asking.release()
        self.is_hung = False
        connection.server = self
        return connection

    def is_given_up(self, waited_seconds: float) -> bool:
        """Whether an answer that has been waited for so long is waited for no more.

        It is when the time is up, and when the server does not answer anybody: it is asked by a connection of its own.
        """
        if self.silent_seconds is None or waited_seconds < min(DOUBTED_AFTER_SECONDS, self.silent_seconds):
            return False
        if waited_seconds >= self.silent_seconds:
            self.is_hung = True
        elif not self.is_hung and time.monotonic() - self._asked_at > DOUBTED_AFTER_SECONDS:
            self._ask()
        return self.is_hung

    def _ask(self) -> None:
        """Find out whether it still takes connections; what else may be wrong with it is not for us to tell."""
        if not self.asking.acquire(blocking=False):
            return
        try:
            psycopg.connect(**self._parameters | {"connect_timeout": str(ASKED_WITHIN_SECONDS)}).close()
        except psycopg.errors.ConnectionTimeout:
            self.is_hung = True
        except psycopg.Error:
            return
        finally:
            self._asked_at = time.monotonic()
            self.asking.release()


class AnsweringConnection(psycopg.Connection[Any]):
    """A connection that waits for its server no longer than that is worth."""

    server: AskedServer | None = None
    is_stale = False
    """Whether its server takes no writes any more, as one that was demoted: the next connection may find another."""

    def wait(self, gen: PQGen[_Answer], interval: float = 0.1, timeout: float | None = None) -> _Answer:
        """As psycopg's, for the answer to whatever was sent. Raises Silent, with the connection closed for good."""
        if self.server is None or self.server.silent_seconds is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(_watched(gen, self.server), interval, timeout)
        except Silent:
            self.pgconn.finish()
            raise


def _watched(gen: PQGen[_Answer], server: AskedServer) -> PQGen[_Answer]:
    """An exchange with a server, given up by what the server is known to do; asked whenever nothing has come."""
    begun = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            waited = time.monotonic() - begun
            if not ready and server.is_given_up(waited):
                raise Silent(f"the server did not answer within {waited:.0f} s")
            wanted = gen.send(ready)
    except StopIteration as end:
        answer: _Answer = end.value
        return answer
