"""Every page as everybody who sees it: who visits which address, and browsers that stay signed in for a whole file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Page as Tab

from api.callers.access import Access
from devices.paperwork.dispatches import TECHNICIAN
from devices.people.roles import ADMIN
from panku.demo import PASSWORDS
from tests.browser.conftest import DESKTOP, PHONE, Site, chromium
from tests.browser.looked_at import address_of, lived_in
from tests.door import EXTRA
from web.pages import Page
from web.table import PAGES

VIEWPORTS = {"phone": PHONE, "desktop": DESKTOP}
VISITORS = {"zhang": "storekeeper", "li": "auditor", "wang": TECHNICIAN, "admin": ADMIN}
"""One person of the demo for each role it has."""
STOCKTAKE = {"site": "TJ01", "register": "custody", "method": "open"}
"""The count that is under way."""


def visitors_of(page: Page) -> list[str | None]:
    """Who sees a page: nobody, where it is public, and everybody whose role it asks for."""
    known = [who for who, role in VISITORS.items() if _asked(page.access, role)]
    return [None, *known] if page.access.public else list(known)


def _asked(access: Access, role: str) -> bool:
    return access.roles is None or role in access.roles


HIDDEN: dict[tuple[str, str | None], int] = {
    ("counting", "zhang"): 404,
    ("handover", "admin"): 404,
    ("document", "admin"): 404,
    ("foreign_document", "admin"): 404,
    ("customer", "admin"): 404,
    ("scan_task", "li"): 403,
    ("document", "wang"): 404,
    ("foreign_document", "wang"): 404,
    ("customer", "wang"): 404,
    ("handover", "wang"): 404,
    ("installation", "wang"): 404,
}
"""Pages that these books hide from somebody who may see others like them, with the status that says so."""
Walk = Callable[[Page, str | None], Tab]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Walk]:
    """Open a page as somebody, as wide as a phone: `walk(page, "zhang")`; they sign in once."""
    chromium()
    site = Site(tmp_path_factory.mktemp("site"), lived_in)
    contexts: dict[str | None, BrowserContext] = {}

    def context_of(who: str | None) -> BrowserContext:
        if who not in contexts:
            made = contexts[who] = browser.new_context(locale="zh-CN", base_url=site.address)
            made.new_page()
            if who is not None:
                password = PASSWORDS[who][0] if who in PASSWORDS else EXTRA[who][2]
                body = {"username": who, "password": password}
                assert made.request.post("/v1/session", data=body).status == 201
        return contexts[who]

    counted = context_of("zhao").request
    begun = counted.post("/v1/stocktakes", data=STOCKTAKE, headers={"Idempotency-Key": "walking"})
    assert begun.status == 201, begun.text()
    stocktake = begun.json()["number"]

    def open_page(page: Page, who: str | None) -> Tab:
        tab = context_of(who).pages[0]
        tab.set_viewport_size(PHONE)
        answer = tab.goto(address_of(site.store, page, stocktake))
        assert answer is not None
        assert answer.status == HIDDEN.get((page.name, who), 200)
        tab.wait_for_load_state()
        return tab

    yield open_page
    for context in contexts.values():
        context.close()
    site.stop()


STEPS = [
    pytest.param(page, who, id=f"{page.name}-{who or 'nobody'}")
    for page in PAGES
    for who in visitors_of(page)
]


def seers_of(page: Page) -> list[str | None]:
    """Who is shown a page in these books."""
    return [who for who in visitors_of(page) if (page.name, who) not in HIDDEN]
