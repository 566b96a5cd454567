"""Lines that another site's journal holds of a device are told also to the site that answers for it after them."""

from __future__ import annotations

from typing import Any

# By hand: every line against the one before it. Whoever answered for the device until then is told already.
FILL = (
    "INSERT INTO line_elsewhere (site, journal_site, journal_seq, n)"
    " SELECT COALESCE(l.site, l.responsible_site), l.journal_site, l.journal_seq, l.n"
    " FROM line l LEFT JOIN line b ON b.serial = l.serial AND b.step = l.step - 1"
    " WHERE COALESCE(l.site, l.responsible_site) <> l.journal_site"
    " AND COALESCE(b.site, b.responsible_site, '') <> COALESCE(l.site, l.responsible_site)"
)


def up(migrator: Any, db: Any) -> None:
    """Fill in what is missing."""
    db.execute_sql(FILL)
