"""A technician's phone: a job is accepted, done without a network and uploaded afterwards; what waits is sealed."""

from __future__ import annotations

import io
import itertools
from datetime import UTC, datetime
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Visit, agree
from tests.browser.scanning import typed, until
from tests.browser.test_sealing import NO_CRYPTO, come_in, kept
from tests.dispatched import done as record_of

SOLD, SPARE = "661565714354", "661565720012"
CUSTOMER, ADDRESS, CALLED = "朝阳区惠民便利店", "海淀区学院路 30 号", "010-62550101"
CONTACT = {"name": "钱会计", "phone": CALLED, "address": ADDRESS}
CARRY = {"type": "carry_out", "site": "BJ01"}
SEALED = """import("/static/sealed.js").then(({ Sealed }) => new Sealed("wang").all())
    .then((all) => JSON.stringify(all).includes("%s"))"""
KEYS = itertools.count(1)
EXPORTED = """async () => {
    const database = await new Promise((resolve) => {
        const opening = indexedDB.open("panku jobs wang");
        opening.onsuccess = () => resolve(opening.result);
    });
    const key = await new Promise((resolve) => {
        const asked = database.transaction("keys").objectStore("keys").get("wang");
        asked.onsuccess = () => resolve(asked.result);
    });
    database.close();
    return crypto.subtle.exportKey("raw", key).then(() => "out", (error) => error.name);
}"""


def sent(desk: Page, **told: Any) -> str:
    """An order that sends wang, unless it says otherwise."""
    order = {"site": "BJ01", "fault": "读不出", "technician": "wang", "contact": CONTACT, **told}
    return str(done(desk, "/v1/dispatch-orders", order)["number"])


