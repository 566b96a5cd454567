"""Books, cards and statements: counts of lines that always balance."""

from devices.ledger.books.books import statement, totals
from devices.ledger.books.cards import card, entered
from devices.store.database import Store
from tests.reading_books import SERIALS, ReadingBooks, at

FIRST, SECOND, THIRD = SERIALS[:3]
BOOK = ("A1", "merchandise")


def test_totals_now_and_then(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, *SERIALS[:4])
    books.sell(3, FIRST)
    books.post("hold", 4, SECOND, reason="外观", bin="MQ")
    sent = books.post("dispatch", 5, THIRD, destination="B2", carrier="SF", consignment_number="W1")
    (now,) = totals(store, *BOOK).models
    assert (now.in_stock, now.quarantined, now.in_transit, now.total) == (1, 1, 1, 3)
    books.post("arrival", 6, THIRD, site="B2", dispatch=sent, bin="M1")
    assert totals(store, *BOOK).models[0].total == 2
    assert totals(store, "B2", "merchandise").models[0].in_stock == 1
    assert totals(store, *BOOK, as_of_us=at(5)).models == [now]
    assert totals(store, *BOOK, as_of_us=at(2)).models[0].in_stock == 4
    assert totals(store, *BOOK, as_of_us=at(1)).models == []
    assert totals(store, *BOOK, as_of_us=at(6)).models == totals(store, *BOOK).models


def test_card_balances(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, *SERIALS[:4])
    books.sell(3, FIRST)
    books.post("hold", 4, SECOND, reason="外观", bin="MQ")
    books.receive(5, SERIALS[4])
    found = card(store, *BOOK, "TCG-01", "2026-11-03", "2026-11-30")
    assert (found.opening, found.closing) == (4, 4)
    assert [(line.type, entered(line, *BOOK)) for line in found.lines] == [("sale", False), ("receipt", True)]
    assert card(store, *BOOK, "OTHER", "2026-11-01", "2026-11-30").closing == 0


def test_statement_takes_a_reversal_as_a_negative(store: Store) -> None:
    books = ReadingBooks(store)
    received = books.receive(2, *SERIALS[:4])
    sale = books.sell(3, FIRST, SECOND)
    books.approve(books.post("reversal", 4, document=sale, reason="开错", serials=[FIRST]), 4)
    books.approve(books.post("reversal", 5, document=received, reason="错号", serials=[SERIALS[3]]), 5)
    found = statement(store, *BOOK, "2026-11")
    (model,) = found.models
    assert (model.opening, model.in_, model.out, model.closing) == (0, {"receipt": 3}, {"sale": 1}, 2)
    assert (found.in_types, found.out_types) == (["receipt"], ["sale"])
    assert model.closing == totals(store, *BOOK).models[0].total


def test_a_reversal_counts_in_its_own_month(store: Store) -> None:
    books = ReadingBooks(store)
    received = books.receive(2, *SERIALS[:4])
    reversal = books.post(
        "reversal", 31, document=received, reason="错号", serials=[FIRST], business_date="2026-12-01"
    )
    books.approve(reversal, 31)
    (november,) = statement(store, *BOOK, "2026-11").models
    (december,) = statement(store, *BOOK, "2026-12").models
    assert (november.closing, december.opening) == (4, 4)
    assert (december.in_, december.out, december.closing) == ({"receipt": -1}, {}, 3)
    (january,) = statement(store, *BOOK, "2027-01").models
    assert (january.opening, january.closing) == (3, 3)
    assert statement(store, "B2", "merchandise", "2026-11").models == []


def test_a_transfer_leaves_one_book_and_enters_the_other(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST)
    sent = books.post("dispatch", 3, FIRST, destination="B2", carrier="SF", consignment_number="W1")
    books.post("arrival", 4, FIRST, site="B2", dispatch=sent, bin="M1")
    (left,) = statement(store, *BOOK, "2026-11").models
    (joined,) = statement(store, "B2", "merchandise", "2026-11").models
    assert (left.in_, left.out, left.closing) == ({"receipt": 1}, {"arrival": 1}, 0)
    assert (joined.in_, joined.out, joined.closing) == ({"arrival": 1}, {}, 1)
