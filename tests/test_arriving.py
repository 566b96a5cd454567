"""Requests on their way in: when a thread may have them, and when their time is over."""

from __future__ import annotations

import pytest

from panku.arriving import Arriving, Bounds

BOUNDS = Bounds(
    silent_seconds=10, head_seconds=5, body_seconds=20, bytes_a_second=10, line_bytes=40, head_bytes=100,
    body_bytes=1000,
)  # fmt: skip
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def posted(headers: str, body: bytes = b"") -> bytes:
    return f"POST / HTTP/1.1\r\n{headers}\r\n\r\n".encode() + body


def came(*parts: bytes) -> Arriving:
    """What came part by part, a second between them."""
    arriving = Arriving(BOUNDS, 0)
    for at, part in enumerate(parts):
        arriving.take(part, at)
    return arriving


READY = {
    "a request without a body": (GET,),
    "a head in two parts, cut in its last blank line": (GET[:-3], GET[-3:]),
    "a body of the length it said": (posted("Content-Length: 4", b"ab"), b"cd"),
    "a body that says its length in other letters": (posted("content-LENGTH:4 ", b"abcd"),),
    "two requests at once": (GET + GET,),
    "a body in chunks with its end": (posted("Transfer-Encoding: chunked"), b"1\r\na\r\n", b"0\r\n\r\n"),
    "a body in chunks with another request after it": (
        posted("Transfer-Encoding: chunked", b"A \r\n0123456789\r\n0\r\n\r\n" + GET[:-1]),
    ),
    "chunks that are none": (posted("Transfer-Encoding: chunked", b"nonsense\r\n"),),
    "a chunk whose size does not end": (posted("Transfer-Encoding: chunked", b"1" * 101),),
    "a body in chunks with trailers": (posted("Transfer-Encoding: chunked", b"0\r\nX: y\r\n\r\n"),),
    "an expectation that the parser refuses": (posted("Expect: more", b""),),
    "a word waited for before a body that is longer than may be gathered": (
        posted("Expect: 100-continue\r\nContent-Length: 1001"),
    ),
    "a body that is longer than may be gathered": (posted("Content-Length: 1001"),),
    "chunks that are longer than may be gathered": (posted("Transfer-Encoding: chunked", b"x" * 1001),),
    "a line that the parser refuses for its length": (b"GET /" + b"x" * 40,),
    "a line that ends as none may": (b"GET / HTTP/1.1\nHost",),
}
WAITING = {
    "nothing": (),
    "half a line": (b"GET / HT",),
    "half a head": (GET[:-1],),
    "a head without its body": (posted("Content-Length: 4"),),
    "half a body": (posted("Content-Length: 4", b"abc"),),
    "a client that waits for a word": (posted("Expect: 100-continue\r\nContent-Length: 4"),),
    "a chunk that holds what chunks end with": (posted("Transfer-Encoding: chunked", b"f\r\n0\r\n\r\n"),),
    "trailers without an end": (posted("Transfer-Encoding: chunked", b"1;x=y\r\na\r\n0\r\n"), b"X: y\r\n"),
    "half a body in chunks": (posted("Transfer-Encoding: chunked", b"4\r\nab"),),
    "a head that goes on": (b"GET / HTTP/1.1\r\n" + b"x" * 100,),
}


@pytest.mark.parametrize("name", READY)
def test_a_thread_gets_what_is_there(name: str) -> None:
    arriving = came(*READY[name])
    assert (arriving.is_ready, bytes(arriving.received)) == (True, b"".join(READY[name]))


@pytest.mark.parametrize("name", WAITING)
def test_no_thread_gets_what_still_comes(name: str) -> None:
    assert not came(*WAITING[name]).is_ready


def test_a_client_that_waits_for_a_word_gets_it_once() -> None:
    arriving = came(posted("Expect: 100-Continue \r\nContent-Length: 4"))
    assert arriving.needs_word
    arriving.take(b"abcd", 1)
    assert arriving.is_ready
    assert bytes(arriving.received) == posted("Content-Length: 4", b"abcd")


def test_nobody_else_gets_a_word() -> None:
    asking = [name for name, parts in (READY | WAITING).items() if came(*parts).needs_word]
    assert asking == ["a client that waits for a word"]


def test_a_head_that_goes_on_and_on_is_too_long() -> None:
    assert [name for name, parts in WAITING.items() if came(*parts).is_too_long] == ["a head that goes on"]


TIMES = {
    "silence": ((), 10),
    "a head, from its first byte": ((b"G", b"E", b"T"), 5),
    "a body, from its head": ((b"", posted("Content-Length: 400")), 1 + 20),
    "a body, a second more for each ten bytes": ((posted("Content-Length: 400", b"x" * 30),), 20 + 3),
}


@pytest.mark.parametrize("name", TIMES)
def test_each_part_has_its_time(name: str) -> None:
    parts, until = TIMES[name]
    assert came(*parts).until == until


def test_a_body_that_another_keeps_has_the_same_time() -> None:
    arriving = came(posted("Content-Length: 4000"))
    arriving.count(100)
    assert arriving.until == 20 + 10


def test_one_is_hurried_who_has_no_head_yet_and_nobody_else() -> None:
    silent, head, body = came(), came(b"G"), came(posted("Content-Length: 4"))
    for each in (silent, head, body):
        each.hurry(2)
    assert (silent.until, head.until, body.until) == (2, 2, 20)
