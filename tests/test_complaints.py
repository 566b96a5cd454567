"""Complaints over HTTP: whoever receives one owns it, others decide, and nobody buries one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from devices import records
from devices.calendar import day_of
from devices.journal import open_journals
from devices.paperwork.complaints import (
    COMPLAINTS,
    OWNER,
    Complainant,
    Complaint,
    ComplaintAct,
    ComplaintState,
    Measure,
)
from devices.paperwork_kinds import COMPLAINT
from devices.records import Personal
from devices.service.complaints.counting import complaints_of_year, deadlines_of_complaint, valid_in_a_year
from devices.unit import unit_of
from panku.demo import TAXPAYERS
from tests.closing import DAY_US
from tests.conftest import ENGINES, Stores
from tests.custody import House, codes, fill_house
from tests.dispatched import done, sent
from tests.door import NOW, TODAY
from tests.fighters import Fighters
from tests.test_races import asking

pytestmark = pytest.mark.both_engines

SITE, PATH = "BJ01", "/v1/complaints"
SERVED, SOLD = "661565714354", "661565714357"
CUSTOMER = "C-BJ01-000002"
ACCOUNT = "他收了我一百块钱，没有票"
NAMED = {"account": ACCOUNT, "name": "刘会计", "contact": "010-62009999"}
RECEIVED = {"site": SITE, "channel": "phone", "categories": ["charge"], **NAMED}
RECEIVED_AT = "2026-11-24T14:00:00+08:00"
ROLES = {"wu": "clerk", "sun": "clerk", "wang": "technician", "qian": "technician", "li": "auditor", "ma": "auditor",
         "chen": "supervisor", "admin": "admin", "he": None}  # fmt: skip
"""Everybody's role at the site; `he` audits another."""
COMPLAINED_OF = ("wang", "ma")
READ = ("clerk", "auditor", "supervisor")
"""Whose roles read the site."""
DONE_WITH: dict[str, Any] = {
    "hand_over": {"owner": "zhang", "reason": "原受理人离职"},
    "investigate": {"text": "核对收款记录，确有其事", "valid": True},
    "decide": {"decision": "valid"},
    "resolve": {"text": "退还一百元", "apology_at": RECEIVED_AT, "consequence": "criticised"},
    "confirm": {"word": "content"},
    "correct": {"what": "一律扫单位收款码", "owner": "sun", "due_on": "2026-12-10"},
    "check": {"text": "抽查八单，都有收款记录", "holds": True},
    "close": {},
    "register": {"reference": "HJ-1", "day": TODAY},
}
"""A sound body for each step of a valid complaint; erasing asks for a password."""
EXPLAINED = {"text": "收费有票", "apology_at": None, "consequence": None}
REMEDY: dict[bool, dict[str, Any]] = {True: {}, False: EXPLAINED}
"""How one is made good that is valid, and one that is not."""


def fill_owners(store: Any) -> None:
    """The house with a second clerk and a second technician."""
    fill_house(store)
    house = House(store)
    house.grant("sun", "clerk", SITE)
    house.grant("qian", "technician", SITE)
    house.session_store.close()


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    store = stores.filled(request.param, fill_owners)
    opened = House(store)
    opened.keys = itertools.count(1000)
    yield opened
    stores.drop(store)


@pytest.fixture(scope="module")
def fighters() -> Iterator[Fighters]:
    """The processes that fight."""
    team = Fighters()
    yield team
    team.end()


def made(answer: Any) -> Any:
    """What was answered, of a request that is not refused."""
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def refused(answer: Any) -> tuple[int, list[str]]:
    """How a request was refused."""
    return answer.status_code, codes(answer)


def receive(house: House, who: str = "wu", **more: Any) -> Any:
    return made(house.of(who).post(PATH, {**RECEIVED, **more}))


def step(house: House, number: str, name: str, who: str, **more: Any) -> Any:
    """Take a step with a sound body, but for what is told otherwise."""
    password = {"password": house.password(who)}
    body = password if name == "erase" else {**DONE_WITH[name], **more}
    return house.of(who).post(f"{PATH}/{number}/{name.replace('_', '-')}", body)


def take(house: House, number: str, *steps: tuple[str, str] | tuple[str, str, dict[str, Any]]) -> Any:
    """Take several steps, each by somebody; what the last was answered."""
    for name, who, *more in steps:
        answer = made(step(house, number, name, who, **(more[0] if more else {})))
    return answer


def told(house: House, number: str, who: str = "wu") -> Any:
    return made(house.of(who).get(f"{PATH}/{number}"))


