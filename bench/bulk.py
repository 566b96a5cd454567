"""A large receipt against insert_many of its rows, and verification against hashing the same bytes."""

from __future__ import annotations

import hashlib
import multiprocessing
import resource
import time
from typing import Any

import peewee

from bench.datasets import SITES, Books, Place, receipt
from devices.chain import canonical
from devices.database import Store
from devices.journal import COLUMNS
from devices.ledger import post
from devices.ledger.rows import DOCUMENT_COLUMNS, LINE_COLUMNS, POSITION_COLUMNS
from devices.ledger.verify import verify
from devices.unit import unit_of
from panku.wiring import RECORD_KINDS, RULEBOOK, clock

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
        ("journal", COLUMNS, "reference"),
        ("document", DOCUMENT_COLUMNS, "number"),
        ("line", LINE_COLUMNS, "document"),
        ("position", POSITION_COLUMNS, "document"),
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


def _in_child(function: Any, url: str) -> tuple[Any, float]:
    """What a function returns in a process of its own, and that process's peak memory in MB."""
    fork = multiprocessing.get_context("spawn")
    mine, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=_child, args=(function, url, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        assert mine.poll(1200), "it takes too long"
        answer, peak = mine.recv()
    finally:
        process.join(5)
        if process.is_alive():
            process.kill()
    return answer, peak


def _child(function: Any, url: str, pipe: Any) -> None:
    answer = function(url)
    pipe.send((answer, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _verify(url: str) -> float:
    store = Store(url)
    began = time.perf_counter()
    report = verify(store, RECORD_KINDS)
    seconds = time.perf_counter() - began
    store.close()
    assert not report.faults, report.faults[:3]
    return seconds


def _hash(url: str) -> tuple[float, float, int]:
    """Seconds of reading, encoding and hashing every line, document and link; of the hashing alone; the bytes."""
    store = Store(url)
    alone, size = 0.0, 0
    whole = hashlib.sha256()
    began = time.perf_counter()
    for table, columns in (("line", LINE_COLUMNS), ("document", DOCUMENT_COLUMNS), ("journal", COLUMNS)):
        with store.reading():
            for row in store.stream(f"SELECT {', '.join(columns)} FROM {table}"):
                data = canonical(row)
                before = time.perf_counter()
                whole.update(data)
                alone += time.perf_counter() - before
                size += len(data)
    seconds = time.perf_counter() - began
    store.close()
    return seconds, alone, size


def verification(engine: str, books: Books) -> None:
    """Print verify's time and memory beside hashing the same rows' canonical bytes."""
    seconds, peak = _in_child(_verify, books.url)
    (hashing, alone, size), _ = _in_child(_hash, books.url)
    print(
        f"{engine} verify, {books.lines} lines ({size / 1e6:.0f} MB canonical): {seconds:.1f} s, peak {peak:.0f} MB;"
        f" reading, encoding and hashing {hashing:.1f} s, ratio {hashing / seconds:.2f};"
        f" hashing alone {alone:.1f} s, ratio {alone / seconds:.2f}",
        flush=True,
    )
