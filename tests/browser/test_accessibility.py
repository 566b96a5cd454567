"""No page is wider than its screen, nor has a barrier that axe-core finds: every page, for each role, both widths.

axe-core looks at what a page is built of, once for each width: where two people get the same page with other words or
more rows in it, the second is not looked at again.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page as Tab

from tests.browser.walking import STEPS, VIEWPORTS, Walk, walk
from web.pages import Page
from web.table import PAGES

__all__ = ["walk"]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Axe()
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}


BUILT_OF = """() => {
  const kept = ["class", "role", "type", "hidden", "disabled", "open", "lang", "scope", "required"];
  const told = (node) => [...node.attributes]
    .filter(({ name }) => kept.includes(name) || name.startsWith("aria-"))
    .map(({ name, value }) => name + "=" + (name.endsWith("label") ? Boolean(value) : value)).sort();
  const words = (node) => [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
  const built = (node) => {
    const within = [...node.children].map(built).filter((each, at, all) => each !== all[at - 1]);
    return `<${[node.tagName, ...told(node), words(node), ...within].join(" ")}>`;
  };
  return built(document.documentElement);
}"""
"""What a page is built of: its elements in their order, what they are, and whether they hold words; of those that are
built alike and follow one another, as rows and links do, the first."""


@pytest.fixture(scope="module")
def seen() -> set[tuple[str, str]]:
    """What was looked at already, by width."""
    return set()


@pytest.mark.parametrize(("page", "who"), STEPS)
def test_a_page_fits_its_screens_and_has_no_barrier(
    walk: Walk, seen: set[tuple[str, str]], page: Page, who: str | None
) -> None:
    tab = walk(page, who)
    for width, viewport in VIEWPORTS.items():
        tab.set_viewport_size(viewport)
        assert tab.evaluate("document.documentElement.scrollWidth") <= viewport["width"], width
        built = (width, tab.evaluate(BUILT_OF))
        if built not in seen:
            assert barriers(tab) == [], width
            seen.add(built)


def test_a_barrier_would_be_found(walk: Walk) -> None:
    tab = walk(PAGES[0], None)
    tab.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert [told.partition(":")[0] for told in barriers(tab)] == ["label"]


def barriers(tab: Tab) -> list[str]:
    """What axe-core finds wrong on a page, with the elements it means; it is brought there once."""
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(AXE.axe_script)
    found = tab.evaluate("options => axe.run(document, options).then(found => found.violations)", OPTIONS)
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:160] for node in each['nodes'][:4]]}"
        for each in found
    ]
