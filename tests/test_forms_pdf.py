"""The writer of PDF forms: nothing is lost on the way to the page, and what belongs together stays together.

`python -m tests.test_forms_pdf` draws the golden pictures anew; look at them before they are committed.
"""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageStat

from devices.audit.stocktake.counting import Row as CountedRow
from devices.audit.stocktake.sheet import Header, Line, ModelSummary
from devices.audit.vouching import Vouched
from devices.problems import Refused
from labels.forms.form import Form, Proof
from labels.forms.paper import Paper, paper_of
from labels.forms.stocktake import STOCKTAKE_FORM, SheetPrinted
from labels.forms.writers import pdf
from labels.forms.writers.pdf_pages import Pages, drawn
from tests.paper import opened, pages, texts
from tests.test_forms_xlsx import AT_US, FORM, NAMES, Row, Value

GOLDEN = Path(__file__).parent / "golden"
GOLDEN_DPI = 72
MOST_DIFFERENCE = 1.0
"""Of 255, on average: what another version of the renderer may change."""


def written(value: Value, form: Form = FORM) -> bytes:
    """The form as a PDF."""
    return bytes_of(paper_of(form, value, "zh_CN"))


def bytes_of(paper: Paper) -> bytes:
    file = io.BytesIO()
    pdf.write_pdf(paper, file, AT_US)
    return file.getvalue()


def solid(text: str) -> str:
    """A text without spaces and line breaks."""
    return "".join(text.split())


