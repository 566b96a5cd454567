"""The README's whole story, lived through the pages alone, in Chinese, on a phone: from an empty unit to evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from devices.journal import open_journals
from devices.ledger.proving.verify import verify
from devices.people import enrolment
from devices.store.database import Store
from devices.unit import found
from devices.values import UNIT
from panku.wiring import CHECKS, RECORD_KINDS
from tests.browser.conftest import PHONE, ROOT, Site, agree, evidence_holds, fits
from tests.browser.scanning import command, posted, scan, settle

PASSWORDS = {
    "admin": "library window otter",
    "zhang": "marble kettle seventeen",
    "li": "slow ferry across the marsh",
}
BINS = (
    ("M-01", "merchandise", "good"),
    ("M-09", "merchandise", "quarantine"),
    ("S-01", "spare", "good"),
    ("S-09", "spare", "faulty"),
    ("R-01", "custody", "good"),
)
TAXPAYER = "91350100M000100Y43"
SOLD, LYING, MISSING, MEANWHILE = "661565714353", "661565714354", "661565714356", "661565714355"
SPARES = ["661565720011", "661565720012"]
NEW = "661565729999"


def founded(store: Store, at_us: int) -> None:
    """What `panku init` does."""
    with store.writing():
        unit = found(store, "北方税控服务中心", at_us)
        writer = open_journals(store, [UNIT], at_us)
        enrolment.found_administrator(writer, unit, "admin", "王建国", PASSWORDS["admin"])


@pytest.fixture
def unit(tmp_path: Path, browser: Browser) -> Iterator[Site]:
    """A unit with nothing but its first administrator."""
    served = Site(tmp_path, founded, workers=2)
    yield served
    served.stop()


class People:
    """Everybody in a browser of their own, on a phone."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self.browser, self.site = browser, site

    def stranger(self) -> Page:
        """A phone that nobody has signed in on."""
        context = self.browser.new_context(viewport=PHONE, locale="zh-CN", base_url=self.site.address)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        return page

    def sign_in(self, who: str) -> Page:
        """Somebody signed in, at the home page."""
        page = self.stranger()
        page.goto("/sign-in")
        page.fill("[name=username]", who)
        page.fill("[name=password]", PASSWORDS[who])
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("今日")
        return page


def submit(page: Page, api: str, **fields: str) -> None:
    """Fill a form and send it; the page is shown anew."""
    form = page.locator(f"form[data-api='{api}']")
    form.evaluate("form => { const folded = form.closest('details'); if (folded) folded.open = true; }")
    for name, value in fields.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    with page.expect_navigation():
        form.get_by_role("button").click()


def set_up(people: People) -> None:
    """A site with bins, models, a carrier, and two people with roles, keys and passwords of their own."""
    admin = people.sign_in("admin")
    admin.goto("/admin/registers")
    submit(admin, "POST /v1/sites", code="BJ01", name="北京海淀库房")
    for code, register, condition in BINS:
        submit(admin, "POST /v1/bins", site="BJ01", code=code, register=register, condition=condition)
    for code, kind, name in (("TCG-01", "tax_disk", "税控盘"), ("TCG-02", "report_disk", "报税盘")):
        submit(admin, "POST /v1/models", code=code, kind=kind, name=name, price_fen="200.00")
    submit(admin, "POST /v1/carriers", code="SF", name="顺丰速运")
    for username, name, role in (("zhang", "张伟", "设备管理员"), ("li", "李静", "设备审核员")):
        admin.goto("/admin/people")
        admin.fill("[name=username]", username)
        admin.fill("[name=name]", name)
        admin.get_by_role("button", name="加人员").click()
        told = admin.locator(".told.done")
        expect(told).to_be_visible()
        shown = re.search(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){6}", told.inner_text())
        assert shown, told.inner_text()
        phone = people.stranger()
        phone.goto("/sign-up")
        phone.fill("[name=username]", username)
        phone.fill("[name=code]", shown[0])
        phone.fill("[name=password]", PASSWORDS[username])
        phone.keyboard.press("Enter")
        phone.wait_for_url("**/sign-in")
        admin.goto(f"/admin/people/{username}")
        with admin.expect_navigation():
            admin.get_by_role("button", name=f"授予{role}").click()


def finish(page: Page) -> str:
    """Finish a scan task by the command on the card; the number of what was posted."""
    settle(page)
    scan(page, command("finish"))
    return posted(page)


def receive(page: Page) -> str:
    """Upload the packing list, then receive what is on it, and two spares without one; the receipt's number."""
    page.goto("/manifests")
    page.locator("input[type=file]").set_input_files(ROOT / "examples/packing-list.xlsx")
    form = page.locator("form", has=page.locator("input[type=file]"))
    for name, value in (("supplier", "启明税控设备厂"), ("delivery_note", "QM-20261102-017")):
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=register]").select_option("merchandise")
    form.locator("button").click()
    page.wait_for_url("**/manifests/M-BJ01-*")
    number = page.url.rsplit("/", 1)[1]
    listed = [row["serial"] for row in page.request.get(f"/v1/manifests/{number}").json()["rows"]]
    page.goto(f"/scan/receive?site=BJ01&paper={number}")
    page.select_option("[name=model]", "TCG-01")
    page.focus("#scan")
    scan(page, "M-01", *listed)
    receipt = finish(page)
    page.goto("/scan/receive?site=BJ01&paper=none")
    page.select_option("[name=register]", "spare")
    page.fill("[name=supplier]", "启明税控设备厂")
    page.fill("[name=delivery_note]", "QM-20261102-018")
    page.select_option("[name=model]", "TCG-01")
    page.focus("#scan")
    scan(page, "S-01", *SPARES)
    finish(page)
    return receipt


