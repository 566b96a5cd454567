"""Safety inspections over HTTP: who makes them, what the answers must be, and findings until they are settled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from devices.audit.custody.inspections import CHECKLIST
from tests.conftest import ENGINES, Stores
from tests.custody import House, answers, codes, fault, fill_house, inspect


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    store = stores.filled(request.param, fill_house)
    yield House(store)
    stores.drop(store)


def test_an_inspection_from_a_failed_item_to_its_settlement(house: House) -> None:
    made = inspect(house.of("zhang"), answers(fault(owner="li")))
    assert (made.status_code, made.json["role"], made.json["made_by"]) == (201, "storekeeper", "zhang"), (
        made.text
    )
    number = made.json["number"]
    assert number.startswith("I-BJ01-")
    assert [each["item"] for each in made.json["items"]] == [check.code for check in CHECKLIST]
    settled = house.of("li").post(f"/v1/inspections/{number}/settle", {"item": "damp", "work": "已通风"})
    assert settled.status_code == 200, settled.text
    finding = next(each["finding"] for each in settled.json["items"] if each["item"] == "damp")
    assert (finding["work"], finding["settled_by"]) == ("已通风", "li")
    assert finding["settled_at"].endswith("+08:00")
    assert house.of("chen").get(f"/v1/inspections/{number}").json == settled.json
    assert settled.json in house.of("wu").get("/v1/inspections?site=BJ01").json
    assert house.faults() == []


def test_the_role_of_an_inspection_is_that_of_whoever_makes_it(house: House) -> None:
    assert inspect(house.of("li")).json["role"] == "auditor"
    assert inspect(house.of("li"), site="TJ01").json["role"] == "auditor"


def test_each_site_numbers_its_own_inspections(house: House) -> None:
    first = inspect(house.of("zhao"), site="TJ01").json["number"]
    second = inspect(house.of("zhao"), site="TJ01").json["number"]
    assert int(second.rsplit("-", 1)[1]) == int(first.rsplit("-", 1)[1]) + 1
    assert first.startswith("I-TJ01-")


EXPIRED = {"item": "fire_equipment", "ok": True, "expires_on": "2026-11-23"}
WRONG: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str]]]] = {
    "nothing answered": ([], [("checks_missing", "/items")]),
    "one left out": (answers(without=("hygiene",)), [("checks_missing", "/items")]),
    "one twice": ([*answers(), {"item": "locks", "ok": True}], [("check_repeated", "/items/10/item")]),
    "an unknown one": ([*answers(), {"item": "roof", "ok": True}], [("unknown_check", "/items/10/item")]),
    "expired and ok": (answers(EXPIRED), [("expired", "/items/2/expires_on")]),
    "no expiry": (answers({"item": "fire_equipment", "ok": True}), [("expiry_required", "/items/2/expires_on")]),
    "no date": (answers({**EXPIRED, "expires_on": "2026-02-30"}), [("malformed_date", "/items/2/expires_on")]),
    "an expiry of locks": (
        answers({"item": "locks", "ok": True, "expires_on": "2027-01-01"}),
        [("expiry_not_wanted", "/items/0/expires_on")],
    ),
    "failed without a finding": (
        answers({"item": "damp", "ok": False}), [("finding_required", "/items/3/finding")],
    ),
    "a finding of what is ok": (answers({**fault(), "ok": True}), [("finding_not_wanted", "/items/3/finding")]),
    "an owner from elsewhere": (answers(fault(owner="zhao")), [("owner_without_role", "/items/3/finding/owner")]),
    "nobody's": (answers(fault(owner="nobody")), [("owner_without_role", "/items/3/finding/owner")]),
    "due yesterday": (answers(fault(due_on="2026-11-23")), [("day_past", "/items/3/finding/due_on")]),
    "due never": (answers(fault(due_on="soon")), [("malformed_date", "/items/3/finding/due_on")]),
    "a blank fault": (answers(fault(fault=" ")), [("empty_text", "/items/3/finding/fault")]),
    "several": (
        answers(fault(owner="zhao", due_on="2026-11-01"), EXPIRED, without=("alarm",)),
        [
            ("expired", "/items/1/expires_on"), ("owner_without_role", "/items/2/finding/owner"),
            ("day_past", "/items/2/finding/due_on"), ("checks_missing", "/items"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_wrong_answers_are_told_each_at_its_place_and_nothing_is_kept(house: House, what: str) -> None:
    items, expected = WRONG[what]
    with house.unchanged():
        answer = inspect(house.of("zhang"), items)
    assert answer.status_code == 422
    assert [(each["code"], each["pointer"]) for each in answer.json["errors"]] == expected


@pytest.mark.parametrize("expires_on", ["2026-11-24", "2026-11-23", "2020-01-01"])
def test_fire_equipment_is_good_through_its_last_day_and_expired_needs_a_finding(
    house: House, expires_on: str
) -> None:
    failed = {**fault("fire_equipment"), "expires_on": expires_on}
    assert inspect(house.of("zhang"), answers(failed)).status_code == 201
    good = inspect(house.of("zhang"), answers({**EXPIRED, "expires_on": expires_on}))
    assert good.status_code == (201 if expires_on == "2026-11-24" else 422)


@pytest.mark.parametrize(
    ("who", "status"), [("wu", 403), ("chen", 403), ("admin", 403), ("zhao", 403), ("sun", 403)]
)
def test_only_a_storekeeper_or_auditor_of_the_site_inspects(house: House, who: str, status: int) -> None:
    with house.unchanged():
        answer = inspect(house.of(who))
    assert (answer.status_code, codes(answer)) == (status, ["role_missing"])


@pytest.fixture(scope="module")
def failed(house: House) -> str:
    """An inspection whose finding nobody has settled, owned by the auditor."""
    number: str = inspect(house.of("zhang"), answers(fault(owner="li"))).json["number"]
    return number


@pytest.mark.parametrize(
    ("who", "item", "work", "expected"),
    [
        ("zhao", "damp", "x", (404, "not_found")),
        ("sun", "damp", "x", (404, "not_found")),
        ("chen", "damp", "x", (403, "role_missing")),
        ("wu", "damp", "x", (403, "role_missing")),
        ("zhang", "locks", "x", (404, "not_found")),
        ("zhang", "roof", "x", (404, "not_found")),
        ("zhang", "damp", " ", (422, "empty_text")),
    ],
)
def test_a_finding_is_settled_by_its_owner_or_the_sites_keepers(
    house: House, failed: str, who: str, item: str, work: str, expected: tuple[int, str]
) -> None:
    with house.unchanged():
        answer = house.of(who).post(f"/v1/inspections/{failed}/settle", {"item": item, "work": work})
    assert (answer.status_code, answer.json["code"]) == expected


def test_a_clerk_settles_what_is_their_own_and_only_once(house: House) -> None:
    number = inspect(house.of("zhang"), answers(fault(owner="wu"))).json["number"]
    path, body = f"/v1/inspections/{number}/settle", {"item": "damp", "work": "已除湿"}
    assert house.of("wu").post(path, body).status_code == 200
    with house.unchanged():
        again = house.of("zhang").post(path, body)
    assert (again.status_code, codes(again)) == (409, ["finding_settled"])


@pytest.mark.parametrize(
    ("who", "status"), [("zhao", 404), ("sun", 404), ("admin", 404), ("chen", 200), ("wu", 200)]
)
def test_an_inspection_of_a_foreign_site_is_not_there(
    house: House, failed: str, who: str, status: int
) -> None:
    assert house.of(who).get(f"/v1/inspections/{failed}").status_code == status


def test_the_list_is_of_the_callers_sites(house: House) -> None:
    inspect(house.of("zhao"), site="TJ01")
    inspect(house.of("zhang"))
    assert {each["site"] for each in house.of("zhao").get("/v1/inspections").json} == {"TJ01"}
    assert {each["site"] for each in house.of("chen").get("/v1/inspections").json} == {"BJ01", "TJ01"}
    assert house.of("sun").get("/v1/inspections").json == []


def test_the_books_verify_and_a_changed_inspection_is_told(house: House, failed: str) -> None:
    assert house.faults() == []
    store = house.store
    (content,) = store.row("SELECT content FROM record WHERE kind = 'inspection' AND key = ?", (failed,)) or (
        "",
    )
    changed = "UPDATE record SET content = ? WHERE kind = 'inspection' AND key = ?"
    store.execute(changed, (content.replace('"ok":false', '"ok":true'), failed))
    assert [found.key for found in house.faults()] == [f"inspection {failed}"]
    store.execute(changed, (content, failed))
