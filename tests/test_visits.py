"""The access log over HTTP: asked for, approved before entry, escorted, out again; nothing out of order or twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.audit.custody.custody_kinds import VISITS
from devices.workflow import Step
from tests.conftest import ENGINES, Stores
from tests.custody import DAY_US, VISIT, VISIT_STEPS, House, codes, fill_house, request, take

COURSE_TO = {
    "requested": (),
    "approved": ("approve",),
    "refused": ("refuse",),
    "entered": ("approve", "enter"),
    "left": ("approve", "enter", "leave"),
}
"""The steps that lead to each state."""


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    store = stores.filled(request.param, fill_house)
    yield House(store)
    stores.drop(store)


def visit_in(house: House, state: str) -> str:
    """A visit of today in a state."""
    number = request(house)
    for step in COURSE_TO[state]:
        answer = take(house, number, step)
        assert answer.status_code == 200, answer.text
    return number


def test_a_visit_from_request_to_leaving(house: House) -> None:
    asked = house.of("zhang").post("/v1/visits", VISIT)
    assert (asked.status_code, asked.json["state"]) == (201, "requested")
    number = asked.json["number"]
    assert number.startswith("V-BJ01-")
    assert take(house, number, "approve").json["state"] == "approved"
    assert take(house, number, "enter").json["state"] == "entered"
    left = take(house, number, "leave").json
    assert (left["state"], left["visitor"]["name"], left["purpose"]) == ("left", "刘洋", "检修空调")
    assert [(each["step"], each["by"], each["escort"]) for each in left["course"]] == [
        ("request", "zhang", None), ("approve", "li", None), ("enter", "zhang", "zhang"), ("leave", "zhang", None),
    ]  # fmt: skip
    moments = [each["at"] for each in left["course"]]
    assert moments == sorted(moments)
    assert len(set(moments)) == 4
    assert house.of("chen").get(f"/v1/visits/{number}").json == left
    assert house.faults() == []


@pytest.mark.parametrize("step", VISITS.step)
@pytest.mark.parametrize("state", COURSE_TO)
def test_a_step_is_taken_from_its_state_only(house: House, state: str, step: str) -> None:
    number = visit_in(house, state)
    if state in VISITS.before(step):
        assert take(house, number, step).status_code == 200
        return
    with house.unchanged():
        answer = take(house, number, step)
    assert (answer.status_code, codes(answer)) == (409, ["visit_out_of_order"])
    assert house.of("li").get(f"/v1/visits/{number}").json["state"] == state


@pytest.mark.parametrize("who", ["zhang", "li", "wu", "chen", "zhao", "sun"])
@pytest.mark.parametrize("step", VISITS.steps, ids=lambda step: step.name)
def test_each_step_is_taken_by_its_role_at_the_site(house: House, step: Step, who: str) -> None:
    name, (role,) = step.name, step.who
    if (role, "BJ01") in house.roles(who):
        return
    (before,) = VISITS.before(name)
    number = visit_in(house, before)
    with house.unchanged():
        answer = take(house, number, name, who)
    foreign = who in ("zhao", "sun")
    assert (answer.status_code, answer.json["code"]) == (
        (404, "not_found") if foreign else (403, "role_missing")
    )


@pytest.mark.parametrize("who", ["li", "wu", "chen", "zhao", "sun", "admin"])
def test_only_a_storekeeper_of_the_site_asks(house: House, who: str) -> None:
    with house.unchanged():
        answer = house.of(who).post("/v1/visits", VISIT)
    assert (answer.status_code, answer.json["code"]) == (403, "role_missing")


@pytest.mark.parametrize("escort", ["li", "wu", "chen", "zhao", "nobody"])
def test_only_a_storekeeper_of_the_site_escorts(house: House, escort: str) -> None:
    number = visit_in(house, "approved")
    with house.unchanged():
        answer = house.of("zhang").post(f"/v1/visits/{number}/enter", {"escort": escort})
    assert (answer.status_code, codes(answer)) == (422, ["escort_not_storekeeper"])


def test_whoever_asked_does_not_decide_even_as_an_auditor_later(house: House) -> None:
    house.grant("qian", "storekeeper", "BJ01")
    number = house.of("qian").post("/v1/visits", VISIT).json["number"]
    house.revoke("qian", "storekeeper", "BJ01")
    house.grant("qian", "auditor", "BJ01")
    for step in ("approve", "refuse"):
        with house.unchanged():
            answer = take(house, number, step, "qian")
        assert (answer.status_code, codes(answer)) == (422, ["own_visit"])
    house.revoke("qian", "auditor", "BJ01")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"visit_on": "2026-11-23"}, "day_past", "/visit_on"),
        ({"visit_on": "tomorrow"}, "malformed_date", "/visit_on"),
        ({"purpose": " "}, "empty_text", "/purpose"),
        ({"name": " "}, "empty_text", "/name"),
        ({"organisation": "\u3000"}, "empty_text", "/organisation"),
    ],
)
def test_a_request_says_who_why_and_which_day(
    house: House, changes: dict[str, str], code: str, pointer: str
) -> None:
    with house.unchanged():
        answer = house.of("zhang").post("/v1/visits", {**VISIT, **changes})
    assert [(each["code"], each["pointer"]) for each in answer.json["errors"]] == [(code, pointer)]


def test_an_approval_is_for_its_day(house: House) -> None:
    tomorrow = request(house, visit_on="2026-11-25")
    assert take(house, tomorrow, "approve").status_code == 200
    with house.unchanged():
        early = take(house, tomorrow, "enter")
    assert (early.status_code, codes(early)) == (409, ["visit_not_today"])
    passed = request(house)
    try:
        house.now += 2 * DAY_US
        house.of("li")
        with house.unchanged():
            late = take(house, passed, "approve")
            unused = take(house, tomorrow, "enter")
    finally:
        house.now -= 2 * DAY_US
        house.clients.clear()
    assert (codes(late), codes(unused)) == (["visit_day_over"], ["visit_not_today"])


def test_who_visits_is_nowhere_but_in_the_personal_data(house: House) -> None:
    number = request(house, name="欧阳某某")
    rows = house.store.rows("SELECT content FROM revision WHERE key = ?", (number,))
    rows += house.store.rows("SELECT content FROM record WHERE key = ?", (number,))
    assert not [content for (content,) in rows if "欧阳某某" in content or "13800000000" in content]
    assert house.of("zhang").get(f"/v1/visits/{number}").json["visitor"]["name"] == "欧阳某某"


def test_a_visitor_is_erased_once_they_have_left(house: House) -> None:
    number = visit_in(house, "left")
    path, body = f"/v1/visits/{number}/erase", {"password": house.password("li")}
    with house.unchanged():
        assert house.of("zhang").post(path, body).status_code == 403
        assert codes(house.of("li").post(path, {"password": "not this one"})) == ["wrong_password"]
    erased = house.of("li").post(path, body)
    assert (erased.status_code, erased.json["visitor"], erased.json["erased"]) == (200, None, True), (
        erased.text
    )
    assert [each["step"] for each in erased.json["course"]] == ["request", "approve", "enter", "leave"]
    left = house.store.rows("SELECT salt, content FROM personal WHERE kind = 'visit' AND key = ?", (number,))
    assert set(left) == {(None, None)}
    with house.unchanged():
        again = house.of("li").post(path, body)
    assert (again.status_code, codes(again)) == (409, ["visitor_erased"])
    assert house.faults() == []


@pytest.mark.parametrize("state", ["requested", "approved", "entered"])
def test_a_visitor_is_not_erased_while_the_visit_is_under_way(house: House, state: str) -> None:
    number = visit_in(house, state)
    with house.unchanged():
        answer = house.of("li").post(f"/v1/visits/{number}/erase", {"password": house.password("li")})
    assert (answer.status_code, codes(answer)) == (409, ["visit_under_way"])


def test_personal_data_taken_away_without_an_erasure_is_told(house: House) -> None:
    number = visit_in(house, "left")
    assert house.faults() == []
    house.store.execute("UPDATE personal SET salt = NULL, content = NULL WHERE key = ?", (number,))
    assert [fault.key for fault in house.faults()] == [f"visit {number}@1"]
    house.of("li").post(f"/v1/visits/{number}/erase", {"password": house.password("li")})
    assert house.faults() == []


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("who", "status"), [("zhao", 404), ("sun", 404), ("admin", 404), ("wu", 403), ("li", 200), ("chen", 200)]
)
def test_the_log_is_read_at_its_site(house: House, who: str, status: int) -> None:
    number = request(house)
    assert house.of(who).get(f"/v1/visits/{number}").status_code == status
    listed = [each["number"] for each in house.of(who).get("/v1/visits").json]
    assert (number in listed) == (status == 200)


def test_every_step_is_walked_here() -> None:
    assert set(VISIT_STEPS) == set(VISITS.step)
    assert set(COURSE_TO) == set(VISITS.states)
