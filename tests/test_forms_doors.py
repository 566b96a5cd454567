"""Forms over HTTP: on xlsx and PDF beside the JSON, for the same callers, with the same masking and numbers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from api.callers.access import READER, SIGNED_IN
from api.form_routes import DOORS
from api.form_routes import Door as FormDoor
from api.resources import forms
from api.resources.service import call_papers, papers
from api.routes import ROUTES
from api.wire.reading import Nothing
from labels.forms.form import Form
from labels.forms.slips import MANNERS, manner_of
from labels.words import text_of
from tests.closing import MONTH as CLOSED_MONTH
from tests.closing import close, make_ready, seal
from tests.conftest import ENGINES, Stores
from tests.counts import begin, close_count, explain, held, scan, sign
from tests.door import TODAY, Door
from tests.every_form import FORM_MODULES
from tests.printed import pdf_text, printed

MONTH = TODAY[:7]
CARD = f"?model=TCG-01&from={MONTH}-01&to={MONTH}-30"
JSON = {route.name: route for route in ROUTES}
SOLD, NAME, CUSTOMER = "661565714354", "朝阳区惠民便利店", "C-BJ01-000002"
NAMED = {"taxpayer_id": "110101199003077", "name": NAME}


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """The application over demo books, on each engine."""
    store = stores.demo(request.param)
    yield Door(store)
    stores.drop(store)


@pytest.fixture
def sqlite_door(stores: Stores) -> Iterator[Door]:
    """The same on SQLite alone, for what asks nothing of the engine."""
    store = stores.demo("sqlite")
    yield Door(store)
    stores.drop(store)


@pytest.fixture(scope="module")
def read_only(stores: Stores) -> Iterator[Door]:
    """The same once for every test that changes nothing."""
    store = stores.demo("sqlite")
    yield Door(store)
    stores.drop(store)


def of_type(door: Door, kind: str) -> str:
    """The number of the last document of a type."""
    row = door.store.row("SELECT MAX(number) FROM document WHERE type = ?", (kind,))
    assert row is not None
    return str(row[0])


def counted(door: Door) -> str:
    """A closed count with a shortage, a surplus and a wrong zone, explained."""
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    _, *there = held(door, "merchandise")
    number = begin(zhang)
    scan(zhang, number, *there, *held(door, "merchandise", "quarantined"))
    scan(li, number, (SOLD, "M-01"), (held(door, "spare")[0][0], "M-01"))
    door.now += 1_000_000
    assert close_count(zhang, number, li).status_code == 200
    explain(zhang, number)
    return number


# --- access


@pytest.mark.parametrize("form", [each for each in DOORS if each.beside], ids=lambda form: form.name)
def test_a_form_asks_for_the_access_and_the_query_of_the_json_beside_it(form: FormDoor) -> None:
    for ending in ("xlsx", "pdf"):
        route, beside = JSON[f"{form.name}_{ending}"], JSON[str(form.beside)]
        whole = (
            form.name == "print_slip"
        )  # of another site's document the JSON tells a part, the paper nothing
        assert route.access == (READER if whole else beside.access)
        paged, of_paper = {"after", "cursor", "limit", "result"}, {"copies"}
        fields = {*beside.query.__struct_fields__} - paged
        assert fields == {*route.query.__struct_fields__} - of_paper


@pytest.mark.parametrize("form", [each for each in DOORS if not each.beside], ids=lambda form: form.name)
def test_a_form_beside_nothing_is_asked_nothing_and_is_the_same_for_everybody(
    form: FormDoor, read_only: Door
) -> None:
    route = JSON[f"{form.name}_xlsx"]
    assert (route.access, route.query) == (SIGNED_IN, Nothing)
    texts = [printed(read_only.sign_in(who), form.path).texts for who in ("zhang", "zhao", "admin", "wang")]
    assert all(each == texts[0] for each in texts)
    assert read_only.nobody().get(f"{form.path}.pdf").status_code == 401


@pytest.mark.parametrize(
    "form", [each for each in DOORS if "{register}" in each.path], ids=lambda form: form.name
)
def test_a_book_that_is_counted_blind_is_on_no_paper(form: FormDoor, sqlite_door: Door) -> None:
    zhang = sqlite_door.sign_in("zhang")
    begin(zhang)
    path = form.path.format(site="BJ01", register="merchandise", month=MONTH)
    query = {"print_card": CARD, "print_statement": f"?month={MONTH}"}.get(form.name, "")
    beside = JSON[str(form.beside)].path.format(site="BJ01", register="merchandise", month=MONTH)
    expected = zhang.get(f"{beside}{query}").json["code"]
    for ending in ("xlsx", "pdf"):
        assert zhang.get(f"{path}.{ending}{query}").json["code"] == expected


LOADING = {
    name: value
    for module in (forms, papers, call_papers)
    for name, value in vars(module).items()
    if inspect.isfunction(value)
}


def test_every_declared_form_is_loaded() -> None:
    declared = {
        name for module in FORM_MODULES for name, value in vars(module).items() if isinstance(value, Form)
    }
    named = {name for function in LOADING.values() for name in function.__code__.co_names}
    assert declared - named == set(), "a function of api/resources that loads it"


def test_every_form_that_is_loaded_is_had_at_a_door() -> None:
    loaded = {name for name in LOADING if name.startswith("load_")}
    assert loaded == {door.load.__name__ for door in DOORS}, "DOORS in api/form_routes.py"


def test_a_running_count_has_no_sheet_to_print(sqlite_door: Door) -> None:
    zhang = sqlite_door.sign_in("zhang")
    number = begin(zhang)
    answer = zhang.get(f"/v1/stocktakes/{number}/sheet.pdf")
    assert (answer.status_code, answer.json["code"]) == (409, "stocktake_not_closed")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/documents/BJ01-2026-999999/slip",
        "/v1/devices/999999999999/history",
        "/v1/customers/C-BJ01-999999/devices",
        "/v1/stocktakes/S-BJ01-999999/sheet",
        "/v1/months/BJ01/spare/2026-01/statement",
        f"/v1/books/BJ01/nothing/statement.xlsx?month={MONTH}#",
    ],
)
def test_what_is_not_there_has_no_form(path: str, read_only: Door) -> None:
    answer = read_only.sign_in("zhang").get(f"{path}.xlsx" if "#" not in path else path.strip("#"))
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_an_outlets_token_takes_a_devices_history_on_paper(read_only: Door) -> None:
    assert NAME in printed(read_only.token("BJ01"), f"/v1/devices/{SOLD}/history").fields["用户"]


# --- masking


def test_a_foreign_customer_is_masked_on_paper_as_in_the_json(read_only: Door) -> None:
    other = read_only.token("TJ01")
    paper = printed(other, f"/v1/devices/{SOLD}/history")
    assert paper.fields["用户"] == "（无权查看）"
    assert {line["用户"] for line in paper.lines} == {None, "（无权查看）"}
    told = " ".join(paper.texts) + pdf_text(other, f"/v1/devices/{SOLD}/history")
    assert NAME not in told
    assert CUSTOMER not in told


def test_a_slip_tells_its_customer_to_the_site_that_has_them(read_only: Door) -> None:
    slip = f"/v1/documents/{of_type(read_only, 'sale')}/slip"
    for client in (read_only.sign_in("zhang"), read_only.token("BJ01", username="zhang")):
        paper = printed(client, slip)
        assert paper.fields["用户"] == f"{CUSTOMER} {NAME}"
        assert paper.fields["纳税人识别号"] == "110101199003077"


@pytest.mark.both_engines
def test_a_slip_shows_its_customer_as_named_on_it_wherever_the_device_is_now(door: Door) -> None:
    sale = of_type(door, "sale")
    take_in(door)
    for client in (door.token("BJ01"), door.sign_in("zhang")):
        assert printed(client, f"/v1/documents/{sale}/slip").fields["用户"] == f"{CUSTOMER} {NAME}"
    zhang = door.sign_in("zhang")
    path = f"/v1/customers/{CUSTOMER}"
    revision = zhang.get(path).headers["etag"]
    assert zhang.send("PUT", path, {"name": "惠民连锁"}, If_Match=revision).status_code == 200
    assert printed(zhang, f"/v1/documents/{sale}/slip").fields["用户"] == f"{CUSTOMER} {NAME}"


def test_a_customers_devices_at_a_foreign_site_stay_in_their_list_at_home(sqlite_door: Door) -> None:
    zhang = sqlite_door.sign_in("zhang")
    path = f"/v1/customers/{CUSTOMER}/devices"
    assert [line["设备编号"] for line in printed(zhang, path).lines] == [SOLD]
    take_in(sqlite_door)
    assert zhang.get(f"/v1/devices/{SOLD}").json["device"]["customer"]["number"] == CUSTOMER
    assert [line["设备编号"] for line in printed(zhang, path).lines] == [SOLD]


def take_in(door: Door) -> None:
    """TJ01 takes the device of BJ01's customer in for repair."""
    zhao = door.sign_in("zhao")
    body = {"site": "TJ01", "serial": SOLD, "fault": "不亮", "customer": NAMED}
    order = zhao.post("/v1/repairs", body).json["number"]
    intake = {"type": "repair_intake", "site": "TJ01", "business_date": TODAY, "order": order, "fault": "不亮",
              "bin": "R-01", "lines": [{"serial": SOLD}]}  # fmt: skip
    assert zhao.post("/v1/documents", intake).status_code == 201


