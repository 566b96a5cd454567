"""Follow-up calls over HTTP: who calls about which job, what is asked, what differs, what is a complaint, what ends it.

Whoever is measured chooses nothing of it: neither the technician, nor whoever wrote the job up, nor the caller.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from devices.paperwork.follow_ups import (
    FOLLOW_UPS,
    LEAST_ATTEMPTS,
    MISSED_CALLS,
    MOST_ATTEMPTS,
    QUESTIONS,
)
from devices.problems import PROBLEMS
from devices.values import UNIT
from tests.called import CONTENT, answered, call, said
from tests.conftest import ENGINES, Stores
from tests.custody import DAY_US, House, codes, fill_house
from tests.dispatched import done, sent, taken_along
from tests.door import TODAY

pytestmark = pytest.mark.both_engines
CUSTOMER = "C-BJ01-000002"
SERVED, SPARE = "661565714354", "661565720012"
TOOK_100 = "他收了我 100 元，没有给收据"
SETTLED = {"accepted": False, "text": "代收款也要写明", "consequence": "criticised", "passed_to": "unit_head"}


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    """The demo's books with a second technician and a second supervisor; every test has a job of its own."""
    house = House(stores.filled(request.param, fill_house))
    house.grant("sun", "technician", "BJ01")
    house.certify("sun")
    house.grant("qian", "supervisor", UNIT)
    house.keys = itertools.count(1000)
    yield house
    house.session_store.close()
    stores.drop(house.store)


@pytest.fixture
def own(house: House, stores: Stores) -> Iterator[House]:
    """A copy of the house, for tests that change who is who, or let time pass."""
    copied = house.copied(stores)
    yield copied
    copied.session_store.close()
    stores.drop(copied.store)


