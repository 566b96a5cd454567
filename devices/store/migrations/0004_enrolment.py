"""Who issued the code that a person signed up with: they could have used it themself, so they vouch for nothing."""

from __future__ import annotations

from typing import Any

import peewee

TABLES = (
    "ALTER TABLE credential ADD COLUMN enrolment_by TEXT",
    """ALTER TABLE public_key ADD COLUMN let_in_by TEXT
        CHECK (let_in_by IS NULL OR confirmed_by IS NULL OR confirmed_by <> let_in_by)""",
)


def up(migrator: Any, db: peewee.Database) -> None:
    """Add the columns."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    for statement in TABLES:
        # Keys are compared byte by byte, whatever the server's language.
        db.execute_sql(statement if sqlite else statement.replace(" TEXT", ' TEXT COLLATE "C"'))
