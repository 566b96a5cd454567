"""What is told of a device's orders and a customer's, to whom; and the lists and the search that find them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from devices.ledger.reading.cursors import encoded
from devices.service.briefs import BRIEFED
from devices.store.database import Store
from panku.wiring import RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counted_house import made
from tests.counts import SECOND, close_count
from tests.custody import House, fill_house
from tests.dispatched import done, sent
from tests.door import TODAY, Client
from web.door import add_pages

pytestmark = pytest.mark.both_engines

SERIAL, QUIET, CUSTOMER, OTHERS = "661565714354", "661565714360", "C-BJ01-000002", "C-BJ01-000001"
NAMED = {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"}
ISSUED = "zh-2026/88"
MASKED: dict[str, Any] = {
    "state": None, "purposes": [], "serials": [], "done_on": None, "outcomes": {}, "corrected": False, "masked": True,
}  # fmt: skip


class Told(NamedTuple):
    """A house and the numbers of its orders for one device, in the order of their opening.

    `first` is wang's and done, its record was corrected, and `call` is about it; `abroad` a repair at TJ01 that came to
    nothing; `repair` is in custody at BJ01; `waiting` is wang's and waits; `visit` is nobody's, and about no device.
    """

    house: House
    first: str
    call: str
    abroad: str
    repair: str
    waiting: str
    visit: str

    @property
    def newest_first(self) -> list[str]:
        """The orders that are about the device."""
        return [self.waiting, self.repair, self.abroad, self.call, self.first]


@pytest.fixture(scope="module", params=ENGINES)
def told(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Told]:
    house = House(stores.filled(request.param, fill_house))
    add_pages(house.app, house.services)
    yield lived(house)
    house.session_store.close()
    stores.drop(house.store)


def lived(house: House) -> Told:
    """Orders of the device, a second apart; sun keeps the store of TJ01 and is sent from BJ01."""
    zhang, zhao, wang = (house.of(who) for who in ("zhang", "zhao", "wang"))
    house.grant("sun", "storekeeper", "TJ01")
    house.grant("sun", "technician", "BJ01")
    house.certify("sun")

    def opened(client: Client, path: str, body: dict[str, Any]) -> str:
        house.now += SECOND
        return str(made(client.post(path, body))["number"])

    jobs = "/v1/dispatch-orders"
    first = opened(zhang, jobs, sent(SERIAL, technician="wang", issued_as=ISSUED))
    made(wang.post(f"{jobs}/{first}/service-record", done()))
    made(wang.post(f"{jobs}/{first}/correct", {"reason": "写错", "record": done(work="调试")}))
    named = {"site": "TJ01", "serial": SERIAL, "fault": "不亮", "customer": NAMED}
    abroad = opened(zhao, "/v1/repairs", named)
    made(zhao.post(f"/v1/repairs/{abroad}/cancel"))
    repair = opened(zhang, "/v1/repairs", {"site": "BJ01", "serial": SERIAL, "fault": "不亮"})
    intake = {
        "type": "repair_intake",
        "site": "BJ01",
        "business_date": TODAY,
        "order": repair,
        "fault": "不亮",
    }
    made(zhang.post("/v1/documents", {**intake, "bin": "R-01", "lines": [{"serial": SERIAL}]}))
    waiting = opened(zhang, jobs, sent(SERIAL, technician="wang", purposes=["return_visit", "repair"]))
    made(wang.post(f"{jobs}/{waiting}/accept"))
    made(wang.post(f"{jobs}/{waiting}/postpone", {"reason": "customer_absent"}))
    nothing = {
        "site": "BJ01",
        "fault": "培训",
        "purposes": ["return_visit"],
        "customer": {"number": CUSTOMER},
    }
    return Told(house, first, f"F{first}", abroad, repair, waiting, opened(zhang, jobs, nothing))


NOT_TOLD = {"notice": "what a home was told of another site's order, which is told itself"}
"""Kinds of records about devices of a customer that are no orders, and why they are not told."""


def test_every_kind_of_record_about_devices_of_a_customer_is_told_of_them_or_said_not_to_be() -> None:
    about = {
        kind.name
        for kind in RECORD_KINDS
        if "customer" in (fields := kind.value.__struct_fields__) and {"serial", "serials"} & {*fields}
    }
    assert about - NOT_TOLD.keys() == {each.kind.name for each in BRIEFED}, (
        "BRIEFED in devices/service/briefs.py"
    )


# --- of a device


def ways(client: Client) -> list[list[dict[str, Any]]]:
    """The orders of the device, by each way of asking for it."""
    asked = client.post("/v1/devices/lookup", {"serials": [SERIAL, QUIET]}).json
    assert asked[1]["orders"] == []
    return [
        client.get(f"/v1/devices/{SERIAL}").json["orders"],
        client.get(f"/v1/devices/{SERIAL}/history").json["orders"],
        asked[0]["orders"],
    ]


def test_a_device_tells_its_orders_the_newest_first(told: Told) -> None:
    for orders in ways(told.house.of("chen")):
        assert [each["number"] for each in orders] == told.newest_first
        waiting, repair, abroad, called, first = orders
        assert first == {
            "number": told.first, "kind": "dispatch_order", "site": "BJ01", "opened_on": TODAY, "state": "done",
            "purposes": ["repair"], "serials": [SERIAL], "done_on": TODAY, "outcomes": {"repair": "solved"},
            "corrected": True, "masked": False,
        }  # fmt: skip
        assert called == {**first, "number": told.call, "kind": "follow_up", "state": "due", "purposes": [],
            "done_on": None, "outcomes": {}, "corrected": False}  # fmt: skip
        assert (waiting["state"], waiting["purposes"], waiting["outcomes"]) == (
            "waiting", ["repair", "return_visit"], {},
        )  # fmt: skip
        assert (repair["kind"], repair["state"], repair["done_on"]) == ("repair", "open", None)
        assert (abroad["site"], abroad["state"]) == ("TJ01", "cancelled")


def test_of_another_sites_order_only_number_kind_day_and_site_are_told(told: Told) -> None:
    abroad = {"number": told.abroad, "kind": "repair", "site": "TJ01", "opened_on": TODAY, **MASKED}
    for reader in (told.house.of("zhang"), told.house.token("BJ01")):
        for orders in ways(reader):
            assert [each["masked"] for each in orders] == [False, False, True, False, False]
            assert orders[2] == abroad
    for reader in (told.house.of("zhao"), told.house.token("TJ01")):
        for orders in ways(reader):
            assert [each["masked"] for each in orders] == [True, True, False, True, True]


def test_a_technician_reads_what_is_their_work_and_sees_no_customer(told: Told) -> None:
    wang = told.house.of("wang")
    for orders in ways(wang):
        assert [each["masked"] for each in orders] == [False, True, True, False, False]
    assert wang.get(f"/v1/devices/{SERIAL}").json["device"]["customer"]["masked"]
    assert [each["masked"] for each in ways(told.house.of("sun"))[0]] == [True, True, False, True, True]


def test_orders_come_with_the_first_lines_of_a_history(told: Told) -> None:
    later = told.house.of("chen").get(f"/v1/devices/{SERIAL}/history?after=1").json
    assert later["lines"]
    assert later["orders"] == []


def test_many_devices_are_looked_up_in_as_many_statements_as_one(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhang, counts = told.house.of("zhang"), []
    every = [serial for (serial,) in told.house.store.rows("SELECT serial FROM position")]
    sent_to = heard(monkeypatch)
    for serials in ([SERIAL], every):
        sent_to.clear()
        assert zhang.post("/v1/devices/lookup", {"serials": serials}).status_code == 200
        counts.append(len(sent_to))
    assert counts[0] == counts[1]


# --- of a customer


def orders_of(client: Client, query: str = "", customer: str = CUSTOMER) -> Any:
    return client.get(f"/v1/customers/{customer}/orders{query}")


def test_a_customer_tells_their_orders_of_every_kind_the_newest_first(told: Told) -> None:
    orders = orders_of(told.house.of("chen")).json
    assert [each["number"] for each in orders] == [told.visit, *told.newest_first]
    home = orders_of(told.house.of("zhang")).json
    assert [each["masked"] for each in home] == [False, False, False, True, False, False]


def test_a_customers_orders_come_in_pages(told: Told) -> None:
    chen, walked, query = told.house.of("chen"), [], "?limit=2"
    while query:
        answer = orders_of(chen, query)
        walked += answer.json
        query = "?" + answer.headers.get("link", "").partition("?")[2].partition(">")[0]
        query = query if len(query) > 1 else ""
    assert walked == orders_of(chen).json


@pytest.mark.parametrize(
    "cursor", ["nothing", "WyJhIl0", "IgAi", encoded((1, "\x00")), encoded((2**63, "D"))]
)
def test_a_page_of_them_that_there_can_not_be_is_refused(told: Told, cursor: str) -> None:
    assert orders_of(told.house.of("chen"), f"?cursor={cursor}").json["code"] == "malformed_cursor"


def test_whoever_does_not_see_a_customer_is_told_nothing_of_their_orders(told: Told) -> None:
    for who in ("zhao", "wang"):
        assert orders_of(told.house.of(who)).json["code"] == "not_found", who
    unknown = orders_of(told.house.of("zhang"), customer="C-BJ01-000999")
    assert unknown.json["code"] == "not_found"


# --- lists


def listed(client: Client, kind: str = "dispatch-orders", **query: str) -> list[str]:
    """The numbers that a list answers."""
    answer = client.get(f"/v1/{kind}?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in answer.json]


def test_orders_are_listed_by_what_they_are_found_by(told: Told) -> None:
    chen = told.house.of("chen")
    every = [told.first, told.waiting, told.visit]
    assert listed(chen) == every
    assert listed(chen, customer=CUSTOMER) == every
    assert listed(chen, customer=OTHERS) == listed(chen, customer="C-XX99-000001") == []
    assert listed(chen, serial=f" {SERIAL} ", technician="wang") == [told.first, told.waiting]
    assert listed(chen, serial=QUIET) == []
    assert listed(chen, state="done", **{"from": TODAY, "to": TODAY}) == [told.first]
    assert listed(chen, to="2026-11-01") == []
    assert listed(chen, site="TJ01") == []
    repairs = listed(chen, "repairs", serial=SERIAL, customer=CUSTOMER)
    assert repairs == [told.repair, told.abroad]
    assert listed(chen, "repairs", state="cancelled", **{"from": TODAY}) == [told.abroad]
    assert listed(chen, "repairs", site="BJ01", state="open", serial=SERIAL) == [told.repair]


def test_pages_of_one_are_the_list_that_is_filtered(told: Told) -> None:
    chen, address, walked = told.house.of("chen"), f"/v1/repairs?serial={SERIAL}&limit=1", []
    while address:
        answer = chen.get(address)
        walked += [each["number"] for each in answer.json]
        address = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert walked == [told.repair, told.abroad]


@pytest.mark.parametrize(
    ("asked", "index"), [(f"customer={CUSTOMER}", "record_customer"), (f"serial={SERIAL}", "key=?")]
)
def test_a_list_is_searched_by_what_it_is_asked_for(
    told: Told, monkeypatch: pytest.MonkeyPatch, asked: str, index: str
) -> None:
    chen, store = told.house.of("chen"), told.house.store
    sent_to = heard(monkeypatch)
    assert len(chen.get(f"/v1/repairs?{asked}").json) == 2
    (statement,) = [each for each in sent_to if "LIMIT" in each[0] and '"content"' in each[0]]
    if "sqlite" in store.url:  # PostgreSQL goes by its statistics
        plan = store.rows(f"EXPLAIN QUERY PLAN {statement[0]}", statement[1])
        assert index in str(plan)
        assert "site=?" not in str(plan)


def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Every statement that is sent from now on, with its values."""
    sent_to: list[tuple[str, Any]] = []
    execute = Store.execute

    def listening(store: Store, sql: str, params: Any = ()) -> Any:
        sent_to.append((sql, params))
        return execute(store, sql, params)

    monkeypatch.setattr(Store, "execute", listening)
    return sent_to


