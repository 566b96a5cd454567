"""派工单 with its 上门服务单, 维修单 and 安装记录: what is on them, blank and filled, and who may print them.

`python -m tests.test_forms_service` draws the golden pictures anew; look at them before they are committed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import zxingcpp
from msgspec.structs import replace
from PIL import Image, ImageChops, ImageStat

from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.dispatches import (
    Confirmation,
    Correction,
    DispatchOrder,
    JobContact,
    Outcomes,
    ServiceRecord,
    StepTaken,
    Used,
    Window,
)
from devices.paperwork.installations import Confirmer, InstallAct, Installation, InstallChecks
from devices.paperwork.orders import RepairOrder, RepairRecord
from labels.forms.form import Form
from labels.forms.paper import paper_of
from labels.forms.service.dispatch import DISPATCH_FORM, DispatchPrinted
from labels.forms.service.installation import INSTALLATION_FORM, InstallationPrinted
from labels.forms.service.parts import DeviceNamed
from labels.forms.service.repairs import REPAIR_FORM, RepairPrinted
from labels.forms.writers.pdf import write_pdf
from labels.forms.writers.xlsx import write_xlsx
from labels.words import LOCALES, Locale
from tests.called import answered
from tests.conftest import Stores
from tests.counts import SECOND
from tests.custody import House, fill_house
from tests.dispatched import done, sent, taken_along
from tests.door import TODAY
from tests.paper import opened, pages, scanned, texts
from tests.printed import Printed, fetched, pdf_text, printed
from tests.test_forms_pdf import GOLDEN, GOLDEN_DPI, MOST_DIFFERENCE
from tests.test_reading_pages import searched
from web.door import add_pages

HOUR_US = 3_600_000_000
AT_US = 1_795_500_000_000_000
FAULTY, OTHER, SPARE = "661565714353", "661565714354", "661565720012"
NAMES = {"wu": "吴敏（wu）", "liu": "刘强（liu）"}

ORDER = DispatchOrder(
    "D-BJ01-000012", "BJ01", "C-BJ01-000002", (FAULTY, OTHER), ("install", "repair"), "开票时提示未就绪", AT_US,
    AT_US + HOUR_US, "wu", "liu", Window(AT_US + 24 * HOUR_US, AT_US + 26 * HOUR_US), "FW2026-00881",
    repeat_of="D-BJ01-000007", state="accepted",
)  # fmt: skip
RECORD = ServiceRecord(
    AT_US + 26 * HOUR_US, "盘体损坏", "更换税控盘", 12_000, AT_US + 30 * HOUR_US, "liu", AT_US + 25 * HOUR_US,
    Outcomes(repair="solved", install="not_installed"), (Used(FAULTY, SPARE),),
    Confirmation("declined", reason="负责人不在"),
)  # fmt: skip
FILED = replace(ORDER, state="done", record=RECORD)
BLANK = DispatchPrinted(
    unit="北方税控服务中心",
    site_name="北京海淀库房",
    order=ORDER,
    customer=CustomerShown("C-BJ01-000002", "110101199003077", "惠民便利店", "建国路 88 号", "王女士"),
    contact=JobContact("李会计", "13800001111", "后门 2 层"),
    devices={serial: DeviceNamed("tax_disk", "TCG-01", "2027-06-30") for serial in (FAULTY, OTHER)},
    carried=(Used(FAULTY, SPARE),),
    certified_until="2027-03-31",
)
FILLED = replace(BLANK, order=FILED, carried=(), certified_until=None)
SENT_IN = RepairPrinted(
    unit=BLANK.unit,
    site_name=BLANK.site_name,
    order=RepairOrder("R-BJ01-000003", "BJ01", FAULTY, "不亮", "2026-11-24", "wu", "C-BJ01-000002"),
    customer=BLANK.customer,
    device=BLANK.devices[FAULTY],
)

ASKED = InstallationPrinted(
    unit=BLANK.unit,
    site_name=BLANK.site_name,
    installation=Installation(
        "N-BJ01-000004", "BJ01", "C-BJ01-000002", FAULTY, "download", AT_US, AT_US, "wu", minutes=25,
        course=(
            InstallAct("ask", AT_US, "wu"),
            InstallAct("guide", AT_US + HOUR_US, "wu", 10, "not_helped"),
            InstallAct("guide", AT_US + 2 * HOUR_US, "liu", 15, "helped"),
        ),
    ),
    customer=BLANK.customer,
    device=BLANK.devices[FAULTY],
)  # fmt: skip


def pdf_of(value: Any, form: Form = DISPATCH_FORM, locale: Locale = "zh_CN") -> bytes:
    """A paper as a PDF."""
    file = io.BytesIO()
    write_pdf(paper_of(form, value, locale, lambda who: NAMES.get(who, who)), file, AT_US)
    return file.getvalue()


def xlsx_of(value: Any, form: Form = DISPATCH_FORM) -> Printed:
    """A paper on xlsx, opened again."""
    file = io.BytesIO()
    write_xlsx(paper_of(form, value, "zh_CN", lambda who: NAMES.get(who, who)), file)
    return Printed(file.getvalue())


def below(paper: Printed) -> dict[str, Any]:
    """The fields below the table of a paper on xlsx, by their label."""
    sheet = paper.book.worksheets[-1]
    rows: list[list[Any]] = [
        [each for each in row if each is not None] for row in sheet.iter_rows(values_only=True)
    ]
    start = next(n for n, row in enumerate(rows) if row in (["上门服务单"], ["维修记录"], ["安装确认"]))
    return {name: value for row in rows[start:] for name, value in zip(row[::2], row[1::2], strict=False)}


def qr_codes(pdf: bytes) -> list[str]:
    """What the QR codes of every page hold."""
    kind = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [each.text for page in pages(pdf, 150) for each in zxingcpp.read_barcodes(page, formats=kind)]


def barcodes(pdf: bytes) -> list[str]:
    """What the barcodes of every page hold, sorted."""
    return sorted(text for page in pages(pdf, 200) for text in scanned(page))


# --- the paper


def test_an_order_and_its_blank_record_stand_on_one_page_that_is_scanned() -> None:
    pdf = pdf_of(BLANK)
    (page,) = texts(pdf)
    assert qr_codes(pdf) == ["D-BJ01-000012"]
    assert barcodes(pdf) == sorted([FAULTY, OTHER, SPARE])
    wanted = (
        "派工单", "上门服务单", "上门安装、上门维修", "FW2026-00881", "2026-11-25 14:00 – 16:00", "刘强（liu）",
        "2027-03-31", "D-BJ01-000007", "惠民便利店", "建国路 88 号", "王女士", "李会计  13800001111", "后门 2 层",
        "□ 已解决", "□ 未装成", "□ 用户盖章", "签字或盖章：",
    )  # fmt: skip
    solid = "".join(page.split())
    assert [text for text in wanted if "".join(text.split()) not in solid] == []


def test_a_copy_for_each_hand_is_a_page_with_its_name_that_counts_by_itself() -> None:
    pdf = pdf_of(replace(BLANK, copies=2))
    found = ["".join(page.split()) for page in texts(pdf)]
    assert ["第一联存根" in page for page in found] == [True, False]
    assert ["第二联用户" in page for page in found] == [False, True]
    assert ["第1页，共1页" in page for page in found] == [True, True]
    assert qr_codes(pdf) == ["D-BJ01-000012"] * 2
    paper = xlsx_of(replace(BLANK, copies=2))
    assert paper.book.sheetnames == ["第一联 存根 设备", "第二联 用户 设备"]
    sheets: list[Any] = paper.book.worksheets
    codes = [zxingcpp.read_barcodes(opened(image._data())) for sheet in sheets for image in sheet._images]
    assert [each.text for found in codes for each in found] == ["D-BJ01-000012"] * 2
    assert [len(table.rows) for table in paper.tables] == [2, 2]


def test_many_devices_go_on_on_further_pages_that_each_copy_counts() -> None:
    serials = tuple(f"66156571{n:04d}" for n in range(20))
    order = replace(ORDER, serials=serials)
    found = ["".join(page.split()) for page in texts(pdf_of(replace(BLANK, order=order, copies=2)))]
    assert len(found) == 4
    assert [("第1页，共2页" in page, "第2页，共2页" in page) for page in found] == [
        (True, False),
        (False, True),
    ] * 2
    assert ["第一联存根" in page for page in found] == [True, True, False, False]


def test_a_serial_too_long_for_its_column_is_there_without_a_barcode() -> None:
    long = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    pdf = pdf_of(replace(BLANK, order=replace(ORDER, serials=(long,)), carried=()))
    assert barcodes(pdf) == []
    assert long in "".join("".join(texts(pdf)).split())


def test_a_filed_record_is_printed_with_what_went_in_and_how_it_was_confirmed() -> None:
    paper = xlsx_of(replace(FILLED, unsettled=(Used(FAULTY, SPARE),)))
    assert [(row["设备编号"], row["换上备件"], row["更换单"]) for row in paper.lines] == [
        (FAULTY, SPARE, "待办更换"),
        (OTHER, None, None),
    ]
    told = below(paper)
    assert {name: str(told[name]) for name in ("维修结果", "安装结果", "用户确认", "未签原因", "填单人")} == {
        "维修结果": "已解决",
        "安装结果": "未装成",
        "用户确认": "用户未签",
        "未签原因": "负责人不在",
        "填单人": "刘强（liu）",
    }
    assert told["收费金额（元）"] == 120
    assert "□" not in " ".join(paper.texts)
    assert barcodes(pdf_of(FILLED)) == sorted([FAULTY, OTHER, SPARE])


def test_a_swap_that_was_posted_is_named_beside_its_pair() -> None:
    (row, _) = xlsx_of(replace(FILLED, swapped={Used(FAULTY, SPARE): "BJ01-2026-000031"})).lines
    assert row["更换单"] == "BJ01-2026-000031"


def test_a_corrected_record_says_when_by_whom_and_why() -> None:
    before = Correction(replace(RECORD, charged_fen=0), "金额写错", AT_US + 31 * HOUR_US, "liu")
    told = below(xlsx_of(replace(FILLED, order=replace(FILED, corrections=(before,)))))
    assert (told["更正人"], told["更正原因"]) == ("刘强（liu）", "金额写错")


def test_a_signed_paper_is_named_by_its_digest() -> None:
    signed = replace(FILED, record=replace(RECORD, confirmation=Confirmation("signed", "ab" * 32)))
    assert below(xlsx_of(replace(FILLED, order=signed)))["签字件摘要（SHA-256）"] == "ab" * 32


def test_an_order_from_before_prints_what_was_written_for_its_technician() -> None:
    old = replace(
        FILED, technician=None, technician_text="王师傅 13900000000", window=None,
        record=ServiceRecord(AT_US, "坏", "换", 0, AT_US, "wu"),
    )  # fmt: skip
    paper = xlsx_of(replace(FILLED, order=old))
    assert paper.fields["技术员"] == "王师傅 13900000000"
    assert below(paper)["完成时间"].year == 2026


def test_a_cancelled_order_says_why_and_asks_for_no_record() -> None:
    course = (StepTaken("cancel", AT_US, "wu", reason="用户自行解决"),)
    paper = xlsx_of(replace(BLANK, order=replace(ORDER, state="cancelled", course=course), carried=()))
    assert (paper.fields["状态"], paper.fields["取消原因"]) == ("已取消", "用户自行解决")
    assert "上门服务单" not in paper.texts


def test_a_waiting_order_says_for_what() -> None:
    course = (StepTaken("postpone", AT_US, "liu", reason="part_missing"),)
    paper = xlsx_of(replace(BLANK, order=replace(ORDER, state="waiting", course=course)))
    assert paper.fields["等待原因"] == "缺备件"


def test_without_a_device_the_table_says_so() -> None:
    assert "（无）" in xlsx_of(replace(BLANK, order=replace(ORDER, serials=()), carried=())).texts


def test_a_repair_order_is_a_receipt_with_its_record_to_be_filled_in() -> None:
    pdf = pdf_of(replace(SENT_IN, copies=2), REPAIR_FORM)
    assert (qr_codes(pdf), barcodes(pdf)) == (["R-BJ01-000003"] * 2, [FAULTY] * 2)
    assert all("维修单" in page and "送修人" in page for page in texts(pdf))
    record = RepairRecord(AT_US, "主板坏", "换主板", 5_000, AT_US, "liu")
    repaired = replace(SENT_IN, order=replace(SENT_IN.order, record=record))
    told = below(xlsx_of(repaired, REPAIR_FORM))
    assert (told["检测结论"], told["维修内容"], told["收费金额（元）"]) == ("主板坏", "换主板", 50)
    assert (
        "维修记录"
        not in xlsx_of(replace(SENT_IN, order=replace(SENT_IN.order, cancelled=True)), REPAIR_FORM).texts
    )


def test_an_installation_is_printed_with_its_attempts_and_room_for_more() -> None:
    pdf = pdf_of(ASKED, INSTALLATION_FORM)
    (page,) = texts(pdf)
    assert qr_codes(pdf) == ["N-BJ01-000004"]
    assert [word for word in ("下载安装", "软件能正常打开", "□ 是", "签字或盖章") if word not in page] == []
    attempts = xlsx_of(ASKED, INSTALLATION_FORM).tables[-1]
    assert [(row["指导人"], row["分钟"], row["结果"]) for row in attempts.rows] == [
        ("吴敏（wu）", 10, "没解决"),
        ("刘强（liu）", 15, "已解决"),
        *[(None, None, None)] * 3,
    ]
    assert attempts.total is not None
    assert attempts.total["分钟"] == 25


def test_an_installation_that_is_done_says_what_was_checked_and_who_confirmed_it() -> None:
    value = replace(
        ASKED.installation,
        state="installed",
        checks=InstallChecks(opens=True, runs=True, prints=True),
        installed_at=AT_US + HOUR_US,
        course=(*ASKED.installation.course, InstallAct("confirm", AT_US + HOUR_US, "wu")),
    )
    paper = xlsx_of(
        replace(ASKED, installation=value, confirmed_by=Confirmer("李会计", "138")), INSTALLATION_FORM
    )
    told = below(paper)
    assert (told["发票能正常打印"], told["确认人"], told["确认人电话"]) == ("是", "李会计", "138")
    assert (len(paper.tables[-1].rows), "□" in " ".join(paper.texts)) == (2, False)
    unfit = replace(
        ASKED.installation, state="unfit", course=(InstallAct("give_up", AT_US, "wu", reason="系统太旧"),)
    )
    given_up = below(xlsx_of(replace(ASKED, installation=unfit), INSTALLATION_FORM))
    assert given_up["用户设备不符合的原因"] == "系统太旧"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("value", [BLANK, FILLED], ids=["blank", "filled"])
def test_either_fits_a_page_in_every_language(value: DispatchPrinted, locale: Locale) -> None:
    (page,) = texts(pdf_of(value, locale=locale))
    assert "form." not in page


# --- golden pictures: looked at once, then compared

PICTURES: dict[str, tuple[Form, Any]] = {
    "form-dispatch-blank": (DISPATCH_FORM, BLANK),
}


def picture_of(name: str) -> Image.Image:
    form, value = PICTURES[name]
    return pages(pdf_of(value, form), GOLDEN_DPI)[0]


@pytest.mark.usefixtures("true_font")
@pytest.mark.parametrize("name", PICTURES)
def test_a_paper_looks_as_it_did_when_it_was_looked_at(name: str) -> None:
    golden, page = opened((GOLDEN / f"{name}.png").read_bytes()).convert("L"), picture_of(name)
    assert page.size == golden.size
    assert ImageStat.Stat(ImageChops.difference(page, golden)).mean[0] < MOST_DIFFERENCE


# --- who may print it

DEVICE, NUMBER, NAME = "661565714354", "C-BJ01-000002", "朝阳区惠民便利店"


class Sent(House):
    """A house in which wang was sent to a customer of BJ01's, and has another order that is done."""

    def order(self, **more: Any) -> str:
        """Open a dispatch order for the device, with somebody to ask for there."""
        self.now += SECOND
        contact = {"name": "李会计", "phone": "13800001111"}
        answer = self.of("wu").post("/v1/dispatch-orders", sent(DEVICE, contact=contact, **more))
        assert answer.status_code == 201, answer.text
        return str(answer.json["number"])

    def file(self, number: str) -> None:
        """File the record of an order, as wang."""
        answer = self.of("wang").post(f"/v1/dispatch-orders/{number}/service-record", done())
        assert answer.status_code == 201, answer.text


