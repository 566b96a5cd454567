"""The worker over real sockets: one thread serves, however many clients are silent, slow, or never leave."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from gunicorn.app.base import BaseApplication

from panku.arriving import Bounds
from panku.worker import BoundedWorker
from tests.forks import FORKS
from tests.serving import free_port, wait_for_server

MEBIBYTE = 1024 * 1024
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
CHUNKS = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
LARGE = 16 * MEBIBYTE
"""More than the two kernels keep of an answer that nobody takes."""
PATIENCE_SECONDS = Bounds().head_seconds / 2
"""Whoever had to wait for one of those who say nothing would wait for longer."""
ROOM = 250
"""How many connections that server has."""
HASTY = Bounds(silent_seconds=0.5, head_seconds=0.5, body_seconds=0.5, taking_seconds=0.5, leaving_seconds=0.5,
               bytes_a_second=LARGE, gathered_bytes=0)  # fmt: skip


class Hasty(BoundedWorker):
    """One that waits for nobody."""

    bounds = HASTY


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Tells how long the body was, how much memory was asked for, or what a pipe says once it says it."""
    path = environ["PATH_INFO"]
    said = b""
    try:
        said = b"%d" % len(environ["wsgi.input"].read())
    except OSError:
        start_response("408 Request Timeout", [("Content-Length", "0"), ("Connection", "close")])
        return []
    if path == "/large":
        said = bytes(LARGE)
    elif path.startswith("/pipe/"):
        said = Path(path.removeprefix("/pipe")).read_bytes()
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]


class Server(BaseApplication):
    """gunicorn over the smallest application."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return app


def serve(log: Path, options: dict[str, Any]) -> None:
    """Serve, in the process that was begun for it."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(written, 1)
    os.dup2(written, 2)
    Server(options | {"control_socket_disable": True, "keepalive": 5}).run()


@contextmanager
def served(log: Path, **options: Any) -> Iterator[tuple[int, Any]]:
    """A server with one worker, that has one thread unless it is said; its port and process."""
    port = free_port()
    options = {"bind": [f"127.0.0.1:{port}"], "worker_class": BoundedWorker, "threads": 1, **options}
    process = FORKS.Process(target=serve, args=(log, options))
    process.start()
    try:
        wait_for_server(f"http://127.0.0.1:{port}")
        yield port, process
    finally:
        process.terminate()
        process.join(30)


def connected(port: int, said: bytes = b"") -> socket.socket:
    """A client that has said so much."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(said)
    return client


def heard(client: socket.socket) -> bytes:
    """All that the server says until it closes."""
    parts = []
    while part := client.recv(MEBIBYTE):
        parts.append(part)
    return b"".join(parts)


def asked(
    port: int, body: bytes = b"", path: str = "/", seconds: float = PATIENCE_SECONDS
) -> tuple[int, bytes]:
    """An ordinary request's status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    connection.request("POST" if body else "GET", path, body or None)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    return answer.status, told


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with the bounds that Panku has."""
    with served(tmp_path_factory.mktemp("patient") / "log", worker_connections=ROOM) as (port, _):
        yield port


CROWDS = {
    "silent sockets": b"",
    "half heads": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Le",
    "heads without a body": POST,
    "half bodies": POST + b"12345",
    "half bodies in chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12",
    "half bodies after a word": POST.replace(b"Host", b"Expect: 100-continue\r\nHost") + b"12345",
    "half of a second request": GET + b"GET / HT",
    "clients that never leave": b"GET / HTTP/1.0\r\n\r\n",
    "clients that never leave after a refusal": b"nonsense\r\n\r\n",
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_crowd_of_them_stops_nobody(patient: int, crowd: str) -> None:
    with ExitStack() as there:
        for _ in range(32):
            there.enter_context(connected(patient, CROWDS[crowd]))
        assert asked(patient, b"x" * 100_000) == (200, b"100000")


def test_all_of_them_together_stop_nobody_whatever_they_add_now_and_then(patient: int) -> None:
    with ExitStack() as there:
        clients = [
            there.enter_context(connected(patient, said)) for said in CROWDS.values() for _ in range(16)
        ]
        for _ in range(3):
            for client in clients:
                with suppress(OSError):  # it was told to go
                    client.send(b"1")
            assert asked(patient) == (200, b"0")


def test_where_there_is_no_room_the_longest_silent_give_way(patient: int) -> None:
    with ExitStack() as there:
        clients = [there.enter_context(connected(patient, b"GET")) for _ in range(ROOM + 10)]
        assert asked(patient) == (200, b"0")
        clients[0].settimeout(PATIENCE_SECONDS)
        assert heard(clients[0]) == b""


def test_a_body_that_is_cut_off_is_answered_as_far_as_it_came(patient: int) -> None:
    with connected(patient, POST + b"12345") as client:
        client.shutdown(socket.SHUT_WR)
        assert heard(client).endswith(b"\r\n\r\n5")


def test_a_kept_connection_serves_one_request_after_another(patient: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", patient, timeout=PATIENCE_SECONDS)
    for length in (1, 300_000, 7):
        connection.request("POST", "/", b"x" * length)
        assert connection.getresponse().read() == b"%d" % length
    connection.close()


def test_requests_that_come_in_one_go_are_answered_in_their_order(patient: int) -> None:
    with connected(patient, POST + b"0123456789" + GET + CHUNKS + POST + b"01234567") as client:
        client.sendall(b"89")
        client.shutdown(socket.SHUT_WR)
        answers = heard(client)
    assert [part[-2:] for part in answers.split(b"HTTP/1.1 200 OK")[1:]] == [b"10", b"\n0", b"\n3", b"10"]


WHOLE = {
    "one that waits for a word": (
        POST.replace(b"Host", b"Connection: close\r\nExpect: 100-continue\r\nHost"), b"HTTP/1.1 100 Continue",
        b"0123456789", b"10",
    ),
    "chunks": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", b"",
        b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", b"7",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_other_ways_to_send_a_body_work(patient: int, name: str) -> None:
    head, word, body, told = WHOLE[name]
    with connected(patient, head) as client:
        if word:
            assert client.recv(1000).startswith(word)
        client.sendall(body)
        assert heard(client).endswith(told)


REFUSED = {
    "a head that goes on and on": (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 6000, b"HTTP/1.1 431 "),
    "a line that is too long": (b"GET /" + b"x" * 5000, b"HTTP/1.1 414 "),
    "a line that ends as none may": (b"GET / HTTP/1.1\nHost: x\n", b"HTTP/1.1 400 "),
    "what is no request": (b"nonsense\r\n\r\n", b"HTTP/1.1 400 "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_become_a_request_is_refused_at_once(patient: int, name: str) -> None:
    said, told = REFUSED[name]
    with connected(patient, said) as client:
        client.settimeout(PATIENCE_SECONDS)
        assert client.recv(1000).startswith(told)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of a server that gives everybody half a second, and what it logs."""
    log = tmp_path_factory.mktemp("hasty") / "log"
    with served(log, worker_class=Hasty, threads=2) as (port, _):
        yield port, log