@pytest.mark.parametrize("kind", ["repairs", "dispatch-orders"])
@pytest.mark.parametrize("asked", ["state=gone", "site=ZZ99", "serial=%EF%BC%91%EF%BC%92", "from=2026-13-01"])
def test_an_unknown_value_of_a_filter_is_refused(told: Told, kind: str, asked: str) -> None:
    answer = told.house.of("chen").get(f"/v1/{kind}?{asked}")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")


def test_a_technician_whom_nobody_knows_is_refused(told: Told) -> None:
    answer = told.house.of("zhang").get("/v1/dispatch-orders?technician=nobody")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")


def test_a_customer_whom_the_reader_does_not_see_has_no_orders(told: Told) -> None:
    zhao = told.house.of("zhao")
    assert listed(zhao, "repairs") == [told.abroad]
    assert listed(zhao, "repairs", customer=CUSTOMER) == listed(zhao, "repairs", customer="C-XX99-1") == []


def test_a_technician_lists_their_own_jobs_and_a_storekeeper_their_sites_orders(told: Told) -> None:
    house = told.house
    wang, sun, everywhere = house.of("wang"), house.of("sun"), house.token("BJ01", username="wang")
    assert (
        listed(wang)
        == listed(wang, site="BJ01")
        == listed(wang, technician="wang")
        == [told.first, told.waiting]
    )
    assert listed(wang, technician="sun") == listed(wang, "repairs") == []
    for path in ("dispatch-orders?site=TJ01", "repairs?site=BJ01"):
        assert wang.get(f"/v1/{path}").json["code"] == "role_missing"
    assert listed(sun) == listed(sun, site="BJ01") == listed(sun, site="TJ01") == []
    assert listed(sun, "repairs") == listed(sun, "repairs", site="TJ01") == [told.abroad]
    assert listed(everywhere) == [told.first, told.waiting, told.visit], "a token reads its site's orders"


