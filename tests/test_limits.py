"""Every connection has its limits, from one table, and what a URL says itself goes before them."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import peewee
import psycopg
import pytest
from msgspec.structs import replace

from devices.store import answering, schema
from devices.store.database import Store
from devices.store.engines import OF_COMMANDS, PROBING, REPLICA, SERVING, Limits, connection_parameters
from tests.conftest import Stores
from tests.hindered import Wire

ROOT = Path(__file__).parents[1]
LIMITS = {"SERVING": SERVING, "PROBING": PROBING, "REPLICA": REPLICA, "OF_COMMANDS": OF_COMMANDS}
SHOWN = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
OPENS = {"connect", "Connection"}
"""How a driver's connection is opened; only these places may, each with limits or on a file of its own."""
OPENED_IN = {
    "devices/store/answering.py",
    "devices/store/engines.py",
    "devices/store/sqlite/copy.py",
    "devices/store/sqlite/as_it_is.py",
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_a_server_keeps_the_limits_that_it_was_told(stores: Stores, limits: Limits) -> None:
    made = stores.empty("postgresql")
    store = Store(made.url, limits)
    told = {name: store.row(f"SELECT setting::int FROM pg_settings WHERE name = '{name}'") for name in SHOWN}
    wanted = (limits.statement, limits.lock, limits.idle)
    assert told == {
        name: (round(1000 * (seconds or 0)),) for name, seconds in zip(SHOWN, wanted, strict=True)
    }
    assert store.db.connection().server.silent_seconds == limits.silent
    store.close()
    stores.drop(made)


def test_a_wait_of_a_server_is_longer_than_the_bounds_it_keeps_itself() -> None:
    for limits in (SERVING, PROBING, REPLICA):
        assert limits.silent is not None
        assert limits.statement is not None
        assert limits.silent > limits.statement > limits.lock


def test_what_a_url_says_goes_before_the_limits() -> None:
    url = "postgres://panku:s%40cret@a,b:6432/books?connect_timeout=7&options=-c%20lock_timeout%3D9&sslmode=require"
    told = connection_parameters(url, SERVING)
    assert told["options"].startswith("-c statement_timeout=15000 -c lock_timeout=5000 ")
    assert told["options"].endswith(" -c lock_timeout=9")
    assert {name: told[name] for name in ("host", "port", "password", "connect_timeout", "sslmode")} == {
        "host": "a,b", "port": ",6432", "password": "s@cret", "connect_timeout": "7", "sslmode": "require",
    }  # fmt: skip
    assert (told["tcp_user_timeout"], told["keepalives_count"]) == ("10000", "3")


def test_an_unanswered_idle_connection_ends_within_the_bound_of_tcp() -> None:
    for limits in LIMITS.values():
        told = connection_parameters("postgresql://x/y", limits)
        idle, interval, count = (int(told[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
        assert idle + interval * count <= 2 * limits.tcp


def test_a_connection_to_a_server_that_refuses_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, tried = Store(f"postgresql://panku@/books?host={tmp_path}"), list[Path]()
    connect = store.db._connect

    def counted() -> object:
        tried.append(tmp_path)
        return connect()

    monkeypatch.setattr(store.db, "_connect", counted)
    with pytest.raises(peewee.OperationalError, match="No such file"):
        store.row("SELECT 1")
    assert len(tried) == 1


def test_a_server_that_hangs_is_asked_by_one_thread_and_the_others_are_told(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stores.empty("postgresql")
    wire = Wire(Path(made.url.rpartition("host=")[2]) / ".s.PGSQL.5432")
    store = Store(wire.url(made), replace(SERVING, connect=2))
    assert store.row("SELECT 1") == (1,)
    monkeypatch.setattr(answering, "DOUBTED_AFTER_SECONDS", 0.1)
    assert store.row("SELECT pg_sleep(0.5)") == ("",)  # slow, and asked meanwhile: it takes connections
    wire.silent.set()
    with pytest.raises(peewee.OperationalError, match="did not answer within"):
        store.row("SELECT 1")
    told: list[Exception] = []

    def ask() -> None:
        try:
            store.row("SELECT 1")
        except peewee.OperationalError as error:
            told.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while not store.db.server.asking.locked():
        pass
    with pytest.raises(peewee.OperationalError, match="another request is asking it"):
        store.row("SELECT 1")
    assert asking.is_alive()
    asking.join()
    assert "connection timeout expired" in str(told[0])
    wire.silent.clear()
    assert store.row("SELECT 1") == (1,)
    assert not store.db.server.is_hung
    store.close()
    wire.close()
    stores.drop(made)


@pytest.mark.both_engines
@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
def test_threads_open_their_connections_side_by_side(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    together, connect = threading.Barrier(4, timeout=30), store.db._connect

    def connected() -> object:
        together.wait()
        return connect()

    monkeypatch.setattr(store.db, "_connect", connected)
    threads = [threading.Thread(target=store.row, args=("SELECT 1",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken


def test_a_server_that_takes_no_writes_any_more_is_left_for_another(stores: Stores) -> None:
    store = stores.fresh("postgresql")
    before = store.db.connection().info.backend_pid
    store.execute("SET default_transaction_read_only = on")
    with pytest.raises(peewee.InternalError, match="read-only"):
        schema.check_writing(store)
    schema.check_writing(store)
    assert store.db.connection().info.backend_pid != before
    with psycopg.connect(store.url) as other:
        assert other.info.backend_pid not in (before, store.db.connection().info.backend_pid)
    stores.drop(store)


def calls_in(path: Path) -> set[str]:
    """What a module calls of sqlite3, psycopg or a class made from them, by its last name."""
    found: set[str] = set()
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)) if "connect(" in text else ():
        match node:
            case ast.Call(func=ast.Attribute(value=of, attr=name)) if name in OPENS:
                if ast.unparse(of) not in ("database", "self.db", "super()"):
                    found.add(name)
    return found


def test_no_other_place_opens_a_connection() -> None:
    folders = ("devices", "labels", "api", "web", "panku")
    modules = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert {str(path.relative_to(ROOT)) for path in modules if calls_in(path)} == OPENED_IN


def test_every_store_of_a_command_has_the_limits_of_commands() -> None:
    for path in (ROOT / "panku").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "Store"
                and path.parent.name != "panku"
            ):
                assert ast.unparse(node.args[1]) == "OF_COMMANDS", path
