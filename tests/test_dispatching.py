"""Dispatch orders at a door: opened, given to technicians, worked, filed, corrected and cancelled, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from falcon.testing import Result
from msgspec.structs import replace

from devices import records
from devices.journal import open_journals
from devices.paperwork.dispatches import (
    DISPATCHES,
    TECHNICIAN,
    Confirmation,
    DispatchOrder,
    Outcomes,
    ServiceRecord,
)
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.problems import PROBLEMS
from devices.service.jobs.settling import swaps_under
from tests.conftest import ENGINES, Stores
from tests.custody import House, codes, fill_house
from tests.dispatched import done, sent, taken_along
from tests.door import NOW, TODAY

pytestmark = pytest.mark.both_engines

SERVED, SECOND, SPARE, OTHER_SPARE = "661565714354", "661565720011", "661565720012", "661565720013"
FOR_SALE = "661565714376"
HOUR_US = 3_600_000_000
AFTERNOON = {"starts_at": "2026-11-24T15:00:00+08:00", "ends_at": "2026-11-24T17:00:00+08:00"}
BODIES: dict[str, Any] = {
    "reassign": {"technician": "wang", "reason": "换人"},
    "appoint": {"window": AFTERNOON},
    "accept": None,
    "postpone": {"reason": "customer_absent"},
    "resume": None,
    "file": done(),
    "correct": {"reason": "写错", "record": done()},
    "cancel": {"reason": "不用去了"},
}
WHO = ("zhang", "wu", "li", "chen", "wang", "sun", "admin", "zhao")
"""The storekeeper, the clerk, the auditor, a supervisor, the technician, another one, an administrator, a stranger."""


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    """The demo's books with a second technician, which the tests take copies of."""
    house = House(stores.filled(request.param, fill_house))
    house.grant("sun", TECHNICIAN, "BJ01")
    house.certify("sun")
    yield house
    house.session_store.close()
    stores.drop(house.store)


@pytest.fixture
def house(filled: House, stores: Stores) -> House:
    return filled.copied(stores)


def opened(house: House, serial: str = SERVED, **more: Any) -> str:
    """The number of an order for the technician wang."""
    answer = house.of("zhang").post("/v1/dispatch-orders", sent(serial, technician="wang", **more))
    assert answer.status_code == 201, answer.text
    return str(answer.json["number"])


def step(house: House, who: str, number: str, name: str, body: Any = None) -> Result:
    path = "service-record" if name == "file" else name
    told = BODIES[name] if body is None else body
    answer: Result = house.of(who).post(f"/v1/dispatch-orders/{number}/{path}", told)
    return answer


def carried(house: House, number: str, spare: str = SPARE, faulty: str = SERVED) -> None:
    """A spare goes out under an order for a faulty device."""
    answer = carry_out(house, number, spare, faulty)
    assert answer.status_code == 201, answer.text


def carry_out(house: House, number: str, spare: str = SPARE, faulty: str = SERVED) -> Result:
    answer: Result = house.of("zhang").post("/v1/documents", taken_along(number, (faulty, spare)))
    return answer


def read(house: House, who: str, number: str) -> Any:
    return house.of(who).get(f"/v1/dispatch-orders/{number}").json


# --- every step, in every state, by everybody


def in_state(house: House, number: str, state: Any) -> None:
    """Put an order into a state, as its steps would."""
    found = records.current(house.store, DISPATCH_ORDER, number)
    assert found is not None
    order: DispatchOrder = found[0]
    record = ServiceRecord(
        NOW, "d", "w", 0, NOW, "wang", NOW, Outcomes(repair="solved"), (), Confirmation("stamped")
    )
    rewrite(house, replace(order, state=state, technician="wang", record=record if state == "done" else None))


def rewrite(house: House, order: DispatchOrder) -> None:
    with house.store.writing():
        writer = open_journals(house.store, ["BJ01"], house.now)
        records.write(writer, DISPATCH_ORDER, order, by="zhang")


