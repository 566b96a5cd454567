"""`panku backup` and `panku restore`: on both engines, while others work, and cut off in the middle."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.ledger.proving.verify import export_heads, verify
from devices.people.signing_in.session_store import TABLES, session_store_url
from devices.store import schema
from devices.store.database import Store
from devices.store.engines import sqlite_path
from devices.store.postgresql_archive import environment_of, program
from devices.store.sqlite.copy import fold
from devices.store.sqlite.presence import InUse, Presence
from devices.store.unusable import StoreRefused, Unusable
from panku import settings
from panku.commands import main
from panku.wiring import RECORD_KINDS
from tests import kept_books, postgresql
from tests.conftest import ENGINES, Stores
from tests.dispatched import sign_for_a_visit
from tests.door import Door, move
from tests.forks import FORKS

pytestmark = pytest.mark.both_engines

Run = Callable[..., int]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    """Runs a command on the books of a store; PostgreSQL's client programs are the test server's own."""
    for setting in settings.SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("PANKU_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(os.environ))

    def run(store: Store, *words: object) -> int:
        if store.engine == "postgresql":
            monkeypatch.setenv("PATH", f"{postgresql.find_binaries()}:{os.environ['PATH']}")
        store.close()
        monkeypatch.setenv("PANKU_DATABASE_URL", store.url)
        return main([str(word) for word in words])

    return run


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """Demo books, once on each engine."""
    yield from lent(stores, request.param)


@pytest.fixture
def sqlite_door(stores: Stores) -> Iterator[Door]:
    yield from lent(stores, "sqlite")


@pytest.fixture
def postgresql_door(stores: Stores) -> Iterator[Door]:
    yield from lent(stores, "postgresql")


def lent(stores: Stores, engine: str) -> Iterator[Door]:
    door = Door(stores.demo(engine))
    yield door
    door.session_store.close()
    stores.drop(door.store)


def post(door: Door) -> None:
    assert door.sign_in("zhang").post("/v1/documents", move()).status_code == 201
    door.session_store.close()


PAPER = b"%PDF-1.7 \x00\xff signed"


def sign_paper(door: Door) -> None:
    sign_for_a_visit(door.sign_in("zhang"), PAPER)
    door.session_store.close()


ACCOUNT = "他收了我一百块钱，没有票"


def complain(door: Door) -> None:
    body = {"site": "BJ01", "channel": "phone", "categories": ["charge"], "account": ACCOUNT}
    assert door.sign_in("zhang").post("/v1/complaints", body).status_code == 201
    door.session_store.close()


def count(store: Store, table: str) -> int:
    (found,) = store.row(f"SELECT COUNT(*) FROM {table}") or (0,)
    return int(found)


# Round trips


def test_a_backup_is_restored_into_empty_books_whole(
    door: Door, stores: Stores, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post(door)
    sign_paper(door)
    complain(door)
    lines, heads = count(door.store, "line"), export_heads(door.store)
    assert on(door.store, "backup", tmp_path / "copy") == 0
    told = capsys.readouterr().out
    assert f"BJ01 {heads['BJ01']['seq']} {heads['BJ01']['hash']}" in told
    assert "Sessions are not in it" in told
    other = stores.empty(door.store.engine)
    assert on(other, "restore", tmp_path / "copy", "--against", tmp_path / "copy.heads.json") == 0
    assert "all hold" in capsys.readouterr().out
    assert (count(other, "line"), export_heads(other)) == (lines, heads)
    assert [bytes(each) for (each,) in other.rows("SELECT bytes FROM personal_blob")] == [PAPER]
    (said,) = other.rows("SELECT content FROM personal WHERE kind = 'complaint'")
    assert ACCOUNT in said[0]
    schema.check_schema(other)
    stores.drop(other)


def test_a_backup_of_upgraded_books_is_restored(stores: Stores, on: Run, tmp_path: Path) -> None:
    """An archive knows nothing of the columns that PostgreSQL still counts once they were dropped."""
    old, new = stores.empty("postgresql"), stores.empty("postgresql")
    kept_books.load(kept_books.read(kept_books.files()[0]), old)
    assert schema.migrate(old)
    assert on(old, "backup", tmp_path / "copy") == 0
    assert on(new, "restore", tmp_path / "copy") == 0
    assert schema.differences(new) == []
    for store in (old, new):
        stores.drop(store)


def test_a_backup_is_its_owners_alone_and_nothing_is_left_beside_it(
    door: Door, on: Run, tmp_path: Path
) -> None:
    assert on(door.store, "backup", tmp_path / "copy") == 0
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir() if path.is_file()}
    assert made == {"copy": 0o600, "copy.heads.json": 0o600}
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_the_heads_beside_a_backup_are_those_to_verify_against(door: Door, on: Run, tmp_path: Path) -> None:
    assert on(door.store, "backup", tmp_path / "copy") == 0
    assert json.loads((tmp_path / "copy.heads.json").read_text()) == export_heads(door.store)
    post(door)
    assert on(door.store, "verify", "--against", tmp_path / "copy.heads.json") == 0


def test_sessions_are_not_in_a_backup(door: Door, stores: Stores, on: Run, tmp_path: Path) -> None:
    door.sign_in("zhang")
    assert count(door.session_store, "session") == 1
    door.session_store.close()
    assert on(door.store, "backup", tmp_path / "copy") == 0
    other = stores.empty(door.store.engine)
    assert on(other, "restore", tmp_path / "copy") == 0
    kept = [table for table in TABLES if table in other.db.get_tables() and count(other, table)]
    assert kept == []
    stores.drop(other)


def test_every_table_of_the_session_store_is_left_out(postgresql_door: Door, stores: Stores) -> None:
    books = stores.empty("postgresql")
    schema.migrate(books)
    before = set(books.db.get_tables())
    made = set(postgresql_door.session_store.db.get_tables()) - before
    assert made - {schema.SESSION_MIGRATIONS.history} == set(TABLES)


def test_a_file_that_is_there_is_kept_unless_told_otherwise(
    door: Door, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "copy").write_text("dear")
    assert on(door.store, "backup", tmp_path / "copy") == 1
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "copy").read_text() == "dear"
    assert not (tmp_path / "copy.heads.json").exists()
    assert on(door.store, "backup", tmp_path / "copy", "--overwrite") == 0
    assert (tmp_path / "copy").stat().st_size > 1000


def test_a_folder_that_is_not_there_is_told(
    door: Door, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert on(door.store, "backup", tmp_path / "nowhere" / "copy") == 2
    assert "No such file" in capsys.readouterr().err


def test_the_books_are_never_their_own_backup(
    sqlite_door: Door, on: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    books = sqlite_path(sqlite_door.store.url)
    for own in (books, sqlite_path(session_store_url(sqlite_door.store.url))):
        assert on(sqlite_door.store, "backup", own, "--overwrite") == 2
        assert "is in use itself" in capsys.readouterr().err
    assert on(sqlite_door.store, "restore", books, "--replace") == 2


def test_books_that_lost_a_guard_are_copied_and_told(
    door: Door, stores: Stores, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = {"sqlite": "", "postgresql": " ON line"}[door.store.engine]
    door.store.execute(f"DROP TRIGGER line_no_update{table}")
    assert on(door.store, "backup", tmp_path / "copy") == 1
    assert "WRONG schema: trigger line" in capsys.readouterr().out
    other = stores.empty(door.store.engine)
    assert on(other, "restore", tmp_path / "copy") == 1
    assert "guards were changed" in capsys.readouterr().err
    stores.drop(other)


# What a restore refuses and tells


def test_books_are_replaced_only_when_told_and_kept_aside(
    sqlite_door: Door, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = sqlite_door.store
    assert on(store, "backup", tmp_path / "copy") == 0
    before = count(store, "line")
    post(sqlite_door)
    assert on(store, "restore", tmp_path / "copy") == 1
    assert "--replace" in capsys.readouterr().err
    assert count(store, "line") == before + 1
    assert on(store, "restore", tmp_path / "copy", "--replace") == 0
    assert count(store, "line") == before
    (aside,) = sqlite_path(store.url).parent.glob(f"{sqlite_path(store.url).name}.replaced-*Z")
    assert f"are in {aside}" in capsys.readouterr().out
    kept = Store(f"sqlite:///{aside}")
    assert count(kept, "line") == before + 1
    kept.close()


def test_everybody_signs_in_again_after_a_restore(sqlite_door: Door, on: Run, tmp_path: Path) -> None:
    assert on(sqlite_door.store, "backup", tmp_path / "copy") == 0
    zhang = sqlite_door.sign_in("zhang")
    sqlite_door.session_store.close()
    assert on(sqlite_door.store, "restore", tmp_path / "copy", "--replace") == 0
    assert (
        on(sqlite_door.store, "person", "list") == 0
    )  # makes the session store's file anew, as a server does
    assert zhang.get("/v1/me").status_code == 401


def test_a_database_that_is_not_empty_is_never_restored_into(
    postgresql_door: Door, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = postgresql_door.store
    assert on(store, "backup", tmp_path / "copy") == 0
    lines = count(store, "line")
    assert on(store, "restore", tmp_path / "copy") == 1
    assert on(store, "restore", tmp_path / "copy", "--replace") == 2
    assert capsys.readouterr().err.count("The PostgreSQL database is not empty") == 2
    assert count(store, "line") == lines


def test_a_backup_of_the_other_engine_is_refused(
    stores: Stores, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "archive").write_bytes(b"PGDMP and more")
    assert on(stores.empty("sqlite"), "restore", tmp_path / "archive") == 2
    assert "is not an SQLite file" in capsys.readouterr().err
    (tmp_path / "file").write_bytes(b"SQLite format 3\0 and more")
    assert on(stores.empty("postgresql"), "restore", tmp_path / "file") == 2
    assert "is not an archive of pg_dump" in capsys.readouterr().err


def test_a_damaged_backup_changes_nothing(
    door: Door, stores: Stores, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert on(door.store, "backup", tmp_path / "copy") == 0
    whole = (tmp_path / "copy").read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    other = stores.empty(door.store.engine)
    assert on(other, "restore", tmp_path / "half") == 1
    assert "cannot be restored" in capsys.readouterr().err
    assert schema.is_empty(other)
    stores.drop(other)


def test_a_backup_older_than_the_heads_held_outside_is_told(
    sqlite_door: Door, stores: Stores, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert on(sqlite_door.store, "backup", tmp_path / "copy") == 0
    post(sqlite_door)
    assert on(sqlite_door.store, "verify", "--export-heads", tmp_path / "newer.json") == 0
    other = stores.empty("sqlite")
    capsys.readouterr()
    assert on(other, "restore", tmp_path / "copy", "--against", tmp_path / "newer.json") == 0
    told = capsys.readouterr().out
    end = export_heads(other)["BJ01"]["seq"]
    assert f"OLDER BJ01 ends at {end}, the head held is {end + 1}: what was written since is not" in told
    stores.drop(other)


def test_a_backup_that_differs_from_a_head_held_outside_is_wrong(
    sqlite_door: Door, stores: Stores, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert on(sqlite_door.store, "backup", tmp_path / "copy") == 0
    (tmp_path / "heads.json").write_text(json.dumps({"BJ01": {"seq": 2, "hash": "0" * 64}}))
    other = stores.empty("sqlite")
    assert on(other, "restore", tmp_path / "copy", "--against", tmp_path / "heads.json") == 1
    assert "WRONG journal BJ01/2: the journal differs from a head held outside" in capsys.readouterr().out
    stores.drop(other)


def test_a_backup_older_than_this_version_waits_to_be_migrated(
    sqlite_door: Door, stores: Stores, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = sqlite_door.store
    folder, history = schema.BOOK_MIGRATIONS
    store.execute(f"DELETE FROM {history} WHERE name = ?", (max(folder.glob("0*.py")).stem,))
    assert on(store, "backup", tmp_path / "copy") == 0
    other = stores.empty("sqlite")
    assert on(other, "restore", tmp_path / "copy") == 1
    assert "run panku migrate, then panku verify" in capsys.readouterr().out
    stores.drop(other)


def test_books_that_are_served_are_not_replaced(
    sqlite_door: Door, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = sqlite_door.store
    assert on(store, "backup", tmp_path / "copy") == 0
    worker = Presence(sqlite_path(store.url))
    worker.share()
    assert on(store, "restore", tmp_path / "copy", "--replace") == 1
    assert "stop the server" in capsys.readouterr().err
    worker.leave()
    assert on(store, "restore", tmp_path / "copy", "--replace") == 0


def test_books_that_another_program_has_open_are_not_replaced(
    sqlite_door: Door, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = sqlite_door.store
    assert on(store, "backup", tmp_path / "copy") == 0
    other = Store(store.url)
    assert count(other, "line")
    assert on(store, "restore", tmp_path / "copy", "--replace") == 1
    assert "is in use" in capsys.readouterr().err
    other.close()
    assert on(store, "restore", tmp_path / "copy", "--replace") == 0


def test_books_that_cannot_be_read_any_more_are_replaced_and_kept(
    sqlite_door: Door, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = sqlite_door.store
    assert on(store, "backup", tmp_path / "copy") == 0
    lines = count(store, "line")
    store.close()
    books = sqlite_path(store.url)
    books.write_bytes(b"\xff" * 20000)
    assert on(store, "restore", tmp_path / "copy") == 1
    assert on(store, "restore", tmp_path / "copy", "--replace") == 0
    assert count(store, "line") == lines
    (aside,) = books.parent.glob(f"{books.name}.replaced-*Z")
    assert aside.read_bytes() == b"\xff" * 20000


# Others at work


def post_often(url: str, times: int, started: Any) -> None:
    """Post moves to and fro."""
    door = Door(Store(url))
    zhang = door.sign_in("zhang")
    started.set()
    for n in range(times):
        answer = zhang.post("/v1/documents", move(to=("M-02", "M-01")[n % 2]), key=f"often-{n}")
        assert answer.status_code == 201, answer.text


def test_a_backup_made_while_others_post_is_of_one_moment(
    door: Door, stores: Stores, on: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.store.sqlite.copy.PAGES_AT_ONCE", 1)
    door.store.close()
    started = FORKS.Event()
    poster = FORKS.Process(target=post_often, args=(door.store.url, 60, started))
    poster.start()
    assert started.wait(60)
    assert on(door.store, "backup", tmp_path / "copy") == 0
    poster.join(120)
    assert poster.exitcode == 0
    other = stores.empty(door.store.engine)
    assert on(other, "restore", tmp_path / "copy", "--against", tmp_path / "copy.heads.json") == 0
    assert not verify(other, RECORD_KINDS).faults
    assert on(door.store, "verify", "--against", tmp_path / "copy.heads.json") == 0
    stores.drop(other)


CUT_OFF = """
import sys
import devices.store.sqlite.copy, devices.store.postgresql_archive
from panku.commands import main
def stop(*_):
    print("half", flush=True)
    sys.stdin.read()
