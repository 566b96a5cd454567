"""`/metrics`: what is counted, of every process, without a word about anybody; and who may read it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families

from api.gauges import READ_EVERY_US
from api.measures import MEASURES, METHODS, OTHER, SHARED_FOLDER, Meter
from api.routes import ROUTES
from devices.deadlines import DEADLINE
from devices.lifecycle import DOCUMENT
from devices.problems import PROBLEMS
from devices.values import UNIT
from panku.settings import read_settings
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door, move
from tests.serving import environment_for, free_port, wait_for_server
from web.door import add_pages
from web.table import PAGES

TOKEN = "watching-the-shelves-all-night"
Labels = tuple[tuple[str, str], ...]


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """Demo books with pages, whose metrics TOKEN opens."""
    store = stores.demo(request.param)
    made = Door(store)
    add_pages(made.app, made.services)
    made.services.metrics_token = TOKEN
    yield made
    made.session_store.close()
    stores.drop(store)


def watcher(door: Door) -> Client:
    return Client(door, {"Authorization": f"Bearer {TOKEN}"})


def samples(text: str) -> dict[tuple[str, Labels], float]:
    """Every value by its name and labels, as Prometheus' own parser reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(door: Door, name: str, **labels: str) -> float:
    """One value, 0 where it was never counted."""
    answer = watcher(door).get("/metrics")
    assert answer.status_code == 200, answer.text
    return samples(answer.text).get((name, tuple(sorted(labels.items()))), 0.0)


# What is counted


def test_a_request_is_counted_by_route_method_and_status(door: Door) -> None:
    zhang = door.sign_in("zhang")
    for serial in ("661565714353", "661565714354", "999999999999"):
        zhang.get(f"/v1/devices/{serial}")
    route = "/v1/devices/{serial}"
    assert read(door, "panku_http_requests_total", method="GET", route=route, status="2xx") == 2
    assert read(door, "panku_http_requests_total", method="GET", route=route, status="4xx") == 1
    assert read(door, "panku_http_request_seconds_count", method="GET", route=route) == 3
    assert read(door, "panku_http_request_seconds_bucket", method="GET", route=route, le="+Inf") == 3


@pytest.mark.both_engines
def test_a_page_is_counted_too(door: Door) -> None:
    door.sign_in("zhang").get("/devices/661565714353")
    assert read(door, "panku_http_requests_total", method="GET", route="/devices/{serial}", status="2xx") == 1


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_what_is_no_route_is_counted_as_other(door: Door) -> None:
    door.nobody().get("/v1/nowhere/zhang.wei")
    door.nobody().send("ZHANGWEI", "/v1/me")
    assert read(door, "panku_http_requests_total", method="GET", route=OTHER, status="4xx") == 1
    counted = samples(watcher(door).get("/metrics").text)
    assert not any("ZHANGWEI" in dict(labels).values() for _, labels in counted)


def test_a_posting_is_counted_by_its_document_and_outcome(door: Door) -> None:
    zhang = door.sign_in("zhang")
    assert zhang.post("/v1/documents", move(), key="once").status_code == 201
    assert zhang.post("/v1/documents", move(), key="once").status_code == 201
    assert zhang.post("/v1/documents", move(serial="999999999999")).status_code == 422
    counted = {
        outcome: read(door, "panku_postings_total", type="move", outcome=outcome)
        for outcome in ("posted", "repeated", "refused", "pending", "failed")
    }
    assert counted == {"posted": 1, "repeated": 1, "refused": 1, "pending": 0, "failed": 0}


def test_a_proposal_is_counted_as_pending(door: Door) -> None:
    zhang = door.sign_in("zhang")
    body = {
        "type": "release", "site": "BJ01", "business_date": "2026-11-24", "inspection": "好", "bin": "M-01",
        "lines": [{"serial": "661565714371"}],
    }  # fmt: skip
    assert zhang.post("/v1/documents", body).status_code == 202
    assert read(door, "panku_postings_total", type="release", outcome="pending") == 1


def test_a_refusal_is_counted_once_by_each_of_its_codes(door: Door) -> None:
    before = read(door, "panku_refusals_total", code="unknown_device")
    body = {**move(), "lines": [{"serial": "999999999998"}, {"serial": "999999999999"}]}
    answer = door.sign_in("zhang").post("/v1/documents", body)
    (code,) = {error["code"] for error in answer.json["errors"]}
    assert read(door, "panku_refusals_total", code=code) == before + 1