def stands(house: House, state: ComplaintState, **changes: Any) -> str:
    """The number of a complaint that stands in a state, written as the acts would have left it."""
    is_valid = {"received": None, "investigated": None, "invalid": False}.get(state, True)
    with house.store.writing():
        writer = open_journals(house.store, [SITE], house.now)
        value = Complaint(
            records.next_number(house.store, COMPLAINT, SITE), SITE, "phone", NOW, "wu", "wu", ("charge",),
            persons=COMPLAINED_OF, state=state, valid=is_valid,
            measure=Measure("扫码", "sun", "2026-12-10") if state == "correcting" else None,
            course=(ComplaintAct("receive", NOW, "wu"), ComplaintAct("investigate", NOW, "wu", valid=True)),
        )  # fmt: skip
        unit = unit_of(house.store)
        assert unit is not None
        personal = Personal(records.encode(Complainant(**NAMED)))
        value = msgspec.structs.replace(value, **changes)
        records.write(writer, COMPLAINT, value, by="wu", expected=0, personal=personal, secret=unit.secret)
    return value.number


def job(house: House, who: str = "zhang", filed_by: str = "wang", site: str = SITE, **more: Any) -> str:
    """The number of a job that was done at the customer's."""
    opened = made(house.of(who).post("/v1/dispatch-orders", sent(SERVED, site, technician="wang", **more)))[
        "number"
    ]
    made(house.of(filed_by).post(f"/v1/dispatch-orders/{opened}/service-record", done()))
    return str(opened)


def due(house: House, number: str) -> dict[str, str]:
    """How a complaint stands under each of its deadlines, and until which day."""
    found = records.current(house.store, COMPLAINT, number)
    assert found is not None
    site = records.sites_by_code(house.store)[found[0].site]
    return {
        each.deadline: f"{each.standing} {each.due_on}"
        for each in deadlines_of_complaint(found[0], site, day_of(house.now))
    }


# --- who may do what


def expected(name: str, state: str, who: str) -> tuple[int, str]:
    """How somebody's step is answered, by the table, of a valid complaint of the clerk wu's."""
    declared, role = COMPLAINTS.step[name], ROLES[who]
    if role is None:
        return 404, "not_found"
    if OWNER not in declared.who and role not in declared.who:
        return (403, "role_missing") if role in READ else (404, "not_found")
    if role not in READ:
        return 404, "not_found"
    if state not in declared.before:
        return 409, "complaint_out_of_order"
    if OWNER in declared.who:
        return (200, "") if who == "wu" else (403, "not_the_owner")
    if who in COMPLAINED_OF and name != "register":
        return 403, "complained_of"
    if name == "hand_over":
        return 409, "owner_fixed"
    return (409, "measure_required") if name == "close" else (200, "")


@pytest.mark.parametrize("state", COMPLAINTS.states)
def test_each_step_is_taken_by_whose_it_is_and_by_nobody_else(house: House, state: ComplaintState) -> None:
    number = stands(house, state)
    for who, role in ROLES.items():
        taken: list[str] = []
        for declared in COMPLAINTS.steps:
            status, code = expected(declared.name, state, who)
            if status == 200:
                taken.append(declared.name)
                more: dict[str, dict[str, Any]] = {
                    "register": {"reference": f"{state}-{who}"},
                    "resolve": REMEDY[state == "valid"],
                }
                told_of = more.get(declared.name, {})
                answer = made(step(house, stands(house, state), declared.name, who, **told_of))
                assert answer["state"] in [way or state for way in declared.ways], declared.name
                first = (
                    answer["received_at"],
                    answer["received_by"],
                    answer["categories"],
                    answer["persons"],
                )
                assert first == (RECEIVED_AT, "wu", ["charge"], list(COMPLAINED_OF)), (
                    "it stays as it was received"
                )
                continue
            with house.unchanged():
                answer = step(house, number, declared.name, who)
            assert refused(answer) == (status, [code]), (declared.name, who)
        if role in READ:
            assert told(house, number, who)["next"] == taken, who
        else:
            assert house.of(who).get(f"{PATH}/{number}").status_code == 404, who


def test_a_stranger_a_token_that_reads_and_one_of_no_person_take_no_step(house: House) -> None:
    number = stands(house, "investigated")
    for client, answered in (
        (house.nobody(), (401, ["sign_in_required"])),
        (house.token(SITE), (403, ["person_required"])),
        (house.token(SITE, ("read", "post"), "chen"), (403, ["person_required"])),
    ):
        assert refused(client.post(f"{PATH}/{number}/decide", DONE_WITH["decide"])) == answered
    received = made(house.token(SITE, ("read", "post"), "wu").post(PATH, RECEIVED))
    assert (received["owner"], received["complainant"]["account"]) == ("wu", ACCOUNT)
    assert refused(house.token(SITE).post(PATH, RECEIVED)) == (403, ["scope_missing"])


