"""Minimum levels of spares: set by administrators, compared with what is available, told where too few are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from falcon import testing

from devices import records
from devices.journal import head_of, open_journals
from devices.ledger.proving.verify import verify
from devices.problems import Refused
from devices.spares.minimum_levels import (
    MINIMUM_LEVEL,
    Level,
    MinimumLevel,
    compare,
    level_of,
    levels_of,
    set_minimum,
    short,
)
from devices.store.database import Store
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door
from tests.ledger_books import NOW, Books

HERE = "/v1/minimum-levels/BJ01/TCG-01"
AVAILABLE = 7
"""Spares of TCG-01 that the demo has in stock at BJ01."""


@pytest.fixture
def books(store: Store) -> Books:
    """Two empty sites on each engine."""
    return Books(store)


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """The demo with a clerk and a supervisor, on each engine."""
    made = Door(stores.demo(request.param))
    made.enrol_extra()
    yield made
    made.session_store.close()
    stores.drop(made.store)


# --- comparing, purely


def test_what_is_available_makes_up_for_what_is_wanted() -> None:
    levels = [MinimumLevel("A1", "X", 3), MinimumLevel("A1", "Y", 3), MinimumLevel("B2", "X", 3)]
    found = compare(levels, {("A1", "X"): 2, ("A1", "Y"): 4})
    assert found == [Level("A1", "X", 3, 2, 1), Level("A1", "Y", 3, 4, 0), Level("B2", "X", 3, 0, 3)]
    assert [(each.site, each.model) for each in short(found)] == [("A1", "X"), ("B2", "X")]


def test_a_level_that_is_just_met_is_not_short() -> None:
    assert short(compare([MinimumLevel("A1", "X", 3), MinimumLevel("A1", "Y", 0)], {("A1", "X"): 3})) == []


def test_nothing_lacks_where_the_site_or_the_model_is_closed() -> None:
    assert short(compare([MinimumLevel("A1", "X", 3)], {}, {("A1", "X")})) == []


# --- the store


def want(books: Books, minimum: int, expected: int = 0, site: str = "BJ01", model: str = "TCG-01") -> int:
    with books.store.writing():
        writer = open_journals(books.store, [site], NOW)
        return set_minimum(writer, MinimumLevel(site, model, minimum), expected=expected, by="root")


def refused_with(books: Books, *place: str, minimum: int = 1, expected: int = 0) -> list[str]:
    with pytest.raises(Refused) as refused:
        want(books, minimum, expected, *place)
    return [problem.code for problem in refused.value.problems]


def close(books: Books, kind: records.RecordKind, code: str) -> None:
    """Take a site or a model out of use."""
    found = next(value for value, _ in records.all_current(books.store, kind) if value.code == code)
    with books.store.writing():
        writer = open_journals(books.store, [kind.journal(found)], NOW)
        records.write(writer, kind, msgspec.structs.replace(found, active=False), by="root")


def test_only_spares_in_stock_at_the_site_are_available(books: Books) -> None:
    books.receive("661565720011", "661565720012", "661565720013", register="spare")
    books.receive("661565714353")  # merchandise
    books.receive("661565720021", register="spare", site="TJ01")
    books.receive("661565730001", register="spare", model="TCG-02")
    books.post("hold", "661565720012", reason="损", bin="SQ")
    want(books, 5)
    assert levels_of(books.store, ["BJ01"]) == [Level("BJ01", "TCG-01", 5, 2, 3)]


def test_a_level_is_kept_as_revisions_in_the_sites_own_journal(books: Books) -> None:
    assert want(books, 5) == 1
    assert want(books, 2, expected=1) == 2
    assert level_of(books.store, "BJ01", "TCG-01") == (Level("BJ01", "TCG-01", 2, 0, 2), 2)
    head = head_of(books.store, "BJ01")
    assert head is not None
    assert (head.kind, head.reference) == ("minimum_level", "BJ01/TCG-01@2")


@pytest.mark.both_engines
def test_levels_are_listed_by_site_and_model(books: Books) -> None:
    places = [("TJ01", "PART"), ("BJ01", "TCG-02"), ("BJ01", "PART")]
    for site, model in places:
        want(books, 1, 0, site, model)
    assert [(each.site, each.model) for each in levels_of(books.store, None)] == sorted(places)
    assert [each.site for each in levels_of(books.store, ["TJ01"])] == ["TJ01"]
    assert levels_of(books.store, []) == []


def test_everything_that_is_unknown_is_told_at_once(books: Books) -> None:
    assert refused_with(books, "ZZ99", "NONE") == ["unknown_site", "unknown_model"]
    assert head_of(books.store, "ZZ99") is None


@pytest.mark.both_engines
def test_what_is_closed_can_only_be_wanted_no_longer(books: Books) -> None:
    want(books, 3)
    want(books, 3, 0, "TJ01")
    close(books, records.SITE, "TJ01")
    close(books, records.MODEL, "TCG-01")
    assert refused_with(books, "TJ01", expected=1) == ["inactive_site", "inactive_model"]
    assert refused_with(books, expected=1) == ["inactive_model"]
    assert short(levels_of(books.store, None)) == []
    assert level_of(books.store, "BJ01", "TCG-01")[0] == Level("BJ01", "TCG-01", 3, 0, 0)
    assert want(books, 0, expected=1, site="TJ01") == 2


def test_another_revision_than_was_seen_is_refused(books: Books) -> None:
    assert refused_with(books, expected=1) == ["if_match_failed"]
    want(books, 5)
    assert refused_with(books) == ["if_match_failed"]


def test_verification_knows_levels_and_finds_each_change_of_them(books: Books) -> None:
    want(books, 5)
    want(books, 6, expected=1)
    assert verify(books.store, RECORD_KINDS, checks=CHECKS).faults == []
    content = '{"site":"BJ01","model":"TCG-01","minimum":1}'
    with books.store.writing():
        books.store.execute("UPDATE record SET content = ? WHERE kind = ?", (content, MINIMUM_LEVEL.name))
    (fault,) = verify(books.store, RECORD_KINDS, checks=CHECKS).faults
    assert (fault.table, fault.key) == ("record", "minimum_level BJ01/TCG-01")


# --- over HTTP


def put(client: Client, minimum: Any, seen: str | None = '"0"', path: str = HERE) -> testing.Result:
    headers = {} if seen is None else {"If_Match": seen}
    return client.send("PUT", path, {"minimum": minimum}, **headers)


def asked(client: Client, path: str = HERE) -> tuple[int, Any]:
    answer = client.get(path)
    return answer.status_code, answer.json if answer.status_code == 200 else answer.json["code"]


@pytest.mark.both_engines
def test_an_administrator_sets_a_level_that_the_sites_people_read(door: Door) -> None:
    answer = put(door.sign_in("admin"), 10)
    level = {"site": "BJ01", "model": "TCG-01", "minimum": 10, "available": AVAILABLE, "lacking": 3}
    assert (answer.status_code, answer.json, answer.headers["ETag"]) == (200, level, '"1"')
    for who in ("zhang", "li", "wu", "chen", "admin"):
        client = door.sign_in(who)
        assert asked(client) == (200, level)
        assert asked(client, "/v1/minimum-levels") == (200, [level])
    assert asked(door.sign_in("zhao"), "/v1/minimum-levels") == (200, [])


def test_a_level_that_was_never_set_is_none_wanted(door: Door) -> None:
    answer = door.sign_in("zhang").get("/v1/minimum-levels/BJ01/TCG-02")
    assert answer.headers["ETag"] == '"0"'
    assert answer.json == {"site": "BJ01", "model": "TCG-02", "minimum": 0, "available": 0, "lacking": 0}


def test_a_level_takes_the_etag_that_was_read(door: Door) -> None:
    admin = door.sign_in("admin")
    assert put(admin, 5, seen=None).status_code == 428
    assert put(admin, 5, seen='"1"').status_code == 412
    assert put(admin, 5).headers["ETag"] == '"1"'
    assert put(admin, 6).status_code == 412
    assert put(admin, 6, seen='"1"').json["minimum"] == 6


@pytest.mark.parametrize("who", ["zhang", "li", "wu", "chen"])
def test_nobody_but_an_administrator_sets_a_level(door: Door, who: str) -> None:
    answer = put(door.sign_in(who), 5)
    assert (answer.status_code, answer.json["code"]) == (403, "role_missing")


def test_a_foreign_sites_levels_are_not_read(door: Door) -> None:
    zhao, outlet = door.sign_in("zhao"), door.token("BJ01")
    for path in (HERE, "/v1/minimum-levels?site=BJ01"):
        assert asked(zhao, path) == (403, "role_missing")
        assert asked(outlet, path) == (403, "person_required")


@pytest.mark.parametrize("minimum", [-1, 100_001, 1.5, "5", None])
def test_a_number_that_can_not_be_meant_is_refused(door: Door, minimum: Any) -> None:
    answer = put(door.sign_in("admin"), minimum)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_body")
    assert answer.json["errors"][0]["pointer"] == "/minimum"


@pytest.mark.parametrize(
    ("path", "code"), [("XX99/TCG-01", "unknown_site"), ("BJ01/TCG-99", "unknown_model")]
)
def test_an_unknown_place_has_no_level(door: Door, path: str, code: str) -> None:
    admin = door.sign_in("admin")
    refused = put(admin, 5, path=f"/v1/minimum-levels/{path}")
    assert (refused.status_code, refused.json["code"]) == (422, code)
    assert asked(admin, f"/v1/minimum-levels/{path}") == (404, "not_found")


# --- while the spares are counted blind


def begin_blind(door: Door) -> None:
    body = {"site": "BJ01", "register": "spare", "method": "blind"}
    assert door.sign_in("zhang").post("/v1/stocktakes", body).status_code == 201


def test_who_counts_blind_is_told_of_no_level(door: Door) -> None:
    put(door.sign_in("admin"), 10)
    begin_blind(door)
    for who in ("zhang", "li", "wu"):
        for path in (HERE, "/v1/minimum-levels", "/v1/minimum-levels?site=BJ01"):
            assert asked(door.sign_in(who), path) == (409, "count_is_blind")
    assert asked(door.sign_in("chen"))[0] == 200


def test_who_has_no_part_in_the_count_is_told_and_may_set(door: Door) -> None:
    begin_blind(door)
    assert put(door.sign_in("admin"), 10).json["lacking"] == 3
    assert asked(door.sign_in("zhao"), "/v1/minimum-levels") == (200, [])
