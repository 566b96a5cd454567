"""The second store: sessions and the throttling of sign-in."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import SECOND_STORE


def up(migrator: Any, db: Any) -> None:
    """Make what the second store has not yet."""
    build(db, SECOND_STORE)
