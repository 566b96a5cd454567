"""The guards that the migrations make, as the migrations themselves say it: the database is not asked what guards it.

Whoever may drop a trigger may also change the rows in which the database keeps its schema's fingerprint, so what must
stand is read from the code: each migration is run on a stand-in that only notes what it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from devices.store.engines import Postgresql, Sqlite

GUARDS = ("trigger", "function")
"""The kinds of object that keep the ledger from being changed: one that is missing or altered is never accepted."""

MADE = re.compile(r"CREATE (?:OR REPLACE )?(TRIGGER|FUNCTION) (\w+).*?(?: ON (\w+) |$)")
DROPPED = re.compile(r"DROP (TRIGGER|FUNCTION) (?:IF EXISTS )?(\w+)(?:.*? ON (\w+))?")
ENABLED = "O "
"""How PostgreSQL says that a trigger fires (pg_trigger.tgenabled)."""


class _Nothing:
    """What a statement that is only noted answers."""

    rowcount = 0

    def fetchall(self) -> list[Any]:
        return []

    def fetchone(self) -> None:
        return None


class _Notes:
    """Notes every statement instead of running it."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[call-arg] # a peewee database that is never opened
        self.statements: list[str] = []

    def execute_sql(self, sql: str, *_: Any, **__: Any) -> _Nothing:
        self.statements.append(sql)
        return _Nothing()


class _SqliteNotes(_Notes, Sqlite):
    """Taken for SQLite by a migration."""


class _PostgresqlNotes(_Notes, Postgresql):
    """Taken for PostgreSQL by a migration."""


NOTES: dict[str, type[_Notes]] = {"sqlite": _SqliteNotes, "postgresql": _PostgresqlNotes}


@lru_cache(maxsize=8)
def required(engine: str, migrations: tuple[str, ...]) -> Mapping[str, str]:
    """The normal form of every guard that these migration files leave behind, by `trigger line_no_update`."""
    guards: dict[str, str] = {}
    for path in migrations:
        for statement in _statements(engine, path):
            if dropped := DROPPED.match(statement):
                guards.pop(_named(engine, *dropped.groups()), None)
            elif made := MADE.match(statement):
                fires = ENABLED if engine == "postgresql" and made[1] == "TRIGGER" else ""
                guards[_named(engine, *made.groups())] = fires + _normal(statement)
    return guards


def lost(
    guards: Mapping[str, str], found: Iterable[tuple[str, str, str]], schema: str
) -> dict[str, str | None]:
    """The guards that a database has not as they must be: with what it has in their place, None for nothing.

    `found` are (kind, name, definition) as the database tells them, `schema` is the name it may put before others.
    """
    there = {
        f"{kind} {name}": _normal(definition.replace(f"{schema}.", ""))
        for kind, name, definition in found
        if kind in GUARDS
    }
    return {name: there.get(name) for name, guard in guards.items() if there.get(name) != guard}


def _normal(definition: str) -> str:
    """A definition as both a migration and PostgreSQL write it."""
    words = " ".join(definition.split())
    return words.replace("CREATE OR REPLACE ", "CREATE ").replace("$function$", "$$")


def _statements(engine: str, path: str) -> list[str]:
    spec = spec_from_file_location("migration", path)
    assert spec is not None
    assert spec.loader is not None, "a migration is a Python file"
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    notes = NOTES[engine]()
    module.up(None, notes)
    return [" ".join(statement.split()) for statement in notes.statements]


def _named(engine: str, kind: str, name: str, table: str | None) -> str:
    """A guard as the schema's objects are named."""
    if kind == "FUNCTION":
        return f"function {name}()"
    return f"trigger {table}.{name}" if engine == "postgresql" else f"trigger {name}"
