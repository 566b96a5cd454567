"""A first start and an upgrade that are cut off at any statement leave what was there, and the next one goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import peewee
import psycopg
import pytest

from devices.ledger.proving.verify import verify
from devices.store import database, schema
from devices.store.database import Store
from devices.store.schema import BOOK_MIGRATIONS, FINGERPRINT_TABLE, SESSION_MIGRATIONS, Migrations
from devices.store.schema_objects import definitions_of
from devices.store.tables import SECOND_STORE, TABLES_OF_BOOKS, name_of
from devices.store.unusable import StoreRefused
from panku.console.opening import books
from panku.settings import read_settings
from panku.wiring import CHECKS, RECORD_KINDS
from tests import cuts
from tests.conftest import ENGINES, Stores, session_store_of
from tests.cuts import MANNERS, Work, moments_of

pytestmark = pytest.mark.both_engines

KEPT = {
    "sqlite": ["CREATE TRIGGER kept BEFORE DELETE ON shelf BEGIN SELECT RAISE(ABORT, 'kept'); END"],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'kept'; END $$",
        "CREATE TRIGGER kept BEFORE DELETE ON shelf FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    ],
}
OLD = [
    "CREATE TABLE shelf (slot INTEGER PRIMARY KEY, note TEXT NOT NULL)",
    "CREATE TABLE device (serial TEXT PRIMARY KEY, slot INTEGER NOT NULL REFERENCES shelf (slot))",
    "INSERT INTO shelf (slot, note) VALUES (1, 'a'), (2, 'b')",
    "INSERT INTO device (serial, slot) VALUES ('661565714353', 1)",
]
ADDED = [
    "CREATE TABLE more (slot INTEGER PRIMARY KEY REFERENCES shelf (slot))",
    "INSERT INTO more (slot) SELECT slot FROM shelf",
    "ALTER TABLE device ADD COLUMN state TEXT",
    "UPDATE device SET state = 'in_stock'",
    "CREATE INDEX device_state ON device (state)",
]
REBUILT = {
    "sqlite": [
        "CREATE TABLE shelf_new (slot INTEGER PRIMARY KEY, note TEXT)",
        "INSERT INTO shelf_new SELECT slot, note FROM shelf",
        "DROP TABLE shelf",
        "ALTER TABLE shelf_new RENAME TO shelf",
        *KEPT["sqlite"],
    ],
    "postgresql": ["ALTER TABLE shelf ALTER COLUMN note DROP NOT NULL"],
}
"""A table to which others refer loses a constraint, which SQLite can only do by making it anew."""


BEGINS = {"sqlite": "begin", "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED"}
"""The statement from which on a lost connection is not opened again without a word."""


def migrations_of(folder: Path, *steps: list[str]) -> Migrations:
    """A folder with a migration for each list of statements."""
    folder.mkdir()
    for n, statements in enumerate(steps, 1):
        lines = "".join(f"    db.execute_sql({statement!r})\n" for statement in statements)
        (folder / f"000{n}_step.py").write_text(f"def up(migrator, db):\n{lines}")
    return Migrations(folder, "schema_migration")


def changes(tmp_path: Path, engine: str) -> tuple[Migrations, Migrations]:
    """The migrations of an old version, and with them those of a new one."""
    old = [*OLD, *KEPT[engine]]
    return migrations_of(tmp_path / "old", old), migrations_of(tmp_path / "new", old, ADDED, REBUILT[engine])


def state_of(store: Store) -> list[object]:
    """Whatever the database of these tests is made of, and holds."""
    held = [(table, sorted(store.rows(f"SELECT * FROM {table}"), key=str)) for table in store.db.get_tables()]
    return [*definitions_of(store), *held]


def as_new(store: Store, migrations: Migrations) -> None:
    """The database is as the last of the migrations leaves it, with all that was in it."""
    schema.check_schema(store, migrations)
    assert store.rows("SELECT slot, note FROM shelf ORDER BY slot") == [(1, "a"), (2, "b")]
    assert store.rows("SELECT serial, slot, state FROM device") == [("661565714353", 1, "in_stock")]
    store.close()


@pytest.fixture
def fresh(stores: Stores) -> Iterator[Callable[[Store], Store]]:
    """Copies a store; only one copy is there at a time."""
    made: list[Store] = []

    def copy(store: Store) -> Store:
        while made:
            stores.drop(made.pop())
        made.append(stores.copy(store))
        return made[0]

    yield copy
    while made:
        stores.drop(made.pop())


@pytest.mark.parametrize(
    ("begins", "engine", "cut"),
    [
        (begins, engine, cut)
        for engine, manners in MANNERS.items()
        for cut in manners
        for begins in ("empty", "old")
        if (begins, engine, cut)
        != ("empty", "postgresql", cuts.interrupted)  # as of the old, and half as dear
    ],
)
def test_whatever_statement_is_the_last_the_database_is_as_it_was_or_as_it_is_to_be(
    stores: Stores,
    tmp_path: Path,
    fresh: Callable[[Store], Store],
    begins: str,
    engine: str,
    cut: Callable[[Store, Work, int], None],
) -> None:
    old, new = changes(tmp_path, engine)
    work = partial(schema.migrate, migrations=new)
    before = stores.empty(engine)
    if begins == "old":
        schema.migrate(before, old)
    moments = moments_of(fresh(before), work)
    committed = moments.index("committed") + 1
    as_it_was, store = state_of(before), fresh(before)
    for at in range(1, len(moments) + 1):
        cut(store, work, at)
        if at < committed and (cut is not cuts.severed or at > moments.index(BEGINS[engine]) + 1):
            assert state_of(store) == as_it_was
        else:
            as_new(store, new)
            store = fresh(before)
    assert work(store) == ["0001_step", "0002_step", "0003_step"][begins == "old" :]
    as_new(store, new)
    stores.drop(before)


# --- the first start of a server, with the migrations that there are


def first_start(store: Store) -> None:
    """What `panku serve` does to its database before it serves."""
    told = {"PANKU_DATA_DIR": "/nowhere", "PANKU_DATABASE_URL": store.url}
    with books(read_settings(told), may_begin=True):
        pass


@contextmanager
def onlooker(store: Store) -> Iterator[Callable[[], frozenset[str]]]:
    """Gives the tables that somebody else sees just now, of the books and of the session store."""
    if store.engine == "sqlite":
        yield partial(tables_in_files, store)
        return
    with psycopg.connect(store.url, autocommit=True) as other:
        yield lambda: frozenset(
            name for (name,) in other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )


def tables_in_files(store: Store) -> frozenset[str]:
    """What is in the two files of SQLite, read as by another program."""
    tables = set()
    for path in (Path(store.db.database), session_store_of(Path(store.db.database))):
        if path.exists():
            with closing(peewee.sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as other:
                tables |= {
                    name for (name,) in other.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
                }
    return frozenset(tables)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_first_start_is_to_be_seen_whole_or_not_at_all_and_goes_on_from_either(
    stores: Stores, engine: str
) -> None:
    seen: list[frozenset[str]] = []
    moments: list[str] = []
    store = stores.empty(engine)

    def look(statement: str) -> None:
        moments.append(statement)
        if not statement.startswith(("SELECT", "PRAGMA")) and (now := tables()) not in seen[-1:]:
            seen.append(now)

    with onlooker(store) as tables, cuts.told(look):
        first_start(store)
    stores.drop(store)
    of_books = {name_of(table) for table in TABLES_OF_BOOKS} | {BOOK_MIGRATIONS.history, FINGERPRINT_TABLE}
    of_sessions = {name_of(table) for table in SECOND_STORE} | {SESSION_MIGRATIONS.history}
    assert seen == [set(), of_books, of_books | of_sessions]

    _, books_commit, sessions_commit = (at for at, each in enumerate(moments, 1) if each == "commit")
    ends = (books_commit + 2, books_commit // 2, books_commit, sessions_commit)
    for at in ends if engine == "sqlite" else ends[:1]:
        store = stores.empty(engine)
        MANNERS[engine][0](store, first_start, at)
        with onlooker(store) as tables:
            assert tables() in seen
            first_start(store)
            assert tables() == seen[-1]
        assert list(verify(store, RECORD_KINDS, checks=CHECKS).faults) == []
        stores.drop(store)


# --- several at once


@pytest.mark.parametrize("engine", ENGINES)
def test_of_several_that_start_at_once_one_migrates_and_the_others_go_on(
    stores: Stores, tmp_path: Path, engine: str
) -> None:
    old, new = changes(tmp_path, engine)
    store = stores.empty(engine)
    schema.migrate(store, old)
    store.close()
    ready = threading.Barrier(4)
    applied: list[list[str]] = []

    def start() -> None:
        with closing(Store(store.url)) as own:
            ready.wait()
            applied.append(schema.migrate(own, new))

    starting = [threading.Thread(target=start) for _ in range(4)]
    for each in starting:
        each.start()
    for each in starting:
        each.join()
    assert sorted(applied) == [[], [], [], ["0002_step", "0003_step"]]
    as_new(store, new)
    stores.drop(store)


def test_nobody_waits_for_another_change_of_the_schema_without_end(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, new = changes(tmp_path, "postgresql")
    store = stores.empty("postgresql")
    monkeypatch.setattr(database, "RESHAPING_WAITS_SECONDS", 0.05)
    refused = pytest.raises(StoreRefused, match="Another process has been changing")
    with closing(Store(store.url)) as other, other.reshaping(), refused:
        schema.migrate(store, new)
    assert schema.migrate(store, new) == ["0001_step", "0002_step", "0003_step"]
    stores.drop(store)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_change_that_leaves_rows_astray_is_refused_whole(
    stores: Stores, tmp_path: Path, engine: str
) -> None:
    astray = migrations_of(tmp_path / "astray", [*OLD, "DROP TABLE shelf", OLD[0]])
    store = stores.empty("sqlite")
    with pytest.raises(StoreRefused, match=r"nothing was changed.*device"):
        schema.migrate(store, astray)
    assert schema.is_empty(store)
    with pytest.raises(peewee.IntegrityError), store.writing():
        store.execute("CREATE TABLE one (x INTEGER PRIMARY KEY)")
        store.execute("CREATE TABLE two (x INTEGER REFERENCES one (x))")
        store.execute("INSERT INTO two VALUES (1)")
    stores.drop(store)
