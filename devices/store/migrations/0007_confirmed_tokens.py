"""Tokens that their person has confirmed; of those that are there, nobody has."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS


def up(migrator: Any, db: Any) -> None:
    """Add the column."""
    build(db, TABLES_OF_BOOKS)
