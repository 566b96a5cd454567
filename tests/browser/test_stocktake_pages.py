"""A count through the pages: opened, followed, closed, explained, signed by two in their own browsers, downloaded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from devices.ledger.proving.verify import verify
from panku.demo import PASSWORDS
from panku.wiring import CHECKS, RECORD_KINDS
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, agree, evidence_holds, fits
from tests.browser.scanning import outcomes, posted, settle
from tests.browser.scanning import scan as scanned
from tests.browser.test_scan_counts import FOR_SALE
from tests.browser.test_scan_tasks import TAXPAYER


def scan(page: Page, number: str, serials: list[str]) -> None:
    """Scan over the page's own session."""
    at = datetime.now(UTC).isoformat()
    scans: list[dict[str, Any]] = [
        {"id": f"b{n}-{number}", "serial": serial, "at": at} for n, serial in enumerate(serials)
    ]
    answer = page.request.post(f"/v1/stocktakes/{number}/scans", data={"sent_at": at, "scans": scans})
    assert answer.ok, answer.text()


def stock(site: Site, register: str) -> list[str]:
    """Every serial on a shelf of BJ01."""
    rows = site.store.rows(
        "SELECT serial FROM position WHERE site = 'BJ01' AND register = ? AND bin IS NOT NULL ORDER BY serial",
        (register,),
    )
    return [serial for (serial,) in rows]


def begin(page: Page, register: str) -> str:
    """Open a blind count by the form."""
    page.goto("/stocktakes")
    if not page.get_by_role("button", name="开始").is_visible():
        page.get_by_text("开始盘点").click()
    page.locator("[name=register]").select_option(register)
    page.get_by_role("button", name="开始").press("Enter")
    page.wait_for_url("**/stocktakes/S-*")
    return page.url.rsplit("/", 1)[1]


def close(page: Page) -> None:
    """End a count by its button, and say yes."""
    page.get_by_role("button", name="结束盘点").click()
    agree(page)


def cancel(page: Page) -> None:
    """Cancel the count that a page shows."""
    page.get_by_text("取消盘点").first.click()
    form = page.locator("form[data-api$='/cancel']")
    form.locator("[name=reason]").fill("试一下")
    with page.expect_navigation():
        form.get_by_role("button").click()


def sign(page: Page, number: str, who: str, password: str | None = None) -> None:
    """Sign by the form, as whatever role the page offers."""
    page.goto(f"/stocktakes/{number}")
    page.locator("[name=password]").fill(password or PASSWORDS[who][0])
    page.locator("[name=password]").press("Enter")


@pytest.mark.parametrize("viewport", [PHONE], ids=["phone"])
def test_a_count_is_lived_through_the_pages(visit: Visit, site: Site, viewport: ViewportSize) -> None:
    zhang, li = visit("zhang", "/stocktakes", viewport, kept=False), visit("li", "/stocktakes", viewport)
    short, *there = stock(site, "spare")
    number = begin(zhang, "spare")
    expect(zhang.get_by_text("盲盘中")).to_be_visible()
    scan(zhang, number, there)
    expect(zhang.locator("[data-live=mine]")).to_have_text(str(len(there)), timeout=10_000)

    close(zhang)
    expect(zhang.get_by_role("heading", name=short)).to_be_visible()
    expect(zhang.get_by_text("还有 1 项差异没有说明")).to_be_visible()
    zhang.locator("[name=explanation]").fill("货架和地面都找过")
    zhang.locator("[name=action]").fill("按盘亏处理")
    zhang.locator("[name=action]").press("Enter")
    expect(zhang.get_by_role("button", name="以设备管理员身份签字")).to_be_visible()

    sign(zhang, number, "zhang", "not my password at all")
    expect(zhang.locator(".told:not([hidden])", has_text="密码")).to_be_visible()
    assert zhang.evaluate("document.activeElement.name") == "password"
    sign(zhang, number, "zhang")
    expect(zhang.get_by_text("设备管理员 张伟")).to_be_visible()
    sign(li, number, "li")
    expect(li.get_by_text("已由两人签封")).to_be_visible()

    assert evidence_holds(li)
    assert fits(li)


