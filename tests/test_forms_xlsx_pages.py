"""The page ends of a worksheet: the boxes to sign in are never parted from the last rows, nor from each other."""

from __future__ import annotations

from itertools import pairwise

import pytest

from labels.forms.writers import xlsx_pages
from labels.forms.writers.xlsx_pages import PageEnds
from tests.test_forms_xlsx import Row, Value, drawn, heading_row

WIDTHS = (60, 60, 60)
LINE, FOOT = 14.5, 110.0


def filled(rows: int) -> PageEnds:
    """The page ends of a head of two rows and a table of so many, with a foot below it."""
    ends = PageEnds(WIDTHS, landscape=True)
    ends.head(1, 26)
    ends.head(2, LINE)
    for n in range(3, rows + 3):
        ends.add(n, LINE)
    ends.keep_last_rows_with(FOOT)
    return ends


@pytest.mark.parametrize("rows", range(1, 120))
def test_the_last_rows_and_the_foot_are_on_one_page_and_no_page_holds_too_much(rows: int) -> None:
    ends = filled(rows)
    last = ends.after[-1] if ends.after else 0
    assert last <= rows + 2 - min(rows, 3)
    for before, after in pairwise([0, *ends.after, rows + 2]):
        heights = (after - before) * LINE + (LINE if before else 26 - LINE)
        assert heights + (FOOT if after == rows + 2 else 0) <= ends.room


def test_a_table_that_goes_on_whole_takes_its_heading_along() -> None:
    ends = PageEnds(WIDTHS, landscape=True)
    ends.head(1, 300)
    ends.head(2, LINE)
    ends.add(3, LINE)
    ends.keep_last_rows_with(300)
    assert ends.after == [1]


def test_a_worksheet_never_has_more_page_ends_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_pages, "MOST_ENDS", 2)
    ends = filled(500)
    assert len(ends.after) == 3
    assert ends.after[-1] == 499


def test_page_ends_are_written_before_the_last_rows() -> None:
    sheet = drawn(Value(tuple(map(Row, map(str, range(38)))))).active
    (end,) = [each.id for each in sheet.row_breaks.brk]
    assert end == heading_row(sheet) + 36


def test_a_short_form_is_one_page() -> None:
    assert drawn(Value((Row("1"),))).active.row_breaks.brk == []
