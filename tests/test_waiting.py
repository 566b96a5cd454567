"""A server whose books cannot be opened yet: it lives, says so, and serves once they can be."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import peewee
import psycopg
import pytest
from falcon import testing

from devices.store import schema
from devices.store.unusable import StoreRefused
from panku.application import application_over
from panku.commands import Refused
from panku.console.opening import may_pass, why_not_open
from panku.settings import read_settings
from panku.waiting import WaitingApplication
from tests.conftest import Stores
from tests.forks import FORKS, serve
from tests.serving import environment_for, free_port, wait_for_server

SOON_SECONDS = 0.01


def wrapped(error: Exception, times: int) -> Exception:
    """An error as peewee wraps it, so many times."""
    for _ in range(times):
        error = peewee.OperationalError(error, str(error))
    return error


def refused_for(error: Exception | None) -> Refused:
    """A command's refusal to open the books, which has its reason within it."""
    refused = Refused("It cannot be opened.")
    refused.__cause__ = error
    return refused


def sqlite_error(code: int) -> Exception:
    error: Any = peewee.sqlite3.OperationalError("…")
    error.sqlite_errorcode = code
    made: Exception = error
    return made


REASONS = {
    "a server that is gone": (refused_for(wrapped(psycopg.OperationalError("no"), 2)), "out_of_reach", True),
    "a file that another has locked": (refused_for(wrapped(sqlite_error(5), 1)), "locked", True),
    "a file that is no database": (refused_for(wrapped(sqlite_error(26), 1)), "unreadable", False),
    "a folder that is not to be written": (refused_for(PermissionError(13, "no")), "forbidden", False),
    "a schema that is another's": (schema.SchemaDiffers("…"), "other_schema", False),
    "a library that corrupts files": (StoreRefused("…"), "misconfigured", False),
    "no books": (refused_for(None), "not_founded", False),
    "a fault of ours": (KeyError("…"), "fault", False),
}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_every_reason_has_its_word_and_some_pass_by_themselves(name: str) -> None:
    error, word, passes = REASONS[name]
    assert (why_not_open(error), may_pass(error)) == (word, passes)