def test_what_is_typed_for_one_finding_is_still_there_when_another_is_saved(visit: Visit) -> None:
    zhang = visit("zhang", "/stocktakes", PHONE, kept=False)
    number = begin(zhang, "custody")
    scan(zhang, number, ["661500000011", "661500000012"])
    close(zhang)
    first, second = (zhang.locator(f"form[data-api$='/findings/66150000001{n}']") for n in (1, 2))
    second.locator("[name=explanation]").fill("还没问清楚")
    first.locator("[name=explanation]").fill("邻居网点的")
    first.locator("[name=action]").fill("送回")
    with zhang.expect_navigation():
        first.get_by_role("button").click()
    expect(zhang.get_by_text("邻居网点的").first).to_be_visible()
    assert second.locator("[name=explanation]").input_value() == "还没问清楚"
    cancel(zhang)


def test_an_explanation_after_a_signature_makes_both_sign_again(visit: Visit, site: Site) -> None:
    zhang = visit("zhang", "/stocktakes", DESKTOP, kept=False)
    number = begin(zhang, "custody")
    scan(zhang, number, ["661500000001"])
    close(zhang)
    zhang.locator("[name=explanation]").fill("不知哪来的")
    zhang.locator("[name=action]").fill("查来历")
    zhang.locator("[name=action]").press("Enter")
    expect(zhang.get_by_role("button", name="以设备管理员身份签字")).to_be_visible()
    sign(zhang, number, "zhang")
    expect(zhang.get_by_text("设备管理员 张伟")).to_be_visible()
    zhang.get_by_text("写说明").click()
    zhang.locator("[name=explanation]").fill("邻居网点的，已来电")
    zhang.locator("[name=action]").press("Enter")
    expect(zhang.get_by_text("邻居网点的，已来电").first).to_be_visible()
    expect(zhang.get_by_role("button", name="以设备管理员身份签字")).to_be_visible()
    cancel(zhang)


def short_of(page: Page) -> list[str]:
    """The serials of the variances that a page shows."""
    shown: list[str] = page.eval_on_selector_all(
        "#lines ~ article h3 a", "links => links.map(link => link.textContent)"
    )
    return shown


def counting(visit: Visit, site: Site, register: str) -> tuple[Page, Page, str, list[str]]:
    """zhang's browser and li's phone, that has scanned one device; the count, and the devices besides."""
    zhang = visit("zhang", "/stocktakes", DESKTOP, kept=False)
    first, *others = stock(site, register)
    number = begin(zhang, register)
    phone = visit("li", f"/stocktakes/{number}/count", PHONE, kept=False)
    bins = phone.eval_on_selector_all("#bin option", "options => options.map(option => option.value)")
    scanned(phone, next(code for code in bins if code), first)
    settle(phone)
    return zhang, phone, number, others


def fall_silent(phone: Page, unsent: list[str]) -> None:
    """The phone loses the network, and its counter scans on."""
    phone.context.set_offline(True)
    scanned(phone, *unsent)
    expect(phone.locator("#count_unsent")).to_have_text(str(len(unsent)))


def close_over_li(zhang: Page) -> None:
    """End the count that li has not said to have finished: refused by name, and then for a reason."""
    close(zhang)
    refused = zhang.locator("form[data-api$='/close'] .told")
    expect(refused).to_contain_text("李静（li）还没有说“扫完了”")
    expect(zhang.locator("#board")).to_contain_text("还没说扫完")
    zhang.locator("form[data-api$='/close'] [name=reason]").fill("李静的手机连不上，等不到")
    with zhang.expect_navigation():
        close(zhang)
    expect(zhang.get_by_text("李静的手机连不上，等不到")).to_be_visible()


def sell(page: Page, serial: str) -> str:
    """Sell a device by the page of scans, and come back; the number of the sale."""
    page.goto("/scan/sell")
    scanned(page, serial)
    settle(page)
    page.fill("[name='customer.taxpayer_id']", TAXPAYER)
    page.locator("#finish").click()
    number = posted(page)
    page.go_back()
    return number


