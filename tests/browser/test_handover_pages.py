"""A handover that three persons sign through the pages; the storekeeper of the file is none afterwards."""

from __future__ import annotations

from playwright.sync_api import Page, ViewportSize, expect

from panku.demo import PASSWORDS
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, evidence_holds, fits
from tests.browser.test_custody_pages import site
from tests.custody import NEWCOMERS
from tests.door import EXTRA

__all__ = ["site"]


def enter(visit: Visit, who: str, path: str, viewport: ViewportSize = PHONE) -> Page:
    """Open a page as somebody who is not in the demo."""
    page = visit(None, "/sign-in", viewport)
    password = NEWCOMERS.get(who) or EXTRA[who][2]
    assert page.request.post("/v1/session", data={"username": who, "password": password}).status == 201
    page.goto(path)
    return page


def test_three_persons_sign_a_handover_and_the_role_moves(visit: Visit, site: Site) -> None:
    zhang = visit("zhang", "/custody", DESKTOP)
    number = begin(zhang)
    expect(zhang.get_by_role("heading", name="未了事项")).to_be_visible()
    assert fits(zhang)
    assert "设备管理员身份" not in zhang.inner_text("main")
    sign(zhang, "移交人", PASSWORDS["zhang"][0])

    sun = enter(visit, "sun", "/")
    sun.get_by_role("link", name=number).click()
    sun.wait_for_url(f"**/handovers/{number}")
    assert fits(sun)
    sun.get_by_label("密码").fill("not my password at all")
    sun.get_by_label("密码").press("Enter")
    expect(sun.locator(".told:not([hidden])")).to_contain_text("密码")
    sign(sun, "接收人", NEWCOMERS["sun"])
    assert sun.get_by_role("button", name="身份签字").count() == 0

    chen = enter(visit, "chen", f"/handovers/{number}", DESKTOP)
    sign(chen, "监交人", EXTRA["chen"][2])
    expect(chen.locator(".lead")).to_have_text("已完成")
    assert evidence_holds(chen)
    roles = site.store.rows("SELECT username, role FROM role_grant WHERE site = 'BJ01' AND active = 1")
    assert set(roles) >= {("sun", "storekeeper")}
    assert ("zhang", "storekeeper") not in roles


def begin(page: Page) -> str:
    """Begin a handover from the page's reader to sun, before chen; returns its number."""
    page.locator("summary", has_text="开始交接").click()
    page.get_by_label("接收人").fill("sun")
    page.locator("form[data-api='POST /v1/handovers'] [name=reason]").fill("岗位调整")
    page.get_by_role("button", name="开始交接").press("Enter")
    page.wait_for_url("**/handovers/H-BJ01-*")
    return page.url.rsplit("/", 1)[1]


def sign(page: Page, party: str, password: str) -> None:
    """Sign the handover that a page shows."""
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name=f"以{party}身份签字").press("Enter")
    expect(page.locator("#signing ~ ul li", has_text=party)).to_be_visible()