def done(desk: Page, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = desk.request.post(path, data=body, headers={"Idempotency-Key": f"desk-{next(KEYS)}"})
    assert answer.status in (200, 201), answer.text()
    told: dict[str, Any] = answer.json()
    return told


def photograph() -> dict[str, Any]:
    """What a phone's camera hands over."""
    written = io.BytesIO()
    Image.new("RGB", (2400, 1800), "white").save(written, "JPEG")
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def fill(page: Page, purpose: str = "repair", outcome: str = "solved", how: str = "signed") -> None:
    """The service record, but for the disks."""
    page.get_by_role("button", name="我到了").click()
    page.select_option(f"[name='outcomes.{purpose}']", outcome)
    page.fill("[name=diagnosis]", "盘芯损坏")
    page.fill("[name=work]", "换盘")
    page.select_option("[name='confirmation.how']", how)
    page.get_by_role("button", name="现在").click()


def test_a_job_is_done_without_a_network_and_uploaded_afterwards(site: Site, visit: Visit) -> None:
    desk = visit("zhang", "/")
    today = desk.locator("h1").inner_text().split()[1]
    number = sent(desk, serials=[SOLD])
    line = {"serial": SPARE, "faulty": SOLD}
    done(desk, "/v1/documents", {**CARRY, "business_date": today, "order": number, "lines": [line]})
    page = visit("wang", "/")
    page.get_by_role("link", name=CUSTOMER).click()
    job = page.locator("article.job")
    expect(job).to_contain_text(ADDRESS)
    expect(job.get_by_role("link", name="打电话")).to_have_attribute("href", "tel:01062550101")
    job.get_by_role("button", name="接单").click()
    expect(job.locator(".state")).to_have_text("已接单")
    expect(job).to_contain_text("接单：已上传")

    page.context.set_offline(True)
    expect(page.locator("#note")).to_contain_text("没有网络")
    job.get_by_text("填上门服务单").first.click()
    fill(page)
    page.fill("[name=diagnosis]", "打 13800138000 找老板")
    expect(job.locator(".phones")).to_be_visible()
    page.fill("[name=diagnosis]", "盘芯损坏")
    expect(job.locator(".phones")).to_be_hidden()
    page.focus("[name=work]")
    typed(page, SPARE)
    typed(page, SOLD)
    assert page.input_value("[name=work]") == "换盘"
    assert [page.input_value(f"[name='used.0.{side}']") for side in ("faulty", "spare")] == [SOLD, SPARE]
    submit = job.locator("form[data-act=file] button[type=submit]")
    submit.click()
    expect(job.get_by_text("请先拍下签字的单子")).to_be_in_viewport()
    page.set_input_files("input[type=file]", photograph())  # type: ignore[arg-type]
    expect(job.locator("canvas")).to_be_visible()
    expect(job.locator("form[data-act=file] .wanted")).to_be_hidden()
    submit.click()
    expect(job.locator(".unsent li")).to_have_count(1)
    expect(page.locator("#note")).to_contain_text("还有 1 条未上传")
    expect(job.locator(".state")).to_have_text("已完成")

    assert page.evaluate(EXPORTED) == "InvalidAccessError"
    found = str(kept(page))
    assert [text for text in (CUSTOMER, ADDRESS, CALLED, "钱会计", SPARE, "盘芯损坏") if text in found] == []
    assert page.evaluate("caches.keys()") == []

    papers: list[str] = []
    page.on("request", lambda each: papers.append(each.url) if each.method == "POST" else None)
    page.context.set_offline(False)
    expect(job).to_contain_text("填上门服务单：已上传")
    assert [url.partition("/v1/")[2].partition("?")[0] for url in papers] == [
        "attachments",
        f"dispatch-orders/{number}/service-record",
    ]
    expect(job).to_contain_text("换下的故障盘请带回交给设备管理员")
    expect(job.locator(".unsent li")).to_have_count(0)
    record = page.request.get(f"/v1/dispatch-orders/{number}").json()["record"]
    assert record["used"] == [{"faulty": SOLD, "spare": SPARE}]
    assert record["confirmation"]["how"] == "signed"
    assert len(record["confirmation"]["paper"]) == 64

    job.locator("details[data-act=correct] summary").click()
    page.fill("details[data-act=correct] [name=reason]", "写漏了")
    page.fill("details[data-act=correct] [name=work]", "换盘，重装驱动")
    job.locator("form[data-act=correct] button[type=submit]").click()
    expect(job).to_contain_text("更正上门服务单：已上传")
    told = page.request.get(f"/v1/dispatch-orders/{number}").json()
    assert told["record"] == {
        **told["record"],
        **record,
        "work": "换盘，重装驱动",
        "filed_at": told["record"]["filed_at"],
    }
    assert [each["reason"] for each in told["corrections"]] == ["写漏了"]


def away(page: Page, number: str) -> None:
    """Accept a job without a network."""
    page.goto(f"/jobs/{number}")
    until(page, "!document.querySelector('form[data-act=accept]').hidden")
    page.context.set_offline(True)
    page.get_by_role("button", name="接单").click()
    expect(page.locator(".unsent li")).to_have_count(1)


def test_what_waits_outlives_a_reload_and_a_session_and_goes_with_a_sign_out(visit: Visit) -> None:
    number = sent(visit("zhang", "/"), serials=["661565714354"], purposes=["return_visit"])
    page = visit("wang", None)
    away(page, number)
    page.context.clear_cookies()  # as after half an hour
    page.context.set_offline(False)
    expect(page.locator("#note")).to_contain_text("登录已过期")
    page.locator("#note").get_by_role("link", name="去登录").click()
    expect(page.locator("#left")).to_contain_text("wang 在这部手机上还有 1 条未上传")
    come_in(page, "wang", f"/jobs/{number}")
    expect(page.locator("article.job")).to_contain_text("接单：已上传")
    expect(page.locator(".state")).to_have_text("已接单")

    page.locator("details[data-act=postpone] summary").click()
    page.select_option("[name=reason]", "part_missing")
    page.route("**/postpone", lambda route: route.abort())
    page.locator("form[data-act=postpone] button").click()
    expect(page.locator(".unsent li")).to_have_count(1)
    page.goto("/me")
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("dialog")).to_contain_text("还有 1 条未上传")
    agree(page)
    page.wait_for_url("**/sign-in")
    assert not [name for name in kept(page) if name.startswith("panku jobs")]
    assert page.locator("#left").is_hidden()


def test_somebody_else_sees_and_sends_nothing_and_a_refusal_waits_for_its_technician(visit: Visit) -> None:
    desk = visit("zhang", "/")
    number = sent(desk, purposes=["return_visit"], serials=["661565720011"])
    page = visit("wang", None)
    away(page, number)
    done(desk, f"/v1/dispatch-orders/{number}/cancel", {"reason": "用户不要了"})
    page.context.set_offline(False)
    expect(page.locator(".unsent li.overdue")).to_contain_text("接单")
    expect(page.locator(".unsent li.overdue")).to_contain_text("这一条还在手机上")
    expect(page.locator("#note")).to_have_text("有 1 条没有交成，请看下面的红字。")
    expect(page.locator(".facts .state")).to_have_text("已取消")
    page.goto("/jobs")
    expect(page.locator("#apart")).to_contain_text(number)
    page.get_by_role("button", name="不要了").click()
    agree(page)
    expect(page.locator(".unsent li")).to_have_count(0)
    expect(page.locator("#apart")).to_be_hidden()

    other = sent(desk, purposes=["return_visit"], serials=["661565720011"])
    away(page, other)
    page.route("**/accept", lambda route: route.abort())
    page.context.set_offline(False)
    tab = page.context.new_page()
    tab.context.clear_cookies()
    come_in(tab, "zhang")
    until(tab, "!Object.keys(localStorage).some(key => key.startsWith('panku jobs'))")
    page.unroute_all()
    expect(page.locator("#note")).to_contain_text("现在登录的是 zhang")
    expect(page.locator(".unsent li")).to_have_count(1)
    assert not [name for name in kept(tab) if name.startswith("panku jobs")]
    assert desk.request.get(f"/v1/dispatch-orders/{other}").json()["state"] == "open"


