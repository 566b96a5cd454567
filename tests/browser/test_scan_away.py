"""A device of another site's customer at the counter: whose it is, and whether a name that was wrong is a new one."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visit
from tests.browser.scanning import command, posted, scan, settle
from tests.browser.test_scan_tasks import document, receive, serials

THEIRS, TAXPAYER, NAME = "661565714354", "110101199003077", "朝阳区惠民便利店"


def test_a_repair_away_from_home_asks_whose_the_device_is(visit: Visit) -> None:
    page = visit("zhao", "/scan/repair_intake", PHONE)
    expect(page.locator("[name='customer.name']")).to_be_hidden()
    page.fill("[name=fault]", "无法识别")
    page.focus("#scan")
    scan(page, "R-01", THEIRS)
    settle(page)
    page.fill("[name='customer.taxpayer_id']", TAXPAYER)
    page.fill("[name='customer.name']", "惠民")
    page.focus("#scan")
    scan(page, command("finish"))
    expect(page.locator("#told")).to_contain_text("对不上")
    page.fill("[name='customer.name']", NAME)
    page.focus("#scan")
    scan(page, command("finish"))
    found = document(page, posted(page))
    assert (found["type"], serials(found)) == ("repair_intake", [THEIRS])
    told = visit("zhang", "/notices").inner_text("main")
    assert NAME in told
    assert found["content"]["order"] in told


def test_a_renamed_company_is_sold_to_once_that_is_said(visit: Visit) -> None:
    page = visit("zhao", "/scan/receive?site=TJ01&paper=none", PHONE)
    receive(page, "661565790077")
    page.goto("/scan/sell")
    expect(page.locator("[name='customer.renamed']")).to_be_hidden()
    scan(page, "661565790077")
    settle(page)
    page.fill("[name='customer.taxpayer_id']", TAXPAYER)
    page.fill("[name='customer.name']", "惠民连锁有限公司")
    page.fill("[name=application]", "SY-1")
    page.focus("#scan")
    scan(page, command("finish"))
    expect(page.locator("#told")).to_contain_text("企业已更名")
    page.select_option("[name='customer.renamed']", "renamed")
    page.focus("#scan")
    scan(page, command("finish"))
    assert document(page, posted(page))["type"] == "sale"
    home = visit("zhang", "/notices", PHONE)
    assert "惠民连锁有限公司" in home.inner_text("main")
    home.get_by_role("button", name="采纳", exact=True).first.click()
    expect(home.locator("main")).not_to_contain_text("惠民连锁有限公司 →")


def test_a_taxpayer_id_is_searched_for_without_being_in_an_address(visit: Visit) -> None:
    page = visit("zhang", "/books")
    page.get_by_role("searchbox").fill(TAXPAYER)
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/C-BJ01-000002")
