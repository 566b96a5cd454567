"""Files through the pages: a packing list against what came, and documents that rest on a paper."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import FilePayload, Page, expect

from devices.unit import unit_of
from panku.wiring import clock
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, fits

VIEWPORTS = {"phone": PHONE, "desktop": DESKTOP}
PDF: FilePayload = {"name": "登记表.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 a proof"}


def listed(*rows: str) -> FilePayload:
    """A packing list as a file to choose."""
    return {
        "name": "装箱单.csv",
        "mimeType": "text/csv",
        "buffer": ("设备编号,型号\n" + "".join(f"{row},TCG-01\n" for row in rows)).encode(),
    }


def load(page: Page, note: str, *rows: str) -> str:
    """Load a packing list by the form; returns its number."""
    page.goto("/manifests")
    page.get_by_label("供应商").fill("启明税控设备厂")
    page.get_by_label("送货单号").fill(note)
    page.get_by_label("文件").set_input_files(files=[listed(*rows)])
    page.get_by_role("button", name="导入装箱清单").press("Enter")
    page.wait_for_url("**/manifests/M-*")
    return page.url.rsplit("/", 1)[1]


def today(site: Site) -> str:
    """The unit's day."""
    unit = unit_of(site.store)
    assert unit is not None
    return unit.day_of(clock()).isoformat()


def receive(page: Page, site: Site, manifest: str, note: str, *serials: str) -> None:
    """Post a receipt against a packing list, over the page's own session."""
    body = {
        "type": "receipt", "site": "BJ01", "business_date": today(site), "register": "merchandise",
        "supplier": "启明税控设备厂", "delivery_note": note, "model": "TCG-01", "bin": "M-01", "manifest": manifest,
        "lines": [{"serial": serial} for serial in serials],
    }  # fmt: skip
    answer = page.request.post(
        "/v1/documents",
        data=json.dumps(body),
        headers={"Idempotency-Key": manifest, "Content-Type": "application/json"},
    )
    assert answer.ok, answer.text()


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_a_packing_list_is_loaded_and_told_row_by_row(visit: Visit, site: Site, viewport: str) -> None:
    page = visit("zhang", "/documents", VIEWPORTS[viewport])
    page.get_by_role("link", name="装箱清单").click()
    page.wait_for_url("**/manifests")
    assert fits(page)
    start = 661565750001 if viewport == "phone" else 661565760001
    first, second, third = (str(start + n) for n in range(3))
    manifest = load(page, f"QM-{viewport}", first, second, third, first, "66ＸＸ")
    told = page.locator("p.tally")
    expect(told).to_contain_text("应到 3 未到 3 多到 0 已到 0 重号 1 读不了的行 1")
    expect(page.locator("td", has_text="与第 2 行相同")).to_be_visible()
    assert fits(page)
    receive(page, site, manifest, f"QM-{viewport}", first)
    page.reload()
    expect(told).to_contain_text("应到 3 未到 2 多到 0 已到 1")
    page.get_by_role("link", name="按这张清单扫码入库").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(manifest)


def test_the_same_list_twice_is_refused_in_words(visit: Visit) -> None:
    page = visit("zhang", "/manifests", DESKTOP)
    manifest = load(page, "QM-twice", "661565770001")
    page.goto("/manifests")
    page.get_by_label("供应商").fill("启明税控设备厂")
    page.get_by_label("送货单号").fill("QM-twice")
    page.get_by_label("文件").set_input_files(files=[listed("661565770001")])
    page.get_by_role("button", name="导入装箱清单").click()
    expect(page.locator(".told:not([hidden])")).to_contain_text(manifest)
    assert page.get_by_label("送货单号").input_value() == "QM-twice"


def upload(page: Page) -> None:
    """Keep a paper by the form; the page then shows what can rest on it."""
    page.goto("/documents/new-proof")
    page.get_by_label("扫描件").set_input_files(files=[PDF])
    page.get_by_role("button", name="上传").press("Enter")
    page.wait_for_url("**/documents/new-proof?paper=*")


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_a_device_we_never_sold_is_adopted_on_its_paper(visit: Visit, viewport: str) -> None:
    page = visit("zhang", "/documents/new-proof", VIEWPORTS[viewport])
    assert fits(page)
    upload(page)
    assert fits(page)
    form = page.locator("section", has=page.get_by_role("heading", name="外来建档"))
    form.get_by_label("纳税人识别号").fill("91350100M000100Y44")
    serial = "661565780001" if viewport == "phone" else "661565780002"
    form.get_by_label("编号").fill(serial)
    form.get_by_role("button").press("Enter")
    expect(form.locator(".told:not([hidden])")).to_be_visible()
    assert page.evaluate("document.activeElement.name") == "customer.taxpayer_id"
    form.get_by_label("纳税人识别号").fill("91350100M000100Y43")
    form.get_by_role("button").press("Enter")
    page.wait_for_url("**/documents/BJ01-*")
    expect(page.get_by_role("link", name="登记表.pdf")).to_be_visible()
    expect(page.get_by_role("link", name=serial)).to_be_visible()


def test_stock_of_the_old_books_is_entered_bin_by_bin_and_waits_for_approval(
    visit: Visit, site: Site
) -> None:
    page = visit("zhang", "/documents/new-proof")
    upload(page)
    page.get_by_label("货位").select_option("S-09")
    page.get_by_role("button", name="选这个货位").press("Enter")
    form = page.locator("form[data-api]", has_text="S-09")
    form.get_by_label("编号").fill("661565790001\n661565790002")
    form.get_by_role("button").press("Enter")
    page.wait_for_url("**/documents/BJ01-*")
    expect(page.locator(".lead")).to_contain_text("待审批")
    assert site.store.row("SELECT 1 FROM position WHERE serial = '661565790001'") is None
    for serial in ("661565790001", "661565790002"):
        expect(page.get_by_role("link", name=serial)).to_be_visible()
