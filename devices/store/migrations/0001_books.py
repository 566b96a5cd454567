"""The first tables: registers, the journal, documents and lines, and the guards that keep ledger rows unchanged."""

from __future__ import annotations

from typing import Any

import peewee

POSITION = """
    state TEXT NOT NULL,
    register TEXT,
    site TEXT,
    bin TEXT,
    condition TEXT,
    party TEXT,
    customer TEXT,
    responsible_site TEXT NOT NULL,
    model TEXT NOT NULL,
    warranty_until TEXT,
    left_state TEXT,
    left_book TEXT,
    replaces TEXT,
    replaced_by TEXT,
    paired_with TEXT,
    order_number TEXT,
    meant_for TEXT,
    mark TEXT
"""

# Which columns each state must and must not have. A test reads devices.values.STATES against it.
# See docs/decisions.md, "What a position must have".
# `IS TRUE`: a CHECK that comes to NULL passes, and a missing register must not.
POSITION_CHECKS = """
    CHECK ((CASE state
        WHEN 'in_stock' THEN condition = 'good' AND register IN ('merchandise', 'spare')
        WHEN 'quarantined' THEN condition = 'quarantine' AND register IN ('merchandise', 'spare')
        WHEN 'faulty' THEN condition = 'faulty' AND register = 'spare'
        WHEN 'in_repair' THEN condition IS NOT NULL AND register = 'custody'
        WHEN 'carried' THEN register = 'spare'
        WHEN 'in_transit' THEN register IS NOT NULL
        WHEN 'at_factory' THEN register IS NOT NULL
        WHEN 'missing' THEN register IS NOT NULL
        WHEN 'sold' THEN register IS NULL
        WHEN 'in_service' THEN register IS NULL
        WHEN 'lost' THEN register IS NULL
        WHEN 'surrendered' THEN register IS NULL
        WHEN 'returned' THEN register IS NULL
        WHEN 'exchanged' THEN register IS NULL
        WHEN 'written_off' THEN register IS NULL
        WHEN 'void' THEN register IS NULL
        ELSE 1 = 0 END) IS TRUE),
    CHECK (register IS NULL OR register IN ('merchandise', 'spare', 'custody')),
    CHECK ((register IS NULL) = (site IS NULL)),
    CHECK ((state IN ('in_stock', 'quarantined', 'faulty', 'in_repair')) = (bin IS NOT NULL)),
    CHECK ((bin IS NULL) = (condition IS NULL)),
    CHECK ((state IN ('carried', 'in_transit', 'at_factory')) = (party IS NOT NULL)),
    CHECK ((customer IS NOT NULL) = (state IN ('sold', 'in_service', 'lost') OR
                                     (register IS NOT NULL AND register = 'custody'))),
    CHECK ((state = 'carried') >= (meant_for IS NOT NULL)),
    CHECK (left_book IS NULL OR left_book IN ('merchandise', 'spare'))
"""