def slip(number: str) -> str:
    """Where the paper of an order is, without its ending."""
    return f"/v1/dispatch-orders/{number}/slip"


@pytest.fixture(scope="module")
def house(stores: Stores) -> Iterator[Sent]:
    """The same once for every test, each of which opens what it needs."""
    house = Sent(stores.filled("sqlite", fill_house))
    add_pages(house.app, house.services)
    yield house
    stores.drop(house.store)


def test_the_desk_prints_an_order_with_its_customer_and_whom_to_ask_for(house: Sent) -> None:
    number = house.order(technician="wang")
    paper = printed(house.of("wu"), slip(number))
    assert paper.fields["用户"] == f"{NUMBER} {NAME}"
    assert paper.fields["现场联系人"] == "李会计  13800001111"
    assert paper.fields["技术员"] == "王强（wang）"
    assert [row["设备编号"] for row in paper.lines] == [DEVICE]
    text = pdf_text(house.of("wu"), slip(number), "?copies=2")
    assert "第二联" in text
    house.file(number)


def test_what_is_scanned_from_a_paper_leads_to_the_page_that_offers_it(house: Sent) -> None:
    number = house.order()
    (code,) = qr_codes(fetched(house.of("wu"), f"{slip(number)}.pdf"))
    found = searched(house.of("wu"), code)
    assert (found.status_code, found.headers.get("Location")) == (303, f"/orders/{number}")
    assert f"{slip(number)}.pdf?copies=2" in house.of("wu").get(f"/orders/{number}").text
    assert house.of("wu").post(f"/v1/dispatch-orders/{number}/cancel", {"reason": "x"}).status_code == 200


