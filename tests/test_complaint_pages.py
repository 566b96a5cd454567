"""The pages of complaints: by what they wait for and whom, received by anybody, with the forms of what one may do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from api.resources.customers import EraseBody
from api.resources.service.complaints import COMPLAINT_BODIES
from devices import records
from devices.calendar import told_moment
from devices.paperwork.complaints import COMPLAINTS
from devices.paperwork_kinds import COMPLAINT
from devices.service.complaints.waiting import complaints_about
from tests.conftest import ENGINES, Stores
from tests.custody import DAY_US, House, fill_house
from tests.dispatched import sent
from tests.door import TODAY
from web.door import add_pages
from web.views.service.complaint_forms import COMPLAINT_FORMS

SERVED = "661565714354"
SAID, CONTACT = "师傅收了我 100 元现金", "010-62000000"
TOLD: dict[str, dict[str, Any]] = {
    "investigate": {"text": "收据与上门服务单不符", "valid": True},
    "decide": {"decision": "valid"},
    "resolve": {"text": "退还 100 元"},
    "confirm": {"word": "content"},
    "register": {"reference": "HJ-1", "day": "2026-11-24"},
}


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    """One house for all; every test has complaints of its own."""
    opened = House(stores.filled(request.param, fill_house)).copied(stores)
    add_pages(opened.app, opened.services)
    yield opened
    opened.session_store.close()
    stores.drop(opened.store)


def page(house: House, path: str, who: str = "chen") -> str:
    answer = house.of(who).get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def received(house: House, who: str = "wu", **more: Any) -> str:
    body = {"site": "BJ01", "channel": "phone", "categories": ["charge"], "account": SAID, "name": "刘会计",
            "contact": CONTACT, **more}  # fmt: skip
    house.now += 1_000_000
    answer = house.of(who).post("/v1/complaints", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["number"])


def take(house: House, number: str, name: str, who: str, **changes: Any) -> None:
    house.now += 1_000_000
    apology = {"apology_at": told_moment(house.now)} if name == "resolve" else {}
    body = {**TOLD.get(name, {}), **apology, **changes}
    answer = house.of(who).post(f"/v1/complaints/{number}/{name.replace('_', '-')}", body)
    assert answer.status_code == 200, answer.text


def forms(text: str) -> list[str]:
    """The steps that a page has a form for, in its order."""
    return re.findall(r'data-api="POST /v1/complaints/[A-Z0-9-]+/([a-z-]+)"', text)


def lane_of(house: House, number: str, who: str = "chen") -> list[str]:
    """The parts of the list in which a complaint stands."""
    text = page(house, "/complaints", who)
    sections = re.findall(r'<section aria-labelledby="(\w+)">(.*?)</section>', text, re.DOTALL)
    return [lane for lane, told in sections if f"/complaints/{number}" in told]


def test_each_stands_where_it_waits_and_names_who_may_go_on(house: House) -> None:
    number = received(house)
    here = f"/complaints/{number}"
    assert lane_of(house, number) == ["investigate"]
    assert "要由责任人调查。</strong>\n等待：wu（首问责任人）" in page(house, here)
    assert (forms(page(house, here, "wu")), forms(page(house, here))) == (["investigate"], [])
    take(house, number, "investigate", "wu")
    assert lane_of(house, number) == ["decide"]
    assert "等待：chen、li、ma" in page(house, here, "wu").replace("陈静", "chen").replace("李静", "li")
    assert (forms(page(house, here, "wu")), forms(page(house, here))) == ([], ["decide"])
    assert re.search(r"<strong>您</strong>、\s*李静、\s*ma", page(house, "/complaints"))
    take(house, number, "decide", "li")
    assert lane_of(house, number) == ["resolve"]
    take(house, number, "resolve", "wu")
    assert lane_of(house, number) == ["confirm", "register"]
    assert forms(page(house, here)) == ["confirm", "register"]
    take(house, number, "confirm", "chen")
    assert lane_of(house, number) == ["close", "register"]
    assert forms(page(house, here)) == ["register"], "a valid one is not closed without a corrective action"
    take(house, number, "correct", "wu", what="收费一律开收据", owner="wu", due_on="2026-12-01")
    assert lane_of(house, number) == ["check", "register"]
    take(house, number, "check", "li", text="抽查三单都有收据", holds=True)
    assert lane_of(house, number) == ["register"], "closed, and still to be registered"
    house.now += 500 * DAY_US
    assert lane_of(house, number) == ["register"], "however long ago"
    house.now -= 500 * DAY_US
    take(house, number, "register", "chen")
    assert lane_of(house, number) == []
    assert number in page(house, "/complaints")
    text = page(house, here)
    told = re.sub(r"<[^>]+>", "", text)
    for sentence in (
        "wu 受理（来电），为首问责任人。", "wu 调查完毕，意见：投诉有效。", "李静 认定：投诉有效。", "退还 100 元",
        "2026-11-24 14:00 向用户致歉。", "chen 回访用户：满意。", "由 wu 在 2026-12-01 前完成", "抽查三单都有收据",
        "呼叫中心编号 HJ-1",
    ):  # fmt: skip
        assert sentence in told


def test_an_invalid_one_with_which_the_customer_is_not_content_goes_back_to_be_decided_to_the_end(
    house: House,
) -> None:
    number = received(house)
    here = f"/complaints/{number}"
    take(house, number, "investigate", "wu", valid=False)
    for times in range(3):
        take(house, number, "decide", "chen", decision="invalid")
        assert "要由责任人向用户解释清楚。" in page(house, here)
        assert "apology_at" not in page(house, here, "wu"), "nobody apologises for what was not so"
        take(house, number, "resolve", "wu", apology_at=None)
        assert ("这次无论结果如何" in page(house, here)) == (times == 2)
        take(house, number, "confirm", "chen", word="not_content", reason="用户坚持说多收了")
    text = page(house, here)
    assert forms(text) == ["close", "register"]
    assert "不满意</dt><dd>3 次" in text
    assert lane_of(house, number) == ["close", "register"]
    assert "用户不满意 3 次" in page(house, "/complaints")
    take(house, number, "close", "chen")
    assert "投诉无效" in page(house, here)
    assert "一票否决" not in page(house, here)


def test_the_person_complained_of_writes_it_down_and_it_waits_to_be_handed_over(house: House) -> None:
    number = received(house, "wang", persons=["wang"])
    here = f"/complaints/{number}"
    assert lane_of(house, number) == ["hand_over"]
    assert lane_of(house, number, "wang") == ["hand_over"], "who owns it sees it without reading the site"
    assert forms(page(house, here, "wang")) == []
    text = page(house, here)
    assert forms(text) == ["hand-over"]
    offered = re.search(r'<select name="owner".*?</select>', text, re.DOTALL)
    assert offered
    assert 'value="wang"' not in offered[0]
    take(house, number, "hand_over", "chen", owner="wu", reason="投诉的是本人")
    assert lane_of(house, number) == ["investigate"]
    assert lane_of(house, number, "wang") == []
    assert house.of("wang").get(here).status_code == 404
    assert "（原受理人 王强）" in page(house, here)


def test_whoever_is_complained_of_reads_the_course_without_the_account(house: House) -> None:
    number = received(house, persons=["zhang"])
    here = f"/complaints/{number}"
    assert (SAID in page(house, here), 'href="tel:01062000000"' in page(house, here)) == (True, True)
    text = page(house, here, "zhang")
    assert [told for told in (SAID, CONTACT, "刘会计") if told in text] == []
    assert "您是被投诉人" in text
    assert [told for told in (SAID, CONTACT, "刘会计") if told in page(house, "/complaints")] == []


def test_everybody_with_a_role_has_the_form_and_nobody_sees_a_foreign_one(house: House) -> None:
    for who in ("zhang", "li", "wu", "wang", "chen", "admin"):
        assert 'href="/complaints"' in page(house, "/", who)
        text = page(house, "/complaints/new?about=D-BJ01-000009", who)
        assert 'data-api="POST /v1/complaints"' in text
        assert (
            'name="about" maxlength="40" autocapitalize="characters" spellcheck="false" value="D-BJ01-000009"'
            in text
        )
        assert '<option value="follow_up"' not in text, "a call's complaint is written by the call alone"
    number = received(house)
    for who, status in (("he", 404), ("zhao", 404), ("wang", 404), ("admin", 404), ("sun", 404)):
        assert house.of(who).get(f"/complaints/{number}").status_code == status, who
    assert number not in page(house, "/complaints", "he")
    assert house.of("sun").get("/complaints").status_code == 403
    own = received(house, "admin")
    assert lane_of(house, own, "admin") == ["investigate"]
    assert forms(page(house, f"/complaints/{own}", "admin")) == ["investigate"]


def test_an_order_tells_of_its_complaints_and_leads_to_the_form(house: House) -> None:
    opened = house.of("zhang").post("/v1/dispatch-orders", sent(SERVED, technician="wang")).json["number"]
    link = f'href="/complaints/new?site=BJ01&amp;about={opened}"'
    assert link in page(house, f"/orders/{opened}", "zhang")
    number = received(house, about=opened)
    told = records.current(house.store, COMPLAINT, number)[0]  # type: ignore[index]
    assert f'href="/complaints/{number}"' in page(house, f"/orders/{opened}", "zhang")
    text = page(house, f"/complaints/{number}")
    assert f'href="/orders/{opened}"' in text
    assert "王强" in text
    assert f'href="/devices/{SERVED}"' in text
    for customer in (told.customer, None):
        assert [each.number for each in complaints_about(house.store, opened, "BJ01", customer, TODAY)] == [
            number
        ]


def test_the_pages_of_a_customer_and_a_device_lead_to_the_form_filled_in(house: House) -> None:
    (customer,) = house.store.rows("SELECT customer FROM position WHERE serial = ?", (SERVED,))[0]
    link = f'href="/complaints/new?site=BJ01&amp;customer={customer}"'
    assert link in page(house, f"/customers/{customer}", "wu")
    of_device = f"/complaints/new?site=BJ01&amp;serial={SERVED}&amp;customer={customer}"
    assert f'href="{of_device}"' in page(house, f"/devices/{SERVED}", "wu")
    text = page(house, of_device.replace("&amp;", "&"), "wu")
    assert f'name="customer.number" value="{customer}"' in text
    assert f">{SERVED}</textarea>" in text
    foreign = page(house, of_device.replace("&amp;", "&").replace("BJ01&", "TJ01&", 1), "chen")
    assert "customer.number" not in foreign, "another site's is not named by a number"


@pytest.mark.both_engines
def test_the_list_is_filtered_and_paged(house: House) -> None:
    numbers = [received(house, "zhang") for _ in range(52)]
    first = page(house, "/complaints?site=BJ01&state=received&mine=1", "zhang")
    every = first.partition('id="every"')[2]
    assert every.count('<a href="/complaints/P-') == 50
    assert numbers[-1] in every
    (more,) = re.findall(r'class="button quiet" href="(/complaints\?[^"]+)"', every)
    rest = page(house, more.replace("&amp;", "&").partition("#")[0], "zhang").partition('id="every"')[2]
    assert re.findall(r">(P-[A-Z0-9-]+)</a>", rest) == numbers[1::-1]
    assert "<td" not in page(house, "/complaints?from=2020-01-01&to=2020-01-31").partition('id="every"')[2]
    for wrong in ("state=open", "from=soon", "cursor=x"):
        assert house.of("chen").get(f"/complaints?{wrong}").status_code == 400, wrong


def test_many_cost_no_more_statements_than_few(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    sent_to_books: list[str] = []
    send = house.store.db.execute_sql

    def heard(sql: str, params: Any = ()) -> Any:
        sent_to_books.append(sql)
        return send(sql, params)

    def cost(path: str) -> int:
        page(house, path)
        sent_to_books.clear()
        page(house, path)
        return len(sent_to_books)

    received(house, "wang", persons=["wang"])
    received(house, "chen", persons=["wang"])
    monkeypatch.setattr(house.store.db, "execute_sql", heard)
    few = [cost(path) for path in ("/complaints", "/")]
    for _ in range(10):
        received(house, "wang", persons=["wang"])
        received(house, "chen", persons=["wang"])
    assert [cost(path) for path in ("/complaints", "/")] == few


def test_two_valid_ones_in_a_year_are_warned_of_before_the_tax_office_is(house: House) -> None:
    house.now += 400 * DAY_US
    assert "税务机关" not in page(house, "/complaints", "he")
    for count, told in ((1, "达到 2 件税务机关可以责令整改"), (2, "已达到 2 件：税务机关可以责令整改")):
        number = received(house, "he", site="TJ01")
        take(house, number, "investigate", "he")
        take(house, number, "decide", "chen")
        for who in ("he", "chen"):
            text = page(house, "/complaints", who)
            assert f"TJ01 近 12 个月有效投诉 {count} 件" in text
            assert told in text
        assert "全单位 近" not in page(house, "/complaints"), "the site's line says it all"
    take(house, number := received(house), "investigate", "wu")
    take(house, number, "decide", "chen")
    assert "BJ01 近 12 个月有效投诉 1 件，达到 2 件" in page(house, "/complaints")
    assert "全单位 近 12 个月有效投诉 3 件，已达到" in page(house, "/complaints")
    assert "税务机关" not in page(house, "/complaints", "admin")
    house.now -= 400 * DAY_US


def test_who_left_no_contact_is_called_at_the_one_that_their_firm_has(house: House) -> None:
    named = {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"}
    number = received(house, name=None, contact=None, customer=named, persons=["li"])
    here, firm = f"/complaints/{number}", house.of("wu").get(f"/v1/complaints/{number}").json["customer"]
    assert "tel:" not in page(house, here)
    kept = house.of("wu").get(f"/v1/customers/{firm}")
    body = {"name": named["name"], "contact": "李经理 010-62550102"}
    told = house.of("wu").send("PUT", f"/v1/customers/{firm}", body, If_Match=kept.headers["ETag"])
    assert told.status_code == 200, told.text
    for who in ("chen", "wu"):
        text = page(house, here, who)
        assert "用户登记的联系方式：李经理" in text
        assert 'href="tel:01062550102"' in text
    assert "tel:" not in page(house, here, "li"), "who is complained of calls nobody from here"


@pytest.mark.both_engines
def test_where_nobody_may_go_on_it_says_so(house: House) -> None:
    number = received(house, "wu", persons=["chen", "li", "ma"])
    take(house, number, "investigate", "wu")
    assert "现在没有人能办这一步" in page(house, f"/complaints/{number}")
    assert lane_of(house, number) == ["decide"]


def test_a_valid_one_names_whom_it_bars_and_is_erased_with_a_password(house: House) -> None:
    number = received(house, persons=["wang"])
    here = f"/complaints/{number}"
    take(house, number, "investigate", "wu")
    take(house, number, "decide", "chen")
    assert "一票否决：王强 本期考核不得评优" in page(house, here)
    assert forms(page(house, here, "li")) == []
    take(house, number, "resolve", "wu", consequence="retrained")
    take(house, number, "confirm", "chen")
    take(house, number, "correct", "wu", what="培训收费标准", owner="wang", due_on="2026-12-01")
    take(house, number, "check", "li", text="已培训", holds=True)
    assert forms(page(house, here, "li")) == ["erase"]
    answer = house.of("li").post(f"/v1/complaints/{number}/erase", {"password": house.password("li")})
    assert answer.status_code == 200, answer.text
    text = page(house, here)
    assert SAID not in text
    assert "对被投诉人：重新培训。" in text
    assert "一票否决" in text


def test_whom_it_is_not_about_is_cleared_with_a_reason_and_barred_from_nothing(house: House) -> None:
    number = received(house, persons=["wang", "zhang"])
    here = f"/complaints/{number}"
    take(house, number, "investigate", "wu")
    text = page(house, here)
    assert re.findall(r'name="cleared" value="(\w+)"', text) == ["wang", "zhang"]
    take(house, number, "decide", "chen", cleared=["zhang"], reason="当日不在岗")
    text = page(house, here)
    assert "一票否决：王强 本期" in text
    assert text.count("经认定与 张伟 无关。") == 2


@pytest.mark.parametrize("name", COMPLAINTS.step)
def test_the_form_of_a_step_asks_for_what_its_body_takes(name: str) -> None:
    typed: dict[str, Any] = {
        "flag": True,
        "moment": "2026-11-24T10:00:00+08:00",
        "day": "2026-11-24",
        "persons": ["wang"],
        "accused": ["zhang"],
    }
    said: dict[str, Any] = {}
    for field in COMPLAINT_FORMS[name]:
        place, _, inner = field.name.partition(".")
        value = field.choices[0] if field.choices else typed.get(field.asked, "x" * 8)
        if inner:
            said.setdefault(place, {})[inner] = value
        else:
            said[place] = value
    body: Any = COMPLAINT_BODIES.get(name, EraseBody)
    taken = msgspec.convert(said, body)
    assert set(said) == set(body.__struct_fields__)
    assert taken