def test_whoever_did_the_job_decides_nothing_of_it(house: House) -> None:
    number = stands(house, "investigated", persons=(), workers=("chen", "li"), about="D-BJ01-000001")
    for who in ("chen", "li"):
        with house.unchanged():
            assert refused(step(house, number, "decide", who)) == (403, ["own_job"])
        assert told(house, number, who)["next"] == []
    assert made(step(house, number, "decide", "ma"))["state"] == "valid"


# --- received


def test_one_received_by_whom_it_is_of_goes_to_somebody_else(house: House) -> None:
    number = receive(house, "wang", about=job(house))["number"]
    kept = told(house, number, "wang")
    assert (kept["owner"], kept["persons"], kept["workers"]) == ("wang", ["wang"], ["wang"])
    assert (kept["complainant"]["account"], kept["next"]) == (ACCOUNT, [])
    with house.unchanged():
        assert refused(step(house, number, "investigate", "wang")) == (403, ["complained_of"])
        for unfit in ("wang", "zhao", "nobody.there"):
            answer = step(house, number, "hand_over", "chen", owner=unfit)
            assert refused(answer) == (422, ["owner_unfit"]), unfit
    assert told(house, number, "chen")["next"] == ["hand_over"]
    handed = made(step(house, number, "hand_over", "chen", owner="qian"))
    assert (handed["owner"], handed["received_by"]) == ("qian", "wang")
    assert house.of("wang").get(f"{PATH}/{number}").status_code == 404
    assert number not in [each["number"] for each in made(house.of("wang").get(PATH))]
    assert told(house, number, "qian")["next"] == ["investigate"]
    assert number in [each["number"] for each in made(house.of("qian").get(f"{PATH}?site={SITE}"))]


def test_a_clerk_complained_of_reads_no_word_of_it_once_it_is_somebody_elses(house: House) -> None:
    number = receive(house, "wu", persons=["wu"])["number"]
    assert told(house, number, "wu")["complainant"]["account"] == ACCOUNT
    take(house, number, ("hand_over", "li"))
    assert told(house, number, "wu")["complainant"] is None
    assert told(house, number, "sun")["complainant"]["name"] == "刘会计"
    assert made(house.token(SITE).get(f"{PATH}/{number}"))["complainant"] is None, "it may be wu's"
    bound = house.token(SITE, ("read", "post"), "wu")
    assert made(bound.get(f"{PATH}/{number}"))["complainant"] is None


def test_technicians_and_administrators_read_their_own_and_no_others(house: House) -> None:
    own = {who: receive(house, who)["number"] for who in ("qian", "admin")}
    other = receive(house)["number"]
    for who, number in own.items():
        assert told(house, number, who)["complainant"]["account"] == ACCOUNT
        listed = [each["number"] for each in made(house.of(who).get(PATH))]
        assert number in listed
        assert other not in listed
        assert house.of(who).get(f"{PATH}/{other}").status_code == 404
        assert refused(step(house, other, "investigate", who)) == (404, ["not_found"])
        assert made(step(house, number, "investigate", who))["state"] == "investigated"
    assert ACCOUNT not in house.of("chen").get(PATH).text
    assert house.of("he").get(f"{PATH}/{other}").status_code == 404


def test_what_it_is_about_says_whose_it_is_and_who_did_it(house: House) -> None:
    done_job = job(house)
    about = receive(house, about=done_job, persons=["wu"])
    assert (about["customer"], about["serials"], about["persons"]) == (CUSTOMER, [SERVED], ["wu", "wang"])
    repair = made(house.of("zhang").post("/v1/repairs", {"site": SITE, "serial": SERVED, "fault": "坏"}))
    theirs = receive(house, about=repair["number"])
    assert (theirs["customer"], theirs["persons"]) == (CUSTOMER, [])
    named = {"taxpayer_id": TAXPAYERS[1][0], "name": TAXPAYERS[1][1]}
    sale = {"type": "sale", "site": SITE, "business_date": TODAY, "application": "SY-9", "customer": named}
    sold = made(house.of("zhang").post("/v1/documents", {**sale, "lines": [{"serial": SOLD}]}))["number"]
    document = receive(house, about=sold)
    assert (document["customer"], document["workers"]) == (CUSTOMER, ["zhang"])
    asked = {
        "site": SITE,
        "serial": SOLD,
        "mode": "on_site",
        "dispatch_order": {"fault": "装", "technician": "wang"},
    }
    installation = made(house.of("wu").post("/v1/installations", asked))["number"]
    assert receive(house, about=installation)["persons"] == ["wang"]
    other = {"taxpayer_id": TAXPAYERS[0][0], "name": TAXPAYERS[0][1]}
    for body, code in (
        ({"about": "D-BJ01-999999"}, "unknown_order"),
        ({"about": "BJ01-2026-999999"}, "unknown_document"),
        ({"about": sold, "site": "TJ01"}, "unknown_document"),
        ({"about": done_job, "site": "TJ01"}, "order_of_other_site"),
        ({"about": done_job, "customer": other}, "about_other_customer"),
        ({"about": sold, "customer": other}, "about_other_customer"),
        ({"customer": {**named, "name": "别家"}}, "customer_not_matched"),
        ({"serials": ["999999999999"]}, "unknown_serial"),
        ({"persons": ["nobody.there"]}, "unknown_person"),
        ({"received_at": "2026-11-25T10:00:00+08:00"}, "future_date"),
    ):
        who = "zhao" if body.get("site") == "TJ01" else "wu"
        with house.unchanged():
            assert refused(house.of(who).post(PATH, {**RECEIVED, **body})) == (422, [code]), body
    for body in ({"channel": "follow_up"}, {"categories": []}, {"account": ""}):
        assert house.of("wu").post(PATH, {**RECEIVED, **body}).status_code == 400, body
    assert refused(house.of("zhao").post(PATH, RECEIVED)) == (403, ["role_missing"])


