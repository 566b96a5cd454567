"""Where the books under torture lie: a file, or a PostgreSQL server that waits for its disk and answers over TCP."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec
import psycopg

from devices.journal import open_journals
from devices.people import tokens
from devices.people.roles import Person
from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store import schema
from devices.store.database import Store
from devices.unit import unit_of
from devices.values import UNIT
from panku.demo import fill
from panku.wiring import clock
from tests import postgresql
from tests.serving import free_port

DATABASE = "panku"
SMALL_DISK_MEBIBYTES = {"sqlite": 16, "postgresql": 160}
"""The size of the disk that the drill of the full one fills; an empty cluster takes some 60 MiB."""
DAY_US = 86_400_000_000
START_SECONDS = 60.0


class Cluster:
    """One PostgreSQL server of its own, durable, on a port of loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self.binaries = postgresql.readable(postgresql.find_binaries(), folder)

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.folder / "data"

    def url(self, port: int | None = None, database: str = DATABASE) -> str:
        """The URL of a database, through another port where a proxy listens there."""
        return f"postgresql://panku@127.0.0.1:{port or self.port}/{database}"

    def make(self) -> None:
        """Make an empty cluster."""
        words = (
            "--auth=trust",
            "--locale=C",
            "--encoding=UTF8",
            "--no-sync",
            "--wal-segsize=1",
            "-U",
            "panku",
        )
        postgresql.command(self.folder, self.binaries / "initdb", *words, self.data)

    def follow(self, primary: Cluster) -> None:
        """Make a streaming standby of another cluster, which runs."""
        to = f"host=127.0.0.1 port={primary.port} user=panku application_name=standby"
        words = (
            "--write-recovery-conf",
            "--no-sync",
            "--checkpoint=fast",
            f"--dbname={to}",
            f"--pgdata={self.data}",
        )
        postgresql.command(self.folder, self.binaries / "pg_basebackup", *words)

    def start(self, *settings: str) -> None:
        """Start it, and wait until it serves. It is this process's child: a zombie's lock file keeps a new one out."""
        options = (
            "listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.folder}",
            "min_wal_size=4MB", "max_wal_size=16MB", "max_connections=60", *settings,
        )  # fmt: skip
        given = [word for option in options for word in ("-c", option)]
        with (self.folder / "log").open("a") as log:
            self._server = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.data, *given],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **postgresql.its_user(),
            )  # fmt: skip
        last = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > last:
                said = (self.folder / "log").read_text(encoding="utf-8")
                raise postgresql.Missing(f"PostgreSQL did not start: {said[-500:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(database="postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it where it runs: at once with SIGQUIT, in order with SIGINT."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(how)
            self._server.wait(START_SECONDS)

    def control(self, *words: str | Path) -> None:
        """`pg_ctl` on it; raises `postgresql.Missing` with what it said."""
        postgresql.command(self.folder, self.binaries / "pg_ctl", "-D", self.data, *words)

    def kill(self) -> None:
        """SIGKILL every process of it, and wait until none is left: a new one refuses to start beside an orphan."""
        for pid in self.processes()[:1]:
            os.kill(pid, signal.SIGSTOP)  # so that it has no further children
        doomed = self.processes()
        self.signal(signal.SIGKILL)
        assert self._server is not None
        self._server.wait()
        while any(is_alive(pid) for pid in doomed):
            time.sleep(0.01)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of it."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def processes(self) -> list[int]:
        """The server's process id and its children's; none where it does not run."""
        if self._server is None or self._server.poll() is not None:
            return []
        return [self._server.pid, *children_of(self._server.pid)]


def children_of(parent: int) -> list[int]:
    """The process ids of a process's children."""
    return [pid for pid, stat in _processes() if int(stat[1]) == parent]


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    return any(each == pid and stat[0] != "Z" for each, stat in _processes())


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Every process with its state, its parent and what follows (proc(5), stat)."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                yield int(entry.name), (entry / "stat").read_text().rpartition(")")[2].split()


class Place(msgspec.Struct):
    """Filled demo books on one engine, with a token that posts at BJ01, and the day that they are at."""

    engine: str
    folder: Path
    url: str
    cluster: Cluster | None = None
    token: str = ""
    day: str = ""

    def fill(self) -> None:
        """Found the demo's unit in the empty books, and give its storekeeper a token."""
        store = Store(self.url)
        schema.migrate(store)
        fill(store, clock())
        unit = unit_of(store)
        assert unit is not None
        admin = Person(username="admin", name="", roles=frozenset({("admin", UNIT)}))
        with store.writing():
            writer = open_journals(store, [UNIT], clock())
            issued = tokens.issue(
                writer, admin, label="torture", site="BJ01", scopes=("read", "post"),
                expires_at=clock() + 30 * DAY_US, username="zhang",
            )  # fmt: skip
            tokens.confirm_token(writer, Person(username="zhang", name=""), issued.token.id)
        self.token, self.day = issued.secret, unit.day_of(clock()).isoformat()
        store.close()
        sessions = Store(session_store_url(self.url))
        migrate_session_store(sessions)
        sessions.close()

    def environment(self, **settings: str) -> dict[str, str]:
        """What `panku` is started with; PostgreSQL's client programs are the cluster's own."""
        path = f"{self.cluster.binaries}:{os.environ['PATH']}" if self.cluster else os.environ["PATH"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PANKU_")}
        given = {"database_url": self.url, "data_dir": str(self.folder), "log_level": "warning", **settings}
        return kept | {"PATH": path} | {f"PANKU_{name.upper()}": value for name, value in given.items()}


@contextmanager
def place(engine: str, *, mebibytes: int = 0, filled: bool = True) -> Iterator[Place]:
    """Books on an engine, on a disk of their own size where one is given; everything is gone after the block."""
    with ExitStack() as stack:
        folder = postgresql.new_folder()
        stack.callback(remove, folder)
        if mebibytes:
            stack.enter_context(small_disk(folder, mebibytes))
        made = Place(engine, folder, f"sqlite:///{folder}/panku.sqlite3")
        if engine == "postgresql":
            made.cluster = stack.enter_context(running_cluster(folder))
            made.url = made.cluster.url()
        if filled:
            made.fill()
        yield made


@contextmanager
def running_cluster(folder: Path, *settings: str) -> Iterator[Cluster]:
    """A new cluster with an empty database for the books, which is stopped after the block."""
    cluster = Cluster(folder)
    cluster.make()
    cluster.start(*settings)
    try:
        create_database(cluster, DATABASE)
        yield cluster
    finally:
        cluster.signal(signal.SIGCONT)
        cluster.stop()


def create_database(cluster: Cluster, name: str) -> None:
    """Make an empty database."""
    with psycopg.connect(cluster.url(database="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())


def fresh_url(where: Place, name: str) -> str:
    """The URL of an empty database beside the books."""
    if where.cluster is None:
        return f"sqlite:///{where.folder}/{name}.sqlite3"
    create_database(where.cluster, name)
    return where.cluster.url(database=name)


def may_mount() -> bool:
    """Whether this user may have a disk of a given size, which root may."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=False, capture_output=True)
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return done.returncode == 0


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """A file system of that size at the folder."""
    owner = folder.stat()
    sized = f"size={mebibytes}m,uid={owner.st_uid},gid={owner.st_gid},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", sized, "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remove(folder: Path) -> None:
    """Delete a folder with all that is in it."""
    shutil.rmtree(folder)
