"""The course of a book agrees with its monthly statements, reversals and empty months included."""

from __future__ import annotations

import pytest

from devices.ledger.books.books import statement
from devices.ledger.books.by_month import course
from devices.store.database import Store
from tests.reading_books import SERIALS, ReadingBooks


def test_each_month_is_the_sum_of_its_statement(store: Store) -> None:
    books = ReadingBooks(store)
    received = books.receive(2, *SERIALS[:4])
    books.receive(3, SERIALS[4], site="B2")
    books.sell(4, SERIALS[0])
    books.approve(books.post("reversal", 5, document=received, serials=[SERIALS[1]], reason="错"), 5)
    found = course(store, "A1", "merchandise", "2026-10", "2026-12")
    assert [each.month for each in found] == ["2026-10", "2026-11", "2026-12"]
    for each in found:
        stated = statement(store, "A1", "merchandise", each.month).models
        assert (each.opening, each.closing) == (
            sum(m.opening for m in stated),
            sum(m.closing for m in stated),
        )
        assert each.came == sum(sum(m.in_.values()) for m in stated)
        assert each.went == sum(sum(m.out.values()) for m in stated)
    assert (found[1].came, found[1].went, found[2].opening) == (3, 1, 2)


@pytest.mark.both_engines
def test_a_book_that_held_nothing_has_months_of_nothing(store: Store) -> None:
    ReadingBooks(store)
    (found,) = course(store, "A1", "spare", "2026-11", "2026-11")
    assert (found.opening, found.came, found.went, found.closing) == (0, 0, 0, 0)
