"""What happens at the customer's: records of several devices, whose work they are, and their numbers elsewhere.

The devices that records are about move to a table of their own; a dispatch order is found by its new states.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS
from devices.store.tables.ledger import RecordDevices, Records

SHANGHAI = ZoneInfo("Asia/Shanghai")
OF_ONE_DEVICE = ("repair", "dispatch_order", "finding", "late_scan")


def up(migrator: Any, db: Any) -> None:
    """Add the table and the columns, and fill them for the records that are there."""
    for index in ("record_customer", "record_day"):  # by hand: they get more columns than they had
        db.execute_sql(f"DROP INDEX IF EXISTS {index}")
    build(db, TABLES_OF_BOOKS)
    rows = Records.select(Records.kind, Records.key, Records.content).where(Records.kind.in_(OF_ONE_DEVICE))
    for kind, key, content in db.execute(rows).fetchall():
        value = json.loads(content)
        if value.get("serial"):
            device = {RecordDevices.serial: value["serial"], RecordDevices.kind: kind, RecordDevices.key: key}
            db.execute(RecordDevices.insert(device))
        if kind == "dispatch_order" and (record := value.get("record")):
            done = {Records.state: "done", Records.day: _day_of(record["completed_at"])}
            db.execute(Records.update(done).where(Records.kind == kind, Records.key == key))
    if any(column.name == "serial" for column in db.get_columns("record")):
        # By hand: peewee drops no column but through a model that declares it.
        db.execute_sql("DROP INDEX IF EXISTS record_serial")
        db.execute_sql("ALTER TABLE record DROP COLUMN serial")


def _day_of(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1_000_000, SHANGHAI).date().isoformat()