def test_a_failed_sign_in_is_counted(door: Door) -> None:
    for _ in range(2):
        answer = door.nobody().post("/v1/session", {"username": "zhang", "password": "not the password"})
    assert read(door, "panku_sign_in_failures_total", code=answer.json["code"]) == 2


def test_a_scan_is_counted_when_it_is_kept_and_not_when_it_is_sent_again(door: Door) -> None:
    zhang = door.sign_in("zhang")
    body = {"site": "BJ01", "register": "spare", "method": "open"}
    number = zhang.post("/v1/stocktakes", body).json["number"]
    moment = "2026-11-24T10:00:03+08:00"
    scan = {"id": "scan-1", "serial": "661565720012", "bin": "S-01", "at": moment}
    for _ in range(2):
        answer = zhang.post(f"/v1/stocktakes/{number}/scans", {"sent_at": moment, "scans": [scan]})
        assert answer.status_code == 200, answer.text
    assert read(door, "panku_scans_kept_total", outcome="taken") == 1


# What the books say


def test_the_books_tell_their_journals_ends_and_what_waits(door: Door) -> None:
    rows = {
        str(site): int(seq)
        for site, seq in door.store.rows("SELECT site, MAX(seq) FROM journal GROUP BY site")
    }
    assert {site: read(door, "panku_journal_seq", site=site) for site in rows} == rows
    (waiting,) = (
        door.store.row("SELECT COUNT(*) FROM standing WHERE site = 'BJ01' AND review = 'waiting'") or ()
    )
    assert waiting > 0
    assert read(door, "panku_documents_unreviewed", site="BJ01") == waiting
    assert read(door, "panku_books_readable") == 1


def test_what_is_overdue_is_told_by_site_and_deadline(door: Door) -> None:
    assert read(door, "panku_deadlines_overdue", site="BJ01", deadline="at_factory") == 0
    door.now += 365 * 86_400_000_000
    assert read(door, "panku_deadlines_overdue", site="BJ01", deadline="at_factory") == 1


def test_what_runs_is_told(door: Door) -> None:
    found = samples(watcher(door).get("/metrics").text)
    (labels,) = [dict(labels) for name, labels in found if name == "panku_build_info"]
    engine, _, number = door.store.version().partition(" ")
    assert (labels["engine"], labels["engine_version"], labels["version"]) == (engine, number, "0.1.0")


def test_the_books_are_read_once_a_minute(door: Door) -> None:
    before = read(door, "panku_journal_seq", site="BJ01")
    assert door.sign_in("zhang").post("/v1/documents", move()).status_code == 201
    assert read(door, "panku_journal_seq", site="BJ01") == before
    door.now += READ_EVERY_US
    assert read(door, "panku_journal_seq", site="BJ01") == before + 1


