"""The pages of the warehouse's safety: who sees what, and what each may do next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.audit.custody.custody_kinds import HANDOVER
from devices.audit.custody.inspections import CHECKLIST
from devices.audit.custody.open_items import OPEN_ITEMS
from tests.conftest import Stores
from tests.custody import House, begin, count_all, fault, fill_house, inspect, request, sign, take
from tests.custody import answers as answered
from tests.door import TODAY
from web.door import add_pages
from web.views.custody.custody import CUSTODY_DEADLINES


@pytest.fixture(scope="module")
def counted(stores: Stores) -> Iterator[House]:
    store = stores.filled("sqlite", fill_house)
    made = House(store)
    count_all(made)
    yield made
    stores.drop(store)


@pytest.fixture
def house(counted: House, stores: Stores) -> Iterator[House]:
    copy = counted.copied(stores)
    add_pages(copy.app, copy.services)
    yield copy
    copy.session_store.close()
    stores.drop(copy.store)


def test_the_checklist_asks_for_every_declared_item_and_those_dates_that_expire(house: House) -> None:
    shown = house.of("zhang").get("/inspections/new").text
    for n, check in enumerate(CHECKLIST):
        assert f'name="items.{n}.item" value="{check.code}"' in shown
        assert (f'name="items.{n}.expires_on"' in shown) is check.expires


def test_the_checklist_is_for_whoever_inspects_that_site(house: House) -> None:
    assert house.of("zhang").get("/inspections/new?site=TJ01").status_code == 403
    for who in ("wu", "chen", "admin"):
        assert house.of(who).get("/inspections/new").status_code == 403


def test_a_finding_is_settled_by_its_owner_or_an_inspector_and_read_by_others(house: House) -> None:
    items = answered(fault("damp", owner="wu"))
    number = inspect(house.of("zhang"), items).json["number"]
    form = f'data-api="POST /v1/inspections/{number}/settle"'
    shown = {who: house.of(who).get(f"/inspections/{number}").text for who in ("zhang", "li", "wu", "chen")}
    assert {who for who, text in shown.items() if form in text} == {"zhang", "li", "wu"}
    assert "返潮" in shown["chen"]


def test_what_is_due_here_is_told_and_nothing_else(house: House) -> None:
    inspect(house.of("zhang"), answered(fault("damp")))
    shown = house.of("zhang").get("/custody").text
    assert "安全检查问题整改" in shown
    assert "防潮措施到位" in shown
    due = house.of("zhang").get("/v1/deadlines?site=BJ01").json
    assert {each["deadline"] for each in due} - set(CUSTODY_DEADLINES) != set(), "the demo has others"
    for each in due:
        assert (f">{each['due_on']}</td>" in shown) or each["deadline"] not in CUSTODY_DEADLINES


def test_a_clerk_sees_no_visitor(house: House) -> None:
    number = request(house)
    assert "刘洋" in house.of("zhang").get("/custody").text
    assert "刘洋" not in house.of("wu").get("/custody").text
    assert house.of("wu").get(f"/visits/{number}").status_code == 403
    assert house.of("zhao").get(f"/visits/{number}").status_code == 404


@pytest.mark.parametrize(("before", "offered"), [
    ((), {"zhang": set(), "li": {"approve", "refuse"}, "chen": set()}),
    (("approve",), {"zhang": {"enter"}, "li": set(), "chen": set()}),
    (("approve", "enter"), {"zhang": {"leave"}, "li": set(), "chen": set()}),
    (("approve", "enter", "leave"), {"zhang": set(), "li": {"erase"}, "chen": set()}),
    (("refuse",), {"zhang": set(), "li": {"erase"}, "chen": set()}),
])  # fmt: skip
def test_each_is_offered_the_steps_that_are_theirs_now(
    house: House, before: tuple[str, ...], offered: dict[str, set[str]]
) -> None:
    number = request(house, visit_on=TODAY)
    for step in before:
        assert take(house, number, step).status_code == 200
    for who, steps in offered.items():
        shown = house.of(who).get(f"/visits/{number}").text
        found = {
            step
            for step in ("approve", "refuse", "enter", "leave", "erase")
            if f'"POST /v1/visits/{number}/{step}"' in shown
        }
        assert found == steps, who


def test_an_erased_visitor_is_shown_as_erased(house: House) -> None:
    number = request(house, visit_on=TODAY)
    for step in ("approve", "enter", "leave"):
        take(house, number, step)
    erased = house.of("li").post(f"/v1/visits/{number}/erase", {"password": house.password("li")})
    assert erased.status_code == 200
    for path in (f"/visits/{number}", "/custody"):
        shown = house.of("li").get(path).text
        assert "刘洋" not in shown
        assert "资料已删除" in shown


def test_a_party_without_a_role_is_led_to_the_handover_and_signs_it(house: House) -> None:
    number = begin(house).json["number"]
    assert house.roles("sun") == frozenset()
    for path in ("/", "/custody"):
        assert f'href="/handovers/{number}"' in house.of("sun").get(path).text
    shown = house.of("sun").get(f"/handovers/{number}").text
    assert '<input type="hidden" name="role" value="incoming">' in shown
    assert sign(house, number, "incoming").status_code == 201
    assert 'name="role" value' not in house.of("sun").get(f"/handovers/{number}").text
    assert f'href="/handovers/{number}"' not in house.of("sun").get("/").text


@pytest.mark.parametrize(("who", "status"), [("qian", 404), ("zhao", 404), ("li", 200), ("chen", 200)])
def test_a_handover_is_shown_to_its_parties_and_the_sites_readers(
    house: House, who: str, status: int
) -> None:
    number = begin(house).json["number"]
    assert house.of(who).get(f"/handovers/{number}").status_code == status


def test_every_open_item_of_a_handover_is_shown(house: House) -> None:
    inspect(house.of("zhang"), answered(fault("damp")))
    request(house)
    found = begin(house).json
    shown = house.of("zhang").get(f"/handovers/{found['number']}").text
    assert found["open_items"].keys() == {items.name for items in OPEN_ITEMS}
    for items in found["open_items"].values():
        for item in items:
            assert item.partition("/")[0] in shown
    assert found["digest"] in shown


def test_only_a_party_or_a_storekeeper_is_offered_to_cancel(house: House) -> None:
    number = begin(house).json["number"]
    form = f'data-api="POST /v1/handovers/{number}/cancel"'
    offered = {
        who
        for who in ("zhang", "sun", "chen", "li", "wu")
        if form in house.of(who).get(f"/handovers/{number}").text
    }
    assert offered == {"zhang", "sun", "chen"}
    assert house.store.row("SELECT COUNT(*) FROM record WHERE kind = ?", (HANDOVER.name,)) == (1,)
