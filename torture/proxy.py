"""A proxy between Panku and its database that cuts connections, also just around COMMIT."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
COMMIT = b"COMMIT"


class Proxy:
    """Hands everything on, but cuts the connection of the next COMMIT whenever it is told to."""

    def __init__(self, to_port: int) -> None:
        self.to_port, self.cut = to_port, 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._next = ""

    def cut_next(self, when: str) -> None:
        """Cut the next COMMIT's connection `before` the server hears of it, or `after` it has done it."""
        self._next = when

    def serve(self) -> None:
        """Take connections until it is closed."""
        while True:
            try:
                ours, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._hand_on, args=(ours,), daemon=True).start()

    def close(self) -> None:
        """Take no more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _hand_on(self, ours: socket.socket) -> None:
        with suppress(OSError), ours, socket.create_connection(("127.0.0.1", self.to_port), 10) as theirs:
            while True:
                for ready in select.select([ours, theirs], [], [])[0]:
                    data = ready.recv(CHUNK)
                    when = self._taken() if ready is ours and COMMIT in data else ""
                    if not data or when == "before":
                        _reset(ours)
                        return
                    (theirs if ready is ours else ours).sendall(data)
                    if when == "after":
                        theirs.recv(CHUNK)
                        _reset(ours)
                        return

    def _taken(self) -> str:
        taken, self._next = self._next, ""
        self.cut += bool(taken)
        return taken


def _reset(connection: socket.socket) -> None:
    """Close it so that the other side sees a reset, as from a cable or a firewall."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


@contextmanager
def proxied(to_port: int) -> Iterator[Proxy]:
    """A proxy on a port of loopback while the block runs."""
    proxy = Proxy(to_port)
    threading.Thread(target=proxy.serve, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
