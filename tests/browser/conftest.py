"""A served demo and a real browser for each process of the tests; skipped, and said so, where there is no Chromium."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize, sync_playwright

from devices.audit.evidence_checks import check_evidence
from devices.people import passwords
from devices.people.signing_in.session_store import migrate_session_store, session_store_url
from devices.store.database import Store
from panku.demo import PASSWORDS, fill
from panku.wiring import clock
from tests.browser.scanning import until
from tests.conftest import TRUE_COST, migrated
from tests.forks import FORKS, serve
from tests.serving import environment_for, free_port, wait_for_server

ROOT = Path(__file__).parents[2]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser")
REQUIRED = "PANKU_REQUIRE_BROWSER"
WITHOUT = (
    "RenderDocument",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
)
"""What Chromium does without. The first makes each document a frame of its own, which costs as much as to load it; the
others Playwright turns off, and has to be told again: of two such lists the last counts."""
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    f"--disable-features={','.join(WITHOUT)}",
)
"""Of what makes a page no other than it is, what costs least: nobody looks at sixty pictures a second of it."""


def chromium() -> str:
    """Where Chromium is; without it the tests are skipped, or fail where they are required.

    Its shell without a screen is the same engine, without the windows around it.
    """
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        if os.environ.get(REQUIRED):
            pytest.fail("Chromium is not installed, and the browser tests are required")
        pytest.skip("Chromium is not installed")
    return found


@cache
def books_filled_by(begin: Callable[[Store, int], None]) -> bytes:
    """The file of books that `begin` filled as of now, once for each process, at the cost that the server hashes at."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", TRUE_COST)
        url = f"sqlite:///{folder}/panku.sqlite3"
        migrated(url)
        store = Store(url)
        begin(store, clock())
        store.close()
        return Path(folder, "panku.sqlite3").read_bytes()


class Site:
    """Served books, by default the demo's, by one worker, since each of them costs as much to begin.

    `restart` brings the server back on the same books after `stop`.
    """

    def __init__(self, folder: Path, begin: Callable[[Store, int], None] = fill, *, workers: int = 1) -> None:
        self.workers = workers
        self.sessions: dict[str, list[Any]] = {}
        self.idle: dict[str | None, list[Page]] = defaultdict(list)
        self.url = f"sqlite:///{folder}/panku.sqlite3"
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        (folder / "panku.sqlite3").write_bytes(books_filled_by(begin))
        self.store = Store(self.url)
        session_store = Store(session_store_url(self.url))
        migrate_session_store(session_store)
        session_store.close()
        self.restart()

    def restart(self) -> None:
        """Start the server and wait until it answers."""
        settings = {"database_url": self.url, "port": str(self.port), "workers": str(self.workers)}
        self.server = FORKS.Process(target=serve, args=(self.folder, environment_for(**settings)))
        self.server.start()
        wait_for_server(self.address)

    def document(self, ordinal: int) -> str:
        """The number of the demo's document that BJ01 posted as the first, second, …"""
        sql = "SELECT number FROM document WHERE site = 'BJ01' ORDER BY number LIMIT 1 OFFSET ?"
        ((number,),) = self.store.rows(sql, (ordinal - 1,))
        return str(number)

    def stop(self) -> None:
        """End the server, and the tabs that nobody is in."""
        for tab in chain.from_iterable(self.idle.values()):
            tab.context.close()
        self.idle.clear()
        self.server.terminate()
        self.server.join(30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, served to the browser of one file of tests: what one file does is not in another's way."""
    chromium()
    served = Site(tmp_path_factory.mktemp("site"))
    yield served
    served.stop()


def fits(page: Page) -> bool:
    """Whether a page, when it is loaded, is no wider than its window."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def agree(page: Page) -> None:
    """Answer yes to what the page asks before it acts."""
    page.locator("#sure").get_by_role("button", name="是", exact=True).click()


def evidence_holds(page: Page) -> bool:
    """Whether the evidence that a page offers holds, under the keys that it names itself."""
    with page.expect_download() as download:
        page.get_by_role("link", name="下载证据文件").click()
    content = download.value.path().read_bytes()
    return check_evidence(content, [key["fingerprint"] for key in json.loads(content)["keys"]]).holds


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=SWITCHES)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a test that failed, tell what its tabs showed and the last that its server said."""
    report = yield
    told = item.funcargs if report.failed else {}
    if isinstance(browser := told.get("browser"), Browser):
        for tab in chain.from_iterable(context.pages for context in browser.contexts):
            with suppress(Error):
                shown = tab.locator("body").inner_text(timeout=2000)
                report.sections.append((f"tab {tab.url}", shown[:2000]))
    if isinstance(site := told.get("site"), Site):
        report.sections.append(("server", (site.folder / "log").read_text()[-2000:]))
    return report


FOCUSED = "!document.querySelector('[autofocus]:not(dialog *)') || document.activeElement !== document.body"
"""A browser gives the focus with its next picture, which may be after the page has loaded: a person waits for it."""

Visit = Callable[..., Page]


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Visit]:
    """Open the site as somebody: `visit("zhang", "/scan", DESKTOP)`; scripts' errors fail the test.

    Without a path no page is loaded: for tests that lead to their first one themselves.

    Each visit is a browser of its own, with the session that its person has already, while that lasts. It is kept for
    whoever visits next, as empty as a new one; `kept=False` is for what can not be taken away from a tab again.
    """
    tabs: list[tuple[Page, str | None, bool]] = []
    errors: list[str] = []

    def hear(error: Error) -> None:
        errors.append(str(error))

    def open_page(
        who: str | None, path: str | None = "/", viewport: ViewportSize = PHONE, *, kept: bool = True
    ) -> Page:
        if kept and site.idle[who]:
            tab = site.idle[who].pop()
        else:
            tab = browser.new_context(locale="zh-CN", base_url=site.address).new_page()
        tabs.append((tab, who, kept))
        tab.on("pageerror", hear)
        sign_in(site, tab.context, who)
        tab.set_viewport_size(viewport)
        if path is not None:
            tab.goto(path)
            until(tab, FOCUSED)
        return tab

    yield open_page
    for tab, who, kept in tabs:
        if kept:
            empty(tab)
            tab.remove_listener("pageerror", hear)
            site.idle[who].append(tab)
        else:
            tab.context.close()
    assert errors == []


def sign_in(site: Site, context: BrowserContext, who: str | None) -> None:
    """Give a browser the session of its person, a new one where the last has ended."""
    if who is None:
        return
    context.add_cookies(site.sessions.get(who, []))
    if context.request.get("/v1/me").status != 200:
        body = {"username": who, "password": PASSWORDS[who][0]}
        answer = context.request.post("/v1/session", data=body)
        assert answer.status == 201, answer.text()
        site.sessions[who] = context.cookies()


def empty(tab: Page) -> None:
    """Leave in a browser nothing of what was done in it."""
    for other in tab.context.pages:
        if other is not tab:
            other.close()
    tab.unroute_all()
    try:
        tab.goto("/healthz")
    except Error:  # interrupted: the test's last press leads elsewhere just now
        tab.goto("/healthz")
    tab.evaluate("localStorage.clear(), sessionStorage.clear()")
    tab.evaluate("indexedDB.databases().then(all => all.forEach(({name}) => indexedDB.deleteDatabase(name)))")
    tab.context.clear_cookies()
