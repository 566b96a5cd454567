"""Who asks, when a proxy hands their request on."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterable
from typing import Any

Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]


def behind_proxies(application: Application, trusted: Collection[str]) -> Application:
    """The application, told the address of whoever asked one of these proxies instead of the proxy's own.

    A proxy appends to X-Forwarded-For whom it speaks with, so the last address that is no trusted proxy's is right;
    what stands before it anybody can have written.
    """
    proxies = frozenset(map(_same, trusted))

    def behind(environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        passed = [environment.get("REMOTE_ADDR", "")]
        passed += reversed(environment.get("HTTP_X_FORWARDED_FOR", "").split(","))
        environment["REMOTE_ADDR"] = _asking(passed, proxies)
        return application(environment, start_response)

    return behind


def _asking(passed: Iterable[str], proxies: Collection[str | None]) -> str:
    """The first of these addresses that is no proxy's; where one is no address, the proxy that said so."""
    last = ""
    for text in passed:
        address = _same(text)
        if address is None:
            return last
        if address not in proxies:
            return address
        last = address
    return last


def _same(text: str) -> str | None:
    """An address as it is always written, None for what is none."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None
