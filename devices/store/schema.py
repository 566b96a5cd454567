"""The schema over time: migrations, and a fingerprint that notices what was changed behind their back.

A change of the schema, the note that it was made and the fingerprint are one transaction on both engines: whatever cuts
it off leaves the database as it was. The fingerprint is kept in the database; the guards among its objects are also
compared with the migrations themselves. See docs/decisions.md, "An upgrade is whole or it was not".
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import peewee
from playhouse.migrations import Migration, Runner

from devices.store import schema_guards
from devices.store.database import Store, StoreRefused
from devices.store.schema_objects import definitions_of, objects_of
from devices.store.statements import compiled
from devices.store.tables import name_of
from devices.store.tables.schema import Fingerprints
from devices.store.unusable import CAUSE


class Migrations(NamedTuple):
    """A folder of migrations, and the table in which a database notes which of them it has had."""

    folder: Path
    history: str


_HERE = Path(__file__).parent
BOOK_MIGRATIONS = Migrations(_HERE / "migrations", "schema_migration")
SESSION_MIGRATIONS = Migrations(_HERE / "session_migrations", "schema_migration_doors")
"""Of the session store; its table is called as of old: it is in the databases of those who use Panku."""

FINGERPRINT_TABLE = name_of(Fingerprints)
KEPT = compiled(Fingerprints.select(Fingerprints.object, Fingerprints.digest))
EMPTIED = compiled(Fingerprints.delete())
ADDED = "was added"
CHANGED = "was changed"
NOT_OURS = "The database has tables that Panku did not make: name another one in PANKU_DATABASE_URL."
NEWER = (
    "The database has had {unknown}, which this version of Panku does not know: run the version that it is of, or"
    " restore the backup that was made before it."
)
DIFFERS = (
    "The database's schema was changed behind Panku's back: {found}. Undo that change, or restore the database from a"
    " backup."
)
GUARDS_LOST = (
    "The database's guards were changed behind Panku's back: {found}. Rows of the ledger may have been changed since,"
    " so this is never accepted: restore the database from a backup."
)

# By hand: a statement that changes nothing and yet has to reach the disk, SQLite's header and PostgreSQL's next version
# of a row.
REWRITTEN = {
    "sqlite": "PRAGMA user_version = 0",
    "postgresql": f"UPDATE {FINGERPRINT_TABLE} SET digest = digest"
    f" WHERE object = (SELECT MIN(object) FROM {FINGERPRINT_TABLE})",
}


class SchemaDiffers(StoreRefused):
    """The database's schema is not the one this version of Panku made; the text says what to do."""

    cause = CAUSE["other_schema"]


def migrate(store: Store, migrations: Migrations = BOOK_MIGRATIONS) -> list[str]:
    """Make what an empty database lacks, or apply every pending migration; returns the names applied, in their order.

    All of them, the note of each and the schema's new fingerprint are one transaction. Of several that begin at once,
    one does it and the others find it done. Raises SchemaDiffers, and nothing was changed, when the schema is not the
    one that the last migration left.
    """
    if not pending(store, migrations):
        _refuse(store, migrations)
        return []
    with store.reshaping():
        _refuse(store, migrations)
        applied: list[str] = _runner(store, migrations).up()
        if applied:
            _keep(store)
    return applied


def pending(store: Store, migrations: Migrations = BOOK_MIGRATIONS) -> list[str]:
    """The names of the migrations that the database has not had, in their order."""
    return [step.name for step in _steps(store, migrations) if not step.applied]


def is_empty(store: Store) -> bool:
    """Whether the database has no table at all, so that it can become a new unit's books."""
    return not store.db.get_tables()


def refuse_strangers(store: Store) -> None:
    """Raise SchemaDiffers for a database that has tables, and not those in which Panku keeps its schema."""
    if FINGERPRINT_TABLE not in store.db.get_tables() and not is_empty(store):
        raise SchemaDiffers(NOT_OURS)


