"""A device's neighbours: the chain of its replacements, the papers of its documents, and who cites whom."""

from __future__ import annotations

import pytest

from devices.ledger.papers.attached import papers_of
from devices.ledger.posting.manifests import keep_attachment
from devices.ledger.reading.citing import citing, undone
from devices.ledger.reading.replacements import replacements
from devices.store.database import Store
from tests.reading_books import SERIALS, ReadingBooks, at

FIRST, SECOND, THIRD = SERIALS[:3]


def swapped(books: ReadingBooks, day: int, faulty: str, spare: str) -> str:
    """Swap a customer's device for a spare."""
    books.receive(day, spare, register="spare")
    order = books.repair(day, faulty)
    line = {"faulty": faulty, "spare": spare}
    return books.post("swap", day + 1, lines=[line], order=order, fault="坏", terms="free", bin="SF")


def in_service(books: ReadingBooks) -> None:
    books.receive(2, FIRST)
    books.sell(3, FIRST)
    books.register(4, FIRST)


def test_a_chain_of_replacements_is_the_same_from_each_of_its_devices(store: Store) -> None:
    books = ReadingBooks(store)
    in_service(books)
    swapped(books, 5, FIRST, SECOND)
    swapped(books, 8, SECOND, THIRD)
    for serial in (FIRST, SECOND, THIRD):
        assert replacements(store, serial) == [FIRST, SECOND, THIRD]


def mended(books: ReadingBooks, day: int, serial: str) -> None:
    """A faulty device goes to the maker, and comes back as good."""
    away = {"maker": "厂", "carrier": "SF", "consignment_number": "W-F"}
    sent = books.post("factory_dispatch", day, serial, **away)
    books.post("factory_receipt", day + 1, serial, dispatch=sent, result="修复", bin="S1")


def test_what_a_customer_got_and_what_the_maker_sent_are_both_found_from_the_device(store: Store) -> None:
    books = ReadingBooks(store)
    in_service(books)
    swapped(books, 5, FIRST, SECOND)
    away = {"maker": "厂", "carrier": "SF", "consignment_number": "W-F"}
    sent = books.post("factory_dispatch", 7, FIRST, **away)
    books.post("factory_exchange", 8, dispatch=sent, bin="S1", lines=[{"old": FIRST, "new": THIRD}])
    assert replacements(store, FIRST) == replacements(store, SECOND) == [FIRST, SECOND]
    assert replacements(store, THIRD) == [FIRST, THIRD]


def test_a_device_that_is_issued_anew_begins_another_chain(store: Store) -> None:
    books = ReadingBooks(store)
    in_service(books)
    swapped(books, 5, FIRST, SECOND)
    mended(books, 7, FIRST)
    books.receive(9, THIRD)
    books.sell(9, THIRD)
    books.register(9, THIRD)
    order = books.repair(9, THIRD)
    line = {"faulty": THIRD, "spare": FIRST}
    books.post("swap", 10, lines=[line], order=order, fault="坏", terms="free", bin="SF")
    assert replacements(store, FIRST) == replacements(store, THIRD) == [THIRD, FIRST]
    assert replacements(store, SECOND) == [FIRST, SECOND]


def test_a_device_that_was_never_replaced_is_alone(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST)
    assert replacements(store, FIRST) == [FIRST]


def test_papers_are_those_of_the_documents_asked_for(store: Store) -> None:
    books = ReadingBooks(store)
    with store.writing():
        digest = keep_attachment(
            store,
            b"scan",
            site="A1",
            name="送货单.pdf",
            media_type="application/pdf",
            by="li.ming",
            at_us=at(1),
        )
    plain = books.receive(2, FIRST)
    said = {
        "supplier": "厂家",
        "delivery_note": "送-1",
        "model": "TCG-01",
        "register": "merchandise",
        "bin": "M1",
    }
    number = books.post("receipt", 3, SECOND, attachments=[digest], **said)
    assert [(each.document, each.attachment.name) for each in papers_of(store, [plain, number])] == [
        (number, "送货单.pdf")
    ]


@pytest.mark.both_engines
def test_a_document_knows_what_reverses_and_answers_it(store: Store) -> None:
    books = ReadingBooks(store)
    received = books.receive(2, FIRST)
    undone = books.post("reversal", 3, document=received, reason="错")
    assert [(each.how, each.number, each.status) for each in citing(store, received)] == [
        ("cites", undone, "pending")
    ]
    assert citing(store, undone) == []


@pytest.mark.both_engines
def test_a_line_is_undone_by_its_reversal_once_that_is_approved(store: Store) -> None:
    books = ReadingBooks(store)
    received = books.receive(2, FIRST, SECOND)
    reversal = books.post("reversal", 3, document=received, serials=[FIRST], reason="错")
    assert undone(store, received) == {}
    books.approve(reversal, 4)
    assert undone(store, received) == {FIRST: reversal}
    assert undone(store, reversal) == {}
