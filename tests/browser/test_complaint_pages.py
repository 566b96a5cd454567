"""A complaint through the pages: received by the technician complained of, brought to its end by the right people."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from devices.calendar import TIME_ZONE
from panku.demo import PASSWORDS
from tests.browser.conftest import DESKTOP, PHONE, Visit, fits
from tests.browser.test_custody_pages import site
from tests.browser.test_handover_pages import enter

__all__ = ["site"]
ACCOUNT, CONTACT = "师傅收了 100 元现金，不给收据，还说爱找谁找谁", "010-62000000"


def now() -> datetime:
    return datetime.now(ZoneInfo(TIME_ZONE))


def step(page: Page, name: str, **said: str) -> None:
    """Fill in the form of a step, and send it."""
    form = page.locator(f"form[data-api$='/{name}']")
    if not form.is_visible():
        page.locator("details:not([open])", has=form).last.locator("summary").first.click()
    for field, value in said.items():
        place = form.locator(f"[name='{field}']").first
        if place.evaluate("field => field.tagName") == "SELECT":
            place.select_option(label=value)
        else:
            place.fill(value)
    with page.expect_event("load"):
        form.locator("button[type=submit]").click()
    assert fits(page)


def received(wang: Page) -> str:
    """The technician writes down what a customer says of them, on the phone."""
    wang.get_by_role("link", name="投诉", exact=True).click()
    wang.get_by_role("link", name="登记投诉").click()
    wang.wait_for_url("**/complaints/new")
    assert fits(wang)
    wang.get_by_label("用户原话", exact=True).fill(ACCOUNT)
    wang.get_by_label("投诉人", exact=True).fill("刘会计")
    wang.get_by_label("联系方式", exact=True).fill(CONTACT)
    wang.get_by_label("受理渠道").select_option(label="上门时")
    wang.get_by_role("button", name="登记投诉").click()
    expect(wang.locator("[name=categories]:invalid")).to_have_count(1)
    assert wang.url.endswith("/complaints/new"), "a category is asked for before anything is sent"
    wang.get_by_label("收费不合标准").check()
    wang.get_by_label("服务态度差").check()
    wang.get_by_label("王强").check()
    wang.get_by_role("button", name="登记投诉").click()
    wang.wait_for_url("**/complaints/P-BJ01-*")
    expect(wang.get_by_text("要先移交给别人。")).to_be_visible()
    expect(wang.locator("form[data-api*='/complaints/']")).to_have_count(0)
    assert fits(wang)
    return wang.url.rsplit("/", 1)[1]


def test_the_person_complained_of_receives_it_and_others_bring_it_to_its_end(visit: Visit) -> None:
    wang = visit("wang", "/", PHONE)
    number = received(wang)
    here = f"/complaints/{number}"
    chen, wu = enter(visit, "chen", "/complaints", DESKTOP), enter(visit, "wu", "/", PHONE)

    expect(chen.get_by_role("heading", name="待移交 1")).to_be_visible()
    chen.get_by_role("link", name=number).first.click()
    step(chen, "hand-over", owner="wu", reason="投诉的就是受理人本人")
    wang.reload()
    assert ACCOUNT not in wang.inner_text("main")

    wu.goto(here)
    expect(wu.get_by_text(ACCOUNT)).to_be_visible()
    step(wu, "investigate", text="派工单收费为 0，用户有微信收款记录", valid="投诉有效")
    expect(wu.get_by_text("要由别人认定是否有效。")).to_be_visible()

    li = visit("li", here, DESKTOP)
    step(li, "decide", decision="投诉有效")
    expect(li.get_by_text("一票否决：王强 本期考核不得评优")).to_be_visible()

    resolved = {"text": "退还 100 元，重开收据", "apology_at": now().strftime("%Y-%m-%dT%H:%M")}
    wu.reload()
    step(wu, "resolve", **resolved, consequence="批评教育", passed_to="单位负责人")
    chen.goto(here)
    form = chen.locator("form[data-api$='/confirm']")
    form.get_by_label("用户意见").select_option(label="不满意")
    form.get_by_role("button").click()
    expect(form.locator(".told:not([hidden])")).to_be_visible()
    step(chen, "confirm", word="不满意", reason="师傅本人没有道歉")
    expect(chen.locator(".lead")).to_have_text("有效，待处理")
    wu.reload()
    step(wu, "resolve", **resolved | {"text": "王强上门当面道歉"}, consequence="批评教育")
    chen.reload()
    step(chen, "confirm", word="满意")

    wu.reload()
    until = (now() + timedelta(days=7)).strftime("%Y-%m-%d")
    step(wu, "correct", what="上门收费一律扫单位码", owner="王强", due_on=until)
    li.reload()
    step(li, "check", text="还有一单收现金", holds="未落实，继续整改")
    step(li, "check", text="抽查五单都扫单位码", holds="已落实")
    expect(li.locator(".lead")).to_contain_text("已结案")

    chen.goto("/complaints")
    expect(chen.get_by_role("heading", name="待备案 1")).to_be_visible()
    chen.get_by_role("link", name=number).first.click()
    step(chen, "register", reference="HJ-2026-0117", day=now().strftime("%Y-%m-%d"))
    chen.goto("/complaints")
    expect(chen.get_by_text("没有待办的投诉。")).to_be_visible()
    expect(chen.get_by_text("达到 2 件税务机关可以责令整改").first).to_be_visible()
    assert fits(chen)

    li.reload()
    form = li.locator("form[data-api$='/erase']")
    li.locator("summary", has_text="删除投诉人信息").click()
    form.get_by_label("密码").fill(PASSWORDS["li"][0])
    with li.expect_event("load"):
        form.get_by_role("button").click()
    told = li.inner_text("main")
    assert ACCOUNT not in told
    assert CONTACT not in told
    assert "王强上门当面道歉" in told
    expect(li.locator(".story li")).to_have_count(13)
