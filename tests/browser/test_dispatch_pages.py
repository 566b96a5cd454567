"""A job at a customer's as its desk lives it: opened, assigned, and settled next morning by one scan."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, fits
from tests.browser.scanning import command, outcomes, posted, scan, settle, until
from tests.browser.test_scan_tasks import post

FAULTY, SPARE, IDLE = "661565714354", "661565720012", "661565720013"


def moment() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")


def opened(page: Page) -> str:
    """Open an order as the phone rings, and assign it later: the number that it was given."""
    page.get_by_text("开派工单（BJ01）").click()
    form = page.locator("form[data-api='POST /v1/dispatch-orders']")
    form.locator("[name=serials]").focus()
    scan(page, FAULTY)
    form.locator("[name=fault]").fill("无法读盘")
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