def expected(who: str, name: str, state: str) -> tuple[int, str | None]:
    """What a step is answered with, as the table has it."""
    declared = DISPATCHES.step[name]
    at_desk = {"zhang": "storekeeper", "wu": "clerk"}.get(who)
    if who in ("zhao", "admin"):
        return 404, "not_found"
    if who not in ("wang", "sun") and at_desk not in declared.who:
        return 403, "role_missing"
    if who in ("wang", "sun") and TECHNICIAN not in declared.who:
        return 404, "not_found"
    if who == "sun":
        return 403, "not_the_technician"
    if state not in declared.before:
        code = declared.refused_in.get(state, declared.refused)
        return PROBLEMS[code].status, code
    if name == "correct" and who != "wang":
        return 403, "filed_by_another"
    return (201 if name == "file" else 200), None


@pytest.fixture(scope="module")
def worked(filled: House, stores: Stores) -> Iterator[tuple[House, str]]:
    """An order that is put into every state."""
    house = filled.copied(stores)
    yield house, opened(house)
    house.session_store.close()


@pytest.mark.parametrize("state", DISPATCHES.states)
@pytest.mark.parametrize("name", DISPATCHES.step)
def test_a_step_is_taken_by_whom_and_when_the_table_says(
    worked: tuple[House, str], name: str, state: str
) -> None:
    house, number = worked
    for who in WHO:
        if name == "file":  # a job is done once, and then to be called about
            number = opened(house, serials=[], customer={"number": "C-BJ01-000002"})
        in_state(house, number, state)
        course = read(house, "zhang", number)["course"]
        answer = step(house, who, number, name)
        status, code = expected(who, name, state)
        assert (answer.status_code, answer.json.get("code")) == (status, code), (who, answer.text)
        after = read(house, "zhang", number)
        told = DISPATCHES.step[name].leads_to(state) if code is None else state
        assert after["state"] == told
        taken = [act["step"] for act in after["course"][len(course) :]]
        assert taken == ([name] if code is None else [])


def test_the_steps_that_are_offered_are_those_that_are_taken(house: House) -> None:
    number = opened(house)
    for state in DISPATCHES.states:
        in_state(house, number, state)
        for who in ("zhang", "wu", "wang"):
            offered = {step.name for step in DISPATCHES.steps if expected(who, step.name, state)[1] is None}
            assert {*read(house, who, number)["next"]} == offered, (who, state)


# --- opening


def test_an_order_tells_what_it_is_about_and_repeats_the_last_job(house: House) -> None:
    first = opened(house, asked_at="2026-11-23T16:50:00+08:00", issued_as="FW-1", window=AFTERNOON)
    told = read(house, "zhang", first)
    assert (told["serials"], told["purposes"], told["state"], told["technician"]) == (
        [SERVED], ["repair"], "open", "wang",
    )  # fmt: skip
    assert (told["asked_at"], told["issued_as"], told["repeat_of"]) == (
        "2026-11-23T16:50:00+08:00", "FW-1", None,
    )  # fmt: skip
    assert step(house, "wang", first, "file").status_code == 201
    again = opened(house)
    assert read(house, "zhang", again)["repeat_of"] == first
    assert step(house, "zhang", again, "cancel").status_code == 200
    house.now += 91 * 24 * HOUR_US
    house.grant("qian", TECHNICIAN, "BJ01")
    late = house.of("zhang").post("/v1/dispatch-orders", sent(SERVED))
    assert late.json["repeat_of"] is None, "ninety days are over"


def test_a_second_order_for_the_same_device_and_purpose_is_refused_naming_the_first(house: House) -> None:
    number = opened(house)
    again = house.of("wu").post("/v1/dispatch-orders", sent(SERVED))
    assert (again.status_code, codes(again)) == (409, ["order_open_already"])
    assert (again.json["errors"][0]["order"], again.json["errors"][0]["serial"]) == (number, SERVED)
    visit = house.of("wu").post("/v1/dispatch-orders", sent(SERVED, purposes=["return_visit"]))
    assert visit.status_code == 201, "another purpose is another trip"
    assert step(house, "wang", number, "file").status_code == 201
    assert house.of("wu").post("/v1/dispatch-orders", sent(SERVED)).status_code == 201


