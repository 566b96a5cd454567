"""Repair and dispatch orders: what is done under them, for whom, and when they may be cancelled."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from devices import records
from devices.journal import open_journals
from devices.ledger.proving.verify import verify
from devices.paperwork.dispatches import Outcomes, ServiceRecord, Used
from devices.paperwork.orders import RepairRecord
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.problems import Problem, Refused
from devices.records import RecordKind
from devices.service import filing
from devices.service.jobs import dispatching
from devices.spares import orders
from devices.store.database import Store
from panku.wiring import RECORD_KINDS
from tests.ledger_books import NOW, Books

A, B, S, T = "661565714353", "661565714354", "661565720011", "661565720012"
OTHER = {"taxpayer_id": "110101199003085", "name": "乙店"}
SWAP: dict[str, Any] = {"fault": "坏", "terms": "free", "bin": "SF"}


@pytest.fixture
def books(store: Store) -> Books:
    """Two empty sites on each engine."""
    return Books(store)


def refusal(books: Books, kind: str, *serials: str, **fields: Any) -> Problem:
    """The first problem of a document that is refused."""
    with pytest.raises(Refused) as refused:
        books.post(kind, *serials, **fields)
    return refused.value.problems[0]


def kind_of(order: str) -> RecordKind:
    return REPAIR if order.startswith("R") else DISPATCH_ORDER


def cancel(books: Books, order: str) -> None:
    """Cancel an order, as its site does."""
    with books.store.writing():
        writer = open_journals(books.store, ["BJ01"], NOW)
        found = records.current(books.store, kind_of(order), order)
        assert found is not None
        if kind_of(order) is REPAIR:
            orders.cancel_repair_order(writer, *found, by="zhang")
        else:
            dispatching.cancel_dispatch(writer, *found, "不去了", by="zhang")


def close(books: Books, order: str, *used: Used) -> None:
    """File the record of what was done under an order."""
    with books.store.writing():
        writer = open_journals(books.store, ["BJ01"], NOW)
        found = records.current(books.store, kind_of(order), order)
        assert found is not None
        if kind_of(order) is REPAIR:
            orders.file_repair_record(
                writer, *found, RepairRecord(NOW, "d", "w", 0, NOW, "zhang"), by="zhang"
            )
            return
        done = ServiceRecord(NOW, "d", "w", 0, NOW, "zhang", NOW, Outcomes(repair="solved"), used)
        filing.file_record(writer, *found, done, by="zhang")


def in_use(books: Books, order: str) -> dict[str, Any]:
    """What a cancellation is refused for."""
    with pytest.raises(Refused) as refused:
        cancel(books, order)
    (problem,) = refused.value.problems
    assert problem.code == "order_in_use"
    return dict(problem.facts)


def swap(books: Books, faulty: str, spare: str, order: str) -> str:
    """Swap a customer's device."""
    return books.post("swap", order=order, **SWAP, lines=[{"faulty": faulty, "spare": spare}]).number


