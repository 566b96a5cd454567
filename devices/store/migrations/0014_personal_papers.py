"""The bytes of papers that customers signed have a table of their own, in which they can be erased."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS


def up(migrator: Any, db: Any) -> None:
    """Make the table."""
    build(db, TABLES_OF_BOOKS)