def test_books_that_cannot_be_read_are_told_and_nothing_else_is_lost(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.nobody().get("/healthz")

    def gone(*_: object) -> None:
        raise PermissionError(1, "gone")

    monkeypatch.setattr(door.store, "rows", gone)
    found = samples(watcher(door).get("/metrics").text)
    assert found["panku_books_readable", ()] == 0
    labels = (("method", "GET"), ("route", "/healthz"), ("status", "2xx"))
    assert found["panku_http_requests_total", labels] == 1


# Who reads it, and what it never says


def test_only_the_token_a_supervisor_or_an_administrator_reads_it(door: Door) -> None:
    door.enrol_extra()
    answers = {
        name: door.sign_in(name).get("/metrics").status_code for name in ("zhang", "li", "chen", "admin")
    }
    assert answers == {"zhang": 403, "li": 403, "chen": 200, "admin": 200}
    assert door.nobody().get("/metrics").status_code == 401
    assert door.token("BJ01").get("/metrics").json["code"] == "scope_missing"
    assert Client(door, {"Authorization": f"Bearer {TOKEN}x"}).get("/metrics").status_code == 401


def test_without_a_token_in_the_settings_none_opens_it(door: Door) -> None:
    door.services.metrics_token = read_settings({}).metrics_token
    for token in ("", TOKEN):
        assert Client(door, {"Authorization": f"Bearer {token}"}).get("/metrics").status_code == 401


@pytest.mark.parametrize("path", ["/v1/me", "/v1/devices/661565714353", "/v1/people", "/v1/changes"])
def test_the_metrics_token_opens_nothing_else(door: Door, path: str) -> None:
    assert watcher(door).get(path).status_code == 403
    assert watcher(door).post("/v1/documents", move()).status_code == 403


def test_it_is_in_prometheus_text_format(door: Door) -> None:
    answer = watcher(door).get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


def test_every_label_is_of_a_declared_set_and_says_nothing_of_anybody(door: Door) -> None:
    zhang, nobody = door.sign_in("zhang"), door.nobody()
    for path in ("/v1/devices/661565714353", "/v1/customers?taxpayer_id=110101199003077", "/devices/x?q=惠民",
                 "/v1/documents/BJ01-2026-000001", "/张伟", "/static/../张伟", "/v1/people/zhang"):  # fmt: skip
        zhang.get(path)
    nobody.post("/v1/session", {"username": "惠民便利店", "password": "secret password"})
    zhang.post("/v1/documents", move())
    zhang.post("/v1/documents", {**move(), "lines": [{"serial": "惠民"}]})
    sites = {site for (site,) in door.store.rows("SELECT code FROM site")} | {UNIT}
    declared = {
        "route": {route.path for route in ROUTES} | {page.path for page in PAGES}
        | {"/static/{name}", "/openapi.json", OTHER},
        "method": METHODS | {OTHER},
        "status": {"2xx", "3xx", "4xx", "5xx"},
        "code": PROBLEMS.keys(),
        "type": DOCUMENT.keys(),
        "outcome": {"posted", "pending", "repeated", "refused", "failed", "taken", "duplicate", "unexpected",
                    "unreadable"},
        "site": sites,
        "deadline": DEADLINE.keys(),
    }  # fmt: skip
    found = samples(watcher(door).get("/metrics").text)
    assert len(found) > 50
    for name, labels in found:
        for label, value in labels:
            if label != "le" and name != "panku_build_info":
                assert value in declared[label], f"{name} {label}={value}"


def test_every_measure_says_what_it_means(door: Door) -> None:
    text = watcher(door).get("/metrics").text
    for measure in MEASURES:
        assert measure.meaning in text


# Several processes


def test_counts_are_shared_however_early_the_library_was_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv(SHARED_FOLDER, str(tmp_path))
    Meter().count("panku_refusals", "not_found", by=2)
    assert list(tmp_path.iterdir())
    assert samples(Meter().exposed().decode())["panku_refusals_total", (("code", "not_found"),)] == 2


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of two workers, and its address."""
    port = free_port()
    counts = tmp_path / "counts"
    counts.mkdir()
    settings = environment_for(
        data_dir=str(tmp_path / "data"), port=str(port), workers="2", threads="2", metrics_token=TOKEN
    )
    words = [sys.executable, "-c", "from panku.commands import main; main(['serve'])"]
    with subprocess.Popen(words, env=settings | {"TMPDIR": str(counts)}) as server:
        address = f"http://127.0.0.1:{port}"
        wait_for_server(address)
        assert all(path.name.startswith("panku-metrics-") for path in counts.iterdir())
        yield address, server
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    assert list(counts.iterdir()) == []


def asked(address: str) -> str | None:
    """What an address answers on a connection of its own; None where nothing does."""
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text: str = answer.read().decode()
            return text
    except OSError:
        return None


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def workers_of(server: subprocess.Popen[bytes]) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    if not children.exists():
        pytest.skip("no /proc here that tells a process's children")
    return [int(pid) for pid in children.read_text().split()]


def test_every_workers_counts_are_added_up_even_of_one_that_died(
    served: tuple[str, subprocess.Popen[bytes]],
) -> None:
    address, server = served
    labels = (("method", "GET"), ("route", OTHER), ("status", "4xx"))

    def counted() -> float:
        text = asked(f"{address}/metrics")
        return samples(text).get(("panku_http_requests_total", labels), 0.0) if text else -1.0

    for _ in range(30):
        asked(f"{address}/v1/nowhere")
    assert {counted() for _ in range(6)} == {30.0}
    first, *_ = workers_of(server)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(set(workers_of(server)) - {first}) == 2)
    wait_for(lambda: counted() >= 0)
    assert {counted() for _ in range(6)} == {30.0}
