"""The forms of custody over HTTP: 安全检查表, 出入登记 and 交接单, for whoever reads the JSON."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.audit.custody.inspections import CHECKLIST
from labels.forms.custody import HANDOVER_FORM
from labels.forms.writers.spans import pairs_over
from labels.words import term
from tests import custody
from tests.conftest import Stores
from tests.custody import House, answers, fault, fill_house, inspect, request, take
from tests.door import TODAY
from tests.printed import pdf_text, printed


@pytest.fixture
def house(stores: Stores) -> Iterator[House]:
    """Demo books with a clerk, a supervisor and newcomers."""
    store = stores.filled("sqlite", fill_house)
    yield House(store)
    stores.drop(store)


def test_an_inspection_on_paper_has_every_answer_and_finding(house: House) -> None:
    zhang = house.of("zhang")
    number = inspect(zhang, answers(fault())).json["number"]
    paper = printed(zhang, f"/v1/inspections/{number}/sheet")
    assert [line["检查项目"] for line in paper.lines] == [
        term("check", each.code, "zh_CN") for each in CHECKLIST
    ]
    (bad,) = [line for line in paper.lines if line["结果"] == "不合格"]
    assert (bad["检查项目"], bad["存在问题"], bad["责任人"]) == ("防潮措施到位", "返潮", "张伟（zhang）")
    assert bad["整改期限"].date().isoformat() == "2026-12-01"
    assert paper.fields["不合格项数"] == 1
    assert paper.fields["记录时间"].date().isoformat() == TODAY
    assert "安全检查表" in pdf_text(zhang, f"/v1/inspections/{number}/sheet")


def test_a_settled_finding_says_what_was_done(house: House) -> None:
    zhang = house.of("zhang")
    number = inspect(zhang, answers(fault())).json["number"]
    body = {"item": "damp", "work": "已换除湿机"}
    assert zhang.post(f"/v1/inspections/{number}/settle", body).status_code == 200
    lines = printed(zhang, f"/v1/inspections/{number}/sheet").lines
    assert [(line["整改情况"], line["确认人"]) for line in lines if line["存在问题"]] == [
        ("已换除湿机", "张伟（zhang）")
    ]


def test_the_access_log_has_every_step_of_a_visit(house: House) -> None:
    number = request(house)
    for step in ("approve", "enter", "leave"):
        assert take(house, number, step).status_code == 200
    waiting = request(house, name="=WEBSERVICE(1)")
    visit = house.of("li").get(f"/v1/visits/{number}").json
    moments = {stage["step"]: stage["at"][:19] for stage in visit["course"]}
    first, second = printed(house.of("li"), "/v1/visits", "?site=BJ01").lines
    assert (first["登记号"], first["来访人"], first["状态"], first["陪同人"]) == (
        number,
        "刘洋",
        "已离开",
        "张伟（zhang）",
    )
    told = {"approve": "审批时间", "enter": "进入时间", "leave": "离开时间"}
    assert {step: first[name].isoformat() for step, name in told.items()} == {
        step: moments[step] for step in told
    }
    assert (second["登记号"], second["来访人"], second["进入时间"]) == (waiting, "=WEBSERVICE(1)", None)
    assert [line["登记号"] for line in printed(house.of("li"), f"/v1/visits/{number}/slip").lines] == [number]


def test_a_refused_visit_says_why(house: House) -> None:
    number = request(house)
    assert take(house, number, "refuse").status_code == 200
    (line,) = printed(house.of("zhang"), f"/v1/visits/{number}/slip").lines
    assert (line["状态"], line["审批人"], line["未批准原因"]) == ("未批准", "李静（li）", "改日")


def test_a_clerk_has_no_part_of_the_access_log(house: House) -> None:
    number = request(house)
    clerk = house.of("wu")
    assert (
        clerk.get(f"/v1/visits/{number}/slip.xlsx").status_code
        == clerk.get(f"/v1/visits/{number}").status_code
    )
    assert clerk.get("/v1/visits?site=BJ01").json == []
    assert printed(clerk, "/v1/visits", "?site=BJ01").lines == []
    assert "刘洋" not in pdf_text(clerk, "/v1/visits", "?site=BJ01")


def test_an_erased_visitor_is_on_no_paper(house: House) -> None:
    number = request(house)
    assert take(house, number, "refuse").status_code == 200
    body = {"password": house.password("li")}
    assert house.of("li").post(f"/v1/visits/{number}/erase", body).status_code == 200
    paper = printed(house.of("li"), f"/v1/visits/{number}/slip")
    (line,) = paper.lines
    assert (line["来访人"], line["联系方式"]) == ("（资料已删除）", None)
    assert "刘洋" not in " ".join(paper.texts)


def test_a_handover_prints_what_is_handed_over_and_three_signatures(house: House) -> None:
    custody.count_all(house)
    repair = house.of("zhang").post(
        "/v1/repairs", {"site": "BJ01", "serial": "661565714354", "fault": "不亮"}
    )
    assert repair.status_code == 201, repair.text
    number = custody.begin(house).json["number"]
    path = f"/v1/handovers/{number}"
    for party in ("outgoing", "incoming", "supervisor"):
        assert custody.sign(house, number, party).status_code == 201
    told = house.of("chen").get(path).json
    paper = printed(house.of("chen"), f"{path}/slip")
    counts, items = paper.tables
    assert [row["盘点单号"] for row in counts.rows] == [each["stocktake"] for each in told["stocktakes"]]
    assert [row["盘存表摘要（SHA-256）"] for row in counts.rows] == [
        each["digest"] for each in told["stocktakes"]
    ]
    expected = [item for some in told["open_items"].values() for item in some]
    assert [row["事项"] for row in items.rows] == expected
    assert expected
    text = "".join(pdf_text(house.of("chen"), f"{path}/slip").split())
    assert all(each["fingerprint"] in text for each in told["signatures"])
    assert (len(told["signatures"]), told["digest"] in text) == (3, True)
    assert (paper.fields["移交人"], paper.fields["接收人"], paper.fields["监交人"]) == (
        "张伟（zhang）",
        "sun",
        "chen",
    )


def test_the_fields_of_a_handover_stand_in_pairs() -> None:
    (first, *_) = HANDOVER_FORM.tables if isinstance(HANDOVER_FORM.tables, tuple) else ()
    columns = first.columns if isinstance(first.columns, tuple) else ()
    assert len(pairs_over([column.width for column in columns])) == 2


def test_a_handover_is_printed_for_its_parties_and_its_sites_readers_only(house: House) -> None:
    custody.count_all(house)
    number = custody.begin(house).json["number"]
    for who in ("zhang", "sun", "chen", "li", "zhao", "qian"):
        client = house.of(who)
        expected = client.get(f"/v1/handovers/{number}").status_code
        assert client.get(f"/v1/handovers/{number}/slip.pdf").status_code == expected
    assert house.of("zhao").get(f"/v1/handovers/{number}/slip.pdf").status_code == 404
    assert TODAY in house.of("sun").get(f"/v1/handovers/{number}").text
