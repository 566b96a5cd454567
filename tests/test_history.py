"""A device's history: every line with its document, people and times."""

from devices.ledger.reading.history import history, masked
from devices.store.database import Store
from tests.reading_books import SERIALS, ReadingBooks

SERIAL = SERIALS[0]


def test_history_is_told_oldest_first_and_in_pages(store: Store) -> None:
    books = ReadingBooks(store)
    received = books.receive(2, SERIAL)
    books.approve(received, 2)
    sale = books.sell(3, SERIAL)
    undone = books.post("reversal", 4, document=sale, reason="开错")
    books.approve(undone, 5)
    events = history(store, SERIAL, 0, 50)
    assert [event.document for event in events] == [received, sale, undone]
    first, second, third = events
    assert (first.from_state, first.position.state, first.position.bin) == ("new", "in_stock", "M1")
    assert (first.made_by, first.reviewed_by, first.review) == ("li.ming", "zhao.lei", "approve")
    assert (second.reviewed_by, second.from_bin, second.position.register) == (None, "M1", None)
    assert (third.type, third.document_type, third.reverses) == ("sale", "reversal", second.step)
    assert third.position.state == "in_stock"
    assert history(store, SERIAL, 1, 1) == [second]
    assert history(store, "NOBODY", 0, 50) == []


def test_history_hides_another_sites_customer(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, SERIAL)
    books.sell(3, SERIAL)
    sale = history(store, SERIAL)[1]
    number = sale.position.customer
    assert masked(sale, {number or ""}).position.customer is not None
    hidden = masked(sale, set())
    assert hidden.masked
    assert hidden.position.customer is None
