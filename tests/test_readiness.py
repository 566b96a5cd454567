"""Whether the books can be used: looked at beside those who work with them, and told in time whatever happens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.calls import newest_of_sound_books
from devices.store import schema
from devices.store.database import Store
from devices.store.readiness import KEPT_SECONDS, Look, Readiness
from tests import hindered
from tests.conftest import Stores, session_store_of
from tests.door import Door

ENGINES = ("sqlite", "postgresql")


class Watched:
    """Demo books, and what whoever asks whether they are ready is told; each look is a new one."""

    def __init__(self, store: Store) -> None:
        self.store, self.door, self.now = store, Door(store), 0.0
        self.door.services.readiness = self.looking()

    def looking(self, within_seconds: float = 30) -> Readiness:
        """A look that may take its time, since what is asked here is what it sees."""
        urls = (self.store.url, self.door.session_store.url)
        return Readiness(*urls, newest_of_sound_books, within_seconds=within_seconds, clock=lambda: self.now)

    def told(self) -> tuple[int, str | None]:
        """The status of an answer, and its cause."""
        self.now += KEPT_SECONDS
        answer = self.door.nobody().get("/readyz")
        return answer.status_code, answer.json.get("cause")


@pytest.fixture
def watched(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Watched]:
    """Demo books on the engine named."""
    store = stores.demo(request.param)
    yield Watched(store)
    stores.drop(store)


HINDRANCES = (
    ("sqlite", hindered.no_growth, "broken"),
    ("sqlite", hindered.gate_held, "locked"),
    ("sqlite", hindered.another_writer, "locked"),
    ("sqlite", hindered.taken_away, "out_of_reach"),
    ("sqlite", hindered.overwritten, "unreadable"),
    ("postgresql", hindered.table_locked, "locked"),
)


@pytest.mark.parametrize(("watched", "hindrance", "cause"), HINDRANCES, indirect=["watched"])
def test_books_that_cannot_be_used_are_not_ready_until_they_can(
    watched: Watched, hindrance: hindered.Hindrance, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "panku.readiness"):
        assert watched.told() == (200, None)
        with hindrance(watched.store):
            assert [watched.told(), watched.told()] == [(503, cause)] * 2
            assert watched.door.nobody().get("/healthz").status_code == 200
        assert watched.told() == (200, None)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [cause, "ready again"]


@pytest.mark.both_engines
@pytest.mark.parametrize("watched", ENGINES, indirect=True)
def test_readiness_changes_nothing(watched: Watched) -> None:
    before = watched.store.rows("SELECT object, digest FROM schema_fingerprint ORDER BY object")
    assert watched.told() == (200, None)
    assert watched.store.rows("SELECT object, digest FROM schema_fingerprint ORDER BY object") == before


@pytest.mark.both_engines
@pytest.mark.parametrize("watched", ENGINES, indirect=True)
def test_a_schema_that_was_changed_is_not_ready(watched: Watched) -> None:
    watched.store.execute("CREATE TABLE more (x INTEGER)")
    assert watched.told() == (503, "other_schema")


@pytest.mark.parametrize("watched", ["sqlite"], indirect=True)
def test_sessions_that_are_gone_are_not_ready(watched: Watched) -> None:
    with hindered.taken_away(watched.door.session_store):
        assert watched.told() == (503, "out_of_reach")


def test_a_disk_without_room_is_told_at_every_look(stores: Stores, tmp_path: Path) -> None:
    made = stores.demo("sqlite")
    made.close()
    with hindered.small_disk(tmp_path, 16) as disk:
        books = disk / "books.sqlite3"
        file = hindered.file_of(made)
        for source, target in ((file, books), (session_store_of(file), session_store_of(books))):
            target.write_bytes(source.read_bytes())
        watched = Watched(Store(f"sqlite:///{books}"))
        zhang = watched.door.sign_in("zhang")
        with watched.store.writing():  # so that the log has room that small writes fit into
            watched.store.execute("PRAGMA user_version = 1")
        assert watched.told() == (200, None)
        hindered.fill_disk(disk, leave_bytes=1024 * 1024)
        assert [watched.told() for _ in range(16)] == [(503, "full")] * 16
        assert zhang.get("/v1/me").status_code == 200
        (disk / "filling").unlink()
        assert watched.told() == (200, None)
        watched.store.close()
        watched.door.session_store.close()
        hindered.read_only_disk(disk)
        assert watched.told() == (503, "read_only")
    stores.drop(made)


def test_a_look_that_is_held_up_is_told_in_time_and_nobody_begins_another(stores: Stores) -> None:
    store, held, looks = stores.demo("sqlite"), threading.Event(), list[int]()

    def ask(books: Store) -> str:
        looks.append(1)
        held.wait()
        schema.check_schema(books)
        return "what the books told"

    urls = (store.url, Door(store).session_store.url)
    readiness = Readiness(*urls, ask, within_seconds=0.01, clock=lambda: 0.0)
    assert [readiness.look().cause for _ in range(3)] == ["timed_out"] * 3
    held.set()
    readiness._within_seconds = 30
    assert readiness.look() == Look(told="what the books told")
    assert readiness.look() == Look(told="what the books told")
    assert looks == [1]
    stores.drop(store)


def test_a_server_that_falls_silent_is_told_in_time(stores: Stores) -> None:
    made = stores.demo("postgresql")
    wire = hindered.Wire(Path(made.url.rpartition("host=")[2]) / ".s.PGSQL.5432")
    watched = Watched(Store(wire.url(made)))
    wire.silent.set()
    watched.door.services.readiness = watched.looking(within_seconds=0.05)
    assert watched.told() == (503, "timed_out")
    assert watched.door.nobody().get("/healthz").status_code == 200
    wire.close()
    for thread in threading.enumerate():
        if thread.name == "panku-readiness":
            thread.join()
    stores.drop(made)


def test_a_fault_of_the_look_is_a_fault(stores: Stores) -> None:
    store = stores.demo("sqlite")
    door = Door(store)

    def ask(_: Store) -> None:
        raise ZeroDivisionError

    door.services.readiness = Readiness(store.url, door.session_store.url, ask, within_seconds=30)
    assert door.nobody().get("/readyz").status_code == 500
    stores.drop(store)