def test_nobody_writes_one_out_of_the_year_by_the_day_it_is_said_to_have_come(house: House) -> None:
    number = receive(house, received_at="2024-01-05T09:00:00+08:00", persons=["wu"])["number"]
    take(house, number, ("hand_over", "chen"), ("investigate", "zhang"), ("decide", "chen"))
    today = date.fromisoformat(TODAY)
    assert due(house, number)["complaint"] == "overdue 2024-01-09", "it is late, and in no other way"
    for day, counts in (
        (today, True), (date(2027, 11, 23), True), (date(2027, 11, 24), False),
    ):  # fmt: skip
        assert (number in [each.number for each in valid_in_a_year(house.store, [SITE], day)]) is counts, day
    assert valid_in_a_year(house.store, [SITE], date(2028, 2, 29)) == []


# --- worked on


def test_a_valid_one_of_a_customer_nobody_knew_goes_to_its_end(house: House) -> None:
    received = receive(house, persons=["wang"])
    number = received["number"]
    assert (received["customer"], received["state"], due(house, number)) == (
        None, "received", {"complaint": "due 2026-11-26"},
    )  # fmt: skip
    customer = {"customer": {"number": CUSTOMER}, "persons": ["qian"]}
    found = made(step(house, number, "investigate", "wu", **customer))
    assert (found["customer"], found["customer_shown"]["name"]) == (CUSTOMER, TAXPAYERS[1][1])
    for verdict, code in (
        ({"cleared": ["qian"]}, "reason_required"),
        ({"cleared": ["zhang"], "reason": "当天休息"}, "not_complained_of"),
    ):
        with house.unchanged():
            assert refused(step(house, number, "decide", "chen", **verdict)) == (422, [code])
    decided = made(step(house, number, "decide", "chen", cleared=["qian"], reason="当天休息"))
    assert (decided["valid"], decided["cleared"]) == (True, ["qian"])
    with house.unchanged():
        assert refused(step(house, number, "resolve", "wu", consequence=None)) == (
            422,
            ["consequence_required"],
        )
    for told_of, code in (
        ({"apology_at": None}, "apology_required"),
        ({"consequence": None}, "consequence_required"),
        ({"apology_at": "2026-11-25T10:00:00+08:00"}, "future_date"),
        ({"apology_at": "2026-11-23T10:00:00+08:00"}, "before_received"),
    ):
        with house.unchanged():
            assert refused(step(house, number, "resolve", "wu", **told_of)) == (422, [code])
    assert made(step(house, number, "resolve", "wu"))["resolved_at"] is not None
    assert due(house, number) == {"complaint": "met 2026-11-26", "complaint_filing": "due 2026-11-27"}
    with house.unchanged():
        assert refused(step(house, number, "confirm", "li", word="not_content")) == (422, ["reason_required"])
    back = made(step(house, number, "confirm", "li", word="not_content", reason="钱还没到"))
    assert (back["state"], back["valid"], back["resolved_at"], back["not_content"]) == (
        "valid",
        True,
        None,
        1,
    )
    assert due(house, number)["complaint"] == "due 2026-11-26", "no clock begins anew"
    take(house, number, ("resolve", "wu"), ("confirm", "li"))
    for measure, code in (
        ({"owner": "he"}, "measurer_unfit"),
        ({"owner": "nobody.there"}, "measurer_unfit"),
        ({"due_on": "2026-11-23"}, "day_past"),
        ({"due_on": "2027-02-23"}, "day_too_far"),
        ({"due_on": "2026-13-40"}, "malformed_date"),
    ):
        with house.unchanged():
            assert refused(step(house, number, "correct", "wu", **measure)) == (422, [code]), measure
    with house.unchanged():
        assert refused(step(house, number, "close", "li")) == (409, ["measure_required"])
    take(house, number, ("correct", "wu", {"owner": "ma"}))
    assert due(house, number)["corrective_action"] == "due 2026-12-10"
    with house.unchanged():
        assert refused(step(house, number, "check", "ma")) == (403, ["own_measure"])
    assert made(step(house, number, "check", "li", holds=False))["state"] == "correcting"
    ended = made(step(house, number, "check", "chen"))
    assert (ended["state"], ended["closed_on"]) == ("closed", TODAY)
    assert due(house, number)["corrective_action"] == "met 2026-12-10"
    kept = records.current(house.store, COMPLAINT, number)
    assert kept is not None
    assert kept[0].vetoed == ("wang",)
    assert [act["step"] for act in ended["course"]] == [
        "receive", "investigate", "decide", "resolve", "confirm", "resolve", "confirm", "correct", "check", "check",
    ]  # fmt: skip
    assert house.faults() == []


