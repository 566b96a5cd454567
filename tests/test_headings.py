"""Finding the table of a sheet: its heading, its columns, and the rows that hold something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from devices.sheets.packing_lists import COLUMNS
from tests.sheets import FIRST, HEADING, SECOND, csv, read, refusal, xlsx


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


def test_blank_rows_repeated_headings_sums_and_footers_are_no_devices() -> None:
    found = read(
        xlsx(
            HEADING, (1, FIRST, "TCG-01", "C01"), [], HEADING, (2, None, None, None), (3, SECOND, "TCG-01", "C01"),
            ("小计", 2), ("合 计：", "2台"), ("制表：周", None, "审核：吴"), (None, None, None, "  "),
        )
    )  # fmt: skip
    assert [row.row for row in found.rows] == [2, 6]
    assert not found.problems


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


def test_a_second_sheet_without_a_list_is_no_matter() -> None:
    data = xlsx(
        HEADING,
        (1, FIRST, "TCG-01", "C01"),
        change=lambda book: book.create_sheet("汇总").append(["型号", "数量"]),
    )
    assert read(data).serials == (FIRST,)


def test_a_hidden_sheet_is_not_read() -> None:
    def hide(book: Workbook) -> None:
        sheet = book.create_sheet("旧")
        sheet.append(HEADING)
        sheet.sheet_state = "hidden"

    assert read(xlsx(HEADING, (1, FIRST, "TCG-01", "C01"), change=hide)).serials == (FIRST,)


def test_a_value_merged_over_rows_counts_for_each() -> None:
    data = xlsx(
        HEADING,
        (1, FIRST, "TCG-01", "C01"),
        (2, SECOND),
        change=lambda book: book.worksheets[0].merge_cells("C2:C3"),
    )
    assert [row.model for row in read(data).rows] == ["TCG-01", "TCG-01"]
