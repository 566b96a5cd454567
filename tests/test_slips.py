"""What is printed of a document's lines: the other device of a swap or an exchange."""

from __future__ import annotations

from devices.ledger.papers import slip_lines, slips
from devices.store.database import Store
from tests.ledger_books import Books

A, B, S = "661565714353", "661565714354", "661565720011"


def partners(store: Store, number: str) -> list[tuple[str, str | None]]:
    """Each serial of a document's slip with its partner."""
    slip = slips.slip_of(store, "unit", number)
    assert slip is not None
    return [(line.serial, line.partner) for line in slip_lines.lines_of(store, slip.view)]


def test_a_slip_names_the_partner_of_its_own_document(store: Store) -> None:
    books = Books(store)
    books.serve(A)
    books.receive(S, register="spare")
    swap = {"fault": "坏", "terms": "free", "bin": "SF"}
    swapped = books.post("swap", order=books.repair(A), lines=[{"faulty": A, "spare": S}], **swap).number
    sent = books.post("factory_dispatch", A, maker="厂", carrier="SF", consignment_number="W-F").number
    exchanged = books.post("factory_exchange", dispatch=sent, bin="SG", lines=[{"old": A, "new": B}]).number
    assert partners(store, swapped) == [(A, S), (S, A)]
    assert partners(store, sent) == [(A, None)]
    assert partners(store, exchanged) == [(A, B), (B, A)]
