"""The `panku` command: its table, its exit statuses and its sentences."""

import argparse
import inspect
import io
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.store import schema
from devices.store.database import Store
from devices.unit import unit_of
from panku import commands, settings
from panku.commands import COMMANDS, Command, main
from panku.commands import serve as serve_command
from tests.serving import free_port

NAMES = [command.name for command in COMMANDS]


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The settings of a process of its own, whose data lies in the folder given."""
    for setting in settings.SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("PANKU_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(os.environ))
    return tmp_path


@pytest.fixture
def books(fresh_settings: Path) -> Store:
    """The default database of the command's process, not yet made."""
    return Store(f"sqlite:///{fresh_settings}/panku.sqlite3")


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_every_command_is_documented_and_takes_what_it_is_given(command: Command) -> None:
    work = commands.work_of(command.name)
    assert (inspect.getdoc(inspect.getmodule(work.run)) or "").startswith(f"`panku {command.name}`")
    assert list(inspect.signature(work.declare).parameters) == ["parser"]
    assert list(inspect.signature(work.run).parameters) == ["settings", "arguments"]


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_every_command_has_help(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command.name, "--help"])
    assert left.value.code == 0
    assert commands.capitalised(command.meaning) in " ".join(capsys.readouterr().out.split())


def test_help_imports_no_command() -> None:
    asked = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules));"
        " from panku.commands import main; main(['--help'])"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    loaded = set(told.splitlines()[-1].split())
    assert {command.meaning in told for command in COMMANDS} == {True}
    assert not loaded & {command.module for command in COMMANDS}
    assert not loaded & {"peewee", "falcon", "gunicorn", "devices.store.database"}


