"""The two engines as peewee databases: how each is opened, begins, commits and survives a lost connection."""

import errno
import re
from pathlib import Path
from typing import Any, Self

import peewee
import psycopg
from psycopg.pq import TransactionStatus

from devices.store.sqlite.gate import Gate
from devices.store.tables.columns import FIELD_TYPES

SQLITE_BUSY_SECONDS = 30
POSTGRESQL_CONNECT_SECONDS = 10

# SQLite 3.7.0-3.51.2 can corrupt a WAL database that two connections share; mended in 3.51.3 and in these lines.
# Source: https://sqlite.org/wal.html, "The WAL reset bug".
SQLITE_AFFECTED_FROM = (3, 7, 0)
SQLITE_MENDED = (3, 51, 3)
SQLITE_MENDED_LINES = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}

SQLITE_PRAGMAS = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),  # durable: the commit waits for the disk
    ("foreign_keys", 1),
    ("recursive_triggers", 1),  # else REPLACE deletes past the triggers that forbid it
    ("mmap_size", 256 * 1024 * 1024),  # a history's lines lie on as many pages: no system call for each
)


# What a database says that is full, read-only, locked for too long, or gone.
# Sources: https://sqlite.org/rescode.html (BUSY, READONLY, IOERR, FULL, CANTOPEN);
# https://www.postgresql.org/docs/current/errcodes-appendix.html (classes 08, 53, 57; 25006).
UNUSABLE_SQLITE = frozenset({5, 8, 10, 13, 14})
UNUSABLE_STATES = ("08", "53", "57", "55P03", "25006")
UNUSABLE_FILES = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EIO})


class StoreRefused(Exception):
    """The database cannot be used as asked; the text is a sentence for whoever runs the server."""


class OutcomeUnknown(Exception):
    """The connection was lost during COMMIT: look the request up by its key before trying it again."""


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


class Sqlite(peewee.SqliteDatabase):
    """SQLite as peewee has it, but for what a full disk does to a transaction."""

    field_types = peewee.SqliteDatabase.field_types | FIELD_TYPES["sqlite"]

    def rollback(self) -> None:
        """Roll back; a statement or commit that could not be written has done so already, and its error is told."""
        if self.connection().in_transaction:
            super().rollback()


def open_sqlite(path: Path, gate: Gate) -> Any:
    """A peewee database on the file, whose folder is made where missing, for its owner alone."""
    refuse_affected_sqlite(sqlite_version())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Sqlite(str(path), pragmas=SQLITE_PRAGMAS, timeout=SQLITE_BUSY_SECONDS)
    if not _is_wal(path):
        with gate.passing():  # the change to WAL fails at once, without waiting, when two processes try it
            database.connect()
            database.close()
    return database


def _is_wal(path: Path) -> bool:
    """Whether the file is a database in WAL mode (https://sqlite.org/fileformat.html: header bytes 18, 19)."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return file.read(20)[18:] == b"\2\2"


class PlainCursor(psycopg.Cursor[Any]):
    """A cursor for which a statement without parameters is sent as it is: `%` stands for itself there."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """As psycopg's; peewee gives `()` for no parameters."""
        return super().execute(query, params or None, **options)


class Postgresql(peewee.PostgresqlDatabase):
    """PostgreSQL through psycopg 3; an idle connection that broke is opened again without a word."""

    field_types = peewee.PostgresqlDatabase.field_types | FIELD_TYPES["postgresql"]

    def begin(self, mode: str = "") -> None:
        """Begin a transaction; `mode` is the text after BEGIN, such as an isolation level."""
        self.execute_sql(f"BEGIN {mode}")

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """As peewee's, but reads and BEGIN run once more when the idle connection turned out to be lost."""
        try:
            return super().execute_sql(sql, params)
        except (peewee.OperationalError, peewee.InterfaceError):
            if self.in_transaction() or not self._lost():
                raise
            self.close()
            if not _REPEATABLE.match(sql):
                raise
            return super().execute_sql(sql, params)

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
        if self._lost():
            self.close()
        else:
            super().rollback()

    def _lost(self) -> bool:
        return self.is_closed() or bool(self.connection().closed)


_REPEATABLE = re.compile(r"\s*(SELECT|WITH|BEGIN|SHOW)\b", re.IGNORECASE)


def open_postgresql(url: str) -> Any:
    """A peewee database on the server; nothing is connected yet."""
    return Postgresql(
        url.replace("postgres://", "postgresql://", 1),
        prefer_psycopg3=True,
        connect_timeout=POSTGRESQL_CONNECT_SECONDS,
        application_name="panku",
        cursor_factory=PlainCursor,
    )


def sqlstate(error: BaseException) -> str | None:
    """The five-character SQLSTATE of a PostgreSQL error that peewee wrapped, None for any other error."""
    cause = driver_error(error)
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None


def is_unusable(error: BaseException) -> bool:
    """Whether an error means that the database cannot be read or written just now, and not that Panku asked wrongly.

    The disk is full or read-only, a lock was never freed, the server is gone, stopping, or serves no writes, or it
    never answered COMMIT.
    """
    if isinstance(error, OSError):  # the gate's files lie beside the database
        return error.errno in UNUSABLE_FILES
    if not isinstance(error, peewee.PeeweeException):
        return isinstance(error, (StoreRefused, OutcomeUnknown))
    cause = driver_error(error)
    if isinstance(cause, psycopg.Error):
        lost = cause.sqlstate is None and isinstance(cause, psycopg.OperationalError)
        return lost or (cause.sqlstate or "").startswith(UNUSABLE_STATES)
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in UNUSABLE_SQLITE


def driver_error(error: BaseException) -> BaseException:
    """The driver's own error inside one of peewee's, or the error itself."""
    inner = getattr(error, "orig", None)
    return inner if isinstance(inner, BaseException) else error
