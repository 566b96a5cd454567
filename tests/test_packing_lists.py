"""The serials of a packing list: what is taken, and every fault told by row."""

import pytest
from openpyxl import Workbook

from devices.sheets.packing_lists import read_packing_list
from devices.values import Kind
from tests.sheets import FIRST, HEADING, SECOND, read, told, with_member, xlsx


def test_every_fault_of_a_list_is_told_by_row() -> None:
    found = read(
        xlsx(
            HEADING,
            (1, FIRST, "TCG-01", "C01"),
            (2, FIRST, "TCG-01", "C01"),
            (3, "6615 6571", "TCG-01", "C01"),
            (4, "６６１５６５７１４３５４", "TCG-01", "C01"),
            (5, 61565714355, "TCG-01", "C01"),
            (6, 6.6156571435512e17, "TCG-01", "C01"),
            (7, '="x"', "TCG-01", "C01"),
            (8, "A61565714353", "TCG-01", "C01"),
            (9, None, "TCG-01", "C01"),
            (10, 661565714.5, "TCG-01", "C01"),
        )
    )
    assert told(found) == [
        (3, "duplicate_serial"),
        (4, "malformed_serial"),
        (5, "full_width"),
        (6, "leading_zeros_lost"),
        (7, "precision_lost"),
        (8, "formula_without_value"),
        (9, "serial_not_of_model"),
        (10, "missing_serial"),
        (11, "precision_lost"),
    ]
    assert found.problems[0].facts["first_row"] == 2
    assert found.serials == (FIRST,)
    assert len(found.rows) == 10


def test_a_whole_number_that_matches_the_pattern_is_taken() -> None:
    assert read(xlsx(HEADING, (1, 661565714354, "TCG-01", "C01"))).serials == (SECOND,)


def test_a_number_is_never_taken_where_no_pattern_is_known() -> None:
    found = read_packing_list(xlsx(HEADING, (1, 661565714354, "TCG-01", "C01")))
    assert told(found) == [(2, "leading_zeros_lost")]


def test_a_text_serial_is_taken_where_no_pattern_is_known() -> None:
    assert read_packing_list(xlsx(HEADING, (1, FIRST, "TCG-77", "C01"))).serials == (FIRST,)


def test_zeros_that_the_number_format_prints_are_not_lost() -> None:
    def zeros(book: Workbook) -> None:
        book.worksheets[0]["B2"].number_format = "0" * 12

    assert read(xlsx(HEADING, (1, int(FIRST), "TCG-01", "C01"), change=zeros)).serials == (FIRST,)


def test_a_formula_with_a_stored_value_is_taken() -> None:
    data = with_member(
        xlsx(HEADING, (1, '=CONCATENATE("x")', "TCG-01", "C01")),
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b"<v></v>", b"<v>661565714354</v>").replace(
            b"<v />", b"<v>661565714354</v>"
        ),
    )
    assert read(data).serials == (SECOND,)


def test_a_cell_is_kept_as_a_field_is_and_what_it_may_not_have_is_told_by_row() -> None:
    found = read(
        xlsx(
            HEADING,
            (1, FIRST, "TCG-01\u200b", "\ufeffC\n01\t"),
            (2, SECOND, "TCG-01", "C\u202e01"),
            (3, "661565714355", "TCG-\u200b01", "C01"),
            (4, "661565714356", "T" * 41, "C" * 101),
        )
    )
    assert told(found) == [
        (3, "control_character"),
        (4, "control_character"),
        (5, "text_too_long"),
        (5, "text_too_long"),
    ]
    assert [(row.model, row.carton) for row in found.rows] == [
        ("TCG-01", "C 01"),
        ("TCG-01", None),
        (None, "C01"),
        (None, None),
    ]
    assert [problem.facts.get("code_point") for problem in found.problems][:2] == ["U+202E", "U+200B"]


def test_a_serial_cell_is_told_in_short() -> None:
    (row,) = read(xlsx(HEADING, (1, "x?" * 5_000, "TCG-01", "C01"))).rows
    assert len(row.text) == 64


def test_a_serial_without_a_model_is_one_of_some_model() -> None:
    found = read(xlsx(["设备编号"], [FIRST], ["369985303900-369985303905"], ["TCG-01"]))
    assert (found.serials, told(found)) == ((FIRST,), [(3, "serial_of_no_model"), (4, "serial_of_no_model")])


@pytest.mark.parametrize("model", ["TCG-01", "tcg-01", "ＴＣＧ－０１", " TCG–01 "])
def test_a_model_is_a_code_however_it_is_typed(model: str) -> None:
    assert read(xlsx(HEADING, (1, FIRST, model, "C01"))).rows[0].model == "TCG-01"


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("金税盘", "JS-1"),
        (" 税务UKey ", "UK-1"),
        ("ＵＫＥＹ", "UK-1"),
        ("JS-1", "JS-1"),
        ("税控盘", "税控盘"),
        ("报税盘", "报税盘"),
    ],
)
def test_a_kind_as_people_write_it_means_its_only_model(written: str, model: str) -> None:
    """Of two tax disks neither is meant, and there is no report disk."""
    kinds: dict[str, Kind] = {"JS-1": "golden_disk", "UK-1": "tax_ukey", "T-1": "tax_disk", "T-2": "tax_disk"}
    sheet = xlsx(HEADING, (1, FIRST, written, "C01"))
    (row,) = read_packing_list(sheet, dict.fromkeys(kinds, "[0-9]{12}"), kinds).rows
    assert row.model == model


@pytest.mark.parametrize("header", ["金税盘编号", "UKey 号", "税控盘号"])
def test_a_column_of_serials_may_be_called_by_the_kind(header: str) -> None:
    assert read(xlsx((header, "型号"), (FIRST, "TCG-01"))).serials == (FIRST,)
