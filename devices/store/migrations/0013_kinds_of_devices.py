"""Golden tax disks and tax UKeys: the kinds a model may be of, made of their table."""

from __future__ import annotations

from typing import Any

from devices.store.building import build, build_anew
from devices.store.tables import TABLES_OF_BOOKS
from devices.store.tables.registers import Models


def up(migrator: Any, db: Any) -> None:
    """Let models be of the new kinds."""
    build_anew(db, Models)
    build(db, TABLES_OF_BOOKS)
