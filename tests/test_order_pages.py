"""The pages of dispatch orders: a form for each step that may be taken, and the swap that a record waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from falcon.testing import Result
from msgspec.structs import replace

from devices import records
from devices.journal import open_journals
from devices.paperwork.dispatches import DISPATCHES, WAIT_REASONS, Confirmation, Outcomes, ServiceRecord
from devices.paperwork_kinds import DISPATCH_ORDER
from tests.conftest import Stores
from tests.custody import House, fill_house
from tests.dispatched import done, sent, taken_along
from web.door import add_pages
from web.views.service.orders import asked_of, step_form

FAULTY, SPARE = "661565714354", "661565720012"


NUMBER = "D-BJ01-000001"


def began(stores: Stores) -> House:
    """The demo with an order of wang's, under which a spare is carried."""
    house = House(stores.filled("sqlite", fill_house)).copied(stores)
    add_pages(house.app, house.services)
    zhang = house.of("zhang")
    opened = zhang.post("/v1/dispatch-orders", sent(FAULTY, technician="wang", contact={"name": "孙会计"}))
    assert opened.status_code == 201, opened.text
    assert zhang.post("/v1/documents", taken_along(NUMBER, (FAULTY, SPARE))).status_code == 201
    return house


@pytest.fixture(scope="module")
def house(stores: Stores) -> Iterator[House]:
    """One house for every test that puts the order into the state it begins with."""
    made = began(stores)
    yield made
    made.session_store.close()


def page(house: House, who: str, path: str = f"/orders/{NUMBER}") -> str:
    answer: Result = house.of(who).get(path)
    assert answer.status_code == 200, answer.text
    return answer.text[answer.text.index("<main") :]


def words_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def rewritten(house: House, **changes: Any) -> None:
    """The order as it would stand after steps of its own."""
    found = records.current(house.store, DISPATCH_ORDER, NUMBER)
    assert found is not None
    with house.store.writing():
        writer = open_journals(house.store, ["BJ01"], house.now)
        records.write(writer, DISPATCH_ORDER, replace(found[0], **changes), by="zhang")


def record(house: House, who: str) -> ServiceRecord:
    return ServiceRecord(
        house.now,
        "d",
        "w",
        0,
        house.now,
        who,
        house.now,
        Outcomes(repair="solved"),
        (),
        Confirmation("stamped"),
    )


@pytest.mark.parametrize("state", DISPATCHES.states)
def test_a_form_is_there_for_every_step_that_may_be_taken_and_for_no_other(house: House, state: str) -> None:
    filed = record(house, "wu") if state == "done" else None
    rewritten(house, state=state, record=filed)
    for who in ("zhang", "wu", "li", "chen"):
        told = house.of(who).get(f"/v1/dispatch-orders/{NUMBER}").json
        forms = re.findall(rf'data-api="POST (/v1/dispatch-orders/{NUMBER}/[\w-]+)"', page(house, who))
        assert forms == [step_form(NUMBER, name).path for name in told["next"]], (who, state)


def test_a_form_asks_for_what_the_step_is_sent() -> None:
    kinds = {name: {ask.name: ask.kind for ask in asked_of(name)} for name in DISPATCHES.step}
    assert kinds == {
        "reassign": {"technician": "technician", "reason": "text"},
        "appoint": {"window": "window"},
        "accept": {},
        "postpone": {"reason": "choice", "window": "window"},
        "resume": {},
        "file": {"": "record"},
        "correct": {"reason": "text", "record": "record"},
        "cancel": {"reason": "text"},
    }
    (reason, _) = asked_of("postpone")
    assert reason.values == WAIT_REASONS


