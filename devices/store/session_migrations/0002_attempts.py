"""Each attempt with a password is a row of its own, and from where somebody has signed in is kept."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import SECOND_STORE


def up(migrator: Any, db: Any) -> None:
    """Drop the counters, which were worth a quarter of an hour, and make what the second store has not yet."""
    db.execute_sql("DROP TABLE IF EXISTS throttle")
    build(db, SECOND_STORE)
