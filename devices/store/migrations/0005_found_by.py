"""What records are found by: their state, customer and day, which were read out of their content before.

Their devices, which it once kept beside these, have a table of their own since 0015_service.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from devices.store.building import build
from devices.store.tables import TABLES_OF_BOOKS
from devices.store.tables.ledger import Records

CHINA = timedelta(hours=8)  # no summer time since 1991, and no books so old


def up(migrator: Any, db: Any) -> None:
    """Add the columns, and fill them for the records that are there."""
    build(db, TABLES_OF_BOOKS)
    rows = Records.select(Records.kind, Records.key, Records.content).where(Records.kind.in_(sorted(_FOUND)))
    for kind, key, content in db.execute(rows).fetchall():
        state, customer, day = _FOUND[kind](json.loads(content))
        found = {Records.state: state, Records.customer: customer, Records.day: day}
        db.execute(Records.update(found).where(Records.kind == kind, Records.key == key))


def _day_of(at_us: int) -> str:
    return (datetime.fromtimestamp(at_us / 1_000_000, UTC) + CHINA).date().isoformat()


def order(of: dict[str, Any]) -> tuple[str | None, ...]:
    record = of.get("record")
    state = "cancelled" if of.get("cancelled") else "closed" if record else "open"
    return state, of.get("customer"), _day_of(record["filed_at"]) if record else of["opened_on"]


def consignment(of: dict[str, Any]) -> tuple[str | None, ...]:
    return None, None, of["sent_on"]


def stocktake(of: dict[str, Any]) -> tuple[str | None, ...]:
    return of["state"], None, _day_of(of["closed"]["at"] if of.get("closed") else of["opened_at"])


def inspection(of: dict[str, Any]) -> tuple[str | None, ...]:
    findings = [item["finding"] for item in of["items"] if item.get("finding")]
    settled = [_day_of(each["settled_at"]) for each in findings if each.get("settled_at") is not None]
    return "open" if len(settled) < len(findings) else "settled", None, max([of["made_on"], *settled])


def visit(of: dict[str, Any]) -> tuple[str | None, ...]:
    return of["state"], None, _day_of(of["course"][-1]["at"])


def handover(of: dict[str, Any]) -> tuple[str | None, ...]:
    return of["state"], None, None


_FOUND = {
    "repair": order,
    "dispatch_order": order,
    "consignment": consignment,
    "stocktake": stocktake,
    "inspection": inspection,
    "visit": visit,
    "handover": handover,
}
