"""Clients that post without pause, and the reckoning: what they were told is in the books once, and nothing else is."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from devices.chain import Held
from devices.ledger.proving.verify import verify
from devices.store.database import Store
from panku.wiring import CHECKS, RECORD_KINDS

CLIENTS = 4
WAIT_SECONDS = 30.0
"""An answer that takes longer counts as waiting without a bound; docs/operating.md promises less."""
PAUSE_SECONDS = 0.05
"""How long a client rests after it was not served, as a person or a program with a back-off would."""
SETTLE_SECONDS = 120.0


class Asked(msgspec.Struct):
    """One receipt of one new serial, under one key; `told` is the answer that acknowledged it."""

    key: str
    serial: str
    told: dict[str, Any] | None = None
    tries: int = 0


class Counted(msgspec.Struct):
    """What a load came to: answers by kind, the longest wait for one, and the longest time without any 201."""

    answers: Counter[str]
    longest_wait: float = 0.0
    longest_outage: float = 0.0


class Load:
    """`CLIENTS` programs with one token; each sends a receipt again under its key until it is acknowledged."""

    def __init__(self, port: int, token: str, day: str) -> None:
        self.port, self.token, self.day = port, token, day
        self.asked: list[Asked] = []
        self.faults: list[str] = []
        self.counted = Counted(Counter())
        self._serials = itertools.count(100_000_000_000)
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._acknowledged_at = time.monotonic()

    @property
    def acknowledged(self) -> int:
        """How many receipts were answered 201."""
        return self.counted.answers["201"]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Post while the block runs, then until every receipt under way is acknowledged.

        What is not, within two minutes of the block's end, is a fault.
        """
        self._ending.clear()
        self._acknowledged_at = time.monotonic()
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ending.set()
            last = time.monotonic() + SETTLE_SECONDS
            for thread in threads:
                thread.join(max(0.0, last - time.monotonic()))
        self.faults += [
            f"{each.key} was not acknowledged after {each.tries} tries"
            for each in self.asked
            if each.told is None
        ]

    def wait_for(self, more: int, seconds: float = 60.0) -> None:
        """Until `more` further receipts are acknowledged; that they are not in time is a fault."""
        wanted, last = self.acknowledged + more, time.monotonic() + seconds
        while self.acknowledged < wanted:
            if time.monotonic() > last:
                self.faults.append(f"nothing was acknowledged any more for {seconds:.0f} s")
                return
            time.sleep(0.01)

    def _work(self) -> None:
        line = Line(self.port, self.token)
        while not self._ending.is_set():
            with self._lock:
                serial = f"{next(self._serials)}"
                asked = Asked(f"torture-{serial}", serial)
                self.asked.append(asked)
            last = time.monotonic() + SETTLE_SECONDS
            while asked.told is None and time.monotonic() < last:
                self._ask(line, asked)
        line.close()

    def _ask(self, line: Line, asked: Asked) -> None:
        asked.tries += 1
        began = time.monotonic()
        status, body = line.send("POST", "/v1/documents", receipt(asked.serial, self.day), asked.key)
        now = time.monotonic()
        kind = str(status or "none") if status != 503 else f"503 {body.get('cause', body.get('code'))}"
        with self._lock:
            self.counted.answers[kind] += 1
            self.counted.longest_wait = max(self.counted.longest_wait, now - began)
            if status == 201:
                self.counted.longest_outage = max(self.counted.longest_outage, now - self._acknowledged_at)
                self._acknowledged_at = now
                asked.told = body
            elif status not in (0, 409, 503):
                self.faults.append(
                    f"{asked.serial} was answered {status} {body.get('code')}: {body.get('detail')}"
                )
            if now - began > WAIT_SECONDS:
                self.faults.append(f"{asked.serial} waited {now - began:.1f} s for {kind}")
        if status != 201:
            time.sleep(PAUSE_SECONDS)


class Line:
    """One caller's kept connection; whatever happens to it is told as the status 0."""

    def __init__(self, port: int, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * WAIT_SECONDS)

    def send(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, dict[str, Any]]:
        """The status, and the body where it is JSON."""
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            found = json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            self._connection.close()
            return 0, {}
        return answer.status, found

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def receipt(serial: str, day: str) -> dict[str, Any]:
    """A receipt of one device into the demo's first bin."""
    paper = {"supplier": "启明税控设备厂", "delivery_note": "QM-1", "model": "TCG-01", "bin": "M-01"}
    book = {"type": "receipt", "site": "BJ01", "register": "merchandise", "business_date": day}
    return {**book, **paper, "lines": [{"serial": serial}]}


# By hand: the reckoning trusts none of the code it is about.
RECEIPTS = "SELECT serial, document, journal_seq FROM line WHERE serial >= ? AND serial < ?"
LINKS = "SELECT seq, hash FROM journal WHERE site = 'BJ01'"


def reckon(store: Store, load: Load) -> list[str]:
    """What is wrong with the books after a load: a receipt that is not there, or twice, or that nobody asked for."""
    found: dict[str, list[tuple[str, int]]] = {}
    for serial, document, seq in store.rows(RECEIPTS, ("100000000000", "200000000000")):
        found.setdefault(serial, []).append((document, seq))
    faults = []
    for asked in load.asked:
        lines = found.pop(asked.serial, [])
        if len(lines) > 1:
            faults.append(f"{asked.serial} is received {len(lines)} times: {lines}")
        told = asked.told and (asked.told["number"], asked.told["journal"]["seq"])
        if told and told not in lines:
            faults.append(f"LOST {asked.serial}: acknowledged as {told}, the books have {lines}")
    faults += [f"{serial} is in the books and nobody asked for it" for serial in found]
    links: dict[int, str] = dict(store.rows(LINKS))
    for asked in load.asked:
        if asked.told and links.get(asked.told["journal"]["seq"]) != asked.told["journal"]["hash"]:
            faults.append(f"LOST {asked.serial}: its link {asked.told['journal']} is not in the journal")
    return faults + verified(store)


def verified(store: Store, held: tuple[Held, ...] = ()) -> list[str]:
    """What `panku verify` finds wrong."""
    report = verify(store, RECORD_KINDS, held=held, checks=CHECKS)
    return [f"verify: {fault.table} {fault.key}: {fault.what}" for fault in report.faults]
