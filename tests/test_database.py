"""The database handle: transactions, statements, locks and what it refuses."""

import threading
from collections import Counter
from multiprocessing import current_process
from multiprocessing.synchronize import Barrier
from pathlib import Path

import peewee
import psycopg
import pytest

from devices.store import engines
from devices.store.database import OutcomeUnknown, Store, StoreRefused, journal_key, violated
from devices.store.statements import EACH, GIVEN, compiled, for_psycopg
from devices.store.tables.columns import BigInteger, Bytes, Integer, Table, Text
from tests.conftest import Stores
from tests.forks import FORKS

pytestmark = pytest.mark.both_engines


@pytest.fixture
def shelf(store: Store) -> Store:
    """A store with a small table of the test's own."""
    store.execute(
        "CREATE TABLE shelf (site TEXT NOT NULL, slot BIGINT NOT NULL, note TEXT, proof "
        + ("BLOB" if store.engine == "sqlite" else "BYTEA")
        + ", CONSTRAINT slot_is_positive CHECK (slot > 0), PRIMARY KEY (site, slot))"
    )
    store.execute(
        "CREATE TABLE item (site TEXT, slot BIGINT, FOREIGN KEY (site, slot) REFERENCES shelf (site, slot))"
    )
    return store


class Shelf(Table):
    site = Text()
    slot = BigInteger()
    note = Text(null=True)
    proof = Bytes(null=True)

    class Meta:
        table_name = "shelf"
        primary_key = peewee.CompositeKey("site", "slot")


class Turn(Table):
    n = Integer(primary_key=True)
    writer = Text()

    class Meta:
        table_name = "turn"


def put(store: Store, *slots: int, site: str = "A") -> None:
    with store.writing():
        store.insert(Shelf, [(site, slot) for slot in slots], ("site", "slot"))


def slots_of(store: Store) -> list[int]:
    return [slot for (slot,) in store.rows("SELECT slot FROM shelf ORDER BY slot")]


def test_a_finished_write_stays(shelf: Store) -> None:
    put(shelf, 1, 2)
    assert slots_of(shelf) == [1, 2]


def test_an_exception_leaves_nothing_behind(shelf: Store) -> None:
    with pytest.raises(ZeroDivisionError), shelf.writing():
        shelf.execute("INSERT INTO shelf (site, slot) VALUES (?, ?)", ("A", 1))
        _ = 1 / 0
    assert slots_of(shelf) == []


def test_a_write_transaction_is_never_opened_inside_another(shelf: Store) -> None:
    with pytest.raises(RuntimeError, match="outermost"), shelf.writing(), shelf.writing():
        pass


def test_a_read_transaction_is_never_opened_inside_a_write(shelf: Store) -> None:
    with pytest.raises(RuntimeError, match="outermost"), shelf.writing(), shelf.reading():
        pass


def test_a_read_transaction_refuses_to_write(shelf: Store) -> None:
    with pytest.raises(peewee.DatabaseError), shelf.reading():
        shelf.execute("INSERT INTO shelf (site, slot) VALUES ('A', 1)")
    put(shelf, 2)
    assert slots_of(shelf) == [2]


def test_a_read_transaction_sees_one_moment(shelf: Store) -> None:
    put(shelf, 1)
    with shelf.reading():
        before = slots_of(shelf)
        other = threading.Thread(target=put, args=(shelf, 2))
        other.start()
        other.join()
        assert slots_of(shelf) == before
    assert slots_of(shelf) == [1, 2]


def test_a_failed_statement_that_was_passed_over_is_never_committed_in_part(shelf: Store) -> None:
    def passing_over() -> None:
        with shelf.writing():
            shelf.execute("INSERT INTO shelf (site, slot) VALUES ('A', 1)")
            with pytest.raises(peewee.IntegrityError):
                shelf.execute("INSERT INTO shelf (site, slot) VALUES ('A', 1)")

    if shelf.engine == "postgresql":
        with pytest.raises(peewee.InternalError, match="nothing of it"):
            passing_over()
        assert slots_of(shelf) == []
    else:
        passing_over()
        assert slots_of(shelf) == [1]


