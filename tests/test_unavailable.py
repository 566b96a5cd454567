"""A database that can no longer be written: told as unavailable, logged, and not ready, until it can be again."""

from __future__ import annotations

import logging
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from devices.store.database import Store
from tests.conftest import Stores
from tests.door import Door, move

LATER_US = 60_000_000
Hindered = Callable[[Door], AbstractContextManager[None]]


@contextmanager
def read_only(door: Door) -> Iterator[None]:
    """The connections of this thread may only read."""
    to = {"sqlite": "PRAGMA query_only = {}", "postgresql": "SET default_transaction_read_only = {}"}
    stores = (door.store, door.session_store)
    for store in stores:
        store.execute(to[store.engine].format("on"))
    yield
    for store in stores:
        store.execute(to[store.engine].format("off"))


@contextmanager
def full(_: Door) -> Iterator[None]:
    """No file of this process can grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


CASES = [("sqlite", read_only), ("postgresql", read_only), ("sqlite", full)]


@pytest.fixture
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """Demo books on the engine named."""
    store: Store = stores.demo(request.param)
    yield Door(store)
    stores.drop(store)


@pytest.mark.parametrize(("door", "hindered"), CASES, indirect=["door"])
def test_a_posting_that_can_not_be_written_is_unavailable_and_logged(
    door: Door, hindered: Hindered, caplog: pytest.LogCaptureFixture
) -> None:
    zhang = door.sign_in("zhang")
    lines = door.store.row("SELECT COUNT(*) FROM line")
    with caplog.at_level(logging.ERROR, "panku.api"), hindered(door):
        answer = zhang.post("/v1/documents", move(), key="again")
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert "in POST '/v1/documents'" in caplog.text
    assert door.store.row("SELECT COUNT(*) FROM line") == lines
    assert zhang.post("/v1/documents", move(), key="again").status_code == 201


@pytest.mark.parametrize(("door", "hindered"), CASES, indirect=["door"])
def test_books_that_can_not_be_written_are_not_ready(door: Door, hindered: Hindered) -> None:
    nobody = door.nobody()
    assert nobody.get("/readyz").status_code == 200
    door.now += LATER_US
    with hindered(door):
        answer = nobody.get("/readyz")
        alive = nobody.get("/healthz")
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert alive.status_code == 200
    assert nobody.get("/readyz").status_code == 200


@pytest.mark.parametrize("door", ["sqlite", "postgresql"], indirect=True)
def test_readiness_changes_nothing(door: Door) -> None:
    before = door.store.rows("SELECT object, digest FROM schema_fingerprint ORDER BY object")
    assert door.nobody().get("/readyz").json == {
        "status": "ready",
        "clock": "right",
        "clock_behind_seconds": 0,
    }
    assert door.store.rows("SELECT object, digest FROM schema_fingerprint ORDER BY object") == before


@pytest.mark.parametrize("door", ["sqlite", "postgresql"], indirect=True)
def test_a_schema_that_was_changed_is_not_ready(door: Door) -> None:
    door.store.execute("CREATE TABLE more (x INTEGER)")
    answer = door.nobody().get("/readyz")
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")


@pytest.mark.parametrize("door", ["sqlite", "postgresql"], indirect=True)
def test_a_fault_of_ours_is_no_excuse(door: Door) -> None:
    zhang = door.sign_in("zhang")
    door.store.execute("ALTER TABLE standing RENAME TO sitting")
    answer = zhang.get("/v1/documents?site=BJ01")
    assert (answer.status_code, answer.json["code"]) == (500, "fault")
