"""What every test that starts a server needs: a port, the environment to start it in, and the time until it answers."""

from __future__ import annotations

import os
import socket
import time
import urllib.request

import pytest


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def environment_for(**settings: str) -> dict[str, str]:
    """This process's environment, with these of Panku's settings and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PANKU_")}
    return kept | {f"PANKU_{name.upper()}": value for name, value in settings.items()}


def wait_for_server(address: str) -> None:
    """Until the server answers that it is ready, at most half a minute."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")
