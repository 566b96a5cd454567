"""电话跟踪单, 电话跟踪记录表, 用户投诉记录表 and 投诉分析报告: what is on them, and who may print them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.complaints import (
    CATEGORIES,
    COMPLAINT_CHANNELS,
    Complainant,
    Complaint,
    ComplaintAct,
    Measure,
    Registered,
)
from devices.paperwork.follow_ups import QUESTIONS, AnswerBeside, Answers, CallAct, FollowUp, SpokenTo
from devices.service.calls.by_month import CallMonth, CallOfMonth, call_figures
from devices.service.complaints.counting import YearOfComplaints
from devices.service.complaints.figures import ComplaintLine, ComplaintReport, complaint_figures
from labels.forms.form import Form
from labels.forms.service.calls import CALL_FORM, CALL_MONTH_FORM, CallMonthPrinted, CallPrinted
from labels.forms.service.complaints import (
    BLANK_COMPLAINT_FORM,
    COMPLAINT_FORM,
    REPORT_FORM,
    ComplaintPrinted,
    ComplaintReportPrinted,
)
from labels.words import LOCALES, Locale, term
from tests.called import answered, said
from tests.conftest import ENGINES, Stores
from tests.custody import House, codes, fill_house
from tests.dispatched import done, sent
from tests.door import TODAY
from tests.paper import texts
from tests.printed import Printed, pdf_text, printed
from tests.test_forms_service import AT_US, BLANK, HOUR_US, newcomer, pdf_of, qr_codes, xlsx_of

UNIT, SITE, CUSTOMER = BLANK.unit, BLANK.site_name, BLANK.customer
OLD, NEW = "661565714353", "661565720012"

TO_CALL = FollowUp(
    "FD-BJ01-000012", "BJ01", "D-BJ01-000012", AT_US, "liu", "C-BJ01-000002", "liu", (OLD, NEW), state="tried",
    course=(CallAct("attempt", AT_US + 20 * HOUR_US, "chen", "no_answer"),),
)  # fmt: skip
SAID = Answers("yes", "yes", "yes", "yes", 10_000, "no", "yes", NEW, "unknown", 4, waited="yes")
SETTLED = replace(
    TO_CALL,
    state="settled",
    answers=SAID,
    compared=(
        AnswerBeside("on_time", "yes", ("yes",), differs=False),
        AnswerBeside("paid_fen", "10000", ("0",), differs=True),
        AnswerBeside("disk", NEW, (OLD, NEW), differs=False),
        AnswerBeside("signed", "unknown", ("yes",), differs=False),
    ),
    categories=("charge",),
    complaint="P-BJ01-000003",
    course=(
        *TO_CALL.course,
        CallAct("answer", AT_US + 26 * HOUR_US, "chen", passed_on="收费与单据不符", passed_to="unit_head"),
        CallAct("explain", AT_US + 30 * HOUR_US, "liu", text="另买网线，没有写进服务单"),
        CallAct("settle", AT_US + 50 * HOUR_US, "li", text="退还", accepted=False, consequence="fined"),
    ),
)
ASKING = CallPrinted(unit=UNIT, site_name=SITE, call=TO_CALL, customer=CUSTOMER, put_off="part_missing")
ASKED = replace(ASKING, call=SETTLED, spoken_to=SpokenTo("王女士", "13800001111", "希望提前打电话"))

RECEIVED = Complaint(
    "P-BJ01-000003", "BJ01", "follow_up", AT_US, "chen", "chen", ("charge",), "C-BJ01-000002", "D-BJ01-000012",
    (OLD,), ("liu", "wu"), course=(ComplaintAct("receive", AT_US, "chen"),),
)  # fmt: skip
MEASURE, THERE = Measure("每周抽查收据", "wu", "2026-12-10"), Registered("HJ-771", "2026-11-28")
ACTS = (
    ComplaintAct("investigate", AT_US + HOUR_US, "chen", text="技术员承认收了 100 元", valid=True),
    ComplaintAct("decide", AT_US + 2 * HOUR_US, "li", valid=True, reason="事实清楚"),
    ComplaintAct(
        "resolve", AT_US + 3 * HOUR_US, "chen", text="答应退款", apology_at=AT_US, consequence="fined"
    ),
    ComplaintAct("confirm", AT_US + 4 * HOUR_US, "li", word="not_content", reason="钱还没有退到"),
)
NOT_CONTENT = replace(RECEIVED, state="valid", valid=True, not_content=1, course=(*RECEIVED.course, *ACTS))
CLOSED = replace(
    NOT_CONTENT,
    state="closed",
    cleared=("wu",),
    resolved_at=AT_US + 5 * HOUR_US,
    measure=MEASURE,
    registered=THERE,
    course=(
        *NOT_CONTENT.course,
        ComplaintAct(
            "resolve", AT_US + 5 * HOUR_US, "chen", text="当面退款", apology_at=AT_US, consequence="fined"
        ),
        ComplaintAct("confirm", AT_US + 6 * HOUR_US, "li", word="content"),
        ComplaintAct("correct", AT_US + 7 * HOUR_US, "chen", text=MEASURE.what, measure=MEASURE),
        ComplaintAct("register", AT_US + 8 * HOUR_US, "chen", registered=THERE),
        ComplaintAct("check", AT_US + 9 * HOUR_US, "li", text="抽查 12 单都有收据", held=True),
    ),
)
WHO = Complainant("收了我 100 元，没有给收据。" * 5, "王女士", "13800001111")
OPEN = ComplaintPrinted(unit=UNIT, site_name=SITE, complaint=RECEIVED, customer=CUSTOMER, complainant=WHO)
FULL = replace(OPEN, complaint=CLOSED)
BY_HAND = ComplaintPrinted(unit=UNIT)


def month_of(count: int) -> CallMonthPrinted:
    """A month of so many calls: every fifth was settled, every seventh of the others is still to be made."""
    plain = replace(SETTLED, state="answered", compared=(), complaint=None, course=SETTLED.course[:2])
    calls = tuple(
        CallOfMonth(
            replace(SETTLED if n % 5 == 0 else TO_CALL if n % 7 == 0 else plain, subject=f"D-BJ01-{n:06d}"),
            "2026-11-27",
            "overdue" if n % 7 == 0 and n % 5 else "met_late" if n % 3 else "met",
        )
        for n in range(count)
    )
    month = CallMonth("BJ01", "2026-11", call_figures(calls), calls)
    return CallMonthPrinted(UNIT, SITE, "2026-12-01", month, {"C-BJ01-000002": CUSTOMER or CustomerShown()})


def line(n: int) -> ComplaintLine:
    """One complaint in brief: of three one is valid, and of "liu" alone."""
    valid = (True, False, None)[n % 3]
    return ComplaintLine(
        f"P-BJ01-{n:06d}", "2026-11-24", COMPLAINT_CHANNELS[n % 8], (CATEGORIES[n % 7], "other")[: 1 + n % 2],
        "D-BJ01-000012", ("liu", "wu"), ("liu",) if valid else (), "chen", "closed" if n % 2 else "investigated",
        valid, n % 2, "met" if n % 2 else "overdue", "met_late" if n % 2 else None, "due" if valid else None,
    )  # fmt: skip


def report_of(count: int) -> ComplaintReportPrinted:
    """A report on so many complaints."""
    lines = tuple(map(line, range(count)))
    year = YearOfComplaints("BJ01", tuple(each.number for each in lines if each.valid), 2)
    report = ComplaintReport("BJ01", "2026-07", "2026-12", complaint_figures(lines), year, lines)
    return ComplaintReportPrinted(UNIT, SITE, "2026-12-01", report)


EVERY: dict[str, tuple[Form, Any, int]] = {
    "to call": (CALL_FORM, ASKING, 1),
    "called": (CALL_FORM, ASKED, 1),
    "forty calls": (CALL_MONTH_FORM, month_of(40), 4),
    "no call": (CALL_MONTH_FORM, month_of(0), 1),
    "received": (COMPLAINT_FORM, OPEN, 1),
    "closed": (COMPLAINT_FORM, FULL, 1),
    "by hand": (BLANK_COMPLAINT_FORM, BY_HAND, 2),
    "forty complaints": (REPORT_FORM, report_of(40), 4),
    "no complaint": (REPORT_FORM, report_of(0), 2),
}
"""By what it is: the form, its value, and how many pages it is in Chinese."""


def solid(pdf: bytes) -> str:
    """What is on every page, without its spaces and line breaks."""
    return "".join("".join(texts(pdf)).split())


def below(paper: Printed, title: str) -> dict[str, Any]:
    """The fields below the tables of a paper on xlsx, by their label."""
    rows = [
        [cell for cell in row if cell is not None]
        for row in paper.book.worksheets[-1].iter_rows(values_only=True)
    ]
    start = rows.index([title]) + 1
    return {
        str(name): value for row in rows[start:] for name, value in zip(row[::2], row[1::2], strict=False)
    }


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("what", EVERY)
def test_every_paper_is_told_in_words_on_numbered_pages(what: str, locale: Locale) -> None:
    form, value, count = EVERY[what]
    found = texts(pdf_of(value, form, locale))
    if locale == "zh_CN":
        assert len(found) == count
        assert [f"第{n}页，共{count}页" in "".join(page.split()) for n, page in enumerate(found, 1)] == [
            True
        ] * count
    assert (
        re.findall(r"\b(?:form|question|asks|answer|score|wait|channel|standing)\.[a-z_]+", "".join(found))
        == []
    )


# --- one call


def test_a_call_to_be_made_has_the_opening_and_every_question_and_no_word_of_the_record() -> None:
    pdf = pdf_of(ASKING, CALL_FORM)
    page = solid(pdf)
    assert qr_codes(pdf) == ["D-BJ01-000012"]
    asked = ("您好，我是北方税控服务中心负责服务监督的。2026-11-24我们", "改期原因是“缺备件”", "一共付了多少钱",
             "□没有约过", "□很满意", "元□不清楚", "□主管税务机关", "王女士")  # fmt: skip
    assert [word for word in asked if word not in page] == []
    told = [OLD, NEW, "0.00", "服务单记录", "是否一致"]
    assert [word for word in told if word in page] == []
    rows = xlsx_of(ASKING, CALL_FORM)
    assert len(rows.tables[0].rows) == len(QUESTIONS)
    assert [row["结果"] for row in rows.tables[1].rows] == ["无人接听", None, None, None]


def test_a_job_that_was_not_put_off_is_not_asked_about_that_and_one_sent_in_has_its_own_opening() -> None:
    paper = xlsx_of(replace(ASKING, put_off=None), CALL_FORM)
    assert len(paper.tables[0].rows) == len(QUESTIONS) - 1
    repaired = replace(ASKING, put_off=None, was_sent_in=True)
    assert "送修的设备" in xlsx_of(repaired, CALL_FORM).fields["开场白"]


def test_answers_stand_beside_the_record_with_what_came_of_them() -> None:
    paper = xlsx_of(ASKED, CALL_FORM)
    told = {
        row["问题"]: (row["用户回答"], row["服务单记录"], row["是否一致"]) for row in paper.tables[0].rows
    }
    assert told["现场付款"] == ("100.00 元", "0.00 元", "不一致")
    assert told["现用盘编号"] == (NEW, f"{OLD} / {NEW}", "一致")
    assert told["签字确认"] == ("不清楚", "是", None), (
        "who does not know contradicts nothing, and agrees with nothing"
    )
    assert told["总体评价"] == ("满意", None, None)
    assert len(told) == len(QUESTIONS)
    found = below(paper, "跟踪结果")
    wanted = {"接听人": "王女士", "投诉编号": "P-BJ01-000003", "投诉类别": "收费不合标准", "上报事项": "收费与单据不符",
              "技术员说明": "另买网线，没有写进服务单", "说明是否成立": "否", "对当事人的处理": "扣罚"}  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert "□" not in " ".join(paper.texts)
    assert "开场白" not in paper.fields


def test_a_customer_who_was_never_reached_has_the_calls_and_no_answers() -> None:
    tried = tuple(CallAct("attempt", AT_US + n * 20 * HOUR_US, "chen", "busy") for n in range(3))
    given_up = replace(
        TO_CALL, state="unreached", course=(*tried, CallAct("close", AT_US + 61 * HOUR_US, "chen"))
    )
    answers, calls = xlsx_of(replace(ASKING, call=given_up), CALL_FORM).tables
    assert (answers.rows, [row["结果"] for row in calls.rows]) == ([], ["占线"] * 3 + ["未联系上"])


def test_a_customer_whom_the_reader_does_not_see_is_masked() -> None:
    masked = replace(ASKED, customer=CustomerShown(masked=True), spoken_to=None)
    page = solid(pdf_of(masked, CALL_FORM))
    assert "（无权查看）" in page
    assert [word for word in ("惠民", "王女士", "13800001111") if word in page] == []


# --- a month of calls


def test_a_month_has_a_line_for_each_call_their_answers_what_differs_and_what_they_come_to() -> None:
    printed_month = month_of(40)
    paper = xlsx_of(printed_month, CALL_MONTH_FORM)
    calls, said, differences = paper.tables
    figures = printed_month.month.figures
    assert len(calls.rows) == figures.calls == 40
    assert len(said.rows) == figures.answered
    assert len(differences.rows) == figures.differing == 8
    assert {
        (row["用户回答"], row["服务单记录"], row["说明"], row["是否成立"]) for row in differences.rows
    } == {("100.00 元", "0.00 元", "另买网线，没有写进服务单", "否")}
    stood = [row["时限"] for row in calls.rows]
    told = below(paper, "本月合计")
    assert (told["跟踪合计"], told["已回答"], told["转为投诉"]) == (40, figures.answered, 8)
    assert (told["按时"], told["逾期完成"], told["已逾期"]) == tuple(
        stood.count(word) for word in ("按时完成", "逾期完成", "已逾期")
    )
    assert told["待打电话"] == figures.to_call == stood.count("已逾期")


def test_the_papers_of_the_whole_unit_say_so_in_words() -> None:
    month, report = month_of(2), report_of(2)
    calls = replace(month, month=replace(month.month, site="UNIT"), site_name="")
    complaints = replace(report, report=replace(report.report, site="UNIT"), site_name="")
    page = solid(pdf_of(calls, CALL_MONTH_FORM)) + solid(pdf_of(complaints, REPORT_FORM))
    assert page.count("全单位") == 2
    assert "UNIT" not in page


def test_a_month_without_a_call_says_so() -> None:
    paper = xlsx_of(month_of(0), CALL_MONTH_FORM)
    assert paper.texts.count("（无）") == 3
    assert set(below(paper, "本月合计").values()) >= {0}


def test_a_call_that_is_not_due_is_neither_in_time_nor_late() -> None:
    sent_in = CallOfMonth(replace(SETTLED, subject="R-BJ01-000003"), None, None)
    figures = call_figures([sent_in])
    assert (figures.calls, figures.due, figures.in_time, figures.late) == (1, 0, 0, 0)


# --- one complaint


def test_a_complaint_that_is_open_is_filled_in_by_hand_where_nothing_is_said_yet() -> None:
    long = replace(WHO, account=WHO.account * 7)
    pdf = pdf_of(replace(OPEN, complainant=long), COMPLAINT_FORM)
    page = solid(pdf)
    assert qr_codes(pdf) == ["P-BJ01-000003"]
    assert "".join(long.account.split()) in page, "a long account is whole"
    wanted = ("□有效□无效", "□批评教育", "□联系不上", "□呼叫中心", "单位负责人", "签字或盖章", "受理人")
    assert [word for word in wanted if word not in page] == []


def test_a_closed_complaint_has_its_whole_course_and_nothing_to_tick() -> None:
    paper = xlsx_of(FULL, COMPLAINT_FORM)
    assert [(row["步骤"], row["结果"]) for row in paper.lines] == [
        ("受理", None), ("调查", "有效"), ("认定", "有效"), ("处理答复", None), ("回访用户", "不满意"),
        ("处理答复", None), ("回访用户", "满意"), ("整改", None), ("备案", "HJ-771"), ("整改检查", "已落实"),
    ]  # fmt: skip
    told = below(paper, "处理情况")
    wanted = {"调查情况": "技术员承认收了 100 元", "认定": "有效", "处理与答复": "当面退款", "用户意见": "满意",
              "整改负责人": "吴敏（wu）", "检查情况": "抽查 12 单都有收据", "统一备案编号": "HJ-771",
              "认定与其无关": "吴敏（wu）", "一票否决": "刘强（liu）"}  # fmt: skip
    assert {name: told[name] for name in wanted} == wanted
    assert "□" not in " ".join(paper.texts)


def test_what_a_customer_was_not_content_with_is_in_the_course_and_is_to_be_said_anew() -> None:
    paper = xlsx_of(replace(OPEN, complaint=NOT_CONTENT), COMPLAINT_FORM)
    assert "答应退款" in [row["说明"] for row in paper.lines]
    told = below(paper, "处理情况")
    assert (told["认定"], "答应退款" in told.values()) == ("有效", False)
    assert "□ 满意" in " ".join(paper.texts)


def test_an_invalid_one_asks_for_no_corrective_action() -> None:
    decided = replace(RECEIVED, state="invalid", valid=False, course=(*RECEIVED.course, *ACTS[:2]))
    told = below(xlsx_of(replace(OPEN, complaint=decided), COMPLAINT_FORM), "处理情况")
    assert [name for name in told if "整改" in name or name == "一票否决"] == []


@pytest.mark.parametrize(
    ("printed_one", "said"),
    [
        (replace(FULL, complainant=None, told=False), "（无权查看）"),
        (replace(FULL, complainant=None), "（资料已删除）"),
    ],
    ids=["complained of", "erased"],
)
def test_an_account_that_is_not_told_is_on_no_paper(printed_one: ComplaintPrinted, said: str) -> None:
    paper = xlsx_of(printed_one, COMPLAINT_FORM)
    assert paper.fields["投诉内容（用户原话）"] == said
    assert [text for text in paper.texts if "收据。" in text] == []


def test_a_blank_one_is_to_be_filled_in_from_the_account_to_the_stamp() -> None:
    pdf = pdf_of(BY_HAND, BLANK_COMPLAINT_FORM)
    front, back = ("".join(page.split()) for page in texts(pdf))
    assert qr_codes(pdf) == []
    assert [
        term("channel", each, "zh_CN")
        for each in COMPLAINT_CHANNELS
        if f"□{term('channel', each, 'zh_CN')}" not in front
    ] == []
    assert [word for word in ("投诉内容（用户原话）", "被投诉人", "□收费不合标准") if word not in front] == []
    assert [word for word in ("调查情况", "整改措施", "统一备案编号", "认定人") if word not in back] == []


# --- what they come to


def test_a_report_counts_each_complaint_once_by_all_but_its_categories() -> None:
    figures = complaint_figures([line(n) for n in range(40)])
    assert figures.received == 40
    assert sum(figures.channels.values()) == figures.valid + figures.invalid + figures.undecided == 40
    assert sum(figures.categories.values()) > 40, "one may be of several"
    assert (figures.valid, figures.not_content, figures.closed) == (14, 20, 20)
    assert sum(figures.resolved.values()) == 40
    assert sum(figures.registered.values()) == 20, "of those that were made good"
    assert sum(figures.corrected.values()) == figures.valid
    by_name = {each.username: (each.complaints, each.valid, each.vetoed) for each in figures.persons}
    assert by_name == {"liu": (40, 14, True), "wu": (40, 0, False)}


def test_a_report_is_printed_with_its_list_and_room_for_causes() -> None:
    paper = xlsx_of(report_of(40), REPORT_FORM)
    channels, _, deadlines, persons, complaints = paper.tables
    assert sum(channels.rows[0].values()) == len(complaints.rows) == 40
    assert [row["时限"] for row in deadlines.rows] == ["投诉处理", "投诉备案", "整改"]
    assert [(row["被投诉人"], row["有效件数"], row["一票否决"]) for row in persons.rows] == [
        ("刘强（liu）", 14, "一票否决"), ("吴敏（wu）", 0, None),
    ]  # fmt: skip
    assert (paper.fields["近 12 个月有效"], paper.fields["预警"]) == (14, "已达到")
    told = solid(pdf_of(report_of(40), REPORT_FORM))
    assert [word for word in ("原因分析", "改进措施", "签字或盖章") if word not in told] == []


def test_a_report_of_nothing_warns_of_nothing() -> None:
    paper = xlsx_of(report_of(0), REPORT_FORM)
    assert (paper.fields["受理投诉"], paper.fields["预警"]) == (0, "未达到")
    assert paper.texts.count("（无）") == 2


# --- who may print them, over books

DEVICE = "661565714354"
ACCOUNT = "师傅收了我一百元"
MONTH, SPAN = "/v1/call-months/BJ01/2026-11", "/v1/complaint-reports/BJ01"
QUERY = "?from=2026-11&to=2026-11"


class Called(House):
    """A house in which wang did a job at a customer's of BJ01, and chen called about it."""

    def job(self, **more: Any) -> str:
        """A job that is done."""
        self.now += 1_000_000
        body = sent(DEVICE, purposes=["return_visit"], technician="wang", **more)
        number = str(self.of("wu").post("/v1/dispatch-orders", body).json["number"])
        filed = done(outcomes={"return_visit": "all_well"})
        answer = self.of("wang").post(f"/v1/dispatch-orders/{number}/service-record", filed)
        assert answer.status_code == 201, answer.text
        return number

    def call(self, number: str, **other: Any) -> str | None:
        """Call about a job, and tell what the customer says; returns the complaint that it is."""
        told = {**said(ACCOUNT if other else None, **other), "spoken_to": {"name": "王会计"}}
        found: str | None = answered(self, number, told)["complaint"]
        return found

    def figures(self) -> Any:
        """What a month of calls and of complaints comes to, as JSON."""
        chen = self.of("chen")
        return chen.get(MONTH).json["figures"], chen.get(f"{SPAN}{QUERY}").json


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Called]:
    """The same once for every test of an engine."""
    house = Called(stores.filled(request.param, fill_house))
    yield house
    stores.drop(house.store)


