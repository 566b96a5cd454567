"""Building the schema as the tables are declared: what a database lacks is made, what it has is left alone.

Every migration ends in this, so that a new database and one that grew are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import peewee

from devices.store.tables import APPEND_ONLY, INDEXES, columns_of, name_of
from devices.store.tables.columns import Table

# By hand, here and below: peewee knows no triggers.
REFUSE_CHANGE = """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME;
END $$"""


def build(db: Any, tables: Iterable[type[Table]]) -> None:
    """Make those of these tables, columns, indexes and guards that a database has not; within a migration."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    there = set(db.get_tables())
    if not sqlite and not there & {name_of(table) for table in APPEND_ONLY}:
        db.execute_sql(REFUSE_CHANGE)
    for table in tables:
        name = name_of(table)
        if name in there:
            _add_columns(db, table)
        else:
            peewee.SchemaManager(table, db).create_table(safe=False)
            for statement in (_sqlite_guards if sqlite else _postgresql_guards)(table):
                db.execute_sql(statement)
        made = {index.name for index in db.get_indexes(name)} if name in there else set()
        for index in INDEXES:
            if index.of is table and index.name not in made:
                db.execute(index)


def build_anew(db: Any, table: type[Table]) -> None:
    """Let a table that is there have the CHECKs that it is declared with; within a migration, before `build`.

    PostgreSQL exchanges those of its columns. SQLite can not: the table is made anew and its rows are copied, whatever
    refers to it (see docs/decisions.md, "A kind of device is a row"). Its indexes are then for `build` to make.
    """
    assert table not in APPEND_ONLY, "what is never changed is not copied either"
    name, columns = name_of(table), columns_of(table)
    if name not in db.get_tables():
        return
    if not isinstance(db, peewee.SqliteDatabase):
        for column in columns:
            for check in getattr(table, column).checks:
                kept = f"{name}_{column}_check"
                db.execute_sql(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {kept}")
                db.execute_sql(f"ALTER TABLE {name} ADD CONSTRAINT {kept} CHECK ({check})")
        return
    made = _made_as(db, table)
    (there,) = db.execute_sql(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,)
    ).fetchone()
    if there == made:
        return
    anew = f"{name}_new"
    db.execute_sql(made.replace(f'"{name}"', f'"{anew}"', 1))
    told = ", ".join(columns)
    db.execute_sql(f"INSERT INTO {anew} ({told}) SELECT {told} FROM {name}")
    db.execute_sql(f"DROP TABLE {name}")
    db.execute_sql(f"ALTER TABLE {anew} RENAME TO {name}")


def _made_as(db: Any, table: type[Table]) -> str:
    """The statement that makes a table as it is declared."""
    statement, values = peewee.SchemaManager(table, db)._create_table(safe=False).query()  # noqa: SLF001
    assert not values, "a declaration has no values"
    return str(statement)


def _add_columns(db: Any, table: type[Table]) -> None:
    there = {column.name for column in db.get_columns(name_of(table))}
    for column in columns_of(table):
        if column not in there:
            ctx = db.get_sql_context()
            definition = getattr(table, column).ddl(ctx)
            words = (
                peewee.SQL("ALTER TABLE"),
                peewee.Entity(name_of(table)),
                peewee.SQL("ADD COLUMN"),
                definition,
            )
            db.execute(peewee.NodeList(words))


def _sqlite_guards(table: type[Table]) -> Iterator[str]:
    keys = APPEND_ONLY.get(table)
    if keys is None:
        return
    name = name_of(table)
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {name} WHERE " + " AND ".join(f"{c} = NEW.{c}" for c in key) + ")"
        for key in keys
    )
    refuse = f"BEGIN SELECT RAISE(ABORT, '{name} rows are never changed'); END"
    yield f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} {refuse}"
    yield f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} {refuse}"
    yield (
        f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {taken} "
        f"BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {name} has this row already'); END"
    )


def _postgresql_guards(table: type[Table]) -> Iterator[str]:
    if table in APPEND_ONLY:
        name = name_of(table)
        for event in ("UPDATE", "DELETE", "TRUNCATE"):
            yield (
                f"CREATE TRIGGER {name}_no_{event.lower()} BEFORE {event} ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
