"""The writer of xlsx: what is drawn is read again by openpyxl as it was, and prints on A4."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest

from devices.problems import Refused
from labels.forms.form import Box, Column, Field, Form, Proof, Table, Word
from labels.forms.paper import Paper, paper_of
from labels.forms.parts import NUMBER
from labels.forms.writers import xlsx
from labels.forms.writers.xlsx import write_xlsx
from labels.forms.writers.xlsx_cells import lines_of, safe_text

AT_US = 1_795_500_000_000_000  # 2026-11-24T14:00:00 in Shanghai


def moment(*parts: int) -> datetime:
    """What a clock on the wall showed; a spreadsheet knows no zones."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


class Row(msgspec.Struct, frozen=True):
    serial: str
    name: str | Word | None = None
    fen: int | None = None
    count: int | None = None
    on: str | None = None
    at: int | None = None
    state: str | None = None


class Value(msgspec.Struct, frozen=True):
    rows: tuple[Row, ...]
    note: str | None = None


COLUMNS = (
    Column("field.serial", "serial", 30, "serial"),
    Column("field.name", "name", 40),
    Column("form.column.price", "fen", 20, "money", summed=True),
    Column("form.column.counted", "count", 20, "number", summed=True),
    Column("form.column.business_date", "on", 24, "date"),
    Column("form.column.recorded_at", "at", 36, "moment"),
    Column("field.state", "state", 24, words="state"),
)
FORM = Form(
    name="trial",
    title=lambda value: ("form.title.slip", {"document": "move"}),
    number=lambda value: "BJ01-2026-000001",
    unit=lambda value: "北方税控服务中心",
    fields=(
        Field("field.note", "note"),
        Field("form.field.business_date", lambda value: "2026-11-24", "date"),
        Field("form.field.received", lambda value: len(value.rows), "number"),
    ),
    tables=(Table("form.table.lines", lambda value: value.rows, COLUMNS),),
    boxes=lambda value: [Box("form.box.storekeeper", "zhang", AT_US), Box("form.box.auditor")],
    proof=lambda value: Proof("a" * 64, "BJ01", 7, "b" * 64),
)


def drawn(value: Value, form: Form = FORM) -> Any:
    """The workbook, written and opened again."""
    file = io.BytesIO()
    write_xlsx(paper_of(form, value, "zh_CN"), file)
    return openpyxl.load_workbook(file)


def lines(sheet: Any) -> list[list[Any]]:
    """The cells below the heading, one list a row."""
    top = heading_row(sheet)
    rows = [list(row[: len(COLUMNS)]) for row in sheet.iter_rows(min_row=top + 1)]
    return rows[: next(n for n, row in enumerate(rows) if row[0].value == "合计")]


def shown(text: str) -> str:
    """A text of NAMES as a reader of a cell sees it: what turns the order of letters around is told by its code."""
    return text.replace("\u202e", "[U+202E]")


def heading_row(sheet: Any) -> int:
    """The row that is repeated on every page."""
    return int(sheet.print_title_rows.partition(":")[0].strip("$"))