def test_a_blind_count_with_a_peeker_a_sale_and_a_silent_phone_is_sealed_right(
    visit: Visit, site: Site
) -> None:
    zhang, phone, number, others = counting(visit, site, "merchandise")
    unsent, there = others[:5], others[5:]
    assert FOR_SALE in there

    peeked = unsent[0]
    phone.goto(f"/devices/{peeked}")
    expect(phone.get_by_role("note")).to_contain_text("盲盘中")
    told = phone.inner_text("main")
    assert not [word for word in ("在库", "M-01", "入库") if word in told], told
    phone.goto(f"/stocktakes/{number}/count")
    fall_silent(phone, unsent)
    scan(zhang, number, there)
    sale = sell(zhang, FOR_SALE)
    close_over_li(zhang)
    assert short_of(zhang) == unsent, (
        "nobody has told the server of them; what was counted and then sold is in order"
    )

    phone.context.set_offline(False)
    settle(phone)
    assert outcomes(phone)[1:] == [("late", serial) for serial in unsent]
    zhang.reload()
    late = zhang.locator("section[aria-labelledby=late]")
    for serial in unsent:
        expect(late.get_by_role("heading", name=serial)).to_be_visible()
    expect(late).to_contain_text("建议重新打开盘点")
    explain_all(zhang, number)
    zhang.goto(f"/stocktakes/{number}")
    expect(zhang.get_by_text(f"还有 {len(unsent)} 扫迟到的扫描没有处理")).to_be_visible()
    expect(zhang.locator("[name=password]")).to_have_count(0)
    zhang.get_by_text("重新打开，继续盘").first.click()
    reopen = zhang.locator("form[data-api$='/reopen']")
    reopen.locator("[name=reason]").fill("并入李静迟到的扫描")
    with zhang.expect_navigation():
        reopen.get_by_role("button").click()
    phone.reload()
    phone.get_by_role("button", name="完成：我扫完了").click()
    expect(phone.locator("#finished")).to_be_visible()
    with zhang.expect_navigation():
        close(zhang)

    assert short_of(zhang) == []
    expect(zhang.locator("section[aria-labelledby=late]")).to_contain_text("已并入盘点")
    disclosed = zhang.locator("section[aria-labelledby=disclosed] li")
    expect(disclosed.filter(has_text="李静 按编号查询")).to_contain_text("1 台")
    expect(disclosed.filter(has_text="李静 按编号查询")).to_contain_text(peeked)
    expect(disclosed.filter(has_text="张伟 过账")).to_contain_text(sale)
    sign(zhang, number, "zhang")
    expect(zhang.get_by_text("设备管理员 张伟")).to_be_visible()
    li = visit("li", "/")
    sign(li, number, "li")
    expect(li.get_by_text("已由两人签封")).to_be_visible()
    assert fits(li)
    assert evidence_holds(li)
    assert verify(site.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_phone_that_comes_back_after_the_seal_is_told_at_home_until_it_is_explained(
    visit: Visit, site: Site
) -> None:
    zhang, phone, number, (serial, *there) = counting(visit, site, "merchandise")
    fall_silent(phone, [serial])
    scan(zhang, number, there)
    close_over_li(zhang)
    explain_all(zhang, number)
    sign(zhang, number, "zhang")
    expect(zhang.get_by_text("设备管理员 张伟")).to_be_visible()
    li = visit("li", "/")
    sign(li, number, "li")
    expect(li.get_by_text("已由两人签封")).to_be_visible()
    digest = li.locator("code").first.inner_text()
    phone.context.set_offline(False)
    settle(phone)
    assert outcomes(phone)[-1] == ("late", serial)
    li.goto("/")
    expect(li.locator("#wrong ~ ul")).to_contain_text(
        f"{serial} 已按本次盘亏记为缺失：找到实物后请开“寻回”单"
    )
    li.locator("#wrong ~ ul").get_by_role("link", name=number).click()
    expect(li.get_by_text("签封以后收到").first).to_be_visible()
    assert li.locator("code").first.inner_text() == digest
    li.locator("form[data-api*='/late-scans/'] [name=explanation]").fill("实物在 M-01，已开寻回单")
    with li.expect_navigation():
        li.locator("form[data-api*='/late-scans/'] button").click()
    expect(li.get_by_text("已说明").first).to_be_visible()
    li.goto("/")
    expect(li.locator("main")).not_to_contain_text("迟到的扫描没有处理")


def explain_all(page: Page, number: str) -> None:
    """Explain every variance over the page's own session."""
    for line in page.request.get(f"/v1/stocktakes/{number}/sheet?result=variance&limit=500").json()["lines"]:
        answer = page.request.put(
            f"/v1/stocktakes/{number}/findings/{line['serial']}",
            data={"explanation": "查过", "action": "照办"},
            headers={"If-Match": f'"{line["revision"]}"'},
        )
        assert answer.ok, answer.text()
