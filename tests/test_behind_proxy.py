"""The address of whoever asks through a proxy."""

from __future__ import annotations

from typing import Any

import pytest

from panku.behind_proxy import behind_proxies
from panku.settings import read_settings

TRUSTED = ("127.0.0.1", "::1", "10.0.0.9")


def address(peer: str, forwarded: str | None) -> str:
    """The address that the application is told."""
    told: dict[str, Any] = {"REMOTE_ADDR": peer}
    if forwarded is not None:
        told["HTTP_X_FORWARDED_FOR"] = forwarded
    behind_proxies(lambda _environment, _start: [], TRUSTED)(told, lambda *_: None)
    found: str = told["REMOTE_ADDR"]
    return found


@pytest.mark.parametrize(
    ("peer", "forwarded", "asking"),
    [
        ("127.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("127.0.0.1", "198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("::1", "2001:DB8::0:1", "2001:db8::1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.7, unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1, unknown, 10.0.0.9", "10.0.0.9"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("192.0.2.7", None, "192.0.2.7"),
    ],
)
def test_a_trusted_proxy_is_believed_and_nobody_else(peer: str, forwarded: str | None, asking: str) -> None:
    assert address(peer, forwarded) == asking


@pytest.mark.parametrize(
    ("host", "proxies", "secure"),
    [("127.0.0.1", "", False), ("127.0.0.1", "127.0.0.1", True), ("192.0.2.1", "", True)],
)
def test_cookies_need_https_unless_only_this_machine_asks(host: str, proxies: str, *, secure: bool) -> None:
    settings = read_settings({"PANKU_HOST": host, "PANKU_TRUSTED_PROXIES": proxies})
    assert settings.needs_https is secure
