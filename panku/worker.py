"""gunicorn's worker with threads, in which a connection costs a thread only while there is something to be done for it.

gunicorn's own gives each new connection to a thread, which then waits for what may never come: as many silent sockets
as there are threads, and browsers open such by themselves, keep everybody out. Here the one loop that accepts gathers
each request whole, within the bounds of panku/arriving.py, and closes what is not taken away; a thread gets it then.
Overridden of gunicorn 27's `ThreadWorker` are what takes a connection in and what puts it away, and nothing between.
See docs/decisions.md, "A connection costs a thread only while there is work".
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http import get_parser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from panku.arriving import Arriving, Bounds

READ_BYTES = 256 * 1024
SMALL_BYTES = 64 * 1024
"""What every connection may have gathered, however much all together have."""
NOBODY_THERE = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED})
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSAL = "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}"
STALLED = (
    "408 Request Timeout",
    "The head of the request did not come within {bounds.head_seconds:g} seconds.\n",
)
TOO_LONG = (
    "431 Request Header Fields Too Large",
    "The head of the request is longer than {bounds.head_bytes} bytes.\n",
)


class ClientSocket(socket.socket):
    """A client's socket, which takes an answer within its bounds or is given up."""

    bounds = Bounds()

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """As a socket's own. Raises BrokenPipeError where the client takes too little in the time for its length."""
        self.settimeout(self.bounds.taking_seconds + len(data) / self.bounds.bytes_a_second)
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise BrokenPipeError(errno.EPIPE, "the client takes its answer too slowly") from None


class BoundedUnreader(SocketUnreader):
    """What a thread reads of a request: what was gathered, and for as long as its time allows, what still comes."""

    def __init__(self, sock: socket.socket, arriving: Arriving) -> None:
        super().__init__(sock)
        self.arriving = arriving

    def chunk(self, size_hint: int | None = None) -> bytes:
        """What came. Raises TimeoutError once the request's time is over."""
        left = self.arriving.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request comes too slowly")
        asked = self.sock.gettimeout()  # gunicorn's own bound, while it reads a body away that nobody wanted
        self.sock.settimeout(left if asked is None else min(left, asked))
        data: bytes = super().chunk(size_hint)
        self.arriving.count(len(data))
        return data


