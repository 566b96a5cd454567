"""The schema over time: migrations, and a fingerprint that notices what was changed behind their back.

The fingerprint is kept in the database; the guards among its objects are also compared with the migrations themselves.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import peewee
from playhouse.migrations import Runner

from devices.store import schema_guards
from devices.store.database import Row, Store, StoreRefused
from devices.store.statements import compiled
from devices.store.tables import name_of
from devices.store.tables.schema import Fingerprints
from devices.store.unusable import CAUSE

MIGRATIONS = Path(__file__).parent / "migrations"
HISTORY_TABLE = "schema_migration"
FINGERPRINT_TABLE = name_of(Fingerprints)
KEPT = compiled(Fingerprints.select(Fingerprints.object, Fingerprints.digest))
EMPTIED = compiled(Fingerprints.delete())
ADDED = "was added"
CHANGED = "was changed"
NOT_OURS = "The database has tables that Panku did not make: name another one in PANKU_DATABASE_URL."

# By hand: each engine's own catalogue, of which there are no tables to build from.
# Each query gives (kind, name, definition). A table's name is in its parts' names, so that a reader finds them.
SQLITE_OBJECTS = (
    """SELECT type, name, COALESCE(sql, 'ON ' || tbl_name) FROM sqlite_schema
       WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name""",
)
POSTGRESQL_OBJECTS = (
    """SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
              c.relname,
              c.relkind::text || c.relpersistence::text || c.relrowsecurity::text ||
              CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE '' END
       FROM pg_class c
       WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind NOT IN ('i', 'I', 'c', 't')""",
    """SELECT 'column', c.relname || '.' || a.attname,
              concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                        a.attgenerated, l.collname, pg_get_expr(d.adbin, d.adrelid))
       FROM pg_attribute a
       JOIN pg_class c ON c.oid = a.attrelid
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       LEFT JOIN pg_collation l ON l.oid = a.attcollation
       WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind NOT IN ('i', 'I', 'S', 'c', 't')
         AND a.attnum > 0 AND NOT a.attisdropped""",
    # A foreign key is kept by hidden triggers, which can be disabled one by one.
    """SELECT 'constraint', n.conrelid::regclass || '.' || n.conname,
              concat_ws(' ', n.contype, n.convalidated, pg_get_constraintdef(n.oid),
                        (SELECT string_agg(t.tgenabled::text, '' ORDER BY t.tgrelid::regclass::text, t.tgtype)
                         FROM pg_trigger t WHERE t.tgconstraint = n.oid))
       FROM pg_constraint n WHERE n.connamespace = current_schema()::regnamespace AND n.conrelid <> 0""",
    """SELECT 'index', c.relname, concat_ws(' ', i.indisvalid, pg_get_indexdef(i.indexrelid))
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       WHERE c.relnamespace = current_schema()::regnamespace""",
    """SELECT 'trigger', c.relname || '.' || t.tgname, concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
       WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal""",
    """SELECT 'rule', c.relname || '.' || r.rulename, concat_ws(' ', r.ev_enabled, pg_get_ruledef(r.oid))
       FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
       WHERE c.relnamespace = current_schema()::regnamespace AND r.rulename <> '_RETURN'""",
    """SELECT 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
              pg_get_functiondef(p.oid)
       FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind IN ('f', 'p')""",
)
OBJECTS = {"sqlite": SQLITE_OBJECTS, "postgresql": POSTGRESQL_OBJECTS}


# A statement that changes nothing and yet has to reach the disk: SQLite's header, PostgreSQL's next version of a row.
REWRITTEN = {
    "sqlite": "PRAGMA user_version = 0",
    "postgresql": f"UPDATE {FINGERPRINT_TABLE} SET digest = digest"
    f" WHERE object = (SELECT MIN(object) FROM {FINGERPRINT_TABLE})",
}


class SchemaDiffers(StoreRefused):
    """The database's schema is not the one this version of Panku made; the text says what to do."""

    cause = CAUSE["other_schema"]


def migrate(store: Store, directory: Path = MIGRATIONS, history_table: str = HISTORY_TABLE) -> list[str]:
    """Apply every pending migration, keep the schema's new fingerprint, and return the names applied.

    Only one process migrates at a time. Raises SchemaDiffers before anything is changed when the schema is not the
    one that the last migration left.
    """
    with store.alone():
        _refuse_difference(store, directory, history_table)
        applied = pending(store, directory, history_table)
        for name in applied:
            _runner(store, directory, history_table).up(name)
            _keep(store)
    return applied


def pending(store: Store, directory: Path = MIGRATIONS, history_table: str = HISTORY_TABLE) -> list[str]:
    """The names of the migrations that the database has not had, in their order."""
    return [step.name for step in _runner(store, directory, history_table).status() if not step.applied]


def is_empty(store: Store) -> bool:
    """Whether the database has no table at all, so that it can become a new unit's books."""
    return not store.db.get_tables()


def refuse_strangers(store: Store) -> None:
    """Raise SchemaDiffers for a database that has tables, and not those in which Panku keeps its schema."""
    if FINGERPRINT_TABLE not in store.db.get_tables() and not is_empty(store):
        raise SchemaDiffers(NOT_OURS)