UNFINISHED = {
    "nothing": (b"", b""),
    "half a head": (b"GET / HTTP/1.1\r\nHo", b"HTTP/1.1 408 Request Timeout\r\n"),
    "half a body": (POST + b"12345", b"HTTP/1.1 408 Request Timeout\r\n"),
    "half a body, after a word": (
        POST.replace(b"Host", b"Expect: 100-continue\r\nHost") + b"12345", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 408",
    ),
    "half a body that a thread reads": (
        POST.replace(b"10", b"900000") + b"x" * 500_000, b"HTTP/1.1 408 Request Timeout\r\n",
    ),
    "half of a second request": (GET + b"GET /", b"HTTP/1.1 200 OK\r\n"),
}  # fmt: skip


@pytest.fixture(scope="module")
def fates(hasty: tuple[int, Path]) -> dict[str, bytes]:
    """What each of those who never finish was told before it was closed, all at once."""
    with ExitStack() as there:
        clients = {
            name: there.enter_context(connected(hasty[0], said)) for name, (said, _) in UNFINISHED.items()
        }
        return {name: heard(client) for name, client in clients.items()}


@pytest.mark.parametrize("name", UNFINISHED)
def test_who_never_finishes_is_told_so_and_closed(fates: dict[str, bytes], name: str) -> None:
    told = UNFINISHED[name][1]
    assert fates[name].startswith(told)
    assert bool(fates[name]) is bool(told)
    if name == "half a head":
        assert fates[name].endswith(b"The head of the request did not come within 0.5 seconds.\n")


def test_who_takes_no_answer_is_given_up(hasty: tuple[int, Path]) -> None:
    large = GET.replace(b"/", b"/large", 1)
    with connected(hasty[0], large) as first, connected(hasty[0], large) as second:
        assert asked(hasty[0], seconds=30) == (200, b"0")  # though there are two threads for three
        assert len(heard(first)) < LARGE
        assert len(heard(second)) < LARGE


def test_nothing_of_it_is_a_fault(hasty: tuple[int, Path], fates: dict[str, bytes]) -> None:
    assert fates
    assert "Traceback" not in hasty[1].read_text()


def test_a_stopping_server_answers_what_it_was_asked_and_waits_for_nobody_else(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with served(tmp_path / "log", threads=2) as (port, process), ExitStack() as there:
        for said in (b"", b"GET / HT", GET):
            there.enter_context(connected(port, said))
        waiting = there.enter_context(
            connected(port, GET.replace(b"/", b"/pipe%b/pipe" % bytes(tmp_path), 1))
        )
        with (tmp_path / "pipe").open("wb") as pipe:  # once it is read from
            os.kill(process.pid, signal.SIGTERM)
            wait_until_logged(tmp_path / "log", "Handling signal: term")
            pipe.write(b"done")
        assert heard(waiting).endswith(b"done")
        process.join(Bounds().head_seconds)
        assert process.exitcode == 0


def wait_until_logged(log: Path, text: str) -> None:
    """Until the server has written so, at most some seconds."""
    for _ in range(500):
        if text in log.read_text():
            return
        time.sleep(0.01)
    pytest.fail(f"the server did not log {text!r}")