class BoundedWorker(ThreadWorker):
    """`ThreadWorker` whose loop gathers requests, and waits for clients to leave, without a thread."""

    bounds = Bounds()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._taken_in: set[Any] = set()
        self._arriving: dict[Any, Arriving] = {}
        self._leaving: dict[Any, float] = {}
        """When each of them is closed, whatever its client still sends."""

    # What gunicorn's loop calls

    def accept(self, listener: Any) -> None:
        """Take a new connection in; where there is no room for more, the one that has waited longest gives way."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in NO_ROOM:
                self.log.warning("no room for another connection: %s", error)
                self._make_room()
            elif error.errno not in NOBODY_THERE:
                raise
            return
        client = ClientSocket(fileno=accepted.detach())
        client.bounds = self.bounds
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.data_ready = True  # once a thread has it
        self._taken_in.add(conn)
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        self._attend(partial(self._await, silent_seconds=self.bounds.silent_seconds), conn)

    def finish_request(self, conn: Any, future: Future[bool]) -> None:
        """A thread is done with it: the connection waits for the next request, or leaves."""
        kept = not future.cancelled() and future.exception() is None and future.result()
        self._attend(self._keep if kept else self._leave, conn)

    def murder_keepalived(self, force: bool = False) -> None:
        """Deal with each connection whose time is over; with all of them, when the worker ends."""
        now = time.monotonic()
        for conn, arriving in list(self._arriving.items()):
            if force:
                self._end(conn)
            elif arriving.until <= now:
                self._attend(self._give_up, conn)
        for conn, until in list(self._leaving.items()):
            if force or until <= now:
                self._end(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """A stopping worker waits for heads no longer than this."""
        for arriving in self._arriving.values():
            arriving.hurry(deadline)

    # A request comes in

    def _keep(self, conn: Any) -> None:
        """Wait for the next request; what came of it with the last one is there already."""
        seconds = self.cfg.keepalive if self.alive else min(self.cfg.keepalive, STOP_KEEPALIVE_LINGER)
        self._await(conn, seconds, conn.parser.unreader.take_buffered())

    def _await(self, conn: Any, silent_seconds: float, said: bytes = b"") -> None:
        now = time.monotonic()
        arriving = self._arriving[conn] = Arriving(self.bounds, now, silent_seconds=silent_seconds)
        conn.sock.settimeout(0)
        self._watch(conn, self._read)
        if said:
            arriving.take(said, now)
            self._go_on(conn, arriving)
        else:
            self._read(conn)

    def _read(self, conn: Any) -> None:
        arriving = self._arriving.get(conn)
        data = self._received(conn)
        if arriving is None or data is None:  # closed for another, of which the loop was told with it
            return
        if data:
            arriving.take(data, time.monotonic())
            self._go_on(conn, arriving)
        elif arriving.has_head:  # a body that was cut off is told so, as far as anybody still listens
            self._hand_over(conn, arriving)
        else:
            self._end(conn)

    def _go_on(self, conn: Any, arriving: Arriving) -> None:
        if arriving.is_too_long:
            self._refuse(conn, *TOO_LONG)
        elif arriving.is_ready or self._is_full(arriving):
            self._hand_over(conn, arriving)
        elif arriving.needs_word:
            arriving.needs_word = False
            with suppress(OSError):
                conn.sock.send(GO_ON)

    def _is_full(self, arriving: Arriving) -> bool:
        """Whether a thread has to take a large body from here on, so that all of them do not fill the memory."""
        if not arriving.has_head or len(arriving.received) <= SMALL_BYTES:
            return False
        return sum(len(each.received) for each in self._arriving.values()) > self.bounds.gathered_bytes

    def _hand_over(self, conn: Any, arriving: Arriving) -> None:
        """Give a thread the request as far as it has come."""
        self._forget(conn)
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = BoundedUnreader(conn.sock, arriving)
        conn.parser.unreader.arriving = arriving
        conn.parser.unreader.unread(bytes(arriving.received))
        arriving.received.clear()
        self.enqueue_req(conn)

    def _give_up(self, conn: Any) -> None:
        """Its time is over: a body that stalled is answered as everything else is, since its head says to whom."""
        arriving = self._arriving[conn]
        if arriving.has_head:
            self._hand_over(conn, arriving)
        elif arriving.received:
            self._refuse(conn, *STALLED)
        else:
            self._end(conn)

    # A connection goes

    def _refuse(self, conn: Any, status: str, sentence: str) -> None:
        """Answer what has no head that could be read."""
        self._forget(conn)
        text = sentence.format(bounds=self.bounds)
        self.log.debug("%s from %s", status, conn.client[0] if conn.client else "?")
        with suppress(OSError):
            conn.sock.send(REFUSAL.format(status=status, length=len(text), text=text).encode())
        self._leave(conn)

    def _leave(self, conn: Any) -> None:
        """Close our end, and let the client close its own: what it still sends would take the answer from it.

        RFC 9112, section 9.6. gunicorn's own waits for it in its loop, for two seconds of everybody's.
        """
        try:
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(conn)
            return
        self._leaving[conn] = time.monotonic() + self.bounds.leaving_seconds
        self._watch(conn, self._drain)
        self._drain(conn)

    def _drain(self, conn: Any) -> None:
        if conn in self._leaving and self._received(conn) == b"":
            self._end(conn)

    def _make_room(self) -> None:
        """Close whoever waits for the least: who leaves anyway, who has not said whom they ask, then anybody."""
        headless = (conn for conn, arriving in self._arriving.items() if not arriving.has_head)
        for waiting in (self._leaving, headless, self._arriving):
            if (conn := next(iter(waiting), None)) is not None:
                self._end(conn)
                return

    def _end(self, conn: Any) -> None:
        self._forget(conn)
        if conn in self._taken_in:
            self._taken_in.remove(conn)
            self.nr_conns -= 1
        conn.close()

    # The loop's own

    def _watch(self, conn: Any, readable: Callable[[Any], None]) -> None:
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._attend, readable, conn))

    def _attend(self, step: Callable[[Any], None], conn: Any, _: Any = None) -> None:
        """Take a step for one connection; a fault costs this one, and not all that the worker has."""
        try:
            step(conn)
        except Exception:
            self.log.exception("a connection is given up")
            self._end(conn)

    def _forget(self, conn: Any) -> None:
        self._arriving.pop(conn, None)
        self._leaving.pop(conn, None)
        with suppress(KeyError, ValueError, OSError):
            self.poller.unregister(conn.sock)

    def _received(self, conn: Any) -> bytes | None:
        """What came; nothing where the client has gone, None where it has not said anything."""
        try:
            data: bytes = conn.sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return b""
        return data
