"""What can stand between Panku and its database, each made for real; and a wire that can fall silent."""

from __future__ import annotations

import os
import resource
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import peewee
import psycopg
import pytest

from devices.store.database import Store
from tests.postgresql import NOBODY

ROOT = os.geteuid() == 0
Hindrance = Callable[[Store], AbstractContextManager[None]]


def file_of(store: Store) -> Path:
    """The file of a store on SQLite."""
    return Path(store.db.database)


@contextmanager
def small_disk(folder: Path, mebibytes: int, owner: int = 0) -> Iterator[Path]:
    """A disk of its own of so many MiB; skips the test where this user may mount none."""
    disk = folder / "disk"
    disk.mkdir()
    options = f"size={mebibytes}m,uid={owner},gid={owner},mode=0700"
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip(f"no disk can be mounted here: {made.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def fill_disk(disk: Path, leave_bytes: int = 0) -> None:
    """Fill a disk, to the last byte but so many, whoever else writes to it meanwhile."""
    with (disk / "filling").open("wb", buffering=0) as filling, suppress(OSError):
        while (free := shutil.disk_usage(disk).free - leave_bytes) > 0:
            filling.write(bytes(free))


def read_only_disk(disk: Path) -> None:
    """Let nothing be written to it any more."""
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)


@contextmanager
def no_growth(_: Store) -> Iterator[None]:
    """No file of this process can grow."""
    with _without(resource.RLIMIT_FSIZE):
        yield


@contextmanager
def no_more_files(store: Store) -> Iterator[None]:
    """This process can open no file, nor has it the books open."""
    store.close()
    with _without(resource.RLIMIT_NOFILE):
        yield


@contextmanager
def _without(what: int) -> Iterator[None]:
    """This process has nothing more of something that the system limits."""
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


@contextmanager
def another_user(store: Store) -> Iterator[None]:
    """This process is somebody who may not read the folder."""
    if not ROOT:
        pytest.skip("only root can become another user")
    store.close()
    folder = file_of(store).parent
    mode = folder.stat().st_mode
    folder.chmod(0o700)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        folder.chmod(mode)


@contextmanager
def only_read(store: Store) -> Iterator[None]:
    """The connection of this thread may only read."""
    to = {"sqlite": "PRAGMA query_only = {}", "postgresql": "SET default_transaction_read_only = {}"}
    store.execute(to[store.engine].format("on"))
    yield
    store.execute(to[store.engine].format("off"))


@contextmanager
def no_more_pages(store: Store) -> Iterator[None]:
    """The file is as large as it may become."""
    ((pages,),) = store.rows("PRAGMA page_count")
    store.execute(f"PRAGMA max_page_count = {pages}")
    yield
    store.execute("PRAGMA max_page_count = 1000000000")


@contextmanager
def another_writer(store: Store) -> Iterator[None]:
    """Another program has the file locked, and knows no gate."""
    with closing(peewee.sqlite3.connect(file_of(store), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def gate_held(store: Store) -> Iterator[None]:
    """Another one of Panku's has the gate, and does not come to an end."""
    with Store(store.url).writing():
        yield


@contextmanager
def taken_away(store: Store) -> Iterator[None]:
    """The file is somewhere else."""
    store.close()
    elsewhere = file_of(store).with_suffix(".elsewhere")
    file_of(store).rename(elsewhere)
    yield
    assert not file_of(store).exists(), "an empty file was begun in its place"
    elsewhere.rename(file_of(store))


@contextmanager
def overwritten(store: Store) -> Iterator[None]:
    """What is in the file is no database."""
    store.close()
    kept = file_of(store).read_bytes()
    file_of(store).write_bytes(b"a list of what to buy\n" * 1000)
    yield
    store.close()
    file_of(store).write_bytes(kept)


@contextmanager
def table_locked(store: Store) -> Iterator[None]:
    """A stranger holds every table, and lets nobody read."""
    tables = ", ".join(store.db.get_tables())
    with psycopg.connect(store.url) as stranger:
        stranger.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE".encode())
        yield
        stranger.rollback()


@contextmanager
def file_lost(store: Store) -> Iterator[None]:
    """PostgreSQL's file of a table is gone from its disk."""
    with psycopg.connect(store.url, autocommit=True) as other:
        other.execute("CHECKPOINT")
        row = other.execute(
            "SELECT current_setting('data_directory') || '/' || pg_relation_filepath('person')"
        ).fetchone()
    assert row is not None
    store.close()
    lost = Path(row[0]).rename(f"{row[0]}.lost")
    yield
    lost.rename(row[0])


class Wire:
    """A port behind which a server's socket lies, until it falls silent: nothing is refused or reset then."""

    def __init__(self, behind: Path) -> None:
        self.silent = threading.Event()
        self._behind = behind
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, store: Store) -> str:
        """The URL of a store by this wire."""
        name = store.url.partition("?")[0].rpartition("/")[2]
        return f"postgresql://panku@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        """Cut it."""
        self._listening.close()
        for end in self._open:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self._behind))
            self._open += (near, far)
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        while True:
            try:
                for end in select.select((near, far), (), ())[0]:
                    data = end.recv(65536)
                    if self.silent.is_set():
                        continue
                    if not data:
                        near.close()
                        far.close()
                        return
                    other[end].sendall(data)
            except (OSError, ValueError):
                return
