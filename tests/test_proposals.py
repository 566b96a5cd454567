"""Proposals in the auditor's queue: how much each of them proposes."""

from __future__ import annotations

import pytest

from devices.ledger.posting.manifests import keep_attachment
from devices.ledger.reading import listing
from devices.store.database import Store
from tests.reading_books import SERIALS, ReadingBooks, at


@pytest.fixture
def books(store: Store) -> ReadingBooks:
    """A unit that has received two disks, on each engine."""
    made = ReadingBooks(store)
    made.receive(2, *SERIALS[:2])
    return made


def lines_of(books: ReadingBooks, number: str) -> tuple[int | None, int | None]:
    """What the queue says of a document's lines, and what its own view says."""
    (queued,) = [
        each for each in listing.documents(books.store, sites=["A1"]).documents if each.number == number
    ]
    view = listing.document(books.store, number)
    assert view is not None
    return queued.lines, view.document.lines


def opening(books: ReadingBooks) -> str:
    """Three disks from the old books, waiting for an auditor."""
    with books.store.writing():
        digest = keep_attachment(
            books.store,
            b"old books",
            site="A1",
            name="old.pdf",
            media_type="application/pdf",
            by="li",
            at_us=at(1),
        )
    line = {"model": "TCG-01", "state": "in_stock", "register": "merchandise", "bin": "M1"}
    lines = [{"serial": serial, **line} for serial in SERIALS[2:5]]
    return books.post("opening", 3, attachments=[digest], lines=lines)


def test_a_pending_opening_tells_how_many_devices_it_proposes(books: ReadingBooks) -> None:
    assert lines_of(books, opening(books)) == (3, 3)


def test_a_pending_reversal_of_a_whole_document_tells_its_lines(books: ReadingBooks) -> None:
    (first,) = listing.documents(books.store, sites=["A1"]).documents
    number = books.post("reversal", 3, document=first.number, reason="录错")
    assert lines_of(books, number) == (2, 2)


def test_an_approved_opening_tells_what_took_effect(books: ReadingBooks) -> None:
    number = opening(books)
    books.approve(number, 4)
    assert lines_of(books, number) == (3, 3)


def test_a_withdrawn_opening_moved_nothing(books: ReadingBooks) -> None:
    number = opening(books)
    books.withdraw(number, 4)
    assert lines_of(books, number) == (0, 0)