@pytest.mark.parametrize("count", [0, 1, 2, 12_345])
def test_many_rows_are_inserted_and_counted(shelf: Store, count: int) -> None:
    with shelf.writing():
        inserted = shelf.insert(Shelf, (("A", slot) for slot in range(1, count + 1)), ["site", "slot"])
    assert inserted == count == len(slots_of(shelf))


def test_inserted_values_come_back_as_they_were(shelf: Store) -> None:
    rows = [("A", 1, 'tab\t, "quote"\\N %s ? 盘库', b"\x00\xff"), ("A", 2, None, None), ("A", 2**62, "", b"")]
    with shelf.writing():
        shelf.insert(Shelf, rows)
    assert shelf.rows("SELECT site, slot, note, proof FROM shelf ORDER BY slot") == rows


def test_a_percent_sign_and_a_question_mark_in_quotes_are_themselves(shelf: Store) -> None:
    assert shelf.row("SELECT 'what?', 7 % 4, CAST(? AS TEXT) -- why?", ("5%",)) == ("what?", 3, "5%")
    assert shelf.row("SELECT '100%', 7 % 4") == ("100%", 3)


def test_marks_are_translated_outside_quotes_and_comments_only() -> None:
    text = "SELECT '?%', \"a?\" /* ? */ FROM t WHERE a = ? AND b % 2 = ? -- ?"
    assert for_psycopg(text) == "SELECT '?%%', \"a?\" /* ? */ FROM t WHERE a = %s AND b %% 2 = %s -- ?"


@pytest.mark.parametrize("inside", [True, False], ids=["inside a transaction", "outside"])
def test_a_stream_gives_every_row(shelf: Store, inside: bool) -> None:
    put(shelf, *range(1, 101))
    if inside:
        with shelf.reading():
            streamed = list(
                shelf.stream("SELECT slot FROM shelf WHERE slot > ? ORDER BY slot", (10,), size=7)
            )
    else:
        streamed = list(shelf.stream("SELECT slot FROM shelf WHERE slot > ? ORDER BY slot", (10,), size=7))
    assert streamed == [(slot,) for slot in range(11, 101)]


def test_two_streams_run_side_by_side(shelf: Store) -> None:
    put(shelf, 1, 2, 3)
    with shelf.reading():
        one, other = (shelf.stream("SELECT slot FROM shelf ORDER BY slot", size=1) for _ in range(2))
        assert list(zip(one, other, strict=True)) == [((slot,), (slot,)) for slot in (1, 2, 3)]


def test_a_query_on_a_declared_table_is_compiled_once_for_both_engines(shelf: Store) -> None:
    after = compiled(Shelf.select(Shelf.site, Shelf.slot).where(Shelf.slot > GIVEN, Shelf.site == "A"))
    put(shelf, 1, 2)
    put(shelf, 3, site="B")
    assert shelf.rows(after, (1,)) == [("A", 2)]


def test_a_literal_of_a_compiled_query_is_kept_as_it_is(shelf: Store) -> None:
    noted = compiled(
        Shelf.select(Shelf.slot).where(Shelf.note == "it's 100 % :given? no", Shelf.slot == GIVEN)
    )
    with shelf.writing():
        shelf.insert(Shelf, [("A", 1, "it's 100 % :given? no", None)])
    assert shelf.rows(noted, (1,)) == [(1,)]


@pytest.mark.parametrize("count", [0, 1, 2_000, 2_001, 5_000])
def test_a_list_of_any_length_is_looked_up(shelf: Store, count: int) -> None:
    among = compiled(
        Shelf.select(Shelf.slot).where(Shelf.site == GIVEN, Shelf.slot.in_(EACH), Shelf.slot > GIVEN)
    )
    put(shelf, *range(1, count + 1))
    found = shelf.rows_in(among, range(1, count + 1), before=("A",), after=(1,))
    assert sorted(slot for (slot,) in found) == list(range(2, count + 1))


def test_a_whole_row_takes_the_place_of_the_one_with_its_key(shelf: Store) -> None:
    with shelf.writing():
        for note in ("first", "second"):
            shelf.upsert(Shelf, ("A", 1, note, None))
    assert shelf.rows("SELECT site, slot, note FROM shelf") == [("A", 1, "second")]


