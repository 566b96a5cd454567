"""Golden tax disks and tax UKeys are kinds of device, and technicians a role: what a column may say has grown."""

from __future__ import annotations

from typing import Any

from devices.store.building import build, build_anew
from devices.store.tables import TABLES_OF_BOOKS
from devices.store.tables.people import RoleGrants
from devices.store.tables.registers import Models


def up(migrator: Any, db: Any) -> None:
    """Let models and grants be what they are declared to be."""
    for table in (Models, RoleGrants):
        build_anew(db, table)
    build(db, TABLES_OF_BOOKS)