def test_an_order_under_which_a_swap_stands_is_not_cancelled_until_that_is_reversed(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    order = books.repair(A)
    number = swap(books, A, S, order)
    assert in_use(books, order) == {"order": order, "serial": A, "document": number}
    books.settle("reversal", document=number, reason="错")
    cancel(books, order)
    assert verify(books.store, RECORD_KINDS).faults == []


def test_an_order_under_which_a_device_is_in_custody_is_not_cancelled(books: Books) -> None:
    books.serve(A)
    order = books.repair(A)
    books.post("repair_intake", A, order=order, fault="坏", bin="CG")
    moved = books.post("move", A, bin="CG2").number
    assert in_use(books, order) == {"order": order, "serial": A, "document": moved}


def test_an_order_for_which_a_spare_is_carried_is_not_cancelled(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    order = books.dispatch_order(A)
    number = books.post("carry_out", order=order, lines=[{"serial": S, "faulty": A}]).number
    assert in_use(books, order) == {"order": order, "serial": S, "document": number}


def test_an_order_that_a_proposal_rests_on_is_not_cancelled_until_that_is_decided(books: Books) -> None:
    books.serve(A)
    order = books.repair(A)
    books.post("loss_report", A, report_number="R")
    proposal = books.post("recovery", A, found="找到", order=order, bin="CG").number
    assert in_use(books, order) == {"order": order, "serial": A, "document": proposal}
    books.review(proposal, "reject")
    cancel(books, order)


def test_an_order_of_the_former_customer_is_stale(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    orders_then = books.repair(A), books.dispatch_order(A)
    books.post("customer_return", A, reason="退", bin="MQ")
    books.settle("release", bin="MG", inspection="好", lines=[{"serial": A, "reinitialised": "好"}])
    books.post("sale", A, customer=OTHER, application="B")
    books.post("registration", A, customer=OTHER)
    line = {"faulty": A, "spare": S}
    told = [
        refusal(books, "repair_intake", A, order=orders_then[0], fault="坏", bin="CG"),
        refusal(books, "swap", order=orders_then[0], **SWAP, lines=[line]),
        refusal(books, "carry_out", order=orders_then[1], lines=[{"serial": S, "faulty": A}]),
    ]
    assert [(problem.code, problem.facts["serial"]) for problem in told] == [
        ("order_of_other_customer", A)
    ] * 3


def test_no_spare_is_carried_out_under_an_order_that_is_closed(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    order = books.dispatch_order(A)
    close(books, order)
    problem = refusal(books, "carry_out", order=order, lines=[{"serial": S, "faulty": A}])
    assert (problem.code, problem.facts["order"]) == ("order_closed", order)


def test_nothing_is_swapped_under_a_repair_order_that_has_its_record(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    order = books.repair(A)
    close(books, order)
    problem = refusal(books, "swap", order=order, **SWAP, lines=[{"faulty": A, "spare": S}])
    assert (problem.code, problem.facts["order"]) == ("order_closed", order)


def test_a_faulty_device_is_swapped_a_second_time_only_once_it_was_mended_and_issued_anew(
    books: Books,
) -> None:
    books.serve(A)
    books.receive(B)
    books.post("sale", B, customer=OTHER, application="B")
    books.post("registration", B, customer=OTHER)
    books.receive(S, T, register="spare")
    order, later = books.repair(A), books.dispatch_order(A)
    swap(books, A, S, order)
    close_as_once(books, later)
    again: dict[str, Any] = {"order": later, **SWAP, "lines": [{"faulty": A, "spare": T}]}
    assert refusal(books, "swap", **again).code == "wrong_state"
    sent = books.post("factory_dispatch", A, maker="厂", carrier="SF", consignment_number="W-F").number
    assert refusal(books, "swap", **again).code == "wrong_register"
    books.post("factory_receipt", A, dispatch=sent, result="修复", bin="SG")
    assert refusal(books, "swap", **again).code == "wrong_state"
    swap(books, B, A, books.repair(B))
    assert refusal(books, "swap", **again).code == "order_of_other_customer"
    swap(books, A, T, closed(books, A))
    assert books.state(A) == "faulty"
    assert verify(books.store, RECORD_KINDS).faults == []


def close_as_once(books: Books, order: str) -> None:
    """File a record as it was before records named what went in: a swap is not held against it."""
    found = records.current(books.store, DISPATCH_ORDER, order)
    assert found is not None
    done = replace(found[0], state="done", record=ServiceRecord(NOW, "d", "w", 0, NOW, "zhang"))
    with books.store.writing():
        writer = open_journals(books.store, ["BJ01"], NOW)
        records.write(writer, DISPATCH_ORDER, done, by="zhang")


def closed(books: Books, serial: str) -> str:
    """A dispatch order with a service record of once."""
    order = books.dispatch_order(serial)
    close_as_once(books, order)
    return order


def test_another_customer_of_the_device_gets_an_order_of_their_own(books: Books) -> None:
    """The former customer's is still open, is closed by its record, and stands in nobody's way."""
    books.serve(A)
    former = books.repair(A)
    books.post("repair_intake", A, order=former, fault="坏", bin="CG")
    books.post("repair_return", A, diagnosis="d", work="w", completed_at="2026-11-24T00:00:00+08:00")
    books.post("customer_return", A, reason="退", bin="MQ")
    books.settle("release", bin="MG", inspection="好", lines=[{"serial": A, "reinitialised": "好"}])
    books.post("sale", A, customer=OTHER, application="B")
    books.post("registration", A, customer=OTHER)
    order = books.repair(A)
    with pytest.raises(Refused) as again:
        books.repair(A)
    assert again.value.problems[0].facts["order"] == order, "and only one for the same customer"
    books.receive(S, register="spare")
    swap(books, A, S, order)
    assert in_use(books, former)["order"] == former
    close(books, former)
    assert verify(books.store, RECORD_KINDS).faults == []


def test_a_carried_spare_is_swapped_under_its_own_order_and_with_its_record(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    repair, dispatch = books.repair(A), books.dispatch_order(A)
    books.post("carry_out", order=dispatch, lines=[{"serial": S, "faulty": A}])
    line = {"faulty": A, "spare": S}
    problem = refusal(books, "swap", order=repair, **SWAP, lines=[line])
    assert (problem.code, problem.facts) == ("swap_other_order", {"serial": S, "order": dispatch})
    assert refusal(books, "swap", order=dispatch, **SWAP, lines=[line]).code == "service_record_required"
    close(books, dispatch, Used(A, S))
    swap(books, A, S, dispatch)
    assert books.state(A) == "faulty"


def test_a_spare_was_never_sold_in_the_past_either(books: Books) -> None:
    line = {"serial": A, "model": "TCG-01", "state": "sold", "customer": OTHER}
    paper = books.paper
    problem = refusal(books, "opening", attachments=[paper], lines=[{**line, "register": "spare"}])
    assert (problem.code, problem.facts["serial"]) == ("wrong_register", A)
    books.settle("opening", attachments=[paper], lines=[line])
    assert books.state(A) == "sold"


@pytest.mark.parametrize("kind", ["carry_out", "swap", "repair_intake"])
def test_nothing_is_done_without_an_order(books: Books, kind: str) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    told: dict[str, Any] = {
        "carry_out": {"lines": [{"serial": S, "faulty": A}]},
        "swap": {**SWAP, "lines": [{"faulty": A, "spare": S}]},
        "repair_intake": {"fault": "坏", "bin": "CG", "lines": [{"serial": A}]},
    }
    problem = refusal(books, kind, **told[kind])
    assert (problem.code, problem.pointer) == ("order_required", "/order")