def test_a_technician_who_keeps_another_sites_store_lists_both(told: Told, stores: Stores) -> None:
    house = told.house.copied(stores)
    zhao, sun = house.of("zhao"), house.of("sun")
    theirs = made(zhao.post("/v1/dispatch-orders", sent(SERIAL, "TJ01", customer=NAMED)))["number"]
    path = f"/v1/dispatch-orders/{told.visit}/reassign"
    made(house.of("zhang").post(path, {"technician": "sun"}))
    assert listed(sun) == [told.visit, theirs]
    assert listed(sun, site="TJ01") == [theirs]
    assert listed(sun, site="BJ01") == listed(sun, technician="sun") == [told.visit]
    assert sun.get("/v1/dispatch-orders?limit=1").headers["link"]
    house.revoke("sun", "technician", "BJ01")
    assert listed(house.of("sun")) == [theirs], "what was theirs is read with the role alone"
    house.session_store.close()
    stores.drop(house.store)


def test_a_blind_count_keeps_the_orders_of_a_device_from_whoever_counts_it(
    told: Told, stores: Stores
) -> None:
    house = told.house.copied(stores)
    add_pages(house.app, house.services)
    zhang = house.of("zhang")
    house.now += SECOND
    count = {"site": "BJ01", "register": "custody", "method": "blind"}
    number = made(zhang.post("/v1/stocktakes", count))["number"]
    assert [*ways(zhang)] == [[], [], []]
    assert listed(zhang, "repairs", serial=SERIAL) == listed(zhang, serial=SERIAL) == []
    assert told.repair in listed(zhang, "repairs")
    assert [each["number"] for each in orders_of(zhang).json] == [told.visit, *told.newest_first]
    assert {tuple(each["serials"]) for each in orders_of(zhang).json} == {()}
    for page in (f"/devices/{SERIAL}", f"/customers/{CUSTOMER}"):
        assert zhang.get(page).status_code == 200
    assert told.repair not in zhang.get(f"/devices/{SERIAL}").text
    assert SERIAL not in zhang.get(f"/customers/{CUSTOMER}").text
    assert listed(house.of("chen"), "repairs", serial=SERIAL) == [told.repair, told.abroad]
    house.now += SECOND
    made(close_count(zhang, number))
    assert [len(orders) for orders in ways(zhang)] == [5, 5, 5]
    house.session_store.close()
    stores.drop(house.store)


