"""The books that every page is looked at with: something of everything, and a month closed, around the demo's story."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from devices.audit.custody.custody_kinds import HANDOVER, INSPECTION, VISIT
from devices.audit.kinds import STOCKTAKE
from devices.calendar import TIME_ZONE, month_of
from devices.paperwork_kinds import CUSTOMER, MANIFEST, REPAIR
from devices.store.database import Store
from panku.demo import fill
from tests.browser.conftest import ROOT
from tests.closing import review_all
from tests.counts import begin as begin_count
from tests.counts import held, scan
from tests.custody import House, begin, count_all, fault, inspect, request
from tests.custody import answers as items
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
    number = begin_count(zhang, BOOK)
    scan(zhang, number, *held(house, BOOK)[2:])
    assert zhang.post(f"/v1/stocktakes/{number}/close").status_code == 200


KINDS = {
    "manifest": MANIFEST, "inspection": INSPECTION, "visit": VISIT, "handover": HANDOVER, "order": REPAIR,
    "customer": CUSTOMER, "count": STOCKTAKE,
}  # fmt: skip
"""Pages of one record, by name: the kind of it, whose newest is looked at."""


def address_of(store: Store, page: Page, counting: str) -> str:
    """Where a page is in these books; `counting` is a stocktake under way."""
    (month,) = store.rows("SELECT month FROM month")[0]
    return page.path.format(
        number=counting if page.name == "counting" else _newest(store, page.name),
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
    else:
        ((number,),) = store.rows("SELECT MIN(number) FROM document WHERE site = ?", (SITE,))
    return str(number)
