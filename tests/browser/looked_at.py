"""The books that every page is looked at with: something of everything, and a month closed, around the demo's story."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from devices.audit.custody.custody_kinds import HANDOVER, INSPECTION, VISIT
from devices.audit.kinds import STOCKTAKE
from devices.calendar import TIME_ZONE, month_of
from devices.paperwork_kinds import COMPLAINT, CUSTOMER, DISPATCH_ORDER, FOLLOW_UP, INSTALLATION, MANIFEST
from devices.store.database import Store
from panku.demo import fill
from tests.browser.conftest import ROOT
from tests.closing import review_all
from tests.counts import begin as begin_count
from tests.counts import close_count, held, scan
from tests.custody import House, begin, count_all, fault, inspect, request
from tests.custody import answers as items
from tests.door import Client
from web.pages import Page

SITE, BOOK = "BJ01", "merchandise"
BEFORE_THE_MONTHS_END = timedelta(days=3)
WHILE_US = 600_000_000
"""How long before they are served the books' last acts begin."""


def lived_in(store: Store, now_us: int) -> None:
    """Last month is counted and closed; a packing list, a finding, a visitor, a handover, a count with a variance."""
    now = datetime.fromtimestamp(now_us / 1_000_000, ZoneInfo(TIME_ZONE))
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    last = month - BEFORE_THE_MONTHS_END
    at_us = int(last.timestamp()) * 1_000_000
    fill(store, at_us)
    house = House(store)
    house.now = at_us
    house.enrol_extra()
    house.enrol("sun")
    review_all(house)
    count_all(house)
    house.now = max(now_us - WHILE_US, int(month.timestamp()) * 1_000_000)
    zhang = house.of("zhang")
    closed = zhang.post("/v1/months", {"site": SITE, "register": BOOK, "month": month_of(last.date())})
    assert closed.status_code == 201, closed.text
    listed = zhang.post(
        f"/v1/manifests?site={SITE}&register={BOOK}&supplier=启明&delivery_note=QM-018",
        (ROOT / "examples/packing-list-dirty.xlsx").read_bytes(),
        X_File_Name="packing-list-dirty.xlsx",
    )
    assert listed.status_code == 201, listed.text
    due_on = (now + timedelta(days=5)).date().isoformat()
    lasts_to = (now + timedelta(days=200)).date().isoformat()
    found = [{**each, "expires_on": lasts_to} if "expires_on" in each else each for each in items()]
    found = [fault(due_on=due_on) if each["item"] == "damp" else each for each in found]
    assert inspect(zhang, found).status_code == 201
    request(house, visit_on=now.date().isoformat())
    count_all(house)
    handover = begin(house)
    assert handover.status_code == 201, handover.text
    wanted = house.of("admin").send(
        "PUT", f"/v1/minimum-levels/{SITE}/TCG-01", {"minimum": 9}, If_Match='"0"'
    )
    assert wanted.status_code == 200, wanted.text
    asked = zhang.post("/v1/installations", {"site": SITE, "serial": "661565720011", "mode": "download"})
    attempt = {"minutes": 12, "outcome": "not_helped"}
    guided = house.of("wu").post(f"/v1/installations/{asked.json['number']}/guide", attempt)
    assert guided.status_code == 200, guided.text
    jobs_at_customers(house, now)
    complain(zhang)
    repair_elsewhere(house.of("zhao"), now.date().isoformat())
    send_wang(zhang, now)
    number = begin_count(zhang, BOOK)
    scan(zhang, number, *held(house, BOOK)[2:])
    assert close_count(zhang, number).status_code == 200


def complain(zhang: Client) -> None:
    """A customer complains of a technician; whoever they told has found out what happened, and others are to decide."""
    said = {"site": SITE, "channel": "phone", "categories": ["manner", "untimely"], "account": "约好上午，下午四点才来",
            "name": "刘会计", "contact": "010-62000000", "serials": ["661565714354"], "persons": ["wang"]}  # fmt: skip
    received = zhang.post("/v1/complaints", said)
    assert received.status_code == 201, received.text
    finding = {"text": "派工单约的是上午，到达时间是 16:05", "valid": True}
    found = zhang.post(f"/v1/complaints/{received.json['number']}/investigate", finding)
    assert found.status_code == 200, found.text


def send_wang(zhang: Client, now: datetime) -> None:
    """A technician is sent to a customer this afternoon, with a spare."""
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    window = {
        "starts_at": (noon + timedelta(hours=2)).isoformat(),
        "ends_at": (noon + timedelta(hours=4)).isoformat(),
    }
    contact = {"name": "钱会计", "phone": "010-62550101", "address": "北京市海淀区学院路 30 号 2 层"}
    sent = {"site": SITE, "serials": ["661565720011"], "fault": "开票时提示“未插盘”", "technician": "wang",
            "window": window, "contact": contact}  # fmt: skip
    opened = zhang.post("/v1/dispatch-orders", sent)
    assert opened.status_code == 201, opened.text
    carried = {"type": "carry_out", "site": SITE, "business_date": now.date().isoformat(),
               "order": opened.json["number"],
               "lines": [{"serial": "661565720012", "faulty": "661565720011"}]}  # fmt: skip
    assert zhang.post("/v1/documents", carried).status_code == 201