TABLES = (
    """CREATE TABLE unit (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        name TEXT NOT NULL,
        time_zone TEXT NOT NULL,
        secret TEXT NOT NULL,
        made_at BIGINT NOT NULL
    )""",
    """CREATE TABLE journal (
        site TEXT NOT NULL,
        seq BIGINT NOT NULL CHECK (seq > 0),
        kind TEXT NOT NULL,
        reference TEXT NOT NULL,
        format INTEGER NOT NULL,
        recorded_at BIGINT NOT NULL,
        digest TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (site, seq)
    )""",
    """CREATE TABLE revision (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        revision INTEGER NOT NULL CHECK (revision > 0),
        journal_site TEXT NOT NULL,
        journal_seq BIGINT NOT NULL,
        made_by TEXT NOT NULL,
        recorded_at BIGINT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (kind, key, revision),
        UNIQUE (journal_site, journal_seq),
        FOREIGN KEY (journal_site, journal_seq) REFERENCES journal (site, seq)
    )""",
    """CREATE TABLE personal (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        revision INTEGER NOT NULL,
        latest INTEGER NOT NULL CHECK (latest IN (0, 1)),
        salt TEXT,
        content TEXT,
        taxpayer_id TEXT,
        PRIMARY KEY (kind, key, revision),
        FOREIGN KEY (kind, key, revision) REFERENCES revision (kind, key, revision),
        CHECK ((salt IS NULL) = (content IS NULL)),
        CHECK (taxpayer_id IS NULL OR content IS NOT NULL)
    )""",
    "CREATE UNIQUE INDEX personal_latest ON personal (kind, key) WHERE latest = 1",
    "CREATE UNIQUE INDEX personal_taxpayer ON personal (taxpayer_id) WHERE latest = 1 AND taxpayer_id IS NOT NULL",
    """CREATE TABLE record (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        revision INTEGER NOT NULL,
        site TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (kind, key),
        FOREIGN KEY (kind, key, revision) REFERENCES revision (kind, key, revision)
    )""",
    "CREATE INDEX record_site ON record (kind, site, key)",
    """CREATE TABLE blob (
        digest TEXT PRIMARY KEY,
        bytes {blob} NOT NULL
    )""",
    """CREATE TABLE site (
        code TEXT PRIMARY KEY CHECK (code <> 'UNIT'),
        name TEXT NOT NULL,
        in_transit_days INTEGER NOT NULL CHECK (in_transit_days > 0),
        carried_days INTEGER NOT NULL CHECK (carried_days > 0),
        at_factory_days INTEGER NOT NULL CHECK (at_factory_days > 0),
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        revision INTEGER NOT NULL
    )""",
    """CREATE TABLE bin (
        site TEXT NOT NULL REFERENCES site (code),
        code TEXT NOT NULL,
        register TEXT NOT NULL,
        condition TEXT NOT NULL,
        name TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        revision INTEGER NOT NULL,
        PRIMARY KEY (site, code),
        UNIQUE (site, code, register, condition),
        CHECK (register IN ('merchandise', 'spare', 'custody')),
        CHECK (condition IN ('good', 'quarantine', 'faulty')),
        CHECK (NOT (register = 'merchandise' AND condition = 'faulty'))
    )""",
    """CREATE TABLE model (
        code TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('tax_disk', 'report_disk', 'spare_part')),
        name TEXT NOT NULL,
        serial_pattern TEXT NOT NULL,
        price_fen BIGINT NOT NULL CHECK (price_fen >= 0),
        warranty_months INTEGER NOT NULL CHECK (warranty_months >= 0),
        family TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        revision INTEGER NOT NULL
    )""",
    """CREATE TABLE carrier (
        code TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        revision INTEGER NOT NULL
    )""",
    """CREATE TABLE document (
        number TEXT PRIMARY KEY,
        site TEXT NOT NULL REFERENCES site (code),
        year INTEGER NOT NULL,
        ordinal INTEGER NOT NULL CHECK (ordinal > 0),
        type TEXT NOT NULL,
        register TEXT,
        business_date TEXT NOT NULL,
        recorded_at BIGINT NOT NULL,
        made_by TEXT NOT NULL,
        token TEXT,
        cites TEXT REFERENCES document (number),
        answers TEXT REFERENCES document (number),
        under TEXT,
        content TEXT NOT NULL,
        journal_seq BIGINT NOT NULL,
        UNIQUE (site, year, ordinal),
        UNIQUE (site, journal_seq),
        FOREIGN KEY (site, journal_seq) REFERENCES journal (site, seq)
    )""",
    "CREATE INDEX document_cites ON document (cites) WHERE cites IS NOT NULL",
    "CREATE INDEX document_answers ON document (answers) WHERE answers IS NOT NULL",
    "CREATE INDEX document_under ON document (under) WHERE under IS NOT NULL",
    """CREATE TABLE review (
        document TEXT PRIMARY KEY REFERENCES document (number),
        decision TEXT NOT NULL CHECK (decision IN ('approve', 'reject', 'withdraw')),
        reason TEXT,
        made_by TEXT NOT NULL,
        recorded_at BIGINT NOT NULL,
        journal_site TEXT NOT NULL,
        journal_seq BIGINT NOT NULL,
        document_hash TEXT NOT NULL,
        UNIQUE (journal_site, journal_seq),
        FOREIGN KEY (journal_site, journal_seq) REFERENCES journal (site, seq)
    )""",
    """CREATE TABLE line (
        serial TEXT NOT NULL,
        step INTEGER NOT NULL CHECK (step > 0),
        document TEXT NOT NULL REFERENCES document (number),
        n INTEGER NOT NULL CHECK (n > 0),
        journal_site TEXT NOT NULL,
        journal_seq BIGINT NOT NULL,
        type TEXT NOT NULL,
        reverses INTEGER,
        recorded_at BIGINT NOT NULL,
        business_date TEXT NOT NULL,
        from_state TEXT NOT NULL,
        from_register TEXT,
        from_site TEXT,
        from_bin TEXT,"""
    + POSITION
    + """, facts TEXT NOT NULL,
        PRIMARY KEY (serial, step),
        UNIQUE (document, n),
        FOREIGN KEY (journal_site, journal_seq) REFERENCES journal (site, seq),"""
    + POSITION_CHECKS
    + ")",
    "CREATE INDEX line_journal ON line (journal_site, journal_seq, n)",
    "CREATE INDEX line_in ON line (site, register, business_date)",
    "CREATE INDEX line_out ON line (from_site, from_register, business_date)",
    """CREATE TABLE position (
        serial TEXT PRIMARY KEY,
        step INTEGER NOT NULL,
        document TEXT NOT NULL REFERENCES document (number),
        recorded_at BIGINT NOT NULL,
        business_date TEXT NOT NULL,"""
    + POSITION
    + """,
        FOREIGN KEY (serial, step) REFERENCES line (serial, step),
        FOREIGN KEY (model) REFERENCES model (code),
        FOREIGN KEY (site, bin, register, condition) REFERENCES bin (site, code, register, condition),"""
    + POSITION_CHECKS
    + ")",
    "CREATE INDEX position_book ON position (site, register, model, state)",
    "CREATE UNIQUE INDEX position_meant_for ON position (meant_for) WHERE meant_for IS NOT NULL",
    "CREATE INDEX position_customer ON position (customer) WHERE customer IS NOT NULL",
    "CREATE INDEX position_state ON position (state, responsible_site)",
    """CREATE TABLE standing (
        document TEXT PRIMARY KEY REFERENCES document (number),
        site TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('pending', 'posted', 'rejected', 'withdrawn', 'reversed')),
        review TEXT NOT NULL CHECK (review IN ('none', 'waiting', 'approved', 'rejected', 'withdrawn')),
        lines INTEGER NOT NULL,
        reversed INTEGER NOT NULL,
        resolved INTEGER NOT NULL CHECK (resolved IN (0, 1)),
        CHECK (reversed BETWEEN 0 AND lines)
    )""",
    "CREATE INDEX standing_queue ON standing (site, document) WHERE review = 'waiting'",
    "CREATE INDEX standing_unresolved ON standing (site, document) WHERE resolved = 0",
    """CREATE TABLE reservation (
        serial TEXT PRIMARY KEY,
        document TEXT NOT NULL REFERENCES document (number)
    )""",
    """CREATE TABLE request (
        principal TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        reference TEXT NOT NULL,
        PRIMARY KEY (principal, key)
    )""",
)

