"""A job at a customer's as its desk lives it: opened, assigned, and settled next morning by one scan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from devices.calendar import TIME_ZONE
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, fits
from tests.browser.scanning import command, outcomes, posted, scan, settle, until
from tests.browser.test_custody_pages import site
from tests.browser.test_handover_pages import enter
from tests.browser.test_scan_tasks import post

__all__ = ["site"]

FAULTY, SPARE, IDLE = "661565714354", "661565720012", "661565720013"


def moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def local() -> str:
    """Now, as a field of the unit's time zone takes it: to the minute."""
    return datetime.now(ZoneInfo(TIME_ZONE)).strftime("%Y-%m-%dT%H:%M")


def today() -> str:
    return local()[:10]


def opened(page: Page) -> str:
    """Open an order as the phone rings, and assign it later: the number that it was given."""
    page.get_by_text("开派工单（BJ01）").click()
    form = page.locator("form[data-api='POST /v1/dispatch-orders']")
    form.locator("[name=serials]").focus()
    scan(page, FAULTY)
    form.locator("[name=fault]").fill("打 13800000000 找会计")
    expect(form.locator(".phones")).to_be_visible()
    form.locator("[name=fault]").fill("无法读盘")
    expect(form.locator(".phones")).to_be_hidden()
    form.locator("[name='contact.name']").fill("孙会计")
    form.locator("[name='contact.phone']").fill("13800000000")
    form.get_by_role("button", name="开派工单").click()
    page.wait_for_url("**/orders/D-*")
    return page.url.rsplit("/", 1)[1]


def step(page: Page, name: str, **fields: str) -> None:
    """Take a step of the order whose page it is."""
    page.locator("summary", has_text=name).click()
    form = page.locator("details[open] form").last
    for field, value in fields.items():
        place = form.locator(f"[name='{field}']")
        if place.evaluate("field => field.tagName") == "SELECT":
            place.select_option(value)
        else:
            place.fill(value)
    with page.expect_event("load"):
        form.get_by_role("button", name=name).click()


def filed(wang: Page, number: str, used: list[dict[str, str]]) -> None:
    """The technician accepts, goes, and files the record."""
    post(wang.request, f"/v1/dispatch-orders/{number}/accept", {}, f"accept {number}")
    record: dict[str, Any] = {
        "arrived_at": moment(), "completed_at": moment(), "diagnosis": "盘坏", "work": "换盘", "charged_fen": 30_000,
        "outcomes": {"repair": "solved"}, "used": used, "confirmation": {"how": "stamped"},
    }  # fmt: skip
    post(wang.request, f"/v1/dispatch-orders/{number}/service-record", record, f"file {number}")


def test_a_job_is_opened_assigned_done_and_settled_by_one_scan(visit: Visit, site: Site) -> None:
    zhang, wang = visit("zhang", "/dispatch"), visit("wang", None)
    number = opened(zhang)
    assert fits(zhang)
    assert "孙会计" in zhang.inner_text("main")
    zhang.goto("/dispatch")
    assert number in zhang.locator("section", has=zhang.locator("#unassigned")).inner_text()
    assert fits(zhang)
    zhang.goto(f"/orders/{number}")
    step(zhang, "派单", technician="wang")
    assert "王强" in zhang.inner_text("dl")
    zhang.get_by_role("link", name="外带领出").click()
    zhang.wait_for_url("**/scan/carry_out?*")
    until(zhang, "document.activeElement.id === 'scan'")
    scan(zhang, SPARE)
    settle(zhang)
    scan(zhang, command("finish"))
    posted(zhang)
    filed(wang, number, [{"faulty": FAULTY, "spare": SPARE}])

    again = {"site": "BJ01", "serials": [FAULTY], "fault": "又坏了"}
    post(zhang.request, "/v1/dispatch-orders", again, "called out again")

    zhang.goto("/dispatch")
    assert number in zhang.locator("section", has=zhang.locator("#unsettled")).inner_text()
    zhang.set_viewport_size(DESKTOP)
    zhang.goto("/scan/lookup")
    scan(zhang, FAULTY)
    settle(zhang)
    zhang.locator("#rows a", has_text=FAULTY).click()
    zhang.wait_for_url("**/scan/swap?*")
    expect(zhang.locator("#rows li")).to_have_count(2)
    settle(zhang)
    assert outcomes(zhang) == [("taken", FAULTY), ("taken", SPARE)]
    said = {name: zhang.input_value(f"[name={name}]") for name in ("order", "fault", "terms", "charged_fen")}
    assert said == {"order": number, "fault": "无法读盘", "terms": "charged", "charged_fen": "300"}
    scan(zhang, command("finish"))
    swap = posted(zhang)
    zhang.set_viewport_size(PHONE)
    zhang.goto(f"/orders/{number}")
    assert zhang.locator("#unsettled").count() == 0
    assert swap in zhang.inner_text("dl")
    assert fits(zhang)


