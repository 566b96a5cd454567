"""A count through the pages: opened, followed, closed, explained, signed by two in their own browsers, downloaded."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from devices.audit.evidence_checks import check_evidence
from panku.demo import PASSWORDS
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit


def scan(page: Page, number: str, serials: list[str]) -> None:
    """Scan over the page's own session."""
    at = datetime.now(UTC).isoformat()
    scans: list[dict[str, Any]] = [
        {"id": f"b{n}-{number}", "serial": serial, "at": at} for n, serial in enumerate(serials)
    ]
    answer = page.request.post(f"/v1/stocktakes/{number}/scans", data={"sent_at": at, "scans": scans})
    assert answer.ok, answer.text()


def stock(site: Site, register: str) -> list[str]:
    """Every serial on a shelf of BJ01."""
    rows = site.store.rows(
        "SELECT serial FROM position WHERE site = 'BJ01' AND register = ? AND bin IS NOT NULL ORDER BY serial",
        (register,),
    )
    return [serial for (serial,) in rows]


def begin(page: Page, register: str) -> str:
    """Open a blind count by the form."""
    page.goto("/stocktakes")
    if not page.get_by_role("button", name="开始").is_visible():
        page.get_by_text("开始盘点").click()
    page.locator("[name=register]").select_option(register)
    page.get_by_role("button", name="开始").press("Enter")
    page.wait_for_url("**/stocktakes/S-*")
    return page.url.rsplit("/", 1)[1]


def cancel(page: Page) -> None:
    """Cancel the count that a page shows."""
    page.get_by_text("取消盘点").first.click()
    form = page.locator("form[data-api$='/cancel']")
    form.locator("[name=reason]").fill("试一下")
    with page.expect_navigation():
        form.get_by_role("button").click()


def sign(page: Page, number: str, who: str, password: str | None = None) -> None:
    """Sign by the form, as whatever role the page offers."""
    page.goto(f"/stocktakes/{number}")
    page.locator("[name=password]").fill(password or PASSWORDS[who][0])
    page.locator("[name=password]").press("Enter")


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
def test_a_count_is_lived_through_the_pages(visit: Visit, site: Site, viewport: ViewportSize) -> None:
    zhang, li = visit("zhang", "/stocktakes", viewport, kept=False), visit("li", "/stocktakes", viewport)
    short, *there = stock(site, "spare")
    number = begin(zhang, "spare")
    expect(zhang.get_by_text("盲盘中")).to_be_visible()
    scan(zhang, number, there)
    expect(zhang.locator("[data-live=mine]")).to_have_text(str(len(there)), timeout=10_000)

    zhang.on("dialog", lambda dialog: dialog.accept())
    zhang.get_by_role("button", name="结束盘点").click()
    expect(zhang.get_by_role("heading", name=short)).to_be_visible()
    expect(zhang.get_by_text("还有 1 项差异没有说明")).to_be_visible()
    zhang.locator("[name=explanation]").fill("货架和地面都找过")
    zhang.locator("[name=action]").fill("按盘亏处理")
    zhang.locator("[name=action]").press("Enter")
    expect(zhang.get_by_role("button", name="以设备管理员身份签字")).to_be_visible()

    sign(zhang, number, "zhang", "not my password at all")
    expect(zhang.locator(".told:not([hidden])", has_text="密码")).to_be_visible()
    assert zhang.evaluate("document.activeElement.name") == "password"
    sign(zhang, number, "zhang")
    expect(zhang.get_by_text("设备管理员 张伟")).to_be_visible()
    sign(li, number, "li")
    expect(li.get_by_text("已由两人签封")).to_be_visible()

    with li.expect_download() as download:
        li.get_by_role("link", name="下载证据文件").click()
    content = download.value.path().read_bytes()
    trusted = [key["fingerprint"] for key in json.loads(content)["keys"]]
    assert check_evidence(content, trusted).holds
    assert li.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_typed_for_one_finding_is_still_there_when_another_is_saved(visit: Visit) -> None:
    zhang = visit("zhang", "/stocktakes", PHONE, kept=False)
    zhang.on("dialog", lambda dialog: dialog.accept())
    number = begin(zhang, "custody")
    scan(zhang, number, ["661500000011", "661500000012"])
    zhang.get_by_role("button", name="结束盘点").click()
    first, second = (zhang.locator(f"form[data-api$='/findings/66150000001{n}']") for n in (1, 2))
    second.locator("[name=explanation]").fill("还没问清楚")
    first.locator("[name=explanation]").fill("邻居网点的")
    first.locator("[name=action]").fill("送回")
    with zhang.expect_navigation():
        first.get_by_role("button").click()
    expect(zhang.get_by_text("邻居网点的").first).to_be_visible()
    assert second.locator("[name=explanation]").input_value() == "还没问清楚"
    cancel(zhang)


def test_an_explanation_after_a_signature_makes_both_sign_again(visit: Visit, site: Site) -> None:
    zhang = visit("zhang", "/stocktakes", DESKTOP, kept=False)
    number = begin(zhang, "custody")
    scan(zhang, number, ["661500000001"])
    zhang.on("dialog", lambda dialog: dialog.accept())
    zhang.get_by_role("button", name="结束盘点").click()
    zhang.locator("[name=explanation]").fill("不知哪来的")
    zhang.locator("[name=action]").fill("查来历")
    zhang.locator("[name=action]").press("Enter")
    expect(zhang.get_by_role("button", name="以设备管理员身份签字")).to_be_visible()
    sign(zhang, number, "zhang")
    expect(zhang.get_by_text("设备管理员 张伟")).to_be_visible()
    zhang.get_by_text("写说明").click()
    zhang.locator("[name=explanation]").fill("邻居网点的，已来电")
    zhang.locator("[name=action]").press("Enter")
    expect(zhang.get_by_text("邻居网点的，已来电").first).to_be_visible()
    expect(zhang.get_by_role("button", name="以设备管理员身份签字")).to_be_visible()
    cancel(zhang)