@pytest.mark.both_engines
def test_what_a_month_comes_to_is_on_paper_and_stays_when_the_customer_is_erased(house: Called) -> None:
    theirs = {"serials": [], "customer": newcomer(house)}
    number = house.job(**theirs)
    assert "甲公司" in printed(house.of("chen"), f"/v1/follow-ups/{number}/sheet").fields["用户"]
    complaint = house.call(number, paid_fen=10_000)
    waiting = house.job(**theirs)
    month = house.of("zhang").get(MONTH).json
    assert [each["call"]["subject"] for each in month["calls"]] == [number, waiting]
    assert [each["standing"] for each in month["calls"]] == ["met", "due"]
    figures = month["figures"]
    assert {name: figures[name] for name in ("calls", "answered", "to_call", "in_time", "differing", "complaints")} == {
        "calls": 2, "answered": 1, "to_call": 1, "in_time": 1, "differing": 1, "complaints": 1,
    }  # fmt: skip
    paper = printed(house.of("zhang"), f"{MONTH}/sheet")
    assert [(row["服务单号"], row["投诉编号"], row["时限"]) for row in paper.tables[0].rows] == [
        (number, complaint, "按时完成"), (waiting, None, "未到期"),
    ]  # fmt: skip
    report = printed(house.of("zhang"), f"{SPAN}/sheet", QUERY)
    assert [(row["投诉编号"], row["类别"], row["被投诉人"]) for row in report.lines] == [
        (complaint, "收费不合标准", "王强（wang）")
    ]
    before = house.figures()
    close_all(house, waiting, str(complaint), number)
    after = house.figures()
    assert after[0]["answered"] == 2
    erase = house.of("li").post("/v1/customers/C-BJ01-000003/erase", {"password": house.password("li")})
    assert erase.status_code == 200, erase.text
    assert house.figures() == after
    assert after[1]["figures"]["categories"] == before[1]["figures"]["categories"]
    for path, query in (
        (f"/v1/follow-ups/{number}/sheet", ""),
        (f"/v1/complaints/{complaint}/sheet", ""),
        (f"{MONTH}/sheet", ""),
    ):
        text = " ".join(printed(house.of("zhang"), path, query).texts) + pdf_text(
            house.of("zhang"), path, query
        )
        assert [word for word in ("甲公司", ACCOUNT, "王会计") if word in text] == [], path
        assert "（资料已删除）" in text


