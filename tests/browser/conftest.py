"""A served demo and a real browser for each process of the tests; skipped, and said so, where there is no Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, Page, StorageState, ViewportSize, sync_playwright

from devices.database import Store
from devices.people import passwords
from devices.people.doors import doors_url, migrate_doors
from panku.commands import main
from panku.demo import PASSWORDS, fill
from panku.wiring import clock
from tests.conftest import TRUE_COST, migrated

ROOT = Path(__file__).parents[2]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser")
REQUIRED = "PANKU_REQUIRE_BROWSER"


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


FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    ["cryptography.hazmat.primitives.asymmetric.ed25519", "falcon", "fpdf", "gunicorn.app.base", "holidays", "jinja2",
     "openpyxl", "peewee", "psycopg", "pygal", "securesystemslib.signer", "zxcvbn"]
)  # fmt: skip
"""Servers come from a process that has loaded the libraries, which is most of what a start costs; Panku's own code each
loads anew. That `panku serve` starts from nothing, test_readme and test_metrics show."""


def serve(folder: Path, environment: dict[str, str]) -> None:
    """`panku serve`, in the process that was begun for it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    log = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.exit(main(["serve"]))


class Site:
    """Served books, by default the demo's, by one worker, since each of them costs as much to begin.

    `restart` brings the server back on the same books after `stop`.
    """

    def __init__(self, folder: Path, begin: Callable[[Store, int], None] = fill, *, workers: int = 1) -> None:
        self.workers = workers
        self.signed_in: dict[str | None, StorageState] = {}
        self.url = f"sqlite:///{folder}/panku.sqlite3"
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        (folder / "panku.sqlite3").write_bytes(books_filled_by(begin))
        self.store = Store(self.url)
        doors = Store(doors_url(self.url))
        migrate_doors(doors)
        doors.close()
        self.restart()

    def restart(self) -> None:
        """Start the server and wait until it answers."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PANKU_")}
        settings = {
            "PANKU_DATABASE_URL": self.url,
            "PANKU_PORT": str(self.port),
            "PANKU_WORKERS": str(self.workers),
        }
        self.server = FORKS.Process(target=serve, args=(self.folder, kept | settings))
        self.server.start()
        for _ in range(300):
            try:
                urllib.request.urlopen(self.address + "/readyz", timeout=5).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("the server did not start")

    def document(self, ordinal: int) -> str:
        """The number of the demo's document that BJ01 posted as the first, second, …"""
        sql = "SELECT number FROM document WHERE site = 'BJ01' ORDER BY number LIMIT 1 OFFSET ?"
        ((number,),) = self.store.rows(sql, (ordinal - 1,))
        return str(number)

    def stop(self) -> None:
        """End the server."""
        self.server.terminate()
        self.server.join(30)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, served to the browser of one file of tests: what one file does is not in another's way."""
    chromium()
    served = Site(tmp_path_factory.mktemp("site"))
    yield served
    served.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


FOCUSED = "!document.querySelector('[autofocus]') || document.activeElement !== document.body"
"""A browser gives the focus with its next picture, which may be after the page has loaded: a person waits for it."""

Visit = Callable[..., Page]


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Visit]:
    """Open the site as somebody: `visit("zhang", "/scan", DESKTOP)`; scripts' errors fail the test.

    Each visit is a browser of its own, with the session that its person has already, while that lasts.
    """
    contexts, errors = [], []

    def open_page(who: str | None, path: str = "/", viewport: ViewportSize = PHONE) -> Page:
        known = site.signed_in.get(who)
        context = browser.new_context(
            viewport=viewport, locale="zh-CN", base_url=site.address, storage_state=known
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        if who is not None and (known is None or context.request.get("/v1/me").status != 200):
            body = {"username": who, "password": PASSWORDS[who][0]}
            answer = context.request.post("/v1/session", data=body)
            assert answer.status == 201, answer.text()
            site.signed_in[who] = context.storage_state()
        page.goto(path)
        page.wait_for_function(FOCUSED)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
