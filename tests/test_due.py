"""What is due and overdue at a site on a given day."""

from datetime import date

from devices import records
from devices.deadlines import DEADLINE, DEADLINE_OF_STATE
from devices.ledger.duties.due import Due, what_is_due
from devices.ledger.duties.of_devices import DEVICE_DUTY
from devices.ledger.duties.of_repairs import REPAIR_DUTY
from devices.lifecycle import STEPS
from devices.paperwork.orders import RepairOrder, RepairRecord
from devices.paperwork_kinds import REPAIR
from devices.service.duties import DISPATCH_DUTY
from devices.service.jobs.dispatching import OrderAsked, open_dispatch_order
from devices.spares import orders
from devices.store.database import Store
from panku.wiring import DUTIES
from tests.reading_books import SERIALS, ReadingBooks, at

FIRST, SECOND, THIRD = SERIALS[:3]


def deadlines(store: Store, sites: list[str], today: date) -> list[Due]:
    """What the ledger has due."""
    return what_is_due(store, (DEVICE_DUTY, REPAIR_DUTY, DISPATCH_DUTY), sites, today)


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
        asked = OrderAsked(
            site="A1", purposes=("repair",), asked_at=at(9), fault='"record":null}', serials=(SECOND,)
        )
        order, _ = open_dispatch_order(writer, books.unit, asked, by="li.ming")
    found = deadlines(store, ["A1"], date(2026, 11, 10))
    assert [(each.deadline, each.subject, each.started_on, each.due_on) for each in found] == [
        ("on_site_repair", order.number, "2026-11-09", "2026-11-10"),
        ("repair_record", repair, "2026-11-07", "2026-11-11"),
    ]


def test_a_swap_completes_a_repair_and_its_record_meets_the_deadline(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST)
    books.receive(2, SECOND, register="spare")
    books.sell(3, FIRST)
    books.register(3, FIRST)
    number = books.repair(4, FIRST)
    swap = {"order": number, "fault": "坏", "terms": "free", "bin": "SF"}
    swapped = books.post("swap", 6, lines=[{"faulty": FIRST, "spare": SECOND}], **swap)
    (found,) = deadlines(store, ["A1"], date(2026, 11, 9))
    assert (found.deadline, found.subject, found.due_on) == ("repair_record", number, "2026-11-11")
    undo = books.post("reversal", 6, document=swapped, reason="错")
    books.approve(undo, 6)
    assert deadlines(store, ["A1"], date(2026, 11, 9)) == []
    books.post("swap", 9, lines=[{"faulty": FIRST, "spare": SECOND}], **swap)
    with books.writing("A1", 9) as writer:
        order, revision = records.current(store, REPAIR, number) or (None, 0)
        assert isinstance(order, RepairOrder)
        done = RepairRecord(at(9), "坏", "换", 0, at(9), "li.ming")
        orders.file_repair_record(writer, order, revision, done, by="li.ming")
    assert deadlines(store, ["A1"], date(2026, 11, 30)) == []


def test_what_meets_a_deadline_is_what_takes_it_off_the_list() -> None:
    for state, deadline in DEADLINE_OF_STATE.items():
        assert {step.document for step in STEPS if step.before == state} >= set(deadline.met_by)
        assert deadline.starts_from in {step.document for step in STEPS if step.after == state}
    assert {DEADLINE[name].met_by for name in REPAIR_DUTY.deadlines} == {("service_record",)}


def test_every_deadline_is_told_by_one_source() -> None:
    assert sorted(name for duty in DUTIES for name in duty.deadlines) == sorted(DEADLINE)
