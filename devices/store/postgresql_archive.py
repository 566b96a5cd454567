"""Archives of PostgreSQL books, written and read by PostgreSQL's own client programs.

Whom they connect to is told them by their environment, never by their command line, which every user of a machine
can read.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo, ConninfoOption

from devices.store.database import Store
from devices.store.engines import MILLISECONDS, OF_COMMANDS, connection_parameters
from devices.store.unusable import StoreRefused

_MAGIC = b"PGDMP"
DUMP, RESTORE = "pg_dump", "pg_restore"
WITHOUT_OWNERS = ("--no-owner", "--no-privileges", "--no-comments")
TOLD_EVERY_SECONDS = 0.5
_MOST_SAID = 500
ON_THE_COMMAND_LINE = (b"dbname", b"keepalives", b"tcp_user_timeout")

_Progress = Callable[[int], object]


class ProgramFailed(Exception):
    """One of the client programs did not do it; the text is what it said."""


def dump(store: Store, target: Path, without_rows_of: Sequence[str], progress: _Progress) -> None:
    """Write the books into `target` as the transaction sees them that the caller has opened with `store.reading()`.

    The tables of `without_rows_of` are written empty. `progress` is told the bytes written so far. Raises StoreRefused
    without pg_dump, ProgramFailed.
    """
    # By hand: a function of PostgreSQL's own.
    (snapshot,) = store.row("SELECT pg_export_snapshot()") or ("",)
    words = ["--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={target}"]
    words += [connected_to(store.url), f"--lock-wait-timeout={OF_COMMANDS.lock * MILLISECONDS:g}"]
    words += [f"--exclude-table-data={table}" for table in without_rows_of]
    _run(DUMP, words, environment_of(store.url), lambda: progress(_size(target)))


def restore(url: str, archive: Path, passing: Callable[[], object]) -> None:
    """Read an archive into the empty database at `url`, all of it or nothing.

    `passing` is called now and then, as time passes: nobody knows how far it is. Raises StoreRefused without
    pg_restore, ProgramFailed.
    """
    words = ["--single-transaction", "--exit-on-error", "--no-password", *WITHOUT_OWNERS]
    words += [connected_to(url), str(archive)]
    _run(RESTORE, words, environment_of(url), passing)


def check_archive(archive: Path) -> None:
    """Have pg_restore read an archive's table of contents. Raises ProgramFailed for one that is not whole."""
    _run(RESTORE, ["--list", "--file=/dev/null", str(archive)], {}, lambda: None)


def is_archive(path: Path) -> bool:
    """Whether a file begins as a custom archive of pg_dump does."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def environment_of(url: str) -> dict[str, str]:
    """The variables that make a client program connect as a URL says, with a command's limits: PGHOST, PGPASSWORD…"""
    return {
        option.envvar.decode(): option.val.decode()
        for option in _options(url)
        if option.envvar is not None and option.val is not None
    }


def connected_to(url: str) -> str:
    """The word that names the database, with the limits that have no variable; nothing else of the URL."""
    told = {
        option.keyword.decode(): option.val.decode()
        for option in _options(url)
        if option.val is not None and option.keyword.startswith(ON_THE_COMMAND_LINE)
    }
    return f"--dbname={make_conninfo('', **told)}"


def _options(url: str) -> list[ConninfoOption]:
    """Every option of a connection, those that are not given without a value."""
    return Conninfo.parse(make_conninfo("", **connection_parameters(url, OF_COMMANDS)).encode())


def program(name: str) -> str:
    """Where a client program is. Raises StoreRefused, naming it and the ways out."""
    found = shutil.which(name)
    if found is None:
        raise StoreRefused(
            f"{name} is not on the PATH: install PostgreSQL's client programs (postgresql-client on Debian), not older "
            "than the server."
        )
    return found


def _run(name: str, words: Sequence[str], environment: Mapping[str, str], told: Callable[[], object]) -> None:
    """Run a client program to its end, `told` now and then; it ends with its caller's interruption."""
    command = [program(name), *words]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(  # noqa: S603  (the words are Panku's own)
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        ) as running,
    ):
        try:
            while running.poll() is None:
                told()
                _wait(running)
        except BaseException:
            running.kill()
            raise
        if running.returncode != 0:
            said.seek(0)
            raise ProgramFailed(f"{name}: {said.read()[-_MOST_SAID:].strip()}")


def _wait(running: "subprocess.Popen[bytes]") -> None:
    try:
        running.wait(TOLD_EVERY_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