def test_only_one_or_two_copies_are_printed(house: Sent) -> None:
    number = house.order()
    for copies in ("0", "3", "x"):
        answer = house.of("wu").get(f"{slip(number)}.pdf?copies={copies}")
        assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")
    assert house.of("wu").post(f"/v1/dispatch-orders/{number}/cancel", {"reason": "x"}).status_code == 200


def test_a_technician_prints_their_own_and_no_other(house: Sent) -> None:
    number = house.order(technician="wang")
    wang = house.of("wang")
    assert printed(wang, slip(number)).fields["用户"] == f"{NUMBER} {NAME}"
    house.file(number)
    after = printed(wang, slip(number))
    assert after.fields["用户"] == "（无权查看）"
    assert "李会计" not in " ".join(after.texts) + pdf_text(wang, slip(number))
    other = house.order()
    assert wang.get(f"{slip(other)}.pdf").status_code == wang.get(f"/v1/dispatch-orders/{other}").status_code
    assert wang.get(f"{slip(other)}.pdf").status_code == 404
    assert house.of("wu").post(f"/v1/dispatch-orders/{other}/cancel", {"reason": "x"}).status_code == 200


def test_another_site_prints_nothing_of_an_order(house: Sent) -> None:
    number = house.order(technician="wang")
    for path in (slip(number), "/v1/repairs/R-BJ01-000001/slip"):
        assert house.of("zhao").get(f"{path}.pdf").status_code == 404
    house.file(number)


