"""The table in which a database keeps what its schema was when it was last migrated."""

from __future__ import annotations

from devices.store.tables.columns import Table, Text


class Fingerprints(Table):
    """The SHA-256 (hex) of the definition of each object of the schema."""

    object = Text(primary_key=True)
    digest = Text()

    class Meta:
        table_name = "schema_fingerprint"
