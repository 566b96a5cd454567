"""A house with something of everything in each register of BJ01, which its staff then count blind."""

from __future__ import annotations

import itertools
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from devices.calendar import day_of
from devices.store.database import Store
from devices.values import REGISTERS
from tests import custody
from tests.closing import DAY_US, close, review_all, seal
from tests.counts import SECOND, close_count
from tests.custody import House
from tests.dispatched import sent
from tests.door import Client

SITE = "BJ01"
SOLD, CUSTODY, MENT, CARRIED = "661565714355", "661565714356", "661565714357", "661565720012"
AWAY, BACK = "661565714365", "661565714366"
"""Devices of the demo: one to be sold, one that comes in for repair, one a spare goes out for, and that spare; of those
on their way to TJ01 one that stays there and one that comes back."""
RECEIVED, SHORT = ("661565799001", "661565799002"), "661565799003"
WHOSE = {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"}
PAPERS = {"carrier": "SF", "consignment_number": "SF9900000001"}


def fill_counted(store: Store) -> None:
    """Fill empty books: a month counted and closed, and a day lived in after it; nothing is counted blind yet."""
    custody.fill_house(store)
    house = House(store)
    review_all(house)
    custody.count_all(house)
    custody.inspect(house.of("zhang"), custody.answers(custody.fault()))
    custody.request(house)
    house.now += 8 * DAY_US
    made(close(house.of("zhang")))
    seal(house)
    custody.count_all(house)
    _live(house)
    made(custody.begin(house))
    house.session_store.close()


def counted_house(store: Store) -> House:
    """A door over such books, at the moment at which they were filled."""
    house = House(store)
    row = store.row("SELECT MAX(recorded_at) FROM journal")
    assert row is not None
    house.now, house.keys = row[0] + SECOND, itertools.count(1_000_000)  # those that filled it began with 1
    return house


def made(answer: Any) -> Any:
    """What was made, or answered."""
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json


def today(house: House) -> str:
    """The day it is at a house."""
    day: date = day_of(house.now)
    return day.isoformat()


def post(
    house: House, document: str, *serials: str, who: str = "zhang", site: str = SITE, **said: Any
) -> Any:
    """Post a document of these devices; returns its number."""
    house.now += SECOND
    lines = {"lines": [{"serial": serial} for serial in serials]} if serials else {}
    body = {"type": document, "site": site, "business_date": today(house), **lines, **said}
    return made(house.of(who).post("/v1/documents", body))["number"]


def _live(house: House) -> None:
    zhang = house.of("zhang")
    query = f"site={SITE}&register=merchandise&supplier=启明&delivery_note=QM-99"
    listed = "序列号,型号\n" + "".join(f"{serial},TCG-01\n" for serial in (*RECEIVED, SHORT))
    manifest = made(zhang.post(f"/v1/manifests?{query}", listed.encode(), X_File_Name="QM-99.csv"))["number"]
    paper = {
        "register": "merchandise",
        "supplier": "启明",
        "delivery_note": "QM-99",
        "model": "TCG-01",
        "bin": "M-02",
    }
    post(house, "receipt", *RECEIVED, manifest=manifest, **paper)
    made(zhang.post(f"/v1/attachments?site={SITE}", b"a paper", X_File_Name="paper.txt"))
    customer: dict[str, Any] = {"customer": WHOSE}
    for serial in (SOLD, CUSTODY, MENT):
        post(house, "sale", serial, application="SY-0100", **customer)
        post(house, "registration", serial, **customer)
    made(zhang.post("/v1/installations", {"site": SITE, "serial": CUSTODY, "mode": "disc"}))
    order = {"site": SITE, "serial": CUSTODY, "fault": "不亮"}
    repair = made(zhang.post("/v1/repairs", order))["number"]
    post(house, "repair_intake", CUSTODY, order=repair, fault="不亮", bin="R-01")
    visit = made(zhang.post("/v1/dispatch-orders", sent(MENT, SITE, technician="wang")))["number"]
    made(zhang.post(f"/v1/attachments?site={SITE}&under={visit}", b"%PDF-1.7 signed"))
    post(house, "carry_out", order=visit, lines=[{"serial": CARRIED, "faulty": MENT}])
    post(house, "release", "661565714371", inspection="好", bin="M-01")  # waits for an auditor
    away = _dispatch_to(house, "TJ01")
    for serial in (AWAY, BACK):
        post(house, "arrival", serial, who="zhao", site="TJ01", dispatch=away, bin="M-01")
    again = post(house, "dispatch", BACK, who="zhao", site="TJ01", destination=SITE, **PAPERS)
    post(house, "arrival", BACK, dispatch=again, bin="M-02")
    post(house, "move", "661565714360", bin="M-02")
    there = {"site": "TJ01", "serial": SOLD, "fault": "不亮", "customer": WHOSE}
    made(house.of("zhao").post("/v1/repairs", there))


def _dispatch_to(house: House, site: str) -> str:
    row = house.store.row(
        "SELECT number FROM document WHERE type = 'dispatch' AND content LIKE ?", (f"%{site}%",)
    )
    assert row is not None
    return str(row[0])


def begin_blind(house: House) -> dict[str, str]:
    """Count every register of BJ01 blind; the number of each count."""
    house.now += SECOND
    bodies = [{"site": SITE, "register": register, "method": "blind"} for register in REGISTERS]
    return {
        body["register"]: made(house.of("zhang").post("/v1/stocktakes", body))["number"] for body in bodies
    }


def end_blind(house: House, counts: dict[str, str]) -> None:
    """Close these counts."""
    house.now += SECOND
    for number in counts.values():
        made(close_count(house.of("zhang"), number))


def standing(house: House) -> dict[str, tuple[str, str | None]]:
    """State and bin of every device of BJ01's registers, by serial."""
    rows = house.store.rows(
        "SELECT serial, state, bin FROM position WHERE site = ? AND register IS NOT NULL", (SITE,)
    )
    return {serial: (state, bin_code) for serial, state, bin_code in rows}


def text_of(answer: Any) -> str:
    """What an answer says: its text, or that of the cells of a workbook."""
    if answer.content[:4] != b"PK\x03\x04":
        return answer.content.decode("utf-8", "replace") if answer.content[:4] != b"%PDF" else ""
    book = load_workbook(BytesIO(answer.content), read_only=True)
    return "\n".join(
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell
    )


def clients(house: House) -> dict[str, Client]:
    """Who counts: a storekeeper, an auditor, a clerk, and the storekeeper's own program."""
    own = house.token(SITE, username="zhang")
    return {**{who: house.of(who) for who in ("zhang", "li", "wu")}, "token of zhang": own}
