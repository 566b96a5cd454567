"""The database handle: one Store for SQLite and PostgreSQL, its transactions, statements and locks."""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import chain, count, islice
from typing import Any, Literal, TypeVar

import peewee

from devices.store.engines import (
    SERVING,
    Limits,
    at_address,
    open_postgresql,
    open_sqlite,
    sqlite_path,
    sqlite_version,
)
from devices.store.sqlite.gate import Gate
from devices.store.statements import (
    copy_statement,
    for_psycopg,
    insert_statement,
    upsert_statement,
    violated,
    with_list,
)
from devices.store.tables import columns_of, key_of, name_of
from devices.store.tables.columns import Table
from devices.store.unusable import OutcomeUnknown, StoreRefused, sqlstate

__all__ = ["OutcomeUnknown", "Store", "StoreRefused", "violated"]

Row = tuple[Any, ...]
_Result = TypeVar("_Result")

RETRIED = frozenset({"40001", "40P01"})  # serialization failure, deadlock
LOCK_NOT_AVAILABLE = "55P03"
ATTEMPTS = 5
RESHAPING_WAITS_SECONDS = 60
BEING_RESHAPED = (
    f"Another process has been changing the database's schema for more than {RESHAPING_WAITS_SECONDS} seconds: wait"
    " until it has ended, then start again."
)
STREAM_ROWS = 1000
INSERT_ROWS = 5000
VALUES_AT_ONCE = 2000
peewee_errors = peewee.ExceptionWrapper(peewee.EXCEPTIONS)
_STREAMS = count()  # server-side cursors have names