# --- numbers


def test_a_card_on_paper_has_the_lines_and_balances_of_the_api(door: Door) -> None:
    zhang = door.sign_in("zhang")
    card = zhang.get(f"/v1/books/BJ01/merchandise/card{CARD}").json
    paper = printed(zhang, "/v1/books/BJ01/merchandise/card", CARD)
    assert (paper.fields["期初结存"], paper.fields["期末结存"]) == (card["opening"], card["closing"])
    assert [line["设备编号"] for line in paper.lines] == [line["serial"] for line in card["lines"]]
    assert [line["单据号"] for line in paper.lines] == [line["document"] for line in card["lines"]]
    assert paper.lines[-1]["结存"] == card["closing"]
    total = paper.tables[0].total
    assert total is not None
    assert card["opening"] + total["收入"] - total["发出"] == card["closing"]


def test_what_was_sent_to_another_site_is_headed_so_and_keeps_that_sites_state_to_itself(
    sqlite_door: Door,
) -> None:
    number, zhang = of_type(sqlite_door, "dispatch"), sqlite_door.sign_in("zhang")
    serials = [line["serial"] for line in zhang.get(f"/v1/documents/{number}").json["lines"]]
    arrival = {"type": "arrival", "site": "TJ01", "business_date": TODAY, "dispatch": number, "bin": "M-01",
               "lines": [{"serial": serial} for serial in serials]}  # fmt: skip
    zhao = sqlite_door.sign_in("zhao")
    assert zhao.post("/v1/documents", arrival).status_code == 201
    away = [
        line
        for line in printed(zhang, "/v1/books/BJ01/merchandise/card", CARD).lines
        if line["设备编号"] in serials
    ]
    assert {(line["单据类型"], line["状态"]) for line in away if line["发出"]} == {("调拨发出", None)}
    (stated,) = printed(zhang, "/v1/books/BJ01/merchandise/statement", f"?month={MONTH}").lines
    assert stated["发：调拨发出"] == len(serials)
    here = [
        line
        for line in printed(zhao, "/v1/books/TJ01/merchandise/card", CARD).lines
        if line["设备编号"] in serials
    ]
    assert {(line["单据类型"], line["状态"]) for line in here} == {("调拨入库", "在库")}


