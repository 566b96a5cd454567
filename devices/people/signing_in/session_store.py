"""The second store: sessions and throttling, which never queue behind the books.

With SQLite it is a second file beside the books, with PostgreSQL the same database.
"""

from __future__ import annotations

from devices.store import schema
from devices.store.database import Store
from devices.store.tables import SECOND_STORE, name_of

TABLES = tuple(name_of(table) for table in SECOND_STORE)
"""What this store keeps; losing it costs nobody more than a sign-in, so that no backup holds it."""


def session_store_url(url: str) -> str:
    """The URL of the session store that belongs to the books at `url`: `panku.sqlite3` has `panku.doors.sqlite3`.

    The file is called as of old: it lies on the disks of those who use Panku.
    """
    if not url.startswith("sqlite:"):
        return url
    beginning, slash, name = url.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    return f"{beginning}{slash}{stem}.doors.{suffix}" if stem and dot else f"{url}.doors"


def migrate_session_store(session_store: Store) -> list[str]:
    """Bring the session store's tables to the newest schema, after the books' own; returns the migrations applied."""
    return schema.migrate(session_store, schema.SESSION_MIGRATIONS)