def sell(page: Page, serial: str) -> None:
    """One scan, a taxpayer id, and the finish."""
    page.goto("/scan/sell")
    scan(page, serial)
    page.keyboard.type(TAXPAYER)
    page.focus("#scan")
    finish(page)


def register_swap_and_exchange(page: Page) -> None:
    """The customer's data, a fault, a spare in its place, and another serial from the maker."""
    page.goto("/scan/register")
    scan(page, SOLD)
    settle(page)
    page.fill("[name='customer.name']", "福州晨光商贸有限公司")
    page.focus("#scan")
    finish(page)

    page.goto("/orders")
    submit(page, "POST /v1/repairs", serial=SOLD, fault="无法识别")
    page.goto("/scan/swap")
    scan(page, SOLD)
    expect(page.locator("#wanted")).to_contain_text("备件")
    scan(page, SPARES[0])
    page.select_option("#bin", "S-09")
    finish(page)

    page.goto("/scan/factory_out")
    page.fill("[name=maker]", "启明税控设备厂")
    page.select_option("[name=carrier]", "SF")
    page.fill("[name=consignment_number]", "SF1234567890")
    page.focus("#scan")
    scan(page, SOLD)
    sent = finish(page)
    page.goto(f"/scan/exchange?site=BJ01&paper={sent}")
    scan(page, "S-01", SOLD, NEW)
    finish(page)


def count(zhang: Page, li: Page) -> str:
    """Count the merchandise together: one missing, one sold but lying there, one sold meanwhile, a stray spare."""
    stock = zhang.request.get("/v1/devices?site=BJ01&register=merchandise&limit=500").json()["devices"]
    zhang.goto("/stocktakes")
    if zhang.locator("form[data-api='POST /v1/stocktakes']").is_hidden():
        zhang.get_by_text("开始盘点").click()
    zhang.select_option("[name=register]", "merchandise")
    zhang.get_by_role("button", name="开始").click()
    zhang.wait_for_url("**/stocktakes/S-*")
    number = zhang.url.rsplit("/", 1)[1]
    zhang.goto(f"/stocktakes/{number}/count")
    scan(zhang, "M-01", *[each["serial"] for each in stock if each["serial"] != MISSING])
    settle(zhang)
    sell(zhang, MEANWHILE)
    li.goto(f"/stocktakes/{number}/count")
    scan(li, "M-01", LYING, SPARES[1])
    settle(li)
    li.get_by_role("button", name="完成：我扫完了").click()
    expect(li.locator("#finished")).to_be_visible()
    zhang.goto(f"/stocktakes/{number}")
    with zhang.expect_navigation():
        zhang.get_by_role("button", name="结束盘点").click()
        agree(zhang)
    for serial, words in ((LYING, "已售未提"), (MISSING, "找遍了没有"), (SPARES[1], "放错货架")):
        form = zhang.locator(f"form[data-api$='/findings/{serial}']")
        form.locator("[name=explanation]").fill(words)
        form.locator("[name=action]").fill("照规定办")
        with zhang.expect_navigation():
            form.get_by_role("button").click()
    return number


def sign(page: Page, who: str, number: str) -> None:
    """Sign the sheet with one's password."""
    page.goto(f"/stocktakes/{number}")
    page.locator("[name=password]").fill(PASSWORDS[who])
    with page.expect_navigation():
        page.locator("[name=password]").press("Enter")


def test_the_whole_story_is_lived_through_the_pages_on_a_phone(browser: Browser, unit: Site) -> None:
    people = People(browser, unit)
    set_up(people)
    zhang, li = people.sign_in("zhang"), people.sign_in("li")
    receipt = receive(zhang)

    li.goto(f"/documents/{receipt}")
    review = li.locator("form[data-api$='/review']").first
    review.evaluate("form => { const folded = form.closest('details'); if (folded) folded.open = true; }")
    review.locator("[name=password]").fill(PASSWORDS["li"])
    with li.expect_navigation():
        review.get_by_role("button").first.click()
    assert li.request.get(f"/v1/documents/{receipt}").json()["document"]["review"] == "approved"

    sell(zhang, SOLD)
    register_swap_and_exchange(zhang)
    sell(zhang, LYING)
    number = count(zhang, li)
    sign(zhang, "zhang", number)
    sign(li, "li", number)
    expect(li.get_by_text("已由两人签封")).to_be_visible()

    assert evidence_holds(li)

    li.goto(f"/devices/{SOLD}")
    story = li.inner_text("main")
    assert all(words in story for words in ("入库", "发售", "用户登记", "备件更换", "返厂", NEW)), story
    li.goto(f"/devices/{MISSING}")
    assert "盘亏" in li.inner_text("main")
    assert fits(li)
    assert verify(unit.store, RECORD_KINDS, checks=CHECKS).faults == []
