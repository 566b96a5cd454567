"""What a site gives the registering of a complaint, and how many valid ones in a year it is warned of."""

from __future__ import annotations

from typing import Any

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS


def up(migrator: Any, db: Any) -> None:
    """Add the columns, with the numbers of the rule for every site, and an index of what waits to be registered."""
    build(db, TABLES_OF_BOOKS)