def test_what_is_refused_of_a_device_points_to_where_it_stands_though_another_is_told_twice(
    house: House,
) -> None:
    buyer = {"number": "C-BJ01-000002"}
    sale = {"type": "sale", "site": "BJ01", "business_date": TODAY, "application": "SY-9", "customer": buyer}
    bought = house.of("zhang").post("/v1/documents", {**sale, "lines": [{"serial": FOR_SALE}]})
    assert bought.status_code == 201, bought.text
    opened(house)
    again = house.of("wu").post(
        "/v1/dispatch-orders", sent(SERVED, serials=[FOR_SALE, f" {FOR_SALE}", SERVED])
    )
    [error] = again.json["errors"]
    assert (error["code"], error["serial"], error["pointer"]) == ("order_open_already", SERVED, "/serials/2")


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "nobody asked yet": ({"asked_at": "2026-11-25T09:00:00+08:00"}, 422, "future_date"),
    "a window that ends first": (
        {"window": {"starts_at": AFTERNOON["ends_at"], "ends_at": AFTERNOON["starts_at"]}}, 422, "window_ends_first",
    ),
    "whoever is no technician": ({"technician": "zhang"}, 422, "not_certified"),
    "whoever there is not": ({"technician": "nobody"}, 422, "not_certified"),
    "a device nobody knows": ({"serials": ["661565799999"]}, 422, "unknown_device"),
    "a device on the shelf": ({"serials": [SPARE]}, 422, "not_with_a_customer"),
    "nobody named": ({"serials": []}, 422, "customer_required"),
    "a customer nobody knows": ({"serials": [], "customer": {"number": "C-BJ01-999999"}}, 422, "unknown_customer"),
    "no purpose": ({"purposes": []}, 400, "malformed_body"),
}  # fmt: skip


@pytest.mark.parametrize("told", REFUSED)
def test_an_order_is_refused_saying_what_is_wrong_and_nothing_is_written(filled: House, told: str) -> None:
    more, status, code = REFUSED[told]
    with filled.unchanged():
        answer = filled.of("zhang").post("/v1/dispatch-orders", {**sent(SECOND), **more})
    assert (answer.status_code, codes(answer)) == (status, [code]), answer.text


def test_an_order_without_a_device_is_for_a_customer(house: House) -> None:
    body = {"site": "BJ01", "fault": "不会开票", "customer": {"number": "C-BJ01-000002"}}
    answer = house.of("wu").post("/v1/dispatch-orders", body)
    assert (answer.status_code, answer.json["serials"], answer.json["customer"]) == (201, [], "C-BJ01-000002")


def test_a_name_is_not_found_by_trying_orders_without_a_device(house: House) -> None:
    guess = {"taxpayer_id": "110101199003077", "name": "朝阳"}
    nobody = {"taxpayer_id": "11010119900307X", "name": "朝阳"}
    tried = [
        house.of("zhao").post("/v1/dispatch-orders", {"site": "TJ01", "fault": "不会开票", "customer": party})
        for party in (guess, nobody, guess, guess, guess, guess)
    ]
    assert [codes(answer) for answer in tried] == [["customer_not_matched"]] * 5 + [["throttled"]]
    assert tried[0].text == tried[1].text, "a wrong pair is as an unknown one"


def test_devices_of_two_customers_are_two_orders(house: House) -> None:
    devices = house.store.rows(
        "SELECT MIN(serial) FROM position WHERE state = 'in_service' GROUP BY customer ORDER BY 1 LIMIT 2"
    )
    body = {**sent(SERVED), "serials": [serial for (serial,) in devices]}
    answer = house.of("zhang").post("/v1/dispatch-orders", body)
    assert (answer.status_code, codes(answer)) == (422, ["serials_of_two_customers"])


def test_a_number_elsewhere_is_that_of_one_order_until_it_is_cancelled(house: House) -> None:
    first = opened(house, issued_as="FW-9")
    again = house.of("zhang").post("/v1/dispatch-orders", sent(SECOND, issued_as="FW-9"))
    assert (again.status_code, codes(again)) == (409, ["issued_already"])
    assert again.json["errors"][0]["order"] == first
    typed = house.of("zhang").post("/v1/dispatch-orders", sent(SECOND, issued_as=" ｆｗ - 9 "))
    assert codes(typed) == ["issued_already"], "however it is typed"
    assert step(house, "zhang", first, "cancel").status_code == 200
    assert house.of("zhang").post("/v1/dispatch-orders", sent(SECOND, issued_as="FW-9")).status_code == 201