FORMULAS = (
    "=1+1",
    "+86 10",
    "-1",
    "@SUM(A1)",
    '=HYPERLINK("http://x")',
    "#REF!",
    "=",
    "\t=1",
    "'quoted",
    "TRUE",
    "1e5",
)
NAMES = (
    "北京晨光商贸有限公司", "𠮷野家（北京）", 'A & B <Co.> "x"', "O'Brien", "_x000D_ 公司", "_x005F_", " 前后空格 ",
    "Ünïcödé", "مكتب", "👩\u200d💻", "&P&N", "两行\n文字", "a\u00a0b", "\u202edne", "{not}[a]{fact}",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_like_a_formula_stays_text(text: str) -> None:
    (row,) = lines(drawn(Value((Row("1", text),))).active)
    assert (row[1].value, row[1].data_type) == (text, "s")
    assert row[1].quotePrefix is True


@pytest.mark.parametrize("text", NAMES)
def test_a_name_with_any_character_survives(text: str) -> None:
    (row,) = lines(drawn(Value((Row("1", text),))).active)
    assert row[1].value == safe_text(text)
    assert row[1].value.replace("_x005F_", "_") == shown(text)


def test_what_no_file_can_hold_is_shown_by_its_code() -> None:
    assert safe_text("a\x01\ufffe\ud800") == "a[U+0001][U+FFFE][U+D800]"


def test_a_text_too_long_for_a_cell_says_that_it_goes_on() -> None:
    kept = safe_text("名" * 40_000)
    assert (len(kept), kept[-2:]) == (30_000, "名…")


@pytest.mark.parametrize("letter", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_what_turns_the_order_of_letters_around_is_shown_by_its_code(letter: str) -> None:
    assert safe_text(f"a{letter}b") == f"a[U+{ord(letter):04X}]b"


@pytest.mark.parametrize("text", ["名" * 40_000, "两行\n" * 100 + "完", "a1-" * 2_000, "0f" * 3_000])
def test_a_row_is_never_higher_than_a_spreadsheet_shows_and_no_text_is_lost(text: str) -> None:
    sheet = drawn(Value((Row("1", text), Row("2")), text)).active
    heights = [dimension.height for dimension in sheet.row_dimensions.values() if dimension.height]
    assert max(heights) <= 400
    cells = [row[1] for row in lines(sheet)[:-1]]
    assert "".join(cell.value for cell in cells).replace("\n", "") == text.replace("\n", "")
    assert {cell.data_type for cell in cells} == {"s"}
    head = [row for row in sheet.iter_rows(max_row=heading_row(sheet) - 1, values_only=True) if "备注" in row]
    assert len(head) == 1


def test_a_head_too_high_for_a_screen_is_not_frozen() -> None:
    assert drawn(Value((Row("1"),), "备" * 2_000)).active.freeze_panes is None


def test_more_rows_than_a_worksheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "_ROWS", 3)
    assert len(lines(drawn(Value(tuple(map(Row, "123")))).active)) == 3
    with pytest.raises(Refused) as refused:
        drawn(Value(tuple(map(Row, "1234"))))
    assert [problem.code for problem in refused.value.problems] == ["form_too_long"]


def test_a_serial_keeps_its_leading_zeros_as_text() -> None:
    (row,) = lines(drawn(Value((Row("000012345678"),))).active)
    assert (row[0].value, row[0].data_type, row[0].number_format) == ("000012345678", "s", "@")


def test_dates_moments_money_and_numbers_are_real() -> None:
    told = Row("1", None, 123456, 12, "2026-02-28", AT_US, "in_stock")
    (row,) = lines(drawn(Value((told,))).active)
    values = [cell.value for cell in row[2:]]
    assert values == [1234.56, 12, moment(2026, 2, 28), moment(2026, 11, 24, 14), "在库"]
    assert [cell.data_type for cell in row[2:6]] == ["n", "n", "d", "d"]
    assert [cell.number_format for cell in row[2:6]] == ["#,##0.00", "0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"]


def test_nothing_is_an_empty_cell() -> None:
    (row,) = lines(drawn(Value((Row("1"),))).active)
    assert [cell.value for cell in row[1:]] == [None] * 6


def test_a_word_of_ours_is_told_from_a_name_that_is_alike() -> None:
    told = lines(
        drawn(Value((Row("1", Word("form.customer.masked")), Row("2", "form.customer.masked")))).active
    )
    assert [row[1].value for row in told] == ["（无权查看）", "form.customer.masked"]


def test_sums_stand_below_the_rows() -> None:
    sheet = drawn(Value((Row("1", fen=1, count=2), Row("2", fen=10_000_000_001, count=None)))).active
    total = heading_row(sheet) + 3
    assert [cell.value for cell in sheet[total]] == ["合计", None, 100_000_000.02, 2, None, None, None]


def test_a_form_without_rows_says_that_there_are_none() -> None:
    (row,) = lines(drawn(Value(())).active)
    assert {cell.value for cell in row} == {"（无）", None}


def test_the_heading_is_as_high_as_its_longest_title() -> None:
    columns = (*COLUMNS[:-1], Column("form.column.visitor_organisation", "state", 12))
    form = msgspec.structs.replace(
        FORM, tables=(Table("form.table.lines", lambda value: value.rows, columns),)
    )
    file = io.BytesIO()
    write_xlsx(paper_of(form, Value(()), "en"), file)
    sheet: Any = openpyxl.load_workbook(file).active
    assert sheet.row_dimensions[heading_row(sheet)].height > 2 * 14


def test_a_long_word_begins_on_a_line_of_its_own_and_is_counted_so() -> None:
    assert lines_of("密钥指纹 " + "0f" * 32, 100) == 3
    assert lines_of("BJ01-2026-000001 BJ01-2026-000002", 40) == 2


def test_a_rows_number_stands_in_the_middle() -> None:
    form = msgspec.structs.replace(
        FORM, tables=(Table("form.table.lines", lambda value: enumerate(value.rows, 1), (NUMBER,)),)
    )
    sheet = drawn(Value((Row("1"),)), form).active
    assert sheet.cell(heading_row(sheet) + 1, 1).alignment.horizontal == "center"


def test_a_title_begins_with_a_large_letter() -> None:
    assert paper_of(FORM, Value(()), "en").title[0] == "M"


def test_the_page_is_a4_with_repeated_heading_page_numbers_and_frozen_panes() -> None:
    sheet = drawn(Value((Row("1"),))).active
    top = heading_row(sheet)
    assert sheet.page_setup.paperSize == 9
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage is True
    assert sheet.freeze_panes == f"A{top + 1}"
    assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"
    assert "BJ01-2026-000001" in sheet.oddFooter.left.text
    assert sheet.column_dimensions["A"].width == pytest.approx(30 / 1.9, abs=0.1)


def test_an_ampersand_in_the_footer_is_no_code() -> None:
    form = msgspec.structs.replace(FORM, unit=lambda value: "A&P 公司")
    assert drawn(Value(()), form).active.oddFooter.right.text == "A&&P 公司"


def test_the_head_has_the_fields_and_leaves_empty_ones_out() -> None:
    texts = [cell.value for row in drawn(Value(())).active.iter_rows() for cell in row]
    assert {"移位单", "业务日期", moment(2026, 11, 24), "本单台数", 0} <= {*texts}
    assert "备注" not in texts
    assert "=1" in [cell.value for row in drawn(Value((), "=1")).active.iter_rows() for cell in row]


def test_the_foot_has_the_boxes_and_the_proof() -> None:
    texts = [str(cell.value) for row in drawn(Value(())).active.iter_rows() for cell in row if cell.value]
    (box,) = [text for text in texts if text.startswith("zhang")]
    assert box.startswith("zhang  2026-11-24 14:00:00\n签字：")
    assert any(text.endswith("a" * 64) for text in texts)
    assert any("BJ01 第 7 号" in text and text.endswith("b" * 64) for text in texts)


def test_rows_are_read_one_at_a_time() -> None:
    read: list[int] = []

    def rows() -> Iterator[Row]:
        for n in range(5):
            read.append(n)
            yield Row(str(n))

    form = msgspec.structs.replace(FORM, tables=(Table("form.table.lines", lambda _: rows(), COLUMNS),))
    paper: Paper = paper_of(form, Value(()), "zh_CN")
    assert read == []
    assert next(iter(paper.tables[0].rows))[0] == "0"
    assert read == [0]


def test_a_fault_while_drawing_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows() -> Iterator[Row]:
        yield Row("1", "客户")
        raise RuntimeError("gone")

    form = msgspec.structs.replace(FORM, tables=(Table("form.table.lines", lambda _: rows(), COLUMNS),))
    with pytest.raises(RuntimeError, match="gone"):
        write_xlsx(paper_of(form, Value(()), "zh_CN"), io.BytesIO())
    assert list(tmp_path.iterdir()) == []


def test_a_date_is_a_date_on_the_paper() -> None:
    paper = paper_of(FORM, Value((Row("1", on="2026-02-28"),)), "en")
    assert next(iter(paper.tables[0].rows))[4] == date(2026, 2, 28)