def test_a_program_of_the_site_prints_it_with_usernames(house: Sent) -> None:
    number = house.order(technician="wang")
    assert printed(house.token("BJ01"), slip(number)).fields["技术员"] == "wang"
    house.file(number)


def test_a_customer_is_named_as_known_when_the_job_was_done(house: Sent) -> None:
    number = house.order(technician="wang")
    renamed(house, "惠民连锁")
    assert printed(house.of("wu"), slip(number)).fields["用户"] == f"{NUMBER} 惠民连锁"
    house.file(number)
    house.now += SECOND
    renamed(house, NAME)
    assert printed(house.of("wu"), slip(number)).fields["用户"] == f"{NUMBER} 惠民连锁"


def renamed(house: Sent, name: str) -> None:
    """Correct the customer's name, as their home."""
    path, zhang = f"/v1/customers/{NUMBER}", house.of("zhang")
    house.now += SECOND
    revision = zhang.get(path).headers["etag"]
    assert zhang.send("PUT", path, {"name": name}, If_Match=revision).status_code == 200


def test_a_repair_order_is_printed_for_whoever_reads_it(house: Sent) -> None:
    body = {"site": "BJ01", "serial": DEVICE, "fault": "不亮"}
    number = house.of("wu").post("/v1/repairs", body).json["number"]
    paper = printed(house.of("li"), f"/v1/repairs/{number}/slip")
    assert (paper.fields["用户"], paper.fields["故障现象"]) == (f"{NUMBER} {NAME}", "不亮")
    assert house.of("wang").get(f"/v1/repairs/{number}/slip.pdf").status_code == 404
    assert house.of("wu").post(f"/v1/repairs/{number}/cancel").status_code == 200


