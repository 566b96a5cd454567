"""No page is wider than its screen, nor has a barrier that axe-core finds: every page, for each role, both widths."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab

from tests.browser.walking import STEPS, VIEWPORTS, Walk, walk
from web.pages import Page
from web.table import PAGES

__all__ = ["walk"]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


@pytest.mark.parametrize(("page", "who", "viewport"), STEPS)
def test_a_page_fits_its_screen_and_has_no_barrier(
    walk: Walk, page: Page, who: str | None, viewport: str
) -> None:
    tab = walk(page, who, viewport)
    assert tab.evaluate("document.documentElement.scrollWidth") <= VIEWPORTS[viewport]["width"]
    assert barriers(tab) == []


def test_a_barrier_would_be_found(walk: Walk) -> None:
    tab = walk(PAGES[0], None, "phone")
    tab.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert [told.partition(":")[0] for told in barriers(tab)] == ["label"]


def barriers(tab: Tab) -> list[str]:
    """What axe-core finds wrong on a page, with the elements it means."""
    found = Axe().run(tab, options=OPTIONS).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:4]]}"
        for each in found
    ]
