"""Reading and reviewing in a browser: search from any page, a queue worked by keyboard, lines picked for reversal."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import ViewportSize, expect

from panku.demo import PASSWORDS
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, agree, fits

QUEUE = "article.waiting"


def focused(tab: Tab) -> str:
    """Where the focus is: the document's number, or a field's name."""
    told: str = tab.evaluate("document.activeElement.dataset.number ?? document.activeElement.name ?? ''")
    return told


def numbers(tab: Tab) -> list[str]:
    """The numbers of the documents that wait, from top to bottom."""
    found: list[str] = tab.eval_on_selector_all(QUEUE, "all => all.map(each => each.dataset.number)")
    return found


def waiting(site: Site) -> list[str]:
    rows = site.store.rows("SELECT document FROM standing WHERE review = 'waiting' ORDER BY document")
    return [number for (number,) in rows]


@pytest.fixture
def moves(visit: Visit) -> list[str]:
    """Two fresh documents that wait for review, posted by the storekeeper."""
    tab = visit("zhang")
    posted = []
    today = tab.evaluate("new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10)")
    free = tab.request.get("/v1/devices?state=in_stock&register=merchandise").json()["devices"]
    for device in free[-2:]:
        body = {
            "type": "hold", "site": "BJ01", "business_date": today, "reason": "外壳破损", "bin": "M-09",
            "lines": [{"serial": device["serial"]}],
        }  # fmt: skip
        answer = tab.request.post(
            "/v1/documents", data=body, headers={"Idempotency-Key": f"hold-{device['serial']}"}
        )
        assert answer.status == 201, answer.text()
        posted.append(answer.json()["number"])
    return posted


def look_at(tab: Tab, number: str) -> None:
    """Go down the queue by keyboard to one document."""
    for _ in range(len(numbers(tab)) + 1):
        if focused(tab) == number:
            return
        tab.keyboard.press("j")
    pytest.fail(f"{number} is not in the queue")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_search_leads_from_any_page_to_a_device(visit: Visit, viewport: ViewportSize) -> None:
    tab = visit("zhang", "/books", viewport)
    tab.get_by_role("searchbox").fill("661565714353")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/devices/661565714353")
    assert tab.inner_text("h1") == "661565714353"


def test_a_full_width_scan_is_told_and_the_half_width_one_is_a_step_away(visit: Visit) -> None:
    tab = visit("zhang")
    tab.get_by_role("searchbox").fill("６６１５６５７１４３５３")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search")
    assert "661565714353" in tab.get_by_role("alert").inner_text()
    tab.get_by_role("link", name="661565714353").click()
    tab.wait_for_url("**/devices/661565714353")


def test_the_policy_takes_nothing_from_a_chart(visit: Visit) -> None:
    tab = visit("zhang", "/books", DESKTOP, kept=False)
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto("/books/BJ01/merchandise/statement")
    bars = tab.locator("svg.chart").first
    assert bars.get_attribute("role") == "img"
    assert tab.evaluate("getComputedStyle(document.querySelector('.chart .bar rect')).fill") != "rgb(0, 0, 0)"
    assert said == []


def test_the_queue_is_worked_by_keyboard_alone(visit: Visit, site: Site, moves: list[str]) -> None:
    tab = visit("li", "/reviews", DESKTOP)
    first, second = moves
    look_at(tab, second)
    tab.keyboard.press("k")
    assert focused(tab) == numbers(tab)[numbers(tab).index(second) - 1]
    look_at(tab, first)
    tab.keyboard.press("a")
    assert focused(tab) == "password"
    tab.keyboard.type(PASSWORDS["li"][0])
    tab.keyboard.press("Enter")
    tab.wait_for_selector(f"{QUEUE}.decided")
    assert f"{first} 已通过" in tab.inner_text("#told")
    assert focused(tab) not in ("", first)
    assert first not in waiting(site)
    look_at(tab, second)
    tab.keyboard.press("r")
    assert focused(tab) == "reason"
    tab.keyboard.type("jar of keys")
    assert tab.input_value(f"[data-number='{second}'] [name=reason]") == "jar of keys"
    tab.keyboard.press("Tab")
    tab.keyboard.type(PASSWORDS["li"][0])
    tab.keyboard.press("Enter")
    expect(tab.locator("#told")).to_contain_text(second)
    assert site.store.row("SELECT resolved FROM standing WHERE document = ?", (second,)) == (0,)


def test_a_wrong_password_decides_nothing_and_keeps_the_focus(
    visit: Visit, site: Site, moves: list[str]
) -> None:
    tab = visit("li", "/reviews", DESKTOP)
    look_at(tab, moves[0])
    tab.keyboard.press("a")
    tab.keyboard.type("not the right password")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(f"[data-number='{moves[0]}'] .told:not([hidden])")
    assert focused(tab) == "password"
    tab.keyboard.press("Escape")
    assert focused(tab) == moves[0]
    assert moves[0] in waiting(site)


def test_the_shortcuts_can_be_turned_off_and_stay_off(visit: Visit, moves: list[str]) -> None:
    tab = visit("li", "/reviews", DESKTOP)
    tab.get_by_text("快捷键", exact=True).click()
    tab.get_by_label("使用快捷键").uncheck()
    tab.reload()
    tab.keyboard.press("j")
    assert focused(tab) == ""
    tab.get_by_text("快捷键", exact=True).click()
    tab.get_by_label("使用快捷键").check()
    tab.keyboard.press("j")
    assert focused(tab) in ("", numbers(tab)[0])


def test_one_line_is_picked_and_reversed_from_the_documents_page(visit: Visit, site: Site) -> None:
    tab = visit("zhang", f"/documents/{site.document(2)}", DESKTOP, kept=False)
    tab.get_by_label("选这行冲销 661565720018").check()
    tab.get_by_label("原因").fill("多登记一只")
    tab.get_by_role("button", name="冲销").click()
    agree(tab)
    tab.wait_for_url(lambda url: "/documents/" in url and "000002" not in url)
    assert tab.locator("table tbody tr").count() == 1
    assert "661565720018" in tab.inner_text("table")
    assert "待审批" in tab.inner_text(".lead")
    tab.get_by_role("button", name="撤回").click()
    agree(tab)
    expect(tab.locator(".lead")).to_contain_text("已撤回")


def test_a_devices_label_and_history_are_printed_from_its_page(visit: Visit, site: Site) -> None:
    page = visit("zhang", "/devices/661565714353", PHONE)
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    page.get_by_text("打印标签").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="打印标签").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    assert fits(page)