def test_an_open_month_says_as_of_when_and_asks_for_no_signatures(read_only: Door) -> None:
    paper = printed(read_only.sign_in("zhang"), "/v1/books/BJ01/spare/statement", f"?month={MONTH}")
    assert paper.fields["结账"] == "未结账"
    assert paper.fields["截至时间"].date().isoformat() == TODAY
    assert not any(text.startswith(("签字", "本表")) for text in paper.texts)


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/books/BJ01/merchandise/card.xlsx{CARD}",
        f"/v1/devices/{SOLD}/history.xlsx",
        f"/v1/customers/{CUSTOMER}/devices.xlsx",
    ],
)
def test_a_form_without_signatures_has_boxes_to_sign_and_the_day_it_was_printed(
    path: str, read_only: Door
) -> None:
    form, _, query = path.partition(".xlsx")
    paper = printed(read_only.sign_in("zhang"), form, query)
    assert paper.fields["制表日期"].date().isoformat() == TODAY
    assert sum(text.startswith("签字") for text in paper.texts) == 2


def test_a_card_of_some_days_begins_with_the_balance_before_them(door: Door) -> None:
    zhang = door.sign_in("zhang")
    query = "?model=TCG-01&from=2026-11-05&to=2026-11-05"
    card = zhang.get(f"/v1/books/BJ01/merchandise/card{query}").json
    paper = printed(zhang, "/v1/books/BJ01/merchandise/card", query)
    assert card["opening"] == paper.fields["期初结存"] == 24
    assert card["closing"] == paper.fields["期末结存"] == 23


