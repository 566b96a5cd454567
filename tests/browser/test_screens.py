"""When asked, pictures of the pages for the documentation.

`PANKU_SCREENS=1` writes docs/pages/*.png anew, one for each page and width.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.walking import VIEWPORTS, Walk, seers_of, walk
from web.pages import Page
from web.table import PAGES

__all__ = ["walk"]
FOLDER = Path(__file__).parents[2] / "docs/pages"
ASKED = "PANKU_SCREENS"
SHOWN_TO = {"follow_ups": "chen", "follow_up": "chen"}
"""Who is shown pages that say little to whoever sees them first: who calls."""
LARGEST = 100 * 1024
WIDEST = 800


@pytest.mark.skipif(not os.environ.get(ASKED), reason=f"pictures are drawn where {ASKED} is set")
@pytest.mark.parametrize("viewport", VIEWPORTS)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_picture_of_a_page_is_small_enough_to_keep(walk: Walk, page: Page, viewport: str) -> None:
    who = SHOWN_TO.get(page.name)
    who = who or next(who for who in seers_of(page) if who or page.name in ("sign_in", "sign_up"))
    tab = walk(page, who)
    tab.set_viewport_size(VIEWPORTS[viewport])
    drawn = small(tab.screenshot())
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{page.name}-{viewport}.png").write_bytes(drawn)
    assert len(drawn) <= LARGEST


def small(png: bytes) -> bytes:
    """A picture scaled to WIDEST at most, with a palette of 64 colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if picture.width > WIDEST:
        picture = picture.resize((WIDEST, picture.height * WIDEST // picture.width))
    written = io.BytesIO()
    picture.quantize(64).save(written, "PNG", optimize=True)
    return written.getvalue()