def check_schema(store: Store, directory: Path = MIGRATIONS, history_table: str = HISTORY_TABLE) -> None:
    """Raise SchemaDiffers unless every migration was applied, no unknown one was, and the schema is as they left it."""
    refuse_strangers(store)
    steps = _runner(store, directory, history_table).status()
    if missing := [step.name for step in steps if not step.applied]:
        raise SchemaDiffers(f"The database has not had {', '.join(missing)}: run `panku migrate`.")
    if unknown := [step.name for step in steps if step.path is None]:
        raise SchemaDiffers(
            f"The database has had {', '.join(unknown)}, which this version of Panku does not know."
        )
    _refuse_difference(store, directory, history_table)


def check_writing(store: Store) -> None:
    """Write what is there already, durably; raises what the database says where it cannot be written."""
    with store.writing():
        store.execute(REWRITTEN[store.engine])


def schema_fingerprint(store: Store) -> str:
    """SHA-256 (hex) over every table, column, index, constraint, trigger and trigger function of the schema."""
    whole = hashlib.sha256()
    for name, digest in sorted(_objects(store).items()):
        whole.update(f"{len(name)}:{name}{digest}".encode())
    return whole.hexdigest()


def differences(store: Store, directory: Path = MIGRATIONS, history_table: str = HISTORY_TABLE) -> list[str]:
    """What is not as it was when the fingerprint was kept, such as `trigger line_no_update is missing`; sorted.

    A guard that the applied migrations made is among them whatever the database says of its fingerprint.
    """
    kept: dict[str, str] = {}
    if FINGERPRINT_TABLE in store.db.get_tables():
        kept = dict(store.rows(KEPT))
    found = _objects(store)
    told = {f"{name} {_difference(name, kept, found)}" for name in _changed(kept, found)}
    lost = _lost_by_code(store, directory, history_table)
    return sorted(told | {f"{name} {'is missing' if now is None else CHANGED}" for name, now in lost.items()})


def accept(store: Store, directory: Path = MIGRATIONS, history_table: str = HISTORY_TABLE) -> list[str]:
    """Keep the schema's present fingerprint as the right one; returns the differences that were accepted.

    Raises SchemaDiffers for a database that Panku never migrated, and where a guard is missing or altered.
    """
    if history_table not in store.db.get_tables():
        raise SchemaDiffers(NOT_OURS)
    with store.alone():
        accepted = differences(store, directory, history_table)
        if lost := _lost_guards(accepted):
            raise SchemaDiffers(_guards_lost(lost))
        _keep(store)
    return accepted


def _keep(store: Store) -> None:
    with store.db.atomic():
        peewee.SchemaManager(Fingerprints, store.db).create_table(safe=True)
        store.execute(EMPTIED)
        store.insert(Fingerprints, sorted(_objects(store).items()))


def _refuse_difference(store: Store, directory: Path, history_table: str) -> None:
    refuse_strangers(store)
    if is_empty(store):
        return
    if found := differences(store, directory, history_table):
        if _lost_guards(found):
            raise SchemaDiffers(_guards_lost(found))
        raise SchemaDiffers(
            f"The database's schema was changed behind Panku's back: {'; '.join(found)}. Restore it, or, if the change "
            "was meant, run `panku migrate --accept`."
        )


def _lost_guards(found: list[str]) -> list[str]:
    """Those differences that are a guard's loss or change; a trigger that was added takes nothing away."""
    return [
        each for each in found if each.partition(" ")[0] in schema_guards.GUARDS and not each.endswith(ADDED)
    ]


def _lost_by_code(store: Store, directory: Path, history_table: str) -> dict[str, str | None]:
    """The guards of the applied migrations that the database has not, or not as they made them."""
    steps = _runner(store, directory, history_table).status()
    applied = tuple(str(step.path) for step in steps if step.applied and step.path is not None)
    schema = "main" if store.engine == "sqlite" else (store.row("SELECT current_schema()") or ("",))[0]
    return schema_guards.lost(schema_guards.required(store.engine, applied), _definitions(store), str(schema))


def _guards_lost(found: list[str]) -> str:
    return (
        f"The database's guards were changed behind Panku's back: {'; '.join(found)}. Rows of the ledger may have been "
        "changed since, so this is never accepted: restore the database from a backup."
    )


def _runner(store: Store, directory: Path, history_table: str) -> Runner:
    return Runner(store.db, str(directory), history_table)


def _objects(store: Store) -> dict[str, str]:
    """Every object of the schema, `trigger line_no_update`, with the SHA-256 (hex) of its definition."""
    return {f"{kind} {name}": _digest(definition) for kind, name, definition in _definitions(store)}


def _definitions(store: Store) -> Iterator[Row]:
    for query in OBJECTS[store.engine]:
        yield from store.rows(query)


def _digest(definition: str) -> str:
    return hashlib.sha256(definition.encode()).hexdigest()


def _changed(kept: dict[str, str], found: dict[str, str]) -> set[str]:
    return {name for name in kept.keys() | found.keys() if kept.get(name) != found.get(name)}


def _difference(name: str, kept: dict[str, str], found: dict[str, str]) -> str:
    if name not in found:
        return "is missing"
    return CHANGED if name in kept else ADDED