# --- pages


def searched(client: Client, asked: str) -> str | None:
    """The page that a search leads straight to."""
    headers = {**client.headers, "Content-Type": "application/x-www-form-urlencoded"}
    answer = client.client.simulate_post("/search", body=urlencode({"q": asked}), headers=headers)
    found: str | None = answer.headers.get("Location")
    return found


def test_an_order_is_found_by_its_number_and_by_the_one_it_was_issued_as(told: Told) -> None:
    zhang, zhao, wang = (told.house.of(who) for who in ("zhang", "zhao", "wang"))
    assert searched(zhang, told.first) == searched(zhang, ISSUED) == f"/orders/{told.first}"
    assert searched(zhao, told.first) is searched(zhao, ISSUED) is None
    assert searched(wang, told.first) == searched(wang, ISSUED) == f"/jobs/{told.first}"
    assert searched(wang, told.visit) is searched(wang, told.repair) is None


def test_a_call_is_found_by_its_number(told: Told) -> None:
    zhang, zhao, wang, sun = (told.house.of(who) for who in ("zhang", "zhao", "wang", "sun"))
    assert searched(zhang, told.call) == f"/follow-ups/{told.first}"
    assert searched(wang, told.call) == f"/jobs/{told.first}"
    assert searched(zhao, told.call) is searched(sun, told.call) is None
    assert searched(zhang, f"F{told.waiting}") is None, "nothing is to be called about"