VIOLATIONS = (
    ("INSERT INTO shelf (site, slot) VALUES ('A', 1)", "unique: shelf.site, shelf.slot"),
    ("INSERT INTO shelf (site, slot) VALUES ('A', 0)", "check: slot_is_positive"),
    ("INSERT INTO shelf (site, slot) VALUES (NULL, 2)", "not null: shelf.site"),
    ("INSERT INTO item (site, slot) VALUES ('A', 9)", "foreign key"),
)


@pytest.mark.parametrize(("statement", "told"), VIOLATIONS, ids=[told for _, told in VIOLATIONS])
def test_a_refused_write_tells_the_same_on_both_engines(shelf: Store, statement: str, told: str) -> None:
    put(shelf, 1)
    with pytest.raises(peewee.IntegrityError) as refused, shelf.writing():
        shelf.execute(statement)
    assert violated(refused.value).startswith(told)


class Deadlocks:
    """A function that PostgreSQL refuses a number of times before it succeeds."""

    def __init__(self, times: int, error: psycopg.Error) -> None:
        self.left, self.error, self.runs = times, error, 0

    def __call__(self) -> str:
        self.runs += 1
        if self.left:
            self.left -= 1
            raise peewee.OperationalError(self.error)
        return "done"


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def patient(tmp_path: Path, slept: list[float]) -> Store:
    """A store whose waits are only noted."""
    return Store(f"sqlite:///{tmp_path}/patient.sqlite3", sleep=slept.append, jitter=lambda: 0.5)


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()])
def test_a_deadlocked_function_runs_again_as_a_whole(
    patient: Store, slept: list[float], error: psycopg.Error
) -> None:
    function = Deadlocks(2, error)
    assert patient.retrying(function) == "done"
    assert (function.runs, slept) == (3, [0.02, 0.04])


def test_a_function_is_given_up_after_five_deadlocks(patient: Store, slept: list[float]) -> None:
    function = Deadlocks(99, psycopg.errors.DeadlockDetected())
    with pytest.raises(peewee.OperationalError):
        patient.retrying(function)
    assert (function.runs, len(slept)) == (5, 4)


def test_another_error_is_not_retried(patient: Store, slept: list[float]) -> None:
    function = Deadlocks(1, psycopg.errors.UniqueViolation())
    with pytest.raises(peewee.OperationalError):
        patient.retrying(function)
    assert (function.runs, slept) == (1, [])


