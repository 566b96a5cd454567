"""The two engines as peewee databases: how each is opened, begins, commits and survives a lost connection."""

import os
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Self

import msgspec
import peewee
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from devices.store.answering import AskedServer
from devices.store.sqlite.as_it_is import is_wal, may_be_written
from devices.store.sqlite.gate import Gate
from devices.store.tables.columns import FIELD_TYPES
from devices.store.unusable import (
    OutcomeUnknown,
    Silent,
    StoreRefused,
    Unusable,
    driver_error,
    sqlstate,
    unusable_file,
)


class Limits(msgspec.Struct, frozen=True):
    """How long one kind of connection waits for what, in seconds; None: without a bound.

    PostgreSQL: `connect` for a connection, each host of several; `statement` and `lock`, which the server keeps, and
    `idle` in a transaction, after which it ends the connection; `silent` for a server that does not even keep these
    (it hangs, or its route is gone), which the client keeps; `tcp` for what was sent and is not acknowledged, and for
    a peer that no longer answers. SQLite: `busy` for a lock on the file, `gate` for one's turn to write.
    """

    connect: int
    statement: float | None
    lock: float
    idle: float | None
    silent: float | None
    tcp: int
    busy: float
    gate: float


SERVING = Limits(connect=5, statement=15, lock=5, idle=60, silent=20, tcp=10, busy=5, gate=15)
PROBING = Limits(connect=2, statement=1, lock=0.5, idle=5, silent=2, tcp=2, busy=0.5, gate=0.5)
REPLICA = Limits(connect=2, statement=4, lock=2, idle=10, silent=5, tcp=5, busy=1, gate=1)
OF_COMMANDS = Limits(connect=10, statement=None, lock=60, idle=None, silent=None, tcp=30, busy=30, gate=60)
"""Every connection there is has one of these; nginx in front of what serves waits a minute."""
KEEPALIVES = 3
"""How many unanswered questions end an idle connection, within the bound of `tcp`."""
MILLISECONDS = 1000

# SQLite 3.7.0-3.51.2 can corrupt a WAL database that two connections share; mended in 3.51.3 and in these lines.
# Source: https://sqlite.org/wal.html, "The WAL reset bug".
SQLITE_AFFECTED_FROM = (3, 7, 0)
SQLITE_MENDED = (3, 51, 3)
SQLITE_MENDED_LINES = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}

SQLITE_PRAGMAS = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),  # durable: the commit waits for the disk
    ("foreign_keys", 1),
    ("secure_delete", 1),  # what is erased is written over, not only let go
    ("recursive_triggers", 1),  # else REPLACE deletes past the triggers that forbid it
    ("mmap_size", 256 * 1024 * 1024),  # a history's lines lie on as many pages: no system call for each
)
CHANGING_THE_FILE = ("journal_mode",)


