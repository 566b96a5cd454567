"""What a reversal puts back, and what keeps it from doing so: the place, the links, the site that answers."""

from __future__ import annotations

from typing import Any

import pytest

from devices import records
from devices.journal import open_journals
from devices.ledger.proving.verify import verify
from devices.problems import Problem, Refused
from devices.store.database import Store
from devices.values import Bin
from panku.wiring import RECORD_KINDS
from tests.ledger_books import NOW, TAXPAYER, Books

A, B, S, T = "661565714353", "661565714354", "661565720011", "661565720012"


@pytest.fixture
def books(store: Store) -> Books:
    """Two empty sites on each engine."""
    return Books(store)


def refusal(books: Books, kind: str, *serials: str, **fields: Any) -> Problem:
    """The only problem of a document that is refused."""
    with pytest.raises(Refused) as refused:
        books.post(kind, *serials, **fields)
    (problem,) = refused.value.problems
    return problem


def out_of_use(books: Books, code: str, *, active: bool = False) -> None:
    """Take a merchandise bin for good devices out of use, or back into it."""
    with books.store.writing():
        writer = open_journals(books.store, ["BJ01"], NOW)
        value = Bin("BJ01", code, "merchandise", "good", active=active)
        records.write(writer, records.BIN, value, by="root")


def test_a_reversal_puts_nothing_back_into_a_bin_out_of_use(books: Books) -> None:
    books.receive(A)
    held = books.post("hold", A, reason="损", bin="MQ").number
    out_of_use(books, "MG")
    problem = refusal(books, "reversal", document=held, reason="错")
    assert (problem.code, dict(problem.facts)) == ("inactive_bin", {"bin": "MG", "site": "BJ01"})
    out_of_use(books, "MG", active=True)
    books.settle("reversal", document=held, reason="错")
    assert books.state(A) == "in_stock"


def test_a_reversal_is_not_approved_once_its_bin_is_out_of_use(books: Books) -> None:
    books.receive(A)
    held = books.post("hold", A, reason="损", bin="MQ").number
    proposal = books.post("reversal", document=held, reason="错").number
    out_of_use(books, "MG")
    with pytest.raises(Refused, match="inactive_bin"):
        books.review(proposal)


def test_a_sale_that_another_site_took_back_is_its_sellers_again_once_that_is_reversed(books: Books) -> None:
    books.receive(A)
    books.post("sale", A, customer=TAXPAYER, application="A")
    back = books.post("customer_return", A, site="TJ01", reason="退", bin="MQ").number
    books.settle("reversal", site="TJ01", document=back, reason="错")
    assert books.store.row("SELECT state, responsible_site FROM position") == ("sold", "BJ01")
    books.post("registration", A, customer=TAXPAYER)
    assert books.state(A) == "in_service"
    assert verify(books.store, RECORD_KINDS).faults == []


def carried(books: Books, spare: str, order: str) -> None:
    """A spare taken along for the faulty device."""
    books.post("carry_out", order=order, lines=[{"serial": spare, "faulty": A}])


def test_a_spare_is_not_put_back_with_its_technician_while_another_is_out_for_the_same_device(
    books: Books,
) -> None:
    books.serve(A)
    books.receive(S, T, register="spare")
    order = books.dispatch_order(A)
    carried(books, S, order)
    back = books.post("carry_back", S, bin="SG").number
    carried(books, T, order)
    problem = refusal(books, "reversal", document=back, reason="错")
    assert (problem.code, dict(problem.facts)) == ("other_spare_out", {"serial": S, "faulty": A, "other": T})
    books.post("carry_back", T, bin="SG")
    books.settle("reversal", document=back, reason="错")
    assert books.state(S) == "carried"


def swap(books: Books, faulty: str, spare: str) -> str:
    """Swap a customer's device under a fresh repair order."""
    line = {"faulty": faulty, "spare": spare}
    return books.post(
        "swap", order=books.repair(faulty), fault="坏", terms="free", bin="SF", lines=[line]
    ).number


def sent(books: Books, serial: str) -> str:
    """A faulty device of ours goes to the maker."""
    return books.post("factory_dispatch", serial, maker="厂", carrier="SF", consignment_number="W-F").number


def links(books: Books) -> dict[str, tuple[str | None, str | None]]:
    """What each device replaces, and what replaced it."""
    rows = books.store.rows("SELECT serial, replaces, replaced_by FROM position")
    return {serial: (replaces, replaced_by) for serial, replaces, replaced_by in rows}


def test_an_exchange_of_ours_leaves_what_the_customer_got_and_its_reversal_too(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    swap(books, A, S)
    exchange: dict[str, Any] = {"dispatch": sent(books, A), "bin": "SG", "lines": [{"old": A, "new": B}]}
    exchanged = books.post("factory_exchange", **exchange).number
    assert links(books) == {A: (None, S), S: (A, None), B: (A, None)}
    books.settle("reversal", document=exchanged, reason="错")
    assert links(books) == {A: (None, S), S: (A, None), B: (None, None)}
    assert verify(books.store, RECORD_KINDS).faults == []


def test_an_exchange_of_a_spare_that_was_nobodys_links_both(books: Books) -> None:
    books.receive(S, register="spare")
    books.post("hold", S, reason="坏", bin="SQ")
    exchange: dict[str, Any] = {"dispatch": sent(books, S), "bin": "SG", "lines": [{"old": S, "new": T}]}
    number = books.post("factory_exchange", **exchange).number
    assert links(books) == {S: (None, T), T: (S, None)}
    books.settle("reversal", document=number, reason="错")
    assert links(books) == {S: (None, None), T: (None, None)}


def test_an_exchange_of_a_customers_device_links_both(books: Books) -> None:
    books.serve(A)
    books.post("repair_intake", A, order=books.repair(A), fault="坏", bin="CG")
    exchange: dict[str, Any] = {"dispatch": sent(books, A), "bin": "CG", "lines": [{"old": A, "new": B}]}
    books.post("factory_exchange", **exchange)
    assert links(books) == {A: (None, B), B: (A, None)}
