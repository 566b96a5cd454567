"""A storekeeper scanning in a real browser: from Enter until the answer is painted, alone and beside bulk receipts."""

from __future__ import annotations

import http.cookiejar
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.datasets import PASSWORD, SITES, Books, Place
from devices.journal import open_journals
from devices.people import enrolment, grants, persons
from devices.people.roles import Person
from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store.database import Store
from devices.unit import unit_of
from devices.values import UNIT
from panku.wiring import clock

SITE = SITES[0]
EACH_MS = 2
"""A scanner types a character so often."""
PAUSE_MS = 150
"""Between two scans: nobody turns a device over faster."""
WARMING = 20
"""The first scans, which are not counted: the browser compiles, the server opens its books."""
RECEIPT = 5_000
"""Serials of each bulk receipt."""

# From the key to the frame after the answer was drawn: what somebody sees.
STOPWATCH = """
() => {
  window.painted = [];
  let pressed = 0;
  document.addEventListener("keydown", (event) => { if (event.key === "Enter") pressed = event.timeStamp; }, true);
  document.addEventListener("answered", (event) => {
    const began = pressed;
    const { serial, outcome } = event.detail;
    requestAnimationFrame(() => setTimeout(() => painted.push({ serial, outcome, ms: performance.now() - began })));
  });
}
"""


def measure(where: Place, books: Books, scans: int) -> None:
    """Print how long scans take on the page, at p50, p95 and the longest; alone, and during bulk receipts."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("scanning: skipped, there is no Chromium")
        return
    url = where.copy(books.url)
    _add_storekeeper(url)
    devices = sum(map(len, books.serials.values()))
    serials = iter(books.serials[SITE])
    with _served(url, where.folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(base_url=address, viewport={"width": 390, "height": 844}).new_page()
        signed_in = page.request.post("/v1/session", data={"username": "zhang", "password": PASSWORD})
        assert signed_in.ok, signed_in.text()
        page.goto(f"/scan/put_away?site={SITE}")
        _scan(page, "M-02")
        _scanned(page, serials, WARMING)
        _tell(where.engine, devices, "alone", _scanned(page, serials, scans))
        with _receiving(address, f"{clock()}"[-9:]) as received:
            found = _scanned(page, serials, scans)
        _tell(where.engine, devices, f"beside {len(received)} receipts of {RECEIPT}", found)
        browser.close()


def _add_storekeeper(url: str) -> None:
    store = Store(url)
    unit = unit_of(store)
    assert unit is not None
    admin = Person(username="admin", name="Admin", roles=frozenset({("admin", UNIT)}))
    with store.writing():
        writer = open_journals(store, [UNIT], clock())
        code = persons.create(writer, unit, admin, "zhang", "zhang").code
        enrolment.enrol(writer, "zhang", code, enrolment.choose(writer.store, unit, "zhang", PASSWORD))
        grants.grant(writer, admin, "zhang", "storekeeper", SITE)
    store.close()
    session_store = Store(session_store_url(url))
    migrate_session_store(session_store)
    session_store.close()


@contextmanager
def _served(url: str, folder: Path) -> Iterator[str]:
    """The whole server on these books, as `panku serve` runs it; ended afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PANKU_")}
    settings = {"PANKU_DATABASE_URL": url, "PANKU_PORT": str(port)}
    command = [str(Path(sys.executable).with_name("panku")), "serve"]
    with (folder / "scanning.log").open("ab") as log:
        server = subprocess.Popen(command, cwd=folder, env=kept | settings, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def _scan(page: Page, text: str) -> None:
    page.keyboard.type(text, delay=EACH_MS)
    page.keyboard.press("Enter")


def _scanned(page: Page, serials: Iterator[str], count: int) -> list[float]:
    """Scan so many devices; milliseconds of each, every one of which was taken."""
    page.evaluate(STOPWATCH if not page.evaluate("'painted' in window") else "() => { window.painted = []; }")
    for _ in range(count):
        _scan(page, next(serials))
        page.wait_for_timeout(PAUSE_MS)
    page.wait_for_function("count => window.painted.length >= count", arg=count, timeout=60_000)
    found: list[dict[str, Any]] = page.evaluate("window.painted")
    assert {each["outcome"] for each in found} == {"taken"}, found[:3]
    return [float(each["ms"]) for each in found]


@contextmanager
def _receiving(address: str, first: str) -> Iterator[list[float]]:
    """Bulk receipts over HTTP, one after the other, while the body runs; seconds of each that was posted."""
    seconds: list[float] = []
    ended = threading.Event()
    worker = threading.Thread(target=_receive, args=(address, int(first), seconds, ended))
    worker.start()
    try:
        yield seconds
    finally:
        ended.set()
        worker.join(120)


def _receive(address: str, first: int, seconds: list[float], ended: threading.Event) -> None:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def post(path: str, body: dict[str, Any], key: str) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        request = urllib.request.Request(address + path, json.dumps(body).encode(), headers)
        opener.open(request, timeout=120).close()

    post("/v1/session", {"username": "zhang", "password": PASSWORD}, "-")
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
    paper = {"supplier": "启明税控设备厂", "delivery_note": "QM-1", "model": "TCG-01", "bin": "M-01"}
    draft = {"type": "receipt", "site": SITE, "register": "merchandise", "business_date": day, **paper}
    while not ended.is_set():
        start = 700_000_000_000 + first % 10_000 * 1_000_000 + len(seconds) * RECEIPT
        lines = [{"serial": str(start + n)} for n in range(RECEIPT)]
        began = time.perf_counter()
        post("/v1/documents", {**draft, "lines": lines}, f"bulk-{start}")
        seconds.append(time.perf_counter() - began)


def _tell(engine: str, devices: int, how: str, found: Sequence[float]) -> None:
    p95 = statistics.quantiles(found, n=20)[18]
    print(
        f"{engine} scanning among {devices} devices, {how}: {len(found)} scans in a browser,"
        f" p50 {statistics.median(found):.0f} ms, p95 {p95:.0f} ms, longest {max(found):.0f} ms",
        flush=True,
    )