def test_an_invalid_one_of_whom_the_customer_is_not_content_is_decided_anew(house: House) -> None:
    number = receive(house, persons=["wang"])["number"]
    take(house, number, ("investigate", "wu", {"valid": False}))
    with house.unchanged():
        assert refused(step(house, number, "decide", "li")) == (422, ["reason_required"])
    take(house, number, ("decide", "li", {"decision": "received", "reason": "没有问过用户"}))
    with house.unchanged():
        answer = step(
            house, number, "investigate", "wu", customer={"taxpayer_id": TAXPAYERS[1][0], "name": "别家"}
        )
        assert refused(answer) == (422, ["customer_not_matched"])
    refusing, not_content = {"decision": "invalid"}, {"word": "not_content", "reason": "不服"}
    take(house, number, ("investigate", "wu", {"valid": False}))
    for round_ in (1, 2):
        take(house, number, ("decide", "chen", refusing))
        with house.unchanged():
            answer = step(house, number, "resolve", "wu", **{**EXPLAINED, "consequence": "fined"})
            assert refused(answer) == (409, ["complaint_not_valid"])
        assert made(step(house, number, "resolve", "wu", **EXPLAINED))["resolved_at"] is not None
        back = made(step(house, number, "confirm", "li", **not_content))
        assert (back["state"], back["valid"], back["resolved_at"]) == ("investigated", None, None)
        assert (back["not_content"], due(house, number)["complaint"]) == (round_, "due 2026-11-26")
    take(house, number, ("decide", "chen", refusing), ("resolve", "wu", EXPLAINED))
    third = made(step(house, number, "confirm", "li", **not_content))
    assert (third["state"], third["valid"], third["not_content"]) == ("confirmed", False, 3)
    with house.unchanged():
        assert refused(step(house, number, "correct", "wu")) == (409, ["complaint_not_valid"])
    closed = made(step(house, number, "close", "ma", reason="已三次说明"))
    assert (closed["state"], closed["closed_on"], due(house, number)["complaint"]) == (
        "closed", TODAY, "met 2026-11-26",
    )  # fmt: skip
    kept = records.current(house.store, COMPLAINT, number)
    assert kept is not None
    assert kept[0].vetoed == ()


def test_one_that_is_decided_anew_may_be_valid_after_all(house: House) -> None:
    number = receive(house)["number"]
    take(
        house, number, ("investigate", "wu", {"valid": False}), ("decide", "li", {"decision": "invalid"}),
        ("resolve", "wu", EXPLAINED), ("confirm", "chen", {"word": "not_content", "reason": "有收条"}),
    )  # fmt: skip
    with house.unchanged():
        assert refused(step(house, number, "decide", "li")) == (422, ["reason_required"])
    decided = made(step(house, number, "decide", "li", reason="看到收条", persons=["wu"]))
    assert (decided["valid"], decided["persons"]) == (True, ["wu"])
    with house.unchanged():
        assert refused(step(house, number, "resolve", "wu")) == (403, ["complained_of"])
    ended = take(
        house, number, ("hand_over", "li"), ("resolve", "zhang"),
        ("confirm", "li", {"word": "unreached", "reason": "号码已停"}), ("correct", "zhang"), ("check", "li"),
    )  # fmt: skip
    assert ended["state"] == "closed"


