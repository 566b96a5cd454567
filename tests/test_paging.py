"""Every list of the route table comes in pages that lose nothing and repeat nothing, whatever their length."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from itertools import chain, combinations, count, cycle
from random import Random
from typing import Any, get_origin
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from falcon.testing import Result
from msgspec.structs import fields

from api.routes import ROUTES
from api.routing import Route
from api.wire.paging import PageQuery, SiteQuery
from devices.listed import listed
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from tests import dispatched
from tests.browser.looked_at import lived_in
from tests.conftest import ENGINES, Stores
from tests.counts import scan
from tests.custody import House, begin, inspect, receipt, request
from tests.dispatched import sent
from tests.door import NOW, TODAY, Client, Door
from tests.hostile import path_of

WHOSE = {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"}
COMPLAINT = {"site": "BJ01", "channel": "phone", "categories": ["manner"], "account": "态度生硬"}
PAGES = {"list_documents": "documents", "list_devices": "devices"}
"""Lists whose answer has the cursor beside its values, and the field these are in."""
LISTS = {
    route.name: route
    for route in ROUTES
    if route.name in PAGES or (route.method == "GET" and get_origin(route.answer) is list)
}
BY_SITE = sorted(name for name, route in LISTS.items() if issubclass(route.query, SiteQuery))
FILTERS = {
    name: sorted({each.encode_name for each in fields(LISTS[name].query)} - set(PageQuery.__struct_fields__))
    for name in PAGES
}
"""The filters of the lists that have several."""
ASKED = {
    "list_keys": "username=wu&",
    "list_technicians": "site=BJ01&",
    "list_deadlines": "met_since=2026-01-01&",
}
ADMINISTRATORS = {"list_people", "list_tokens"}


@pytest.fixture(scope="module", params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    store = stores.fresh(request.param)
    lived_in(store, NOW)
    house = House(store)
    house.keys = count(1000)  # not those that made the books
    more_of_each(house)
    yield house
    stores.drop(store)


def more_of_each(house: House) -> None:
    """A second record of every kind that the books have but one of; a device of another site and model; a proposal."""
    zhang, admin = house.of("zhang"), house.of("admin")
    house.token()
    house.token("TJ01", username="chen")
    house.token("BJ01", ("read", "post"), "chen")
    house.sign_in("chen")
    served = (
        "SELECT serial FROM position WHERE state = 'in_service' AND responsible_site = 'BJ01' ORDER BY serial"
    )
    for (serial,) in house.store.rows(f"{served} DESC LIMIT 3"):
        done(zhang.post("/v1/complaints", {**COMPLAINT, "serials": [serial]}))
        order = {"site": "BJ01", "serial": serial, "fault": "无法识别"}
        done(zhang.post("/v1/repairs", order))
        done(zhang.post("/v1/dispatch-orders", sent(serial, purposes=["return_visit"])))
    done(house.of("zhao").post("/v1/dispatch-orders", sent("661565714354", "TJ01", customer=WHOSE)))
    done(house.of("zhao").post("/v1/documents", {**receipt("TJ01"), "model": "TCG-02"}))
    done(house.of("zhao").post("/v1/complaints", {**COMPLAINT, "site": "TJ01"}))
    job_done(house)
    held = house.store.rows("SELECT serial FROM position WHERE state = 'quarantined' AND site = 'BJ01'")
    lines = [{"serial": serial} for (serial,) in held]
    release = {"type": "release", "site": "BJ01", "business_date": TODAY, "bin": "M-01", "inspection": "完好"}
    done(zhang.post("/v1/documents", {**release, "lines": lines}))
    done(inspect(house.of("li")))
    request(house)
    (closed,) = zhang.get("/v1/stocktakes?state=closed").json
    scan(zhang, closed["number"], ("661599999901", None), ("661599999902", None))
    done(zhang.post("/v1/handovers/H-BJ01-000001/cancel", {"reason": "未到岗"}))
    done(begin(house))
    done(zhang.post("/v1/months", {"site": "BJ01", "register": "spare", "month": "2026-10"}))
    done(admin.post("/v1/carriers", {"code": "EMS", "name": "邮政速递"}))
    done(admin.send("PUT", "/v1/minimum-levels/BJ01/TCG-02", {"minimum": 3}, If_Match='"0"'))
    done(admin.post("/v1/people", {"username": "lu", "name": "陆平"}))
    done(admin.post("/v1/people/lu/grants", {"role": "technician", "site": "BJ01"}))
    house.certify("lu")
    done(house.of("wu").post("/v1/me/key", {"password": house.password("wu")}))


def job_done(house: House) -> None:
    """A job of the technician is done, of which the customer is to be asked."""
    visit = {"site": "BJ01", "customer": WHOSE, "fault": "回访", "purposes": ["return_visit"]}
    order = house.of("zhang").post("/v1/dispatch-orders", {**visit, "technician": "wang"})
    done(order)
    record = dispatched.done(outcomes={"return_visit": "all_well"})
    done(house.of("wang").post(f"/v1/dispatch-orders/{order.json['number']}/service-record", record))


def done(answer: Result) -> None:
    assert answer.status_code < 300, answer.text


def reader(door: Door, route: Route) -> Client:
    return door.sign_in("admin" if route.name in ADMINISTRATORS else "chen")


def values(route: Route, answer: Result) -> list[Any]:
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json[PAGES[route.name]] if route.name in PAGES else answer.json
    return found


def following(answer: Result) -> str | None:
    link = answer.headers.get("link")
    if link is None:
        return None
    address, _, rel = link.partition("; ")
    assert rel == "rel=next"
    return address.removeprefix("<").removesuffix(">")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_a_cursor_and_a_limit(name: str) -> None:
    assert issubclass(LISTS[name].query, PageQuery)


@pytest.mark.both_engines
@pytest.mark.parametrize("name", LISTS)
def test_pages_of_one_are_the_whole_list_in_its_order(name: str, door: Door) -> None:
    route = LISTS[name]
    client = reader(door, route)
    whole = client.get(f"{path_of(route)}?{ASKED.get(name, '')}limit=500")
    assert following(whole) is None
    walked, address = [], f"{path_of(route)}?{ASKED.get(name, '')}limit=1"
    while address:
        answer = client.get(address)
        (value,) = values(route, answer)
        walked.append(value)
        address = following(answer) or ""
    assert len(walked) > 1 or name == "list_consignments"
    assert walked == values(route, whole)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "asked", ["cursor=nothing", "cursor=WyJhIl0", "cursor=IgAi", "limit=0", "limit=501", "page=2"]
)
def test_a_page_that_there_can_not_be_is_refused(name: str, asked: str, door: Door) -> None:
    route = LISTS[name]
    answer = reader(door, route).get(f"{path_of(route)}?{ASKED.get(name, '')}{asked}")
    assert answer.status_code == 400
    assert answer.json["code"] in ("malformed_cursor", "malformed_parameter")


@pytest.mark.parametrize("name", BY_SITE)
def test_a_site_that_there_is_not_is_refused(name: str, door: Door) -> None:
    answer = door.sign_in("chen").get(f"{LISTS[name].path}?site=XX99")
    assert answer.status_code == 400
    assert answer.json["errors"][0]["name"] == "site"


@pytest.mark.parametrize("path", [
    "/v1/keys?username=nobody", "/v1/devices?model=TCG-99", "/v1/devices?state=asleep", "/v1/stocktakes?state=lost",
    "/v1/books/BJ01/spare/card?model=TCG-99&from=2026-11-01&to=2026-11-30",
])  # fmt: skip
def test_what_a_filter_does_not_know_is_refused(path: str, door: Door) -> None:
    answer = door.sign_in("chen").get(path)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")


@pytest.mark.parametrize("name", BY_SITE)
def test_a_list_of_one_site_has_nothing_of_another(name: str, door: Door) -> None:
    client, route = door.sign_in("chen"), LISTS[name]
    every = values(route, client.get(f"{route.path}?limit=500"))
    for site in ("BJ01", "TJ01"):
        found = values(route, client.get(f"{route.path}?site={site}&limit=500"))
        assert found == [value for value in every if site_of(value) == site]


@pytest.mark.both_engines
@pytest.mark.parametrize("name", FILTERS)
def test_a_list_has_just_what_its_filters_let_through(name: str, door: Door) -> None:
    client, route = door.sign_in("chen"), LISTS[name]
    every = values(route, client.get(f"{route.path}?limit=500"))
    assert [each for each in FILTERS[name] if len({told_by(value)[each] for value in every}) == 1] == []
    for asked in choices(every, FILTERS[name]):
        found = values(route, client.get(f"{route.path}?{urlencode({**asked, 'limit': 500})}"))
        assert found == [value for value in every if lets_through(asked, value)], asked


def choices(every: Sequence[dict[str, Any]], filters: Sequence[str]) -> Iterator[dict[str, str]]:
    """Some of the filters, in every way, set to what is true of one value of the list: of another each time."""
    value = cycle(Random(0).sample(every, len(every)))
    for some in chain.from_iterable(combinations(filters, number) for number in range(1, len(filters) + 1)):
        true = told_by(next(value))
        yield {each: true[each] for each in some if true[each] is not None}


def lets_through(asked: dict[str, str], value: dict[str, Any]) -> bool:
    """Whether a value is among what was asked for; days are both included."""
    true = told_by(value)
    compared = {"from": operator.le, "to": operator.ge}
    return all(compared.get(each, operator.eq)(wanted, true[each]) for each, wanted in asked.items())


def told_by(value: dict[str, Any]) -> dict[str, Any]:
    """What a value has to be compared with, by the name of each filter."""
    return {**value, "site": site_of(value), **dict.fromkeys(("from", "to"), value["business_date"])}


def site_of(value: dict[str, Any]) -> str | None:
    """The site a value is of; a device that left every register is of the one that last acted."""
    value = value.get("notice", value)
    return value["site"] or value.get("responsible_site")


@pytest.mark.both_engines
def test_the_link_keeps_what_was_asked(door: Door) -> None:
    answer = door.sign_in("chen").get("/v1/documents?type=receipt&limit=1")
    asked = parse_qs(urlsplit(following(answer) or "").query)
    assert asked.keys() == {"type", "limit", "cursor"}
    assert (asked["type"], asked["limit"]) == (["receipt"], ["1"])


@pytest.mark.parametrize(
    "path",
    ["/v1/devices/661565714353/history", "/v1/documents/BJ01-2026-000001", "/v1/stocktakes/{count}/sheet"],
)
def test_a_page_that_ends_where_the_lines_do_is_the_last(path: str, door: Door) -> None:
    client = door.sign_in("chen")
    (number,) = [each["number"] for each in client.get("/v1/stocktakes?state=closed").json]
    path = path.format(count=number)
    lines = len(client.get(f"{path}?limit=500").json["lines"])
    assert lines > 1
    assert following(client.get(f"{path}?limit={lines}")) is None
    assert following(client.get(f"{path}?limit={lines - 1}")) is not None


@pytest.mark.parametrize("kind", [REPAIR, DISPATCH_ORDER], ids=lambda kind: kind.name)
def test_records_are_read_in_pieces_as_whole(kind: Any, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(listed(door.store, kind))
    here = [each for each in whole[1:] if each.site == "BJ01"]
    monkeypatch.setattr("devices.listed.AT_ONCE", 1)
    assert list(listed(door.store, kind)) == whole
    assert list(listed(door.store, kind, ["BJ01"], kind.key(whole[0]))) == here
    assert list(listed(door.store, kind, [])) == []
