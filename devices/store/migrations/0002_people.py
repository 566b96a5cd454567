"""People: persons, their grants, credentials and signing keys, and outlet tokens."""

from __future__ import annotations

from typing import Any

import peewee

TABLES = (
    """CREATE TABLE person (
        username TEXT PRIMARY KEY,
        commitment TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        revision INTEGER NOT NULL
    )""",
    """CREATE TABLE role_grant (
        username TEXT NOT NULL REFERENCES person (username),
        role TEXT NOT NULL CHECK (role IN ('storekeeper', 'auditor', 'clerk', 'supervisor', 'admin')),
        site TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        revision INTEGER NOT NULL,
        PRIMARY KEY (username, role, site),
        CHECK ((role IN ('supervisor', 'admin')) = (site = 'UNIT'))
    )""",
    "CREATE UNIQUE INDEX role_grant_one_per_site ON role_grant (username, site) WHERE active = 1",
    "CREATE INDEX role_grant_role ON role_grant (role, site) WHERE active = 1",
    # What a person proves themself by. Outside the chain: it is secret, and it changes without a word.
    # Each new password or reset raises the generation, which ends every session begun under an earlier one.
    """CREATE TABLE credential (
        username TEXT PRIMARY KEY REFERENCES person (username),
        password_hash TEXT,
        generation INTEGER NOT NULL CHECK (generation >= 0),
        enrolment_digest TEXT,
        enrolment_expires_at BIGINT,
        CHECK ((enrolment_digest IS NULL) = (enrolment_expires_at IS NULL)),
        CHECK (password_hash IS NULL OR enrolment_digest IS NULL)
    )""",
    """CREATE TABLE public_key (
        fingerprint TEXT PRIMARY KEY,
        username TEXT NOT NULL REFERENCES person (username),
        public_hex TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL CHECK (status IN ('active', 'waiting', 'void')),
        confirmed_by TEXT REFERENCES person (username),
        revision INTEGER NOT NULL,
        CHECK (confirmed_by IS NULL OR confirmed_by <> username),
        CHECK (status <> 'waiting' OR confirmed_by IS NULL)
    )""",
    "CREATE UNIQUE INDEX public_key_one_per_person ON public_key (username) WHERE status <> 'void'",
    # The private halves, sealed under their owners' passwords. Binary values are hex.
    """CREATE TABLE signing_key (
        username TEXT PRIMARY KEY REFERENCES person (username),
        fingerprint TEXT NOT NULL UNIQUE REFERENCES public_key (fingerprint),
        memory_kib INTEGER NOT NULL,
        passes INTEGER NOT NULL,
        lanes INTEGER NOT NULL,
        salt TEXT NOT NULL,
        nonce TEXT NOT NULL,
        sealed TEXT NOT NULL
    )""",
    """CREATE TABLE token (
        id TEXT PRIMARY KEY,
        digest TEXT NOT NULL UNIQUE,
        site TEXT NOT NULL REFERENCES site (code),
        scopes TEXT NOT NULL,
        username TEXT REFERENCES person (username),
        expires_at BIGINT NOT NULL,
        label TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        revision INTEGER NOT NULL
    )""",
    "CREATE INDEX token_site ON token (site)",
    "CREATE INDEX token_username ON token (username) WHERE username IS NOT NULL",
)


def up(migrator: Any, db: peewee.Database) -> None:
    """Make the tables of people."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    for statement in TABLES:
        # Keys are compared byte by byte, whatever the server's language.
        db.execute_sql(statement if sqlite else statement.replace(" TEXT", ' TEXT COLLATE "C"'))