# Rows of these tables are written once. Each unique key is named, since REPLACE could slip in through any of them.
APPEND_ONLY = {
    "journal": (("site", "seq"),),
    "revision": (("kind", "key", "revision"), ("journal_site", "journal_seq")),
    "document": (("number",), ("site", "year", "ordinal"), ("site", "journal_seq")),
    "review": (("document",), ("journal_site", "journal_seq")),
    "line": (("serial", "step"), ("document", "n")),
    "blob": (("digest",),),
    "request": (("principal", "key"),),
}


def postgresql_words(statement: str) -> str:
    # Keys are compared byte by byte, whatever the server's language: numbers and cursors depend on it.
    return statement.replace("{blob}", "BYTEA").replace(" TEXT", ' TEXT COLLATE "C"')


def sqlite_guards(table: str, keys: tuple[tuple[str, ...], ...]) -> list[str]:
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE " + " AND ".join(f"{c} = NEW.{c}" for c in key) + ")"
        for key in keys
    )
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} rows are never changed'); END"
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        (
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken} "
            f"BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {table} has this row already'); END"
        ),
    ]


def postgresql_guards(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for event in ("UPDATE", "DELETE", "TRUNCATE")
    ]


REFUSE_CHANGE = """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed', TG_TABLE_NAME;
END $$"""


def up(migrator: Any, db: peewee.Database) -> None:
    """Make every table of the books, then its guards."""
    sqlite = isinstance(db, peewee.SqliteDatabase)
    for statement in TABLES:
        db.execute_sql(statement.replace("{blob}", "BLOB") if sqlite else postgresql_words(statement))
    if not sqlite:
        db.execute_sql(REFUSE_CHANGE)
    for table, keys in APPEND_ONLY.items():
        for statement in sqlite_guards(table, keys) if sqlite else postgresql_guards(table):
            db.execute_sql(statement)