def check_schema(store: Store, migrations: Migrations = BOOK_MIGRATIONS) -> None:
    """Raise SchemaDiffers unless every migration was applied, no unknown one was, and the schema is as they left it."""
    refuse_strangers(store)
    if missing := pending(store, migrations):
        raise SchemaDiffers(f"The database has not had {', '.join(missing)}: run `panku migrate`.")
    _refuse(store, migrations)


def check_writing(store: Store) -> None:
    """Write what is there already, durably; raises what the database says where it cannot be written."""
    with store.writing():
        store.execute(REWRITTEN[store.engine])


def differences(store: Store, migrations: Migrations = BOOK_MIGRATIONS) -> list[str]:
    """What is not as it was when the fingerprint was kept, such as `trigger line_no_update is missing`; sorted.

    A guard that the applied migrations made is among them whatever the database says of its fingerprint.
    """
    kept: dict[str, str] = {}
    if FINGERPRINT_TABLE in store.db.get_tables():
        kept = dict(store.rows(KEPT))
    found = objects_of(store)
    changed = {name for name in kept.keys() | found.keys() if kept.get(name) != found.get(name)}
    told = {f"{name} {_difference(name, kept, found)}" for name in changed}
    lost = _lost_by_code(store, migrations)
    return sorted(told | {f"{name} {'is missing' if now is None else CHANGED}" for name, now in lost.items()})


def accept(store: Store, migrations: Migrations = BOOK_MIGRATIONS) -> list[str]:
    """Keep the schema's present fingerprint as the right one; returns the differences that were accepted.

    Raises SchemaDiffers for a database that Panku never migrated, and where a guard is missing or altered.
    """
    if migrations.history not in store.db.get_tables():
        raise SchemaDiffers(NOT_OURS)
    with store.reshaping():
        accepted = differences(store, migrations)
        if lost := _lost_guards(accepted):
            raise SchemaDiffers(GUARDS_LOST.format(found="; ".join(lost)))
        _keep(store)
    return accepted


def _keep(store: Store) -> None:
    """Keep the fingerprint of the schema as it is now, within the transaction that made it so."""
    peewee.SchemaManager(Fingerprints, store.db).create_table(safe=True)
    store.execute(EMPTIED)
    store.insert(Fingerprints, sorted(objects_of(store).items()))


def _refuse(store: Store, migrations: Migrations) -> None:
    """Raise SchemaDiffers for a database of somebody else's, of a newer version, or changed since it was migrated."""
    refuse_strangers(store)
    if is_empty(store):
        return
    if unknown := [step.name for step in _steps(store, migrations) if step.path is None]:
        raise SchemaDiffers(NEWER.format(unknown=", ".join(unknown)))
    if found := differences(store, migrations):
        said = GUARDS_LOST if _lost_guards(found) else DIFFERS
        raise SchemaDiffers(said.format(found="; ".join(found)))


def _lost_guards(found: list[str]) -> list[str]:
    """Those differences that are a guard's loss or change; a trigger that was added takes nothing away."""
    return [
        each for each in found if each.partition(" ")[0] in schema_guards.GUARDS and not each.endswith(ADDED)
    ]


def _lost_by_code(store: Store, migrations: Migrations) -> dict[str, str | None]:
    """The guards of the applied migrations that the database has not, or not as they made them."""
    steps = _steps(store, migrations)
    applied = tuple(str(step.path) for step in steps if step.applied and step.path is not None)
    schema = "main" if store.engine == "sqlite" else (store.row("SELECT current_schema()") or ("",))[0]
    required = schema_guards.required(store.engine, applied)
    return schema_guards.lost(required, definitions_of(store), str(schema))


def _steps(store: Store, migrations: Migrations) -> Iterator[Migration]:
    """Every migration that there is or that the database has had, in order: `applied` when, `path` where it is."""
    yield from _runner(store, migrations).status()


def _runner(store: Store, migrations: Migrations) -> Runner:
    return Runner(store.db, str(migrations.folder), migrations.history)


def _difference(name: str, kept: dict[str, str], found: dict[str, str]) -> str:
    if name not in found:
        return "is missing"
    return CHANGED if name in kept else ADDED
