"""What an administrator's reset does not give them: the word of the person whose password they took."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.journal import open_journals
from devices.people import enrolment
from devices.unit import unit_of
from devices.values import UNIT
from tests.conftest import ENGINES, Stores
from tests.custody import House, codes, fill_house, receipt, request, take
from web.door import add_pages


@pytest.fixture(params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    """A house whose auditor was reset by the administrator, and whose new key waits."""
    store = stores.filled(request.param, fill_house)
    made = House(store)
    unit = unit_of(store)
    assert unit is not None
    with store.writing():
        writer = open_journals(store, [UNIT], made.now)
        code = enrolment.reset_password(writer, made.admin, "li")
        enrolment.enrol(writer, "li", code, enrolment.unjudged("li", made.password("li")))
    yield made
    stores.drop(store)


def waiting_key(house: House) -> str:
    (found,) = [
        key["fingerprint"]
        for key in house.of("chen").get("/v1/keys?username=li").json
        if key["status"] == "waiting"
    ]
    return str(found)


def confirm(house: House, who: str) -> tuple[int, list[str]]:
    answer = house.of(who).post(f"/v1/keys/{waiting_key(house)}/confirm")
    return answer.status_code, [] if answer.status_code == 200 else codes(answer)


def review(house: House, number: str) -> tuple[int, list[str]]:
    body = {"decision": "approve", "password": house.password("li")}
    answer = house.of("li").post(f"/v1/documents/{number}/review", body)
    return answer.status_code, [] if answer.status_code == 200 else codes(answer)


def test_a_reviewer_whose_key_waits_reviews_only_after_a_second_person_confirmed_it(house: House) -> None:
    posted = house.of("zhang").post("/v1/documents", receipt())
    assert posted.status_code == 201, posted.text
    number = posted.json["number"]
    assert review(house, number) == (409, ["key_not_confirmed"])
    assert confirm(house, "admin") == (422, ["key_let_in_confirmation"])
    assert review(house, number) == (409, ["key_not_confirmed"])
    assert confirm(house, "chen") == (200, [])
    assert review(house, number) == (200, [])


@pytest.mark.parametrize("step", ["approve", "refuse"])
def test_an_auditor_whose_key_waits_decides_on_no_visitor(house: House, step: str) -> None:
    number = request(house)
    assert codes(take(house, number, step)) == ["key_not_confirmed"]


@pytest.mark.parametrize("path", ["/v1/visits/V-BJ01-000001/erase", "/v1/customers/{customer}/erase"])
def test_an_auditor_whose_key_waits_erases_nobody(house: House, path: str) -> None:
    request(house)
    row = house.store.row(
        "SELECT key FROM record WHERE kind = 'customer' AND site = 'BJ01' ORDER BY key LIMIT 1"
    )
    assert row is not None
    answer = house.of("li").post(path.format(customer=row[0]), {"password": house.password("li")})
    assert (answer.status_code, codes(answer)) == (409, ["key_not_confirmed"])


@pytest.mark.both_engines
def test_the_page_of_waiting_keys_shows_the_administrator_no_key_they_may_not_confirm(house: House) -> None:
    add_pages(house.app, house.services)
    assert waiting_key(house) not in house.of("admin").get("/keys").text
    assert waiting_key(house) in house.of("chen").get("/keys").text