def test_a_statement_on_paper_has_the_counts_of_the_api(door: Door) -> None:
    zhang = door.sign_in("zhang")
    for register in ("merchandise", "spare"):
        stated = zhang.get(f"/v1/books/BJ01/{register}/statement?month={MONTH}").json
        paper = printed(zhang, f"/v1/books/BJ01/{register}/statement", f"?month={MONTH}")
        for line, model in zip(paper.lines, stated["models"], strict=True):
            told = (line["型号"], line["期初"], line["收入合计"], line["发出合计"], line["期末"])
            came, went = sum(model["in"].values()), sum(model["out"].values())
            assert told == (model["model"], model["opening"], came, went, model["closing"])


@pytest.mark.both_engines
def test_a_sheet_on_paper_has_every_line_and_number_of_the_api(door: Door) -> None:
    number, zhang = counted(door), door.sign_in("zhang")
    sheet = zhang.get(f"/v1/stocktakes/{number}/sheet?limit=500").json
    paper = printed(zhang, f"/v1/stocktakes/{number}/sheet")
    summary, lines, people = paper.tables
    assert [(row["扫描数"], row["是否扫完"]) for row in people.rows] == [
        (each["scans"], "已完成") for each in sheet["header"]["people"]
    ]
    names = {"opening": "期初", "in": "收入", "out": "发出", "book": "账面数", "apart": "账面在外", "counted": "实盘数",
             "surplus": "盘盈", "shortage": "盘亏", "misplaced": "错位串区"}  # fmt: skip
    for row, model in zip(summary.rows, sheet["header"]["summary"], strict=True):
        assert {title: row[title] for title in names.values()} == {names[key]: model[key] for key in names}
    assert [row["设备编号"] for row in lines.rows] == [line["serial"] for line in sheet["lines"]]
    assert [row["差异说明"] for row in lines.rows] == [line["explanation"] for line in sheet["lines"]]
    unknown = sum(line["result"] == "unknown" for line in sheet["lines"])
    assert paper.fields.get("未建档（汇总未计）", 0) == unknown
    found = [row["扫描时间"].isoformat() if row["扫描时间"] else None for row in lines.rows]
    assert found == [line["scanned_at"] and line["scanned_at"][:19] for line in sheet["lines"]]
    assert any(sheet["digest"] in text for text in paper.texts)


def test_a_sheet_on_paper_tells_over_whom_it_was_closed_what_came_late_and_what_earlier_counts_left(
    sqlite_door: Door,
) -> None:
    zhang, li = sqlite_door.sign_in("zhang"), sqlite_door.sign_in("li")
    first = begin(zhang)
    scan(zhang, first, *held(sqlite_door, "merchandise"), *held(sqlite_door, "merchandise", "quarantined"))
    assert close_count(zhang, first).status_code == 200
    for client, username, role in ((zhang, "zhang", "storekeeper"), (li, "li", "auditor")):
        assert sign(client, first, username, role).status_code == 201
    assert scan(li, first, ("661599999901", "M-01"))[0]["outcome"] == "late"
    number = begin(zhang)
    scan(li, number, ("661599999901", "M-01"))
    sqlite_door.now += 1_000_000
    over = {"reason": "李静的手机没电了"}
    assert zhang.post(f"/v1/stocktakes/{number}/close", over).status_code == 200
    scan(li, number, ("661599999902", "M-02"), ("中文", None))
    paper = printed(zhang, f"/v1/stocktakes/{number}/sheet")
    assert paper.fields["有人没说扫完就结束的原因"] == "李静的手机没电了"
    *_, people, late, left = paper.tables
    assert [(row["扫描数"], row["是否扫完"]) for row in people.rows] == [(1, "没说扫完")]
    assert [(row["扫到的"], row["实际货位"], row["处理"]) for row in late.rows] == [
        ("661599999902", "M-02", "待处理"), ("中文", None, "待处理"),
    ]  # fmt: skip
    assert [(row["盘点单号"], row["扫到的"], row["本次盘点结果"]) for row in left.rows] == [
        (first, "661599999901", "未建档")
    ]


def test_serials_that_no_book_ever_held_are_counted_below_the_head(sqlite_door: Door) -> None:
    zhang = sqlite_door.sign_in("zhang")
    number = begin(zhang)
    scan(zhang, number, *held(sqlite_door, "merchandise"), ("999999999999", "M-01"))
    sqlite_door.now += 1_000_000
    assert close_count(zhang, number).status_code == 200
    assert printed(zhang, f"/v1/stocktakes/{number}/sheet").fields["未建档（汇总未计）"] == 1


