"""What is due and overdue at a site on a given day."""

from datetime import date

from devices.database import Store
from devices.ledger.due import deadlines
from devices.spares import orders
from tests.reading_books import SERIALS, ReadingBooks

FIRST, SECOND, THIRD = SERIALS[:3]


def test_sales_and_transfers_fall_due(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST, SECOND, THIRD)
    books.sell(6, FIRST)  # a Friday
    books.sell(6, SECOND)
    books.register(7, SECOND)
    books.post("dispatch", 3, THIRD, destination="B2", carrier="SF", consignment_number="W1")
    sale, sent = deadlines(store, ["A1"], date(2026, 11, 12))
    assert (sale.deadline, sale.subject, sale.started_on) == ("registration", FIRST, "2026-11-06")
    assert (sale.due_on, sale.standing, sale.days_left) == ("2026-11-11", "overdue", -1)
    assert (sent.deadline, sent.subject, sent.due_on, sent.standing) == (
        "in_transit", THIRD, "2026-11-13", "due",
    )  # fmt: skip
    assert deadlines(store, ["B2"], date(2026, 11, 12)) == []
    assert deadlines(store, [], date(2026, 11, 12)) == []


def test_orders_fall_due(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST, SECOND)
    books.sell(3, FIRST, SECOND)
    books.register(3, FIRST, SECOND)
    repair = books.repair(4, FIRST)
    books.post("repair_intake", 4, FIRST, order=repair, fault="不亮", bin="C1")
    assert deadlines(store, ["A1"], date(2026, 11, 9)) == []
    completed = "2026-11-06T18:00:00Z"  # already the 7th in Shanghai, a Saturday
    books.post("repair_return", 9, FIRST, diagnosis="坏", work="修", completed_at=completed)
    with books.writing("A1", 9) as writer:
        order, _ = orders.open_dispatch_order(
            writer,
            books.unit,
            site="A1",
            serial=SECOND,
            fault='"record":null}',
            technician="wu",
            by="li.ming",
        )
    found = deadlines(store, ["A1"], date(2026, 11, 10))
    assert [(each.deadline, each.subject, each.started_on, each.due_on) for each in found] == [
        ("on_site_repair", order.number, "2026-11-09", "2026-11-10"),
        ("repair_record", repair, "2026-11-07", "2026-11-11"),
    ]