def repair_elsewhere(zhao: Client, day: str) -> None:
    """The other site is asked to install a device of this one's customer, takes it in, and learned where they are."""
    serial = "661565714354"
    named = {
        "taxpayer_id": "110101199003077",
        "name": "朝阳区惠民便利店",
        "address": "天津市和平区南京路 1 号",
    }
    asked = zhao.post(
        "/v1/installations", {"site": "TJ01", "serial": serial, "mode": "disc", "customer": named}
    )
    assert asked.status_code == 201, asked.text
    order = {"site": "TJ01", "serial": serial, "fault": "无法识别", "customer": named}
    opened = zhao.post("/v1/repairs", order)
    assert opened.status_code == 201, opened.text
    intake = {"type": "repair_intake", "site": "TJ01", "business_date": day, "order": opened.json["number"],
              "fault": "无法识别", "bin": "R-01", "lines": [{"serial": serial}]}  # fmt: skip
    assert zhao.post("/v1/documents", intake).status_code == 201


def jobs_at_customers(house: House, now: datetime) -> None:
    """A call that nobody was sent for yet, a job that waits, and one whose spare went in and is not settled."""
    zhang, wang, day = house.of("zhang"), house.of("wang"), now.date().isoformat()
    at = datetime.fromtimestamp(house.now / 1_000_000, ZoneInfo(TIME_ZONE)).isoformat(timespec="seconds")
    faulty, spare = "661565714354", "661565720013"
    caller = {"taxpayer_id": "91350100M000100Y43", "name": "福州晨光商贸有限公司"}
    order = {"site": SITE, "fault": "开票软件打不开", "customer": caller}
    numbers = []
    for body in (
        {**order, "technician": "wang", "purposes": ["return_visit"]},
        order,
        {"site": SITE, "fault": "无法读盘", "serials": [faulty], "technician": "wang"},
    ):
        opened = zhang.post("/v1/dispatch-orders", body)
        assert opened.status_code == 201, opened.text
        numbers.append(opened.json["number"])
    waiting, _, done = (f"/v1/dispatch-orders/{number}" for number in numbers)
    assert wang.post(f"{waiting}/accept").status_code == 200
    assert wang.post(f"{waiting}/postpone", {"reason": "customer_absent"}).status_code == 200
    carried = {"type": "carry_out", "site": SITE, "business_date": day, "order": numbers[2],
               "lines": [{"serial": spare, "faulty": faulty}]}  # fmt: skip
    assert zhang.post("/v1/documents", carried).status_code == 201
    record = {"arrived_at": at, "completed_at": at, "diagnosis": "芯片损坏", "work": "更换备件",
              "outcomes": {"repair": "solved"}, "used": [{"faulty": faulty, "spare": spare}],
              "confirmation": {"how": "stamped"}}  # fmt: skip
    filed = wang.post(f"{done}/service-record", record)
    assert filed.status_code == 201, filed.text
    told = {"reason": "收费写漏", "record": {**record, "charged_fen": 30_000}}
    corrected = wang.post(f"{done}/correct", told)
    assert corrected.status_code == 200, corrected.text


KINDS = {
    "manifest": MANIFEST, "inspection": INSPECTION, "visit": VISIT, "handover": HANDOVER,
    "order": DISPATCH_ORDER,
    "customer": CUSTOMER, "count": STOCKTAKE, "installation": INSTALLATION,
    "job": DISPATCH_ORDER, "follow_up": FOLLOW_UP, "complaint": COMPLAINT,
}  # fmt: skip
"""Pages of one record, by name: the kind of it, whose newest is looked at; a call's page has its job's number."""


def address_of(store: Store, page: Page, counting: str) -> str:
    """Where a page is in these books; `counting` is a stocktake under way."""
    (month,) = store.rows("SELECT month FROM month")[0]
    return page.path.format(
        number=counting if page.name == "counting" else _newest(store, page.name).removeprefix("F"),
        site=SITE,
        register=BOOK,
        month=month,
        username="zhang",
        task="receive",
        serial="661565714353",
    )


def _newest(store: Store, page: str) -> str:
    if page in KINDS:
        sql = "SELECT MAX(key) FROM record WHERE kind = ? AND site = ?"
        ((number,),) = store.rows(sql, (KINDS[page].name, SITE))
    elif page == "foreign_document":
        sql = (
            "SELECT MIN(d.number) FROM line_elsewhere e JOIN document d ON d.site = e.journal_site"
            " AND d.journal_seq = e.journal_seq WHERE e.site = ?"
        )
        ((number,),) = store.rows(sql, (SITE,))
    else:
        ((number,),) = store.rows("SELECT MIN(number) FROM document WHERE site = ?", (SITE,))
    return str(number)