class Store:
    """The books' database behind one URL: `sqlite:///relative`, `sqlite:////absolute` or `postgresql://…`.

    Each thread keeps its connection until it ends or calls `close`. Open it after a fork, never before.
    `limits` bound its waits. A file of SQLite that is only read, or must be there, is opened by an `address`
    (`sqlite/as_it_is.py`), which neither makes nor changes it. Statements are written with `?`. Raises StoreRefused
    for a URL or an SQLite library that cannot be used.
    """

    engine: Literal["sqlite", "postgresql"]
    db: Any  # the peewee database; peewee has no types

    def __init__(
        self,
        url: str,
        limits: Limits = SERVING,
        *,
        address: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.url, self.limits = url, limits
        self._sleep, self._jitter = sleep, jitter
        self._gate: Gate | None = None
        if url.startswith("sqlite:"):
            path = sqlite_path(url)
            self._gate = Gate(path, limits.gate)
            self.engine = "sqlite"
            self.db = at_address(address, path, limits) if address else open_sqlite(path, self._gate, limits)
        elif url.startswith(("postgresql://", "postgres://")):
            self.engine, self.db = "postgresql", open_postgresql(url, limits)
        else:
            raise StoreRefused("The database's URL must begin with sqlite:/// or postgresql://.")

    def close(self) -> None:
        """Close the calling thread's connection; the next statement opens another."""
        self.db.close()
        if self._gate is not None:
            self._gate.close()

    def version(self) -> str:
        """The engine and its version, such as `SQLite 3.53.4`."""
        if self.engine == "sqlite":
            return f"SQLite {'.'.join(map(str, sqlite_version()))}"
        return f"PostgreSQL {(self.row('SHOW server_version') or ('?',))[0]}"

    # Statements

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """Run one statement and return its DB-API cursor."""
        return self.db.execute_sql(for_psycopg(sql) if params and not self._gate else sql, params)

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Every row of a query, as tuples."""
        found: list[Row] = self.execute(sql, params).fetchall()
        return found

    def row(self, sql: str, params: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        found: Row | None = self.execute(sql, params).fetchone()
        return found

    def rows_in(
        self, sql: str, values: Iterable[Any], *, before: Sequence[Any] = (), after: Sequence[Any] = ()
    ) -> list[Row]:
        """Every row of a query with a list (see `statements.EACH`), some thousand of its values at a time.

        `before` and `after` are the values that the text has before the list and after it.
        """
        wanted = values if isinstance(values, list) else list(values)
        if not wanted:
            return []
        if len(wanted) <= VALUES_AT_ONCE:
            return self.rows(with_list(sql, len(wanted)), (*before, *wanted, *after))
        found: list[Row] = []
        for start in range(0, len(wanted), VALUES_AT_ONCE):
            some = wanted[start : start + VALUES_AT_ONCE]
            found.extend(self.rows(with_list(sql, len(some)), (*before, *some, *after)))
        return found

    def stream(self, sql: str, params: Sequence[Any] = (), size: int = STREAM_ROWS) -> Iterator[Row]:
        """The rows of a query, at most `size` of them in memory at once."""
        if self._gate is not None:
            cursor = self.execute(sql, params)
            while rows := cursor.fetchmany(size):
                yield from rows
            return
        with peewee_errors, self._server_cursor() as cursor:
            cursor.execute(for_psycopg(sql) if params else sql, params or None)
            while rows := cursor.fetchmany(size):
                yield from rows

    def insert(
        self, table: type[Table], rows: Iterable[Sequence[Any]], columns: Sequence[str] | None = None
    ) -> int:
        """Insert the rows, all through one statement; returns how many they were.

        Each is in the order of `columns`; of the table's own, where none are named.
        """
        names = columns_of(table) if columns is None else tuple(columns)
        each = iter(rows)
        first = list(islice(each, 2))
        if len(first) < 2:
            for row in first:
                self.db.execute_sql(insert_statement(name_of(table), names, "?" if self._gate else "%s"), row)
            return len(first)
        name, every = name_of(table), chain(first, each)
        with peewee_errors:
            return self._insert_many(name, names, every) if self._gate else self._copy(name, names, every)

    def upsert(self, table: type[Table], row: Sequence[Any]) -> None:
        """Insert a whole row, or change the one that has its key."""
        self.execute(upsert_statement(name_of(table), columns_of(table), key_of(table)), row)

    # Transactions

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The outermost write transaction: committed at the end of the block, rolled back by an exception.

        SQLite: one writer at a time, queued fairly, BEGIN IMMEDIATE. PostgreSQL: READ COMMITTED. Raises
        OutcomeUnknown when the connection is lost during COMMIT, RuntimeError inside another transaction.
        """
        self._refuse_nesting()
        mode = "IMMEDIATE" if self._gate else "ISOLATION LEVEL READ COMMITTED"
        with self._gate.passing() if self._gate else nullcontext(), self.db.transaction(mode):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which every statement sees the same moment; it never waits for writers, and cannot write."""
        self._refuse_nesting()
        if self._gate is None:
            with self.db.transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY"):
                yield
            return
        with self.db.transaction("DEFERRED"):
            self.db.execute_sql("PRAGMA query_only = 1")
            try:
                yield
            finally:
                self.db.execute_sql("PRAGMA query_only = 0")

    @contextmanager
    def reshaping(self) -> Iterator[None]:
        """The one transaction in which a schema changes: one process at a time, and what is cut off leaves nothing.

        However long it lasts, but others are waited for at most RESHAPING_WAITS_SECONDS, then StoreRefused is raised.
        SQLite minds no foreign key meanwhile, so that tables can be rebuilt; all are looked at before the commit, which
        is refused where a row names none.
        """
        self._refuse_nesting()
        with self._unminding() if self._gate else nullcontext(), self.writing():
            if self._gate is None:
                # By hand, here and below: PostgreSQL's settings and locks, of this transaction alone.
                self.execute(f"SET LOCAL lock_timeout = '{RESHAPING_WAITS_SECONDS}s'")
                for unbounded in ("statement_timeout", "idle_in_transaction_session_timeout"):
                    self.execute(f"SET LOCAL {unbounded} = 0")
                self._be_alone()
            yield
            if self._gate and (astray := self.rows("PRAGMA foreign_key_check")):
                raise StoreRefused(
                    f"Rows would name what is not there, so nothing was changed: {astray[:5]}."
                )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Only one process at a time runs such a block, or changes the schema; outside of any transaction."""
        self._refuse_nesting()
        if self._gate:
            with self._gate.passing():
                yield
            return
        self.execute("SELECT pg_advisory_lock(?)", (journal_key("schema"),))
        try:
            yield
        finally:
            self.execute("SELECT pg_advisory_unlock(?)", (journal_key("schema"),))

    def lock_journals(self, sites: Iterable[str]) -> None:
        """Hold the journals of these sites until the transaction ends; always in ascending order, so none deadlock.

        SQLite has one writer at a time anyway.
        """
        if not self.db.in_transaction():
            raise RuntimeError("journals are locked inside writing()")
        if self._gate is None:
            for site in sorted(set(sites)):
                self.execute("SELECT pg_advisory_xact_lock(?)", (journal_key(site),))

    def hold(self, name: str, *, shared: bool = False) -> None:
        """Hold a name until the transaction ends: alone, or (`shared`) with others that share it.

        SQLite has one writer at a time anyway.
        """
        if self._gate is None:
            kind = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
            self.execute(f"SELECT {kind}(?)", (journal_key(name),))

    def hold_rows(self, column: Any, keys: Iterable[str], where: str = "1 = 1") -> None:
        """Hold the rows that have these keys in a column until the transaction ends.

        It is done in ascending order, so that none deadlock; what is read of them afterwards stays so. SQLite has one
        writer at a time anyway.
        """
        if self._gate is None and (wanted := sorted(set(keys))):
            table, name = name_of(column.model), column.column_name
            sql = f"SELECT 1 FROM {table} WHERE {where} AND {name} = ANY(?) ORDER BY {name} FOR UPDATE"
            self.rows(sql, (wanted,))

    def retrying(self, function: Callable[[], _Result]) -> _Result:
        """Run a whole write function, again after a deadlock or serialization failure: at most 5 times in all."""
        for attempt in range(1, ATTEMPTS):
            try:
                return function()
            except peewee.DatabaseError as error:
                if sqlstate(error) not in RETRIED:
                    raise
            self._sleep(0.01 * 2**attempt * (0.5 + self._jitter()))
        return function()

    @contextmanager
    def _unminding(self) -> Iterator[None]:
        """SQLite minds no foreign key in the block; within a transaction it could not be told so.

        However the block ends, the next statement is sent over another connection, which minds them.
        """
        self.execute("PRAGMA foreign_keys = 0")
        try:
            yield
        finally:
            self.db.close()

    def _be_alone(self) -> None:
        """Wait for whoever changes the schema. Raises StoreRefused where that lasts too long."""
        try:
            self.execute("SELECT pg_advisory_xact_lock(?)", (journal_key("schema"),))
        except peewee.OperationalError as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE:
                raise
            raise StoreRefused(BEING_RESHAPED) from error

    def _refuse_nesting(self) -> None:
        if self.db.in_transaction():
            raise RuntimeError(
                "a transaction of the store is the outermost one: it is never opened inside another"
            )

    def _server_cursor(self) -> Any:
        """A named cursor: rows stay on the server until they are fetched."""
        return self.db.connection().cursor(
            name=f"stream_{next(_STREAMS)}", withhold=not self.db.in_transaction()
        )

    def _insert_many(self, table: str, columns: tuple[str, ...], rows: Iterator[Sequence[Any]]) -> int:
        inserted = 0
        cursor = self.db.cursor()
        while chunk := list(islice(rows, INSERT_ROWS)):
            cursor.executemany(insert_statement(table, columns), chunk)
            inserted += len(chunk)
        return inserted

    def _copy(self, table: str, columns: tuple[str, ...], rows: Iterator[Sequence[Any]]) -> int:
        inserted = 0
        with self.db.cursor().copy(copy_statement(table, columns)) as copy:
            for row in rows:
                copy.write_row(row)
                inserted += 1
        return inserted


def journal_key(site: str) -> int:
    """A stable signed 64-bit key for PostgreSQL's advisory lock of one site's journal."""
    return int.from_bytes(hashlib.sha256(f"panku journal {site}".encode()).digest()[:8], "big", signed=True)