# --- the technician


def test_a_technician_sees_their_orders_and_whom_they_are_for_until_they_are_settled(house: House) -> None:
    number = opened(house, contact={"name": "刘会计", "phone": "010-62000000"})
    other = house.of("zhang").post("/v1/dispatch-orders", sent(SECOND)).json["number"]
    wang, sun = house.of("wang"), house.of("sun")
    assert [each["number"] for each in wang.get("/v1/dispatch-orders").json] == [number]
    assert sun.get("/v1/dispatch-orders").json == []
    assert [client.get(f"/v1/dispatch-orders/{number}").status_code for client in (wang, sun)] == [200, 404]
    assert wang.get(f"/v1/dispatch-orders/{other}").status_code == 404
    carried(house, number)
    told = read(house, "wang", number)
    assert (told["customer_shown"]["name"], told["contact"]["name"], told["carried"]) == (
        read(house, "zhang", number)["customer_shown"]["name"], "刘会计", [SPARE],
    )  # fmt: skip
    assert told["customer_shown"]["name"]
    assert step(house, "wang", number, "file", done((SERVED, SPARE))).status_code == 201
    told = read(house, "wang", number)
    assert told["unsettled"] == [{"faulty": SERVED, "spare": SPARE}]
    assert told["customer_shown"] is not None, "not yet settled"
    settle(house, number)
    told = read(house, "wang", number)
    assert (told["unsettled"], told["customer_shown"], told["contact"]) == ([], None, None)
    assert read(house, "zhang", number)["contact"]["name"] == "刘会计"
    assert house.faults() == []


def settle(house: House, number: str, **more: Any) -> Result:
    """The storekeeper's swap, as the record says it."""
    draft = {
        "type": "swap", "site": "BJ01", "business_date": house_day(house), "order": number, "fault": "不亮",
        "terms": "free", "bin": "S-09", "lines": [{"faulty": SERVED, "spare": SPARE}], **more,
    }  # fmt: skip
    answer: Result = house.of("zhang").post("/v1/documents", draft)
    return answer


def house_day(house: House) -> str:
    return TODAY if house.now < NOW + 10 * HOUR_US else "2026-11-25"


def test_the_technician_falls_ill_and_the_carried_spare_comes_back_first(house: House) -> None:
    number = opened(house)
    carried(house, number)
    to_sun = {"technician": "sun", "reason": "王强请病假"}
    refused = step(house, "wu", number, "reassign", to_sun)
    assert (refused.status_code, codes(refused)) == (409, ["spare_carried_under"])
    assert refused.json["errors"][0]["serial"] == SPARE
    back = {"type": "carry_back", "site": "BJ01", "business_date": TODAY, "bin": "S-01"}
    assert house.of("zhang").post("/v1/documents", {**back, "lines": [{"serial": SPARE}]}).status_code == 201
    silent = step(house, "wu", number, "reassign", {"technician": "sun"})
    assert codes(silent) == ["reason_required"]
    assert step(house, "wu", number, "reassign", to_sun).json["state"] == "open"
    assert house.of("wang").get(f"/v1/dispatch-orders/{number}").status_code == 404
    assert step(house, "sun", number, "accept").json["state"] == "accepted"
    carried(house, number)
    assert step(house, "sun", number, "file", done((SERVED, SPARE))).status_code == 201
    assert [act["technician"] for act in read(house, "zhang", number)["course"]] == [
        "wang", "sun", None, None,
    ]  # fmt: skip
    assert house.faults() == []


def test_a_spare_goes_out_only_with_somebody_who_was_sent(house: House) -> None:
    number = house.of("zhang").post("/v1/dispatch-orders", sent(SERVED)).json["number"]
    assert codes(carry_out(house, number)) == ["technician_missing"]
    assert step(house, "zhang", number, "reassign", {"technician": "wang"}).status_code == 200
    assert carry_out(house, number).status_code == 201


