"""What was met since a day, in time or late: by devices and orders, and by counts, inspections, findings and visits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from msgspec.structs import replace

from devices import records
from devices.deadlines import DEADLINE_OF_STATE, DEADLINES, STANDINGS
from devices.ledger.duties.due import what_was_met
from devices.lifecycle import STEPS
from devices.paperwork.dispatches import DispatchOrder, Outcomes, ServiceRecord
from devices.paperwork.orders import RepairOrder, RepairRecord
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.service import filing
from devices.service.duties import CALL_DUTY, COMPLAINT_DUTY
from devices.service.jobs.dispatching import OrderAsked, open_dispatch_order
from devices.spares import orders
from devices.store.database import Store
from panku.wiring import DUTIES
from tests.conftest import Stores
from tests.custody import DAY_US, House, answers, count_all, fault, fill_house, inspect, request, take
from tests.door import TODAY
from tests.reading_books import SERIALS, ReadingBooks, at

FIRST, SECOND, THIRD = SERIALS[:3]
Told = tuple[str, str, str, str | None, str]


def told(books: ReadingBooks, since: date = date(2026, 11, 1)) -> list[Told]:
    """Deadline, subject, last day, day it was met and standing of everything met at A1."""
    found = what_was_met(books.store, DUTIES, ["A1"], since)
    return sorted((each.deadline, each.subject, each.due_on, each.met_on, each.standing) for each in found)


@pytest.fixture
def books(store: Store) -> ReadingBooks:
    """Two disks sold on a Friday, one sent to the other site the Tuesday before."""
    made = ReadingBooks(store)
    made.receive(2, FIRST, SECOND, THIRD)
    made.post("dispatch", 3, THIRD, destination="B2", carrier="SF", consignment_number="W1")
    made.sell(6, FIRST, SECOND)
    return made


def test_nothing_is_met_that_is_still_due(books: ReadingBooks) -> None:
    assert told(books) == []


def test_registrations_and_arrivals_are_met_in_time_or_late(books: ReadingBooks) -> None:
    books.register(11, FIRST)
    books.register(12, SECOND)
    (sent,) = books.store.rows("SELECT number FROM document WHERE type = 'dispatch'")
    books.post("arrival", 14, THIRD, site="B2", dispatch=sent[0], bin="M1")
    assert told(books) == [
        ("in_transit", THIRD, "2026-11-13", "2026-11-14", "met_late"),
        ("registration", FIRST, "2026-11-11", "2026-11-11", "met"),
        ("registration", SECOND, "2026-11-11", "2026-11-12", "met_late"),
    ]
    assert [each[1] for each in told(books, date(2026, 11, 12))] == [THIRD, SECOND]
    assert what_was_met(books.store, DUTIES, ["B2"], date(2026, 11, 1)) == []


@pytest.mark.both_engines
def test_what_was_reversed_met_nothing(books: ReadingBooks) -> None:
    books.register(9, FIRST)
    (number,) = books.store.rows("SELECT number FROM document WHERE type = 'registration'")
    books.approve(books.post("reversal", 9, document=number[0], reason="录错"), 9)
    assert told(books) == []


def close_repair(books: ReadingBooks, number: str, day: int) -> None:
    with books.writing("A1", day) as writer:
        order, revision = records.current(books.store, REPAIR, number) or (None, 0)
        assert isinstance(order, RepairOrder)
        record = RepairRecord(at(day), "坏", "修", 0, at(day), "li.ming")
        orders.file_repair_record(writer, order, revision, record, by="li.ming")


def close_dispatch(books: ReadingBooks, number: str, done: int, filed: int) -> None:
    with books.writing("A1", filed) as writer:
        order, revision = records.current(books.store, DISPATCH_ORDER, number) or (None, 0)
        assert isinstance(order, DispatchOrder)
        record = ServiceRecord(
            at(done), "坏", "修", 0, at(filed), "li.ming", at(done), Outcomes(repair="solved"), ()
        )
        given = replace(order, technician="li.ming")  # as if assigned: these books have no certificates
        filing.file_record(writer, given, revision, record, by="li.ming")


def test_repairs_are_met_when_their_record_is_filed_and_visits_on_the_day_they_were_made(
    books: ReadingBooks,
) -> None:
    books.register(9, FIRST, SECOND)
    repair = books.repair(10, FIRST)
    books.post("repair_intake", 10, FIRST, order=repair, fault="不亮", bin="C1")
    books.post(
        "repair_return", 11, FIRST, diagnosis="坏", work="修", completed_at="2026-11-11T09:00:00+08:00"
    )
    with books.writing("A1", 11) as writer:
        asked = OrderAsked(site="A1", purposes=("repair",), asked_at=at(11), fault="不亮", serials=(SECOND,))
        order, _ = open_dispatch_order(writer, books.unit, asked, by="li.ming")
    close_repair(books, repair, 17)
    close_dispatch(books, order.number, done=12, filed=17)
    assert [each for each in told(books) if each[0] != "registration"] == [
        ("on_site_repair", order.number, "2026-11-12", "2026-11-12", "met"),
        ("repair_record", repair, "2026-11-16", "2026-11-17", "met_late"),
    ]


ENDS_UNMET = {
    "sold": ("sale_cancellation", "customer_return"),
    "in_transit": ("transit_loss",),
    "carried": (),
    "at_factory": ("write_off",),
}
"""The documents that take a device out of a state under a deadline and meet nothing: what was due never comes."""


@pytest.mark.parametrize("state", DEADLINE_OF_STATE)
def test_what_takes_a_device_out_of_a_state_under_a_deadline_meets_it_or_is_said_not_to(state: str) -> None:
    ends = {step.document for step in STEPS if step.before == state and step.after != state}
    meets = DEADLINE_OF_STATE[state].met_by
    assert ends == {*meets, *ENDS_UNMET[state]}, "DEADLINES in devices/deadlines.py, or ENDS_UNMET here"


@pytest.fixture(scope="module")
def house(stores: Stores) -> Iterator[House]:
    """A site where everything audits ask for was done once, and two findings, one of them settled late."""
    store = stores.filled("sqlite", fill_house)
    made = House(store)
    count_all(made)
    late = fault("damp", due_on=TODAY)
    number = inspect(made.of("zhang"), answers(late)).json["number"]
    assert inspect(made.of("li")).status_code == 201
    visit = request(made)
    for step in ("approve", "enter", "leave"):
        assert take(made, visit, step).status_code == 200
    made.now += DAY_US
    settled = made.of("zhang").post(f"/v1/inspections/{number}/settle", {"item": "damp", "work": "已除湿"})
    assert settled.status_code in (200, 201), settled.text
    yield made
    stores.drop(store)


def standings(house: House, query: str) -> dict[str, set[str]]:
    found = house.of("zhang").get(f"/v1/deadlines?site=BJ01{query}").json
    names = {each["deadline"] for each in found}
    return {name: {each["standing"] for each in found if each["deadline"] == name} for name in names}


def test_what_audits_asked_for_is_told_as_met_only_where_it_is_asked(house: House) -> None:
    met_since = standings(house, f"&met_since={TODAY}")
    assert met_since["stocktake"] == met_since["safety_inspection"] == met_since["visit"] == {"met"}
    assert met_since["audit_inspection"] == {"met", "due"}
    assert met_since["inspection_finding"] == {"met_late"}
    plain = standings(house, "")
    assert set().union(*plain.values()) <= {"due", "overdue"}
    assert "inspection_finding" not in plain


def test_the_day_since_when_is_a_day(house: House) -> None:
    answer = house.of("zhang").get("/v1/deadlines?met_since=yesterday")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")


def test_every_deadline_can_be_told_as_met(house: House) -> None:
    told_by_audits = set(standings(house, "&met_since=2026-11-01"))
    by_orders = {"repair_record", "on_site_repair", "installation"}
    by_calls_and_complaints = {*CALL_DUTY.deadlines, *COMPLAINT_DUTY.deadlines}
    """Which tests/test_customers_answered.py lives through."""
    by_states = {"registration", "in_transit", "carried", "at_factory"}
    assert told_by_audits | by_orders | by_calls_and_complaints | by_states >= {
        each.name for each in DEADLINES
    }
    assert {"met", "met_late"} < set(STANDINGS)
