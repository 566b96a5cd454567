"""A count of one large book: closing it, signing it, its evidence, against reading and inserting the same rows raw."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.datasets import CHUNK, PASSWORD, SITES, Place, draft_of, one_book
from devices.audit import evidence
from devices.audit.evidence_checks import check_evidence
from devices.audit.signing import Signing
from devices.audit.stocktake import sealing, sheet, stocktakes
from devices.journal import open_journals
from devices.ledger.posting import post
from devices.people import enrolment, grants, persons, signing_keys
from devices.people.roles import Person
from devices.store.database import Store
from devices.store.tables import columns_of
from devices.store.tables.audits import Scans, SheetRows, Sheets
from devices.unit import Unit, unit_of
from devices.values import UNIT
from panku.wiring import RULEBOOK, clock

SITE = SITES[0]
ROUNDS = 3
SIGNERS = {"storekeeper": "zhang", "auditor": "li"}
RAW = {
    "positions": "SELECT serial, state, register, site, bin, model, step, document FROM position WHERE site = ?",
    "scans": f"SELECT {', '.join(columns_of(Scans))} FROM scan WHERE stocktake = ? ORDER BY n",
    "lines": "SELECT serial, state, register, site, bin, model, step, document FROM line WHERE site = ?"
    " AND recorded_at > ?",
}
SHEET_ROW = ("stocktake", "closing", "serial", "result", "content")


class Times(msgspec.Struct):
    """Seconds of each thing that was measured, the sheet's bytes, and the process's peak memory in MB by then."""

    close: float = 0.0
    read: float = 0.0
    insert: float = 0.0
    first: float = 0.0
    second: float = 0.0
    evidence: float = 0.0
    check: float = 0.0
    payload: int = 0
    bundle: int = 0
    before_mb: float = 0.0
    close_mb: float = 0.0
    sign_mb: float = 0.0
    evidence_mb: float = 0.0


def measure(where: Place, devices: int) -> None:
    """Print what a count of `devices` in one book takes, median of rounds, each on a fresh copy in a fresh process."""
    for each in (1, 10):
        url = one_book(where.fresh(), devices, each)
        number = _counted(url, devices)
        rounds = [_in_child(where.copy(url), number) for _ in range(ROUNDS)]
        mean = Times(
            *(statistics.median(field) for field in zip(*map(msgspec.structs.astuple, rounds), strict=True))
        )
        print(
            f"{where.engine} close, {devices} devices scanned, {devices * each} lines before the count,"
            f" {devices // 100} during it, median of {ROUNDS}:"
            f" {mean.close:.1f} s; reading the same rows {mean.read:.2f} s, {mean.close / mean.read:.1f} times as long;"
            f" inserting the same sheet {mean.insert:.2f} s, {mean.close / mean.insert:.1f} times;"
            f" both {mean.close / (mean.read + mean.insert):.1f} times;"
            f" signing {mean.first:.1f} s, sealing {mean.second:.1f} s ({mean.payload / 1e6:.0f} MB signed);"
            f" evidence written {mean.evidence:.1f} s, checked {mean.check:.1f} s ({mean.bundle / 1e6:.0f} MB);"
            f" peak memory before {mean.before_mb:.0f}, close {mean.close_mb:.0f}, sign {mean.sign_mb:.0f},"
            f" evidence {mean.evidence_mb:.0f} MB",
            flush=True,
        )


def _counted(url: str, devices: int) -> str:
    """Enrol the signers, open a count and scan nearly everything in bulk; returns its number."""
    store, at_us = Store(url), clock()
    unit = unit_of(store)
    assert unit is not None
    admin = Person(username="admin", name="Admin", roles=frozenset({("admin", UNIT)}))
    with store.writing():
        writer = open_journals(store, [UNIT], at_us)
        for role, username in SIGNERS.items():
            code = persons.create(writer, unit, admin, username, username).code
            enrolment.enrol(writer, username, code, enrolment.choose(writer.store, unit, username, PASSWORD))
            grants.grant(writer, admin, username, role, SITE)
    asked: dict[str, Any] = {"site": SITE, "register": "merchandise", "method": "blind", "double": False}
    with store.writing():
        number = stocktakes.begin_stocktake(open_journals(store, [SITE], at_us), **asked, by="zhang").number
    with store.writing():
        store.insert(Scans, _scans(store, number))
    _move_some(store, unit, devices // 100)
    if store.engine == "postgresql":  # as its autovacuum would
        store.execute("VACUUM ANALYZE")
    store.close()
    return number


def _move_some(store: Store, unit: Unit, count: int) -> None:
    """Move devices to the other bin of the book, after they were scanned."""
    held = store.rows(
        "SELECT serial, bin FROM position WHERE site = ? AND bin = (SELECT MIN(bin) FROM position WHERE site = ?)"
        " ORDER BY serial LIMIT ?",
        (SITE, SITE, count),
    )
    day = unit.day_of(clock()).isoformat()
    for start in range(0, len(held), CHUNK):
        some = held[start : start + CHUNK]
        code = {"M-01": "M-02", "M-02": "M-01"}[some[0][1]]
        lines = [{"serial": serial} for serial, _ in some]
        document = {"type": "move", "site": SITE, "business_date": day, "bin": code, "lines": lines}
        with store.writing():
            draft = draft_of(document)
            post.post(store, unit, draft, by=post.Poster("admin"), at_us=clock(), rulebook=RULEBOOK)


def _scans(store: Store, number: str) -> Iterator[tuple[Any, ...]]:
    """A scan of each device in its bin, but for one in 1,000, which is short."""
    at_us = clock()
    for n, (serial, bin_code) in enumerate(
        store.rows("SELECT serial, bin FROM position WHERE site = ? ORDER BY serial", (SITE,)), 1
    ):
        if n % 1000:
            yield (
                number, f"phone-{n}", n, serial, serial, bin_code, "single", "taken", at_us, at_us, at_us, 0, "zhang",
            )  # fmt: skip


def _in_child(url: str, number: str) -> Times:
    """One round in a process of its own, whose peak memory is its own."""
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_round, args=(url, number, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        assert mine.poll(1200), "it takes too long"
        times: Times = mine.recv()
        return times
    finally:
        process.join(5)
        if process.is_alive():
            process.kill()


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = act()
    return time.perf_counter() - began, result


def _peak() -> float:
    """This process's peak memory in MB, from Linux's /proc."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


