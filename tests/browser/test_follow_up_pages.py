"""Follow-up calls through the pages: asked by keyboard, a difference explained and settled, two who call at once."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visit, fits
from tests.browser.test_accessibility import barriers
from tests.browser.test_custody_pages import site
from tests.browser.test_handover_pages import enter
from tests.dispatched import done

__all__ = ["site"]
DEVICE = "661565714354"
KEYS = (f"call-{n}" for n in itertools.count())


def post(page: Page, path: str, body: object = None) -> str:
    answer = page.request.post(path, data=body, headers={"Idempotency-Key": next(KEYS)})
    assert answer.ok, answer.text()
    return str(answer.json().get("number"))


def job(desk: Page, **more: object) -> str:
    """A job that wang did a moment ago, as the desk wrote it up; returns its number."""
    sent = {"site": "BJ01", "serials": [DEVICE], "fault": "开票软件打不开", "technician": "wang",
            "contact": {"name": "钱会计", "phone": "010-62550101"}}  # fmt: skip
    number = post(desk, "/v1/dispatch-orders", sent)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    post(desk, f"/v1/dispatch-orders/{number}/service-record", done(arrived_at=now, completed_at=now, **more))
    return number


def answer_by_keys(page: Page, paid: str, overall: str = "5") -> None:
    """Answer every question without a mouse, from the first, which has the focus; so fast that keys.js takes it for a
    scanner's, so that what is pressed just afterwards is not heard.
    """
    expect(page.locator("input[name='answers.on_time']").first).to_be_focused()
    for typed in ("1", "1", "1", "1", f"{paid}\n", "2", "1", f"{DEVICE}\n", "1", overall):
        for key in typed:
            page.keyboard.press("Enter" if key == "\n" else key)


def test_the_customer_says_that_he_charged_100_where_the_record_says_nothing(visit: Visit) -> None:
    desk = enter(visit, "wu", "/")
    number, other = job(desk), job(desk)
    chen = enter(visit, "chen", "/follow-ups")
    assert fits(chen)
    chen.get_by_role("link", name=number).click()
    chen.set_viewport_size(DESKTOP)
    assert fits(chen)
    assert barriers(chen) == []
    assert "0.00" not in chen.content()
    answer_by_keys(chen, "100")
    expect(chen.get_by_label("投诉内容")).to_be_hidden()
    chen.get_by_role("button", name="录入回答").click()
    expect(chen.locator("#answers .told")).to_contain_text("收费不合标准")
    expect(chen.get_by_label("投诉内容")).to_be_focused()
    chen.keyboard.type("他收了我一百块，没给发票")
    chen.get_by_label("姓名").fill("钱会计")
    chen.get_by_role("button", name="录入回答").click()
    row = chen.locator("tr.overdue")
    expect(row).to_contain_text("现场付款")
    expect(row).to_contain_text("100.00 元")
    expect(row).to_contain_text("不一致")
    expect(chen.get_by_role("link", name="P-BJ01-")).to_be_visible()
    expect(chen.get_by_text("他收了我一百块")).to_have_count(0)
    expect(chen.get_by_text("等待：王强")).to_be_visible()
    assert barriers(chen) == []
    expect(chen.get_by_role("link", name="下一个")).to_be_focused()
    chen.keyboard.press("Enter")
    chen.wait_for_url(f"**/follow-ups/{other}")
    chen.get_by_role("button", name="无人接听").press("Enter")
    expect(chen.locator(".story")).to_contain_text("无人接听")

    wang = visit("wang", "/jobs", PHONE)
    assert fits(wang)
    assert barriers(wang) == []
    expect(wang.locator("tr.overdue")).to_contain_text("100.00 元")
    wang.get_by_label("服务单为什么").fill("代收快递费一百元，忘了写")
    wang.get_by_role("button", name="说明差异").press("Enter")
    expect(wang.get_by_text("请说明差异")).to_have_count(0)

    ma = enter(visit, "ma", "/follow-ups")
    ma.get_by_role("link", name=number).click()
    expect(ma.get_by_role("note")).to_contain_text("代收快递费")
    assert fits(ma)
    assert barriers(ma) == []
    ma.get_by_label("说明不成立").check()
    ma.get_by_label("依据和处理意见").fill("没有票据，已退款")
    ma.get_by_label("对技术员的处理").select_option(label="批评教育")
    ma.get_by_role("button", name="处理差异").press("Enter")
    expect(ma.locator("h1")).to_contain_text("已处理")
    expect(ma.locator(".story li")).to_have_count(3)


def test_two_supervisors_answer_the_same_call_and_nothing_typed_is_lost(visit: Visit) -> None:
    admin = visit("admin", "/")
    post(admin, "/v1/people/sun/grants", {"role": "supervisor", "site": "UNIT"})
    number = job(enter(visit, "wu", "/"))
    chen, sun = (enter(visit, who, f"/follow-ups/{number}", DESKTOP) for who in ("chen", "sun"))
    answer_by_keys(sun, "0", overall="2")
    expect(sun.locator("#categories")).to_have_text("其他")
    sun.get_by_label("投诉内容").fill("等了三天")
    sun.context.set_offline(True)
    sun.get_by_role("button", name="录入回答").click()
    expect(sun.locator("#answers .told")).to_be_visible()
    sun.context.set_offline(False)
    sun.reload()
    expect(sun.get_by_label("投诉内容")).to_have_value("等了三天")
    expect(sun.locator("input[name='answers.overall'][value='2']")).to_be_checked()
    expect(sun.get_by_label("金额")).to_have_value("0")

    chen.locator("[data-unknown]").first.check()
    answer_rest(chen)
    chen.get_by_role("button", name="录入回答").press("Enter")
    expect(chen.get_by_role("heading", name="回答与服务单对照")).to_be_visible()
    expect(chen.locator("tr", has_text="现场付款")).to_contain_text("不清楚")
    sun.get_by_role("button", name="录入回答").press("Enter")
    expect(sun.locator("#answers .told")).to_contain_text("chen 已录入")
    expect(sun.get_by_label("投诉内容")).to_have_value("等了三天")
    sun.reload()
    expect(sun.locator("#answers")).to_have_count(0)
    expect(sun.get_by_role("link", name="P-BJ01-")).to_have_count(0)
    expect(sun.get_by_role("link", name="登记投诉")).to_be_visible()


def answer_rest(page: Page) -> None:
    """Answer well by touch whatever is chosen, and read the disk's serial."""
    for name in ("on_time", "manner", "proper", "promise", "solved", "signed"):
        page.locator(f"input[name='answers.{name}'][value='yes']").check()
    page.locator("input[name='answers.favour'][value='no']").check()
    page.locator("input[name='answers.overall'][value='5']").check()
    page.get_by_label("编号，扫描或手输").fill(DEVICE)
