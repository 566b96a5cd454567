"""Files that can only be read are verified and copied as they are; what is not Panku's is told in a sentence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import peewee
import pytest

from devices.store.database import Store
from devices.store.engines import OF_COMMANDS
from devices.store.sqlite import as_it_is
from devices.store.sqlite.as_it_is import address_to_read, may_be_written
from devices.store.sqlite.presence import Presence
from devices.store.unusable import StoreRefused
from panku import settings
from panku.commands import main
from panku.console import opening
from tests import hindered, postgresql
from tests.conftest import Stores

HOLD = "64 links, 49 lines, 32 devices: all hold\n"


@pytest.fixture
def cut_off(stores: Stores, tmp_path: Path) -> Path:
    """Books whose last write is in their log only, as a machine that was switched off leaves them."""
    store = stores.demo("sqlite")
    store.execute("PRAGMA user_version = 7")
    books = tmp_path / "books.sqlite3"
    for suffix in ("", "-wal"):
        shutil.copy(f"{store.db.database}{suffix}", f"{books}{suffix}")
    stores.drop(store)
    return books


@pytest.fixture
def only_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """This user can write no file of books; to root, who runs the tests, a mode forbids nothing."""
    for module in (as_it_is, opening):
        monkeypatch.setattr(module, "may_be_written", lambda path: False)


@pytest.fixture
def panku(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs a command on the database at a URL; answers its status and what it said."""

    def run(url: str, *words: str) -> tuple[int, str]:
        for setting in settings.SETTINGS:
            monkeypatch.delenv(setting.variable, raising=False)
        monkeypatch.setenv("PANKU_DATABASE_URL", url)
        monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(os.environ))
        status = main(words)
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


Panku = Callable[..., tuple[int, str]]


def beside(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()}


def version_in(path: Path) -> int:
    with peewee.sqlite3.connect(path) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)


@pytest.mark.usefixtures("only_read")
@pytest.mark.parametrize("shared", [False, True])
def test_what_is_in_the_log_only_is_read_too_and_nothing_is_left_beside_it(
    cut_off: Path, tmp_path: Path, panku: Panku, shared: bool
) -> None:
    if shared:
        Path(f"{cut_off}-shm").write_bytes(b"")  # as after a crash: no program has it
        Path(f"{cut_off}-shm").chmod(0o444)
    before = {file: (tmp_path / file).read_bytes() for file in beside(cut_off)}
    url = f"sqlite:///{cut_off}"
    assert panku(url, "verify", "--quiet") == (0, HOLD)
    copy = tmp_path / "copy" / "books"
    copy.parent.mkdir()
    status, said = panku(url, "backup", "--quiet", str(copy))
    assert status == 0, said
    assert version_in(copy) == 7
    shutil.rmtree(copy.parent)
    assert {file: (tmp_path / file).read_bytes() for file in beside(cut_off)} == before


@pytest.mark.usefixtures("only_read")
def test_a_log_that_is_written_while_it_is_copied_is_refused(
    cut_off: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copyfile = shutil.copyfile

    def meanwhile(source: str, target: str) -> None:
        copyfile(source, target)
        os.truncate(f"{cut_off}-wal", 0)

    monkeypatch.setattr(shutil, "copyfile", meanwhile)
    with pytest.raises(StoreRefused, match="is in use"), address_to_read(cut_off):
        pass


def test_books_on_a_disk_that_is_only_read_are_verified_and_copied(
    stores: Stores, tmp_path: Path, panku: Panku
) -> None:
    made = stores.demo("sqlite")
    made.close()
    with hindered.small_disk(tmp_path, 4) as disk:
        books = disk / "books.sqlite3"
        shutil.copy(hindered.file_of(made), books)
        hindered.read_only_disk(disk)
        assert not may_be_written(books)
        url = f"sqlite:///{books}"
        assert panku(url, "verify", "--quiet") == (0, HOLD)
        assert panku(url, "backup", "--quiet", str(tmp_path / "copy"))[0] == 0
        status, said = panku(url, "migrate")
        assert (status, beside(books)) == (1, {books.name})
        assert "Read-only file system" in said
    assert panku(f"sqlite:///{tmp_path / 'copy'}", "verify", "--quiet") == (0, HOLD)
    stores.drop(made)


def test_a_backup_that_is_verified_stays_as_it_is(stores: Stores, tmp_path: Path, panku: Panku) -> None:
    store = stores.demo("sqlite")
    copy = tmp_path / "copy"
    assert panku(store.url, "backup", "--quiet", str(copy))[0] == 0
    before = copy.read_bytes()
    assert panku(f"sqlite:///{copy}", "verify", "--quiet") == (0, HOLD)
    assert copy.read_bytes() == before
    stores.drop(store)


def strange(path: Path) -> None:
    with peewee.sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE shopping (what TEXT)")
    connection.close()


STRANGE = {
    "a database of another program": (strange, "The database has tables that Panku did not make"),
    "a text": (lambda path: path.write_text("bread and butter\n" * 100), "file is not a database"),
    "a file cut short": (lambda path: path.write_bytes(b"SQLite format 3\0\x10"), "file is not a database"),
    "an empty file": (lambda path: path.touch(), "There are no books in the database"),
    "nothing": (lambda path: None, "There are no books at"),
    "a folder": (lambda path: path.mkdir(), "Is a directory"),
}


@pytest.mark.parametrize("command", ["verify", "backup"])
@pytest.mark.parametrize("what", STRANGE)
def test_what_is_no_database_of_ours_is_told_in_a_sentence_and_left_alone(
    tmp_path: Path, panku: Panku, command: str, what: str
) -> None:
    make, sentence = STRANGE[what]
    path = tmp_path / "strange"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    words = [command, "--quiet", *([str(tmp_path / "copy")] if command == "backup" else [])]
    status, said = panku(f"sqlite:///{path}", *words)
    assert (status, said.count("\n")) == (1, 1), said
    assert said.startswith("panku: ")
    assert sentence in said
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("command", ["verify", "migrate"])
def test_a_strangers_postgresql_is_told_in_a_sentence(stores: Stores, panku: Panku, command: str) -> None:
    store = stores.empty("postgresql")
    words = [command, *(["--quiet"] if command == "verify" else [])]
    if command == "verify":
        assert panku(store.url, *words)[1].startswith("panku: There are no books in the database")
    store.execute("CREATE TABLE shopping (what TEXT)")
    status, said = panku(store.url, *words)
    assert (status, said.count("\n")) == (1, 1)
    assert "The database has tables that Panku did not make" in said
    assert store.db.get_tables() == ["shopping"]
    stores.drop(store)


def test_a_lock_file_that_root_makes_is_the_databases_owners(tmp_path: Path) -> None:
    if not hindered.ROOT:
        pytest.skip("only root can give a file away")
    books = tmp_path / "books"
    books.touch()
    os.chown(books, postgresql.NOBODY, postgresql.NOBODY)
    Presence(books).leave()
    with Store(f"sqlite:///{books}", OF_COMMANDS).writing():
        pass
    owners = {path.stat().st_uid for path in tmp_path.iterdir()}
    assert owners == {postgresql.NOBODY}
