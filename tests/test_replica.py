"""A real streaming replica serves the past to whoever has written nothing that it lacks, and nobody notices its end."""

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import peewee
import psycopg
import pytest

from devices.journal import heads
from devices.ledger.reading.replica import AHEAD, LEFT_ALONE_SECONDS, ONE_SEEN, Replica, has_everything_of
from devices.store import schema
from devices.store.database import Store
from devices.store.engines import REPLICA
from devices.store.unusable import CAUSE, cause_of
from tests import postgresql
from tests.conftest import Stores, started
from tests.door import Door, fill_demo, move

SERIAL = "661565714360"
HISTORY = f"/v1/devices/{SERIAL}/history"
CHANGES = "/v1/changes?limit=500"


class Standby:
    """A primary with demo books and its hot standby, made by pg_basebackup, whose replay can be held up."""

    def __init__(self, folder: Path, own: Path) -> None:
        self.server = started(folder)
        url = self.server.create("books")
        with psycopg.connect(url, autocommit=True) as connection:  # so that what is committed is sent
            connection.execute("ALTER DATABASE books SET synchronous_commit = on")
        store = Store(url)
        fill_demo(store)
        self.door = Door(store)
        self.folder = own
        binaries = Path((folder / "pg_ctl").read_text()).parent
        data = own / "data"
        postgresql.command(
            own, binaries / "pg_basebackup", "-h", folder, "-U", "panku", "-R", "-D", data, "-c", "fast"
        )
        options = f"-k {own} {postgresql.SERVER_OPTIONS}"
        postgresql.command(
            own, binaries / "pg_ctl", "-w", "-D", data, "-l", own / "log", "-o", options, "start"
        )
        (own / "pg_ctl").write_text(str(binaries / "pg_ctl"))
        self.url = f"postgresql://panku@/books?host={own}"
        self.door.services.replica = Replica(Store(self.url))

    def hold_up(self) -> None:
        """Let the standby fall behind from now on."""
        self._run("SELECT pg_wal_replay_pause()")
        while self._run("SELECT pg_get_wal_replay_pause_state()") != "paused":
            pass

    def catch_up(self) -> None:
        """Let it replay everything the primary has written."""
        written = self.door.store.row("SELECT pg_current_wal_lsn()::text")
        assert written is not None
        self._run("SELECT pg_wal_replay_resume()")
        while not self._run(f"SELECT pg_last_wal_replay_lsn() >= '{written[0]}'"):
            pass

    def _run(self, statement: str) -> object:
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(statement.encode()).fetchone()
            return row and row[0]


@pytest.fixture(scope="module")
def standby() -> Iterator[Standby]:
    """One pair for this file; where there are no PostgreSQL binaries the tests are skipped."""
    folder, own = postgresql.new_folder(), postgresql.new_folder()
    try:
        made = Standby(folder, own)
        made.catch_up()
        yield made
    finally:
        for each in (own, folder):
            postgresql.stop(each)


@pytest.fixture
def behind(standby: Standby) -> Iterator[Standby]:
    """The standby, caught up and then held up."""
    standby.catch_up()
    standby.hold_up()
    yield standby
    standby.catch_up()


def steps(answer: dict[str, list[dict[str, int]]]) -> int:
    """The last step that a history tells."""
    return answer["lines"][-1]["step"]


def test_a_poster_reads_their_own_line_and_another_reads_the_replica(behind: Standby) -> None:
    zhang, zhao = behind.door.sign_in("zhang"), behind.door.sign_in("zhao")
    before = steps(zhao.get(HISTORY).json)
    to = "M-02" if before % 2 else "M-01"
    assert zhang.post("/v1/documents", move(SERIAL, to)).status_code == 201
    assert steps(zhang.get(HISTORY).json) == before + 1
    assert steps(zhao.get(HISTORY).json) == before
    behind.catch_up()
    assert steps(zhao.get(HISTORY).json) == steps(zhang.get(HISTORY).json) == before + 1


def test_changes_and_cards_follow_the_same_rule(behind: Standby) -> None:
    zhang, li = behind.door.sign_in("zhang"), behind.door.sign_in("li")
    hold = {**move("661565714359", "M-09"), "type": "hold", "reason": "损"}
    number = zhang.post("/v1/documents", hold).json["number"]
    card = "/v1/books/BJ01/merchandise/card?model=TCG-01&from=2026-11-01&to=2026-11-30"
    told = {who: (number in client.get(CHANGES).text) for who, client in (("zhang", zhang), ("li", li))}
    assert told == {"zhang": True, "li": False}
    assert li.get(card).json == zhang.get(card).json  # a hold changes no register
    review = {"decision": "approve", "password": behind.door.password("li")}
    assert li.post(f"/v1/documents/{number}/review", review).status_code == 200
    assert number in li.get(CHANGES).text