def lose_connection(store: Store) -> None:
    """Have the server end the store's connection, as a restart would."""
    (pid,) = store.row("SELECT pg_backend_pid()") or ()
    with psycopg.connect(store.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.fixture
def postgresql_shelf(stores: Stores) -> Store:
    store = stores.fresh("postgresql")
    store.execute("CREATE TABLE shelf (site TEXT NOT NULL, slot BIGINT NOT NULL, PRIMARY KEY (site, slot))")
    return store


def test_an_idle_connection_that_was_lost_is_opened_again_for_a_write(postgresql_shelf: Store) -> None:
    lose_connection(postgresql_shelf)
    put(postgresql_shelf, 1)
    assert slots_of(postgresql_shelf) == [1]


def test_an_idle_connection_that_was_lost_is_opened_again_for_a_read(postgresql_shelf: Store) -> None:
    lose_connection(postgresql_shelf)
    assert slots_of(postgresql_shelf) == []


def test_a_connection_lost_within_a_transaction_is_an_error_and_the_next_one_works(
    postgresql_shelf: Store,
) -> None:
    with pytest.raises(peewee.OperationalError), postgresql_shelf.writing():
        postgresql_shelf.execute("INSERT INTO shelf VALUES ('A', 1)")
        lose_connection(postgresql_shelf)
        slots_of(postgresql_shelf)
    put(postgresql_shelf, 2)
    assert slots_of(postgresql_shelf) == [2]


def test_a_connection_lost_during_commit_says_that_the_outcome_is_unknown(postgresql_shelf: Store) -> None:
    with pytest.raises(OutcomeUnknown), postgresql_shelf.writing():
        postgresql_shelf.execute("INSERT INTO shelf VALUES ('A', 1)")
        lose_connection(postgresql_shelf)
    assert slots_of(postgresql_shelf) == []


def test_journals_are_locked_inside_a_write_only(shelf: Store) -> None:
    with pytest.raises(RuntimeError):
        shelf.lock_journals(["A"])


def test_a_journal_lock_is_held_until_the_transaction_ends(postgresql_shelf: Store) -> None:
    def free() -> bool:
        with psycopg.connect(postgresql_shelf.url) as other:
            (got,) = (
                other.execute("SELECT pg_try_advisory_xact_lock(%s)", (journal_key("B"),)).fetchone() or ()
            )
            return bool(got)

    with postgresql_shelf.writing():
        postgresql_shelf.lock_journals(["B", "A", "B"])
        assert not free()
    assert free()


def test_a_journals_key_is_stable() -> None:
    assert journal_key("UNIT") == 6423831665728015307


def write_often(url: str, times: int, ready: Barrier) -> None:
    store = Store(url)
    ready.wait(timeout=60)
    for _ in range(times):
        with store.writing():
            store.insert(Turn, [(current_process().name,)], ("writer",))


def test_saturating_writers_take_turns_at_the_gate(disk: Path) -> None:
    """On a disk: in memory a writer is done before the next has come."""
    store = Store(f"sqlite:///{disk}/turns.sqlite3")
    store.execute("CREATE TABLE turn (n INTEGER PRIMARY KEY, writer TEXT)")
    writers, times = 4, 50
    ready = FORKS.Barrier(writers)
    processes = [FORKS.Process(target=write_often, args=(store.url, times, ready)) for _ in range(writers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    turns = [writer for (writer,) in store.rows("SELECT writer FROM turn ORDER BY n")]
    assert len(turns) == writers * times
    # From the first turn of the last to come until the first has had its last, all of them want the gate.
    begin = max(turns.index(writer) for writer in set(turns))
    end = min(len(turns) - turns[::-1].index(writer) for writer in set(turns))
    shares = Counter(turns[begin:end])
    assert all(share >= (end - begin) / writers / 2 for share in shares.values()), shares


def open_new_file(url: str, ready: Barrier) -> None:
    ready.wait(timeout=60)
    Store(url).rows("SELECT 1")


def test_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    ready = FORKS.Barrier(4)
    url = f"sqlite:///{tmp_path}/new/books.sqlite3"
    processes = [FORKS.Process(target=open_new_file, args=(url, ready)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_replace_does_not_slip_past_a_trigger_that_forbids_deleting(shelf: Store) -> None:
    shelf.execute("CREATE TRIGGER kept BEFORE DELETE ON shelf BEGIN SELECT RAISE(ABORT, 'kept'); END")
    put(shelf, 1)
    with pytest.raises(peewee.IntegrityError, match="kept"), shelf.writing():
        shelf.execute("INSERT OR REPLACE INTO shelf (site, slot, note) VALUES ('A', 1, 'forged')")


PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "busy_timeout": engines.SERVING.busy * 1000,
}


@pytest.mark.parametrize("pragma", PRAGMAS)
def test_every_thread_of_sqlite_has_the_same_settings(stores: Stores, pragma: str) -> None:
    store = stores.fresh("sqlite")
    seen = []
    other = threading.Thread(target=lambda: seen.append(store.row(f"PRAGMA {pragma}")))
    other.start()
    other.join()
    assert seen == [store.row(f"PRAGMA {pragma}")] == [(PRAGMAS[pragma],)]


AFFECTED = {
    (3, 6, 23): False, (3, 7, 0): True, (3, 40, 1): True, (3, 44, 5): True, (3, 44, 6): False, (3, 45, 0): True,
    (3, 50, 6): True, (3, 50, 7): False, (3, 51, 2): True, (3, 51, 3): False, (3, 53, 4): False,
}  # fmt: skip


@pytest.mark.parametrize(("version", "affected"), AFFECTED.items())
def test_an_sqlite_that_can_corrupt_a_file_is_known(version: tuple[int, int, int], affected: bool) -> None:
    assert engines.sqlite_is_affected(version) is affected


def test_an_affected_sqlite_is_refused_with_the_ways_out() -> None:
    with pytest.raises(StoreRefused, match=r"3\.40\.1.*newer.*pysqlite3.*PostgreSQL"):
        engines.refuse_affected_sqlite((3, 40, 1))


@pytest.mark.parametrize(
    "url", ["", "panku.sqlite3", "mysql://x/y", "sqlite://", "sqlite:///", "sqlite:///:memory:"]
)
def test_a_url_without_a_database_is_refused(url: str) -> None:
    with pytest.raises(StoreRefused):
        Store(url)
