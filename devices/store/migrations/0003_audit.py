"""Audit: what was scanned, the sheets that came of it, and the months that are closed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import peewee

TABLES = (
    # Every scan as it was sent. `claimed_at` is the phone's clock, `at` that clock corrected; microseconds, UTC.
    """CREATE TABLE scan (
        stocktake TEXT NOT NULL,
        id TEXT NOT NULL,
        n INTEGER NOT NULL CHECK (n > 0),
        serial TEXT,
        text TEXT NOT NULL,
        bin TEXT,
        part TEXT NOT NULL CHECK (part IN ('single', 'storekeeper', 'auditor', 'recount')),
        outcome TEXT NOT NULL,
        claimed_at BIGINT NOT NULL,
        at BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        skewed INTEGER NOT NULL CHECK (skewed IN (0, 1)),
        made_by TEXT NOT NULL,
        PRIMARY KEY (stocktake, id),
        UNIQUE (stocktake, n)
    )""",
    "CREATE INDEX scan_serial ON scan (stocktake, serial, n)",
    """CREATE TABLE scan_undo (
        stocktake TEXT NOT NULL,
        id TEXT NOT NULL,
        made_by TEXT NOT NULL,
        recorded_at BIGINT NOT NULL,
        PRIMARY KEY (stocktake, id),
        FOREIGN KEY (stocktake, id) REFERENCES scan (stocktake, id)
    )""",
    # What a close found: the header with the summary by model, and a row for every expected and every scanned serial.
    """CREATE TABLE sheet (
        stocktake TEXT NOT NULL,
        closing INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (stocktake, closing)
    )""",
    """CREATE TABLE sheet_row (
        stocktake TEXT NOT NULL,
        closing INTEGER NOT NULL,
        serial TEXT NOT NULL,
        result TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (stocktake, closing, serial),
        FOREIGN KEY (stocktake, closing) REFERENCES sheet (stocktake, closing)
    )""",
    "CREATE INDEX sheet_row_result ON sheet_row (stocktake, closing, result, serial)",
    # The current state of each month that was closed; posting looks here.
    """CREATE TABLE month (
        site TEXT NOT NULL REFERENCES site (code),
        register TEXT NOT NULL CHECK (register IN ('merchandise', 'spare')),
        month TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('closed', 'sealed', 'reopened')),
        stocktake TEXT NOT NULL,
        digest TEXT NOT NULL,
        payload TEXT NOT NULL,
        closed_at BIGINT NOT NULL,
        closed_by TEXT NOT NULL,
        reason TEXT,
        revision INTEGER NOT NULL,
        PRIMARY KEY (site, register, month)
    )""",
    # Under how many passwords a key has been sealed: each change of a password is a revision of its owner's key.
    "ALTER TABLE public_key ADD COLUMN seals INTEGER NOT NULL DEFAULT 1 CHECK (seals > 0)",
    "ALTER TABLE site ADD COLUMN inspection_days INTEGER NOT NULL DEFAULT 90 CHECK (inspection_days > 0)",
)

APPEND_ONLY = {
    "scan": (("stocktake", "id"), ("stocktake", "n")),
    "scan_undo": (("stocktake", "id"),),
    "sheet": (("stocktake", "closing"),),
    "sheet_row": (("stocktake", "closing", "serial"),),
}


def up(migrator: Any, db: peewee.Database) -> None:
    """Make the tables of audits, then their guards."""
    books = import_module("devices.store.migrations.0001_books")
    sqlite = isinstance(db, peewee.SqliteDatabase)
    for statement in TABLES:
        db.execute_sql(statement if sqlite else books.postgresql_words(statement))
    for table, keys in APPEND_ONLY.items():
        for guard in books.sqlite_guards(table, keys) if sqlite else books.postgresql_guards(table):
            db.execute_sql(guard)