def test_a_record_half_typed_is_there_again_and_an_installation_is_confirmed_without_a_network(
    visit: Visit,
) -> None:
    desk = visit("zhang", "/")
    trip = {"fault": "新装", "technician": "wang"}
    body = {"site": "BJ01", "serial": "661565720011", "mode": "on_site", "dispatch_order": trip}
    asked = done(desk, "/v1/installations", body)
    page = visit("wang", f"/jobs/{asked['order']}")
    job, summary = page.locator("article.job"), page.locator("details[data-act=file] summary")
    summary.click()
    fill(page, "install", "installed", "declined")
    page.fill("[name='confirmation.reason']", "负责人不在")
    arrived = page.input_value("[name=arrived_at]")
    until(page, "document.querySelector('details[data-act=confirm]').hidden")
    until(page, SEALED % "负责人不在")
    page.reload()
    expect(page.locator("[name='confirmation.reason']")).to_have_value("负责人不在")
    assert page.input_value("[name=arrived_at]") == arrived
    page.context.set_offline(True)
    job.locator("form[data-act=file] button[type=submit]").click()
    expect(job.locator(".unsent li")).to_have_count(1)
    job.locator("details[data-act=confirm] summary").click()
    for check in ("opens", "runs", "prints"):
        page.check(f"[name='checks.{check}']")
    page.fill("[name='confirmed_by.name']", "钱会计")
    job.locator("form[data-act=confirm] button[type=submit]").click()
    expect(job.locator(".unsent li")).to_have_count(2)
    assert "钱会计" not in str(kept(page))
    page.context.set_offline(False)
    expect(job.locator(".unsent li")).to_have_count(0)
    until(page, "!document.querySelector('details[data-act=confirm]')")
    installed = desk.request.get(f"/v1/installations/{asked['number']}").json()
    assert (installed["state"], installed["confirmed_by"]["name"]) == ("installed", "钱会计")


def test_a_pair_that_was_taken_out_of_a_correction_is_not_there_again_after_a_reload(visit: Visit) -> None:
    desk = visit("zhang", "/")
    today = desk.locator("h1").inner_text().split()[1]
    faulty, spare = "661565720011", "661565720013"
    number = sent(desk, serials=[faulty])
    line = {"serial": spare, "faulty": faulty}
    done(desk, "/v1/documents", {**CARRY, "business_date": today, "order": number, "lines": [line]})
    page, at = visit("wang", "/"), datetime.now(UTC).isoformat(timespec="seconds")
    record = record_of((faulty, spare), arrived_at=at, completed_at=at)
    done(page, f"/v1/dispatch-orders/{number}/service-record", record)
    page.goto(f"/jobs/{number}")
    page.locator("details[data-act=correct] summary").click()
    pairs = page.locator("form[data-act=correct] .pair")
    expect(pairs).to_have_count(1)
    pairs.get_by_role("button", name="去掉").click()
    until(page, SEALED % "draft correct")
    page.reload()
    expect(page.locator("details[data-act=correct]")).to_have_attribute("open", "")
    expect(pairs).to_have_count(0)


def test_without_https_nothing_waits_and_the_page_says_that_it_needs_the_network(visit: Visit) -> None:
    number = sent(visit("zhang", "/"), serials=["661565720011"])
    page = visit("wang", None, kept=False)
    page.add_init_script(NO_CRYPTO)
    page.add_init_script("const real = Date.now; Date.now = () => real() + 600_000")
    page.goto(f"/jobs/{number}")
    until(page, "!document.querySelector('form[data-act=accept]').hidden")
    page.context.set_offline(True)
    page.get_by_role("button", name="接单").click()
    expect(page.locator("article.job > .told")).to_contain_text("没有提交")
    expect(page.locator("#clock")).to_contain_text("这部手机的时钟快了约 10 分钟")
    assert not [name for name in kept(page) if "jobs" in name]
    page.context.set_offline(False)
    page.get_by_role("button", name="接单").click()
    expect(page.locator(".state")).to_have_text("已接单")
