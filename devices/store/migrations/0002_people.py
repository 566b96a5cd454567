"""People: persons, their grants, credentials and signing keys, and outlet tokens."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS


def up(migrator: Any, db: Any) -> None:
    """Make what the books have not yet."""
    build(db, TABLES_OF_BOOKS)
