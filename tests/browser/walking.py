"""Every page as everybody who sees it: who visits which address, and browsers that stay signed in for a whole file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Page as Tab

from api.access import Access
from devices.people.roles import ADMIN
from panku.demo import PASSWORDS
from tests.browser.conftest import DESKTOP, PHONE, Site
from tests.test_pages import plain
from web.pages import Page
from web.table import PAGES

VIEWPORTS = {"phone": PHONE, "desktop": DESKTOP}
VISITORS = {"zhang": "storekeeper", "li": "auditor", "admin": ADMIN}
"""One person of the demo for each role it has."""
STOCKTAKE = {"site": "TJ01", "register": "custody", "method": "open"}
"""A count that the pages of counts are looked at with; no other test counts this register."""


def visitors_of(page: Page) -> list[str | None]:
    """Who sees a page: nobody, where it is public, and everybody whose role it asks for."""
    known = [who for who, role in VISITORS.items() if _asked(page.access, role)]
    return [None, *known] if page.access.public else list(known)


def _asked(access: Access, role: str) -> bool:
    return access.roles is None or role in access.roles


def address_of(page: Page, stocktake: str) -> str:
    """Where a page is in the demo."""
    return (
        f"/stocktakes/{stocktake}" + page.path.partition("{number}")[2]
        if _of_count(page)
        else plain(page.path)
    )


def _of_count(page: Page) -> bool:
    return page.path.startswith("/stocktakes/{number}")


Walk = Callable[[Page, str | None, str], Tab]


@pytest.fixture(scope="module")
def walk(site: Site, browser: Browser) -> Iterator[Walk]:
    """Open a page as somebody on a phone or a desktop: `walk(page, "zhang", "phone")`; they sign in once."""
    contexts: dict[tuple[str | None, str], BrowserContext] = {}

    def context_of(who: str | None, viewport: str) -> BrowserContext:
        if (who, viewport) not in contexts:
            made = browser.new_context(viewport=VIEWPORTS[viewport], locale="zh-CN", base_url=site.address)  # type: ignore[arg-type]
            contexts[who, viewport] = made
            made.new_page()
            if who is not None:
                body = {"username": who, "password": PASSWORDS[who][0]}
                assert made.request.post("/v1/session", data=body).status == 201
        return contexts[who, viewport]

    counted = context_of("zhao", "desktop").request
    begun = counted.post("/v1/stocktakes", data=STOCKTAKE, headers={"Idempotency-Key": "walking"})
    assert begun.status == 201, begun.text()
    stocktake = begun.json()["number"]

    def open_page(page: Page, who: str | None, viewport: str) -> Tab:
        tab = context_of(who, viewport).pages[0]
        answer = tab.goto(address_of(page, stocktake))
        assert answer is not None
        tab.wait_for_load_state()
        return tab

    yield open_page
    for context in contexts.values():
        context.close()


STEPS = [
    pytest.param(page, who, viewport, id=f"{page.name}-{who or 'nobody'}-{viewport}")
    for page in PAGES
    for who in visitors_of(page)
    for viewport in VIEWPORTS
]
