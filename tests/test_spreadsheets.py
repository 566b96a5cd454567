"""An upload as CSV, and what is no spreadsheet at all."""

import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.problems import Problem, Refused
from devices.sheets.spreadsheets import UPLOAD_BYTES
from tests.sheets import FIRST, HEADING, SECOND, csv, read, refusal, told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_in_each_encoding_and_with_each_delimiter(encoding: str, delimiter: str) -> None:
    rows = [("送货单, 一; 二\t三",), HEADING, ("1", FIRST, "TCG-01", "C01")]
    found = read(csv(*rows, delimiter=delimiter, encoding=encoding))
    assert [(row.row, row.serial) for row in found.rows] == [(3, FIRST)]


def test_what_excel_makes_of_a_long_number_in_a_csv_is_told() -> None:
    found = read(csv(HEADING, ("1", "6.61566E+11", "TCG-01", ""), ("2", FIRST[1:], "TCG-01", "")))
    assert told(found) == [(2, "precision_lost"), (3, "leading_zeros_lost")]


def test_a_csv_text_formula_keeps_its_zeros() -> None:
    assert read(csv(HEADING, ("1", f'="{FIRST}"', "TCG-01", ""))).serials == (FIRST,)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_and_never_a_fault(data: bytes) -> None:
    with suppress(Refused):
        read(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_format"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_text"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    problem = refusal(data)
    assert (problem.code, problem.facts["reason"]) == ("not_a_spreadsheet", reason)


def test_an_archive_that_is_no_workbook_is_damaged() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    assert refusal(packed.getvalue()).facts["reason"] == "damaged"


def test_an_upload_over_the_limit_is_refused() -> None:
    assert refusal(b"1" * (UPLOAD_BYTES + 1)) == Problem(
        "upload_too_large", "", {"limit_bytes": UPLOAD_BYTES}
    )


ROWS_WITH_A_QUOTE = {
    "never closed": (['"3.5寸盘', FIRST, "TCG-01"], ["盘", SECOND, "TCG-01"]),
    "in the last column": (["盘", FIRST, '"TCG-01'], ["盘", SECOND, "TCG-01"]),
    "in the last row": (["盘", FIRST, "TCG-01"], ['"3.5寸盘', SECOND, "TCG-01"]),
    "closed by the next one": (['"3.5寸盘', FIRST, "TCG-01"], ['3.5寸盘"', SECOND, "TCG-01"]),
    "closed by the next one's opening": (['"3.5寸盘', FIRST, "TCG-01"], ['"3.5寸盘', SECOND, "TCG-01"]),
    "closed in an earlier column": (["盘", FIRST, '"TCG-01'], ['3.5寸盘"', SECOND, "TCG-01"]),
    "closed in a later column": (['"3.5寸盘', FIRST, "TCG-01"], ["盘", SECOND, 'TCG-01"']),
}


@pytest.mark.parametrize("rows", ROWS_WITH_A_QUOTE.values(), ids=ROWS_WITH_A_QUOTE)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_quote_that_swallows_rows_refuses_the_list_naming_its_row(
    rows: tuple[list[str], ...], delimiter: str
) -> None:
    problem = refusal(csv(["品名", "设备编号", "型号"], *rows, delimiter=delimiter))
    row = 2 + next(at for at, cells in enumerate(rows) if '"' in "".join(cells))
    assert (problem.code, problem.pointer, problem.facts) == ("unclosed_quote", f"/rows/{row}", {"row": row})


def test_a_quote_that_swallows_the_heading_is_told_before_that_there_is_none() -> None:
    assert refusal(csv(['"装箱单'], HEADING, ("1", FIRST, "TCG-01", "C01"))).facts == {"row": 1}


def test_a_quote_that_swallows_more_than_a_cell_can_hold_is_told_as_one() -> None:
    rows = [("盘" * 20, f"{661565000000 + at}", "TCG-01") for at in range(3_000)]
    assert refusal(csv(["品名", "设备编号", "型号"], ('"3.5寸盘', FIRST, "TCG-01"), *rows)).facts == {
        "row": 2
    }


def test_quotes_that_swallow_nothing_are_part_of_their_cells() -> None:
    found = read(
        csv(
            ["设备编号", "型号", "品名"],
            [FIRST, "TCG-01", '3.5"寸盘'],
            [SECOND, "TCG-01", '"3.5"寸盘'],
            ["661565714355", "TCG-01", '"盘, 带线\n新版"'],
            ['"661565714356"', "TCG-01", '"他说""好"""'],
        )
    )
    assert len(found.serials) == 4
    assert (found.problems, found.left_out) == ((), ())
    assert found.rows[-1].name == '他说"好"'


def test_a_stray_line_end_leaves_no_row_untold() -> None:
    data = f"设备编号,型号,备注\r\n{FIRST},TCG-01,旧\r新\r\n{SECOND},TCG-01,旧\r\n"
    found = read(data.encode())
    assert (found.serials, told(found)) == ((FIRST, SECOND), [(3, "malformed_serial")])


def test_a_row_with_a_cell_too_many_is_a_fault_or_told() -> None:
    found = read(csv(["品名", "设备编号"], ["盘, 新", FIRST], ["盘", SECOND, "661565714355"]))
    assert told(found) == [(2, "malformed_serial")]
    assert [(part.text, part.why) for part in found.left_out] == [("C", "column")]