def test_a_history_on_paper_has_every_line_of_the_api(door: Door) -> None:
    zhang = door.sign_in("zhang")
    lines = zhang.get("/v1/devices/661565714353/history").json["lines"]
    paper = printed(zhang, "/v1/devices/661565714353/history")
    told = [(line["序号"], line["单据号"], line["日期"].date().isoformat()) for line in paper.lines]
    assert told == [(line["step"], line["document"], line["business_date"]) for line in lines]
    assert len(lines) == 5


@pytest.mark.both_engines
def test_a_customers_devices_on_paper_are_those_of_the_api(door: Door) -> None:
    zhang = door.sign_in("zhang")
    paper = printed(zhang, f"/v1/customers/{CUSTOMER}/devices")
    device = zhang.get(f"/v1/devices/{SOLD}").json["device"]
    assert paper.fields["用户"] == f"{CUSTOMER} {device['customer']['name']}"
    (line,) = paper.lines
    assert (line["设备编号"], line["型号"]) == (SOLD, device["model"])
    assert line["保修截止"].date().isoformat() == device["warranty_until"]


# --- slips


def test_a_receipt_has_its_price_supplier_and_count(door: Door) -> None:
    zhang = door.sign_in("zhang")
    paper = printed(zhang, "/v1/documents/BJ01-2026-000001/slip")
    document = zhang.get("/v1/documents/BJ01-2026-000001").json
    assert paper.texts[0] == "入库单"
    assert paper.fields["对方"] == document["content"]["supplier"]
    assert paper.fields["送货单号"] == document["content"]["delivery_note"]
    assert paper.fields["本单台数"] == len(paper.lines) == document["document"]["lines"]
    assert {line["单价（元）"] for line in paper.lines} == {200}
    total = paper.tables[0].total
    assert total is not None
    assert total["单价（元）"] == 200 * 24


def test_a_sale_keeps_the_price_of_its_day(sqlite_door: Door) -> None:
    admin = sqlite_door.sign_in("admin")
    model = admin.get("/v1/models/TCG-01")
    body = {**model.json, "price_fen": 99}
    assert admin.send("PUT", "/v1/models/TCG-01", body, If_Match=model.headers["etag"]).status_code == 200
    paper = printed(sqlite_door.sign_in("zhang"), f"/v1/documents/{of_type(sqlite_door, 'sale')}/slip")
    assert [line["单价（元）"] for line in paper.lines] == [200]


TITLES = {
    "receipt": "入库单", "sale": "出库单", "swap": "设备更换单", "factory_dispatch": "返厂单", "dispatch": "调拨单",
    "move": "移位单", "hold": "待检单", "registration": "用户登记单",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "title"), TITLES.items())
def test_a_document_is_printed_under_its_title(kind: str, title: str, read_only: Door) -> None:
    zhang = read_only.sign_in("zhang")
    number = of_type(read_only, kind)
    paper = printed(zhang, f"/v1/documents/{number}/slip")
    assert paper.texts[0] == title
    serials = [line["serial"] for line in zhang.get(f"/v1/documents/{number}").json["lines"]]
    assert [line["设备编号"] for line in paper.lines] == serials
    text = pdf_text(zhang, f"/v1/documents/{number}/slip")
    assert [each for each in (title, number, *serials) if each not in text] == []


def test_a_transfer_has_its_consignment(read_only: Door) -> None:
    zhang = read_only.sign_in("zhang")
    fields = printed(zhang, f"/v1/documents/{of_type(read_only, 'dispatch')}/slip").fields
    told = [fields[name] for name in ("对方网点", "承运商", "托运单号", "托运件数")]
    assert told == ["TJ01 天津南开库房", "顺丰速运", "SF1234567891", 1]


def test_an_arrival_has_what_was_expected_and_what_fell_short(sqlite_door: Door) -> None:
    dispatch = of_type(sqlite_door, "dispatch")
    serials = [
        line["serial"] for line in sqlite_door.sign_in("zhang").get(f"/v1/documents/{dispatch}").json["lines"]
    ]
    arrival = {"type": "arrival", "site": "TJ01", "business_date": TODAY, "dispatch": dispatch, "bin": "M-01",
               "lines": [{"serial": serial} for serial in serials[:2]]}  # fmt: skip
    zhao = sqlite_door.sign_in("zhao")
    number = zhao.post("/v1/documents", arrival).json["number"]
    paper = printed(zhao, f"/v1/documents/{number}/slip")
    names = ("应收", "本单台数", "短少", "依据单据", "对方网点", "托运单号")
    told = [paper.fields[name] for name in names]
    assert told == [3, 2, 1, dispatch, "BJ01 北京海淀库房", "SF1234567891"]
    lines, findings = paper.tables
    assert [line["设备编号"] for line in lines.rows] == serials[:2]
    assert [(line["差异"], line["设备编号"]) for line in findings.rows] == [("短少", serials[2])]