def test_every_cell_is_on_the_paper() -> None:
    row = Row("000012345678", "北京晨光商贸有限公司", 123456, 12, "2026-02-28", AT_US, "in_stock")
    (page,) = texts(written(Value((row,))))
    wanted = (
        "000012345678",
        "北京晨光商贸有限公司",
        "1,234.56",
        "12",
        "2026-02-28",
        "2026-11-24 14:00:00",
        "在库",
    )
    assert [text for text in wanted if solid(text) not in solid(page)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_drawn_or_told_by_its_code_points(name: str) -> None:
    told = drawn(name)
    for missing in {each for each in name if each not in told}:
        assert f"[U+{ord(missing):04X}]" in told
    assert written(Value((Row("1", name),))).startswith(b"%PDF-")


def test_a_character_that_the_font_lacks_is_told_by_its_code() -> None:
    (page,) = texts(written(Value((Row("1", "甲\U0002fffd乙"),))))
    assert "甲[U+2FFFD]乙" in solid(page)


def test_the_heading_the_number_and_the_page_are_on_every_page() -> None:
    found = texts(written(Value(tuple(Row(f"{n:012d}") for n in range(120)))))
    assert len(found) > 2
    for n, page in enumerate(found, 1):
        assert solid("设备编号") in solid(page)
        assert f"第{n}页，共{len(found)}页" in solid(page)
        assert "BJ01-2026-000001" in page
    serials = [f"{n:012d}" for n in range(120)]
    assert [serial for serial in serials if sum(serial in page for page in found) != 1] == []


@pytest.mark.parametrize("rows", range(30, 48))
def test_the_boxes_and_the_proof_are_whole_on_one_page(rows: int) -> None:
    data = written(Value(tuple(Row(f"{n:012d}") for n in range(rows))))
    found = texts(data)
    wanted = ("审核员", "a" * 64, "b" * 64)
    places = [{n for n, page in enumerate(found) if text in solid(page)} for text in wanted]
    assert places == [{len(found) - 1}] * 3
    assert codes(pages(data, 110)[-1]) == [f"BJ01-2026-000001 {'a' * 64}"]


@pytest.mark.parametrize("rows", [1, 2, 3, *range(29, 42)])
def test_nobody_signs_below_an_empty_heading(rows: int) -> None:
    found = texts(written(Value(tuple(Row(f"{n:012d}") for n in range(rows)))))
    last = solid(found[-1])
    wanted = (*(f"{n:012d}" for n in range(max(0, rows - 2), rows)), "合计", "审核员")
    assert [text for text in wanted if text not in last] == []


def test_a_table_without_rows_says_that_there_are_none() -> None:
    (page,) = texts(written(Value(())))
    assert "（无）" in page


def codes(page: Image.Image) -> list[str]:
    """What the QR codes above the footer hold."""
    above = page.crop((0, 0, page.width, round(page.height * (1 - 15 / 297))))
    found = zxingcpp.read_barcodes(above, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [each.text for each in found]


def test_a_long_text_is_broken_into_lines_and_not_cut() -> None:
    name = "极长名称" * 60
    (page,) = texts(written(Value((Row("1", name),))))
    assert name in solid(page)


def test_a_text_longer_than_a_page_goes_on_on_the_next() -> None:
    name = "".join(f"{n:05d}" for n in range(1200))
    found = texts(
        written(
            Value(
                (
                    Row("1", name),
                    Row("2"),
                ),
                name,
            )
        )
    )
    assert len(found) > 2
    whole = "".join(solid(page) for page in found)
    assert [n for n in range(0, 1200, 50) if whole.count(f"{n:05d}{n + 1:05d}") < 1] == []


def test_latin_words_are_not_broken_where_there_is_a_space() -> None:
    pages_ = Pages(paper_of(FORM, Value(()), "en"), AT_US, (210, 297))
    lines = pages_.lines("alpha beta gamma delta epsilon", 20, 8.5)
    assert " ".join(lines) == "alpha beta gamma delta epsilon"
    assert len(lines) > 1


def test_the_code_holds_the_number_and_the_digest() -> None:
    (page,) = pages(written(Value((Row("1"),))), 200)
    assert codes(page) == [f"BJ01-2026-000001 {'a' * 64}"]


def test_without_a_digest_the_code_holds_the_journals_link() -> None:
    form = msgspec.structs.replace(FORM, proof=lambda _: Proof(None, "BJ01", 7, "b" * 64))
    (page,) = pages(written(Value(()), form), 200)
    assert codes(page) == [f"BJ01-2026-000001 {'b' * 64}"]


def test_a_form_without_boxes_or_proof_has_none() -> None:
    form = msgspec.structs.replace(FORM, boxes=lambda _: (), proof=lambda _: None)
    (page,) = texts(written(Value((Row("1"),)), form))
    assert "签字" not in page


def test_more_rows_than_a_pdf_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_ROWS", 3)
    assert len(texts(written(Value(tuple(map(Row, "123")))))) == 1
    with pytest.raises(Refused) as refused:
        written(Value(tuple(map(Row, "1234"))))
    (problem,) = refused.value.problems
    assert (problem.code, problem.facts) == ("form_too_long", {"limit": 3})


def test_the_same_form_at_the_same_moment_is_the_same_file() -> None:
    assert written(Value((Row("1"),))) == written(Value((Row("1"),)))


# --- golden pictures: looked at once, then compared

HEADER = Header(
    format=1, unit="北方税控服务中心", number="S-BJ01-000007", closing=1, site="BJ01", register="merchandise",
    method="blind", double=True, month="2026-11", opened_at=AT_US, opened_by="zhang", closed_at=AT_US + 10**9 * 5,
    closed_by="li", journal="BJ01", seq=412, hash="5" * 64, scans="0" * 64, counters={"zhang": 31, "li": 30},
    signers=(), remarks=("unreadable_scans",), unreadable=("６６１", "66156"), skewed=0,
    summary=(ModelSummary("TCG-01", 20, 24, 14, 30, 3, 27, 1, 1, 0), ModelSummary("TCG-02", 0, 5, 1, 4, 0, 4, 0, 0, 1)),
)  # fmt: skip


def _line(n: int) -> Line:
    row = CountedRow(
        f"6615657143{n:02d}", "TCG-01" if n % 8 else "TCG-02", "match", "in_stock", "BJ01", "merchandise", "M-01", 3,
        "M-01", AT_US + n * 9_000_000, "zhang",
    )  # fmt: skip
    if n == 4:
        short = msgspec.structs.replace(
            row, result="shortage", found_bin=None, scanned_at=None, scanned_by=None
        )
        return Line(short, "出库时漏扫，单据已补", "追查三日，未果报批", "zhang", 1)
    if n == 9:
        sold = msgspec.structs.replace(
            row, result="surplus", book_state="sold", book_bin=None, recount="found", document_due="sale_cancellation",
            cited="BJ01-2026-000031",
        )  # fmt: skip
        return Line(sold, "客户退回，尚未办理退货", "补办发售取消", "li", 1)
    return Line(row)


def sheet(signatures: tuple[Vouched, ...] = ()) -> Paper:
    """A sheet of 30 lines, always the same."""
    printed = SheetPrinted(
        HEADER, "北京海淀库房", "d" * 64, AT_US + 10**10 if signatures else None, signatures,
        {"TCG-01": "tax_disk", "TCG-02": "report_disk"}, {"M-01": "good"}, [_line(n) for n in range(30)],
    )  # fmt: skip
    return paper_of(
        STOCKTAKE_FORM,
        printed,
        "zh_CN",
        {"zhang": "张伟（zhang）", "li": "李静（li）", "admin": "王建国（admin）"}.__getitem__,
    )


SIGNED = tuple(
    Vouched(role, who, mark * 64, AT_US + 10**10, "admin", confirmed_by)
    for role, who, mark, confirmed_by in (("storekeeper", "zhang", "1", "li"), ("auditor", "li", "2", None))
)
PICTURES: dict[str, tuple[tuple[Vouched, ...], int]] = {
    "form-stocktake": (SIGNED, 0),
    "form-stocktake-signed": (SIGNED, -1),
    "form-stocktake-to-sign": ((), -1),
}


def picture_of(name: str) -> Image.Image:
    signatures, page = PICTURES[name]
    return pages(bytes_of(sheet(signatures)), GOLDEN_DPI)[page]


@pytest.mark.usefixtures("true_font")
@pytest.mark.parametrize("name", PICTURES)
def test_a_page_looks_as_it_did_when_it_was_looked_at(name: str) -> None:
    golden, page = opened((GOLDEN / f"{name}.png").read_bytes()).convert("L"), picture_of(name)
    assert page.size == golden.size
    assert ImageStat.Stat(ImageChops.difference(page, golden)).mean[0] < MOST_DIFFERENCE


if __name__ == "__main__":
    for each in PICTURES:
        picture_of(each).quantize(16).save(GOLDEN / f"{each}.png", optimize=True)
