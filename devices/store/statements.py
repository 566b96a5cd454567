"""Statements: one text with `?` for both engines, built from the declared tables, and what a refused write ran into."""

import re
from functools import lru_cache
from typing import Any

import peewee
import psycopg

from devices.store.unusable import driver_error

_TOKEN = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/)|(\?)|(%)""", re.DOTALL)
_KEY_COLUMNS = re.compile(r"\((.+?)\)=\(")
_SQLITE_KINDS = (
    ("UNIQUE constraint failed: ", "unique: "),
    ("CHECK constraint failed: ", "check: "),
    ("NOT NULL constraint failed: ", "not null: "),
    ("FOREIGN KEY constraint failed", "foreign key"),
)


@lru_cache(maxsize=4096)
def for_psycopg(sql: str) -> str:
    """The text with each `?` outside quotes and comments as `%s`, and every literal `%` doubled."""

    def replace(match: re.Match[str]) -> str:
        quoted, mark, _ = match.groups()
        return quoted.replace("%", "%%") if quoted else "%s" if mark else "%%"

    return _TOKEN.sub(replace, sql)


GIVEN = peewee.SQL(":given")
"""Stands in a query for a value that is given each time it runs."""
EACH = peewee.SQL("(:each)")
"""Stands in a query for the values of a list, `column.in_(EACH)`; see `Store.rows_in`."""
_MARK = re.compile(r"\?|:given")


def compiled(query: Any) -> str:
    """A peewee query on declared tables as the one text for both engines, compiled once and run often.

    Each GIVEN becomes a `?`, in the order of the text; EACH stays until the list is known. Every other value is
    written out, so that a partial index is found by it.
    """
    text, values = query.sql()
    literals = iter(values)
    return _MARK.sub(lambda mark: _literal(next(literals)) if mark[0] == "?" else "?", text)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    assert isinstance(value, int), "a literal of a query is a text, a whole number or NULL"
    return str(int(value))


@lru_cache(maxsize=2048)
def with_list(sql: str, count: int) -> str:
    """The text with `count` marks in the place of its one list."""
    beginning, found, end = sql.partition("(:each)")
    assert found, "a query without a list"
    return f"{beginning}({', '.join('?' * count)}){end}"


# By hand, the next three: built of a table's names for every row alike, which peewee would compile for each.
@lru_cache(maxsize=512)
def insert_statement(table: str, columns: tuple[str, ...], mark: str = "?") -> str:
    """INSERT of one row into these columns, with `mark` for each value."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"


@lru_cache(maxsize=64)
def upsert_statement(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    """INSERT of one whole row, or the change of the one that has its key."""
    changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns if column not in key)
    return f"{insert_statement(table, columns)} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"


@lru_cache(maxsize=512)
def copy_statement(table: str, columns: tuple[str, ...]) -> str:
    """PostgreSQL's COPY into these columns."""
    return f"COPY {table} ({', '.join(columns)}) FROM STDIN"


def violated(error: BaseException) -> str:
    """What a refused write ran into, in the same words on both engines.

    `unique: line.serial, line.step` (table and columns, in the key's order), `check: name_of_the_constraint`,
    `not null: table.column`, `foreign key` (SQLite names no more; PostgreSQL adds `: table.constraint`), and the
    message of a trigger that refused.
    """
    cause = driver_error(error)
    if isinstance(cause, psycopg.Error):
        return _violated_postgresql(cause)
    text = str(cause)
    for beginning, kind in _SQLITE_KINDS:
        if text.startswith(beginning):
            return kind + text.removeprefix(beginning)
    return text


def _violated_postgresql(error: psycopg.Error) -> str:
    found = error.diag
    match error.sqlstate:
        case "23505":
            key = _KEY_COLUMNS.search(found.message_detail or "")
            columns = key.group(1).split(", ") if key else [found.constraint_name or ""]
            return "unique: " + ", ".join(f"{found.table_name}.{column}" for column in columns)
        case "23514" if found.constraint_name:
            return f"check: {found.constraint_name}"
        case "23502":
            return f"not null: {found.table_name}.{found.column_name}"
        case "23503":
            return f"foreign key: {found.table_name}.{found.constraint_name}"
    return found.message_primary or str(error)


def marks(count: int) -> str:
    """`count` question marks for an IN list."""
    return ", ".join("?" * count)
