"""What counters were told of a register while they counted it blind; of the counts there were, nothing is known."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS


def up(migrator: Any, db: Any) -> None:
    """Make the table."""
    build(db, TABLES_OF_BOOKS)