def test_an_arrivals_slip_tells_no_more_of_the_consignment_than_its_json(sqlite_door: Door) -> None:
    zhang, zhao = sqlite_door.sign_in("zhang"), sqlite_door.sign_in("zhao")
    path = "/v1/consignments/BJ01/SF/SF1234567891"
    kept = zhang.get(path)
    told = {"packages": 3, "note": "保价 5000 元", "papers": []}
    assert zhang.send("PUT", path, told, If_Match=kept.headers["etag"]).status_code == 200
    assert zhao.get(path).status_code == 403
    number = of_type(sqlite_door, "dispatch")
    serials = [line["serial"] for line in zhang.get(f"/v1/documents/{number}").json["lines"]]
    arrival = {"type": "arrival", "site": "TJ01", "business_date": TODAY, "dispatch": number, "bin": "M-01",
               "lines": [{"serial": serial} for serial in serials]}  # fmt: skip
    arrived = zhao.post("/v1/documents", arrival).json["number"]
    paper = printed(zhao, f"/v1/documents/{arrived}/slip")
    assert {"托运件数", "托运日期", "托运说明"} & paper.fields.keys() == set()
    assert "保价" not in " ".join(paper.texts) + pdf_text(zhao, f"/v1/documents/{arrived}/slip")
    assert printed(zhang, f"/v1/documents/{number}/slip").fields["托运说明"] == "保价 5000 元"


PRICED = [
    name for name, manner in MANNERS.items() if manner.title in ("form.title.receipt", "form.title.issue")
]


@pytest.mark.parametrize("document", PRICED)
def test_a_slip_of_receipt_or_issue_has_a_price(document: str) -> None:
    assert "form.column.price" in [column.word for column in manner_of(document).columns]


BOXES = {
    "sale": "购货人",
    "supplier_return": "承运人",
    "surrender": "接收机关",
    "dispatch": "收货人",
    "swap": "用户",
}


@pytest.mark.parametrize(("document", "box"), BOXES.items())
def test_a_slip_is_signed_by_whom_it_concerns(document: str, box: str) -> None:
    assert box in [text_of(word, "zh_CN") for word in manner_of(document).others]
    assert manner_of("write_off").others == ()


def test_what_comes_back_from_the_maker_names_the_trip_out(sqlite_door: Door) -> None:
    zhang, sent = sqlite_door.sign_in("zhang"), of_type(sqlite_door, "factory_dispatch")
    serial = zhang.get(f"/v1/documents/{sent}").json["lines"][0]["serial"]
    back = {"type": "factory_receipt", "site": "BJ01", "business_date": TODAY, "dispatch": sent, "bin": "S-01",
            "result": "已修复", "lines": [{"serial": serial}]}  # fmt: skip
    number = zhang.post("/v1/documents", back).json["number"]
    fields = printed(zhang, f"/v1/documents/{number}/slip").fields
    assert {"托运单号", "承运商"} & fields.keys() == set()
    assert (fields["返厂时承运商"], fields["返厂时托运单号"]) == ("顺丰速运", "SF1234567890")


@pytest.mark.both_engines
def test_a_repair_given_back_names_its_order_and_when_it_was_done(door: Door) -> None:
    zhang = door.sign_in("zhang")
    order = zhang.post("/v1/repairs", {"site": "BJ01", "serial": SOLD, "fault": "不亮"}).json["number"]
    intake = {"type": "repair_intake", "site": "BJ01", "business_date": TODAY, "order": order, "fault": "不亮",
              "bin": "R-01", "lines": [{"serial": SOLD}]}  # fmt: skip
    taken = zhang.post("/v1/documents", intake).json["number"]
    back = {"type": "repair_return", "site": "BJ01", "business_date": TODAY, "diagnosis": "接口松动", "work": "更换",
            "completed_at": f"{TODAY}T10:10:00+08:00", "lines": [{"serial": SOLD}]}  # fmt: skip
    answer = zhang.post("/v1/documents", back)
    fields = printed(zhang, f"/v1/documents/{answer.json['number']}/slip").fields
    told = [fields[name] for name in ("维修单或派工单", "依据单据", "用户")]
    assert told == [order, taken, f"{CUSTOMER} {NAME}"]
    assert fields["完成时间"].isoformat() == f"{TODAY}T10:10:00"


