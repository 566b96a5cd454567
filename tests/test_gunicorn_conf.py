"""gunicorn's configuration, as gunicorn itself reads it."""

from typing import Any

import pytest

from panku.commands.serve import Server

WANTED = {
    "control_socket_disable": True,
    "header_map": "refuse",
    "forwarded_allow_ips": [],
    "preload_app": False,
    "worker_class_str": "gthread",
    "daemon": False,
    "wsgi_app": "panku.wiring:application()",
}


@pytest.fixture(scope="module")
def configuration() -> Any:
    return Server().cfg


@pytest.mark.parametrize("name", WANTED)
def test_what_keeps_the_server_safe_is_set(configuration: Any, name: str) -> None:
    assert getattr(configuration, name) == WANTED[name]


def test_the_command_line_of_gunicorn_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--forwarded-allow-ips=*")
    assert Server().cfg.forwarded_allow_ips == []
