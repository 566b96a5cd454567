# ruff: noqa: INP001
"""The doors' own tables: sessions and the throttling of sign-in. Losing them costs nobody more than a sign-in."""

from __future__ import annotations

from typing import Any

import peewee

TABLES = (
    """CREATE TABLE session (
        digest TEXT PRIMARY KEY,
        username TEXT NOT NULL,
        generation INTEGER NOT NULL,
        made_at BIGINT NOT NULL,
        seen_at BIGINT NOT NULL,
        CHECK (seen_at >= made_at)
    )""",
    "CREATE INDEX session_username ON session (username)",
    "CREATE INDEX session_seen ON session (seen_at)",
    """CREATE TABLE throttle (
        digest TEXT PRIMARY KEY,
        failures INTEGER NOT NULL CHECK (failures >= 0),
        last_at BIGINT NOT NULL
    )""",
    "CREATE INDEX throttle_last ON throttle (last_at)",
)


def up(migrator: Any, db: peewee.Database) -> None:
    """Make the tables of the doors."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    for statement in TABLES:
        db.execute_sql(statement if sqlite else statement.replace(" TEXT", ' TEXT COLLATE "C"'))
