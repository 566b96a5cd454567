"""Hand-written SQL: one text with `?` for both engines, and what a refused write ran into."""

import re
from functools import lru_cache

import psycopg

from devices.store.engines import driver_error

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


@lru_cache(maxsize=512)
def insert_statement(table: str, columns: tuple[str, ...], mark: str = "?") -> str:
    """INSERT of one row into the named columns, with `mark` for each value."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"


@lru_cache(maxsize=512)
def copy_statement(table: str, columns: tuple[str, ...]) -> str:
    """PostgreSQL's COPY into the named columns."""
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