def test_a_job_that_waits_is_told_with_its_reason_beside_the_deadline(house: House) -> None:
    rewritten(house, state="accepted", record=None)
    told = house.of("wang").post(f"/v1/dispatch-orders/{NUMBER}/postpone", {"reason": "remote_place"})
    assert told.status_code == 200, told.text
    assert "等待：路远（期限不顺延）" in words_of(page(house, "zhang"))
    board = words_of(page(house, "wu", "/dispatch?technician=wang"))
    assert all(each in board for each in (NUMBER, "等待：路远", "王强", FAULTY))
    assert NUMBER not in page(house, "wu", "/dispatch?technician=sun")
    assert "王建国" not in page(house, "wu", "/dispatch?technician=admin"), "whose name was not to be read"
    assert "张派工单在办" in words_of(page(house, "zhang", "/"))


def test_the_swap_of_a_filed_record_is_offered_wherever_its_device_is(house: House) -> None:
    rewritten(house, state="accepted", record=None)
    assert "更换入账" not in page(house, "zhang", f"/devices/{FAULTY}")
    filed = house.of("wang").post(f"/v1/dispatch-orders/{NUMBER}/service-record", done((FAULTY, SPARE)))
    assert filed.status_code == 201, filed.text
    link = f"/scan/swap?site=BJ01&amp;faulty={FAULTY}"
    for path in (f"/orders/{NUMBER}", f"/devices/{FAULTY}"):
        assert link in page(house, "zhang", path), path
        assert link not in page(house, "li", path), path
    body = {"site": "BJ01", "scans": [{"serial": FAULTY}, {"serial": SPARE}]}
    checked = house.of("zhang").post("/v1/devices/check", body).json
    assert [each.get("settles") for each in checked] == [
        {"order": NUMBER, "site": "BJ01", "faulty": FAULTY, "spare": SPARE, "fault": "不亮", "terms": "free",
         "charged_fen": 0},
        None,
    ]  # fmt: skip
    for who in ("wu", "li"):
        assert house.of(who).post("/v1/devices/check", body).json[0].get("settles") is None
    assert (
        house.of("zhang").post("/v1/devices/check", {**body, "site": "TJ01"}).json[0].get("settles") is None
    )
    assert "未结清" in words_of(page(house, "zhang", "/dispatch"))
    back = {"site": "BJ01", "document": "carry_back", "scans": [{"serial": SPARE, "bin": "S-01"}]}
    assert house.of("zhang").post("/v1/devices/check", back).json[0]["fault"]["code"] == "told_used"


def test_the_records_of_a_corrected_job_stand_side_by_side(house: House) -> None:
    rewritten(house, state="done", record=record(house, "wang"), corrections=())
    wang = house.of("wang")
    body = {"reason": "金额写错", "record": done(charged_fen=12_345)}
    corrected = wang.post(f"/v1/dispatch-orders/{NUMBER}/correct", body)
    assert corrected.status_code == 200, corrected.text
    told = words_of(page(house, "li"))
    assert all(each in told for each in ("第 1 次填写", "第 2 次填写", "0.00", "123.45", "金额写错"))


def test_an_order_from_before_technicians_were_people_is_shown_as_it_was_kept(house: House) -> None:
    before = ServiceRecord(house.now, "电源", "焊接", 100, house.now, "zhang")
    rewritten(house, state="done", record=before, corrections=(), course=(), technician=None)
    rewritten(house, technician_text="王师傅")
    told = words_of(page(house, "li"))
    assert all(each in told for each in ("王师傅", "焊接", "1.00"))
    rewritten(house, technician="wang", technician_text=None)


def test_a_blind_count_is_offered_no_swap_of_a_spare(stores: Stores) -> None:
    house = began(stores)
    filed = house.of("wang").post(f"/v1/dispatch-orders/{NUMBER}/service-record", done((FAULTY, SPARE)))
    assert filed.status_code == 201, filed.text
    count = {"site": "BJ01", "register": "spare", "method": "blind"}
    assert house.of("zhang").post("/v1/stocktakes", count).status_code == 201
    body = {"site": "BJ01", "scans": [{"serial": FAULTY}]}
    assert house.of("zhang").post("/v1/devices/check", body).json[0].get("settles") is None
    for path in (f"/orders/{NUMBER}", f"/devices/{FAULTY}", "/dispatch"):
        assert SPARE not in page(house, "zhang", path), path