def complaint(house: House, who: str, **more: Any) -> str:
    """The number of a complaint that somebody receives at BJ01."""
    body = {"site": "BJ01", "channel": "phone", "categories": ["manner"], "account": "态度差", **more}
    return str(made(house.of(who).post("/v1/complaints", body))["number"])


def test_a_complaint_is_told_to_whoever_reads_it_and_never_to_whom_it_is_about(
    told: Told, stores: Stores
) -> None:
    house = told.house.copied(stores)
    add_pages(house.app, house.services)
    house.now += SECOND
    about_wang = complaint(house, "zhang", about=told.first)
    house.now += SECOND
    by_wang = complaint(house, "wang", about=told.first)
    wang, zhang, zhao, admin = (house.of(who) for who in ("wang", "zhang", "zhao", "admin"))
    for orders in ways(wang):
        assert [(each["number"], each["masked"]) for each in orders[:2]] == [
            (by_wang, False), (about_wang, True),
        ]  # fmt: skip
    masked = {"number": about_wang, "kind": "complaint", "site": "BJ01", "opened_on": TODAY, **MASKED}
    assert ways(wang)[0][1] == ways(zhao)[0][1] == masked
    whole = {**masked, "state": "received", "serials": [SERIAL], "masked": False}
    assert ways(zhang)[0][1] == orders_of(zhang).json[1] == whole
    assert [searched(each, about_wang) for each in (wang, zhao, admin)] == [None] * 3
    assert searched(wang, by_wang) == searched(zhang, by_wang) == f"/complaints/{by_wang}"
    page = wang.get(f"/devices/{SERIAL}").text
    assert f'href="/complaints/{by_wang}"' in page
    assert f'href="/complaints/{about_wang}"' not in page
    assert (
        "态度差" not in page + zhang.get(f"/devices/{SERIAL}").text + zhang.get(f"/customers/{CUSTOMER}").text
    )
    house.session_store.close()
    stores.drop(house.store)


def test_the_pages_of_device_and_customer_tell_their_orders(told: Told) -> None:
    zhang = told.house.of("zhang")
    for path in (f"/devices/{SERIAL}", f"/customers/{CUSTOMER}"):
        page = zhang.get(path).text
        assert f'href="/follow-ups/{told.first}"' in page
        assert all(f'href="/orders/{number}"' in page for number in (told.first, told.repair, told.waiting))
        assert f'href="/orders/{told.abroad}"' not in page
        assert told.abroad in page
        assert "已解决" in page
        assert "（已更正）" in page
    page = told.house.of("wang").get(f"/devices/{SERIAL}").text
    assert f'href="/jobs/{told.first}"' in page
    assert "/orders/" not in page


def test_why_work_waits_is_told_beside_its_deadline(told: Told) -> None:
    for path in ("/", f"/devices/{SERIAL}"):
        assert "等待：用户不在" in told.house.of("zhang").get(path).text, path