@pytest.mark.parametrize("words", [[], ["nonsense"], ["migrate", "--nonsense"]])
def test_bad_use_ends_with_two(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2


def test_a_wrong_setting_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PANKU_PORT", "many")
    assert main(["serve"]) == 2
    assert capsys.readouterr().err == "panku: PANKU_PORT must be a whole number from 1 to 65535.\n"


def test_a_server_out_of_reach_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PANKU_DATABASE_URL", "postgresql://books:secret@127.0.0.1:1/books")
    assert main(["migrate"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("panku: The database cannot be opened: ")
    assert "secret" not in told


def test_migrate_makes_an_empty_database_ready(books: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    assert "applied: 0001_books" in capsys.readouterr().out
    schema.check_schema(books)


def test_migrate_says_when_nothing_is_to_be_done(books: Store, capsys: pytest.CaptureFixture[str]) -> None:
    schema.migrate(books)
    assert main(["migrate"]) == 0
    assert "already" in capsys.readouterr().out


def test_migrate_refuses_a_schema_that_was_changed(books: Store, capsys: pytest.CaptureFixture[str]) -> None:
    schema.migrate(books)
    books.execute("DROP TRIGGER line_no_update")
    assert main(["migrate"]) == 1
    assert "line_no_update is missing" in capsys.readouterr().err


def test_migrate_accepts_a_change_that_was_meant(books: Store, capsys: pytest.CaptureFixture[str]) -> None:
    schema.migrate(books)
    books.execute("CREATE INDEX mine ON line (document)")
    assert main(["migrate", "--accept"]) == 0
    assert "accepted: index mine was added" in capsys.readouterr().out
    schema.check_schema(books)


def test_migrate_refuses_the_books_of_a_newer_version(
    books: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    schema.migrate(books)
    books.execute(
        f"INSERT INTO {schema.BOOK_MIGRATIONS.history} (name, applied) VALUES ('0999_later', '2030-01-01 00:00:00')"
    )
    assert main(["migrate"]) == 1
    assert "0999_later" in capsys.readouterr().err


def test_verify_tells_of_a_guard_that_is_missing(books: Store, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(books)
    assert main(["verify"]) == 1
    told = capsys.readouterr().out
    assert "WRONG schema: trigger line_no_update is missing" in told
    assert told.endswith(": 1 fault\n")


NEED_BOOKS = [
    ["verify"],
    ["backup", "copy.sqlite3"],
    ["person", "list"],
    ["token", "list"],
    ["person", "add", "zhang", "--name", "张伟", "--by", "admin"],
]


@pytest.mark.parametrize("words", NEED_BOOKS, ids=" ".join)
def test_where_there_are_no_books_none_are_made(
    fresh_settings: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 1
    assert capsys.readouterr().err.startswith(f"panku: There are no books at {fresh_settings}")
    assert not list(fresh_settings.iterdir())


def test_a_file_that_is_no_database_is_refused_with_a_sentence(
    fresh_settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (fresh_settings / "panku.sqlite3").write_text("no database, but long enough to be read as one " * 20)
    assert main(["verify"]) == 1
    assert capsys.readouterr().err == "panku: The database cannot be opened: file is not a database\n"


def test_what_the_engine_refuses_is_a_sentence(books: Store, capsys: pytest.CaptureFixture[str]) -> None:
    schema.migrate(books)
    books.execute("DROP TABLE journal")
    assert main(["verify"]) == 1
    assert capsys.readouterr().err == "panku: The database cannot do this: no such table: journal\n"


def test_heads_that_cannot_be_written_are_told(
    books: Store, fresh_settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema.migrate(books)
    assert main(["verify", "--export-heads", str(fresh_settings / "nowhere" / "heads.json")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{}", "[]", "no JSON", '{"BJ01": {}}'])
def test_a_file_without_heads_is_refused(
    books: Store, fresh_settings: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    schema.migrate(books)
    (fresh_settings / "heads.json").write_text(content)
    assert main(["verify", "--against", str(fresh_settings / "heads.json")]) == 2
    assert "holds no heads of journals" in capsys.readouterr().err


def test_a_port_in_use_is_refused_with_a_sentence(
    served: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("PANKU_PORT", str(other.getsockname()[1]))
        assert main(["serve"]) == 1
    assert "PANKU_PORT names another port" in capsys.readouterr().err
    assert served == []


@pytest.mark.parametrize("words", [["init", "--username", "admin", "--name", "王建国"]], ids=" ".join)
def test_a_new_password_is_typed_twice_at_a_terminal(
    fresh_settings: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    typed = iter(["copper lantern over the river", "copper lantern over the rover"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _question: next(typed))
    assert main(words) == 1
    assert "differ" in capsys.readouterr().err
    assert not (fresh_settings / "panku.sqlite3").exists()


def founding(monkeypatch: pytest.MonkeyPatch, *told: str) -> int:
    """Found the unit by the command, with a password on standard input; returns the exit status."""
    monkeypatch.setattr("sys.stdin", io.StringIO("fourteen snails on a wet stair\n"))
    return main(["init", "--username", "admin", "--name", "王建国", *told])


def test_init_declares_when_the_books_begin(books: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert founding(monkeypatch, "--books-from", "2024-02-29") == 0
    unit = unit_of(books)
    assert unit is not None
    assert unit.books_from == "2024-02-29"
    assert main(["verify"]) == 0


@pytest.mark.parametrize(
    ("day", "told"),
    [("2999-01-01", "lies in the future"), ("1970-12-31", "begin; give that day or a later one")],
)
def test_books_that_begin_on_an_impossible_day_are_not_founded(
    books: Store, day: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert founding(monkeypatch, "--books-from", day) == 1
    assert told in capsys.readouterr().err
    assert unit_of(books) is None


@pytest.mark.parametrize("day", ["2026-02-30", "20260101", "yesterday", ""])
def test_books_begin_on_a_day_of_the_calendar(day: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as left:
        founding(monkeypatch, "--books-from", day)
    assert left.value.code == 2


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes that the server would have run."""
    runs: list[str] = []
    monkeypatch.setenv("PANKU_PORT", str(free_port()))
    monkeypatch.setattr(serve_command.Server, "__init__", lambda self: None)
    monkeypatch.setattr(serve_command.Server, "run", lambda self: runs.append("ran"))
    return runs


def spoil(books: Store) -> None:
    schema.migrate(books)
    books.execute("DROP TRIGGER line_no_update")


def unapply(books: Store) -> None:
    schema.migrate(books)
    books.execute(f"DELETE FROM {schema.BOOK_MIGRATIONS.history}")


def test_serve_migrates_an_empty_database(books: Store, served: list[str]) -> None:
    assert main(["serve"]) == 0
    assert served == ["ran"]
    schema.check_schema(books)


def test_serve_waits_for_a_database_out_of_reach_and_tells_no_password(
    fresh_settings: Path,
    served: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PANKU_DATABASE_URL", "postgresql://books:secret@127.0.0.1:1/books")
    assert main(["serve"]) == 0
    told = capsys.readouterr().err
    assert told.startswith("panku: The database cannot be opened: ")
    assert told.endswith(" It starts all the same, and answers 503 until it can be.\n")
    assert "secret" not in told
    assert served == ["ran"]


def test_serve_does_not_wait_for_a_file_that_is_no_database(
    fresh_settings: Path, served: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (fresh_settings / "panku.sqlite3").write_text("no database at all, but as long as one " * 30)
    assert main(["serve"]) == 1
    assert capsys.readouterr().err.startswith("panku: The database cannot be opened: ")
    assert served == []


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True)])
def test_serve_warns_of_plain_http_beyond_this_machine(
    books: Store,
    served: list[str],
    host: str,
    warned: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PANKU_HOST", host)
    assert main(["serve"]) == 0
    assert ("in plain http" in capsys.readouterr().err) is warned
    assert served == ["ran"]


@pytest.mark.parametrize(("fault", "way_out"), [(spoil, "from a backup"), (unapply, "`panku migrate")])
def test_serve_refuses_a_schema_that_is_not_this_versions(
    books: Store,
    served: list[str],
    fault: Callable[[Store], None],
    way_out: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault(books)
    assert main(["serve"]) == 1
    assert way_out in capsys.readouterr().err
    assert served == []


def test_serve_refuses_books_that_it_cannot_write(
    books: Store, fresh_settings: Path, served: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    schema.migrate(books)
    books.close()
    file = fresh_settings / "panku.sqlite3"
    file.chmod(0o400)
    if os.access(file, os.W_OK):
        pytest.skip("this user may write any file")
    assert main(["serve"]) == 1
    assert "cannot be written by this user" in capsys.readouterr().err
    assert served == []


def test_a_refusals_own_status_is_the_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(settings: object, arguments: argparse.Namespace) -> int:
        raise commands.Refused("No.", commands.BAD_USE)

    monkeypatch.setattr(commands.work_of("migrate"), "run", refuse)
    assert main(["migrate"]) == 2
