"""The second store: sessions and throttling, which never queue behind the books.

With SQLite it is a second file beside the books, with PostgreSQL the same database.
"""

from __future__ import annotations

from pathlib import Path

from devices.store import schema
from devices.store.database import Store
from devices.store.tables import SECOND_STORE, name_of

MIGRATIONS = Path(__file__).parent / "migrations"
HISTORY_TABLE = "schema_migration_doors"
TABLES = tuple(name_of(table) for table in SECOND_STORE)
"""What the doors keep; losing it costs nobody more than a sign-in, so that no backup holds it."""


def doors_url(url: str) -> str:
    """The URL of the doors' store that belongs to the books at `url`: `panku.sqlite3` has `panku.doors.sqlite3`."""
    if not url.startswith("sqlite:"):
        return url
    beginning, slash, name = url.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return f"{beginning}{slash}{stem}.doors.{suffix}" if stem and dot else f"{url}.doors"


def migrate_doors(doors: Store) -> list[str]:
    """Bring the doors' tables to the newest schema, after the books' own; returns the migrations applied."""
    return schema.migrate(doors, MIGRATIONS, HISTORY_TABLE)


def check_doors(doors: Store) -> None:
    """Raise devices.schema.SchemaDiffers unless the doors' tables are as this version of Panku made them."""
    schema.check(doors, MIGRATIONS, HISTORY_TABLE)
