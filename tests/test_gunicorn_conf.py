"""gunicorn's configuration, as gunicorn itself reads it."""

import socket
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from panku.application import closing
from panku.arriving import Bounds
from panku.commands.serve import Server
from tests.forks import FORKS, serve
from tests.serving import environment_for, free_port, wait_for_server

WANTED = {
    "control_socket_disable": True,
    "header_map": "refuse",
    "forwarded_allow_ips": [],
    "preload_app": False,
    "worker_class_str": "panku.worker.BoundedWorker",
    "daemon": False,
    "wsgi_app": "panku.application:application()",
}


@pytest.fixture(scope="module")
def configuration() -> Any:
    return Server().cfg


@pytest.mark.parametrize("name", WANTED)
def test_what_keeps_the_server_safe_is_set(configuration: Any, name: str) -> None:
    assert getattr(configuration, name) == WANTED[name]


class Answer:
    """As much of gunicorn's response as decides whether the connection is kept."""

    closed = False

    def force_close(self) -> None:
        self.closed = True

    def start_response(self, status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        pass


@pytest.mark.parametrize("told", [True, False])
def test_an_answer_that_says_so_closes_the_connection(told: bool) -> None:
    def app(_: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("413 Content Too Large", [("connection", "close")] if told else [])
        return []

    answer = Answer()
    closing(app)({}, answer.start_response)
    assert answer.closed is told


def test_the_command_line_of_gunicorn_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--forwarded-allow-ips=*")
    assert Server().cfg.forwarded_allow_ips == []


SLOW = (
    b"",
    b"GET /readyz HTTP/1.1\r\nHo",
    b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n{",
)


def test_sixteen_who_say_nothing_or_half_of_it_are_in_nobodys_way(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = environment_for(port=str(port), workers="1", threads="2")
    server = FORKS.Process(target=serve, args=(tmp_path, environment))
    server.start()
    try:
        wait_for_server(address)
        with ExitStack() as slow:
            for said in SLOW * 16:
                slow.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(said)
            # Whoever had to wait for one of them would wait until its time is over.
            for path in ("healthz", "readyz"):
                with urllib.request.urlopen(f"{address}/{path}", timeout=Bounds().head_seconds / 2) as answer:
                    assert answer.status == 200
    finally:
        server.terminate()
        server.join(30)