def test_a_return_names_the_document_and_the_customer_it_undoes(sqlite_door: Door) -> None:
    zhang = sqlite_door.sign_in("zhang")
    back = {"type": "customer_return", "site": "BJ01", "business_date": TODAY, "reason": "停业", "bin": "M-09",
            "lines": [{"serial": SOLD}]}  # fmt: skip
    number = zhang.post("/v1/documents", back).json["number"]
    paper = printed(zhang, f"/v1/documents/{number}/slip")
    last = zhang.get(f"/v1/devices/{SOLD}/history").json["lines"][-2]["document"]
    assert (paper.fields["依据单据"], paper.fields["用户"]) == (last, f"{CUSTOMER} {NAME}")
    assert [line["单价（元）"] for line in paper.lines] == [200]


def test_a_shortage_is_signed_by_the_two_signatures_of_its_stocktake(sqlite_door: Door) -> None:
    number, zhang, li = counted(sqlite_door), sqlite_door.sign_in("zhang"), sqlite_door.sign_in("li")
    sign(zhang, number, "zhang", "storekeeper")
    assert sign(li, number, "li", "auditor").json["stocktake"]["state"] == "sealed"
    paper = printed(zhang, f"/v1/documents/{of_type(sqlite_door, 'shortage')}/slip")
    assert paper.fields["盘点单号"] == number
    assert "维修单或派工单" not in paper.fields
    given = zhang.get(f"/v1/stocktakes/{number}").json["signatures"]
    assert len(given) == 2
    for each in given:
        assert any(each["fingerprint"] in text for text in paper.texts)


def test_a_swap_says_which_device_came_out_and_which_went_in(read_only: Door) -> None:
    paper = printed(read_only.sign_in("zhang"), f"/v1/documents/{of_type(read_only, 'swap')}/slip")
    told = {line["设备编号"]: line["换下/换上"] for line in paper.lines}
    assert told == {"661565714353": "换下", "661565720011": "换上"}


def test_a_swap_names_both_devices(read_only: Door) -> None:
    paper = printed(read_only.sign_in("zhang"), f"/v1/documents/{of_type(read_only, 'swap')}/slip")
    pairs = {(line["设备编号"], line["对应设备"]) for line in paper.lines}
    assert pairs == {("661565714353", "661565720011"), ("661565720011", "661565714353")}
    assert paper.fields["故障现象"] == "无法识别"


def test_a_reversal_names_what_it_undoes_and_the_undone_slip_says_so(sqlite_door: Door) -> None:
    zhang, li = sqlite_door.sign_in("zhang"), sqlite_door.sign_in("li")
    serial = "661565714376"
    body = {"type": "reversal", "site": "BJ01", "business_date": TODAY, "document": "BJ01-2026-000001",
            "reason": "扫错", "serials": [serial]}  # fmt: skip
    number = zhang.post("/v1/documents", body).json["number"]
    waiting = printed(zhang, f"/v1/documents/{number}/slip")
    assert (waiting.texts[0], waiting.fields["单据状态"]) == ("冲销单（红字）", "待审批")
    assert [line["设备编号"] for line in waiting.lines] == [serial]
    review: dict[str, Any] = {"decision": "approve", "password": sqlite_door.password("li")}
    assert li.post(f"/v1/documents/{number}/review", review).status_code == 200
    paper = printed(zhang, f"/v1/documents/{number}/slip")
    assert paper.fields["被冲销单据"] == "BJ01-2026-000001"
    receipt = printed(zhang, "/v1/documents/BJ01-2026-000001/slip")
    assert {line["设备编号"]: line["冲销单据"] for line in receipt.lines if line["冲销单据"]} == {
        serial: number
    }


def test_the_auditors_box_says_how_they_decided(sqlite_door: Door) -> None:
    zhang, li = sqlite_door.sign_in("zhang"), sqlite_door.sign_in("li")
    number = of_type(sqlite_door, "dispatch")
    before = printed(zhang, f"/v1/documents/{number}/slip")
    assert not any(text.startswith("李静（li） ") for text in before.texts)
    review = {"decision": "reject", "reason": "封签不符", "password": sqlite_door.password("li")}
    assert li.post(f"/v1/documents/{number}/review", review).status_code == 200
    after = printed(zhang, f"/v1/documents/{number}/slip")
    (box,) = [text for text in after.texts if text.startswith("李静（li） ")]
    assert "不通过" in box
    assert after.fields["审核意见"] == "封签不符"