def test_what_is_wrong_of_a_call_is_said_where_it_is_typed(visit: Visit) -> None:
    zhang = visit("zhang", "/dispatch")
    zhang.get_by_text("开派工单（BJ01）").click()
    form = zhang.locator("form[data-api='POST /v1/dispatch-orders']")
    purposes = form.get_by_role("group", name="上门做什么").locator("input")
    purposes.first.uncheck()
    assert purposes.first.evaluate("field => field.validationMessage") == "请选上门做什么。"
    purposes.last.check()
    assert not purposes.first.evaluate("field => field.validationMessage")
    serials = form.locator("[name=serials]")
    serials.fill(" ".join(f"6615657143{n:02}" for n in range(21)))
    assert "20" in serials.evaluate("field => field.validationMessage")
    serials.fill("661565799999")
    form.locator("[name=fault]").fill("无法读盘")
    form.locator("[name='window.starts_at']").fill(local())
    form.get_by_role("button", name="开派工单").click()
    until(zhang, "document.activeElement.name === 'window.ends_at'")
    form.locator("[name='window.starts_at']").fill("")
    form.get_by_role("button", name="开派工单").click()
    expect(form.locator("label:has([name=serials]) + .told")).to_contain_text("661565799999 没有建档。")


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6360000000020001e221bc33"
    "0000000049454e44ae426082"
)


def test_the_desk_files_a_record_for_the_technician_with_the_signed_paper(visit: Visit, site: Site) -> None:
    zhang = visit("zhang", None, DESKTOP)
    device = "661565720011"
    order = {"site": "BJ01", "serials": [device], "fault": "坏", "technician": "wang"}
    number = post(zhang.request, "/v1/dispatch-orders", order, "desk order")["number"]
    carried = {"type": "carry_out", "site": "BJ01", "business_date": today(), "order": number,
               "lines": [{"serial": IDLE, "faulty": device}]}  # fmt: skip
    post(zhang.request, "/v1/documents", carried, "desk carried")
    clerk = enter(visit, "wu", f"/orders/{number}", DESKTOP)
    clerk.locator("summary", has_text="上传签字的上门服务单").click()
    upload = clerk.locator("form[data-api='POST /v1/attachments']")
    upload.locator("input[type=file]").set_input_files(
        {"name": "单.png", "mimeType": "image/png", "buffer": PNG}
    )
    with clerk.expect_event("load"):
        upload.locator("button").click()
    clerk.locator("summary", has_text="填上门服务单").click()
    form = clerk.locator(f"form[data-api='POST /v1/dispatch-orders/{number}/service-record']")
    for name in ("arrived_at", "completed_at"):
        form.locator(f"[name={name}]").fill(local())
    form.locator("[name='outcomes.repair']").select_option("solved")
    form.get_by_label(f"{device} 换成备件 {IDLE}").check()
    form.locator("[name=diagnosis]").fill("芯片坏")
    form.locator("[name=work]").fill("换盘")
    form.locator("[name='confirmation.how']").select_option("signed")
    with clerk.expect_event("load"):
        form.locator("button").click()
    filed = clerk.request.get(f"/v1/dispatch-orders/{number}").json()["record"]
    assert filed["used"] == [{"faulty": device, "spare": IDLE}]
    assert len(filed["confirmation"]["paper"]) == 64
    expect(clerk.locator("#unsettled")).to_be_visible()
    step(clerk, "更正上门服务单", reason="收费写漏", **{"record.charged_fen": "12.50"})
    corrected = clerk.request.get(f"/v1/dispatch-orders/{number}").json()["record"]
    assert (corrected["charged_fen"], corrected["used"]) == (1250, filed["used"])
