"""From which address each session was begun."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import SECOND_STORE


def up(migrator: Any, db: Any) -> None:
    """Add the column."""
    build(db, SECOND_STORE)
