"""A large receipt against insert_many of its rows, and verification against hashing the same bytes."""

from __future__ import annotations

import hashlib
import multiprocessing
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import peewee

from bench.datasets import SITES, Books, Place, receipt
from devices.chain import canonical
from devices.ledger.posting import post
from devices.ledger.proving.verify import verify
from devices.store.database import Store
from devices.store.tables import columns_of
from devices.store.tables.ledger import Documents, Lines, Links, Positions
from devices.unit import unit_of
from panku.wiring import RECORD_KINDS, RULEBOOK, clock

ROUNDS = 3
PARAMETERS = 30_000
"""At most so many in one statement: SQLite takes 32,766."""


def receive(where: Place, books: Books, count: int) -> None:
    """Print the seconds of one receipt and of insert_many of the lines and positions it wrote."""
    posted, plain = Store(where.copy(books.url)), Store(where.copy(books.url))
    unit = unit_of(posted)
    assert unit is not None
    serials = [f"{700000000000 + n}" for n in range(count)]
    draft = receipt(SITES[0], serials, unit.day_of(clock()).isoformat())
    began = time.perf_counter()
    with posted.writing():
        done = post.post(posted, unit, draft, by=post.Poster("admin"), at_us=clock(), rulebook=RULEBOOK)
    seconds = time.perf_counter() - began
    wanted = (
        ("journal", columns_of(Links), "reference"),
        ("document", columns_of(Documents), "number"),
        ("line", columns_of(Lines), "document"),
        ("position", columns_of(Positions), "document"),
    )
    rows = {
        table: posted.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {key} = ?", (done.number,))
        for table, columns, key in wanted
    }
    plain.db.connect()
    began = time.perf_counter()
    with plain.writing():
        for table, columns, _ in wanted:
            model = _model(plain, table, columns)
            for batch in peewee.chunked(rows[table], PARAMETERS // len(columns)):
                model.insert_many(batch, fields=[getattr(model, name) for name in columns]).execute()
    other = time.perf_counter() - began
    posted.close()
    plain.close()
    print(
        f"{where.engine} receipt of {count} serials into {books.lines} lines: {seconds:.2f} s,"
        f" insert_many {other:.2f} s, {seconds / other:.2f} times as long",
        flush=True,
    )


def _model(store: Store, table: str, columns: tuple[str, ...]) -> Any:
    meta = type("Meta", (), {"database": store.db, "table_name": table, "primary_key": False})
    fields = {name: peewee.BareField() for name in columns}
    return type(table.title(), (peewee.Model,), {"Meta": meta, **fields})


def in_child(function: Any, given: Any) -> Any:
    """What a function returns in a process of its own."""
    fork = multiprocessing.get_context("spawn")
    mine, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=_child, args=(function, given, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        assert mine.poll(1200), "it takes too long"
        return mine.recv()
    finally:
        process.join(5)
        if process.is_alive():
            process.kill()


def _child(function: Any, given: Any, pipe: Any) -> None:
    pipe.send(function(given))


def megabytes() -> tuple[float, float]:
    """This process's peak memory, and how much of what it holds now are a file's own pages, as SQLite maps them.

    From Linux's /proc; getrusage would tell the peak of the process that started this one, if that was higher.
    """
    text = Path("/proc/self/status").read_text()
    peak, mapped = (int(text.partition(name)[2].split()[0]) / 1024 for name in ("VmHWM:", "RssFile:"))
    return peak, mapped


def _verify(url: str) -> tuple[float, float, float]:
    """Seconds of a verification, the process's peak memory in MB, and what of it were pages of files."""
    store = Store(url)
    began = time.perf_counter()
    report = verify(store, RECORD_KINDS)
    seconds = time.perf_counter() - began
    assert not report.faults, report.faults[:3]
    peak, mapped = megabytes()
    store.close()
    return seconds, peak, mapped


def _hash(url: str) -> tuple[float, float, int]:
    """Seconds of reading, encoding and hashing every line, document and link; of the hashing alone; the bytes."""
    store = Store(url)
    count, size = 0, 0
    whole = hashlib.sha256()
    began = time.perf_counter()
    for table, columns in (
        ("line", columns_of(Lines)),
        ("document", columns_of(Documents)),
        ("journal", columns_of(Links)),
    ):
        with store.reading():
            for row in store.stream(f"SELECT {', '.join(columns)} FROM {table}"):
                data = canonical(row)
                whole.update(data)
                count, size = count + 1, size + len(data)
    seconds = time.perf_counter() - began
    store.close()
    return seconds, _hash_alone(count, size // count), size


def _hash_alone(count: int, size: int) -> float:
    row = bytes(size)
    whole = hashlib.sha256()
    began = time.perf_counter()
    for _ in range(count):
        whole.update(row)
    return time.perf_counter() - began


def verification(engine: str, several: Sequence[Books]) -> None:
    """Print verify's time and memory beside hashing the same rows' canonical bytes, in alternating rounds."""
    for books in several:
        verified, hashed = [], []
        for _ in range(ROUNDS):
            verified.append(in_child(_verify, books.url))
            hashed.append(in_child(_hash, books.url))
        seconds, peak, mapped = (statistics.median(each) for each in zip(*verified, strict=True))
        hashing, alone, size = (statistics.median(each) for each in zip(*hashed, strict=True))
        print(
            f"{engine} verify, {books.lines} lines ({size / 1e6:.0f} MB canonical), median of {ROUNDS}:"
            f" {seconds:.1f} s, peak {peak:.0f} MB, {mapped:.0f} of them pages of files;"
            f" reading, encoding and hashing {hashing:.1f} s, ratio {hashing / seconds:.2f};"
            f" hashing alone {alone:.2f} s, ratio {alone / seconds:.2f}",
            flush=True,
        )