def _round(url: str, number: str, pipe: Any) -> None:
    store, times = Store(url), Times()
    unit = unit_of(store)
    assert unit is not None
    times.before_mb = _peak()

    def close() -> None:
        with store.writing():
            writer = open_journals(store, [SITE], clock())
            stocktakes.close_stocktake(writer, unit, number, by="zhang", finished=True)

    times.close, _ = _timed(close)
    times.close_mb = _peak()
    counted, _ = stocktakes.stocktake_of(store, number)
    for line in sheet.unexplained(sheet.sheet_of(store, counted).rows):
        with store.writing():
            writer = open_journals(store, [SITE], clock())
            stocktakes.explain_variance(
                writer, number, line, explanation="查过", action="照办", by="zhang", expected=None
            )
    times.first, _ = _timed(lambda: _sign(store, number, "storekeeper"))
    times.second, _ = _timed(lambda: _sign(store, number, "auditor"))
    times.sign_mb = _peak()
    times.evidence, written = _timed(lambda: _written(store, number))
    trusted = [each.fingerprint for each in written[1]]
    times.check, report = _timed(lambda: check_evidence(written[0], trusted))
    assert report.holds, report.faults
    times.payload, times.bundle, times.evidence_mb = written[2], len(written[0]), _peak()
    times.read, _ = _timed(lambda: _read(store, number))
    times.insert = _inserted(store, number)
    store.close()
    pipe.send(times)


def _sign(store: Store, number: str, role: str) -> None:
    """Read the sheet's digest, as a person does, and sign it."""
    username = SIGNERS[role]
    unit, person = unit_of(store), persons.person_of(store, username)
    key = signing_keys.open_key(store, username, PASSWORD)
    assert unit is not None
    assert person is not None
    digest = stocktakes.payload_of(store, stocktakes.stocktake_of(store, number)[0]).digest
    with store.writing():
        now = clock()
        given = Signing(person, role, key, digest, session=role, authenticated_at_us=now)
        sealing.sign_sheet(open_journals(store, [SITE], now), unit, number, given, rulebook=RULEBOOK)


def _written(store: Store, number: str) -> tuple[bytes, list[Any], int]:
    """The file of evidence, its signatures, and the size of what they sign."""
    counted, _ = stocktakes.stocktake_of(store, number)
    payload = stocktakes.payload_of(store, counted)
    given = stocktakes.standing_signatures(store, counted)
    return evidence.written(evidence.bundle_of(store, payload, given)), given, len(payload.content)


def _read(store: Store, number: str) -> int:
    """Read what a close has to read, one SELECT each, row by row into nothing."""
    opened_at = stocktakes.stocktake_of(store, number)[0].opened_at
    asked: dict[str, Any] = {"positions": (SITE,), "scans": (number,), "lines": (SITE, opened_at)}
    with store.reading():
        return sum(sum(1 for _ in store.stream(RAW[name], params)) for name, params in asked.items())


def _inserted(store: Store, number: str) -> float:
    """Seconds of inserting the same sheet once more, as another stocktake's, already encoded."""
    columns = ", ".join(SHEET_ROW)
    rows = [
        ("S-RAW", *row[1:])
        for row in store.rows(
            f"SELECT {columns} FROM sheet_row WHERE stocktake = ? ORDER BY serial", (number,)
        )
    ]
    header = store.row("SELECT content FROM sheet WHERE stocktake = ?", (number,))
    assert header is not None

    def insert() -> None:
        with store.writing():
            store.insert(Sheets, [("S-RAW", 1, *header)])
            store.insert(SheetRows, rows)

    return _timed(insert)[0]