def sqlite_is_affected(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite version has the fault that can corrupt a WAL file."""
    mended = SQLITE_MENDED_LINES.get(version[:2], SQLITE_MENDED)
    return SQLITE_AFFECTED_FROM <= version < mended


def sqlite_version() -> tuple[int, int, int]:
    """The version of the SQLite library that peewee opens files with (pysqlite3's where that is newer)."""
    major, minor, patch = peewee.sqlite3.sqlite_version_info[:3]
    return major, minor, patch


def refuse_affected_sqlite(version: tuple[int, int, int]) -> None:
    """Raise StoreRefused, naming the ways out, when this SQLite can corrupt a file."""
    if sqlite_is_affected(version):
        raise StoreRefused(
            f"SQLite {'.'.join(map(str, version))} can corrupt a database that several connections share. Use a "
            "Python whose SQLite is 3.51.3 or newer, or install the package pysqlite3 (Linux on x86-64, macOS on "
            "arm64), or set PANKU_DATABASE_URL to a PostgreSQL server."
        )


def sqlite_path(url: str) -> Path:
    """The file of `sqlite:///relative` or `sqlite:////absolute`; raises StoreRefused for anything without a file."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.startswith(":memory:") or "?" in path:
        raise StoreRefused(
            f"{url} names no file: write sqlite:///panku.sqlite3 or sqlite:////var/lib/panku.sqlite3."
        )
    return Path(path)


class _SideBySide:
    """A peewee database whose threads open connections side by side: each has its own, and one may have to wait."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._lock = nullcontext()  # peewee's own lets one thread open or close at a time


class Sqlite(_SideBySide, peewee.SqliteDatabase):
    """SQLite as peewee has it, but for what a full disk does to a transaction, and a file that is gone."""

    field_types = peewee.SqliteDatabase.field_types | FIELD_TYPES["sqlite"]
    file: Path | None = None
    """The file, once it must be there."""

    def _connect(self) -> Any:
        """As peewee's, which would begin an empty database in the place of one that was taken away.

        Raises Unusable where the file is gone; and where SQLite cannot open it, which does not say why.
        """
        if self.file is None:
            return super()._connect()
        try:
            self.file.stat()
            return super()._connect()
        except OSError as error:
            raise unusable_file(error) from error
        except peewee.sqlite3.OperationalError:
            _refuse_what_the_system_does(self.file)
            raise

    def rollback(self) -> None:
        """Roll back; a statement or commit that could not be written has done so already, and its error is told."""
        if self.connection().in_transaction:
            super().rollback()


def _refuse_what_the_system_does(path: Path) -> None:
    """Raise Unusable where the system opens nothing any more, or nothing for writing where this file lies.

    The file itself is not opened for it: whoever closes it again lets go of every lock that SQLite has on it.
    """
    try:
        os.close(os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC))
        is_read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError as error:
        raise unusable_file(error) from error
    if is_read_only:
        raise Unusable("read_only", f"{path} lies on a disk that is only read")
    if not may_be_written(path):
        raise Unusable("forbidden", f"{path} and its folder may not be written by this user")


def open_sqlite(path: Path, gate: Gate, limits: Limits) -> Any:
    """A peewee database on the file, whose folder is made where missing, for its owner alone.

    Raises Unusable for a folder that cannot be made.
    """
    refuse_affected_sqlite(sqlite_version())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable_file(error) from error
    database = Sqlite(str(path), pragmas=SQLITE_PRAGMAS, timeout=limits.busy)
    if not is_wal(path):
        with gate.passing():  # the change to WAL fails at once, without waiting, when two processes try it
            database.connect()
            database.close()
    database.file = path
    return database


def at_address(address: str, path: Path, limits: Limits) -> Any:
    """A peewee database on a file that is opened as it is, by the address that says how."""
    refuse_affected_sqlite(sqlite_version())
    settings = [(name, value) for name, value in SQLITE_PRAGMAS if name not in CHANGING_THE_FILE]
    database = Sqlite(address, pragmas=settings, timeout=limits.busy, uri=True)
    database.file = path
    return database


class PlainCursor(psycopg.Cursor[Any]):
    """A cursor for which a statement without parameters is sent as it is: `%` stands for itself there."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """As psycopg's; peewee gives `()` for no parameters."""
        return super().execute(query, params or None, **options)


class Postgresql(_SideBySide, peewee.PostgresqlDatabase):
    """PostgreSQL through psycopg 3; an idle connection that broke is opened again without a word."""

    field_types = peewee.PostgresqlDatabase.field_types | FIELD_TYPES["postgresql"]
    server: AskedServer

    def _connect(self) -> Any:
        return self.server.connect(self.connect_params)

    def begin(self, mode: str = "") -> None:
        """Begin a transaction; `mode` is the text after BEGIN, such as an isolation level."""
        self.execute_sql(f"BEGIN {mode}")

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """As peewee's, but reads and BEGIN run once more when the idle connection turned out to be lost."""
        was_open = not self.is_closed()
        try:
            return super().execute_sql(sql, params)
        except (peewee.OperationalError, peewee.InterfaceError) as error:
            if not was_open or self.in_transaction() or not self._lost():
                raise
            self.close()
            if not _REPEATABLE.match(sql) or isinstance(driver_error(error), Silent):
                raise
            return super().execute_sql(sql, params)
        except peewee.InternalError as error:
            self._note(error)
            raise

    def commit(self) -> None:
        """Commit; raises OutcomeUnknown when the connection is lost on the way, InternalError after a failed statement.

        PostgreSQL answers COMMIT with ROLLBACK, and no error, when a statement failed and was passed over.
        """
        if self.connection().info.transaction_status == TransactionStatus.INERROR:
            raise peewee.InternalError(
                "a statement failed in this transaction: nothing of it can be committed"
            )
        try:
            super().commit()
        except (peewee.OperationalError, peewee.InterfaceError) as error:
            if self._lost():
                raise OutcomeUnknown("the connection was lost during COMMIT") from error
            raise

    def rollback(self) -> None:
        """Roll back; a lost connection has done so already and is put away."""
        if self._lost() or self.connection().is_stale:
            self.close()
        else:
            super().rollback()

    def _note(self, error: BaseException) -> None:
        """Note a server that takes no writes; outside of a transaction its connection is put away at once."""
        if sqlstate(error) == READ_ONLY:
            self.connection().is_stale = True
            if not self.in_transaction():
                self.close()

    def _lost(self) -> bool:
        return self.is_closed() or bool(self.connection().closed)


READ_ONLY = "25006"
_REPEATABLE = re.compile(r"\s*(SELECT|WITH|BEGIN|SHOW)\b", re.IGNORECASE)


def open_postgresql(url: str, limits: Limits) -> Any:
    """A peewee database on the server; nothing is connected yet. Raises StoreRefused for a URL that is none."""
    parameters = connection_parameters(url, limits)
    database = Postgresql(
        url,
        prefer_psycopg3=True,
        application_name="panku",
        cursor_factory=PlainCursor,
        **parameters,
    )
    database.server = AskedServer(limits.silent)
    return database


def connection_parameters(url: str, limits: Limits) -> dict[str, str]:
    """What libpq is told to connect to a URL within limits; what the URL says itself goes before them.

    Raises StoreRefused for a URL that libpq cannot read.
    """
    try:
        said = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise StoreRefused(f"The database's URL cannot be read: {error}") from error
    bounds = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    options = [f"-c {name}={round((seconds or 0) * MILLISECONDS)}" for name, seconds in bounds.items()]
    return {
        "connect_timeout": str(limits.connect),
        "tcp_user_timeout": str(limits.tcp * MILLISECONDS),
        "keepalives_idle": str(max(1, limits.tcp // 2)),
        "keepalives_interval": str(max(1, limits.tcp // 2 // KEEPALIVES)),
        "keepalives_count": str(KEEPALIVES),
        **said,
        "options": " ".join((*options, said.get("options", ""))).strip(),
    }
