"""Signing in and out as a person does, by keyboard, on a phone and on a desktop; one's own tokens and sessions."""

from __future__ import annotations

import json
import urllib.request

import pytest
from playwright.sync_api import ViewportSize, expect

from devices.journal import open_journals
from devices.people import tokens
from devices.people.roles import SYSTEM
from devices.values import UNIT
from panku.demo import PASSWORDS
from panku.wiring import clock
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, agree, fits


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_one_signs_in_and_out_by_keyboard_alone(visit: Visit, viewport: ViewportSize) -> None:
    page = visit(None, "/me", viewport)
    assert page.url.endswith("/sign-in?then=%2Fme")
    expect(page.locator("[name=username]")).to_be_focused()
    page.keyboard.type("zhang")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS["zhang"][0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/me")
    assert page.inner_text("h1") == "张伟"
    page.get_by_role("button", name="退出登录").press("Enter")
    page.wait_for_url("**/sign-in")


def test_signing_out_is_one_step_from_every_page(visit: Visit) -> None:
    page = visit("zhang", "/reviews", PHONE)
    page.get_by_role("link", name="退出登录").click()
    expect(page.get_by_role("button", name="退出登录")).to_be_in_viewport()


def test_a_wrong_password_is_told_and_the_field_has_the_focus(visit: Visit) -> None:
    page = visit(None, "/sign-in")
    page.fill("[name=username]", "zhang")
    page.fill("[name=password]", "not the right password")
    page.keyboard.press("Enter")
    page.wait_for_selector(".told:not([hidden])")
    assert page.get_by_role("alert").inner_text().strip()
    assert page.evaluate("document.activeElement.name") == "password"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("path", ["/", "/me"])
def test_no_page_is_wider_than_its_screen(visit: Visit, path: str, viewport: ViewportSize) -> None:
    page = visit("zhang", path, viewport)
    assert fits(page)


def token_for(site: Site, username: str, label: str) -> str:
    """Issue a token that would post in somebody's name; returns its id."""
    at_us = clock()
    with site.store.writing():
        writer = open_journals(site.store, [UNIT], at_us)
        issued = tokens.issue(
            writer, SYSTEM, label=label, site="BJ01", scopes=["read", "post"], expires_at=at_us + 10**12,
            username=username,
        )  # fmt: skip
    return issued.token.id


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_one_is_told_of_a_token_confirms_it_and_ends_it(
    visit: Visit, site: Site, viewport: ViewportSize
) -> None:
    label = f"海淀网点 {viewport['width']}"
    identity = token_for(site, "zhang", label)
    page = visit("zhang", "/", viewport)
    page.get_by_role("link", name="以您名义过账的令牌待确认").click()
    page.wait_for_url("**/me#tokens")
    row = page.locator("tr", has_text=label)
    expect(row).to_contain_text("待本人确认后才能开单")
    row.get_by_text("确认这个令牌").first.click()
    row.locator("[name=password]").fill("not the right password")
    row.get_by_role("button", name="确认这个令牌").click()
    expect(row.get_by_role("alert").first).to_be_visible()
    row.locator("[name=password]").fill(PASSWORDS["zhang"][0])
    row.get_by_role("button", name="确认这个令牌").click()
    expect(row).to_contain_text("已经本人确认")
    assert fits(page)
    confirmed = "SELECT confirmed, active FROM token WHERE id = ?"
    assert site.store.row(confirmed, (identity,)) == (1, 1)
    row.get_by_role("button", name=f"结束 {label}").click()
    agree(page)
    expect(row).to_have_count(0)
    assert site.store.row(confirmed, (identity,)) == (1, 0)


def test_one_ends_a_session_elsewhere_and_then_all_others(visit: Visit, site: Site) -> None:
    page = visit(None, "/sign-in?then=/me", kept=False)
    page.fill("[name=username]", "zhao")
    page.fill("[name=password]", PASSWORDS["zhao"][0])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    body = {"username": "zhao", "password": PASSWORDS["zhao"][0]}
    for _ in range(3):
        request = urllib.request.Request(
            site.address + "/v1/session", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=30).close()
    page.reload()
    rows = page.locator("#sessions + table tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="当前登录")).to_have_count(1)
    with page.expect_navigation():
        rows.filter(has=page.get_by_role("button")).first.get_by_role("button").click()
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="结束其他所有登录").click()
    agree(page)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("当前登录")