devices.store.sqlite.copy.PAGES_AT_ONCE = 1
import panku.commands.backup as backup
backup.told_on = lambda shown: stop
main(["backup", sys.argv[1], "--overwrite"])
"""


@pytest.mark.parametrize("there", ["", "older"], ids=["none", "an older one"])
def test_a_backup_that_is_killed_leaves_nothing_under_its_name(
    sqlite_door: Door, tmp_path: Path, there: str
) -> None:
    sqlite_door.store.close()
    if there:
        (tmp_path / "copy").write_text(there)
    environment = {**os.environ, "PANKU_DATABASE_URL": sqlite_door.store.url}
    words = [sys.executable, "-c", CUT_OFF, str(tmp_path / "copy")]
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cut:
        assert cut.stdout is not None
        assert cut.stdout.readline() == b"half\n"
        cut.send_signal(signal.SIGKILL)
        cut.wait(30)
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found[0].startswith(".copy.")
    assert found[0].endswith(".part")
    assert found[1:] == (["copy"] if there else [])
    assert not there or (tmp_path / "copy").read_text() == there


# PostgreSQL's programs


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        StoreRefused, match="pg_dump is not on the PATH: install PostgreSQL's client programs"
    ):
        program("pg_dump")


BOUNDS = "-c statement_timeout=0 -c lock_timeout=60000 -c idle_in_transaction_session_timeout=0"


def test_a_password_is_in_the_environment_and_not_on_the_command_line(
    postgresql_door: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = environment_of(
        "postgresql://books:s%40cret@db.internal:6432/panku?sslmode=require&connect_timeout=5"
    )
    assert told == {
        "PGHOST": "db.internal", "PGPORT": "6432", "PGUSER": "books", "PGPASSWORD": "s@cret",
        "PGDATABASE": "panku", "PGSSLMODE": "require", "PGCONNECT_TIMEOUT": "5", "PGOPTIONS": BOUNDS,
    }  # fmt: skip
    (tmp_path / "pg_dump").write_text(
        '#!/bin/sh\necho "$@" "as $PGPASSWORD" > "$(dirname "$0")/said"\nexit 1\n'
    )
    (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    url = postgresql_door.store.url.replace("panku@", "panku:s%40cret@")
    monkeypatch.setenv("PANKU_DATABASE_URL", url)
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(os.environ))
    assert main(["backup", str(tmp_path / "copy")]) == 1
    words, _, password = (tmp_path / "said").read_text().partition(" as ")
    assert "cret" not in words
    assert "tcp_user_timeout=30000 " in words
    assert "--lock-wait-timeout=60000" in words
    assert password.strip() == "s@cret"


def test_what_a_program_says_is_told(
    postgresql_door: Door, on: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "pg_dump").write_text(
        "#!/bin/sh\necho 'aborting because of server version mismatch' >&2\nexit 1\n"
    )
    (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setattr(postgresql, "find_binaries", lambda: tmp_path)
    assert on(postgresql_door.store, "backup", tmp_path / "copy") == 1
    assert "No copy was made: pg_dump: aborting because of server version" in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()


# The presence


def test_presence_is_shared_and_freed_by_the_end_of_its_process(tmp_path: Path) -> None:
    held = "import sys; from pathlib import Path; from devices.store.sqlite.presence import Presence;"
    held += " Presence(Path(sys.argv[1])).share(); print('here', flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", held, str(tmp_path / "books")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"here\n"
        mine = Presence(tmp_path / "books")
        mine.share()
        mine.leave()
        alone = Presence(tmp_path / "books")
        with pytest.raises(InUse):
            alone.alone()
        other.kill()
        other.wait(30)
    alone.alone()
    kept_out = Presence(tmp_path / "books")
    with pytest.raises(Unusable, match="is being restored"):
        kept_out.share(within_seconds=0)
    alone.leave()
    kept_out.share(within_seconds=0)
    kept_out.leave()


def test_a_folded_database_is_one_file(sqlite_door: Door) -> None:
    sqlite_door.store.close()
    books = sqlite_path(sqlite_door.store.url)
    assert fold(books)
    assert books.read_bytes()[18:20] == b"\1\1"
    assert not Path(f"{books}-wal").exists()