def test_waiting_is_told_beside_the_deadline_and_moves_no_day(house: House) -> None:
    number = opened(house, asked_at="2026-11-23T10:00:00+08:00")
    (before,) = due(house, number)
    assert step(house, "wang", number, "accept").status_code == 200
    waits = {"reason": "part_missing", "window": AFTERNOON}
    assert step(house, "wang", number, "postpone", waits).json["window"] == AFTERNOON
    (waiting,) = due(house, number)
    assert (before["waits_for"], waiting["waits_for"]) == (None, "part_missing")
    assert {**waiting, "waits_for": None} == before
    assert (before["due_on"], before["standing"]) == ("2026-11-24", "due")
    assert step(house, "wu", number, "resume").json["state"] == "accepted"
    assert due(house, number) == [before]


def due(house: House, number: str) -> list[Any]:
    listed = house.of("zhang").get("/v1/deadlines?site=BJ01&limit=500").json
    return [each for each in listed if each["subject"] == number]


# --- the record


def filed(house: House, number: str, *used: tuple[str, str], **more: Any) -> list[tuple[str, str]]:
    """What a record is refused for: pointers and codes."""
    answer = step(house, "wang", number, "file", done(*used, **more))
    assert answer.status_code >= 400, answer.text
    return [(each["pointer"], each["code"]) for each in answer.json["errors"]]


def test_everything_that_is_wrong_of_a_record_is_told_at_once(house: House) -> None:
    number = opened(house)
    before = "2026-11-24T13:59:00+08:00"
    assert filed(
        house, number, (SERVED, SPARE), (SECOND, OTHER_SPARE), completed_at=before,
        outcomes={"install": "installed"}, confirmation={"how": "declined"},
    ) == [
        ("/arrived_at", "arrived_after_completed"),
        ("/completed_at", "completed_before_opened"),
        ("/outcomes/repair", "outcome_required"),
        ("/outcomes/install", "outcome_not_asked"),
        ("/used/0/spare", "spare_not_carried"),
        ("/used/1/faulty", "order_of_other_device"),
        ("/confirmation/reason", "reason_required"),
    ]  # fmt: skip
    assert filed(house, number, arrived_at=before) == [("/arrived_at", "arrived_before_asked")]
    later = "2026-11-24T15:00:00+08:00"
    assert filed(house, number, arrived_at=later, completed_at=later) == [
        ("/arrived_at", "future_date"), ("/completed_at", "future_date"),
    ]  # fmt: skip
    assert filed(house, number, confirmation={"how": "signed"}) == [
        ("/confirmation/paper", "signed_paper_required")
    ]
    assert filed(house, number, confirmation={"how": "signed", "paper": "0" * 64}) == [
        ("/confirmation/paper", "unknown_attachment")
    ]
    assert read(house, "zhang", number)["state"] == "open"


def test_a_trip_that_nobody_made_has_no_record(house: House) -> None:
    unassigned = house.of("zhang").post("/v1/dispatch-orders", sent(SERVED)).json
    assert unassigned["next"] == ["reassign", "cancel"]
    assert codes(step(house, "wu", unassigned["number"], "file")) == ["technician_missing"]


def test_a_spare_that_was_carried_for_another_device_did_not_go_into_this_one(house: House) -> None:
    number = opened(house)
    carried(house, number)
    assert filed(house, number, (SERVED, SPARE), (SERVED, SPARE)) == [("/used", "used_twice")] * 2


def test_the_signed_paper_is_kept_under_its_order_and_named_by_the_record(house: House) -> None:
    number = opened(house)
    photo = b"\xff\xd8\xff\xe0" + b"a signed paper"
    kept = house.of("wang").post(f"/v1/attachments?site=BJ01&under={number}", photo)
    assert kept.status_code == 201, kept.text
    signed = {"how": "signed", "paper": kept.json["digest"]}
    assert step(house, "wang", number, "file", done(confirmation=signed)).status_code == 201
    assert read(house, "li", number)["record"]["confirmation"] == {**signed, "reason": None}


