"""The pages of installations: offered where a sold device is shown, in lanes, with the forms of what one may do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from api.resources.service.installations import INSTALL_BODIES
from devices.paperwork.installations import INSTALLATIONS
from tests.conftest import Stores
from tests.custody import House
from tests.test_installations import CONFIRMED, SOLD, TRIP, ask, cancel, fill_sold, made, step
from web.door import add_pages
from web.views.service.installations import STEP_FORMS


@pytest.fixture(scope="module")
def house(stores: Stores) -> Iterator[House]:
    """One house for all; every test has devices of its own."""
    opened = House(stores.filled("sqlite", fill_sold)).copied(stores)
    add_pages(opened.app, opened.services)
    yield opened
    opened.session_store.close()
    stores.drop(opened.store)


def page(house: House, path: str, who: str = "wu") -> str:
    answer = house.of(who).get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def forms(text: str) -> list[str]:
    """The steps that a page has a form for, in its order."""
    return list(dict.fromkeys(re.findall(r'data-api="POST /v1/installations/[A-Z0-9-]+/([a-z-]+)"', text)))


def test_it_is_offered_wherever_a_sold_device_is_shown_until_there_is_one(house: House) -> None:
    serial = SOLD[0]
    (sale,) = house.store.rows("SELECT document FROM position WHERE serial = ?", (serial,))[0]
    pages = (f"/devices/{serial}", f"/documents/{sale}", "/customers/C-BJ01-000002")
    link = f'href="/installations?at=BJ01&amp;serial={serial}#ask"'
    assert [path for path in pages if link not in page(house, path)] == []
    assert [path for path in pages if link in page(house, path, "chen")] == [], "nobody but the desk asks"
    number = ask(house, serial)["number"]
    for path in pages:
        assert link not in page(house, path)
        assert f'href="/installations/{number}"' in page(house, path)
    made(step(house, number, "give-up", {"reason": "系统过旧"}))
    assert link in page(house, pages[0])


def test_each_has_the_forms_of_the_steps_that_its_reader_may_take(house: House) -> None:
    number = ask(house, SOLD[1])["number"]
    here = f"/installations/{number}"
    assert forms(page(house, here)) == ["guide", "send", "confirm", "give-up"]
    assert forms(page(house, here, "zhang")) == []
    assert "等待：窗口人员" in page(house, here, "zhang")
    made(step(house, number, "guide", {"minutes": 30, "outcome": "not_helped"}))
    spent = page(house, here)
    assert forms(spent) == ["send"]
    assert "30/30 分钟" in spent
    order = made(step(house, number, "send", {"dispatch_order": TRIP}))["order"]
    assert forms(page(house, here)) == []
    assert forms(page(house, here, "wang")) == []
    assert f'href="/jobs/{order}"' in page(house, here, "wang")
    cancel(house, order)
    assert forms(page(house, here)) == ["send", "give-up"]
    assert house.of("wang").get(here).status_code == 404


def test_they_are_listed_by_what_they_wait_for(house: House) -> None:
    lanes = {
        "phone": ask(house, SOLD[2])["number"],
        "visit": ask(house, SOLD[3])["number"],
        "job": ask(house, SOLD[4], mode="on_site", dispatch_order=TRIP)["number"],
        "again": ask(house, SOLD[5], mode="on_site", dispatch_order={"fault": "装"})["number"],
    }
    made(step(house, lanes["visit"], "guide", {"minutes": 31, "outcome": "not_helped"}))
    cancel(house, made(house.of("wu").get(f"/v1/installations/{lanes['again']}"))["order"])
    text = page(house, "/installations")
    sections = dict(re.findall(r'<section aria-labelledby="(\w+)">(.*?)</section>', text, re.DOTALL))
    assert {lane: number in sections.get(lane, "") for lane, number in lanes.items()} == dict.fromkeys(
        lanes, True
    )
    own = page(house, "/installations", "wang")
    assert {lane for lane, number in lanes.items() if number in own} == {"job"}


@pytest.mark.parametrize("name", INSTALLATIONS.step)
def test_the_form_of_a_step_asks_for_what_its_body_takes(name: str) -> None:
    said: dict[str, Any] = {}
    for field in STEP_FORMS[name]:
        *place, last = field.name.split(".")
        inner = said
        for part in place:
            inner = inner.setdefault(part, {})
        typed: dict[str, Any] = {"minutes": 5, "check": True, "choice": field.choices[:1]}
        value = typed.get(field.asked, "2026-11-24T10:00:00+08:00" if field.asked == "moment" else "x" * 8)
        inner[last] = value[0] if isinstance(value, tuple) else value
    msgspec.convert(said, INSTALL_BODIES[name])


def test_an_ended_one_has_no_form(house: House) -> None:
    number = ask(house, SOLD[6])["number"]
    made(step(house, number, "confirm", CONFIRMED))
    text = page(house, f"/installations/{number}")
    assert forms(text) == []
    assert "刘会计" in text
