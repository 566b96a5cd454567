"""What a row of a list begins with: the phrases of sums and notes, and names that only begin like them."""

import pytest

from devices.sheets.row_words import says_no_device


@pytest.mark.parametrize(
    "first",
    ["合计", "合  计：", "小计", "总计 12", "共计（大写）", "总数", "本箱合计", "本页小计", "合计数量", "Total",
     "Grand Total:", "ＴＯＴＡＬ", "共 2 台"],
)  # fmt: skip
def test_a_phrase_of_a_sum_is_one(first: str) -> None:
    assert says_no_device(first, "") == "sum"


@pytest.mark.parametrize(
    "first",
    ["制表：周", "制单人：王", "审核", "收货单位（盖章）", "签收日期：", "打印时间 2026-11-02", "备注：易碎", "注1：",
     "以下空白"],
)  # fmt: skip
def test_a_phrase_of_a_note_is_one(first: str) -> None:
    assert says_no_device(first, "") == "note"


@pytest.mark.parametrize(
    "first", ["合计量具有限公司", "小计税控盘", "共和商贸", "Totally Ltd", "注塑机械厂", "日期货行", "1", ""]
)
def test_a_name_that_begins_like_one_is_none(first: str) -> None:
    assert says_no_device(first, "") is None


@pytest.mark.parametrize("count", ["2", "40", "20000", "2台", " 24 只 "])
def test_a_sum_may_have_a_count_where_serials_are(count: str) -> None:
    assert says_no_device("合计", count) == "sum"


@pytest.mark.parametrize("said", ["合计", "合计：2台", "共 2 台", "Grand Total"])
def test_a_sum_may_stand_where_serials_are(said: str) -> None:
    assert says_no_device(said, said) == "sum"


@pytest.mark.parametrize(
    ("first", "serial"),
    [("合计", "661565714353"), ("合计", "66156?"), ("备注", "TCG-01"), ("合计：661565714353", "合计：661565714353"),
     ("备注:A12345", "备注:A12345")],
)  # fmt: skip
def test_what_may_be_a_serial_is_for_others_to_judge(first: str, serial: str) -> None:
    assert says_no_device(first, serial) is None
