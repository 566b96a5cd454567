"""What is told of calls and complaints beside their own pages: what is due and was met, home, hand-over, notices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.conftest import ENGINES, Stores
from tests.counted_house import made
from tests.custody import DAY_US, House, begin, count_all, fill_house, sign
from tests.dispatched import done, sent
from tests.door import TODAY
from web.door import add_pages

pytestmark = pytest.mark.both_engines

DEVICES = ("661565714354", "661565720011", "661565714354")
CONTENT: dict[str, Any] = {
    "on_time": "not_agreed", "manner": "yes", "proper": "yes", "promise": "yes", "paid_fen": 0, "favour": "no",
    "solved": "yes", "disk": None, "signed": "yes", "overall": 5,
}  # fmt: skip
CHARGED = {"answers": {**CONTENT, "paid_fen": 10_000}, "complaint": "收了我一百块"}
SUBJECT = {"follow_up", "explanation", "complaint", "complaint_filing", "corrective_action"}
LATER = "2026-11-30"
NAMED = {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"}
SOLD = "661565714356"


class Lived(NamedTuple):
    """A house whose customers were called, and complained; TODAY is a Tuesday, LATER the Monday after.

    Of wang's jobs `good` was answered well, of `charged` the customer says that he took money: the complaint `found`;
    nobody called about `silent`. wang received `own` about himself. wu received `valid`, which was found so and
    resolved; LATER it is confirmed with a corrective action, and `invalid`, which is closed and not registered.
    """

    house: House
    good: str
    charged: str
    silent: str
    found: str
    own: str
    valid: str
    invalid: str


@pytest.fixture(scope="module", params=ENGINES)
def lived(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Lived]:
    house = House(stores.filled(request.param, fill_house))
    add_pages(house.app, house.services)
    yield live(house)
    house.session_store.close()
    stores.drop(house.store)


@pytest.fixture
def house(lived: Lived, stores: Stores) -> Iterator[House]:
    """A copy of it, to go on with."""
    copied = lived.house.copied(stores)
    add_pages(copied.app, copied.services)
    yield copied
    copied.session_store.close()
    stores.drop(copied.store)


def live(house: House) -> Lived:
    """The story; what it is told beside is asked LATER."""

    def post(who: str, path: str, body: Any = None) -> Any:
        return made(house.of(who).post(path, body))

    def received(who: str, about: str) -> str:
        body = {"site": "BJ01", "channel": "phone", "categories": ["manner"], "account": "态度差"}
        return str(post(who, "/v1/complaints", {**body, "about": about})["number"])

    def taken(number: str, who: str, step: str, **body: Any) -> None:
        post(who, f"/v1/complaints/{number}/{step}", body)

    jobs = []
    for serial in DEVICES:
        jobs.append(post("zhang", "/v1/dispatch-orders", sent(serial, technician="wang"))["number"])
        post("wang", f"/v1/dispatch-orders/{jobs[-1]}/service-record", done())
    good, charged, silent = jobs
    post("chen", f"/v1/follow-ups/{good}/answer", {"answers": CONTENT})
    found = post("chen", f"/v1/follow-ups/{charged}/answer", CHARGED)["complaint"]
    own, valid, invalid = received("wang", silent), received("wu", good), received("wu", good)
    for number, is_valid in ((valid, True), (invalid, False)):
        taken(number, "wu", "investigate", text="查过", valid=is_valid)
        taken(number, "li", "decide", decision="valid" if is_valid else "invalid")
    apology = {"apology_at": "2026-11-24T15:00:00+08:00", "consequence": "none"}
    house.now += 2 * DAY_US
    taken(valid, "wu", "resolve", text="道歉", **apology)
    taken(invalid, "wu", "resolve", text="已说明")
    for number in (valid, invalid):
        taken(number, "li", "confirm", word="content")
    house.now += 4 * DAY_US
    taken(valid, "wu", "correct", what="培训", owner="zhang", due_on="2026-12-04")
    taken(invalid, "li", "close")
    return Lived(house, good, charged, silent, found, own, valid, invalid)


def told(house: House, who: str = "chen", query: str = "") -> list[tuple[str, str, str, str]]:
    """The deadlines of calls and complaints at BJ01: which, of what, the last day, and how it stands."""
    rows = house.of(who).get(f"/v1/deadlines?site=BJ01{query}").json
    return [
        (each["deadline"], each["subject"], each["due_on"], each["standing"])
        for each in rows
        if each["deadline"] in SUBJECT
    ]


def test_what_customers_wait_for_is_due(lived: Lived) -> None:
    assert sorted(told(lived.house)) == sorted([
        ("follow_up", f"F{lived.silent}", "2026-11-27", "overdue"),
        ("explanation", f"F{lived.charged}", "2026-11-25", "overdue"),
        ("complaint", lived.found, "2026-11-26", "overdue"),
        ("complaint", lived.own, "2026-11-26", "overdue"),
        ("complaint_filing", lived.valid, "2026-12-01", "due"),
        ("complaint_filing", lived.invalid, "2026-12-01", "due"),
        ("corrective_action", lived.valid, "2026-12-04", "due"),
    ])  # fmt: skip


def test_what_was_done_for_them_is_met_from_the_day_it_was_done(lived: Lived) -> None:
    met = [each for each in told(lived.house, query=f"&met_since={TODAY}") if each[3].startswith("met")]
    assert sorted(met) == sorted([
        ("follow_up", f"F{lived.good}", "2026-11-27", "met"),
        ("follow_up", f"F{lived.charged}", "2026-11-27", "met"),
        ("complaint", lived.valid, "2026-11-26", "met"),
        ("complaint", lived.invalid, "2026-11-26", "met"),
    ])  # fmt: skip
    resolved = told(lived.house, query="&met_since=2026-11-26")
    assert [each for each in resolved if each[3].startswith("met")] == [
        ("complaint", lived.valid, "2026-11-26", "met"),
        ("complaint", lived.invalid, "2026-11-26", "met"),
    ]
    assert not [each for each in told(lived.house, query="&met_since=2026-11-27") if each[3] == "met"]


def test_what_comes_late_is_met_late_on_its_own_day(lived: Lived, house: House) -> None:
    wang = house.of("wang")
    made(wang.post(f"/v1/follow-ups/{lived.charged}/explain", {"text": "代收别处的款"}))
    check = {"text": "已培训", "holds": True}
    made(house.of("li").post(f"/v1/complaints/{lived.valid}/check", check))
    for number in (lived.valid, lived.invalid):
        registered = {"reference": f"TS-{number}", "day": LATER}
        made(house.of("chen").post(f"/v1/complaints/{number}/register", registered))
    met = [each for each in told(house, query=f"&met_since={LATER}") if each[3].startswith("met")]
    assert sorted(met) == sorted([
        ("explanation", f"F{lived.charged}", "2026-11-25", "met_late"),
        ("complaint_filing", lived.valid, "2026-12-01", "met"),
        ("complaint_filing", lived.invalid, "2026-12-01", "met"),
        ("corrective_action", lived.valid, "2026-12-04", "met"),
    ])  # fmt: skip
    due = [each[:2] for each in told(house) if each[3] in ("due", "overdue")]
    assert sorted(due) == sorted([
        ("follow_up", f"F{lived.silent}"), ("complaint", lived.found), ("complaint", lived.own),
    ])  # fmt: skip


def test_a_call_that_nobody_has_to_make_is_never_due(lived: Lived, house: House) -> None:
    zhang, before = house.of("zhang"), told(house)
    repair = made(zhang.post("/v1/repairs", {"site": "BJ01", "serial": DEVICES[0], "fault": "不亮"}))[
        "number"
    ]
    line = {"site": "BJ01", "business_date": LATER, "lines": [{"serial": DEVICES[0]}]}
    intake = {"type": "repair_intake", "order": repair, "fault": "不亮", "bin": "R-01"}
    made(zhang.post("/v1/documents", {**line, **intake}))
    record = {"diagnosis": "坏", "work": "修", "completed_at": f"{LATER}T09:00:00+08:00"}
    made(zhang.post("/v1/documents", {**line, "type": "repair_return", **record}))
    made(zhang.post(f"/v1/repairs/{repair}/service-record", record))
    called = made(house.of("chen").post(f"/v1/follow-ups/{repair}/attempt", {"outcome": "busy"}))
    assert (called["state"], called["is_due"]) == ("tried", False)
    assert told(house) == before
    assert home(house, "chen") == home(lived.house, "chen")
    house.now += 10 * DAY_US
    charged = {"answers": {**CONTENT, "signed": "unknown", "paid_fen": 1}, "complaint": "收了钱"}
    made(house.of("chen").post(f"/v1/follow-ups/{repair}/answer", charged))
    assert f"F{repair}" not in {each[1] for each in told(house, query=f"&met_since={TODAY}")}


# --- at home


def home(house: House, who: str) -> list[str]:
    """What the home page says of what customers wait for, line by line."""
    page = house.of(who).get("/").text
    part = page.partition('aria-labelledby="customers"')[2].partition("</section>")[0]
    return [
        " ".join(re.sub("<[^>]+>", " ", line).split()) for line in re.findall("<li.*?</li>", part, re.DOTALL)
    ]


def warnings(house: House, who: str) -> list[str]:
    """The warnings of complaints at home."""
    return re.findall('<p class="told warning"><a href="/complaints">(.*?)</a>', house.of(who).get("/").text)


def test_everybody_is_told_at_home_what_waits_for_them(lived: Lived) -> None:
    to_hand_over = "{} 件投诉的责任人不能办或逾期未办，待移交： 其中已逾期 {} {}"
    left_lying = to_hand_over.format(2, 2, f"{lived.found} {lived.own}")
    to_check = f"1 项整改待检查： {lived.valid}"
    auditors = [f"1 张单子的差异待核实处理： {lived.charged}", left_lying, to_check]
    assert home(lived.house, "chen") == [
        "1 个电话待打 其中已逾期 1",
        to_hand_over.format(1, 1, lived.own),
        f"您负责的 1 件投诉待调查： 其中已逾期 1 {lived.found}",
        to_check,
        f"2 件投诉待统一备案： {lived.valid} {lived.invalid}",
    ]
    assert home(lived.house, "li") == home(lived.house, "ma") == auditors
    assert home(lived.house, "wang") == [f"1 张单子用户说的和您填的不一样，请说明原因： {lived.charged}"]
    for who in ("wu", "zhang", "zhao", "he", "admin", "qian"):
        assert home(lived.house, who) == [], who


def test_the_owner_of_a_complaint_is_told_what_it_waits_for_whatever_their_role(
    lived: Lived, house: House
) -> None:
    numbers = {}
    for who in ("admin", "zhang", "wang"):
        body = {"site": "BJ01", "channel": "letter", "categories": ["other"], "account": "电话打不通"}
        numbers[who] = made(house.of(who).post("/v1/complaints", body))["number"]
    for who, number in numbers.items():
        assert f"您负责的 1 件投诉待调查： {number}" in home(house, who)
        made(house.of(who).post(f"/v1/complaints/{number}/investigate", {"text": "占线", "valid": False}))
        assert number not in " ".join(home(house, who))
    assert f"3 件投诉待认定： {' '.join(sorted(numbers.values()))}" in home(house, "li")


def test_valid_complaints_of_a_year_warn_before_the_tax_office_does(lived: Lived, house: House) -> None:
    near = "BJ01 近 12 个月有效投诉 1 件，再有一件就达到 2 件，税务机关可以责令整改。"
    for who, told_to in (("chen", True), ("li", True), ("he", False), ("zhang", False), ("wang", False)):
        assert warnings(lived.house, who) == ([near] if told_to else []), who
    body = {"site": "TJ01", "channel": "phone", "categories": ["manner"], "account": "态度差"}
    number = made(house.of("zhao").post("/v1/complaints", body))["number"]
    made(house.of("zhao").post(f"/v1/complaints/{number}/investigate", {"text": "属实", "valid": True}))
    made(house.of("he").post(f"/v1/complaints/{number}/decide", {"decision": "valid"}))
    reached = "近 12 个月有效投诉 2 件，已达到 2 件：税务机关可以责令整改，请赶在前面自查整改。"
    there = near.replace("BJ01", "TJ01")
    assert warnings(house, "chen") == [f"全单位 {reached}", near, there]
    assert (warnings(house, "he"), warnings(house, "ma")) == ([there], [near])
    house.now += 366 * DAY_US
    assert warnings(house, "chen") == []


# --- handed over, and told to a customer's home


def test_what_customers_wait_for_is_handed_over_with_a_site(lived: Lived, house: House) -> None:
    count_all(house)
    body = {"site": "BJ01", "channel": "letter", "categories": ["other"], "account": "电话打不通"}
    own = made(house.of("zhang").post("/v1/complaints", body))["number"]
    number = made(begin(house))["number"]
    listed = house.of("zhang").get(f"/v1/handovers/{number}").json["open_items"]
    assert listed["follow_ups"] == [f"F{lived.charged}", f"F{lived.silent}"]
    assert listed["complaints"] == [lived.found, lived.own, lived.valid, own]
    assert listed["installations"] == []
    page = house.of("zhang").get(f"/handovers/{number}").text
    assert f'href="/follow-ups/{lived.silent}"' in page
    warned = page.partition("首问负责到底")[2].partition("</p>")[0]
    assert own in warned
    assert lived.own not in warned
    assert "唯一的服务监督" not in page
    shown = {who: house.of("admin").get(f"/admin/people/{who}").text for who in ("chen", "wang", "li")}
    assert lived.found in shown["chen"]
    assert "唯一的服务监督" in shown["chen"]
    assert lived.own in shown["wang"]
    assert "首问负责到底" not in shown["li"]
    made(house.of("chen").post(f"/v1/follow-ups/{lived.silent}/answer", {"answers": CONTENT}))
    refused = sign(house, number, "outgoing")
    assert (refused.status_code, refused.json["errors"][0]["lists"]) == (409, ["follow_ups"])


def test_an_installation_that_is_given_up_is_flagged_to_the_customers_home(
    lived: Lived, house: House
) -> None:
    house.grant("sun", "clerk", "TJ01")
    sale = {"type": "sale", "site": "BJ01", "business_date": LATER, "application": "SY-9", "customer": NAMED}
    made(house.of("zhang").post("/v1/documents", {**sale, "lines": [{"serial": SOLD}]}))
    asked = {"site": "TJ01", "serial": SOLD, "mode": "download", "customer": NAMED}
    number = made(house.of("sun").post("/v1/installations", asked))["number"]

    def flags() -> list[str | None]:
        notices = house.of("zhang").get("/v1/notices?site=BJ01").json
        return [each["flag"] for each in notices if each["notice"]["under"] == number]

    assert flags() == [None]
    made(house.of("sun").post(f"/v1/installations/{number}/give-up", {"reason": "电脑太旧"}))
    assert flags() == ["given_up"]
    assert "此次安装已放弃" in house.of("zhang").get("/notices").text
