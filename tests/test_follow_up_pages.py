"""The pages of follow-up calls: listed by what they wait for, called without the record, settled beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from api.resources.service.follow_ups import CALL_BODIES
from devices import records
from devices.calendar import told_moment
from devices.journal import open_journals
from devices.paperwork.follow_ups import QUESTIONS, FollowUp, follow_up_key
from devices.paperwork_kinds import FOLLOW_UP
from devices.values import UNIT
from tests.conftest import ENGINES, Stores
from tests.custody import DAY_US, House, fill_house
from tests.dispatched import done, sent
from tests.printed import printed
from web.door import add_pages

DEVICE = "661565714354"
HOUR_US = 3_600_000_000
CONTACT = {"name": "钱会计", "phone": "010-62550101"}
RECORD: dict[str, Any] = {"charged_fen": 12_345, "diagnosis": "接口松动", "work": "重新焊接",
          "confirmation": {"how": "declined", "reason": "经理不在"}}  # fmt: skip
TOLD_BY_RECORD = ("123.45", "12345", "接口松动", "重新焊接", "经理不在", DEVICE, "15:00")
"""What of the record of the first job would be found on a page that tells any of it."""
ANSWERS = {
    "on_time": "yes", "manner": "yes", "proper": "yes", "promise": "yes", "paid_fen": 12_345, "favour": "no",
    "solved": "yes", "disk": DEVICE, "signed": "no", "overall": 5,
}  # fmt: skip


@pytest.fixture(params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    opened = House(stores.filled(request.param, fill_house)).copied(stores)
    opened.grant("sun", "supervisor", UNIT)
    add_pages(opened.app, opened.services)
    yield opened
    opened.session_store.close()
    stores.drop(opened.store)


def made(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def job(house: House, **more: Any) -> str:
    """A job that wang did, which took an hour; returns its number."""
    order = sent(DEVICE, technician="wang", contact=CONTACT)
    number: str = made(house.of("zhang").post("/v1/dispatch-orders", order))["number"]
    house.now += HOUR_US
    at = {name: told_moment(house.now) for name in ("arrived_at", "completed_at")}
    record = done(**{**RECORD, **at, **more})
    made(house.of("wang").post(f"/v1/dispatch-orders/{number}/service-record", record))
    return number


def step(house: House, number: str, name: str, body: Any = None, who: str = "chen") -> Any:
    return made(house.of(who).post(f"/v1/follow-ups/{number}/{name}", body))


def answer(house: House, number: str, **changed: Any) -> Any:
    said: dict[str, Any] = {"answers": {**ANSWERS, **changed}}
    if changed.get("paid_fen", 0) > RECORD["charged_fen"]:
        said["complaint"] = "多收了钱"
    return step(house, number, "answer", said)


def page(house: House, path: str, who: str = "chen") -> str:
    found = house.of(who).get(path)
    assert found.status_code == 200, found.text
    return re.sub(r"(?s)<head>.*?</head>", "", found.text)


def forms(text: str) -> list[str]:
    """The steps that a page has a form for, in its order."""
    return list(dict.fromkeys(re.findall(r'data-api="POST /v1/follow-ups/[A-Z0-9-]+/([a-z]+)"', text)))


def lanes(house: House, who: str = "chen", query: str = "") -> dict[str, list[str]]:
    """The jobs in each lane of the list, in its order."""
    sections = re.findall(
        r'(?s)<section aria-labelledby="(\w+)">(.*?)</section>', page(house, f"/follow-ups{query}", who)
    )
    return {lane: re.findall(r'<a href="/follow-ups/([A-Z0-9-]+)"', rows) for lane, rows in sections}


@pytest.mark.parametrize("who", ["chen", "zhang", "li", "wu"])
def test_nothing_of_the_record_is_on_a_page_of_the_call_before_the_answers_are_in(
    house: House, who: str
) -> None:
    number = job(house)
    for path in (f"/follow-ups/{number}", "/follow-ups", "/follow-ups?state=due"):
        assert [told for told in TOLD_BY_RECORD if told in page(house, path, who)] == [], path
    house.now += HOUR_US
    step(house, number, "attempt", {"outcome": "busy"})
    assert [told for told in TOLD_BY_RECORD if told in page(house, f"/follow-ups/{number}", who)] == []
    assert f'href="/orders/{number}"' not in page(house, f"/follow-ups/{number}", who)
    answer(house, number)
    text = page(house, f"/follow-ups/{number}", who)
    assert "123.45 元" in text
    assert f'href="/orders/{number}"' in text


def test_each_has_the_forms_of_the_steps_that_its_reader_may_take(house: House) -> None:
    number = job(house)
    here = f"/follow-ups/{number}"
    assert forms(page(house, here)) == ["attempt", "answer"]
    assert [forms(page(house, here, who)) for who in ("zhang", "li", "wu", "wang")] == [[]] * 4
    assert "等待：服务监督" in page(house, here, "li")
    assert 'href="tel:01062550101"' in page(house, here)
    assert 'href="tel:' not in page(house, here, "wu")
    answer(house, number, paid_fen=20_000)
    assert forms(page(house, here)) == []
    assert forms(page(house, here, "sun")) == [], "the technician is awaited"
    assert "等待：王强" in page(house, here, "sun")
    assert forms(page(house, here, "wang")) == ["explain"]
    step(house, number, "explain", {"text": "代收快递费"}, "wang")
    assert forms(page(house, here)) == [], "who called settles nothing"
    assert forms(page(house, here, "sun")) == forms(page(house, here, "li")) == ["settle"]
    step(house, number, "settle", {"accepted": False, "text": "没有收据", "consequence": "criticised"}, "li")
    text = page(house, here, "wang")
    assert forms(text) == []
    assert "批评教育" in text
    assert "没有收据" in text


@pytest.mark.both_engines
def test_a_job_from_before_calls_were_asked_for_is_under_no_deadline(house: House) -> None:
    """Its call is allowed: it is neither overdue on a page nor late in a month."""
    number, asked_for = job(house), job(house, charged_fen=0)
    with house.store.writing():
        writer = open_journals(house.store, ["BJ01"], house.now)
        value, revision = records.current(house.store, FOLLOW_UP, follow_up_key(number)) or (None, 0)
        assert isinstance(value, FollowUp)
        before = msgspec.structs.replace(value, is_due=False)
        records.write(writer, FOLLOW_UP, before, by="wang", expected=revision)
    house.now += 3 * DAY_US
    step(house, number, "attempt", {"outcome": "busy"})
    step(house, asked_for, "attempt", {"outcome": "busy"})
    house.now += 3 * DAY_US
    assert lanes(house)["to_call"] == [asked_for, number], "what is due comes first"
    assert page(house, "/follow-ups").count("已逾期") == 1
    assert "已逾期" in page(house, f"/follow-ups/{asked_for}")
    assert "已逾期" not in page(house, f"/follow-ups/{number}")
    answer(house, number)
    figures = made(house.of("chen").get("/v1/call-months/BJ01/2026-11"))["figures"]
    assert {name: figures[name] for name in ("calls", "due", "answered", "late", "overdue")} == {
        "calls": 2, "due": 1, "answered": 1, "late": 0, "overdue": 1,
    }  # fmt: skip


def test_somebody_who_did_the_job_sees_that_others_call(house: House) -> None:
    house.grant("sun", "technician", "BJ01")
    house.certify("sun")
    order = made(house.of("zhang").post("/v1/dispatch-orders", sent(DEVICE, technician="sun")))["number"]
    made(house.of("sun").post(f"/v1/dispatch-orders/{order}/service-record", done()))
    text = page(house, f"/follow-ups/{order}", "sun")
    assert forms(text) == []
    assert "您经手过" in text
    assert "要由别人打" in page(house, "/follow-ups", "sun")
    assert "要由别人打" not in page(house, "/follow-ups")


def test_they_are_listed_by_what_they_wait_for_and_the_next_is_one_tap_away(house: House) -> None:
    tried, late, differs, explained = (job(house) for _ in range(4))
    answer(house, differs, paid_fen=20_000)
    answer(house, explained, signed="yes")
    step(house, explained, "explain", {"text": "后来补签"}, "wang")
    step(house, tried, "attempt", {"outcome": "no_answer"})
    assert lanes(house) == {"to_call": [tried, late], "to_explain": [differs], "to_settle": [explained]}
    assert lanes(house, "he", "?site=TJ01") == {}
    assert re.search("1 次，最近 11-24 1\\d:00 无人接听", page(house, "/follow-ups"))
    assert f'href="/follow-ups/{late}" data-first' in page(house, f"/follow-ups/{tried}"), (
        "whoever was not tried yet"
    )
    text = page(house, f"/follow-ups/{explained}")
    assert re.search(rf'href="/follow-ups/{late}" data-first>下一个：.*（还有 2 个）', text)
    house.now += 3 * DAY_US
    assert "data-first" not in page(house, f"/follow-ups/{tried}"), "called again, its questions come first"
    assert lanes(house)["to_settle"] == [differs, explained], "nobody waits for an explanation for ever"
    assert lanes(house, query="?state=settled") == {}
    found = page(house, "/follow-ups?state=explained")
    assert re.findall(r'<a href="/follow-ups/([A-Z0-9-]+)"', found) == [explained]
    assert house.of("chen").get("/follow-ups?state=odd").status_code == 400


def test_whoever_is_not_reached_on_three_days_may_be_given_up(house: House) -> None:
    number = job(house)
    for _ in range(3):
        assert forms(page(house, f"/follow-ups/{number}")) == ["attempt", "answer"]
        house.now += DAY_US + HOUR_US
        step(house, number, "attempt", {"outcome": "no_answer"})
    text = page(house, f"/follow-ups/{number}")
    assert forms(text) == ["attempt", "close", "answer"]
    assert text.count("<strong>无人接听</strong>") == 3
    step(house, number, "close")
    text = page(house, f"/follow-ups/{number}")
    assert forms(text) == []
    assert "未联系上" in text
    assert "该您打的电话都打完了" in text
    assert [told for told in TOLD_BY_RECORD if told in text] == []
    order = page(house, f"/orders/{number}")
    assert f'<a href="/follow-ups/{number}">未联系上</a>' in order
    assert "服务单已不能再改" in order
    device = page(house, f"/devices/{DEVICE}")
    assert f'<a href="/follow-ups/{number}">{number}</a>' in device, "one number for a job and its call"
    assert f"F{number}" not in device
    assert "FD-" not in page(house, "/")


def test_the_order_and_the_technician_are_told_how_the_call_went(house: House) -> None:
    number = job(house)
    assert f'<a href="/follow-ups/{number}">待打电话</a>' in page(house, f"/orders/{number}")
    assert "请说明差异" not in page(house, "/jobs", "wang")
    complaint = answer(house, number, paid_fen=20_000)["complaint"]
    order = page(house, f"/orders/{number}")
    assert f'<a href="/follow-ups/{number}">待说明</a> 5 很满意 <span class="warn">不一致</span>' in order
    assert f'href="/complaints/{complaint}"' in order
    for path in ("/jobs", f"/jobs/{number}"):
        text = page(house, path, "wang")
        assert "200.00 元" in text, path
        assert forms(text) == ["explain"], path
    step(house, number, "explain", {"text": "代收快递费"}, "wang")
    assert forms(page(house, "/jobs", "wang")) == []


def test_the_questions_of_the_page_are_those_of_the_table_and_what_they_say_is_taken(house: House) -> None:
    number = job(house)
    text = page(house, f"/follow-ups/{number}")
    fields = re.findall(r'<input ([^>]*name="answers\.(\w+)"[^>]*)>', text)
    names = list(dict.fromkeys(name for _, name in fields))
    assert names == [question.name for question in QUESTIONS if question.name != "waited"]
    for question in QUESTIONS:
        tags = [tag for tag, name in fields if name == question.name]
        assert [re.search(r'value="(\w+)"', tag)[1] for tag in tags if 'type="radio"' in tag] == (  # type: ignore[index]
            list(question.choices) if tags else []
        )
        assert {re.search(r'value="(\w+)"', tag)[1] for tag in tags if "data-bad" in tag} == (  # type: ignore[index]
            set(question.bad) if tags else set()
        )
    said = {"answers": ANSWERS, "complaint": "x", "spoken_to": {"name": "x", "phone": "1", "remarks": "x"},
            "passed_on": "x", "passed_to": "site_head"}  # fmt: skip
    sent_names = {
        name
        for name in re.findall(r'name="([\w.]+)"', text.partition('id="answers"')[2])
        if "answers." not in name
    }
    shape = CALL_BODIES["answer"]
    assert shape is not None
    msgspec.convert(said, shape)
    assert sent_names - {"unknown", "complains"} == {
        "complaint", "spoken_to.name", "spoken_to.phone", "spoken_to.remarks", "passed_to", "passed_on",
    }  # fmt: skip


def test_of_a_job_that_was_put_off_the_customer_is_asked_whether_that_was_so(house: House) -> None:
    order = made(house.of("zhang").post("/v1/dispatch-orders", sent(DEVICE, technician="wang")))["number"]
    made(house.of("wang").post(f"/v1/dispatch-orders/{order}/accept"))
    made(house.of("wang").post(f"/v1/dispatch-orders/{order}/postpone", {"reason": "customer_absent"}))
    made(house.of("wang").post(f"/v1/dispatch-orders/{order}/resume"))
    made(house.of("wang").post(f"/v1/dispatch-orders/{order}/service-record", done()))
    text = page(house, f"/follow-ups/{order}")
    assert 'name="answers.waited"' in text
    assert "{reason}" not in text


def test_a_repair_is_called_about_where_somebody_wants_to_and_what_is_not_done_is_not(house: House) -> None:
    repair = made(house.of("zhang").post("/v1/repairs", {"site": "BJ01", "serial": DEVICE, "fault": "不亮"}))[
        "number"
    ]
    assert house.of("chen").get(f"/follow-ups/{repair}").status_code == 409
    record = {
        "completed_at": "2026-11-24T14:00:00+08:00",
        "diagnosis": "接口松动",
        "work": "重新焊接",
        "charged_fen": 0,
    }
    made(house.of("zhang").post(f"/v1/repairs/{repair}/service-record", record))
    assert f'<a href="/follow-ups/{repair}">待打电话</a>' in page(house, f"/orders/{repair}")
    assert lanes(house) == {}, "it is not due"
    text = page(house, f"/follow-ups/{repair}")
    assert forms(text) == ["attempt", "answer"]
    assert "您送修的设备" in text
    paper = printed(house.of("chen"), f"/v1/follow-ups/{repair}/sheet")
    assert "您送修的设备" in paper.fields["开场白"]
    step(house, repair, "attempt", {"outcome": "busy"})
    for path in ("/follow-ups", f"/follow-ups/{repair}"):
        text = page(house, path)
        assert repair in text
        assert [word for word in ("未到期", "已逾期") if word in text] == [], "it is by no day"
    told = {"on_time": "not_agreed", "solved": "unknown", "disk": None, "signed": "unknown", "paid_fen": 0}
    step(house, repair, "answer", {"answers": {**ANSWERS, **told}})
    (row,) = house.of("chen").get("/v1/call-months/BJ01/2026-11").json["calls"]
    assert (row["call"]["subject"], row["due_on"], row["standing"]) == (repair, None, None)
    assert house.of("chen").get("/follow-ups/D-BJ01-000099").status_code == 404
    assert house.of("he").get(f"/follow-ups/{repair}").status_code == 404
