"""Which lines are in another site's journal than that of who answered for the device, read of the lines there are."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS

# By hand: every line against the one before it.
FILL = (
    "INSERT INTO line_elsewhere (site, journal_site, journal_seq, n)"
    " SELECT COALESCE(b.site, b.responsible_site), l.journal_site, l.journal_seq, l.n"
    " FROM line l JOIN line b ON b.serial = l.serial AND b.step = l.step - 1"
    " WHERE COALESCE(b.site, b.responsible_site) <> l.journal_site"
)


def up(migrator: Any, db: Any) -> None:
    """Make the table, and fill it."""
    build(db, TABLES_OF_BOOKS)
    db.execute_sql(FILL)