def test_a_record_is_corrected_by_who_filed_it_and_both_stay(house: House) -> None:
    number = opened(house)
    assert step(house, "wang", number, "file", done(charged_fen=10_000)).status_code == 201
    right = {"reason": "多写了一个零", "record": done(charged_fen=1_000)}
    assert codes(step(house, "wu", number, "correct", right)) == ["filed_by_another"]
    told = step(house, "wang", number, "correct", right).json
    assert (told["record"]["charged_fen"], told["state"]) == (1_000, "done")
    (before,) = told["corrections"]
    assert (before["record"]["charged_fen"], before["reason"], before["by"]) == (
        10_000,
        "多写了一个零",
        "wang",
    )
    assert house.faults() == []


def test_a_record_whose_filer_has_left_is_corrected_in_their_place(house: House) -> None:
    """Or a spare that it names by mistake could never come back."""
    number = opened(house)
    carried(house, number)
    assert step(house, "wang", number, "file", done((SERVED, SPARE))).status_code == 201
    nothing = {"reason": "没换，备件已交回", "record": done()}
    assert codes(step(house, "wu", number, "correct", nothing)) == ["filed_by_another"]
    house.revoke("wang", TECHNICIAN, "BJ01")
    assert step(house, "wang", number, "correct", nothing).status_code == 404
    told = step(house, "wu", number, "correct", nothing).json
    assert (told["record"]["filed_by"], told["corrections"][0]["record"]["filed_by"]) == ("wu", "wang")
    assert codes(step(house, "zhang", number, "correct", nothing)) == ["role_missing"]
    back = {"type": "carry_back", "site": "BJ01", "business_date": TODAY, "bin": "S-01"}
    assert house.of("zhang").post("/v1/documents", {**back, "lines": [{"serial": SPARE}]}).status_code == 201
    assert house.faults() == []


def test_a_record_that_a_storekeeper_filed_once_is_corrected_by_whoever_may_now(house: House) -> None:
    """Before jobs were left to technicians and clerks the desk filed them all."""
    number = opened(house)
    in_state(house, number, "done")
    found = records.current(house.store, DISPATCH_ORDER, number)
    assert found is not None
    rewrite(house, replace(found[0], record=replace(found[0].record, filed_by="zhang")))
    right = {"reason": "收费写错", "record": done()}
    assert codes(step(house, "zhang", number, "correct", right)) == ["role_missing"]
    assert "correct" in read(house, "wu", number)["next"]
    assert step(house, "wu", number, "correct", right).status_code == 200


def test_a_swap_is_what_the_record_says_and_settles_it(house: House) -> None:
    number = opened(house)
    carried(house, number)
    assert codes(settle(house, number)) == ["service_record_required"]
    assert step(house, "wang", number, "file", done((SERVED, SPARE), charged_fen=5_000)).status_code == 201
    back = {"type": "carry_back", "site": "BJ01", "business_date": TODAY, "bin": "S-01"}
    assert codes(house.of("zhang").post("/v1/documents", {**back, "lines": [{"serial": SPARE}]})) == [
        "told_used"
    ]
    assert codes(settle(house, number)) == ["charged_under_warranty"]
    other = settle(
        house, number, terms="charged", charged_fen=5_000, lines=[{"faulty": SERVED, "spare": OTHER_SPARE}]
    )
    assert "swap_not_in_record" in codes(other)
    house.now += 18 * HOUR_US
    assert settle(house, number, terms="charged", charged_fen=5_000).status_code == 201
    told = read(house, "zhang", number)
    assert (told["unsettled"], told["carried"]) == ([], [])
    (told_of_spare,) = house.of("zhang").get(f"/v1/devices/{SPARE}").json["orders"]
    assert told_of_spare["number"] == number, "the passport of what went in names the job"
    again = house.of("zhang").post("/v1/dispatch-orders", sent(SPARE))
    assert again.json["repeat_of"] == number, "and its fault repeats it"
    nothing = {"reason": "没换", "record": done()}
    assert codes(step(house, "wang", number, "correct", nothing)) == ["used_was_swapped"]
    assert house.faults() == []