def test_an_installation_is_printed_for_whoever_reads_it(house: Sent) -> None:
    asked = {"site": "BJ01", "serial": DEVICE, "mode": "download"}
    number = house.of("wu").post("/v1/installations", asked).json["number"]
    path = f"/v1/installations/{number}"
    assert printed(house.of("li"), f"{path}/slip").fields["用户"] == f"{NUMBER} {NAME}"
    assert house.of("wang").get(f"{path}/slip.pdf").status_code == house.of("wang").get(path).status_code
    assert house.of("zhao").get(f"{path}/slip.pdf").status_code == 404


def test_a_spare_that_is_carried_is_on_both_papers_with_who_carries_it(house: Sent) -> None:
    number = house.order(technician="wang")
    out = house.of("zhang").post("/v1/documents", taken_along(number, (DEVICE, SPARE))).json["number"]
    (row,) = printed(house.of("wu"), slip(number)).lines
    assert (row["设备编号"], row["携带备件"]) == (DEVICE, SPARE)
    assert printed(house.of("zhang"), f"/v1/documents/{out}/slip").fields["技术员"] == "王强（wang）"
    filed = done((DEVICE, SPARE))
    answer = house.of("wang").post(f"/v1/dispatch-orders/{number}/service-record", filed)
    assert answer.status_code == 201, answer.text
    (row,) = printed(house.of("wang"), slip(number)).lines
    assert (row["换上备件"], row["更换单"]) == (SPARE, "待办更换")
    assert printed(house.of("wang"), slip(number)).fields["用户"] == f"{NUMBER} {NAME}"