def test_people_are_named_to_people_and_by_username_to_programs(sqlite_door: Door) -> None:
    path = f"/v1/devices/{SOLD}/history"
    by = [
        printed(client, path).lines[0]["经办人"]
        for client in (sqlite_door.sign_in("zhang"), sqlite_door.token())
    ]
    assert by == ["张伟（zhang）", "zhang"]


# --- signatures


def test_a_sealed_sheet_prints_both_signatures_and_its_digest(door: Door) -> None:
    number, zhang, li = counted(door), door.sign_in("zhang"), door.sign_in("li")
    unsigned = pdf_text(zhang, f"/v1/stocktakes/{number}/sheet")
    assert "已电子签字" not in unsigned
    sign(zhang, number, "zhang", "storekeeper")
    assert sign(li, number, "li", "auditor").json["stocktake"]["state"] == "sealed"
    stands = zhang.get(f"/v1/stocktakes/{number}").json
    paper = printed(zhang, f"/v1/stocktakes/{number}/sheet")
    text = pdf_text(zhang, f"/v1/stocktakes/{number}/sheet")
    assert stands["digest"] in text
    for given in stands["signatures"]:
        at = given["signed_at"][:19].replace("T", " ")
        (box,) = [told for told in paper.texts if given["fingerprint"] in told]
        named = {"zhang": "张伟（zhang）", "li": "李静（li）"}[given["username"]]
        words = "注册码发放人：王建国（admin）；密钥确认人：无"
        assert box == f"已电子签字：{named}，{at}\n密钥指纹 {given['fingerprint']}\n{words}"
        assert given["fingerprint"] in text


def test_a_sealed_month_prints_the_frozen_statement_and_both_signatures(sqlite_door: Door) -> None:
    make_ready(sqlite_door)
    zhang = sqlite_door.sign_in("zhang")
    assert close(zhang).status_code == 201
    seal(sqlite_door)
    zhang = sqlite_door.sign_in("zhang")
    month = zhang.get(CLOSED_MONTH).json
    paper = printed(zhang, f"{CLOSED_MONTH}/statement")
    told = [(line["型号"], line["期初"], line["期末"]) for line in paper.lines]
    assert told == [
        (each["model"], each["opening"], each["closing"]) for each in month["statement"]["models"]
    ]
    assert (paper.fields["结账"], paper.fields["盘点单号"]) == ("已结账", month["stocktake"])
    assert {"结账时间", "结账人"} <= paper.fields.keys()
    assert "截至时间" not in paper.fields
    text = pdf_text(zhang, f"{CLOSED_MONTH}/statement")
    assert month["digest"] in text
    assert all(each["fingerprint"] in text for each in month["signatures"])
    assert len(month["signatures"]) == 2


def test_a_closed_months_statement_is_kept_from_a_blind_count(sqlite_door: Door) -> None:
    make_ready(sqlite_door)
    zhang = sqlite_door.sign_in("zhang")
    assert close(zhang).status_code == 201
    assert begin(zhang)
    assert zhang.get(CLOSED_MONTH).json["code"] == "count_is_blind"
    for ending in ("xlsx", "pdf"):
        assert zhang.get(f"{CLOSED_MONTH}/statement.{ending}").json["code"] == "count_is_blind"


# --- the answer


def test_a_file_has_a_name_that_is_safe_everywhere(read_only: Door) -> None:
    answer = read_only.sign_in("zhang").get("/v1/documents/BJ01-2026-000001/slip.pdf")
    given = answer.headers["content-disposition"]
    assert unquote(given.partition("UTF-8''")[2]) == "入库单-BJ01-2026-000001.pdf"
    assert answer.headers["content-type"] == "application/pdf"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.content.startswith(b"%PDF-")


def test_a_form_speaks_the_readers_language(read_only: Door) -> None:
    answer = read_only.sign_in("zhang").get(
        "/v1/documents/BJ01-2026-000001/slip.xlsx", **{"Accept-Language": "en"}
    )
    assert 'filename="Receipt-slip-BJ01-2026-000001.xlsx"' in answer.headers["content-disposition"]
