"""An auditor keeps the journals' heads and compares them; an administrator reads the settings."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from devices.journal import heads
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, fits

VIEWPORTS = {"phone": PHONE, "desktop": DESKTOP}


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_heads_are_downloaded_compared_and_a_journals_end_is_checked(
    visit: Visit, site: Site, viewport: str
) -> None:
    page = visit("li", "/", VIEWPORTS[viewport])
    page.get_by_role("link", name="账链", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="导出全部链头").click()
    kept = json.loads(download.value.path().read_bytes())
    assert kept.keys() == {head.site for head in heads(site.store)}
    assert fits(page)

    page.get_by_label("账链").select_option("TJ01")
    page.get_by_label("环号").fill(str(kept["TJ01"]["seq"]))
    page.get_by_role("textbox", name="链头").fill(kept["TJ01"]["hash"])
    page.get_by_role("button", name="对一对").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("一致：留存的链头还在账链里。 TJ01/")
    assert fits(page)

    page.get_by_role("link", name="核对最近 1000 环 BJ01").click()
    expect(page.get_by_role("status")).to_have_text("相符。")
    assert fits(page)


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_an_administrator_reads_the_settings_of_the_running_server(
    visit: Visit, site: Site, viewport: str
) -> None:
    page = visit("admin", "/", VIEWPORTS[viewport])
    page.get_by_role("link", name="设置", exact=True).click()
    expect(page.locator("tr", has_text="PANKU_PORT").locator("strong")).to_have_text(str(site.port))
    assert fits(page)