def test_a_swap_that_was_undone_binds_its_record_no_more(house: House) -> None:
    number = opened(house)
    carried(house, number)
    assert step(house, "wang", number, "file", done((SERVED, SPARE))).status_code == 201
    swap = settle(house, number)
    assert list(swaps_under(house.store, number).values()) == [swap.json["number"]]
    undoing = {"type": "reversal", "site": "BJ01", "business_date": TODAY, "document": swap.json["number"]}
    asked = house.of("zhang").post("/v1/documents", {**undoing, "reason": "换错"}).json["number"]
    approved = {"decision": "approve", "password": house.password("li")}
    assert house.of("li").post(f"/v1/documents/{asked}/review", approved).status_code == 200
    assert swaps_under(house.store, number) == {}
    nothing = {"reason": "没换", "record": done()}
    assert step(house, "wang", number, "correct", nothing).status_code == 200


def test_a_job_done_in_time_and_written_up_later_was_in_time(house: House) -> None:
    number = opened(house, asked_at="2026-11-23T10:00:00+08:00")
    house.now += 3 * 24 * HOUR_US
    assert step(house, "wang", number, "file").status_code == 201
    met = house.of("zhang").get("/v1/deadlines?site=BJ01&met_since=2026-11-24&limit=500").json
    (job,) = [each for each in met if each["subject"] == number]
    assert (job["met_on"], job["due_on"], job["standing"]) == ("2026-11-24", "2026-11-24", "met")
    assert due(house, number) == []


def test_what_a_technician_taps_twice_is_done_once(house: House) -> None:
    number = opened(house)
    client, path = house.of("wang"), f"/v1/dispatch-orders/{number}/accept"
    first, again = (client.post(path, None, key="tap") for _ in range(2))
    assert (first.status_code, again.status_code, again.json) == (200, 200, first.json)
    assert [act["step"] for act in first.json["course"]] == ["open", "accept"]


def test_a_posting_token_opens_an_order_in_its_persons_name(house: House) -> None:
    token = house.token("BJ01", ("read", "post"), "zhang")
    answer = token.post("/v1/dispatch-orders", sent(SECOND))
    assert (answer.status_code, answer.json["opened_by"]) == (201, "zhang")
    assert house.token().get(f"/v1/dispatch-orders/{answer.json['number']}").status_code == 200
    assert codes(house.token().post("/v1/dispatch-orders", sent(SERVED))) == ["scope_missing"]


def test_nobody_without_a_valid_certificate_is_assigned(house: House) -> None:
    number = house.of("zhang").post("/v1/dispatch-orders", sent(SERVED)).json["number"]
    assert codes(step(house, "zhang", number, "reassign", {"technician": "qian"})) == ["not_certified"]
    ended = {"number": "JS-2", "issuer": "省局", "valid_until": "2026-11-23", "reason": "被吊销"}
    answer = house.of("admin").send("PUT", "/v1/people/sun/certificate", ended, If_Match='"1"')
    assert answer.status_code == 200, answer.text
    refused = step(house, "zhang", number, "reassign", {"technician": "sun"})
    assert codes(refused) == ["not_certified"]
    assert (refused.json["errors"][0]["why"], refused.json["errors"][0]["valid_until"]) == (
        "expired",
        "2026-11-23",
    )
    assert step(house, "zhang", number, "reassign", {"technician": "wang"}).status_code == 200


def test_an_order_away_from_home_deals_with_the_customer_while_it_is_open(house: House) -> None:
    """A site that sends somebody sees whom it sends them to, until the job is done."""
    (customer,) = house.store.row("SELECT customer FROM position WHERE serial = ?", (SERVED,)) or ("",)
    data = house.of("zhang").get(f"/v1/customers/{customer}").json["data"]
    zhao = house.of("zhao")
    assert zhao.get(f"/v1/customers/{customer}").status_code == 404
    named = {"taxpayer_id": data["taxpayer_id"], "name": data["name"]}
    order = zhao.post("/v1/dispatch-orders", sent(SERVED, "TJ01", customer=named))
    assert order.status_code == 201, order.text
    assert order.json["customer_shown"]["name"] == data["name"]
    assert zhao.get(f"/v1/customers/{customer}").status_code == 200
    assert (
        zhao.post(f"/v1/dispatch-orders/{order.json['number']}/cancel", BODIES["cancel"]).status_code == 200
    )
    assert zhao.get(f"/v1/customers/{customer}").status_code == 404