def test_whoever_has_left_is_still_named_and_an_erased_customer_is_not(house: Sent) -> None:
    number = house.order(technician="wang", serials=[], customer=newcomer(house))
    house.file(number)
    before = printed(house.of("wu"), slip(number))
    assert (before.fields["用户"], before.fields["现场联系人"]) == (
        "C-BJ01-000003 甲公司",
        "李会计  13800001111",
    )
    answered(house, number)
    for who, path in (("li", "/v1/customers/C-BJ01-000003/erase"), ("admin", "/v1/people/wang/deactivate")):
        answer = house.of(who).post(path, {"password": house.password(who)} if who == "li" else {})
        assert answer.status_code == 200, answer.text
    paper = printed(house.of("wu"), slip(number))
    assert (paper.fields["技术员"], paper.fields["用户"]) == ("王强（wang）", "（资料已删除）")
    text = " ".join(paper.texts) + pdf_text(house.of("wu"), slip(number))
    assert [word for word in ("甲公司", "李会计", "13800001111", "91110000600037341L") if word in text] == []


def newcomer(house: House) -> dict[str, str]:
    """A customer without any device: a proposal that named them was rejected."""
    zhang, who = house.of("zhang"), {"taxpayer_id": "91110000600037341L", "name": "甲公司"}
    digest = zhang.post("/v1/attachments?site=BJ01", b"the old books").json["digest"]
    line = {"serial": "661565790001", "model": "TCG-01", "state": "in_service", "customer": who}
    head = {"type": "opening", "site": "BJ01", "business_date": TODAY, "attachments": [digest]}
    number = zhang.post("/v1/documents", {**head, "lines": [line]}).json["number"]
    decided = {"decision": "reject", "password": house.password("li"), "reason": "不对"}
    assert house.of("li").post(f"/v1/documents/{number}/review", decided).status_code == 200
    return who


if __name__ == "__main__":
    for each in PICTURES:
        picture_of(each).quantize(16).save(GOLDEN / f"{each}.png", optimize=True)
