"""What a filed record leaves to be settled: the swap that a scan offers, and what may not be done instead."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from devices import records
from devices.journal import open_journals
from devices.ledger.posting import checking
from devices.ledger.reading.customers import sees_customer
from devices.paperwork.dispatches import Confirmation, Outcomes, ServiceRecord, Used
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.problems import Problem, Refused
from devices.service import filing
from devices.service.jobs import settling
from devices.service.jobs.settling import Settling
from devices.store.database import Store
from tests.ledger_books import NOW, Books

A, B, S, T = "661565714353", "661565714354", "661565720011", "661565720012"
PAIR = Used(A, S)


class Trip(msgspec.Struct):
    """Books in which a technician was sent for A and carries S."""

    books: Books
    order: str
    carried: str

    def record(self, *used: Used, charged_fen: int = 0, correcting: str | None = None) -> None:
        """File the record of the trip, or correct it."""
        told = ServiceRecord(
            NOW, "d", "w", charged_fen, NOW, "zhang", NOW, Outcomes(repair="solved"), used,
            Confirmation("stamped"),
        )  # fmt: skip
        books = self.books
        with books.store.writing():
            writer = open_journals(books.store, [self.order.split("-")[1]], NOW)
            found = records.current(books.store, DISPATCH_ORDER, self.order)
            assert found is not None
            if correcting:
                filing.correct_record(writer, *found, told, correcting, by="zhang")
            else:
                filing.file_record(writer, *found, told, by="zhang")

    def swap(self, **fields: Any) -> str:
        """Post the swap of the pair."""
        said = {"fault": "坏", "terms": "free", "bin": "SF", **fields}
        line = {"faulty": A, "spare": S}
        return self.books.post("swap", order=self.order, **said, lines=[line]).number

    def refusal(self, kind: str, *serials: str, **fields: Any) -> Problem:
        """The first problem of a document that is refused."""
        with pytest.raises(Refused) as refused:
            self.books.settle(kind, *serials, **fields)
        return refused.value.problems[0]


@pytest.fixture
def trip(store: Store) -> Trip:
    """A trip whose record is not filed yet."""
    books = Books(store)
    books.serve(A)
    books.receive(S, T, register="spare")
    order = books.dispatch_order(A)
    carried = books.post("carry_out", order=order, lines=[{"serial": S, "faulty": A}]).number
    return Trip(books, order, carried)


TOLD = {"serial": S, "faulty": A}


@pytest.mark.both_engines
def test_a_spare_that_went_in_is_settled_by_its_swap_and_by_nothing_else(trip: Trip) -> None:
    trip.record(PAIR)
    store = trip.books.store
    back = trip.refusal("carry_back", S, bin="SG")
    assert (back.code, back.facts) == ("told_used", {**TOLD, "order": trip.order})
    undone = trip.refusal("reversal", document=trip.carried, reason="错")
    assert (undone.code, undone.facts["order"]) == ("told_used", trip.order)
    (order, pairs), *others = settling.unsettled_at(store, ["BJ01"])
    assert (order.number, pairs, others) == (trip.order, (PAIR,), [])
    assert settling.unsettled_at(store, ["TJ01"]) == []
    number = trip.swap()
    assert settling.unsettled_at(store, ["BJ01"]) == []
    assert settling.settled_by(store, [A, B]) == {}
    trip.books.settle("reversal", document=number, reason="错")
    assert [pairs for _, pairs in settling.unsettled_at(store, ["BJ01"])] == [(PAIR,)]


def test_nobody_gets_two_spares_for_what_one_went_in_for(trip: Trip) -> None:
    """Neither at the counter, under a repair order, before the trip's swap is posted."""
    trip.record(PAIR)
    said = {"order": trip.books.repair(A), "fault": "坏", "terms": "free", "bin": "SF"}
    again = trip.refusal("swap", **said, lines=[{"faulty": A, "spare": T}])
    assert (again.code, again.facts) == ("told_used", {**TOLD, "order": trip.order})
    trip.record(correcting="没有用上")
    trip.books.post("swap", **said, lines=[{"faulty": A, "spare": T}])


def test_a_spare_that_went_nowhere_comes_back(trip: Trip) -> None:
    trip.record()
    trip.books.post("carry_back", S, bin="SG")
    assert trip.books.state(S) == "in_stock"


def test_a_record_that_is_corrected_lets_the_spare_come_back(trip: Trip) -> None:
    trip.record(PAIR)
    trip.record(correcting="没有用上")
    trip.books.post("carry_back", S, bin="SG")
    assert settling.unsettled_at(trip.books.store, ["BJ01"]) == []


def test_another_site_sees_the_customer_until_what_is_out_is_settled(store: Store) -> None:
    """Its storekeeper posts the swap, after the job is done."""
    books = Books(store)
    books.serve(A)
    books.receive(S, register="spare", site="TJ01")
    trip = Trip(books, books.dispatch_order(A, "TJ01"), "")
    books.post("carry_out", site="TJ01", order=trip.order, lines=[{"serial": S, "faulty": A}])
    (customer,) = store.row("SELECT customer FROM position WHERE serial = ?", (A,)) or ("",)
    seen = [sees_customer(store, customer, "TJ01".__eq__)]
    for used in ((PAIR,), ()):
        trip.record(*used, correcting="没有用上" if not used else None)
        seen.append(sees_customer(store, customer, "TJ01".__eq__))
    books.post("carry_back", S, site="TJ01", bin="SG")
    assert [*seen, sees_customer(store, customer, "TJ01".__eq__)] == [True, True, True, False]


def test_a_scan_is_told_before_the_document_is_posted(trip: Trip) -> None:
    trip.record(PAIR)
    books = trip.books
    (problem,) = checking.check(
        books.store, "carry_back", "BJ01", [checking.Scanned(S, bin="SG")], books.unit.days(NOW)
    )
    assert problem is not None
    assert (problem.code, problem.facts["faulty"]) == ("told_used", A)


@pytest.mark.parametrize(("charged_fen", "terms"), [(0, "free"), (30_000, "charged")])
def test_the_swap_is_offered_as_the_record_says_it(trip: Trip, charged_fen: int, terms: str) -> None:
    trip.record(PAIR, charged_fen=charged_fen)
    offered = settling.settled_by(trip.books.store, [A, B, S])
    assert offered == {A: Settling(trip.order, "BJ01", A, S, "坏", terms, charged_fen)}  # type: ignore[arg-type]
    trip.swap(terms=terms, charged_fen=charged_fen)


def test_a_charge_for_two_swaps_is_for_a_person_to_part(trip: Trip) -> None:
    pair, other = PAIR, Used(B, T)
    record = ServiceRecord(NOW, "d", "w", 5_000, NOW, "wang", used=(pair, other))
    order = records.these(trip.books.store, DISPATCH_ORDER, [trip.order, None, "D-NO"])[trip.order]
    done = msgspec.structs.replace(order, state="done", record=record)
    out = {(trip.order, S), (trip.order, T), ("D-BJ01-000009", T)}
    assert settling.waiting_pairs(done, out) == (pair, other)
    assert settling.waiting_pairs(order, out) == ()
    assert settling.swap_of(done, pair).charged_fen is None
    assert settling.swap_of(done, pair).terms == "charged"
