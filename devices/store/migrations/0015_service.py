"""What happens at the customer's: records of several devices, whose work they are, and their numbers elsewhere.

The devices that records are about move to a table of their own; a dispatch order is found by its new states.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS
from devices.store.tables.ledger import RecordDevices, Records

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT_ONCE = 250
"""Records at a time: as many as SQLite takes the three columns of in one statement, of any version."""
OF_ONE_DEVICE = ("repair", "dispatch_order", "finding", "late_scan")


def up(migrator: Any, db: Any) -> None:
    """Add the table and the columns, and fill them for the records that are there."""
    for index in ("record_customer", "record_day"):  # by hand: they get more columns than they had
        db.execute_sql(f"DROP INDEX IF EXISTS {index}")
    build(db, TABLES_OF_BOOKS)
    for kind in OF_ONE_DEVICE:
        after = ""
        while rows := _next_contents(db, kind, after):
            _keep_found(db, kind, [(key, json.loads(content)) for key, content in rows])
            after = rows[-1][0]
    if any(column.name == "serial" for column in db.get_columns("record")):
        # By hand: peewee drops no column but through a model that declares it.
        db.execute_sql("DROP INDEX IF EXISTS record_serial")
        db.execute_sql("ALTER TABLE record DROP COLUMN serial")


def _next_contents(db: Any, kind: str, after: str) -> list[tuple[str, str]]:
    """Some contents at a time: there may be a hundred thousand, while nobody works."""
    here = Records.kind == kind, Records.key > after
    query = Records.select(Records.key, Records.content).where(*here).order_by(Records.key).limit(AT_ONCE)
    found: list[tuple[str, str]] = db.execute(query).fetchall()
    return found


def _keep_found(db: Any, kind: str, values: list[tuple[str, Any]]) -> None:
    """Keep what these records of a kind are found by now: their devices; done orders by the day they were done."""
    devices = [(value["serial"], kind, key) for key, value in values if value.get("serial")]
    if devices:
        columns = [RecordDevices.serial, RecordDevices.kind, RecordDevices.key]
        db.execute(RecordDevices.insert_many(devices, columns))
    if kind != "dispatch_order":
        return
    done = defaultdict(list)
    for key, value in values:
        if record := value.get("record"):
            done[_day_of(record["completed_at"])].append(key)
    for day, keys in done.items():
        found = {Records.state: "done", Records.day: day}
        db.execute(Records.update(found).where(Records.kind == kind, Records.key.in_(keys)))


def _day_of(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1_000_000, SHANGHAI).date().isoformat()
