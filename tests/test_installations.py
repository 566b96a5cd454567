"""Installations over HTTP: asked for, guided by phone, sent for, confirmed with three checks, given up, asked again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from devices.paperwork.dispatches import DispatchOrder, Outcomes, ServiceRecord
from devices.paperwork.installations import (
    GUIDED_MINUTES,
    INSTALLATIONS,
    InstallAct,
    Installation,
    InstallationState,
)
from devices.service.installations.install_rules import hindrance
from devices.service.installations.installs import installations_of
from tests.conftest import ENGINES, Stores
from tests.custody import House, codes, fill_house
from tests.dispatched import DONE_AT, done, sent, taken_along
from tests.door import TODAY

pytestmark = pytest.mark.both_engines
SOLD = [f"{661565714355 + n}" for n in (*range(10), *range(17, 22))]
WHOSE = {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"}
CHECKS = {"opens": True, "runs": True, "prints": True}
CONFIRMED = {"checks": CHECKS, "confirmed_by": {"name": "刘会计", "phone": "010-62000000"}}
TRIP = {"fault": "上门安装", "technician": "wang"}
INSTALLED = done(outcomes={"install": "installed"})
IN_VAIN = done(outcomes={"install": "not_installed"})


def fill_sold(store: Any) -> None:
    """The house with devices sold to a customer of BJ01."""
    fill_house(store)
    house = House(store)
    sale = {
        "type": "sale",
        "site": "BJ01",
        "business_date": TODAY,
        "application": "SY-0200",
        "customer": WHOSE,
    }
    posted = house.of("zhang").post("/v1/documents", {**sale, "lines": [{"serial": each} for each in SOLD]})
    assert posted.status_code == 201, posted.text
    house.session_store.close()


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    store = stores.filled(request.param, fill_sold)
    opened = House(store)
    opened.keys = itertools.count(1000)
    yield opened
    stores.drop(store)


@pytest.fixture
def serial(house: House) -> str:
    """A sold device that nobody asked to be installed."""
    return next(each for each in SOLD if not listed(house, "chen", serial=each))


def made(answer: Any) -> Any:
    """What was answered, of a request that is not refused."""
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def refused(answer: Any) -> tuple[int, list[str]]:
    """How a request was refused."""
    return answer.status_code, codes(answer)


def asking(serial: str, **more: Any) -> dict[str, Any]:
    return {"site": "BJ01", "serial": serial, "mode": "download", **more}


def ask(house: House, serial: str, who: str = "wu", **more: Any) -> Any:
    return made(house.of(who).post("/v1/installations", asking(serial, **more)))


def post(house: House, document: str, serials: list[str], **said: Any) -> None:
    body = {"type": document, "site": "BJ01", "business_date": TODAY, **said}
    made(house.of("zhang").post("/v1/documents", {**body, "lines": [{"serial": each} for each in serials]}))


def step(house: House, number: str, name: str, body: Any, who: str = "wu") -> Any:
    return house.of(who).post(f"/v1/installations/{number}/{name}", body)


def listed(house: House, who: str = "wu", **query: str) -> list[Any]:
    told = "&".join(f"{name}={value}" for name, value in query.items())
    answer: list[Any] = made(house.of(who).get(f"/v1/installations?{told}"))
    return answer


def file(house: House, order: str, body: Any = INSTALLED, who: str = "wang") -> None:
    made(house.of(who).post(f"/v1/dispatch-orders/{order}/service-record", body))


def cancel(house: House, order: str) -> None:
    made(house.of("wu").post(f"/v1/dispatch-orders/{order}/cancel", {"reason": "改日"}))


def due(house: House, number: str) -> list[str]:
    """How an installation stands under its deadline, and until which day."""
    told = made(house.of("wu").get("/v1/deadlines?site=BJ01&met_since=2026-11-01"))
    return [f"{each['standing']} {each['due_on']}" for each in told if each["subject"] == number]


def test_thirty_minutes_of_phone_do_not_help(house: House, serial: str) -> None:
    asked = ask(house, serial, "zhang", asked_at="2026-11-20T16:50:00+08:00")  # a Friday
    number = asked["number"]
    assert number.startswith("N-BJ01-")
    assert (asked["state"], asked["customer_shown"]["name"], asked["minutes"]) == ("asked", WHOSE["name"], 0)
    assert due(house, number) == ["due 2026-11-25"]
    for minutes in (12, 18):
        told = made(step(house, number, "guide", {"minutes": minutes, "outcome": "not_helped"}))
    assert (told["minutes"], told["state"], told["next"]) == (30, "asked", ["send"])
    for name, body in (
        ("guide", {"minutes": 1, "outcome": "helped"}),
        ("confirm", CONFIRMED),
        ("give-up", {"reason": "系统过旧"}),
    ):
        with house.unchanged():
            assert refused(step(house, number, name, body)) == (409, ["guidance_spent"])
    assert refused(step(house, number, "send", {})) == (422, ["order_required"])
    sent_for = made(step(house, number, "send", {"dispatch_order": TRIP}))
    order = sent_for["order"]
    assert (sent_for["state"], sent_for["next"]) == ("on_site", [])
    opened = made(house.of("wang").get(f"/v1/dispatch-orders/{order}"))
    assert (opened["purposes"], opened["serials"], opened["technician"]) == (["install"], [serial], "wang")
    assert opened["asked_at"] == asked["asked_at"]
    assert refused(step(house, number, "confirm", CONFIRMED, "wang")) == (422, ["service_record_required"])
    file(house, order)
    assert made(house.of("wang").get(f"/v1/installations/{number}"))["next"] == ["confirm"]
    ended = made(step(house, number, "confirm", CONFIRMED, "wang"))
    assert (ended["state"], ended["installed_at"], ended["checks"]) == (
        "installed", "2026-11-24T14:00:00+08:00", CHECKS,
    )  # fmt: skip
    assert ended["confirmed_by"] is None, "told to a technician until it is ended"
    assert made(house.of("wu").get(f"/v1/installations/{number}"))["confirmed_by"]["name"] == "刘会计"
    assert [act["step"] for act in ended["course"]] == ["ask", "guide", "guide", "send", "confirm"]
    assert due(house, number) == ["met 2026-11-25"]
    assert house.faults() == []


def test_one_whose_device_is_no_longer_theirs_is_offered_to_be_given_up(house: House, serial: str) -> None:
    asked = ask(house, serial, mode="on_site", dispatch_order=TRIP)
    number, order = asked["number"], asked["order"]
    post(house, "sale_cancellation", [serial], reason="不要了", bin="M-01")
    assert made(house.of("wu").get(f"/v1/installations/{number}"))["next"] == []
    with house.unchanged():
        assert refused(step(house, number, "give-up", {"reason": "退货"})) == (409, ["trip_under_way"])
    file(house, order)
    assert made(house.of("wu").get(f"/v1/installations/{number}"))["next"] == ["give_up"]
    assert made(house.of("wang").get(f"/v1/installations/{number}"))["next"] == []
    with house.unchanged():
        assert refused(step(house, number, "confirm", CONFIRMED)) == (422, ["not_installable"])
    assert made(step(house, number, "give-up", {"reason": "退货"}))["state"] == "unfit"
    assert house.faults() == []


def test_a_record_that_is_corrected_says_when_it_was_installed(house: House, serial: str) -> None:
    asked = ask(house, serial, mode="on_site", dispatch_order=TRIP)
    number, order = asked["number"], asked["order"]
    file(house, order)
    made(step(house, number, "confirm", CONFIRMED, "wang"))
    correct, after = f"/v1/dispatch-orders/{order}/correct", "2026-11-24T14:00:30+08:00"
    wrong = {"reason": "没装上", "record": IN_VAIN}
    with house.unchanged():
        assert refused(house.of("wang").post(correct, wrong)) == (409, ["installation_confirmed"])
    made(
        house.of("wang").post(correct, {"reason": "时间写错", "record": {**INSTALLED, "completed_at": after}})
    )
    ended = made(house.of("wu").get(f"/v1/installations/{number}"))
    assert (ended["state"], ended["installed_at"], ended["course"][-1]["step"]) == (
        "installed",
        after,
        "correct",
    )
    assert house.faults() == []


def test_what_went_in_for_a_device_under_the_order_is_what_was_installed(house: House, serial: str) -> None:
    asked = ask(house, serial, mode="on_site", dispatch_order=TRIP)
    number, order = asked["number"], asked["order"]
    post(house, "registration", [serial], customer=WHOSE)
    made(house.of("zhang").post("/v1/documents", taken_along(order, (serial, "661565720018"))))
    file(house, order, done((serial, "661565720018"), outcomes={"install": "installed"}))
    pair = {"faulty": serial, "spare": "661565720018"}
    swap = {
        "type": "swap",
        "site": "BJ01",
        "business_date": TODAY,
        "order": order,
        "fault": "坏",
        "terms": "free",
    }
    made(house.of("zhang").post("/v1/documents", {**swap, "bin": "S-09", "lines": [pair]}))
    assert made(step(house, number, "confirm", CONFIRMED))["state"] == "installed"


def test_a_customer_who_was_helped_by_phone_confirms_it(house: House, serial: str) -> None:
    number = ask(house, serial)["number"]
    made(step(house, number, "guide", {"minutes": 25, "outcome": "not_helped"}))
    told = made(step(house, number, "guide", {"minutes": 15, "outcome": "helped"}))
    assert (told["minutes"], told["next"]) == (40, ["send", "confirm", "give_up"])
    for name in CHECKS:
        body = {**CONFIRMED, "checks": {**CHECKS, name: False}}
        with house.unchanged():
            answer = step(house, number, "confirm", body)
        assert refused(answer) == (422, ["install_check_failed"])
        assert answer.json["errors"][0]["pointer"] == f"/checks/{name}"
    some = {**CONFIRMED, "checks": {"opens": True, "runs": True}}
    assert step(house, number, "confirm", some).status_code == 400
    ended = made(step(house, number, "confirm", CONFIRMED))
    assert (ended["state"], ended["order"], ended["confirmed_by"]["name"]) == ("installed", None, "刘会计")
    assert refused(house.of("wu").post("/v1/installations", asking(serial))) == (409, ["installed_already"])
    assert house.faults() == []


def test_nobody_but_a_customer_who_has_the_device_asks_and_one_at_a_time(house: House, serial: str) -> None:
    def answered(who: str = "wu", **body: Any) -> tuple[int, list[str]]:
        with house.unchanged():
            return refused(house.of(who).post("/v1/installations", {**asking(serial), **body}))

    assert answered(serial="661565714371") == (422, ["not_installable"])
    assert answered(serial="999999999999") == (422, ["not_installable"])
    assert answered(mode="on_site") == (422, ["order_required"])
    assert answered(asked_at="2026-11-25T10:00:00+08:00") == (422, ["future_date"])
    assert answered(dispatch_order="D-BJ01-999999") == (422, ["unknown_order"])
    assert answered("zhao", site="TJ01") == (422, ["customer_required"])
    assert answered("zhao", site="TJ01", customer={**WHOSE, "name": "别家"}) == (
        422,
        ["customer_not_matched"],
    )
    away = ask(house, serial, "zhao", site="TJ01", customer=WHOSE)["number"]
    notice = next(
        each for each in made(house.of("wu").get("/v1/notices?site=BJ01")) if each["notice"]["under"] == away
    )["notice"]
    assert (notice["what"], notice["at"]) == ("installation", "TJ01")
    assert made(house.of("zhao").get(f"/v1/customers/{notice['customer']}"))["data"]["name"] == WHOSE["name"]
    assert answered() == (409, ["installation_open_already"])


def test_one_that_is_given_up_meets_nothing_and_is_asked_for_again(house: House, serial: str) -> None:
    first = ask(house, serial)["number"]
    ended = made(step(house, first, "give-up", {"reason": "用户电脑系统过旧"}))
    assert (ended["state"], ended["next"], ended["course"][-1]["reason"]) == ("unfit", [], "用户电脑系统过旧")
    assert due(house, first) == []
    assert refused(step(house, first, "guide", {"minutes": 1, "outcome": "helped"})) == (
        409, ["installation_out_of_order"],
    )  # fmt: skip
    again = ask(house, serial)
    assert (again["earlier"], again["state"], again["minutes"]) == (first, "asked", 0)
    assert [each["number"] for each in listed(house, serial=serial)] == [first, again["number"]]
    of_device = installations_of(house.store, [serial])[serial]
    assert [each.number for each in of_device] == [first, again["number"]]


def test_an_order_that_came_to_nothing_leads_on(house: House, serial: str) -> None:
    asked = ask(house, serial, mode="on_site", dispatch_order=TRIP)
    number, order = asked["number"], asked["order"]
    assert asked["state"] == "on_site"
    for name, body in (("send", {"dispatch_order": TRIP}), ("give-up", {"reason": "系统过旧"})):
        with house.unchanged():
            assert refused(step(house, number, name, body)) == (409, ["trip_under_way"])
    cancel(house, order)
    assert refused(step(house, number, "confirm", CONFIRMED)) == (422, ["order_required"])
    assert refused(step(house, number, "send", {"dispatch_order": order})) == (422, ["order_closed"])
    again = made(step(house, number, "send", {"dispatch_order": TRIP}))["order"]
    cancel(house, again)
    at_the_board = sent(serial, purposes=["install"], technician="wang")
    again = made(house.of("wu").post("/v1/dispatch-orders", at_the_board))["number"]
    assert made(house.of("wang").get(f"/v1/installations/{number}"))["next"] == []
    assert made(step(house, number, "send", {"dispatch_order": again}))["order"] == again
    file(house, again, IN_VAIN)
    ended = made(step(house, number, "give-up", {"reason": "针式打印机已坏"}))
    assert (ended["state"], ended["order"]) == ("unfit", again)
    assert house.faults() == []


def test_only_an_order_to_install_this_device_there_is_named(house: House, serial: str) -> None:
    number = ask(house, serial)["number"]
    repair = made(house.of("wu").post("/v1/dispatch-orders", sent(serial)))["number"]
    other = made(house.of("wu").post("/v1/dispatch-orders", sent("661565714354", purposes=["install"])))[
        "number"
    ]
    for order, code in (
        ("D-BJ01-999999", "unknown_order"),
        (repair, "order_not_to_install"),
        (other, "order_of_other_device"),
    ):
        with house.unchanged():
            assert refused(step(house, number, "send", {"dispatch_order": order})) == (422, [code])
    right = made(house.of("wu").post("/v1/dispatch-orders", sent(serial, purposes=["install"])))["number"]
    doubled = step(house, number, "send", {"dispatch_order": TRIP})
    assert refused(doubled) == (409, ["order_open_already"])
    with house.unchanged():
        assert refused(step(house, number, "confirm", CONFIRMED, "wang")) == (403, ["not_the_technician"])
    assert made(step(house, number, "send", {"dispatch_order": right}))["order"] == right
    for order in (repair, other, right):
        cancel(house, order)
    assert refused(step(house, number, "confirm", CONFIRMED, "wang")) == (422, ["order_required"])
    assert house.of("wang").get(f"/v1/installations/{number}").status_code == 404


def test_an_erasure_waits_for_what_is_under_way_and_reaches_whoever_confirmed(house: House) -> None:
    bought = ["661565714370", "661565714368"]
    buyer = {"customer": {"taxpayer_id": "91110108MA01ABCD5T", "name": "新店"}, "application": "SY-0201"}
    post(house, "sale", bought, **buyer)
    done_with, open_one = (ask(house, serial)["number"] for serial in bought)
    made(step(house, done_with, "confirm", CONFIRMED))
    customer = made(house.of("wu").get(f"/v1/installations/{open_one}"))["customer"]
    post(house, "sale_cancellation", bought, reason="不要了", bin="M-01")
    erase = f"/v1/customers/{customer}/erase"
    refusal = house.of("li").post(erase, {"password": house.password("li")})
    assert (refused(refusal), refusal.json["errors"][0]["records"]) == (
        (409, ["customer_has_open_service"]), [open_one],
    )  # fmt: skip
    assert refused(step(house, open_one, "confirm", CONFIRMED)) == (422, ["not_installable"])
    made(step(house, open_one, "give-up", {"reason": "用户不要了"}))
    made(house.of("li").post(erase, {"password": house.password("li")}))
    left = made(house.of("wu").get(f"/v1/installations/{done_with}"))
    assert (left["erased"], left["confirmed_by"], left["checks"]) == (True, None, CHECKS)
    assert house.faults() == []


def test_lists_are_of_a_state_a_device_a_customer_a_technician(house: House, serial: str) -> None:
    ask(house, serial, mode="on_site", dispatch_order=TRIP)
    ask(house, "661565714354")
    every = listed(house)
    assert listed(house, state="unfit") == [each for each in every if each["state"] == "unfit"]
    assert listed(house, customer="C-BJ01-000001") == []
    theirs = [each for each in every if each["customer"] == "C-BJ01-000002"]
    assert len(theirs) > 1
    assert listed(house, customer="C-BJ01-000002") == theirs
    assert listed(house, **{"from": "2026-11-25"}) == []
    sent_for = listed(house, technician="wang")
    assert 0 < len(sent_for) < len(every)
    assert listed(house, "wang") == sent_for
    assert every == listed(house, "chen", site="BJ01")


def test_an_outlet_that_posts_may_ask_and_a_repeated_key_asks_once(house: House, serial: str) -> None:
    outlet = house.token("BJ01", ("read", "post"), "wu")
    first, again = (outlet.post("/v1/installations", asking(serial), key="ask-once") for _ in range(2))
    assert (first.status_code, again.json["number"]) == (201, first.json["number"])


@pytest.mark.parametrize(
    ("said", "code", "pointer"),
    [
        ({"technician": "li"}, "not_certified", "/dispatch_order/technician"),
        (
            {"window": {"starts_at": DONE_AT, "ends_at": DONE_AT}},
            "window_ends_first",
            "/dispatch_order/window",
        ),
    ],
)
def test_what_is_wrong_of_an_order_that_is_opened_stands_within_it(
    house: House, serial: str, said: dict[str, Any], code: str, pointer: str
) -> None:
    body = asking(serial, mode="on_site", dispatch_order={**TRIP, **said})
    with house.unchanged():
        (fault,) = house.of("wu").post("/v1/installations", body).json["errors"]
    assert (fault["code"], fault["pointer"]) == (code, pointer)


def in_state(state: InstallationState, *outcomes: tuple[int, Any], order: str | None = None) -> Installation:
    course = tuple(InstallAct("guide", 0, "wu", minutes, outcome) for minutes, outcome in outcomes)
    minutes = sum(spent for spent, _ in outcomes)
    return Installation(
        "N", "A1", "C", "1", "disc", 0, 0, "wu", state=state, course=course, minutes=minutes, order=order
    )


TRIP_OPEN = DispatchOrder("D", "A1", "C", ("1",), ("install",), "", 0, 0, "wu", state="accepted")
TRIP_DONE = DispatchOrder(
    "D", "A1", "C", ("1",), ("install",), "", 0, 0, "wu", state="done",
    record=ServiceRecord(0, "", "", 0, 0, "wang", outcomes=Outcomes(install="installed")),
)  # fmt: skip
WAYS = {
    "fresh": (in_state("asked"), None, {"guide", "send", "confirm", "give_up"}),
    "a minute left": (in_state("asked", (29, "not_helped")), None, {"guide", "send", "confirm", "give_up"}),
    "spent": (in_state("asked", (GUIDED_MINUTES, "not_helped")), None, {"send"}),
    "spent, helped": (in_state("asked", (31, "helped")), None, {"send", "confirm", "give_up"}),
    "an order not named yet": (in_state("asked"), TRIP_OPEN, {"guide", "send"}),
    "somebody is sent": (in_state("on_site", order="D"), TRIP_OPEN, set()),
    "the job is done": (in_state("on_site", order="D"), TRIP_DONE, {"confirm"}),
    "it came to nothing": (in_state("on_site", order="D"), None, {"send", "give_up"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_hinders_a_step_is_declared(way: str) -> None:
    value, trip, free = WAYS[way]
    left = {
        each.name for each in INSTALLATIONS.next_steps(value.state) if not hindrance(each.name, value, trip)
    }
    assert left == free


def test_minutes_are_told_as_they_were_spent_within_an_hour(house: House) -> None:
    for minutes in (0, 61):
        answer = step(house, "N-BJ01-000001", "guide", {"minutes": minutes, "outcome": "helped"})
        assert answer.status_code == 400
