"""A scanner for the browser tests: it types as fast as one, and reads what the page answers.

Where the field of scans has the focus already, the characters of a scan are put in at once, and Enter after them: a
browser takes ten milliseconds for each key. `typed` is for tests whose subject is the keys: they say themselves when
they were pressed, so that a busy machine makes no person of a scanner.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page

EACH_S = 0.002
PATIENCE_MS = 20_000
CR_LF = ("Enter", "Enter")
ENDS = {
    "CR": ("Enter",),
    "CR and LF": CR_LF,
    "CR and LF of the keypad": ("Enter", "NumpadEnter"),
    "CR and LF as control characters": ("Control+m", "Control+j"),
    "CR, and LF as one": ("Enter", "Control+j"),
    "LF as a control character": ("Control+j",),
    "Tab": ("Tab",),
    "Tab and CR": ("Tab", "Enter"),
    "CR and Tab": ("Enter", "Tab"),
}
"""The keys with which scanners end what they type."""
_KEYS: dict[str, dict[str, Any]] = {
    "Enter": {"code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13},
    "NumpadEnter": {"key": "Enter", "code": "NumpadEnter", "text": "\r", "windowsVirtualKeyCode": 13},
    "Tab": {"code": "Tab", "windowsVirtualKeyCode": 9},
    "Control+j": {"key": "j", "modifiers": 2, "windowsVirtualKeyCode": 74},
    "Control+m": {"key": "m", "modifiers": 2, "windowsVirtualKeyCode": 77},
    " ": {"code": "Space", "text": " ", "windowsVirtualKeyCode": 32},
}
"""Of the keys that are no characters, what Chromium wants to know."""


def scan(page: Page, *texts: str, end: Sequence[str] = ENDS["CR"]) -> None:
    """Scan these one after the other, without waiting for an answer."""
    for text in texts:
        if focused(page) == "scan":
            page.keyboard.insert_text(text)
            for key in end:
                page.keyboard.press(key)
        else:
            typed(page, text, end=end)


def typed(page: Page, *texts: str, end: Sequence[str] = ENDS["CR"]) -> None:
    """The same, each character by a key of its own, wherever the focus is."""
    session = page.context.new_cdp_session(page)
    for text in texts:
        at = time.time()
        for count, key in enumerate([*text, *end]):
            pressed = {"key": key, "timestamp": at + count * EACH_S, **_KEYS.get(key, {"text": key})}
            session.send("Input.dispatchKeyEvent", {"type": "keyDown", **pressed})
            if key in _KEYS:
                session.send("Input.dispatchKeyEvent", {"type": "keyUp", **pressed, "text": ""})
    session.detach()


HOLDS = """patience => new Promise((done, failed) => {
  const begun = performance.now();
  const look = async () => {
    if (await (%s)) done();
    else if (performance.now() - begun > patience) failed(new Error("does not come to hold"));
    else requestAnimationFrame(look);
  };
  look();
})"""


def until(page: Page, condition: str) -> None:
    """Wait until a condition in JavaScript holds; looked at with each picture, more often than `expect` does.

    Playwright's own `wait_for_function` evaluates its condition in the page when it looks again, which Panku's pages
    forbid: it waits for nothing that does not hold at once.
    """
    page.evaluate(HOLDS % condition, PATIENCE_MS)


def settle(page: Page) -> None:
    """Wait until every scan has its answer."""
    until(page, "document.getElementById('count_unsent').textContent.trim() === '0'")


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
