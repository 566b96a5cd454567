"""A request on its way in: how long it may take and how much it may weigh. panku/worker.py has the sockets."""

from __future__ import annotations

import re

import msgspec

from panku.settings import MEBIBYTE


class Bounds(msgspec.Struct, frozen=True):
    """What a client may cost that nobody knows yet: seconds and bytes, the same as deploy/nginx-panku.conf allows.

    `silent`: nothing was said yet; `head`: from its first byte to the blank line; `body` and `taking`: for what comes
    after it and for an answer, and a second more for each `bytes_a_second` of it, so that a slow line may send and take
    much. `leaving`: the client's own end of a connection that was closed. Up to `body_bytes` are gathered of a body
    before it costs a thread, and of all together `gathered_bytes` in each process.
    """

    silent_seconds: float = 10
    head_seconds: float = 10
    body_seconds: float = 20
    taking_seconds: float = 20
    leaving_seconds: float = 2
    bytes_a_second: int = 16 * 1024
    line_bytes: int = 4 * 1024
    head_bytes: int = 32 * 1024
    body_bytes: int = 5 * MEBIBYTE
    gathered_bytes: int = 64 * MEBIBYTE


class Arriving:
    """One request as it comes in, at moments that are told in seconds of a clock that only goes on.

    It reads no more of a head than it takes to know whether there is anything left to wait for; whether it is right,
    gunicorn's parser says, which gets every byte. A wrong guess costs a thread earlier, or an answer later.
    """

    def __init__(self, bounds: Bounds, at: float, *, silent_seconds: float | None = None) -> None:
        self._bounds = bounds
        self._until = at + (bounds.silent_seconds if silent_seconds is None else silent_seconds)
        self._head_bytes: int | None = None
        self._body_bytes: int | None = 0
        """How long its body is; None for one in chunks, which does not say."""
        self._chunk = 0
        """Where the first chunk begins that is not there as a whole."""
        self._since_bytes = 0
        """What came since its head, which makes its time longer."""
        self.received = bytearray()
        self.is_ready = False
        """Whether nothing is left to be waited for without a thread."""
        self.needs_word = False
        """Whether its client waits to be told to go on (RFC 9110, section 10.1.1)."""

    @property
    def has_head(self) -> bool:
        """Whether its head is there."""
        return self._head_bytes is not None

    @property
    def is_too_long(self) -> bool:
        """Whether its head goes on and on."""
        return not self.has_head and not self.is_ready and len(self.received) > self._bounds.head_bytes

    @property
    def until(self) -> float:
        """When its time is over, unless more comes."""
        return self._until + self._since_bytes / self._bounds.bytes_a_second

    def hurry(self, until: float) -> None:
        """Let its time be over no later than this, where its head is not there."""
        if not self.has_head:
            self._until = min(self._until, until)

    def take(self, data: bytes, at: float) -> None:
        """Take in what came."""
        if not self.received:
            self._until = at + self._bounds.head_seconds
        seen = max(0, len(self.received) - len(_HEAD_ENDS) + 1)
        self.received += data
        if self.has_head:
            self.count(len(data))
        elif (end := self.received.find(_HEAD_ENDS, seen)) >= 0:
            self._take_head(end + len(_HEAD_ENDS), at)
        elif self._has_no_end():
            self.is_ready = True
            return
        if self.has_head:
            self.is_ready = self._has_ended()

    def count(self, received_bytes: int) -> None:
        """So much came that is kept elsewhere."""
        self._since_bytes += received_bytes

    def _take_head(self, length: int, at: float) -> None:
        self._head_bytes = length
        self._until = at + self._bounds.body_seconds
        self.count(len(self.received) - length)
        head = bytes(self.received[:length])
        if _CHUNKED.search(head):
            self._body_bytes, self._chunk = None, length
        elif told := _LENGTH.search(head):
            self._body_bytes = int(told[1])
        if (expected := _EXPECTS.search(head)) and not self._has_ended():
            self.needs_word = True
            del self.received[expected.start() : expected.end()]  # else gunicorn would say it once more
            left_out = expected.end() - expected.start()
            self._head_bytes -= left_out
            self._chunk = max(0, self._chunk - left_out)

    def _has_ended(self) -> bool:
        """Whether its body is there, or is none that is gathered."""
        gathered = len(self.received) - (self._head_bytes or 0)
        if self._body_bytes is None:
            return gathered > self._bounds.body_bytes or self._chunks_have_ended()
        return gathered >= self._body_bytes or self._body_bytes > self._bounds.body_bytes

    def _chunks_have_ended(self) -> bool:
        """Whether the last chunk is there, with the trailers after it, or one that the parser refuses.

        RFC 9112, section 7.1. It goes on where it has stopped, at the first chunk that was not there as a whole.
        """
        while (end := self.received.find(_LINE_ENDS, self._chunk)) >= 0:
            size = _CHUNK_SIZE.match(self.received, self._chunk)
            if size is None:
                return True
            if not int(size[0], 16):
                return self.received.find(_HEAD_ENDS, end) >= 0
            self._chunk = end + len(_LINE_ENDS) + int(size[0], 16) + len(_LINE_ENDS)
        return len(self.received) - self._chunk > self._bounds.head_bytes

    def _has_no_end(self) -> bool:
        """Whether the parser refuses the head as far as it has come: a line too long, or an LF without its CR."""
        head = self.received
        return head.count(b"\n") != head.count(_LINE_ENDS) or (
            len(head) > self._bounds.line_bytes and _LINE_ENDS not in head
        )


_HEAD_ENDS = b"\r\n\r\n"
_LINE_ENDS = b"\r\n"
_CHUNK_SIZE = re.compile(rb"[0-9a-f]{1,16}(?=[; \t\r])", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n[^ \t])", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
