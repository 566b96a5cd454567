"""Posting one-line moves from several processes, against the very statements replayed without Panku.

Once durably, and once without waiting for the disk, which otherwise hides what the code costs.
"""

from __future__ import annotations

import itertools
import multiprocessing
import statistics
import time
from typing import Any

import peewee
import psycopg

from bench.datasets import SITES, Books, Place, move
from devices.ledger.posting import post
from devices.store.database import Store
from devices.store.engines import SQLITE_PRAGMAS
from devices.unit import unit_of
from panku.wiring import RULEBOOK, clock

LIMIT_SECONDS = 300
ROUNDS = 3
UNSYNCED = {"sqlite": "PRAGMA synchronous = off", "postgresql": "SET synchronous_commit = off"}
Statements = list[tuple[str, Any]]
FORK = multiprocessing.get_context("fork")


class Recorded:
    """The statements a store sends, in order, BEGIN left out."""

    def __init__(self, store: Store) -> None:
        self.statements: Statements = []
        self._send = store.db.execute_sql
        store.db.execute_sql = self

    def __call__(self, sql: str, params: Any = None) -> Any:
        """Send one statement and keep it."""
        if not sql.startswith("BEGIN"):
            self.statements.append((sql, params))
        return self._send(sql, params)


def _opened(url: str, durable: bool) -> Store:
    store = Store(url)
    if not durable:
        store.execute(UNSYNCED[store.engine])
    return store


def _post(
    url: str, durable: bool, work: list[tuple[str, str]], start: Any
) -> tuple[list[float], list[Statements]]:
    store = _opened(url, durable)
    unit = unit_of(store)
    assert unit is not None
    recorded = Recorded(store)
    day = unit.day_of(clock()).isoformat()
    drafts = [move(site, serial, "M-02", day) for site, serial in work]
    waits, kept = [], []
    start.wait(LIMIT_SECONDS)
    for draft in drafts:
        recorded.statements = []
        began = time.perf_counter()
        with store.writing():
            post.post(store, unit, draft, by=post.Poster("admin"), at_us=clock(), rulebook=RULEBOOK)
        waits.append(time.perf_counter() - began)
        kept.append(recorded.statements)
    store.close()
    return waits, kept


def _peewee(
    url: str, durable: bool, work: list[Statements], start: Any
) -> tuple[list[float], list[Statements]]:
    store = _opened(url, durable)
    store.db.connect(reuse_if_open=True)
    waits = []
    start.wait(LIMIT_SECONDS)
    for statements in work:
        began = time.perf_counter()
        with store.writing():
            for sql, params in statements:
                cursor = store.db.execute_sql(sql, params)
                if cursor.description:
                    cursor.fetchall()
        waits.append(time.perf_counter() - began)
    store.close()
    return waits, []


def _driver(
    url: str, durable: bool, work: list[Statements], start: Any
) -> tuple[list[float], list[Statements]]:
    connection: Any
    if url.startswith("sqlite"):
        connection = peewee.sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        for pragma in SQLITE_PRAGMAS:
            connection.execute("PRAGMA {} = {}".format(*pragma))
        begin = "BEGIN IMMEDIATE"
    else:
        connection = psycopg.connect(url, autocommit=True)
        begin = "BEGIN"
    if not durable:
        connection.execute(UNSYNCED["sqlite" if url.startswith("sqlite") else "postgresql"])
    waits = []
    start.wait(LIMIT_SECONDS)
    for statements in work:
        began = time.perf_counter()
        connection.execute(begin)
        for sql, params in statements:
            cursor = connection.execute(sql, params or ())
            if cursor.description:
                cursor.fetchall()
        connection.execute("COMMIT")
        waits.append(time.perf_counter() - began)
    connection.close()
    return waits, []


def _child(function: Any, url: str, durable: bool, work: Any, start: Any, pipe: Any) -> None:
    pipe.send(function(url, durable, work, start))


def _run(
    function: Any, url: str, durable: bool, works: list[Any]
) -> tuple[float, float, list[list[Statements]]]:
    """Posts per second in all, the longest wait in milliseconds, and each client's statements."""
    start = FORK.Barrier(len(works) + 1)
    clients = []
    for work in works:
        mine, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_child, args=(function, url, durable, work, start, theirs), daemon=True)
        process.start()
        theirs.close()
        clients.append((process, mine))
    try:
        start.wait(LIMIT_SECONDS)
        began = time.perf_counter()
        done = [pipe.recv() for _, pipe in clients if pipe.poll(LIMIT_SECONDS)]
        seconds = time.perf_counter() - began
    finally:
        for process, _ in clients:
            process.join(5)
            if process.is_alive():
                process.kill()
    assert len(done) == len(works), "a client did not finish"
    waits = [wait for each, _ in done for wait in each]
    return len(waits) / seconds, max(waits) * 1000, [kept for _, kept in done]


def measure(where: Place, books: Books, posts: int) -> None:
    """Print the rates for 1 and 8 clients at one site and at eight, durably and not; `posts` in each round."""
    for durable, (clients, sites) in itertools.product((True, False), ((1, 1), (8, 1), (8, 8))):
        works = _works(books, clients, sites, posts // clients)
        rounds: dict[str, list[tuple[float, float]]] = {"panku": [], "execute_sql": [], "driver": []}
        for _ in range(ROUNDS):
            rate, wait, kept = _run(_post, where.copy(books.url), durable, works)
            rounds["panku"].append((rate, wait))
            for name, function in (("execute_sql", _peewee), ("driver", _driver)):
                rate, wait, _ = _run(function, where.copy(books.url), durable, kept)
                rounds[name].append((rate, wait))
        rates = {name: statistics.median(rate for rate, _ in each) for name, each in rounds.items()}
        waits = {name: max(wait for _, wait in each) for name, each in rounds.items()}
        told = "; ".join(
            f"{name} {rates[name]:.0f}/s (longest wait {waits[name]:.0f} ms)"
            + (f", ratio {rates['panku'] / rates[name]:.2f}" if name != "panku" else "")
            for name in rounds
        )
        print(
            f"{where.engine} posting{'' if durable else ' without waiting for the disk'},"
            f" {clients} client(s), {sites} site(s), {books.lines} lines, {ROUNDS} x {posts // clients * clients}"
            f" posts of {len(kept[0][-1])} statements: {told}",
            flush=True,
        )


def _works(books: Books, clients: int, sites: int, each: int) -> list[list[tuple[str, str]]]:
    """What each client posts: a site and a serial, `each` times; no serial twice."""
    works = []
    for client in range(clients):
        site = SITES[client % sites]
        begin = client * each if sites == 1 else 0
        works.append([(site, serial) for serial in books.serials[site][begin : begin + each]])
        assert len(works[-1]) == each, "too few devices for so many posts"
    return works
