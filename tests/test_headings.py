"""Finding the table of a sheet: its heading, its columns, and the rows that hold something."""

import io
from csv import reader

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from devices.problems import Refused
from devices.sheets.packing_lists import COLUMNS
from tests.sheets import FIRST, HEADING, PATTERNS, SECOND, csv, read, refusal, told, xlsx


@given(st.permutations(range(4)))
def test_the_columns_may_stand_in_any_order(order: list[int]) -> None:
    rows = [HEADING, ("1", FIRST, "TCG-01", "C01"), ("2", SECOND, "TCG-02", "C02")]
    found = read(csv(*([row[at] for at in order] for row in rows)))
    assert [(row.row, row.serial, row.model, row.carton) for row in found.rows] == [
        (2, FIRST, "TCG-01", "C01"),
        (3, SECOND, "TCG-02", "C02"),
    ]


@pytest.mark.parametrize(
    ("header", "field"), [(header, column.field) for column in COLUMNS for header in column.headers]
)
def test_every_declared_header_is_found(header: str, field: str) -> None:
    headers = ["设备编号", header] if field != "serial" else [header]
    (row,) = read(csv(headers, [FIRST, "TCG-01"][: len(headers)])).rows
    assert {"serial": row.serial, "model": row.model, "carton": row.carton, "name": row.name}[
        field
    ] is not None


def test_no_header_means_two_fields() -> None:
    headers = [header for column in COLUMNS for header in column.headers]
    assert len(headers) == len(set(headers))


@pytest.mark.parametrize(
    "header", ["设备编号：", " 设 备 编 号 ", "设备编号（12位）", "*设备编号*", "设备编号\n(条码)"]
)
def test_a_header_is_known_through_blanks_colons_and_remarks(header: str) -> None:
    assert read(xlsx([header], [FIRST])).serials == (FIRST,)


def test_title_rows_above_the_heading_are_passed_over() -> None:
    found = read(
        xlsx(["装箱单"], [], ["型号：", "TCG-01", "编号：", "QM-1"], HEADING, (1, FIRST, "TCG-01", "C01"))
    )
    assert [(row.row, row.serial) for row in found.rows] == [(5, FIRST)]


def test_the_plainest_header_wins_over_a_vague_one() -> None:
    assert read(xlsx(["编号", "设备编号"], ["7", FIRST])).serials == (FIRST,)


def test_repeated_headings_sums_and_footers_are_no_devices_and_are_told_and_blank_rows_are_nothing() -> None:
    found = read(
        xlsx(
            HEADING, (1, FIRST, "TCG-01", "C01"), [], HEADING, (2, None, None, None), (3, SECOND, "TCG-01", "C01"),
            ("小计", 2), ("合 计：", "2台"), ("制表：周", None, "审核：吴"), (None, None, None, "  "),
        )
    )  # fmt: skip
    assert [row.row for row in found.rows] == [2, 6]
    assert not found.problems
    assert [(part.row, part.text, part.why) for part in found.left_out] == [
        (4, "序号 设备编号 型号 箱号", "heading"),
        (5, "2", "nothing"),
        (7, "小计 2", "sum"),
        (8, "合 计： 2台", "sum"),
        (9, "制表：周 审核：吴", "note"),
    ]


@pytest.mark.parametrize(
    "name", ["合计量具有限公司", "小计税控盘", "总计网络公司", "注塑机械厂", "备注", "合计"]
)
@pytest.mark.parametrize(
    ("serial", "problem"), [(FIRST, None), ("6615-657?", "malformed_serial"), ("８８８８８８", "full_width")]
)
def test_a_row_with_something_for_a_serial_is_a_device_or_a_fault_whatever_it_begins_with(
    name: str, serial: str, problem: str | None
) -> None:
    found = read(xlsx(["品名", "设备编号", "型号"], [name, serial, "TCG-01"], ["税控盘", SECOND, "TCG-01"]))
    assert [row.row for row in found.rows] == [2, 3]
    assert told(found) == ([(2, problem)] if problem else [])
    assert not found.left_out


def test_a_row_of_a_device_without_its_serial_is_a_fault_however_its_customer_is_called() -> None:
    found = read(xlsx(["品名", "设备编号", "型号"], ["合计量具有限公司", None, "TCG-01"]))
    assert (told(found), found.left_out) == ([(2, "missing_serial")], ())


@pytest.mark.parametrize("beside", [("备注", "TCG-01"), ("合计", None), (None, None)])
def test_a_serial_that_slipped_into_another_column_is_a_fault_of_its_row(
    beside: tuple[str | None, ...],
) -> None:
    first, model = beside
    found = read(xlsx(["品名", "设备编号", "型号", "单价"], [first, None, model, FIRST]))
    assert (told(found), found.left_out) == ([(2, "missing_serial")], ())


def test_what_stands_above_the_heading_is_told_and_a_serial_there_is_a_fault() -> None:
    found = read(
        xlsx(
            ["启明装箱单"],
            ["设备编号", "型号"],
            [SECOND, "TCG-01"],
            ["设备编号", "型号", "箱号"],
            [FIRST, "TCG-01", "C1"],
        )
    )
    assert found.serials == (FIRST,)
    assert told(found) == [(3, "above_heading")]
    assert [(part.row, part.why) for part in found.left_out] == [(1, "title"), (2, "title")]


