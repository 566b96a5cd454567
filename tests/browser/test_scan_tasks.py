"""Each task of the scan page, done as a storekeeper does it: by keys alone, at a scanner's speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, fits
from tests.browser.scanning import answer, command, focused, outcomes, posted, scan, settle, typed
from web.tasks import TASKS

KNOWN, SOLD, ELSEWHERE, NEVER = "661565714359", "661565714354", "661565714353", "000000000000"
TAXPAYER = "91350100M000100Y43"


def document(page: Page, number: str) -> dict[str, Any]:
    answered = page.request.get(f"/v1/documents/{number}?limit=500")
    assert answered.ok, answered.text()
    found: dict[str, Any] = answered.json()
    return {**found["document"], "content": found["content"], "lines": found["lines"]}


def post(request: APIRequestContext, path: str, body: dict[str, Any], key: str) -> Any:
    """Something another page has done before."""
    answered = request.post(path, data=body, headers={"Idempotency-Key": key})
    assert answered.ok, answered.text()
    return answered.json()


def finish(page: Page) -> dict[str, Any]:
    settle(page)
    scan(page, command("finish"))
    return document(page, posted(page))


def serials(found: dict[str, Any]) -> list[str]:
    return sorted(line["serial"] for line in found["lines"])


def receive(page: Page, *wanted: str, by: Callable[..., None] = scan) -> dict[str, Any]:
    """Receive these without a packing list; the page is that of the task."""
    page.select_option("[name=register]", "merchandise")
    page.fill("[name=supplier]", "启明税控设备厂")
    page.fill("[name=delivery_note]", "QM-1")
    page.select_option("[name=model]", "TCG-01")
    page.focus("#scan")
    by(page, "M-01", *wanted)
    return finish(page)


def new_serials(first: int, count: int) -> list[str]:
    return [str(first + n) for n in range(count)]


def test_looking_up_tells_where_a_device_is(visit: Visit) -> None:
    page = visit("zhang", "/scan/lookup", PHONE)
    scan(page, KNOWN, SOLD, NEVER)
    settle(page)
    assert outcomes(page) == [("taken", KNOWN), ("taken", SOLD), ("unexpected", NEVER)]
    assert "M-01" in page.locator(f"#rows li:has-text('{KNOWN}')").inner_text()
    assert "惠民" in page.locator(f"#rows li:has-text('{SOLD}')").inner_text()


def test_fifty_scans_in_a_burst_are_received_and_none_is_lost(visit: Visit) -> None:
    page = visit("zhang", "/scan/receive?paper=none", DESKTOP)
    wanted = new_serials(770000000000, 50)
    found = receive(page, *wanted, by=typed)
    assert (found["type"], serials(found)) == ("receipt", wanted)
    assert outcomes(page) == []


def test_receiving_compares_with_the_packing_list(visit: Visit, site: Site) -> None:
    page = visit("zhang", None, DESKTOP)
    listed, over = new_serials(771000000000, 3), "771000009999"
    query = "site=BJ01&register=merchandise&supplier=启明&delivery_note=QM-2"
    table = "序列号,型号\n" + "".join(f"{serial},TCG-01\n" for serial in listed)
    manifest = page.request.post(
        f"/v1/manifests?{query}",
        data=table.encode(),
        headers={"Idempotency-Key": "m-1", "X-File-Name": "a.csv"},
    ).json()
    page.goto("/scan/receive?site=BJ01")
    page.get_by_role("link", name=manifest["number"]).click()
    expect(page.locator("#expected")).to_have_text("3")
    page.select_option("[name=model]", "TCG-01")
    page.focus("#scan")
    scan(page, "M-01", listed[0], listed[1], over)
    settle(page)
    assert outcomes(page)[-1] == ("unexpected", over)
    assert "装箱清单" in answer(page)[1]
    expect(page.locator("#expected")).to_have_text("1")
    found = finish(page)
    assert serials(found) == listed[:2]
    told = page.inner_text("#told")
    assert (listed[2] in told, over in told) == (True, True)


def test_what_is_over_the_packing_list_goes_to_quarantine_with_a_reason(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    query = "site=BJ01&register=merchandise&supplier=启明&delivery_note=QM-3"
    headers = {"Idempotency-Key": "m-2", "X-File-Name": "a.csv"}
    table = "序列号,型号\n772000000000,TCG-01\n".encode()
    manifest = page.request.post(f"/v1/manifests?{query}", data=table, headers=headers).json()
    page.goto(f"/scan/receive?site=BJ01&paper={manifest['number']}")
    page.select_option("[name=model]", "TCG-01")
    page.fill("[name=reason]", "装箱单上没有")
    page.focus("#scan")
    scan(page, "M-09", "772000000001", "M-01", "772000000000")
    found = finish(page)
    assert {line["serial"]: line["position"]["state"] for line in found["lines"]} == {
        "772000000000": "in_stock",
        "772000000001": "quarantined",
    }


def test_putting_away_is_a_bin_and_then_devices_and_only_what_fits_is_posted(visit: Visit) -> None:
    page = visit("zhang", "/scan/put_away", PHONE)
    scan(page, "661565714355")
    assert answer(page)[0] == "error"
    scan(page, "M-02", "661565714355", "661565714356", "661565714356", ELSEWHERE, "661565720015", NEVER)
    settle(page)
    assert outcomes(page) == [
        ("taken", "661565714355"),
        ("taken", "661565714356"),
        ("duplicate", "661565714356"),
        ("unexpected", ELSEWHERE),
        ("unexpected", "661565720015"),
        ("unexpected", NEVER),
    ]
    page.get_by_role("button", name="异常").click()
    assert len(outcomes(page)) == 4
    found = finish(page)
    assert (found["type"], serials(found)) == ("move", ["661565714355", "661565714356"])


def test_a_transfer_goes_out_and_comes_in_with_one_extra_and_one_short(visit: Visit) -> None:
    page = visit("zhang", "/scan/transfer_out", DESKTOP)
    page.select_option("[name=destination]", "TJ01")
    page.select_option("[name=carrier]", "SF")
    page.fill("[name=consignment_number]", "SF2")
    page.focus("#scan")
    sent = ["661565714370", "661565714369"]
    scan(page, *sent)
    number = finish(page)["number"]
    there = visit("zhao", f"/scan/transfer_in?paper={number}", PHONE)
    scan(there, "M-01", sent[0], "661565714374")
    settle(there)
    assert outcomes(there) == [("taken", sent[0]), ("unexpected", "661565714374")]
    scan(there, command("finish"))
    posted(there)
    told = there.inner_text("#told")
    assert (sent[1] in told, "661565714374" in told) == (True, True)


def sell(page: Page, serial: str, taxpayer: str = TAXPAYER) -> dict[str, Any]:
    """Sell a device; the page is that of the task."""
    scan(page, serial)
    page.keyboard.type(taxpayer)
    page.focus("#scan")
    return finish(page)


def test_selling_is_one_scan_a_taxpayer_id_and_the_finish(visit: Visit) -> None:
    page = visit("zhang", "/scan/sell", PHONE)
    scan(page, "661565714358")
    assert focused(page) == "ask_customer_taxpayer_id"
    told = page.locator("#ask_customer_taxpayer_id_told")
    page.keyboard.type(TAXPAYER[:-1] + "9")
    expect(told).to_have_class("bad")
    page.keyboard.press("Backspace")
    page.keyboard.type(TAXPAYER[-1])
    expect(told).to_have_class("good")
    assert "晨光" in told.inner_text()
    settle(page)
    page.keyboard.press("Enter")
    assert focused(page) == "scan"
    assert "扫“完成”卡，或按“完成”" in answer(page)[1]
    page.get_by_role("button", name="完成，提交单据").click()
    found = document(page, posted(page))
    assert (found["type"], serials(found)) == ("sale", ["661565714358"])
    assert (focused(page), page.input_value("[name='customer.taxpayer_id']")) == ("scan", "")


def test_a_second_device_scanned_into_the_taxpayers_field_is_a_scan(visit: Visit) -> None:
    page = visit("zhang", "/scan/sell", DESKTOP)
    scan(page, "661565714360", "661565714361")
    settle(page)
    assert outcomes(page) == [("taken", "661565714360"), ("taken", "661565714361")]
    assert page.input_value("[name='customer.taxpayer_id']") == ""
    scan(page, command("cancel"), command("cancel"))
    assert outcomes(page) == []


def test_a_sold_device_is_registered_for_its_buyer(visit: Visit) -> None:
    page = visit("zhang", "/scan/sell", DESKTOP)
    sell(page, "661565714362")
    page.goto("/scan/register")
    scan(page, "661565714362")
    settle(page)
    assert page.input_value("[name='customer.taxpayer_id']") == TAXPAYER
    assert page.input_value("[name='customer.name']") == "福州晨光商贸有限公司"
    page.focus("#scan")
    assert finish(page)["type"] == "registration"


def test_a_sale_is_cancelled_by_scanning_the_device_back(visit: Visit) -> None:
    page = visit("zhang", "/scan/sell", DESKTOP)
    sell(page, "661565714363")
    page.goto("/scan/cancel_sale")
    page.fill("[name=reason]", "客户当日取消")
    page.focus("#scan")
    scan(page, "M-01", "661565714363")
    assert finish(page)["type"] == "sale_cancellation"


def today(page: Page) -> str:
    """The business date, as the page's own clock has it."""
    return str(
        page.evaluate("new Intl.DateTimeFormat('sv-SE', {timeZone: 'Asia/Shanghai'}).format(new Date())")
    )


