"""Years of filed dispatch orders and installations, calls and complaints, written into books in bulk: by statements.

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
from devices.paperwork.complaints import Complaint, ComplaintAct, Registered
from devices.paperwork.dispatches import (
    Confirmation,
    DispatchOrder,
    Outcomes,
    ServiceRecord,
    StepTaken,
    Window,
)
from devices.paperwork.follow_ups import Answers, CallAct, FollowUp
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
JOBS_OF_DEVICE, JOBS_OF_CUSTOMER, JOBS_OF_INSTALLATION, JOBS_OF_CALL, JOBS_OF_COMPLAINT = 5, 10, 4, 4, 10
"""How many jobs there are for each device, each customer, each installation, each call, and each complaint."""
LONG_AGO = 60_000
"""The number up to which jobs were done more than a year ago: what was complained of since is counted every time,
and is about the jobs of the lot that ends with the LAST alone.
"""

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
    """INSERT INTO record (kind, key, revision, site, content, state, customer, day, assignee, reference)
    SELECT '{kind}', key, 1, 'BJ01', {content}, '{state}', customer, day, {assignee}, {reference} FROM job""",
    "INSERT INTO record_device (serial, kind, key) SELECT serial, '{kind}', key FROM job",
)
"""The day of each job is found in a list, since the engines reckon days differently."""


def file_jobs(store: Store, first: int, last: int = LAST) -> None:
    """Write the jobs from number `first` to `last` with their installations, calls and complaints."""
    days = ", ".join(_days())
    with _minding_nothing(store):
        for kind, letter, every, state, assignee, value in (
            ("dispatch_order", "D", 1, "done", "technician", _order()),
            ("installation", "N", JOBS_OF_INSTALLATION, "installed", "NULL", _installation()),
            ("follow_up", "FD", JOBS_OF_CALL, "answered", "technician", _follow_up()),
            ("complaint", "P", JOBS_OF_COMPLAINT, "closed", "'wang'", _complaint()),
        ):
            key = _NUMBERED.format(letter=letter, every=every)
            trip = _NUMBERED.format(letter="D", every=1)
            each = _EACH.format(days=days, every=every, key=key, trip=trip)
            for insert in _INSERTS:
                said = insert.format(
                    kind=kind,
                    content=_told(records.encode(value)),
                    state=state,
                    assignee=assignee,
                    reference="key" if kind == "complaint" else "NULL",
                )
                within = last if kind != "complaint" or last == LAST else min(last, LONG_AGO)
                store.execute(each + said, (first, within))
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


_ANSWERS: dict[str, Any] = {
    "on_time": "not_agreed", "manner": "yes", "proper": "yes", "promise": "yes", "paid_fen": 0, "favour": "no",
    "solved": "yes", "disk": None, "signed": "yes", "overall": 5,
}  # fmt: skip


def _follow_up() -> FollowUp:
    answers = Answers(**_ANSWERS)
    return FollowUp(
        "@key", "BJ01", "@trip", _AT, "@technician", "@customer", "@technician", ("@serial",), "answered",
        answers, course=(CallAct("answer", _AT, "chen"),),
    )  # fmt: skip


def _complaint() -> Complaint:
    """A valid one that is closed, and registered by its own number; its owner is a technician, who reads no site."""
    course = tuple(ComplaintAct(step, _AT, "zhang") for step in ("receive", "resolve", "check"))
    return Complaint(
        "@key", "BJ01", "phone", _AT, "wang", "wang", ("manner",), "@customer", "@trip", ("@serial",),
        ("@technician",), state="closed", valid=True, resolved_at=_AT, course=course,
        registered=Registered("@key", "2020-01-02"), closed_on="2020-01-02",
    )  # fmt: skip


def go_on(house: House) -> None:
    """What is going on: orders in every state, a swap that waits, an installation asked and one confirmed, a call to be
    made, one that differs, and what is complained of.
    """
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
    told = {**_ANSWERS, "paid_fen": 10_000}
    post("chen", f"/v1/follow-ups/{first}/answer", {"answers": told, "complaint": "收了我一百块"})
    complaint = {"site": "BJ01", "channel": "phone", "categories": ["manner"], "account": "态度差"}
    post("wu", "/v1/complaints", {**complaint, "about": swapped})


def _posting(house: House) -> Callable[..., Any]:
    def post(who: str, path: str, body: Any = None) -> Any:
        answer = house.of(who).post(path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    return post
