"""The first tables: registers, the journal, documents and lines, and the guards that keep ledger rows unchanged."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS


def up(migrator: Any, db: Any) -> None:
    """Make what the books have not yet."""
    build(db, TABLES_OF_BOOKS)
