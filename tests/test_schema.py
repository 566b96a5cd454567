"""Migrations and the fingerprint of the schema."""

from collections.abc import Callable, Iterator
from pathlib import Path

import peewee
import pytest

from devices.store import schema, schema_guards
from devices.store.database import Store
from devices.store.schema import Migrations
from devices.store.schema_objects import definitions_of, schema_fingerprint
from tests.conftest import ENGINES, Stores, migrated

pytestmark = pytest.mark.both_engines

FIRST = """
def up(migrator, db):
    db.execute_sql("CREATE TABLE shelf (slot BIGINT PRIMARY KEY, note TEXT CHECK (note <> '100%'))")
    db.execute_sql("CREATE INDEX shelf_note ON shelf (note)")
    for statement in {guards!r}:
        db.execute_sql(statement)
"""
SECOND = """
def up(migrator, db):
    db.execute_sql("ALTER TABLE shelf ADD COLUMN kind TEXT")
"""
FAULTY = """
def up(migrator, db):
    db.execute_sql("CREATE TABLE more (x INTEGER)")
    db.execute_sql("CREATE NONSENSE")
"""
GUARDS = {
    "sqlite": ["CREATE TRIGGER kept BEFORE DELETE ON shelf BEGIN SELECT RAISE(ABORT, 'kept'); END"],
    "postgresql": [
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION '% kept', TG_NAME; END $$""",
        "CREATE TRIGGER kept BEFORE DELETE ON shelf FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    ],
}


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """A store without a single table, once on each engine."""
    store = stores.empty(request.param)
    yield store
    stores.drop(store)


@pytest.fixture
def migrations(empty: Store, tmp_path: Path) -> Migrations:
    """A folder with one migration."""
    (tmp_path / "0001_shelf.py").write_text(FIRST.format(guards=GUARDS[empty.engine]))
    return Migrations(tmp_path, "schema_migration")


@pytest.fixture
def shelf(empty: Store, migrations: Migrations) -> Store:
    schema.migrate(empty, migrations)
    return empty


def test_a_new_database_is_empty_and_has_every_migration_pending(
    empty: Store, migrations: Migrations
) -> None:
    assert schema.is_empty(empty)
    assert schema.pending(empty, migrations) == ["0001_shelf"]


def test_migrating_applies_what_is_pending_once(empty: Store, migrations: Migrations) -> None:
    assert schema.migrate(empty, migrations) == ["0001_shelf"]
    assert schema.migrate(empty, migrations) == []
    schema.check_schema(empty, migrations)


def test_a_failing_migration_takes_those_before_it_back_with_it(shelf: Store, migrations: Migrations) -> None:
    before = list(definitions_of(shelf))
    (migrations.folder / "0002_kind.py").write_text(SECOND)
    (migrations.folder / "0003_faulty.py").write_text(FAULTY)
    with pytest.raises(peewee.DatabaseError):
        schema.migrate(shelf, migrations)
    assert schema.pending(shelf, migrations) == ["0002_kind", "0003_faulty"]
    assert list(definitions_of(shelf)) == before
    assert schema.differences(shelf, migrations) == []


def test_a_new_database_whose_migration_fails_stays_empty(empty: Store, migrations: Migrations) -> None:
    (migrations.folder / "0002_faulty.py").write_text(FAULTY)
    with pytest.raises(peewee.DatabaseError):
        schema.migrate(empty, migrations)
    assert schema.is_empty(empty)


def test_a_pending_migration_is_refused_naming_the_command(shelf: Store, migrations: Migrations) -> None:
    (migrations.folder / "0002_kind.py").write_text(SECOND)
    with pytest.raises(schema.SchemaDiffers, match=r"0002_kind.*`panku migrate`"):
        schema.check_schema(shelf, migrations)
    assert schema.migrate(shelf, migrations) == ["0002_kind"]
    schema.check_schema(shelf, migrations)


def test_a_migration_of_a_newer_version_is_refused(shelf: Store, migrations: Migrations) -> None:
    (migrations.folder / "0001_shelf.py").unlink()
    with pytest.raises(schema.SchemaDiffers, match=r"0001_shelf.*does not know"):
        schema.check_schema(shelf, migrations)


def test_somebody_elses_database_is_left_alone(empty: Store, migrations: Migrations) -> None:
    empty.execute("CREATE TABLE theirs (x INTEGER)")
    with pytest.raises(schema.SchemaDiffers, match="did not make"):
        schema.migrate(empty, migrations)
    with pytest.raises(schema.SchemaDiffers, match="did not make"):
        schema.accept(empty)
    assert empty.db.get_tables() == ["theirs"]


# Change -> what is named, on both engines or on one.
CHANGES = {
    "ALTER TABLE shelf ADD COLUMN more TEXT": ("shelf", ENGINES),
    "DROP INDEX shelf_note": ("index shelf_note is missing", ENGINES),
    "CREATE TABLE more (x INTEGER)": ("table more was added", ENGINES),
    "CREATE VIEW seen AS SELECT slot FROM shelf": ("view seen was added", ENGINES),
    "DROP TRIGGER kept": ("trigger kept is missing", ("sqlite",)),
    "DROP TRIGGER kept ON shelf": ("trigger shelf.kept is missing", ("postgresql",)),
    "ALTER TABLE shelf DISABLE TRIGGER kept": ("trigger shelf.kept was changed", ("postgresql",)),
    "ALTER TABLE shelf DROP CONSTRAINT shelf_note_check": (
        "constraint shelf.shelf_note_check",
        ("postgresql",),
    ),
    "ALTER TABLE shelf ALTER COLUMN note SET DEFAULT ''": ("column shelf.note was changed", ("postgresql",)),
    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$": (
        "function refuse() was changed",
        ("postgresql",),
    ),
    "CREATE RULE gone AS ON INSERT TO shelf DO INSTEAD NOTHING": (
        "rule shelf.gone was added",
        ("postgresql",),
    ),
}


@pytest.mark.parametrize(
    ("empty", "change", "named"),
    [(engine, change, named) for change, (named, where) in CHANGES.items() for engine in where],
    indirect=["empty"],
)
def test_a_change_behind_the_migrations_is_noticed_and_named(
    shelf: Store, migrations: Migrations, change: str, named: str
) -> None:
    before = schema_fingerprint(shelf)
    shelf.execute(change)
    assert schema_fingerprint(shelf) != before
    with pytest.raises(schema.SchemaDiffers) as refused:
        schema.check_schema(shelf, migrations)
    assert named in str(refused.value)


def test_a_migration_does_not_bless_a_change_that_somebody_made_before_it(
    shelf: Store, migrations: Migrations
) -> None:
    shelf.execute("DROP INDEX shelf_note")
    (migrations.folder / "0002_kind.py").write_text(SECOND)
    with pytest.raises(schema.SchemaDiffers, match="shelf_note"):
        schema.migrate(shelf, migrations)


def test_an_accepted_change_is_no_difference_any_more(shelf: Store, migrations: Migrations) -> None:
    shelf.execute("DROP INDEX shelf_note")
    assert schema.accept(shelf) == ["index shelf_note is missing"]
    schema.check_schema(shelf, migrations)


GUARDS_LOST = [each for each in CHANGES if "TRIGGER" in each or "FUNCTION" in each]


@pytest.mark.parametrize(
    ("empty", "change"),
    [(engine, change) for change in GUARDS_LOST for engine in CHANGES[change][1]],
    indirect=["empty"],
)
def test_a_guard_that_was_lost_or_changed_is_never_accepted(
    shelf: Store, migrations: Migrations, change: str
) -> None:
    shelf.execute(change)
    shelf.execute("CREATE TABLE more (x INTEGER)")
    for refused_by in (lambda: schema.accept(shelf), lambda: schema.check_schema(shelf, migrations)):
        with pytest.raises(schema.SchemaDiffers, match="restore the database from a backup") as refused:
            refused_by()
        assert CHANGES[change][0] in str(refused.value)
        assert "--accept" not in str(refused.value)
    assert "table more was added" in schema.differences(shelf)


@pytest.mark.parametrize(
    "forged", ["DELETE FROM schema_fingerprint WHERE object LIKE ?", "DELETE FROM schema_fingerprint"]
)
def test_a_guard_of_a_migration_is_missed_though_the_kept_fingerprint_was_changed_too(
    shelf: Store, migrations: Migrations, forged: str
) -> None:
    schema.check_schema(shelf, migrations)
    shelf.execute("DROP TRIGGER kept" + (" ON shelf" if shelf.engine == "postgresql" else ""))
    shelf.execute(forged, ("%kept",) if "?" in forged else ())
    for refused_by in (
        lambda: schema.check_schema(shelf, migrations),
        lambda: schema.accept(shelf, migrations),
        lambda: schema.migrate(shelf, migrations),
    ):
        with pytest.raises(schema.SchemaDiffers, match="restore the database from a backup") as refused:
            refused_by()
        assert "kept is missing" in str(refused.value)


def test_a_guard_with_another_body_is_noticed_though_the_kept_fingerprint_says_the_same(
    shelf: Store, migrations: Migrations
) -> None:
    body = {
        "sqlite": ["DROP TRIGGER kept", "CREATE TRIGGER kept BEFORE DELETE ON shelf BEGIN SELECT 1; END"],
        "postgresql": [
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$"
        ],
    }
    for statement in body[shelf.engine]:
        shelf.execute(statement)
    schema._keep(shelf)
    assert schema.differences(shelf, migrations) == [
        "trigger kept was changed" if shelf.engine == "sqlite" else "function refuse() was changed"
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_guard_of_a_fresh_database_is_one_that_the_migrations_say(
    stores: Stores, engine: str, tidy: Callable[[Store], Store]
) -> None:
    store = tidy(stores.fresh(engine))
    paths = tuple(str(path) for path in sorted(schema.BOOK_MIGRATIONS.folder.glob("0*.py")))
    found = {f"{kind} {name}" for kind, name, _ in definitions_of(store) if kind in schema_guards.GUARDS}
    assert schema_guards.required(engine, paths).keys() == found
    assert {name.split()[0] for name in found} <= set(schema_guards.GUARDS)
    assert schema.differences(store) == []


def test_a_guard_that_a_later_migration_drops_is_not_required_any_more(
    shelf: Store, migrations: Migrations
) -> None:
    dropped = "DROP TRIGGER kept" + (" ON shelf" if shelf.engine == "postgresql" else "")
    (migrations.folder / "0002_free.py").write_text(
        f"def up(migrator, db):\n    db.execute_sql({dropped!r})\n"
    )
    assert schema.migrate(shelf, migrations) == ["0002_free"]
    schema.check_schema(shelf, migrations)


def test_a_trigger_that_was_added_is_accepted(shelf: Store, migrations: Migrations) -> None:
    body = {
        "sqlite": "AFTER INSERT ON shelf BEGIN SELECT 1; END",
        "postgresql": "BEFORE DELETE ON shelf FOR EACH ROW EXECUTE FUNCTION refuse()",
    }
    shelf.execute(f"CREATE TRIGGER mine {body[shelf.engine]}")
    assert schema.accept(shelf) == [f"trigger {'shelf.' * (shelf.engine == 'postgresql')}mine was added"]
    schema.check_schema(shelf, migrations)


@pytest.mark.parametrize("engine", ENGINES)
def test_two_databases_of_one_version_have_one_fingerprint(
    stores: Stores, engine: str, tidy: Callable[[Store], Store]
) -> None:
    cloned, made = tidy(stores.fresh(engine)), tidy(stores.empty(engine))
    migrated(made.url)
    assert schema_fingerprint(made) == schema_fingerprint(cloned)


@pytest.fixture
def tidy(stores: Stores) -> Iterator[Callable[[Store], Store]]:
    """Notes a store, to be dropped after the test."""
    noted: list[Store] = []

    def note(store: Store) -> Store:
        noted.append(store)
        return store

    yield note
    for store in noted:
        stores.drop(store)