def serviced(page: Page, serial: str) -> None:
    """Receive, sell and register a device, so that a customer has it."""
    day = today(page)
    here = {"site": "BJ01", "business_date": day, "lines": [{"serial": serial}]}
    bought = {"register": "merchandise", "supplier": "启明", "delivery_note": "QM-9", "model": "TCG-01"}
    sold = {"customer": {"taxpayer_id": TAXPAYER}}
    for body in (
        {"type": "receipt", "bin": "M-01", **bought, **here},
        {"type": "sale", "application": f"SY-{serial}", **sold, **here},
        {"type": "registration", **sold, **here},
    ):
        post(page.request, "/v1/documents", body, f"{body['type']}-{serial}")


def test_a_repair_is_taken_in_under_an_order_that_the_finish_opens(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    serviced(page, "773000000001")
    page.goto("/scan/repair_intake")
    page.fill("[name=fault]", "无法识别")
    page.focus("#scan")
    scan(page, "R-01", "773000000001")
    found = finish(page)
    assert (found["type"], serials(found)) == ("repair_intake", ["773000000001"])
    assert page.request.get("/v1/repairs?site=BJ01").json()[-1]["serial"] == "773000000001"


def test_a_swap_is_two_scans(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    serviced(page, "773000000002")
    order = {"site": "BJ01", "serial": "773000000002", "fault": "不通电"}
    number = post(page.request, "/v1/repairs", order, "o-swap")["number"]
    page.goto("/scan/swap")
    assert "故障" in page.inner_text("#wanted")
    scan(page, "773000000002")
    expect(page.locator("#wanted")).to_contain_text("备件")
    assert (page.input_value("[name=order]"), page.input_value("[name=fault]")) == (number, "不通电")
    scan(page, "661565720013")
    found = finish(page)
    states = {line["serial"]: line["position"]["state"] for line in found["lines"]}
    assert states == {"773000000002": "faulty", "661565720013": "in_service"}


def test_half_a_swap_can_not_be_finished(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    serviced(page, "773000000003")
    page.goto("/scan/swap")
    scan(page, "773000000003")
    settle(page)
    scan(page, command("finish"))
    assert answer(page)[0] == "error"
    scan(page, command("cancel"), command("cancel"))


def test_a_faulty_spare_goes_to_the_maker_and_comes_back(visit: Visit) -> None:
    page = visit("zhang", "/scan/factory_out", DESKTOP)
    page.fill("[name=maker]", "启明税控设备厂")
    page.select_option("[name=carrier]", "SF")
    page.fill("[name=consignment_number]", "SF9")
    page.focus("#scan")
    scan(page, "661565714368")  # good merchandise: not for the maker
    settle(page)
    assert outcomes(page) == [("unexpected", "661565714368")]
    page.goto("/scan/factory_in?site=BJ01")
    page.locator("ul.tiles a").first.click()
    page.fill("[name=result]", "已修好")
    page.focus("#scan")
    scan(page, "S-01", ELSEWHERE)
    found = finish(page)
    assert (found["type"], serials(found)) == ("factory_receipt", [ELSEWHERE])


def test_a_customer_gives_a_device_back(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    serviced(page, "773000000004")
    page.goto("/scan/take_back")
    page.fill("[name=reason]", "停业")
    page.focus("#scan")
    scan(page, "M-09", "773000000004")
    found = finish(page)
    assert (found["type"], found["lines"][0]["position"]["state"]) == ("customer_return", "quarantined")


def test_what_is_suspect_is_held_and_released_when_it_was_looked_at(visit: Visit) -> None:
    page = visit("zhang", "/scan/hold", PHONE)
    page.fill("[name=reason]", "外壳有裂纹")
    page.focus("#scan")
    scan(page, "M-09", "661565714364")
    assert finish(page)["type"] == "hold"
    page.goto("/scan/release")
    page.fill("[name=inspection]", "只是包装，盘完好")
    page.focus("#scan")
    scan(page, "M-01", "661565714364")
    found = finish(page)
    assert (found["type"], found["status"]) == ("release", "pending")
    assert "等审核员批准" in page.inner_text("#told")


def test_a_repaired_device_is_handed_back_alone_and_the_moment_is_the_units(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    serviced(page, "773000000005")
    page.goto("/scan/repair_intake")
    page.fill("[name=fault]", "口令锁死")
    page.focus("#scan")
    scan(page, "R-01", "773000000005")
    finish(page)
    page.goto("/scan/repair_return")
    done_at = page.input_value("[name=completed_at]")
    page.fill("[name=diagnosis]", "口令输错三次")
    page.fill("[name=work]", "解锁")
    page.focus("#scan")
    scan(page, "773000000005")
    settle(page)
    scan(page, KNOWN)
    assert "最多 1 只" in answer(page)[1]
    found = finish(page)
    assert (found["type"], serials(found)) == ("repair_return", ["773000000005"])
    assert found["content"]["completed_at"] == f"{done_at}:00+08:00"


def test_a_spare_is_carried_out_for_the_device_of_a_dispatch_and_back(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    serviced(page, "773000000006")
    order = {"site": "BJ01", "serials": ["773000000006"], "fault": "读不出", "technician": "wang"}
    number = post(page.request, "/v1/dispatch-orders", order, "o-visit")["number"]
    page.goto("/scan/carry_out")
    page.select_option("[name=order]", number)
    assert page.input_value("[name=faulty]") == "773000000006"
    page.focus("#scan")
    scan(page, "661565720014")
    found = finish(page)
    assert [line["position"]["state"] for line in found["lines"]] == ["carried"]
    page.goto("/scan/carry_back")
    scan(page, "S-01", "661565720014")
    found = finish(page)
    assert [line["position"]["state"] for line in found["lines"]] == ["in_stock"]


def test_an_order_of_two_devices_asks_for_which_of_them_a_spare_is_carried_out(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    devices = ["773000000013", "773000000014"]
    for serial in devices:
        serviced(page, serial)
    order = {"site": "BJ01", "serials": devices, "fault": "读不出", "technician": "wang"}
    number = post(page.request, "/v1/dispatch-orders", order, "o-of-two")["number"]
    page.goto(f"/scan/carry_out?site=BJ01&order={number}")
    assert [page.input_value(f"[name={name}]") for name in ("order", "faulty")] == ["", ""]
    page.select_option("[name=order]", label=f"{number} {devices[1]}")
    assert page.input_value("[name=faulty]") == devices[1]


def test_a_customers_device_scanned_for_a_spare_chooses_no_other_order(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    meant, other = "773000000011", "773000000012"
    for serial in (meant, other):
        serviced(page, serial)
        order = {"site": "BJ01", "serials": [serial], "fault": "读不出", "technician": "wang"}
        number = post(page.request, "/v1/dispatch-orders", order, f"o-{serial}")["number"]
    page.goto("/scan/carry_out")
    page.select_option("[name=order]", label=page.locator("option", has_text=meant).inner_text())
    chosen = page.input_value("[name=order]")
    page.focus("#scan")
    scan(page, other)
    settle(page)
    assert outcomes(page) == [("unexpected", other)]
    assert page.input_value("[name=order]") == chosen != number
    assert page.input_value("[name=faulty]") == meant


def test_a_lost_device_is_found_with_its_customer_or_comes_to_the_counter(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    serviced(page, "773000000007")
    page.goto("/scan/report_loss")
    page.fill("[name=report_number]", "BS-2026-01")
    page.focus("#scan")
    scan(page, "773000000007")
    assert finish(page)["type"] == "loss_report"
    page.goto("/scan/found")
    page.select_option("#bin", "")
    page.fill("[name=found]", "用户在抽屉里找到")
    page.focus("#scan")
    scan(page, "773000000007")
    settle(page)
    assert outcomes(page) == [("taken", "773000000007")]
    found = finish(page)
    assert (found["type"], found["status"]) == ("recovery", "pending")


def test_a_customer_hands_a_device_to_the_tax_authority(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    serviced(page, "773000000008")
    page.goto("/scan/surrender")
    page.fill("[name=tax_document]", "税通 [2026] 17 号")
    page.select_option("[name=reason]", "deregistration")
    page.focus("#scan")
    scan(page, "773000000008")
    found = finish(page)
    assert [line["position"]["state"] for line in found["lines"]] == ["surrendered"]


def test_a_refusal_names_serials_whose_rows_turn_red_and_can_be_removed(visit: Visit) -> None:
    page = visit("zhang", "/scan/put_away", DESKTOP)
    scan(page, "M-02", "661565714375", "661565714376")
    settle(page)
    day = today(page)
    meanwhile = {"type": "hold", "site": "BJ01", "business_date": day, "reason": "外壳破损", "bin": "M-09"}
    post(page.request, "/v1/documents", {**meanwhile, "lines": [{"serial": "661565714375"}]}, "h-1")
    scan(page, command("finish"))
    page.get_by_role("button", name="移除被拒的 1 个").click()
    assert outcomes(page) == [("taken", "661565714376")]
    assert serials(finish(page)) == ["661565714376"]


@pytest.mark.parametrize(
    "path", ["/scan", "/scanner-test", *(f"/scan/{task.name}?paper=none" for task in TASKS)]
)
def test_no_scanning_page_is_wider_than_its_screen(visit: Visit, path: str) -> None:
    page = visit("zhang", path, PHONE)
    if page.locator("#scan").count():
        page.focus("#scan")
        scan(page, "M-02", KNOWN, NEVER, "X" * 60)
    for viewport in (PHONE, DESKTOP):
        page.set_viewport_size(viewport)
        assert fits(page), viewport
        small = page.eval_on_selector_all(
            "main button, main a.button, main select, main input:not([type=checkbox])",
            "all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)",
        )
        assert small == [], viewport
