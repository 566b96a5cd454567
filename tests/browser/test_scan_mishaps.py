"""What goes wrong at the shelf: nothing is filled in, moved, undone or dropped but what somebody meant."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.scanning import answer, command, focused, outcomes, posted, scan, settle, until
from tests.browser.test_scan_tasks import TAXPAYER, document, finish, post, sell, serials, serviced, today

SOLD, SPARE, NEVER = "661565714354", "661565720016", "000000000000"
PAPER = {"register": "merchandise", "supplier": "启明", "delivery_note": "QM-8", "model": "TCG-01"}


def stocked(page: Page, *wanted: str, **paper: str) -> None:
    """Put new devices on the shelf."""
    day = today(page)
    body = {
        **PAPER, "bin": "M-01", **paper, "type": "receipt", "site": "BJ01", "business_date": day,
        "lines": [{"serial": serial} for serial in wanted],
    }  # fmt: skip
    post(page.request, "/v1/documents", body, f"stocked-{wanted[0]}")


def test_a_refused_disk_fills_in_no_buyer(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    stocked(page, "780000000001")
    page.goto("/scan/sell")
    scan(page, SOLD, "780000000001")
    settle(page)
    assert [outcome for outcome, _ in outcomes(page)] == ["unexpected", "taken"]
    assert page.input_value("[name='customer.taxpayer_id']") == ""
    scan(page, command("finish"))
    assert focused(page) == "ask_customer_taxpayer_id"


def test_what_a_disk_filled_in_goes_with_it_and_two_customers_are_told_apart(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    stocked(page, "780000000011", "780000000012")
    for serial, customer in (("780000000011", TAXPAYER), ("780000000012", "110101199003077")):
        page.goto("/scan/sell")
        sell(page, serial, customer)
    page.goto("/scan/register")
    scan(page, "780000000011")
    settle(page)
    assert page.input_value("[name='customer.taxpayer_id']") == TAXPAYER
    page.focus("#scan")
    scan(page, "780000000012")
    settle(page)
    assert outcomes(page) == [("taken", "780000000011"), ("unexpected", "780000000012")]
    assert "780000000011" in answer(page)[1]
    scan(page, command("cancel"), command("cancel"))
    assert page.input_value("[name='customer.taxpayer_id']") == ""
    assert page.input_value("[name='customer.name']") == ""


def test_damage_that_is_typed_after_the_scan_is_noted_by_scanning_once_more(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    stocked(page, "780000000021")
    page.goto("/scan/transfer_out")
    page.select_option("[name=destination]", "TJ01")
    page.select_option("[name=carrier]", "SF")
    page.fill("[name=consignment_number]", "SF780")
    page.focus("#scan")
    scan(page, "780000000021")
    number = finish(page)["number"]
    there = visit("zhao", f"/scan/transfer_in?site=TJ01&paper={number}", PHONE)
    scan(there, "M-09", "780000000021")
    settle(there)
    there.fill("[name=damaged]", "外壳裂")
    there.focus("#scan")
    scan(there, command("finish"))
    assert "破损" in answer(there)[1]
    scan(there, "780000000021")
    assert there.input_value("[name=damaged]") == ""
    found = finish(there)
    assert found["lines"][0]["facts"]["damaged"] == "外壳裂"


@pytest.mark.parametrize("bin_code", ["M-99", "M-01", "Ｍ－０１"])
def test_a_bin_that_does_not_fit_leaves_no_bin(visit: Visit, bin_code: str) -> None:
    page = visit("zhang", "/scan/hold", PHONE)
    scan(page, "M-09", bin_code)
    settle(page)
    scan(page, "661565714358")
    assert "先扫货位" in answer(page)[1]
    assert "661565714358" not in [serial for _, serial in outcomes(page)]


def test_the_undo_card_undoes_what_was_asked_about(visit: Visit) -> None:
    page = visit("zhang", "/scan/lookup", DESKTOP)
    scan(page, command("undo"))
    assert "没有可撤销" in answer(page)[1]
    first, second = "661565714355", "661565714356"
    scan(page, first, second)
    settle(page)
    page.locator(f"#rows li:has-text('{first}') button").click()
    scan(page, command("undo"))
    assert [serial for _, serial in outcomes(page)] == [second]


def test_a_disk_scanned_while_a_field_is_empty_is_a_disk(visit: Visit) -> None:
    page = visit("zhang", "/scan/receive?paper=none", DESKTOP)
    page.select_option("[name=register]", "merchandise")
    page.select_option("[name=model]", "TCG-01")
    page.focus("#scan")
    scan(page, "M-01", "780000000031")
    settle(page)
    scan(page, command("finish"))
    assert focused(page) == "ask_supplier"
    scan(page, "780000000032")
    settle(page)
    assert [serial for _, serial in outcomes(page)] == ["780000000031", "780000000032"]
    assert page.input_value("[name=supplier]") == ""
    scan(page, command("cancel"), command("cancel"))


@pytest.mark.parametrize("amount", ["50,5元", "五十", "-5", "5.005"])
def test_an_amount_is_digits(visit: Visit, amount: str) -> None:
    page = visit("zhang", None, DESKTOP)
    if not page.request.get("/v1/devices/780000000041").ok:
        serviced(page, "780000000041")
    page.goto("/scan/swap")
    scan(page, "780000000041", SPARE)
    settle(page)
    page.fill("[name=fault]", "坏")
    page.fill("[name=charged_fen]", amount)
    page.focus("#scan")
    scan(page, command("finish"))
    assert "收费金额" in answer(page)[1]
    assert focused(page) == "ask_charged_fen"
    scan(page, command("cancel"), command("cancel"))


def test_what_is_scanned_in_one_tab_while_another_waits_for_its_answer_stays(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    stocked(page, "780000000051", "780000000052")
    page.goto("/scan/put_away")
    scan(page, "M-02", "780000000051")
    settle(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/documents", hold)
    scan(page, command("finish"))
    until(page, "document.getElementById('finish').disabled")
    other = page.context.new_page()
    other.goto("/scan/put_away")
    posted(other)
    scan(other, "M-02", "780000000052")
    settle(other)
    held[0].continue_()
    expect(page.locator("#rows li")).to_have_count(1)
    assert [serial for _, serial in outcomes(other)] == ["780000000052"]
    assert serials(finish(other)) == ["780000000052"]


def test_a_session_that_ended_is_told_at_the_finish_and_the_document_is_posted_after_signing_in(
    visit: Visit,
) -> None:
    page = visit("zhang", None, PHONE)
    stocked(page, "780000000061")
    page.goto("/scan/put_away")
    scan(page, "M-02", "780000000061")
    settle(page)
    kept = page.context.cookies()
    page.context.clear_cookies()
    scan(page, command("finish"))
    link = page.locator("#note").get_by_role("link", name="去登录")
    expect(link).to_be_visible()
    page.wait_for_timeout(500)
    expect(link).to_be_visible()
    page.context.add_cookies(kept)  # type: ignore[arg-type]
    assert serials(document(page, posted(page))) == ["780000000061"]


def test_a_spare_among_merchandise_is_told_at_the_scan(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    stocked(page, "780000000071")
    stocked(page, "780000000072", register="spare", bin="S-01")
    page.goto("/scan/transfer_out")
    scan(page, "780000000071", "780000000072")
    settle(page)
    assert outcomes(page) == [("taken", "780000000071"), ("unexpected", "780000000072")]
    assert all(words in answer(page)[1] for words in ("备件账", "商品账", "780000000071"))
    scan(page, command("cancel"), command("cancel"))


def test_a_disk_with_a_visit_under_way_is_not_swapped_under_another_order(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    serviced(page, "780000000081")
    order = {"site": "BJ01", "serials": ["780000000081"], "fault": "读不出", "technician": "wang"}
    number = post(page.request, "/v1/dispatch-orders", order, "o-mishap")["number"]
    page.goto("/scan/swap")
    scan(page, "780000000081")
    assert number in answer(page)[1]
    expect(page.locator("#note").get_by_role("link", name=number)).to_be_visible()


def test_an_order_that_was_opened_for_a_refused_document_is_the_next_ones(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    serviced(page, "780000000091")
    page.goto("/scan/repair_intake")
    page.fill("[name=fault]", "坏")
    page.focus("#scan")
    scan(page, "R-01", "780000000091")
    settle(page)

    def refuse(route: Route) -> None:
        route.fulfill(status=422, json={"code": "race_lost", "detail": "被别人抢先", "errors": []})

    page.route("**/v1/documents", refuse)
    scan(page, command("finish"))
    expect(page.locator("#told")).to_contain_text("被别人抢先")
    page.unroute("**/v1/documents", refuse)
    opened = page.input_value("[name=order]")
    assert opened.startswith("R-BJ01-")
    assert finish(page)["content"]["order"] == opened


def test_what_was_scanned_into_a_wrong_bin_first_is_not_called_left_out(visit: Visit) -> None:
    page = visit("zhang", "/scan/put_away", PHONE)
    stocked(page, "780000000101")
    scan(page, "S-01", "780000000101")
    settle(page)
    scan(page, "M-02", "780000000101")
    settle(page)
    finish(page)
    assert "没有计入" not in page.inner_text("#told")


def test_what_came_too_much_is_not_counted_as_taken(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    stocked(page, "780000000111")
    page.goto("/scan/transfer_out")
    page.select_option("[name=destination]", "TJ01")
    page.select_option("[name=carrier]", "SF")
    page.fill("[name=consignment_number]", "SF781")
    page.focus("#scan")
    scan(page, "780000000111")
    number = finish(page)["number"]
    there = visit("zhao", f"/scan/transfer_in?site=TJ01&paper={number}", PHONE)
    scan(there, "M-01", "780000000111", NEVER)
    settle(there)
    expect(there.locator("#count_taken")).to_have_text("1")
    assert "多到" in there.locator(f"#rows li:has-text('{NEVER}')").inner_text()
    scan(there, command("cancel"), command("cancel"))


def test_a_look_up_says_which_document_holds_a_disk_and_finishes_nothing(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    stocked(page, "780000000121")
    day = today(page)
    here = {"site": "BJ01", "business_date": day, "lines": [{"serial": "780000000121"}]}
    post(page.request, "/v1/documents", {"type": "hold", "reason": "裂", "bin": "M-09", **here}, "hold-121")
    release = {"type": "release", "inspection": "完好", "bin": "M-01", **here}
    number = post(page.request, "/v1/documents", release, "release-121")["number"]
    page.goto("/scan/lookup")
    scan(page, "780000000121")
    settle(page)
    row = page.locator("#rows li").inner_text()
    assert ("已查到" in row, "已收" in row, number in row) == (True, False, True)
    scan(page, command("finish"))
    assert "查一查" in answer(page)[1]


def test_a_registration_does_not_warn_of_what_can_be_erased(visit: Visit) -> None:
    page = visit("zhang", "/scan/register", PHONE)
    assert "永久" not in page.inner_text("#asks")
    page.goto("/scan/hold")
    assert "永久" in page.inner_text("#asks")


def test_a_long_scan_is_clipped_and_the_page_stays_as_it_is(visit: Visit) -> None:
    page = visit("zhang", "/scan/lookup", PHONE)
    scan(page, "9" * 200)
    settle(page)
    assert len(page.inner_text("#answer b")) < 70


def test_what_is_unfinished_is_told_at_home_and_among_the_tasks(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    stocked(page, "780000000131")
    page.goto("/scan/put_away?site=BJ01")
    scan(page, "M-02", "780000000131")
    settle(page)
    for place in ("/", "/scan"):
        page.goto(place)
        told = page.locator("#unfinished")
        expect(told).to_contain_text("扫了 1 个，还没提交")
    told.get_by_role("link", name="移位上架").click()
    page.wait_for_url(re.compile("/scan/put_away"))
    assert outcomes(page) == [("taken", "780000000131")]
    finish(page)
    page.goto("/")
    expect(page.locator("#unfinished")).to_be_hidden()


def test_the_other_language_keeps_what_was_asked_for(visit: Visit) -> None:
    page = visit("zhang", "/scan/receive?site=BJ01&paper=none", PHONE)
    page.get_by_role("link", name="English").click()
    page.wait_for_url(re.compile("paper=none&lang=en"))
    expect(page.locator("#scan")).to_have_count(1)