def close_all(house: Called, waiting: str, complaint: str, differing: str) -> None:
    """End what is open of the customer's: the call, the difference and the complaint, as an invalid one."""
    house.call(waiting)
    steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("wang", f"follow-ups/{differing}/explain", {"text": "网线钱"}),
        ("li", f"follow-ups/{differing}/settle", {"accepted": True, "text": "属实"}),
        ("chen", f"complaints/{complaint}/investigate", {"text": "收据已补", "valid": False}),
        ("li", f"complaints/{complaint}/decide", {"decision": "invalid"}),
        ("chen", f"complaints/{complaint}/resolve", {"text": "已向用户说明"}),
        ("li", f"complaints/{complaint}/confirm", {"word": "content"}),
        ("li", f"complaints/{complaint}/close", {}),
    )
    for who, path, body in steps:
        house.now += 1_000_000
        answer = house.of(who).post(f"/v1/{path}", body)
        assert answer.status_code == 200, (path, answer.text)


@pytest.fixture(scope="module")
def visited(stores: Stores) -> Iterator[Called]:
    """The same on SQLite alone, for what asks nothing of the engine."""
    house = Called(stores.filled("sqlite", fill_house))
    yield house
    stores.drop(house.store)


def test_whoever_is_complained_of_prints_no_word_of_the_account(visited: Called) -> None:
    body = {
        "site": "BJ01",
        "channel": "phone",
        "categories": ["manner"],
        "account": ACCOUNT,
        "persons": ["wu"],
    }
    number = visited.of("zhang").post("/v1/complaints", body).json["number"]
    path = f"/v1/complaints/{number}/sheet"
    assert printed(visited.of("li"), path).fields["投诉内容（用户原话）"] == ACCOUNT
    assert printed(visited.of("wu"), path).fields["投诉内容（用户原话）"] == "（无权查看）"
    assert ACCOUNT not in pdf_text(visited.of("wu"), path)
    for stranger in ("zhao", "wang"):
        assert visited.of(stranger).get(f"{path}.pdf").status_code == 404