def made(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def refused(answer: Any) -> tuple[int, list[str]]:
    return answer.status_code, codes(answer)


def opened(house: House, **more: Any) -> str:
    """The number of an order of wang's for a customer, of no device where none is told."""
    about = {"site": "BJ01", "fault": "打不开", "customer": {"number": CUSTOMER}, "technician": "wang"}
    return str(made(house.of("zhang").post("/v1/dispatch-orders", {**about, **more}))["number"])


def file(house: House, number: str, record: Any = None, who: str = "wang") -> str:
    path = f"/v1/dispatch-orders/{number}/service-record"
    return str(made(house.of(who).post(path, record or done()))["number"])


def job(house: House, record: Any = None, who: str = "wang", **more: Any) -> str:
    """The number of a job that is done."""
    return file(house, opened(house, **more), record, who)


def take(house: House, number: str, name: str, body: Any = None, who: str = "wang") -> Any:
    return made(house.of(who).post(f"/v1/dispatch-orders/{number}/{name}", body))


def read(house: House, number: str, who: str = "chen") -> Any:
    return made(house.of(who).get(f"/v1/follow-ups/{number}"))


def complaints_about(house: House, number: str) -> list[Any]:
    found = made(house.of("chen").get(f"/v1/complaints?customer={CUSTOMER}&limit=500"))
    return [each for each in found if each["about"] == number]


def differing(house: House) -> str:
    """A job of which the customer says something else than the record, and complains of it."""
    number = job(house)
    assert answered(house, number, said(TOOK_100, paid_fen=10_000))["state"] == "differing"
    return number


# --- the questions: every bad answer is a complaint, every fact is held against the record


BAD = [
    pytest.param(each.name, int(bad) if each.kind == "score" else bad, each.category, id=f"{each.name}-{bad}")
    for each in QUESTIONS
    for bad in each.bad
] + [pytest.param("paid_fen", 1, "charge", id="paid_fen-more")]


def test_every_question_with_a_category_has_a_bad_answer() -> None:
    assert {each.values[0] for each in BAD} == {each.name for each in QUESTIONS if each.category}


@pytest.mark.parametrize(("question", "bad", "category"), BAD)
def test_a_bad_answer_is_a_complaint_whatever_else_the_customer_says(
    house: House, question: str, bad: Any, category: str
) -> None:
    number = job(house)
    told = {question: bad}
    for blank in (None, "  "):
        answer = call(house, number, "answer", {**said(**told), "complaint": blank})
        assert refused(answer) == (422, ["complaint_required"])
        assert answer.json["errors"][0]["categories"] == [category]
    assert (read(house, number)["state"], complaints_about(house, number)) == ("due", [])
    value = answered(house, number, said("不满意", **told))
    (complaint,) = complaints_about(house, number)
    assert (value["complaint"], value["categories"]) == (complaint["number"], [category])
    assert (complaint["categories"], complaint["channel"]) == ([category], "follow_up")
    assert (complaint["owner"], complaint["persons"], complaint["about"]) == ("chen", ["wang"], number)
    shown = made(house.of("chen").get(f"/v1/complaints/{complaint['number']}"))
    assert shown["complainant"]["account"] == "不满意"


def test_several_bad_answers_are_one_complaint_of_all_their_categories(house: House) -> None:
    number = job(house)
    bad = {"on_time": "no", "manner": "no", "favour": "yes", "overall": 1}
    assert answered(house, number, said("样样不好", **bad))["categories"] == ["untimely", "manner", "harm"]
    assert len(complaints_about(house, number)) == 1


def test_a_complaint_without_a_bad_answer_is_one_all_the_same(house: House) -> None:
    number = job(house)
    assert answered(house, number, said("电话总打不通"))["state"] == "answered"
    assert [each["categories"] for each in complaints_about(house, number)] == [["other"]]


ON_THE_DAY = {"starts_at": f"{TODAY}T13:00:00+08:00", "ends_at": f"{TODAY}T15:00:00+08:00"}
ANOTHER_DAY = {"starts_at": "2026-11-23T13:00:00+08:00", "ends_at": "2026-11-23T15:00:00+08:00"}
DECLINED = done(confirmation={"how": "declined", "reason": "不愿签"})
FACTS: dict[str, list[tuple[str, dict[str, Any], Any, Any, Any]]] = {
    "on_time": [
        ("on the day", {"window": ON_THE_DAY}, done(), "yes", "no"),
        ("another day", {"window": ANOTHER_DAY}, done(), "no", "yes"),
        ("not agreed", {"window": ON_THE_DAY}, done(), "yes", "not_agreed"),
    ],
    "paid_fen": [
        ("nothing", {}, done(), 0, 10_000),
        ("less", {}, done(charged_fen=5_000), 5_000, 4_999),
    ],
    "solved": [
        ("solved", {}, done(), "yes", "no"),
        ("unsolved", {}, done(outcomes={"repair": "unsolved"}), "no", "yes"),
    ],
    "signed": [("stamped", {}, done(), "yes", "no"), ("declined", {}, DECLINED, "no", "yes")],
    "disk": [("as before", {"serials": [SERVED]}, done(), SERVED, SPARE)],
}  # fmt: skip
"""By question: a job, what agrees with its record, and what not. `waited` and a swap have tests of their own."""


def test_every_fact_of_a_record_is_among_them() -> None:
    assert {*FACTS, "waited"} == {question.name for question in QUESTIONS if question.fact}


@pytest.mark.parametrize(
    ("question", "about", "record", "agrees", "differs"),
    [
        pytest.param(question, *case[1:], id=f"{question}-{case[0]}")
        for question, cases in FACTS.items()
        for case in cases
    ],
)
def test_a_fact_is_held_against_the_record_both_ways(
    house: House, question: str, about: dict[str, Any], record: Any, agrees: Any, differs: Any
) -> None:
    unknown = None if question in ("paid_fen", "disk") else "unknown"
    for told, state in ((agrees, "answered"), (differs, "differing"), (unknown, "answered")):
        number = job(house, record, **about)
        rest = {"paid_fen": record["charged_fen"]} if "charged_fen" in record else {}
        for name in {"solved", "signed", "on_time"} - {
            question
        }:  # what else the record says is not what is tried
            rest[name] = "unknown"
        value = answered(house, number, said("另有意见", **{**rest, question: told}))
        (beside,) = (each for each in value["compared"] if each["question"] == question)
        assert (value["state"], beside["differs"]) == (state, state == "differing"), told
        assert beside["told"] == ("unknown" if told in (None, "unknown") else str(told))
        assert beside["recorded"] == [str(agrees)]


def test_of_a_job_that_was_put_off_it_is_asked_whether_that_was_so(house: House) -> None:
    for waited, state in (("yes", "answered"), ("unknown", "answered"), ("no", "differing")):
        number = opened(house)
        for name, body in (("accept", None), ("postpone", {"reason": "customer_absent"}), ("resume", None)):
            take(house, number, name, body)
        file(house, number)
        assert refused(call(house, number, "answer", said())) == (422, ["answer_required"])
        assert answered(house, number, said(waited=waited))["state"] == state
    number = job(house)
    assert refused(call(house, number, "answer", said(waited="yes"))) == (422, ["answer_not_asked"])


def test_the_disk_that_went_in_is_told_to_nobody_before_the_customer_was_asked(own: House) -> None:
    number = opened(own, serials=[SERVED])
    made(own.of("zhang").post("/v1/documents", taken_along(number, (SERVED, SPARE))))
    file(own, number, done((SERVED, SPARE)))
    for shown in (read(own, number), *own.of("chen").get(f"/v1/follow-ups?serial={SERVED}&state=due").json):
        assert (shown["serials"], shown["compared"], shown["answers"]) == ([SERVED], [], None)
    assert refused(call(own, number, "answer", said(disk="不知道"))) == (422, ["malformed_serial"])
    value = answered(own, number, said(disk=f" {SERVED} "))
    assert (value["state"], value["serials"]) == ("differing", [SERVED, SPARE])
    beside = {
        each["question"]: (each["told"], each["recorded"], each["differs"]) for each in value["compared"]
    }
    assert beside["disk"] == (SERVED, [SPARE], True)
    assert [each["number"] for each in own.of("chen").get(f"/v1/follow-ups?serial={SPARE}").json] == [
        f"F{number}"
    ]
    assert own.faults() == []


# --- he charged me 100


def test_the_customer_says_he_charged_100_where_the_record_says_nothing(house: House) -> None:
    number = job(house)
    value = answered(house, number, {**said(TOOK_100, paid_fen=10_000), "spoken_to": {"name": "刘会计"},
                                     "passed_on": "现场收费，单上为零", "passed_to": "unit_head"})  # fmt: skip
    assert (value["state"], value["categories"]) == ("differing", ["charge"])
    assert [each for each in value["compared"] if each["differs"]] == [
        {"question": "paid_fen", "told": "10000", "recorded": ["0"], "differs": True}
    ]
    assert [each["number"] for each in complaints_about(house, number)] == [value["complaint"]]
    assert (read(house, number, "li")["next"], read(house, number, "wang")["next"]) == ([], ["explain"])
    assert refused(call(house, number, "settle", SETTLED, "li")) == (409, ["explanation_missing"])
    assert refused(call(house, number, "settle", SETTLED, "chen")) == (403, ["own_call"])
    assert refused(call(house, number, "explain", {"text": " "}, "wang")) == (422, ["empty_text"])
    assert made(call(house, number, "explain", {"text": "代付网线款"}, "wang"))["state"] == "explained"
    assert refused(call(house, number, "explain", {"text": "又一说"}, "wang")) == (
        409,
        ["follow_up_out_of_order"],
    )
    assert read(house, number, "chen")["next"] == []
    assert refused(call(house, number, "settle", {"accepted": False, "text": "不认可"}, "li")) == (
        422, ["consequence_missing"],
    )  # fmt: skip
    settled = made(call(house, number, "settle", SETTLED, "li"))
    assert (settled["state"], settled["next"]) == ("settled", [])
    last = settled["course"][-1]
    assert (last["by"], last["accepted"], last["consequence"], last["passed_to"]) == (
        "li", False, "criticised", "unit_head",
    )  # fmt: skip
    assert (settled["answers"], settled["compared"]) == (value["answers"], value["compared"])
    assert house.faults() == []


def test_a_difference_that_nobody_explains_is_settled_after_its_day(own: House) -> None:
    number = differing(own)
    until = {**SETTLED, "text": "未作说明"}
    answer = call(own, number, "settle", until, "qian")
    assert (refused(answer), answer.json["errors"][0]["date"]) == (
        (409, ["explanation_missing"]),
        "2026-11-25",
    )
    own.now += DAY_US
    assert refused(call(own, number, "settle", until, "qian")) == (409, ["explanation_missing"])
    own.now += DAY_US
    assert made(call(own, number, "settle", until, "qian"))["state"] == "settled"


def test_of_a_technician_who_has_left_nothing_is_awaited(own: House) -> None:
    number = differing(own)
    own.revoke("wang", "technician", "BJ01")
    assert refused(call(own, number, "explain", {"text": "已离职"}, "wang"))[0] == 404
    assert made(call(own, number, "settle", SETTLED, "li"))["state"] == "settled"


# --- who, and when: the table


BODY: dict[str, Any] = {
    "attempt": {"outcome": "no_answer"},
    "answer": said(),
    "explain": {"text": "说明"},
    "settle": SETTLED,
    "close": None,
}


@pytest.fixture(scope="module")
def standing(house: House, stores: Stores) -> Iterator[tuple[House, dict[str, str]]]:
    """A house with a job whose follow-up stands in each state; what is tried of them is refused."""
    copied = house.copied(stores)
    numbers = {state: job(copied) for state in FOLLOW_UPS.states}
    made(call(copied, numbers["tried"], "attempt", BODY["attempt"]))
    answered(copied, numbers["answered"])
    for state in ("differing", "explained", "settled"):
        answered(copied, numbers[state], said("多收", paid_fen=1))
        if state != "differing":
            made(call(copied, numbers[state], "explain", BODY["explain"], "wang"))
    made(call(copied, numbers["settled"], "settle", SETTLED, "li"))
    for later in (0, 0, DAY_US):
        copied.now += later
        made(call(copied, numbers["unreached"], "attempt", BODY["attempt"]))
    made(call(copied, numbers["unreached"], "close"))
    yield copied, numbers
    copied.session_store.close()
    stores.drop(copied.store)


@pytest.mark.parametrize("state", FOLLOW_UPS.states)
@pytest.mark.parametrize("name", FOLLOW_UPS.step)
def test_a_step_is_refused_in_every_other_state_and_to_everybody_else(
    standing: tuple[House, dict[str, str]], name: str, state: str
) -> None:
    house, numbers = standing
    number, step = numbers[state], FOLLOW_UPS.step[name]
    assert read(house, number)["state"] == state
    mine = {"explain": "wang"}.get(name, "qian")
    if state not in step.before:
        code = step.refused_in.get(state, step.refused)
        assert refused(call(house, number, name, BODY[name], mine)) == (PROBLEMS[code].status, [code])
    at_site = {"zhang": "storekeeper", "wu": "clerk", "li": "auditor", "chen": "supervisor"}
    for who, role in at_site.items():
        if role not in step.who:
            code = "not_the_technician" if name == "explain" and role in step.who else "role_missing"
            assert refused(call(house, number, name, BODY[name], who)) == (403, [code]), who
    for who in ("zhao", "admin", *([] if name == "explain" else ["wang"])):
        assert refused(call(house, number, name, BODY[name], who))[0] == 404, who
    offered = {each.name for each in FOLLOW_UPS.next_steps(state) if each.name != "explain"}
    offered -= {"settle"} if state == "differing" else set()  # the technician has a day
    offered -= {"close"} if state == "tried" else set()
    assert {*read(house, number, "qian")["next"]} == offered


def test_a_technician_reads_and_explains_their_own_alone(house: House) -> None:
    number = differing(house)
    assert refused(call(house, number, "explain", {"text": "不是我"}, "sun")) == (403, ["not_the_technician"])
    assert house.of("sun").get(f"/v1/follow-ups/{number}").status_code == 404
    assert made(house.of("sun").get("/v1/follow-ups?site=BJ01")) == []
    mine = made(house.of("wang").get("/v1/follow-ups?site=BJ01&limit=500"))
    assert {each["technician"] for each in mine} == {"wang"}
    shown = read(house, number, "wang")
    assert (shown["spoken_to"], shown["customer_shown"], shown["answers"]["paid_fen"]) == (None, None, 10_000)


# --- nobody answers


def test_nobody_answers_on_three_days(own: House) -> None:
    number = job(own)
    for tried, outcome in enumerate(MISSED_CALLS[:LEAST_ATTEMPTS]):
        assert "close" not in read(own, number)["next"]
        assert refused(call(own, number, "close"))[0] == 409
        value = made(call(own, number, "attempt", {"outcome": outcome}))
        assert (value["state"], len(value["course"])) == ("tried", tried + 1)
        own.now += DAY_US
    assert refused(call(own, number, "attempt", {"outcome": "asleep"}))[0] == 400
    closed = made(call(own, number, "close", who="qian"))
    assert (closed["state"], closed["next"], closed["complaint"]) == ("unreached", [], None)
    assert refused(call(own, number, "answer", said())) == (409, ["follow_up_out_of_order"])
    record = {"reason": "补记", "record": done(charged_fen=1)}
    answer = own.of("wang").post(f"/v1/dispatch-orders/{number}/correct", record)
    assert refused(answer) == (409, ["followed_up"])


def test_three_attempts_of_one_day_are_not_enough(own: House) -> None:
    number = job(own)
    for _ in range(LEAST_ATTEMPTS + 1):
        made(call(own, number, "attempt", {"outcome": "busy"}))
    answer = call(own, number, "close")
    assert refused(answer) == (409, ["attempts_missing"])
    own.now += DAY_US
    assert refused(call(own, number, "close")) == (409, ["attempts_missing"])
    made(call(own, number, "attempt", {"outcome": "busy"}))
    assert made(call(own, number, "close"))["state"] == "unreached"


def test_nobody_is_called_in_vain_without_end(own: House) -> None:
    """A call centre's program that went wrong would else fill the books with one job."""
    number = job(own)
    own.now += HOUR_US
    told = imported(
        center(own), *(heard(number, f"14:{minute}") for minute in range(10, 10 + MOST_ATTEMPTS + 2))
    )
    assert faults_of(told) == [[]] * MOST_ATTEMPTS + [
        [("called_too_often", f"/calls/{MOST_ATTEMPTS + n}")] for n in range(2)
    ]
    assert refused(call(own, number, "attempt", BODY["attempt"])) == (409, ["called_too_often"])
    own.now += DAY_US
    made(call(own, number, "attempt", BODY["attempt"]))
    assert made(call(own, number, "close"))["state"] == "unreached"


# --- two at once


def test_two_supervisors_answer_the_same_call_at_once(house: House) -> None:
    number = job(house)
    callers = ("chen", "qian")
    clients, start = {who: house.of(who) for who in callers}, threading.Barrier(2)
    answers: dict[str, Any] = {}

    def answer(who: str) -> None:
        body = {**said(f"{who} 听到的投诉", paid_fen=10_000), "spoken_to": {"remarks": f"{who} 记的"}}
        start.wait()
        path = f"/v1/follow-ups/{number}/answer"
        answers[who] = clients[who].post(path, body, key=f"at-once-{who}-{number}")
        house.store.close()
        house.session_store.close()

    threads = [threading.Thread(target=answer, args=(who,)) for who in callers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    first, second = sorted(callers, key=lambda who: int(answers[who].status_code))
    assert (answers[first].status_code, answers[second].status_code) == (200, 409)
    (problem,) = answers[second].json["errors"]
    assert (problem["code"], problem["username"]) == ("follow_up_answered", first)
    (complaint,) = complaints_about(house, number)
    assert (complaint["number"], complaint["owner"]) == (answers[first].json["complaint"], first)
    assert read(house, number)["spoken_to"]["remarks"] == f"{first} 记的"
    (kept,) = house.store.rows("SELECT COUNT(*) FROM personal WHERE content LIKE ?", (f"%{second} %",))
    assert kept == (0,)
    assert house.faults() == []


# --- their own job


def worked(own: House, who: str, how: str) -> str:
    """A job in which somebody had a part."""
    if how == "technician":
        return job(own, who="wu")
    if how == "filed for the technician":
        return job(own, who="wu")
    if how == "was to go":
        number = opened(own, technician="sun")
        take(own, number, "reassign", {"technician": "wang", "reason": "换人"}, "wu")
        return file(own, number)
    if how == "accepted":
        number = opened(own, technician="sun")
        take(own, number, "accept", who="sun")
        take(own, number, "reassign", {"technician": "wang", "reason": "换人"}, "wu")
        return file(own, number)
    number = job(own)
    own.revoke("wang", "technician", "BJ01")
    take(own, number, "correct", {"reason": "金额", "record": done(charged_fen=1)}, who)
    return number


@pytest.mark.parametrize(
    ("who", "how"),
    [
        ("wang", "technician"),
        ("wu", "filed for the technician"),
        ("sun", "was to go"),
        ("sun", "accepted"),
        ("wu", "corrected"),
    ],
)
def test_nobody_calls_about_or_settles_a_job_they_had_a_part_in(own: House, who: str, how: str) -> None:
    number = worked(own, who, how)
    own.grant(who, "supervisor", UNIT)
    for name in ("attempt", "answer"):
        assert refused(call(own, number, name, BODY[name], who)) == (403, ["own_job"])
    assert not {"attempt", "answer", "close"} & {*read(own, number, who)["next"]}
    paid = 1 if how == "corrected" else 0
    answered(own, number, said("收了 100", paid_fen=paid + 10_000), "qian")
    own.now += 2 * DAY_US
    assert refused(call(own, number, "settle", SETTLED, who)) == (403, ["own_job"])
    assert made(call(own, number, "settle", SETTLED, "chen"))["state"] == "settled"


def test_whoever_did_the_job_reads_no_word_of_the_customer_whatever_else_they_are(own: House) -> None:
    number = job(own, who="wu")
    own.grant("wang", "supervisor", UNIT)
    spoken = {"name": "刘会计", "remarks": "别说是我讲的"}
    answered(own, number, {**said(), "spoken_to": spoken}, "qian")
    assert read(own, number, "chen")["spoken_to"]["remarks"] == spoken["remarks"]
    for who in ("wang", "wu"):
        told = read(own, number, who)
        assert told["customer_shown"]["number"] == CUSTOMER
        assert told["spoken_to"] is None
    assert made(own.token(site="BJ01").get(f"/v1/follow-ups/{number}"))["spoken_to"] is None


def test_the_one_supervisor_who_called_leaves_it_to_the_auditor_of_the_site(own: House) -> None:
    own.revoke("qian", "supervisor", UNIT)
    number = differing(own)
    made(call(own, number, "explain", {"text": "说明"}, "wang"))
    assert refused(call(own, number, "settle", SETTLED, "chen")) == (403, ["own_call"])
    assert refused(call(own, number, "settle", SETTLED, "he"))[0] == 404, "of another site"
    assert made(call(own, number, "settle", {"accepted": True, "text": "属实"}, "li"))["state"] == "settled"


# --- the record, before and after


def test_a_record_is_not_corrected_once_its_customer_was_asked(house: House) -> None:
    number = job(house)
    made(call(house, number, "attempt", BODY["attempt"]))
    corrected = {"reason": "漏记", "record": done(charged_fen=5_000)}
    take(house, number, "correct", corrected)
    value = answered(house, number, said(paid_fen=5_000))
    assert value["state"] == "answered", "held against the record as it stands"
    answer = house.of("wang").post(f"/v1/dispatch-orders/{number}/correct", corrected)
    assert refused(answer) == (409, ["followed_up"])
    assert refused(call(house, number, "answer", said(overall=5))) == (409, ["follow_up_answered"])
    assert read(house, number)["answers"] == {**value["answers"]}


def test_a_correction_never_puts_the_call_off(own: House) -> None:
    number = opened(own)
    own.now += DAY_US
    late = {"arrived_at": "2026-11-25T14:00:00+08:00", "completed_at": "2026-11-25T14:00:00+08:00"}
    later = {"arrived_at": "2026-11-27T14:00:00+08:00", "completed_at": "2026-11-27T14:00:00+08:00"}
    file(own, number, done(**late))
    own.now += 2 * DAY_US
    told = []
    for times in (later, {}, late):
        take(own, number, "correct", {"reason": "时间", "record": done(**times)})
        told.append(read(own, number)["done_at"])
    assert told == [late["completed_at"], done()["completed_at"], done()["completed_at"]]


# --- jobs that are not due


def test_a_repair_over_the_counter_may_be_called_about(own: House) -> None:
    zhang = own.of("zhang")
    received = {"site": "BJ01", "serial": SERVED, "fault": "不亮"}
    number = made(own.of("wu").post("/v1/repairs", received))["number"]
    assert refused(call(own, number, "attempt", BODY["attempt"])) == (409, ["job_not_done"])
    day = {"site": "BJ01", "business_date": TODAY, "lines": [{"serial": SERVED}]}
    made(
        zhang.post(
            "/v1/documents", {"type": "repair_intake", **day, "order": number, "fault": "不亮", "bin": "R-01"}
        )
    )
    record = {"completed_at": done()["completed_at"], "diagnosis": "接口松动", "work": "更换接口"}
    made(zhang.post("/v1/documents", {"type": "repair_return", **day, **record}))
    made(zhang.post(f"/v1/repairs/{number}/service-record", {**record, "charged_fen": 3_000}))
    assert [each for each in own.of("chen").get("/v1/follow-ups").json if each["subject"] == number] == []
    with own.unchanged():
        shown = read(own, number)
    assert (shown["state"], shown["technician"], shown["next"]) == ("due", None, ["attempt", "answer"])
    for who in ("zhang", "wu"):  # who wrote it up, and whom the customer met at the counter
        own.grant(who, "supervisor", UNIT)
        assert refused(call(own, number, "answer", said(), who)) == (403, ["own_job"])
    value = answered(
        own, number, said("说好免费", paid_fen=3_000, on_time="not_agreed", disk=SERVED, overall=2)
    )
    assert (value["state"], value["categories"]) == ("answered", ["other"])
    assert {each["question"] for each in value["compared"]} == {"paid_fen", "disk"}
    assert complaints_about(own, number)[0]["persons"] == []
    assert own.faults() == []


def test_of_a_job_that_is_not_done_or_not_there_nobody_is_called(house: House) -> None:
    number = opened(house)
    for name in ("attempt", "answer", "close"):
        assert refused(call(house, number, name, BODY[name])) == (409, ["job_not_done"])
        assert refused(call(house, "D-BJ01-009999", name, BODY[name])) == (404, ["not_found"])
        assert refused(call(house, f"F{number}", name, BODY[name]))[0] == 404


# --- a call centre


def center(house: House, who: str = "chen", site: str = "BJ01") -> Any:
    """The token of a call centre, which is bound to a supervisor who has confirmed it."""
    told = {"label": "呼叫中心", "site": site, "scopes": ["read", "post"], "username": who}
    body = {**told, "expires_at": "2027-06-30T00:00:00+08:00"}
    issued = made(house.of("admin").post("/v1/tokens", body))
    client = house.nobody()
    client.headers["Authorization"] = f"Bearer {issued['secret']}"
    row = {
        "subject": "D-BJ01-000001",
        "reference": "X",
        "called_at": done()["completed_at"],
        "outcome": "busy",
    }
    early = client.post("/v1/follow-ups", {"site": site, "calls": [row]})
    assert refused(early) == (403, ["token_not_confirmed"])
    made(house.of(who).post(f"/v1/tokens/{issued['id']}/confirm", {"password": house.password(who)}))
    return client


REFERENCES = itertools.count(1)


def heard(subject: str, at: str = "14:30", **more: Any) -> dict[str, Any]:
    """A row: one call of a call centre, that reached nobody where no answers are told."""
    reference = f"HJ-{next(REFERENCES)}"
    row = {"subject": subject, "reference": reference, "called_at": f"{TODAY}T{at}:00+08:00", **more}
    return row if "answers" in row else {"outcome": "no_answer", **row}


def imported(client: Any, *rows: dict[str, Any], site: str = "BJ01") -> list[Any]:
    told: list[Any] = made(client.post("/v1/follow-ups", {"site": site, "calls": rows}))
    assert [each["reference"] for each in told] == [row["reference"] for row in rows]
    return told


def faults_of(told: list[Any]) -> list[list[tuple[str, str]]]:
    return [[(each["code"], each["pointer"]) for each in row["errors"]] for row in told]


HOUR_US = 3_600_000_000


class Later(House):
    """The house two hours after some jobs of its own were done, and the client of its call centre."""

    jobs: Iterator[str]
    centre: Any


@pytest.fixture(scope="module")
def later(house: House, stores: Stores) -> Iterator[Later]:
    house.session_store.close()
    copied = Later(stores.copy(house.store))
    copied.keys = itertools.count(5_000)
    numbers = [job(copied) for _ in range(8)]
    copied.now += 2 * HOUR_US
    copied.jobs, copied.centre = iter(numbers), center(copied)
    yield copied
    copied.session_store.close()
    stores.drop(copied.store)


def test_a_call_centre_tells_its_calls_in_any_order_and_as_often_as_it_likes(later: Later) -> None:
    number = next(later.jobs)
    spoken = {"name": "刘会计", "caller": "坐席 07"}
    rows = (
        heard(number, "15:40", answers={**CONTENT, "paid_fen": 10_000}, complaint=TOOK_100, spoken_to=spoken),
        heard(number, "14:10"),
        heard(number, "15:00", outcome="busy"),
    )
    told = imported(later.centre, *rows)
    assert {each["result"] for each in told} == {"taken"}
    value = read(later, number)
    assert [(each["step"], each["called_at"][11:16], each["by"]) for each in value["course"]] == [
        ("attempt", "14:10", "chen"), ("attempt", "15:00", "chen"), ("answer", "15:40", "chen"),
    ]  # fmt: skip
    assert (value["state"], value["spoken_to"]["caller"]) == ("differing", "坐席 07")
    assert (told[0]["follow_up"], told[0]["complaint"]) == (f"F{number}", value["complaint"])
    assert refused(call(later, number, "settle", SETTLED, "chen")) == (403, ["own_call"])
    with later.unchanged():
        assert imported(later.centre, *rows) == told
        assert imported(later.centre, rows[2]) == [told[2]]
    assert len(complaints_about(later, number)) == 1
    for changed in (
        {"answers": {**CONTENT, "paid_fen": 20_000}},
        {"answers": {**rows[0]["answers"], "disk": SERVED}},
        {"called_at": f"{TODAY}T15:41:00+08:00"},
    ):
        assert faults_of(imported(later.centre, {**rows[0], **changed})) == [
            [("reference_used", "/calls/0/reference")]
        ]
    assert faults_of(imported(later.centre, {**rows[1], "outcome": "busy"})) == [
        [("reference_used", "/calls/0/reference")]
    ]


def test_a_row_that_is_refused_keeps_no_other_out_and_says_where_it_is_wrong(later: Later) -> None:
    first, second, third, open_ = next(later.jobs), next(later.jobs), next(later.jobs), opened(later)
    taken = heard(first, answers=CONTENT)
    rows: list[dict[str, Any]] = [
        heard("D-BJ01-009999"),
        taken,
        heard(second, answers={**CONTENT, "manner": "no"}),
        heard(open_),
        heard(third, answers={**CONTENT, "disk": "不知道"}),
        heard("D-TJ01-000001"),
        heard("D-TJ01-009999"),
        heard(second, "18:00"),
        {**heard(second), "called_at": "2026-11-23T10:00:00+08:00"},
        {**heard(second), "outcome": None},
        {**heard(second, answers=CONTENT), "outcome": "busy"},
        {**heard(third, answers=CONTENT), "reference": taken["reference"].lower()},
        heard(second),
        {**heard(third), "reference": "hj-0"},
        {**heard(first), "reference": "HJ-0"},
        {**heard(third, answers=CONTENT), "reference": "HJ-0"},
        {**heard(third), "reference": "  "},
    ]
    told = imported(later.centre, *rows)
    assert faults_of(told) == [
        [("unknown_order", "/calls/0")],
        [],
        [("complaint_required", "/calls/2/complaint")],
        [("job_not_done", "/calls/3")],
        [("malformed_serial", "/calls/4/answers/disk")],
        [("order_of_other_site", "/calls/5/subject")],
        [("order_of_other_site", "/calls/6/subject")],
        [("future_date", "/calls/7/called_at")],
        [("called_before_done", "/calls/8/called_at")],
        [("call_outcome_missing", "/calls/9/outcome")],
        [("call_outcome_missing", "/calls/10/outcome")],
        [("reference_used", "/calls/11/reference")],
        [],
        [],
        [("reference_used", "/calls/14/reference")],
        [("reference_used", "/calls/15/reference")],
        [("empty_text", "/calls/16/reference")],
    ]
    assert [read(later, each)["state"] for each in (first, second, third)] == ["answered", "tried", "tried"]
    assert len(read(later, third)["course"]) == 1
    assert complaints_about(later, second) == []
    assert faults_of(imported(later.centre, heard(first))) == [[("follow_up_answered", "/calls/0")]]


def test_a_row_that_was_refused_is_never_told_as_taken(later: Later) -> None:
    number = next(later.jobs)
    row = {"site": "BJ01", "calls": [heard(number, "18:00"), heard(number)]}
    first = made(later.centre.post("/v1/follow-ups", row, key="once"))
    assert faults_of(first) == [[("future_date", "/calls/0/called_at")], []]
    later.now += 6 * HOUR_US
    again = made(later.centre.post("/v1/follow-ups", row, key="once"))
    assert faults_of(again) == [[("call_not_taken", "/calls/0/reference")], []]
    assert len(read(later, number)["course"]) == 1


def test_five_hundred_calls_are_taken_over_at_once_and_no_more(later: Later) -> None:
    number = next(later.jobs)
    rows = [heard("D-BJ01-009999") for _ in range(499)]
    told = imported(later.centre, *rows, heard(number))
    assert [each["result"] for each in told] == ["refused"] * 499 + ["taken"]
    too_many = later.centre.post("/v1/follow-ups", {"site": "BJ01", "calls": [*rows, *rows[:2]]})
    assert (too_many.status_code, too_many.json["code"]) == (400, "malformed_body")


def test_calls_are_imported_by_the_token_of_a_supervisor_and_nobody_else(later: Later) -> None:
    number = next(later.jobs)
    body = {"site": "BJ01", "calls": [heard(number)]}
    tried = {
        "role_missing": (later.of("zhang"), later.token(scopes=("read", "post"), username="zhang")),
        "token_required": (later.of("chen"), later.of("qian")),
        "scope_missing": (later.token(), later.token(username="chen")),
    }
    for code, clients in tried.items():
        for client in clients:
            assert refused(client.post("/v1/follow-ups", body)) == (403, [code])
    unbound = {"label": "无人", "site": "BJ01", "scopes": ["post"], "expires_at": "2027-06-30T00:00:00+08:00"}
    assert refused(later.of("admin").post("/v1/tokens", unbound)) == (422, ["token_needs_person"])
    elsewhere = later.centre.post("/v1/follow-ups", {**body, "site": "TJ01"})
    assert refused(elsewhere) == (403, ["role_missing"])
    assert read(later, number)["state"] == "due"


def test_a_call_centre_tells_of_no_job_that_its_supervisor_did(own: House) -> None:
    number = job(own)
    own.grant("wang", "supervisor", UNIT)
    own.now += HOUR_US
    client = center(own, "wang")
    assert faults_of(imported(client, heard(number, answers=CONTENT))) == [[("own_job", "/calls/0")]]
    assert read(own, number)["state"] == "due"


def test_the_token_of_a_supervisor_reads_its_site_alone_and_takes_no_step(later: Later) -> None:
    number = next(later.jobs)
    assert made(later.centre.get(f"/v1/follow-ups/{number}"))["state"] == "due"
    there = made(later.of("zhao").post("/v1/dispatch-orders", sent(SERVED, "TJ01", customer={
        "taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"})))["number"]  # fmt: skip
    for path in (f"/v1/dispatch-orders/{there}", f"/v1/follow-ups/{there}"):
        assert later.centre.get(path).status_code == 404
    assert refused(later.centre.get("/v1/follow-ups?site=TJ01")) == (403, ["role_missing"])
    assert {each["site"] for each in made(later.centre.get("/v1/follow-ups?limit=500"))} == {"BJ01"}
    for name in ("answer", "settle", "close"):
        step = later.centre.post(f"/v1/follow-ups/{number}/{name}", BODY[name])
        assert refused(step) == (403, ["person_required"])
