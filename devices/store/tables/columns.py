"""What the columns of the books are made of, on both engines, and the class every table is declared with."""

from __future__ import annotations

from typing import Any

import peewee


class Declared(peewee.Field):
    """A column that says beside its type what its values must be, and which row of another table it names.

    `check` is the text of a CHECK, `references` a table and its key, such as `site (code)`; `alone` says that no two
    rows have the same value; `since_default` is what rows have that were there before the column.
    """

    def __init__(
        self,
        *,
        check: str | None = None,
        references: str | None = None,
        since_default: int | str | None = None,
        alone: bool = False,
        **options: Any,
    ) -> None:
        self.checks: tuple[str, ...] = () if check is None else (check,)
        constraints: list[Any] = []
        if since_default is not None:
            constraints.append(peewee.SQL(f"DEFAULT {since_default!r}"))
        if alone:
            constraints.append(peewee.SQL("UNIQUE"))
        if references is not None:
            constraints.append(peewee.SQL(f"REFERENCES {references}"))
        if check is not None:
            constraints.append(peewee.Check(check))
        super().__init__(constraints=constraints, **options)


class Text(Declared):
    """Text; keys are compared byte by byte, whatever the server's language: numbers and cursors depend on it."""

    field_type = "BYTEWISE_TEXT"


class Integer(Declared):
    """A whole number of at most 31 bits."""

    field_type = "INT"


class BigInteger(Declared):
    """A whole number of at most 63 bits: microseconds, fen, a place in a journal."""

    field_type = "BIGINT"


class Bytes(Declared):
    """Bytes as they came."""

    field_type = "BLOB"


FIELD_TYPES = {
    "sqlite": {"BYTEWISE_TEXT": "TEXT", "INT": "INTEGER", "BIGINT": "BIGINT"},
    "postgresql": {"BYTEWISE_TEXT": 'TEXT COLLATE "C"', "INT": "INTEGER"},
}
"""What each engine calls the types above that peewee has no name for."""


class Flag(Integer):
    """0 or 1."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(check=f"{name} IN (0, 1)", **options)


class Table(peewee.Model):
    """A declared table. It is bound to no database: statements are built from it, and the store runs them."""


class Index(peewee.Index):
    """An index of a table under its own name."""

    def __init__(
        self, name: str, table: Any, *columns: str, unique: bool = False, where: str | None = None
    ) -> None:
        self.name, self.of = name, table
        condition = peewee.SQL(where) if where is not None else None
        super().__init__(name, table._meta.table_name, columns, unique=unique, where=condition)  # noqa: SLF001 - peewee documents it


def unique(*columns: str) -> Any:
    """That no two rows of a table agree in all of these columns."""
    return peewee.SQL(f"UNIQUE ({', '.join(columns)})")


def foreign(*columns: str, references: str) -> Any:
    """That several columns together name a row of another table, given with its key: `journal (site, seq)`."""
    return peewee.SQL(f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {references}")
