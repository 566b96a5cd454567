"""Months that are over and not closed: from a book's first line, or from the month after the last closed one."""

from __future__ import annotations

from datetime import date

import pytest

from devices import records
from devices.ledger.books.open_months import OpenMonths, open_months
from devices.ledger.posting import closed_months
from devices.store.database import Store
from tests.reading_books import SERIALS, ReadingBooks


@pytest.mark.both_engines
def test_a_month_is_open_once_it_is_over(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, SERIALS[0])
    assert open_months(store, ["A1", "B2"], date(2026, 11, 30)) == []
    assert open_months(store, ["A1", "B2"], date(2026, 12, 1)) == [
        OpenMonths("A1", "merchandise", "2026-11", 1)
    ]
    assert open_months(store, ["A1"], date(2027, 2, 1)) == [OpenMonths("A1", "merchandise", "2026-11", 3)]


def test_a_closed_month_is_open_no_more_and_a_reopened_one_is(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, SERIALS[0])
    month = closed_months.Month(
        "A1", "merchandise", "2026-11", "closed", "S-A1-000001", "0" * 64, "{}", 1, "li.ming"
    )
    with books.writing("A1", 28) as writer:
        records.write(writer, closed_months.MONTH, month, by="li.ming", expected=0)
    assert open_months(store, ["A1"], date(2026, 12, 31)) == []
    assert open_months(store, ["A1"], date(2027, 1, 1)) == [OpenMonths("A1", "merchandise", "2026-12", 1)]
    reopened = closed_months.Month(
        "A1", "merchandise", "2026-11", "reopened", "S-A1-000001", "0" * 64, "{}", 1, "li.ming", "错"
    )
    with books.writing("A1", 29) as writer:
        records.write(writer, closed_months.MONTH, reopened, by="li.ming", expected=1)
    assert open_months(store, ["A1"], date(2027, 1, 1)) == [OpenMonths("A1", "merchandise", "2026-11", 2)]


def test_nobodys_sites_have_no_months(store: Store) -> None:
    ReadingBooks(store)
    assert open_months(store, [], date(2027, 1, 1)) == []