PLACES = [
    (owner, person)
    for owner in ("wu", "chen", "li")
    for person in (None, "chen", "li", "wu")
]  # fmt: skip


def test_one_supervisor_and_one_auditor_are_enough_whoever_of_them_owns_it_or_is_complained_of(
    house: House, stores: Stores
) -> None:
    small = house.copied(stores)
    small.revoke("ma", "auditor", SITE)
    for owner, person in PLACES:
        number = receive(small, owner, persons=[person] if person else [])["number"]
        for _ in range(12):
            going = next(_going(small, number), None)
            assert going is not None, f"nobody goes on with {owner}'s of {person}"
            answer = take(small, number, going)
            if answer["state"] == "closed":
                break
        assert (answer["state"], answer["valid"]) == ("closed", True), (owner, person)
        deciders = {act["by"] for act in answer["course"] if act["step"] in ("decide", "confirm", "check")}
        assert deciders <= {"chen", "li"} - {person}
    assert small.faults() == []
    small.session_store.close()
    stores.drop(small.store)


def _going(house: House, number: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The steps that somebody may take, the one by which another becomes its owner the last of them."""
    last = []
    for who in ("wu", "chen", "li", "zhang"):
        for name in told(house, number, who)["next"]:
            if name not in ("hand_over", "register"):
                yield name, who, {}
            elif name == "hand_over":
                last.append((name, who, {"owner": "zhang"}))
    yield from last


def test_no_measure_is_given_to_the_last_who_could_check_it(house: House, stores: Stores) -> None:
    number = stands(house, "confirmed", persons=("ma", "chen"))
    with house.unchanged():
        assert refused(step(house, number, "correct", "wu", owner="li")) == (422, ["checker_missing"])
    assert made(step(house, number, "correct", "wu", owner="ma"))["state"] == "correcting"
    assert told(house, number, "li")["next"] == ["check"]


def test_the_owner_who_left_hands_it_to_nobody_and_another_is_chosen(house: House, stores: Stores) -> None:
    left = house.copied(stores)
    number = receive(left, "sun")["number"]
    with left.unchanged():
        assert refused(step(left, number, "hand_over", "chen")) == (409, ["owner_fixed"])
    left.revoke("sun", "clerk", SITE)
    assert left.of("sun").get(f"{PATH}/{number}").status_code == 404
    assert made(step(left, number, "hand_over", "chen"))["owner"] == "zhang"
    left.session_store.close()
    stores.drop(left.store)


def test_who_lets_the_days_pass_loses_it_and_the_days_go_on(house: House, stores: Stores) -> None:
    """Nobody else may investigate: an owner who does nothing would bury it."""
    idle = house.copied(stores)
    number, judged = receive(idle)["number"], stands(idle, "investigated")
    idle.now += 2 * DAY_US  # the last day, 26 November
    with idle.unchanged():
        assert refused(step(idle, number, "hand_over", "chen", owner="zhang")) == (409, ["owner_fixed"])
    idle.now += DAY_US
    with idle.unchanged():
        assert refused(step(idle, judged, "hand_over", "chen", owner="zhang")) == (409, ["owner_fixed"])
    own = receive(idle, "chen", received_at="2026-11-24T08:00:00+08:00")["number"]
    with idle.unchanged():
        assert refused(step(idle, own, "hand_over", "chen", owner="zhang")) == (409, ["owner_fixed"])
    assert made(step(idle, number, "hand_over", "chen", owner="zhang"))["owner"] == "zhang"
    assert refused(step(idle, number, "investigate", "wu")) == (403, ["not_the_owner"])
    assert due(idle, number)["complaint"] == "overdue 2026-11-26"
    idle.session_store.close()
    stores.drop(idle.store)


# --- registered, counted


def test_a_number_of_the_call_centre_is_of_one_complaint(house: House) -> None:
    first, second = stands(house, "resolved"), stands(house, "closed")
    for told_of, code in (
        ({"day": "2026-11-25"}, "future_date"),
        ({"day": "2026-11-23"}, "before_received"),
        ({"day": "2026-02-30"}, "malformed_date"),
    ):
        with house.unchanged():
            assert refused(step(house, first, "register", "chen", **told_of)) == (422, [code])
    assert step(house, first, "register", "chen", reference="").status_code == 400
    assert made(step(house, first, "register", "chen", reference="HJ-77"))["registered"]["day"] == TODAY
    with house.unchanged():
        answer = step(house, second, "register", "chen", reference=" hj-７７")
    assert refused(answer) == (409, ["registered_already"])
    assert answer.json["errors"][0]["complaint"] == first
    again = made(step(house, first, "register", "chen", reference="HJ-78"))
    assert (again["registered"]["reference"], len(again["course"])) == ("HJ-78", 4)
    assert made(step(house, second, "register", "chen", reference="HJ-77"))["state"] == "closed"


def test_two_valid_ones_in_a_year_are_told_of_before_the_tax_office_does(
    house: House, stores: Stores
) -> None:
    counted = house.copied(stores)
    before = {
        each.site: each
        for each in complaints_of_year(counted.store, [SITE, "TJ01"], date.fromisoformat(TODAY))
    }
    assert "TJ01" not in before
    for n in (1, 2):
        body = {**RECEIVED, "site": "TJ01"}
        number = made(counted.of("zhao").post(PATH, body))["number"]
        take(counted, number, ("investigate", "zhao"), ("decide", "he" if n == 1 else "chen"))
        (year,) = complaints_of_year(counted.store, ["TJ01"], date.fromisoformat(TODAY))
        assert (len(year.valid), year.warned_from, year.is_reached) == (n, 2, n == 2)
    later = date.fromisoformat(TODAY) + timedelta(days=366)
    assert complaints_of_year(counted.store, ["TJ01"], later) == []
    counted.session_store.close()
    stores.drop(counted.store)


# --- at once


def test_of_two_who_decide_at_once_one_has_decided(house: House, fighters: Fighters) -> None:
    number = stands(house, "investigated", persons=())
    answers = fighters.fight(
        house.store,
        [
            asking(
                house.of(who),
                "POST",
                f"{PATH}/{number}/decide",
                {"decision": decision, "reason": "查验"},
                key=f"d-{who}",
            )
            for who, decision in (("chen", "valid"), ("li", "invalid"))
        ],
    )
    assert sorted(answer.code for answer in answers) == ["complaint_out_of_order", "won"]
    kept = told(house, number)
    assert len([act for act in kept["course"] if act["step"] == "decide"]) == 1
    assert kept["valid"] == answers[0].won


def test_one_number_of_the_call_centre_told_twice_at_once_is_of_one(house: House, fighters: Fighters) -> None:
    numbers = [stands(house, "resolved") for _ in range(2)]
    body = {"reference": "HJ-100", "day": TODAY}
    answers = fighters.fight(
        house.store,
        [
            asking(house.of("chen"), "POST", f"{PATH}/{number}/register", body, key=f"r-{number}")
            for number in numbers
        ],
    )
    assert sorted(answer.code for answer in answers) == ["registered_already", "won"]


# --- forgotten


def personal_rows(house: House) -> list[str]:
    """Everything that is kept of people, wherever."""
    return [
        content for (content,) in house.store.rows("SELECT content FROM personal WHERE content IS NOT NULL")
    ]


def test_nothing_that_a_customer_said_is_in_the_chain_or_a_list(house: House) -> None:
    number = receive(house)["number"]
    for (content,) in house.store.rows(
        "SELECT content FROM revision WHERE kind = 'complaint' AND key = ?", (number,)
    ):
        assert not any(text in content for text in NAMED.values())
    for path in (PATH, f"/v1/changes?site={SITE}&limit=500"):
        assert not any(text in house.of("chen").get(path).text for text in NAMED.values())


def test_one_of_a_customer_nobody_knows_is_erased_by_itself_and_its_figures_stay(house: House) -> None:
    number = receive(house, persons=["ma"], account="只此一家的话")["number"]
    with house.unchanged():
        assert refused(step(house, number, "erase", "li")) == (409, ["complaint_out_of_order"])
    before = take(
        house, number, ("investigate", "wu"), ("decide", "chen"), ("resolve", "wu"), ("confirm", "chen"),
        ("correct", "wu"), ("check", "chen"),
    )  # fmt: skip
    with house.unchanged():
        assert refused(step(house, number, "erase", "chen")) == (403, ["role_missing"])
        assert refused(step(house, number, "erase", "ma")) == (403, ["complained_of"])
        wrong = house.of("li").post(f"{PATH}/{number}/erase", {"password": "not at all it"})
        assert wrong.status_code in (401, 403)
    assert any("只此一家的话" in content for content in personal_rows(house))
    after = made(step(house, number, "erase", "li"))
    assert (after["erased"], after["complainant"], after["commitment"]) == (True, None, "")
    assert not any("只此一家的话" in content for content in personal_rows(house))
    assert after["course"][:-1] == before["course"]
    stays = set(before) - {"erased", "complainant", "commitment", "course", "next"}
    assert {name: after[name] for name in stays} == {name: before[name] for name in stays}
    assert "erase" not in after["next"]
    with house.unchanged():
        assert refused(step(house, number, "erase", "li")) == (409, ["complaint_erased"])
    assert house.faults() == []


def test_a_customer_who_complained_is_kept_until_it_is_closed_and_then_forgotten(house: House) -> None:
    theirs = {"taxpayer_id": "91110000600037341L", "name": "甲公司"}
    sale = {"type": "sale", "site": SITE, "business_date": TODAY, "application": "SY-7", "customer": theirs}
    serial = {"lines": [{"serial": "661565714358"}]}
    sold = made(house.of("zhang").post("/v1/documents", {**sale, **serial}))["number"]
    received = receive(house, about=sold)
    number, customer = received["number"], received["customer"]
    undone = {
        "type": "sale_cancellation",
        "site": SITE,
        "business_date": TODAY,
        "reason": "退单",
        "bin": "M-01",
    }
    made(house.of("zhang").post("/v1/documents", {**undone, **serial}))
    forget = f"/v1/customers/{customer}/erase", {"password": house.password("li")}
    with house.unchanged():
        answer = house.of("li").post(*forget)
    assert refused(answer) == (409, ["customer_has_open_service"])
    assert answer.json["errors"][0]["records"] == [number]
    before = take(
        house, number, ("investigate", "wu"), ("decide", "chen"), ("resolve", "wu"), ("confirm", "chen"),
        ("correct", "wu"), ("check", "chen"), ("register", "chen", {"reference": "HJ-甲"}),
    )  # fmt: skip
    assert before["complainant"]["account"] == ACCOUNT
    made(house.of("li").post(*forget))
    after = told(house, number, "chen")
    assert (after["erased"], after["complainant"], after["customer_shown"]) == (True, None, {
        **after["customer_shown"], "erased": True, "name": None,
    })  # fmt: skip
    stays = set(before) - {"erased", "complainant", "commitment", "customer_shown", "next"}
    assert {name: after[name] for name in stays} == {name: before[name] for name in stays}
    assert [each.number for each in valid_in_a_year(house.store, [SITE], date.fromisoformat(TODAY))].count(
        number
    ) == 1
    anew = receive(house, about=sold)
    assert (anew["customer"], anew["about"], anew["complainant"]["account"]) == (None, sold, ACCOUNT)
    assert house.faults() == []


def test_a_site_sees_the_customer_of_another_for_as_long_as_their_complaint_is_open(house: House) -> None:
    named = {"taxpayer_id": TAXPAYERS[1][0], "name": TAXPAYERS[1][1]}
    body = {**RECEIVED, "site": "TJ01", "customer": named}
    received = made(house.of("zhao").post(PATH, body))
    number = received["number"]
    assert (received["customer"], received["customer_shown"]["name"]) == (CUSTOMER, named["name"])
    assert made(house.of("zhao").get(f"/v1/customers/{CUSTOMER}"))["data"]["name"] == named["name"]
    take(
        house, number, ("investigate", "zhao", {"valid": False}), ("decide", "he", {"decision": "invalid"}),
        ("resolve", "zhao", EXPLAINED), ("confirm", "he"), ("close", "he"),
    )  # fmt: skip
    assert house.of("zhao").get(f"/v1/customers/{CUSTOMER}").status_code == 404
    assert told(house, number, "zhao")["customer_shown"] is None


def test_a_customer_is_not_erased_while_their_complaint_is_received_elsewhere(
    house: House, stores: Stores, fighters: Fighters
) -> None:
    both = house.copied(stores)
    theirs = {"taxpayer_id": "91110000600037341L", "name": "乙公司"}
    sale = {"type": "sale", "site": SITE, "business_date": TODAY, "application": "SY-8", "customer": theirs}
    serial = {"lines": [{"serial": "661565714359"}]}
    made(both.of("zhang").post("/v1/documents", {**sale, **serial}))
    undone = {
        "type": "sale_cancellation",
        "site": SITE,
        "business_date": TODAY,
        "reason": "退单",
        "bin": "M-01",
    }
    made(both.of("zhang").post("/v1/documents", {**undone, **serial}))
    (found,) = made(both.of("zhang").post("/v1/customers/lookup", theirs))
    erasing = {"password": both.password("li")}
    answers = fighters.fight(
        both.store,
        [
            asking(
                both.of("zhao"),
                "POST",
                PATH,
                {**RECEIVED, "site": "TJ01", "customer": theirs},
                key="complain",
            ),
            asking(both.of("li"), "POST", f"/v1/customers/{found['number']}/erase", erasing, key="erase"),
        ],
    )
    told_of = tuple(answer.code for answer in answers)
    assert told_of in (
        ("won", "customer_has_open_service"),
        ("won", "race_lost"),
        ("customer_not_matched", "won"),
        ("customer_erased", "won"),
    )
    assert both.faults() == []
    both.session_store.close()
    stores.drop(both.store)
