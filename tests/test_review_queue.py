"""The auditor's queue read out of the books: what waits, what it changes, its value, and who is in it twice."""

from __future__ import annotations

import pytest

from devices.ledger.duties.attention import Clock
from devices.ledger.duties.review_queue import Queued, queue
from devices.store.database import Store
from tests.reading_books import SERIALS, ReadingBooks, at

FIRST, SECOND, THIRD = SERIALS[:3]
ZONE = "Asia/Shanghai"


def waiting(store: Store, day: int = 10) -> dict[str, Queued]:
    """What waits at A1, by number."""
    return {each.document.number: each for each in queue(store, ["A1"], Clock(at(day), ZONE)).queued}


def codes(queued: Queued) -> set[str]:
    return {concern.code for concern in queued.concerns}


def test_a_receipt_waits_with_its_devices_their_value_and_where_they_went(store: Store) -> None:
    books = ReadingBooks(store)
    number = books.receive(2, FIRST, SECOND)
    found = waiting(store)[number]
    assert (found.devices, found.value_fen, found.serials) == (2, 40_000, [FIRST, SECOND])
    assert [(each.before, each.after, each.bin, each.count) for each in found.changes] == [
        ("new", "in_stock", "M1", 2)
    ]


def test_what_was_reviewed_waits_no_more(store: Store) -> None:
    books = ReadingBooks(store)
    number = books.receive(2, FIRST)
    assert number in waiting(store)
    books.approve(number, 3)
    assert number not in waiting(store)


def test_a_proposal_shows_where_its_devices_are_and_decides_nothing(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST)
    books.post("hold", 3, FIRST, reason="破损", bin="MQ")
    number = books.post("release", 4, FIRST, inspection="完好", bin="M1")
    found = waiting(store)[number]
    assert (found.devices, found.value_fen) == (1, 20_000)
    assert [(each.before, each.after, each.count) for each in found.changes] == [("quarantined", None, 1)]


@pytest.mark.both_engines
def test_one_person_who_held_and_releases_is_told(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST)
    books.post("hold", 3, FIRST, reason="破损", bin="MQ")
    number = books.post("release", 4, FIRST, inspection="完好", bin="M1")
    assert "same_hands" in codes(waiting(store)[number])


def test_a_reversal_names_whoever_may_not_review_it(store: Store) -> None:
    books = ReadingBooks(store)
    received = books.receive(2, FIRST)
    number = books.post("reversal", 3, document=received, reason="错")
    assert waiting(store)[number].posters == {"li.ming"}


def test_a_device_that_was_undone_before_is_told(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST)
    sold = books.sell(3, FIRST)
    books.approve(books.post("reversal", 4, document=sold, reason="错"), 4)
    again = books.sell(5, FIRST)
    found = waiting(store)
    assert "undone_before" in codes(found[again])
    assert "undone_before" not in codes(found[sold])


@pytest.mark.both_engines
def test_many_reversals_by_one_person_are_told(store: Store) -> None:
    books = ReadingBooks(store)
    numbers = [books.receive(2, serial) for serial in (FIRST, SECOND, THIRD)]
    undoings = [books.post("reversal", 3 + n, document=each, reason="错") for n, each in enumerate(numbers)]
    found = waiting(store)
    assert "reverses_often" in codes(found[undoings[2]])
    assert "reverses_often" not in codes(found[undoings[1]])


@pytest.mark.both_engines
def test_the_queue_has_pages_and_the_oldest_comes_first(store: Store) -> None:
    books = ReadingBooks(store)
    numbers = [books.receive(2, serial) for serial in (FIRST, SECOND, THIRD)]
    clock = Clock(at(10), ZONE)
    first = queue(store, ["A1"], clock, limit=2)
    rest = queue(store, ["A1"], clock, cursor=first.cursor, limit=2)
    assert [each.document.number for each in (*first.queued, *rest.queued)] == numbers
    assert rest.cursor is None