def test_a_column_of_serials_that_is_not_read_is_told_and_one_that_repeats_them_is_not() -> None:
    found = read(
        xlsx(
            ["设备编号", "条码", "配套报税盘", "电话"],
            [FIRST, FIRST, "008930272001", "13800138000", None, SECOND],
        )
    )
    assert found.serials == (FIRST,)
    assert [(part.row, part.text, part.why) for part in found.left_out] == [
        (1, "配套报税盘", "column"),
        (1, "F", "column"),
    ]


def test_a_sheet_without_serials_tells_the_headers_it_has() -> None:
    problem = refusal(xlsx(["装箱单"], ["品名", "数量", "单价"], ["税控盘", 40, 200]))
    assert (problem.code, problem.facts["found"]) == ("no_header", ["品名", "数量", "单价"])


def test_a_heading_too_far_down_is_not_looked_for() -> None:
    assert refusal(csv(*[["标题"]] * 31, HEADING, (1, FIRST, "TCG-01", "C01"))).code == "no_header"


def test_an_empty_sheet_has_no_header() -> None:
    assert refusal(xlsx()).facts["found"] == []


def test_two_blocks_beside_each_other_are_refused_rather_than_half_read() -> None:
    problem = refusal(xlsx(["设备编号", "箱号", "设备编号"], [FIRST, "C01", SECOND]))
    assert (problem.code, problem.facts["header"]) == ("repeated_column", "设备编号")


def test_two_sheets_with_a_list_are_refused_rather_than_half_read() -> None:
    def second(book: Workbook) -> None:
        sheet = book.create_sheet("第二箱")
        sheet.append(HEADING)
        sheet.append((1, SECOND, "TCG-01", "C02"))

    problem = refusal(xlsx(HEADING, (1, FIRST, "TCG-01", "C01"), change=second))
    assert (problem.code, problem.facts["sheets"]) == ("several_tables", ["Sheet", "第二箱"])


def test_a_second_sheet_that_goes_on_without_a_heading_is_refused_rather_than_passed_over() -> None:
    def second(book: Workbook) -> None:
        sheet = book.create_sheet("第二箱")
        for serial in (SECOND, "661565714355"):
            sheet.append((1, serial, "TCG-01"))

    problem = refusal(xlsx(HEADING, (1, FIRST, "TCG-01", "C01"), change=second))
    assert (problem.code, problem.facts["sheets"]) == ("several_tables", ["Sheet", "第二箱"])


def test_a_second_sheet_without_a_list_is_told_unless_it_is_empty() -> None:
    def more(book: Workbook) -> None:
        book.create_sheet("汇总").append(["送货单号", "202611020019"])
        book.create_sheet("Sheet3")

    found = read(xlsx(HEADING, (1, FIRST, "TCG-01", "C01"), change=more))
    assert found.serials == (FIRST,)
    assert [(part.row, part.text, part.why) for part in found.left_out] == [(None, "汇总", "sheet")]


def test_a_hidden_sheet_is_not_read_and_told() -> None:
    def hide(book: Workbook) -> None:
        sheet = book.create_sheet("旧")
        sheet.append(HEADING)
        sheet.append((1, SECOND, "TCG-01", "C02"))
        sheet.sheet_state = "hidden"

    found = read(xlsx(HEADING, (1, FIRST, "TCG-01", "C01"), change=hide))
    assert found.serials == (FIRST,)
    assert [(part.row, part.text, part.why) for part in found.left_out] == [(None, "旧", "hidden")]


def test_a_value_merged_over_rows_counts_for_each() -> None:
    data = xlsx(
        HEADING,
        (1, FIRST, "TCG-01", "C01"),
        (2, SECOND),
        change=lambda book: book.worksheets[0].merge_cells("C2:C3"),
    )
    assert [row.model for row in read(data).rows] == ["TCG-01", "TCG-01"]


NAMES = st.sampled_from(
    ["盘", "", "合计", "合计量具", "小计：", "备注", "制表：周", '"', '""', '"3.5寸盘', '盘"', '"盘"', '3.5"盘',
     '"盘,新', "盘,新", "盘\n新", '"盘\n新"', "设备编号", "序列号"]
)  # fmt: skip


@given(st.lists(st.tuples(NAMES, NAMES), max_size=5), st.permutations(range(4)), st.sampled_from(",;\t"))
def test_no_serial_of_a_list_goes_untold_whatever_stands_beside_it(
    names: list[tuple[str, str]], order: list[int], delimiter: str
) -> None:
    serials = [f"66156571{at:04}" for at in range(len(names))]
    rows = [(name, serial, "TCG-01", note) for (name, note), serial in zip(names, serials, strict=True)]
    table = [[row[at] for at in order] for row in [("品名", "设备编号", "型号", "单位"), *rows]]
    data = csv(*table, delimiter=delimiter)
    try:
        found = read(data)
    except Refused:
        assert b'"' in data
        return
    faulty = {row for row, _ in told(found)} | {row.row for row in found.rows if row.model not in PATTERNS}
    left_out = " ".join(part.text for part in found.left_out)
    records = list(reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))
    for serial in serials:
        (row,) = (at for at, record in enumerate(records, start=1) if serial in "".join(record))
        assert serial in found.serials or row in faulty or serial in left_out, table
