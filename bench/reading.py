"""A lookup over HTTP against an empty answer at the same door, and histories at two sizes."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import falcon.testing

import api.app
from api.app import create_app
from api.callers.access import ANYONE
from api.calls import Call, Done, Services, Shown
from api.routes import ROUTES
from api.routing import Route
from bench.datasets import Books
from devices.ledger.reading.history import history
from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store.database import Store
from panku import settings as panku_settings
from panku.application import services

EMPTY = "/v1/bench-empty"
START_SECONDS = 20
ROUNDS = 5
HISTORY_ROUNDS = 9


def show_empty(_: Call, __: Done) -> Shown:
    """An answer with nothing in it."""
    return Shown({})


def application() -> Any:
    """Panku's application with one more route, which does nothing behind the same checks."""
    return _application(services(panku_settings.of_this_process()))


def _application(wired: Services) -> Any:
    table: Any = api.app  # its ROUTES are a tuple of fixed length to mypy
    table.ROUTES = (*ROUTES, Route("GET", EMPTY, "bench_empty", ANYONE, show_empty))
    return create_app(wired)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _served(url: str) -> Iterator[int]:
    port = _port()
    environment = {
        **os.environ,
        "PANKU_DATABASE_URL": url,
        "PANKU_HOST": "127.0.0.1",
        "PANKU_PORT": str(port),
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "python:panku.gunicorn_conf",
        "bench.reading:application()",
    ]
    server = subprocess.Popen(
        command, env=environment, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[1]
    )
    try:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _rate(port: int, paths: list[str], token: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {token}"}
    began = time.perf_counter()
    for path in paths:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (path, answer.status)
    connection.close()
    return len(paths) / (time.perf_counter() - began)


def _statements(books: Books, path: str) -> int:
    wired = services(panku_settings.read_settings({**os.environ, "PANKU_DATABASE_URL": books.url}))
    client = falcon.testing.TestClient(_application(wired))
    headers = {"Authorization": f"Bearer {books.token}"}
    assert client.simulate_get(path, headers=headers).status_code == 200
    sent: list[str] = []
    for store in (wired.store, wired.session_store):
        store.db.execute_sql = _counting(store.db.execute_sql, sent)
    client.simulate_get(path, headers=headers)
    wired.store.close()
    wired.session_store.close()
    return len(sent)


def _counting(send: Any, sent: list[str]) -> Any:
    def counted(sql: str, params: Any = None) -> Any:
        sent.append(sql)
        return send(sql, params)

    return counted


def lookup(engine: str, books: Books, requests: int) -> None:
    """Print the rate of lookups by one client, alternating with the empty answer."""
    session_store = Store(session_store_url(books.url))
    migrate_session_store(session_store)
    session_store.close()
    every = [serial for site in books.serials.values() for serial in site]
    paths = [f"/v1/devices/{serial}" for serial in random.Random(1).choices(every, k=requests)]
    found, empty = [], []
    with _served(books.url) as port:
        _rate(port, [*paths[:50], *[EMPTY] * 50], books.token)
        for _ in range(ROUNDS):
            found.append(_rate(port, paths, books.token))
            empty.append(_rate(port, [EMPTY] * requests, books.token))
    one, other = statistics.median(found), statistics.median(empty)
    count = _statements(books, paths[0])
    print(
        f"{engine} lookup over HTTP, {books.lines} lines, {ROUNDS} x {requests} requests: {one:.0f}/s, empty answer"
        f" {other:.0f}/s, ratio {one / other:.2f}; {count} statements{'' if count <= 3 else ' (MORE THAN 3)'}",
        flush=True,
    )


def histories(engine: str, small: Books, large: Books, reads: int) -> None:
    """Print p50 and p95 of the first 50 lines of random serials, warm, at two sizes, read by read in turn.

    Each is the median over rounds: what else runs on the machine moves single rounds, and p95 most of all.
    """
    stores = [Store(books.url) for books in (small, large)]
    asked = list(zip(_asked(small, reads), _asked(large, reads), strict=True))
    rounds = []
    for _ in range(HISTORY_ROUNDS + 1):
        waits: list[list[float]] = [[], []]
        for pair in asked:
            for store, serial, into in zip(stores, pair, waits, strict=True):
                into.append(_history_wait(store, serial))
        rounds.append([*_p50_p95(waits[0]), *_p50_p95(waits[1])])
    for store in stores:
        store.close()
    p50, p95, large50, large95 = (statistics.median(each) for each in zip(*rounds[1:], strict=True))
    print(
        f"{engine} history, median of {HISTORY_ROUNDS} x {reads} reads: {small.lines} lines p50 {p50:.2f} ms"
        f" p95 {p95:.2f} ms; {large.lines} lines p50 {large50:.2f} ms p95 {large95:.2f} ms;"
        f" ratio p50 {large50 / p50:.2f} p95 {large95 / p95:.2f}",
        flush=True,
    )


def _asked(books: Books, reads: int) -> list[str]:
    every = [serial for site in books.serials.values() for serial in site]
    return random.Random(2).choices(every, k=reads)


def _history_wait(store: Store, serial: str) -> float:
    began = time.perf_counter()
    rows = history(store, serial)
    waited = time.perf_counter() - began
    assert rows
    return waited


def _p50_p95(waits: list[float]) -> tuple[float, float]:
    cut = statistics.quantiles(waits, n=20)
    return cut[9] * 1e3, cut[18] * 1e3
