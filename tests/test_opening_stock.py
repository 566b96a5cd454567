"""The opening stock sheet: every column, every word, every fault of a row at once."""

from datetime import date

import pytest

from devices.problems import PROBLEMS, Refused
from devices.sheets.opening_list import REGISTER_WORDS, STATE_WORDS, OpeningRow, read_opening_stock
from devices.sheets.sheet_cells import row_of
from devices.values import REGISTERS, STATE
from tests.sheets import FIRST, PATTERNS, xlsx

OPENING_HEADING = (
    "设备编号", "型号", "状态", "账", "货位", "纳税人识别号", "纳税人名称", "地址", "联系人", "保修至", "备注",
)  # fmt: skip


def opening(*row: object) -> tuple[OpeningRow, list[str]]:
    found = read_opening_stock(xlsx(["期初"], OPENING_HEADING, row), PATTERNS)
    for problem in found.problems:
        assert set(problem.facts) == set(PROBLEMS[problem.code].facts)
        assert row_of(problem) == 3
    (only,) = found.rows
    return only, [problem.code for problem in found.problems]


def test_every_column_of_the_opening_stock_is_read() -> None:
    row, codes = opening(
        FIRST,
        "TCG-01",
        "在用",
        "备件账",
        "m-01",
        "91110000600037341L",
        "示例公司",
        "示例路",
        "赵",
        "2027年3月1日",
        "旧",
    )
    assert not codes
    assert row.taxpayer is not None
    assert (row.serial, row.model, row.state, row.register, row.bin) == (
        FIRST,
        "TCG-01",
        "in_service",
        "spare",
        "M-01",
    )
    assert (row.taxpayer.id, row.taxpayer_name, row.address) == ("91110000600037341L", "示例公司", "示例路")
    assert (row.contact, row.warranty_until, row.note) == ("赵", "2027-03-01", "旧")


@pytest.mark.parametrize("word", STATE_WORDS)
def test_every_word_for_a_state_names_one_of_the_lifecycle(word: str) -> None:
    row, codes = opening(FIRST, "TCG-01", word)
    assert not codes
    assert row.state in STATE


@pytest.mark.parametrize("word", REGISTER_WORDS)
def test_every_word_for_a_register_names_one(word: str) -> None:
    row, codes = opening(FIRST, "TCG-01", "在库", word)
    assert not codes
    assert row.register in REGISTERS


@pytest.mark.parametrize(
    "written",
    [
        "2027-03-01",
        "2027/3/1",
        "2027.3.1",
        "2027年3月1日",
        "20270301",
        "２０２７－０３－０１",
        date(2027, 3, 1),
    ],
)
def test_a_date_is_read_as_people_write_it(written: object) -> None:
    row, codes = opening(FIRST, "TCG-01", "在库", "商品", None, None, None, None, None, written)
    assert (row.warranty_until, codes) == ("2027-03-01", [])


@pytest.mark.parametrize("written", ["明年", "2027-13-01", "2027-02-30", 46447, "1/3/2027"])
def test_what_is_no_date_is_told(written: object) -> None:
    assert opening(FIRST, "TCG-01", "在库", "商品", None, None, None, None, None, written)[1] == [
        "malformed_date"
    ]


def test_every_fault_of_a_row_is_told_at_once() -> None:
    row, codes = opening("?", None, "借出", "红账", None, "91110000600037341X", None, None, None, "明年")
    assert codes == [
        "malformed_serial",
        "unknown_word",
        "unknown_word",
        "taxpayer_check_character",
        "malformed_date",
        "field_required",
    ]
    assert (row.serial, row.state, row.register, row.taxpayer, row.warranty_until) == (None,) * 5


def test_a_taxpayer_id_that_became_a_number_is_not_taken() -> None:
    assert opening(FIRST, "TCG-01", "在用", None, None, 911100006000373412)[1] == ["precision_lost"]


def test_an_opening_sheet_without_a_state_column_has_no_header() -> None:
    with pytest.raises(Refused) as refused:
        read_opening_stock(xlsx(["设备编号", "型号"], [FIRST, "TCG-01"]))
    assert refused.value.problems[0].facts == {"found": ["设备编号", "型号"]}


def test_customers_whose_names_begin_like_sums_are_rows_like_any_other() -> None:
    names = ("合计量具有限公司", "小计商贸有限公司", "总计网络公司", "福州晨光商贸有限公司")
    rows = [(name, f"66156571435{at}", "TCG-01", "在用") for at, name in enumerate(names)]
    found = read_opening_stock(
        xlsx(["单位", "设备编号", "型号", "状态"], *rows, ["合计", None, None, 4]), PATTERNS
    )
    assert [row.serial for row in found.rows] == [serial for _, serial, *_ in rows]
    assert not found.problems
    assert [(part.row, part.text, part.why) for part in found.left_out] == [(6, "合计 4", "sum")]


def test_a_row_of_such_a_customer_without_a_serial_is_a_fault_and_not_left_out() -> None:
    found = read_opening_stock(
        xlsx(["单位", "设备编号", "型号", "状态"], ["合计量具有限公司", None, "TCG-01", "在用"]), PATTERNS
    )
    assert [(problem.code, row_of(problem)) for problem in found.problems] == [("missing_serial", 2)]