def test_a_technician_prints_the_call_about_their_own_job_without_who_was_spoken_to(visited: Called) -> None:
    number = visited.job()
    visited.call(number)
    paper = printed(visited.of("wang"), f"/v1/follow-ups/{number}/sheet")
    assert paper.fields["用户"] == "（无权查看）"
    assert "王会计" not in " ".join(paper.texts)
    assert visited.of("zhao").get(f"/v1/follow-ups/{number}/sheet.pdf").status_code == 404


def test_a_job_that_is_not_done_has_no_call_to_print(visited: Called) -> None:
    number = visited.of("wu").post("/v1/dispatch-orders", sent(DEVICE)).json["number"]
    answer = visited.of("chen").get(f"/v1/follow-ups/{number}/sheet.pdf")
    assert (answer.status_code, codes(answer)) == (409, ["job_not_done"])


@pytest.mark.parametrize("path", [MONTH, f"{MONTH}/sheet.pdf", f"{SPAN}{QUERY}", f"{SPAN}/sheet.pdf{QUERY}"])
def test_a_sites_figures_are_for_its_readers_and_the_units_for_whoever_reads_the_unit(
    path: str, visited: Called
) -> None:
    unit = path.replace("/BJ01", "/UNIT")
    assert [visited.of(who).get(path).status_code for who in ("zhang", "li", "wu", "chen")] == [200] * 4
    assert [visited.of(who).get(path).status_code for who in ("zhao", "wang", "admin")] == [403] * 3
    assert visited.of("chen").get(unit).status_code == 200
    assert [visited.of(who).get(unit).status_code for who in ("zhang", "li")] == [403] * 2
    assert visited.of("chen").get(path.replace("/BJ01", "/XX99")).status_code == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/call-months/BJ01/2026-13", "malformed_parameter"),
        ("/v1/call-months/BJ01/2027-01", "future_date"),
        (f"{SPAN}?from=2026-11&to=2026-10", "malformed_parameter"),
        (f"{SPAN}?from=1999-01&to=2026-11", "before_books"),
        (f"{SPAN}?from=2026-11&to=2027-02", "future_date"),
    ],
)
def test_months_lie_in_the_books(path: str, code: str, visited: Called) -> None:
    assert visited.of("chen").get(path).json["code"] == code
    assert TODAY.startswith("2026-11")
