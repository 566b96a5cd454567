"""Years of filed dispatch orders and installations, written into books in bulk: by statements, not by acts.

They are as the acts would have left them, but that no journal has them. Their numbers end at LAST, so that more of
them are older ones, and what is done afterwards has the same numbers however many there are. `go_on` adds what goes on
beside them, by acts at a door.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from devices import records
from devices.calendar import TIME_ZONE
from devices.paperwork.dispatches import (
    Confirmation,
    DispatchOrder,
    Outcomes,
    ServiceRecord,
    StepTaken,
    Window,
)
from devices.paperwork.installations import InstallAct, Installation, InstallChecks
from devices.store.database import Store
from tests.custody import House
from tests.dispatched import done, sent, taken_along
from tests.door import TODAY

ORDERS = "/v1/dispatch-orders"
SERVED, SECOND, SPARE, SOLD = "661565714354", "661565720011", "661565720012", "661565714356"
CUSTOMER = "C-BJ01-000002"
"""Whose SERVED is."""
LAST = 100_000
UNTIL = date(2026, 11, 20)
DAYS = 1095
"""Over how many days the LAST jobs are spread, and before which day all of them were done."""
JOBS_OF_DEVICE, JOBS_OF_CUSTOMER, JOBS_OF_INSTALLATION = 5, 10, 4
"""How many jobs there are for each device, each customer, and each installation."""

_NUMBERED = "'{letter}-BJ01-' || substr(CAST(1000000 + n / {every} AS TEXT), 2)"
_CUSTOMER = f"'C-BJ01-' || CAST(100000 + n / {JOBS_OF_CUSTOMER} AS TEXT)"
_SERIAL = f"CAST(700000000000 + n / {JOBS_OF_DEVICE} AS TEXT)"
_TECHNICIAN = (
    "CASE n / 4 - n / 16 * 4 WHEN 0 THEN 'wang' WHEN 1 THEN 'sun' WHEN 2 THEN 'qian' ELSE 'zhou' END"
)
_EACH = f"""
WITH RECURSIVE number (n) AS (
    SELECT CAST(? AS INTEGER) UNION ALL SELECT n + 1 FROM number WHERE n < CAST(? AS INTEGER)
), day (at, day, at_us) AS (VALUES {{days}}), job AS (
    SELECT n, {{key}} AS key, {{trip}} AS trip, {_CUSTOMER} AS customer, {_SERIAL} AS serial,
        {_TECHNICIAN} AS technician, day, at_us
    FROM number JOIN day ON day.at = n * {DAYS} / {LAST + 1}
    WHERE n - n / {{every}} * {{every}} = 0
)
"""
_INSERTS = (
    "INSERT INTO revision SELECT '{kind}', key, 1, '{kind}', n, 'zhang', at_us, '{{}}' FROM job",
    """INSERT INTO record (kind, key, revision, site, content, state, customer, day, assignee)
    SELECT '{kind}', key, 1, 'BJ01', {content}, '{state}', customer, day, {assignee} FROM job""",
    "INSERT INTO record_device (serial, kind, key) SELECT serial, '{kind}', key FROM job",
)
"""The day of each job is found in a list, since the engines reckon days differently."""


def file_jobs(store: Store, first: int, last: int = LAST) -> None:
    """Write the jobs from number `first` to `last` with their installations."""
    days = ", ".join(_days())
    with _minding_nothing(store):
        for kind, letter, every, state, assignee, content in (
            ("dispatch_order", "D", 1, "done", "technician", records.encode(_order())),
            ("installation", "N", JOBS_OF_INSTALLATION, "installed", "NULL", records.encode(_installation())),
        ):
            key = _NUMBERED.format(letter=letter, every=every)
            trip = _NUMBERED.format(letter="D", every=1)
            each = _EACH.format(days=days, every=every, key=key, trip=trip)
            for insert in _INSERTS:
                said = insert.format(kind=kind, content=_told(content), state=state, assignee=assignee)
                store.execute(each + said, (first, last))
    if store.engine == "postgresql":  # as its autovacuum would; on SQLite nothing gathers statistics
        store.execute("ANALYZE record, record_device, revision")


@contextmanager
def _minding_nothing(store: Store) -> Iterator[None]:
    """A transaction in which no foreign key is minded: no link is written for what is written in bulk."""
    store.execute(
        "PRAGMA foreign_keys = 0" if store.engine == "sqlite" else "SET session_replication_role = replica"
    )
    with store.writing():
        yield
    store.close()


def _told(content: str) -> str:
    """A content with the columns of its job in the place of their marks, as an expression."""
    parts = _MARK.split(content)
    return " || ".join(_COLUMN.get(part, f"'{part}'") for part in parts)


def _days() -> Iterator[str]:
    for at in range(DAYS):
        day = UNTIL - timedelta(days=DAYS - at)
        nine = datetime.combine(day, time(9), ZoneInfo(TIME_ZONE))
        yield f"({at}, '{day}', {int(nine.timestamp()) * 1_000_000})"


_AT = 1_111_111
_COLUMN = {
    **{f"@{name}": name for name in ("key", "customer", "serial", "technician", "trip")},
    f"{_AT}": "at_us",
}
_MARK = re.compile(f"({'|'.join(_COLUMN)})")


def _order() -> DispatchOrder:
    """A filed order, in which each mark, and each _AT, stands for what is its own."""
    record = ServiceRecord(
        _AT, "主板故障，无法识别", "更换备件，开票测试正常", 0, _AT, "@technician", _AT, Outcomes(repair="solved"), (),
        Confirmation("stamped"),
    )  # fmt: skip
    course = tuple(
        StepTaken(step, _AT, by)
        for step, by in (("open", "zhang"), ("accept", "@technician"), ("file", "@technician"))
    )
    return DispatchOrder(
        "@key", "BJ01", "@customer", ("@serial",), ("repair",), "无法识别", _AT, _AT, "zhang", "@technician",
        Window(_AT, _AT), state="done", course=course, record=record,
    )  # fmt: skip


def _installation() -> Installation:
    course = tuple(InstallAct(step, _AT, "zhang") for step in ("ask", "send", "confirm"))
    return Installation(
        "@key", "BJ01", "@customer", "@serial", "on_site", _AT, _AT, "zhang", order="@trip", installed_at=_AT,
        checks=InstallChecks(opens=True, runs=True, prints=True), state="installed", course=course,
    )  # fmt: skip


def go_on(house: House) -> None:
    """What is going on: orders in every state, a swap that waits, an installation asked and one confirmed."""
    post = _posting(house)
    sale = {"type": "sale", "site": "BJ01", "business_date": TODAY, "application": "SY-9"}
    sold = [f"{int(SOLD) + n}" for n in range(2)]
    post(
        "zhang",
        "/v1/documents",
        {**sale, "customer": {"number": CUSTOMER}, "lines": [{"serial": each} for each in sold]},
    )
    first = post("zhang", ORDERS, sent(SERVED, technician="wang"))["number"]
    post("wang", f"{ORDERS}/{first}/service-record", done())
    again = post("zhang", ORDERS, sent(SERVED, technician="wang", issued_as="FW-1"))["number"]
    post("wang", f"{ORDERS}/{again}/accept")
    swapped = post("zhang", ORDERS, sent(SECOND, technician="wang"))["number"]
    post("zhang", "/v1/documents", taken_along(swapped, (SECOND, SPARE)))
    post("wang", f"{ORDERS}/{swapped}/service-record", done((SECOND, SPARE)))
    post("wu", ORDERS, sent(SECOND, purposes=["return_visit"]))
    about = {"site": "BJ01", "fault": "不会开票", "customer": {"number": CUSTOMER}, "technician": "wang"}
    waits = post("wu", ORDERS, about)["number"]
    post("wang", f"{ORDERS}/{waits}/accept")
    post("wang", f"{ORDERS}/{waits}/postpone", {"reason": "part_missing"})
    for serial in sold:
        asked = post("wu", "/v1/installations", {"site": "BJ01", "serial": serial, "mode": "download"})[
            "number"
        ]
    checks = {"opens": True, "runs": True, "prints": True}
    post("wu", f"/v1/installations/{asked}/confirm", {"checks": checks, "confirmed_by": {"name": "刘会计"}})


def _posting(house: House) -> Callable[..., Any]:
    def post(who: str, path: str, body: Any = None) -> Any:
        answer = house.of(who).post(path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    return post
