"""Every table there is, declared once: what creates it, writes it and reads it is built from here."""

from __future__ import annotations

from typing import Any

from devices.store.tables import audits, ledger, people, registers, sessions
from devices.store.tables.columns import Table

TABLES_OF_BOOKS: tuple[type[Table], ...] = (
    registers.Units, ledger.Links, ledger.Revisions, ledger.PersonalData, ledger.Records, ledger.RecordDevices,
    ledger.Blobs, ledger.PersonalBlobs,
    registers.Sites, registers.Bins, registers.Models, registers.Carriers,
    ledger.Documents, ledger.Reviews, ledger.Lines, ledger.LinesElsewhere, ledger.Positions,
    ledger.Standings, ledger.Reservations, ledger.Requests,
    people.Persons, people.RoleGrants, people.Credentials, people.PublicKeys, people.SigningKeys, people.Tokens,
    audits.Scans, audits.ScanUndos, audits.Disclosures, audits.Sheets, audits.SheetRows, audits.Months,
)  # fmt: skip
"""The tables of the books, each after those it refers to."""

SECOND_STORE: tuple[type[Table], ...] = (sessions.Sessions, sessions.Attempts, sessions.KnownNetworks)

INDEXES = (*ledger.LEDGER_INDEXES, *people.PEOPLE_INDEXES, *audits.AUDIT_INDEXES, *sessions.SESSION_INDEXES)

APPEND_ONLY: dict[type[Table], tuple[tuple[str, ...], ...]] = {
    ledger.Links: (("site", "seq"),),
    ledger.Revisions: (("kind", "key", "revision"), ("journal_site", "journal_seq")),
    ledger.Documents: (("number",), ("site", "year", "ordinal"), ("site", "journal_seq")),
    ledger.Reviews: (("document",), ("journal_site", "journal_seq")),
    ledger.Lines: (("serial", "step"), ("document", "n")),
    ledger.Blobs: (("digest",),),
    ledger.Requests: (("principal", "key"),),
    audits.Scans: (("stocktake", "id"), ("stocktake", "n")),
    audits.ScanUndos: (("stocktake", "id"),),
    audits.Disclosures: (("stocktake", "n"), ("stocktake", "username", "serial", "how", "code")),
    audits.Sheets: (("stocktake", "closing"),),
    audits.SheetRows: (("stocktake", "closing", "serial"),),
}
"""Rows of these tables are written once. Each unique key is named, since REPLACE could slip in through any of them."""


def name_of(table: type[Table]) -> str:
    """What a table is called in the database."""
    return str(table._meta.table_name)  # noqa: SLF001 - peewee documents it


_COLUMNS: dict[type[Table], tuple[str, ...]] = {}


def columns_of(table: type[Table]) -> tuple[str, ...]:
    """The names of a table's columns, in the order in which they are declared."""
    if table not in _COLUMNS:
        _COLUMNS[table] = tuple(table._meta.sorted_field_names)  # noqa: SLF001 - peewee documents it
    return _COLUMNS[table]


def key_of(table: type[Table]) -> tuple[str, ...]:
    """The columns of a table's primary key."""
    key: Any = table._meta.primary_key  # noqa: SLF001 - peewee documents it
    return tuple(getattr(key, "field_names", None) or (key.name,))
