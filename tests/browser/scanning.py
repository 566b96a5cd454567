"""A scanner for the browser tests: it types as fast as one, and reads what the page answers.

Where the field of scans has the focus already, the characters of a scan are put in at once, and Enter after them: a
browser takes ten milliseconds for each key. `typed` is for tests whose subject is the keys.
"""

from __future__ import annotations

from playwright.sync_api import Page

EACH_MS = 2
PATIENCE_MS = 20_000


def scan(page: Page, *texts: str) -> None:
    """Scan these one after the other, without waiting for an answer."""
    for text in texts:
        if focused(page) == "scan":
            page.keyboard.insert_text(text)
            page.keyboard.press("Enter")
        else:
            typed(page, text)


def typed(page: Page, *texts: str) -> None:
    """The same, each character by a key of its own, wherever the focus is."""
    for text in texts:
        page.keyboard.type(text, delay=EACH_MS)
        page.keyboard.press("Enter")


SETTLED = """patience => new Promise((done, failed) => {
  const begun = performance.now();
  const look = () => {
    if (document.getElementById("count_unsent").textContent.trim() === "0") done();
    else if (performance.now() - begun > patience) failed(new Error("scans have no answer"));
    else requestAnimationFrame(look);
  };
  look();
})"""


def settle(page: Page) -> None:
    """Wait until every scan has its answer; looked at with each picture, where `expect` looks some times a second."""
    page.evaluate(SETTLED, PATIENCE_MS)


def outcomes(page: Page) -> list[tuple[str, str]]:
    """(outcome, serial) of each row, the oldest first."""
    rows = page.eval_on_selector_all(
        "#rows li", "rows => rows.map(row => [row.classList[1], row.querySelector('b').textContent])"
    )
    return [(outcome, serial) for outcome, serial in reversed(rows)]


def answer(page: Page) -> tuple[str | None, str]:
    """The large answer: its outcome and its words."""
    place = page.locator("#answer")
    return place.get_attribute("data-outcome"), place.inner_text()


def posted(page: Page) -> str:
    """The number of the document that was just posted."""
    link = page.locator("#told.done a")
    link.wait_for(timeout=PATIENCE_MS)
    return link.inner_text()


def command(name: str) -> str:
    """What the card of a command holds."""
    from devices.serials import command_barcode

    return command_barcode(name)


def focused(page: Page) -> str:
    """The id of the element that has the focus."""
    found: str = page.evaluate("document.activeElement.id")
    return found