class Books:
    """Books that can be opened once they are told to be, and whether they were asked for."""

    def __init__(self) -> None:
        self.error: BaseException | None = psycopg.OperationalError(
            "postgresql://panku:secret@db/panku says no"
        )
        self.asked = threading.Semaphore(0)

    def open(self) -> Callable[..., list[bytes]]:
        self.asked.release()
        if self.error is not None:
            raise self.error

        def app(_: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("204 No Content", [])
            return []

        return app


def waiting_for(books: Books) -> testing.TestClient:
    """A client of books that were asked for once."""
    return testing.TestClient(
        WaitingApplication(books.open, secure_cookies=False, again_seconds=SOON_SECONDS)
    )


@pytest.fixture
def books() -> Iterator[Books]:
    """Books that cannot be opened until the test has ended, or sooner."""
    books = Books()
    yield books
    books.error = None
    let_open()


def let_open() -> None:
    """Until nobody waits for books any more."""
    for thread in threading.enumerate():
        if thread.name == "opening the books":
            thread.join(30)


ASKED = {
    ("GET", "/healthz"): 200, ("HEAD", "/healthz"): 200, ("GET", "/readyz"): 503, ("GET", "/v1/me"): 503,
    ("POST", "/v1/documents"): 503, ("GET", "/metrics"): 503, ("GET", "/"): 503,
    ("GET", "/static/panku.css"): 200, ("GET", "/static/nonsense"): 404,
}  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_everything_is_answered_meanwhile(books: Books, method: str, path: str) -> None:
    answer = waiting_for(books).simulate_request(method, path)
    assert answer.status_code == ASKED[method, path]
    if answer.status_code == 503:
        told = answer.json
        assert (told["code"], told["cause"], told["status"]) == ("unavailable", "out_of_reach", 503)
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0


def test_a_browser_is_shown_a_page_in_its_language(books: Books) -> None:
    answer = waiting_for(books).simulate_get("/", headers={"Accept": "text/html", "Accept-Language": "zh-CN"})
    assert answer.status_code == 503
    assert "服务暂时不可用" in answer.text


def test_books_that_can_be_opened_again_are_served(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "panku.waiting"):
        client = waiting_for(books)
        assert client.simulate_get("/readyz").status_code == 503
        assert all(books.asked.acquire(timeout=10) for _ in range(3))  # it asks again and again
        books.error = None
        let_open()
        assert client.simulate_get("/readyz").status_code == 204
    assert caplog.messages[0].startswith("waiting for the books (out_of_reach): ")
    assert caplog.messages[1] == "the books are open"


def test_the_log_has_no_password(
    books: Books, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANKU_DATABASE_URL", "postgresql://panku:secret@db/panku")
    with caplog.at_level(logging.WARNING, "panku.waiting"):
        waiting_for(books)
    assert "panku:***@db" in caplog.text
    assert "secret" not in caplog.text


def test_a_fault_is_logged_with_its_trace_and_does_not_end_the_process(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    books.error = KeyError("nonsense")
    with caplog.at_level(logging.WARNING, "panku.waiting"):
        answer = waiting_for(books).simulate_get("/readyz")
    assert answer.json["cause"] == "fault"
    assert "Traceback" in caplog.text


def test_books_that_are_open_at_once_are_waited_for(books: Books) -> None:
    books.error = None
    assert waiting_for(books).simulate_get("/readyz").status_code == 204


def test_a_worker_makes_no_file_where_there_is_none(tmp_path: Path) -> None:
    settings = read_settings({"PANKU_DATABASE_URL": f"sqlite:///{tmp_path}/disk/panku.sqlite3"})
    with pytest.raises(Refused, match="There are no books"):
        application_over(settings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.both_engines
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_worker_opens_no_books_that_are_not_this_versions(engine: str, stores: Stores) -> None:
    store = stores.fresh(engine)
    store.execute(f"DELETE FROM {schema.BOOK_MIGRATIONS.history}")
    store.close()
    with pytest.raises(schema.SchemaDiffers, match="panku migrate"):
        application_over(read_settings({"PANKU_DATABASE_URL": store.url}))
    stores.drop(store)


def test_a_worker_begins_the_books_in_a_database_that_serve_did_not_reach(stores: Stores) -> None:
    store = stores.empty("postgresql")
    client = testing.TestClient(application_over(read_settings({"PANKU_DATABASE_URL": store.url})))
    assert client.simulate_get("/readyz").status_code == 200
    schema.check_schema(store)
    stores.drop(store)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[str, int]]:
    """`panku serve`, without waiting for anything; its address and process."""
    port = free_port()
    environment = environment_for(port=str(port), workers="1", threads="2", **settings)
    server = FORKS.Process(target=serve, args=(folder, environment))
    server.start()
    try:
        yield f"http://127.0.0.1:{port}", server.pid or 0
        assert server.is_alive()
    finally:
        server.terminate()
        server.join(30)


def asked(address: str) -> tuple[int, dict[str, Any]]:
    """What a server answers, or nothing where there is none yet."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, msgspec.json.decode(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, msgspec.json.decode(error.read())
    except OSError:
        return 0, {}


def until(true: Callable[[], bool]) -> None:
    """Until something is so, at most half a minute."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to be")


def test_a_database_that_starts_after_panku_is_waited_for(tmp_path: Path, stores: Stores) -> None:
    store = stores.empty("postgresql")
    name, _, folder = store.url.rpartition("?host=")
    with serving(tmp_path, database_url=f"{name}?host={tmp_path}/up") as (address, _pid):
        until(lambda: asked(f"{address}/healthz")[0] == 200)
        status, told = asked(f"{address}/readyz")
        assert (status, told["code"], told["cause"]) == (503, "unavailable", "out_of_reach")
        assert asked(f"{address}/v1/me")[0] == 503
        (tmp_path / "up").symlink_to(folder)  # where its socket is
        wait_for_server(address)
        assert asked(f"{address}/v1/me")[0] == 401
    assert "It starts all the same, and answers 503 until it can be" in (tmp_path / "log").read_text()
    stores.drop(store)


def test_workers_that_find_no_books_do_not_end_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, database_url=f"sqlite:///{tmp_path}/disk/panku.sqlite3") as (address, pid):
        wait_for_server(address)
        (tmp_path / "disk").rename(tmp_path / "away")
        os.kill(pid, signal.SIGHUP)  # every worker anew
        until(lambda: asked(f"{address}/readyz")[1].get("cause") == "not_founded")
        assert asked(f"{address}/healthz")[0] == 200
        (tmp_path / "away").rename(tmp_path / "disk")
        wait_for_server(address)
