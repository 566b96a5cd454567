"""An installation through the pages: offered on the device's page, guided by phone, sent for, confirmed."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Visit, fits
from tests.browser.test_custody_pages import site
from tests.browser.test_handover_pages import enter
from tests.dispatched import done

__all__ = ["site"]
DEVICE = "661565714354"


def guided(page: Page, minutes: int) -> None:
    """Tell of one attempt by phone that did not help."""
    page.get_by_label("本次指导分钟数").fill(str(minutes))
    page.get_by_label("结果").select_option(label="没解决")
    page.get_by_role("button", name="电话指导").press("Enter")


def file(wang: Page, number: str) -> None:
    """The technician files the record of what was done, and that it is installed."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    body = done(outcomes={"install": "installed"}, arrived_at=now, completed_at=now)
    headers = {"Idempotency-Key": "installed"}
    answer = wang.request.post(f"/v1/dispatch-orders/{number}/service-record", data=body, headers=headers)
    assert answer.ok, answer.text()


def test_thirty_minutes_of_phone_do_not_help_and_somebody_is_sent(visit: Visit) -> None:
    page = enter(visit, "wu", f"/devices/{DEVICE}", PHONE)
    page.get_by_role("link", name="安装", exact=True).last.click()
    page.wait_for_url("**/installations?**")
    expect(page.get_by_label("编号", exact=True)).to_have_value(DEVICE)
    assert fits(page)
    page.get_by_role("button", name="登记安装").press("Enter")
    page.wait_for_url("**/installations/N-BJ01-*")
    expect(page.locator(".lead")).to_have_text("待安装")
    assert fits(page)
    guided(page, 12)
    expect(page.locator("dd strong")).to_have_text("12/30 分钟")
    guided(page, 18)
    expect(page.locator("dd strong")).to_have_text("30/30 分钟")
    expect(page.get_by_text("只能派人上门")).to_be_visible()
    expect(page.get_by_role("button", name="电话指导")).to_have_count(0)
    page.get_by_label("上门做什么").fill("安装开票软件")
    page.get_by_label("技术员").select_option(label="王强")
    page.get_by_role("button", name="派人上门").press("Enter")
    expect(page.locator(".lead")).to_have_text("已派上门")
    assert fits(page)
    number = page.url.rsplit("/", 1)[1]
    order = page.get_by_role("link", name="D-BJ01-").first.inner_text()

    wang = visit("wang", f"/jobs/{order}")
    expect(wang.get_by_role("link", name=number)).to_be_visible()
    file(wang, order)
    page.goto("/installations")
    expect(page.get_by_role("heading", name="上门已装好，待用户确认 1")).to_be_visible()
    assert fits(page)

    page = wang
    page.goto("/installations")
    page.get_by_role("link", name=number).click()
    assert fits(page)
    page.get_by_label("软件能正常打开").check()
    page.get_by_label("设备能正常运行").check()
    page.get_by_label("用户方确认人").fill("刘会计")
    page.get_by_role("button", name="用户确认装好").press("Enter")
    expect(page.locator(".told:not([hidden])")).to_contain_text("发票能正常打印")
    page.get_by_label("发票能正常打印").check()
    page.get_by_role("button", name="用户确认装好").press("Enter")
    expect(page.locator(".lead")).to_have_text("已装好")
    expect(page.locator("ol li")).to_have_count(5)
    assert "刘会计" not in page.inner_text("main")

    page = visit("zhang", f"/devices/{DEVICE}")
    page.get_by_role("link", name=number).first.click()
    expect(page.get_by_text("刘会计")).to_be_visible()
