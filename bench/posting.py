"""Posting one-line moves from several processes, against the very statements replayed without Panku."""

from __future__ import annotations

import multiprocessing
import time
from typing import Any

import peewee
import psycopg

from bench.datasets import SITES, Books, Place, move
from devices.database import Store
from devices.ledger import post
from devices.unit import unit_of
from panku.wiring import RULEBOOK, clock

LIMIT_SECONDS = 300
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


def _post(url: str, work: list[tuple[str, str]], start: Any) -> tuple[list[float], list[Statements]]:
    store = Store(url)
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


def _peewee(url: str, work: list[Statements], start: Any) -> tuple[list[float], list[Statements]]:
    store = Store(url)
    store.db.connect()
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


def _driver(url: str, work: list[Statements], start: Any) -> tuple[list[float], list[Statements]]:
    connection: Any
    if url.startswith("sqlite"):
        connection = peewee.sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        for pragma in ("synchronous = full", "foreign_keys = 1", "recursive_triggers = 1"):
            connection.execute(f"PRAGMA {pragma}")
        begin = "BEGIN IMMEDIATE"
    else:
        connection = psycopg.connect(url, autocommit=True)
        begin = "BEGIN"
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


def _child(function: Any, url: str, work: Any, start: Any, pipe: Any) -> None:
    pipe.send(function(url, work, start))


def _run(function: Any, url: str, works: list[Any]) -> tuple[float, float, list[list[Statements]]]:
    """Posts per second in all, the longest wait in milliseconds, and each client's statements."""
    start = FORK.Barrier(len(works) + 1)
    clients = []
    for work in works:
        mine, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_child, args=(function, url, work, start, theirs), daemon=True)
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
    """Print the rates for 1 and 8 clients at one site and at eight."""
    for clients, sites in ((1, 1), (8, 1), (8, 8)):
        each = posts // clients
        works = []
        for client in range(clients):
            site = SITES[client % sites]
            begin = client * each if sites == 1 else 0
            works.append([(site, serial) for serial in books.serials[site][begin : begin + each]])
            assert len(works[-1]) == each, "too few devices for so many posts"
        rate, wait, kept = _run(_post, where.copy(books.url), works)
        peewee_rate, peewee_wait, _ = _run(_peewee, where.copy(books.url), kept)
        driver_rate, driver_wait, _ = _run(_driver, where.copy(books.url), kept)
        print(
            f"{where.engine} posting, {clients} client(s), {sites} site(s), {each * clients} posts of"
            f" {len(kept[0][-1])} statements: {rate:.0f}/s, longest wait {wait:.0f} ms;"
            f" execute_sql {peewee_rate:.0f}/s ({peewee_wait:.0f} ms), ratio {rate / peewee_rate:.2f};"
            f" driver {driver_rate:.0f}/s ({driver_wait:.0f} ms), ratio {rate / driver_rate:.2f}",
            flush=True,
        )
