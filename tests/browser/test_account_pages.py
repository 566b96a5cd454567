"""Signing in and out as a person does, by keyboard, on a phone and on a desktop."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize, expect

from panku.demo import PASSWORDS
from tests.browser.conftest import DESKTOP, PHONE, Visit


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
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