def test_what_an_administrator_wrote_is_theirs_to_read_too(behind: Standby) -> None:
    seen = heads(Store(behind.url))
    primary = behind.door.store
    assert has_everything_of("admin", seen, primary)
    admin = behind.door.sign_in("admin")
    assert admin.post("/v1/sites", {"code": "NJ01", "name": "南京"}).status_code == 201
    assert not has_everything_of("admin", seen, primary)
    assert has_everything_of("zhang", seen, primary)


def test_a_standby_takes_no_writes_and_says_so(standby: Standby) -> None:
    store = Store(standby.url)
    with pytest.raises(peewee.InternalError) as refused:
        schema.check_writing(store)
    assert cause_of(refused.value) == CAUSE["read_only"]
    store.close()


def test_a_database_that_is_no_copy_is_never_read(standby: Standby) -> None:
    standby.catch_up()
    other = Door(Store(standby.server.create("other")))
    fill_demo(other.store)
    assert has_everything_of("zhao", heads(Store(standby.url)), standby.door.store)
    assert not has_everything_of("zhao", heads(other.store), standby.door.store)
    assert not has_everything_of("zhao", [], standby.door.store)


def test_the_question_to_the_primary_is_answered_by_indexes(stores: Stores) -> None:
    store = stores.fresh("sqlite")
    plan = store.rows(
        f"EXPLAIN QUERY PLAN {AHEAD.format(seen=ONE_SEEN)}", ("A", 1, "h", "UNIT", "x", "x", "x")
    )
    scans = [
        row[3]
        for row in plan
        if row[3].startswith("SCAN") and row[3].split()[1] in ("journal", "j", "d", "r", "v")
    ]
    assert scans == []
    stores.drop(store)


class Asked:
    """A store that is a replica out of reach, how often it was asked, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(f"postgresql://panku@/books?host={folder}", REPLICA)
        self.now = 0.0
        self.replica = Replica(self.store, lambda: self.now)


def test_a_replica_out_of_reach_is_logged_and_left_alone(
    stores: Stores, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    door, asked = Door(stores.demo("sqlite")), Asked(tmp_path)
    door.services.replica = asked.replica
    zhang = door.sign_in("zhang")
    with caplog.at_level(logging.WARNING, logger="panku.replica"):
        answers = [zhang.get(HISTORY).status_code for _ in range(3)]
        assert len(caplog.records) == 1
        asked.now += LEFT_ALONE_SECONDS
        answers.append(zhang.get(HISTORY).status_code)
    assert answers == [200] * 4
    assert len(caplog.records) == 2
    stores.drop(door.store)


def test_one_request_asks_again_while_the_primary_serves_the_others(stores: Stores, tmp_path: Path) -> None:
    primary, asked = stores.fresh("sqlite"), Asked(tmp_path)
    among: list[str] = []

    def read(store: Store) -> str:
        return store.engine

    def connect() -> None:
        among.append(asked.replica.read(primary, "zhang", read))  # another request, while this one asks
        raise peewee.OperationalError("the standby is gone")

    asked.store.db.connect = connect
    assert asked.replica.read(primary, "zhang", read) == "sqlite"
    assert asked.replica.read(primary, "zhang", read) == "sqlite"
    assert among == ["sqlite"]
    stores.drop(primary)


def test_a_replica_that_hangs_is_given_up_and_left_alone(
    standby: Standby, caplog: pytest.LogCaptureFixture
) -> None:
    standby.catch_up()
    zhao = standby.door.sign_in("zhao")
    store = Store(standby.url, msgspec.structs.replace(REPLICA, silent=1))
    standby.door.services.replica = Replica(store)
    assert zhao.get(HISTORY).status_code == 200
    assert not store.db.is_closed()
    postmaster = int((standby.folder / "data" / "postmaster.pid").read_text().split()[0])
    backend = store.db.connection().info.backend_pid
    for process in (postmaster, backend):
        os.kill(process, signal.SIGSTOP)
    try:
        with caplog.at_level(logging.WARNING, logger="panku.replica"):
            answers = [zhao.get(HISTORY).status_code for _ in range(3)]
    finally:
        for process in (backend, postmaster):
            os.kill(process, signal.SIGCONT)
        store.close()
        standby.door.services.replica = Replica(Store(standby.url))
    assert answers == [200] * 3
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "the server did not answer within 1 s"
    ]
