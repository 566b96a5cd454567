"""What must never happen, and what is awkward and must work, a sentence a test (docs/decisions.md, "Never")."""

from typing import Any

import pytest

from devices import records
from devices.journal import open_journals
from devices.ledger.proving.verify import verify
from devices.paperwork.papers import Manifest, ManifestRow
from devices.paperwork_kinds import MANIFEST
from devices.problems import Problem, Refused
from devices.store.database import Store
from panku.wiring import RECORD_KINDS
from tests.ledger_books import NOW, TAXPAYER, Books

A, B, C, S, T = "661565714353", "661565714354", "661565714355", "661565720011", "661565720012"


@pytest.fixture
def books(store: Store) -> Books:
    """Two empty sites on each engine."""
    return Books(store)


def refusal(books: Books, kind: str, *serials: str, **fields: Any) -> Problem:
    """The first problem of a document that is refused."""
    with pytest.raises(Refused) as refused:
        books.post(kind, *serials, **fields)
    return refused.value.problems[0]


def swap(books: Books, faulty: str, spare: str, **fields: Any) -> str:
    """Swap a customer's device under a fresh repair order."""
    order = books.repair(faulty)
    line = {"faulty": faulty, "spare": spare}
    return books.post("swap", order=order, fault="坏", terms="free", bin="SF", lines=[line], **fields).number


def test_a_spare_is_never_sold(books: Books) -> None:
    books.receive(S, register="spare")
    problem = refusal(books, "sale", S, customer=TAXPAYER, application="A")
    assert (problem.code, problem.facts["serial"]) == ("wrong_register", S)


def test_a_spare_can_not_be_put_into_a_merchandise_bin(books: Books) -> None:
    books.receive(S, register="spare")
    assert refusal(books, "move", S, bin="MG").code == "bin_of_other_register"


def test_two_books_are_never_mixed_in_one_document(books: Books) -> None:
    books.receive(A)
    books.receive(S, register="spare")
    lines = [{"serial": A, "bin": "MG2"}, {"serial": S, "bin": "SG2"}]
    problem = refusal(books, "move", lines=lines)
    assert (problem.code, problem.pointer, problem.facts["serial"]) == ("mixed_registers", "/lines/1", S)


def test_a_spare_is_never_given_for_a_lost_device(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    order = books.repair(A)
    books.post("loss_report", A, report_number="R")
    line = {"faulty": A, "spare": S}
    problem = refusal(books, "swap", order=order, fault="坏", terms="free", bin="SF", lines=[line])
    assert (problem.code, problem.facts["state"]) == ("wrong_state", "lost")


def test_one_faulty_serial_is_never_used_twice(books: Books) -> None:
    books.serve(A)
    books.receive(S, T, register="spare")
    order = books.repair(A)
    swap_line = {"order": order, "fault": "坏", "terms": "free", "bin": "SF"}
    books.post("swap", lines=[{"faulty": A, "spare": S}], **swap_line)
    assert refusal(books, "swap", lines=[{"faulty": A, "spare": T}], **swap_line).code == "wrong_state"


def test_a_faulty_device_is_never_issued_again(books: Books) -> None:
    books.serve(A, B)
    books.receive(S, register="spare")
    swap(books, A, S)
    order = books.repair(B)
    line = {"faulty": B, "spare": A}
    assert (
        refusal(books, "swap", order=order, fault="坏", terms="free", bin="SF", lines=[line]).code
        == "wrong_state"
    )


def test_nobody_reviews_their_own_document(books: Books) -> None:
    number = books.receive(A)
    with pytest.raises(Refused, match="own_document"):
        books.review(number, by="zhang")


@pytest.mark.both_engines
def test_nobody_reviews_what_undoes_or_answers_their_own_document(books: Books) -> None:
    answered = books.receive(A)
    books.review(answered, "reject")
    undone = books.post("hold", A, reason="待查", bin="MQ", by="sun").number
    number = books.post("reversal", document=undone, reason="错", answers=answered, by="wu").number
    for who in ("zhang", "sun", "wu"):
        with pytest.raises(Refused, match="own_document"):
            books.review(number, by=who)
    books.review(number)


def test_a_device_that_waits_on_another_document_is_refused_naming_it(books: Books) -> None:
    number = books.receive(A)
    proposal = books.post("reversal", document=number, reason="错").number
    problem = refusal(books, "move", A, bin="MG2")
    assert (problem.code, problem.facts["document"]) == ("reserved", proposal)


def test_a_withdrawn_proposal_frees_its_devices(books: Books) -> None:
    number = books.receive(A)
    proposal = books.post("reversal", document=number, reason="错").number
    books.review(proposal, "withdraw", by="zhang")
    books.post("move", A, bin="MG2")
    assert books.state(A) == "in_stock"


def test_a_swapped_spare_becomes_the_customers_and_the_faulty_one_spare_stock(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    swap(books, A, S)
    rows = books.store.rows(
        "SELECT serial, state, register, customer IS NULL, replaces, replaced_by FROM position ORDER BY serial"
    )
    assert [(*row[:3], bool(row[3]), *row[4:]) for row in rows] == [
        (A, "faulty", "spare", True, None, S),
        (S, "in_service", None, False, A, None),
    ]


def test_a_reversed_swap_frees_the_serial_the_link_and_the_registration(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    before = books.store.rows(
        "SELECT state, register, customer, warranty_until FROM position ORDER BY serial"
    )
    number = swap(books, A, S)
    books.settle("reversal", document=number, reason="错")
    after = books.store.rows("SELECT state, register, customer, warranty_until FROM position ORDER BY serial")
    assert after == before


@pytest.mark.parametrize(("terms", "charged_fen"), [("charged", 0), ("free", 5_000)])
def test_a_charged_swap_says_how_much_and_a_free_one_charges_nothing(
    books: Books, terms: str, charged_fen: int
) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    agreed = {"order": books.repair(A), "fault": "坏", "bin": "SF", "lines": [{"faulty": A, "spare": S}]}
    problem = refusal(books, "swap", **agreed, terms=terms, charged_fen=charged_fen)
    assert (problem.code, problem.facts["serial"]) == ("charge_differs", A)


def test_half_a_swap_is_not_reversed(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    number = swap(books, A, S)
    problem = refusal(books, "reversal", document=number, reason="错", serials=[A])
    assert (problem.code, problem.facts["partner"]) == ("pair_incomplete", S)


def test_one_wrong_serial_of_a_large_receipt_is_reversed_alone(books: Books) -> None:
    serials = [f"7000000{n:05d}" for n in range(500)]
    number = books.receive(*serials)
    books.post("sale", *serials[:10], customer=TAXPAYER, application="A")
    books.settle("reversal", document=number, reason="错", serials=[serials[20]])
    assert (books.state(serials[20]), books.state(serials[21]), books.state(serials[0])) == (
        "void",
        "in_stock",
        "sold",
    )
    assert (
        refusal(books, "reversal", document=number, reason="错", serials=[serials[0]]).code == "later_lines"
    )


def test_a_voided_serial_may_be_received_again(books: Books) -> None:
    number = books.receive(A)
    books.settle("reversal", document=number, reason="错")
    books.receive(A, model="TCG-02")
    assert books.state(A) == "in_stock"


def test_a_reversal_is_never_reversed(books: Books) -> None:
    reversal = books.settle("reversal", document=books.receive(A), reason="错")
    assert refusal(books, "reversal", document=reversal, reason="错").code == "not_reversible"


def test_a_sale_is_cancelled_the_same_day_and_both_documents_stay(books: Books) -> None:
    books.receive(A)
    books.post("sale", A, customer=TAXPAYER, application="A")
    books.post("sale_cancellation", A, reason="取消", bin="MG")
    assert books.state(A) == "in_stock"
    assert books.store.row("SELECT COUNT(*) FROM document") == (3,)


def test_a_transfer_arrives_short_over_and_damaged(books: Books) -> None:
    books.receive(A, B, C)
    number = books.post("dispatch", A, B, C, destination="TJ01", carrier="SF", consignment_number="W").number
    lines = [{"serial": A}, {"serial": B, "bin": "MQ", "damaged": "压坏"}, {"serial": T}]
    arrival = books.post("arrival", site="TJ01", dispatch=number, bin="MG", lines=lines).number
    row = books.store.row("SELECT content FROM document WHERE number = ?", (arrival,))
    assert row is not None
    assert f'"findings":{{"short":["{C}"],"damaged":["{B}"],"extra":["{T}"]}}' in row[0]
    assert [books.state(serial) for serial in (A, B, C, T)] == ["in_stock", "quarantined", "in_transit", None]


def test_an_arrival_is_never_better_than_its_dispatch(books: Books) -> None:
    books.receive(A)
    books.post("hold", A, reason="损", bin="MQ")
    number = books.post("dispatch", A, destination="TJ01", carrier="SF", consignment_number="W").number
    problem = refusal(books, "arrival", site="TJ01", dispatch=number, bin="MG", lines=[{"serial": A}])
    assert problem.code == "better_than_sent"


SENT = {"carrier": "SF", "consignment_number": "W"}


def test_a_device_sent_again_does_not_arrive_by_its_first_dispatch(books: Books) -> None:
    books.receive(A)
    first = books.post("dispatch", A, destination="TJ01", **SENT).number
    books.post("arrival", A, site="TJ01", dispatch=first, bin="MG")
    books.post("dispatch", A, site="TJ01", destination="BJ01", **SENT)
    with pytest.raises(Refused) as refused:
        books.post("arrival", A, site="TJ01", dispatch=first, bin="MG")
    assert [problem.code for problem in refused.value.problems] == ["sent_again"]


def test_a_device_sent_to_the_maker_again_does_not_come_back_by_its_first_dispatch(books: Books) -> None:
    books.receive(A)
    books.post("hold", A, reason="坏", bin="MQ")
    first = books.post("factory_dispatch", A, maker="厂", **SENT).number
    books.post("factory_receipt", A, dispatch=first, result="好", bin="MQ")
    books.post("factory_dispatch", A, maker="厂", **SENT)
    with pytest.raises(Refused) as refused:
        books.post("factory_receipt", A, dispatch=first, result="好", bin="MQ")
    assert [problem.code for problem in refused.value.problems] == ["sent_again"]


def test_a_device_whose_arrival_was_reversed_arrives_again_by_the_same_dispatch(books: Books) -> None:
    books.receive(A)
    first = books.post("dispatch", A, destination="TJ01", **SENT).number
    arrived = books.post("arrival", A, site="TJ01", dispatch=first, bin="MG").number
    books.settle("reversal", site="TJ01", document=arrived, reason="错")
    books.post("arrival", A, site="TJ01", dispatch=first, bin="MG")
    assert books.state(A) == "in_stock"


def test_a_device_sold_at_one_site_is_repaired_at_another(books: Books) -> None:
    books.serve(A)
    order = books.repair(A, site="TJ01")
    books.post("repair_intake", A, site="TJ01", order=order, fault="坏", bin="CG")
    assert books.store.row("SELECT site, state FROM position WHERE serial = ?", (A,)) == ("TJ01", "in_repair")


def test_a_serial_scanned_twice_is_told_and_counted_once(books: Books) -> None:
    number = books.receive(A, B, A)
    assert books.store.row("SELECT COUNT(*) FROM line WHERE document = ?", (number,)) == (2,)
    row = books.store.row("SELECT content FROM document WHERE number = ?", (number,))
    assert row is not None
    assert f'"repeated":["{A}"]' in row[0]


def test_a_receipt_of_a_held_serial_is_refused_and_named(books: Books) -> None:
    first = books.receive(A)
    with pytest.raises(Refused) as refused:
        books.receive(B, A)
    problem = refused.value.problems[0]
    assert (problem.code, problem.pointer, problem.facts["cited"]) == ("already_held", "/lines/1", first)
    assert books.state(B) is None


def test_an_unserialised_part_gets_an_internal_serial(books: Books) -> None:
    number = books.post(
        "adoption", attachments=[books.paper], customer=TAXPAYER, lines=[{"serial": None, "model": "PART"}]
    ).number
    assert books.state(f"{number}-1") == "in_service"


def test_the_maker_returns_another_serial_for_a_customers_device(books: Books) -> None:
    books.serve(A)
    books.post("repair_intake", A, order=books.repair(A), fault="坏", bin="CG")
    sent = books.post("factory_dispatch", A, maker="厂", carrier="SF", consignment_number="W").number
    books.post("factory_exchange", dispatch=sent, bin="CG", lines=[{"old": A, "new": B}])
    rows = books.store.rows("SELECT serial, state, customer IS NOT NULL FROM position ORDER BY serial")
    assert [(row[0], row[1], bool(row[2])) for row in rows] == [
        (A, "exchanged", False),
        (B, "in_repair", True),
    ]


def test_a_rejected_document_is_resolved_by_its_reversal(books: Books) -> None:
    number = books.receive(A)
    books.review(number, "reject")
    standing = "SELECT status, resolved FROM standing WHERE document = ?"
    assert books.store.row(standing, (number,)) == ("rejected", 0)
    books.settle("reversal", document=number, reason="错")
    assert books.store.row(standing, (number,)) == ("reversed", 1)


def test_a_rejected_document_is_resolved_by_an_approved_answer(books: Books) -> None:
    number = books.receive(A)
    books.review(number, "reject")
    answer = books.post("hold", A, reason="待查", bin="MQ", answers=number).number
    books.review(answer)
    assert books.store.row("SELECT status, resolved FROM standing WHERE document = ?", (number,)) == (
        "rejected",
        1,
    )


def test_a_rejected_document_is_unresolved_again_once_its_answer_is_reversed(books: Books) -> None:
    number = books.receive(A, B)
    books.review(number, "reject")
    first = books.post("hold", A, reason="待查", bin="MQ", answers=number).number
    second = books.post("hold", B, reason="待查", bin="MQ", answers=number).number
    for answer in (first, second):
        books.review(answer)
    resolved = []
    for answer in (first, second):
        books.settle("reversal", document=answer, reason="错")
        resolved.append(
            books.store.row("SELECT status, resolved FROM standing WHERE document = ?", (number,))
        )
        assert verify(books.store, RECORD_KINDS).faults == []
    assert resolved == [("rejected", 1), ("rejected", 0)]
    third = books.post("hold", A, reason="再查", bin="MQ", answers=number).number
    books.review(third)
    assert books.store.row("SELECT resolved FROM standing WHERE document = ?", (number,)) == (1,)
    assert verify(books.store, RECORD_KINDS).faults == []


def test_an_answer_that_is_reversed_in_part_still_stands(books: Books) -> None:
    number = books.receive(A, B)
    books.review(number, "reject")
    answer = books.post("hold", A, B, reason="待查", bin="MQ", answers=number).number
    books.review(answer)
    books.settle("reversal", document=answer, reason="错", serials=[A])
    assert books.store.row("SELECT resolved FROM standing WHERE document = ?", (number,)) == (1,)
    assert verify(books.store, RECORD_KINDS).faults == []


def test_what_was_written_off_and_found_again_is_never_released(books: Books) -> None:
    books.receive(A)
    books.post("hold", A, reason="损", bin="MQ")
    books.settle("write_off", A, reason="无价值")
    books.settle("recovery", A, found="角落", bin="MQ")
    assert refusal(books, "release", A, inspection="好", bin="MG").code == "not_releasable"


def written_off_and_returned(books: Books) -> None:
    """A device that was written off, found again and sent back to its supplier."""
    books.receive(A)
    books.post("hold", A, reason="损", bin="MQ")
    books.settle("write_off", A, reason="无价值")
    books.settle("recovery", A, found="角落", bin="MQ")
    books.settle("supplier_return", A, reason="退", carrier="SF", consignment_number="W-S")


RECEIVED = {"register": "merchandise", "supplier": "厂", "delivery_note": "D", "model": "TCG-01"}


def test_what_was_written_off_is_never_stock_again_though_its_supplier_redelivers_it(books: Books) -> None:
    written_off_and_returned(books)
    assert refusal(books, "receipt", A, **RECEIVED, bin="MG").code == "not_releasable"
    adopted = {
        "customer": TAXPAYER,
        "attachments": [books.paper],
        "lines": [{"serial": A, "model": "TCG-01"}],
    }
    assert refusal(books, "adoption", **adopted).code == "not_releasable"
    line = {"serial": A, "model": "TCG-01", "state": "sold", "customer": TAXPAYER}
    assert refusal(books, "opening", attachments=[books.paper], lines=[line]).code == "not_releasable"
    books.post("receipt", **RECEIVED, bin="MQ", lines=[{"serial": A, "reason": "曾报废"}])
    assert refusal(books, "release", A, inspection="好", bin="MG").code == "not_releasable"


def test_a_reversed_receipt_leaves_the_mark_of_what_was_written_off(books: Books) -> None:
    written_off_and_returned(books)
    line = {"serial": A, "reason": "曾报废"}
    number = books.post("receipt", **RECEIVED, bin="MQ", lines=[line]).number
    books.settle("reversal", document=number, reason="错")
    assert books.store.row("SELECT state, mark FROM position") == ("void", "never_releasable")
    assert refusal(books, "receipt", A, **RECEIVED, bin="MG").code == "not_releasable"
    assert verify(books.store, RECORD_KINDS).faults == []


def returned(books: Books, serial: str, book: str) -> None:
    """A device of one of our books that went back to its supplier."""
    books.receive(serial, register=book)
    books.post("hold", serial, reason="损", bin={"merchandise": "MQ", "spare": "SQ"}[book])
    books.settle("supplier_return", serial, reason="退", carrier="SF", consignment_number="W-S")


def other_book(books: Books, kind: str, serial: str, **fields: Any) -> tuple[Any, ...]:
    """What a document is refused as that would bring a returned serial into the other book."""
    problem = refusal(books, kind, **fields)
    assert problem.facts["serial"] == serial
    return problem.code, problem.facts["register"], problem.facts["expected"]


def test_a_returned_spare_is_never_redelivered_as_merchandise(books: Books) -> None:
    returned(books, S, "spare")
    told = other_book(books, "receipt", S, **RECEIVED, bin="MG", lines=[{"serial": S}])
    assert told == ("other_book", "merchandise", "spare")
    sold = {"serial": S, "model": "TCG-01", "state": "sold", "customer": TAXPAYER}
    told = other_book(books, "opening", S, attachments=[books.paper], lines=[sold])
    assert told == ("other_book", "merchandise", "spare")
    books.receive(S, register="spare")
    assert books.state(S) == "in_stock"


def test_returned_merchandise_never_comes_from_the_maker_as_a_spare(books: Books) -> None:
    returned(books, A, "merchandise")
    books.receive(S, T, register="spare")
    books.post("hold", S, T, reason="坏", bin="SQ")
    sent = books.post("factory_dispatch", S, T, maker="厂", carrier="SF", consignment_number="W-F").number
    line = {"serial": A, "model": "TCG-01"}
    told = other_book(books, "factory_receipt", A, dispatch=sent, result="好", bin="SQ", lines=[line])
    assert told == ("other_book", "spare", "merchandise")
    told = other_book(books, "factory_exchange", A, dispatch=sent, bin="SG", lines=[{"old": S, "new": A}])
    assert told == ("other_book", "spare", "merchandise")
    books.receive(A)
    assert books.state(A) == "in_stock"


def test_a_returned_spare_never_becomes_a_bought_device_by_the_makers_exchange(books: Books) -> None:
    returned(books, S, "spare")
    books.serve(A)
    books.post("repair_intake", A, order=books.repair(A), fault="坏", bin="CG")
    sent = books.post("factory_dispatch", A, maker="厂", carrier="SF", consignment_number="W-F").number
    told = other_book(books, "factory_exchange", S, dispatch=sent, bin="CG", lines=[{"old": A, "new": S}])
    assert told == ("other_book", "merchandise", "spare")


def test_a_reversed_receipt_frees_the_book_only_of_a_serial_that_was_never_returned(books: Books) -> None:
    books.settle("reversal", document=books.receive(A, register="spare"), reason="错账")
    books.receive(A)
    returned(books, S, "spare")
    books.settle("reversal", document=books.receive(S, register="spare"), reason="错")
    told = other_book(books, "receipt", S, **RECEIVED, bin="MG", lines=[{"serial": S}])
    assert told == ("other_book", "merchandise", "spare")
    assert verify(books.store, RECORD_KINDS).faults == []


def test_a_returned_disk_needs_re_initialisation_before_release(books: Books) -> None:
    books.serve(A)
    books.post("customer_return", A, reason="注销", bin="MQ")
    assert refusal(books, "release", A, inspection="好", bin="MG").code == "reinitialisation_required"


def test_a_device_missing_on_the_way_is_recovered_into_quarantine(books: Books) -> None:
    books.receive(A)
    books.post("dispatch", A, destination="TJ01", carrier="SF", consignment_number="W")
    books.settle("transit_loss", A, consignment_number="W", claim="赔")
    books.settle("recovery", A, found="找到", bin="MQ")
    assert books.state(A) == "quarantined"
    assert verify(books.store, RECORD_KINDS).faults == []


def test_a_date_in_the_future_is_refused(books: Books) -> None:
    books.receive(A)
    assert refusal(books, "move", A, bin="MG2", business_date="2026-12-01").code == "future_date"


def test_a_written_off_device_found_to_be_faulty_is_still_never_stock_again(books: Books) -> None:
    books.receive(S, register="spare")
    books.post("hold", S, reason="损", bin="SQ")
    books.settle("write_off", S, reason="无价值")
    books.settle("recovery", S, found="角落", bin="SQ")
    books.settle("release", S, inspection="坏", bin="SF")
    sent = books.post("factory_dispatch", S, maker="厂", carrier="SF", consignment_number="W").number
    problem = refusal(books, "factory_receipt", dispatch=sent, result="修复", bin="SG", lines=[{"serial": S}])
    assert problem.code == "not_releasable"


def test_a_move_that_an_earlier_reversal_undid_is_not_reversed_again(books: Books) -> None:
    books.receive(A)
    hold = books.post("hold", A, reason="损", bin="MQ").number
    move = books.post("move", A, bin="MQ2").number
    books.settle("reversal", document=hold, reason="错")
    assert refusal(books, "reversal", document=move, reason="错").code == "already_reversed"


def test_an_opening_device_of_ours_has_no_customer_though_its_line_names_one(books: Books) -> None:
    line = {"serial": A, "model": "TCG-01", "state": "in_stock", "bin": "MG", "customer": TAXPAYER}
    books.settle("opening", attachments=[books.paper], lines=[line])
    assert books.store.row("SELECT state, customer FROM position") == ("in_stock", None)


def test_the_maker_returns_another_serial_for_one_of_ours(books: Books) -> None:
    books.serve(A)
    books.receive(S, register="spare")
    swap(books, A, S)
    sent = books.post("factory_dispatch", A, maker="厂", carrier="SF", consignment_number="W").number
    books.post("factory_exchange", dispatch=sent, bin="SG", lines=[{"old": A, "new": B}])
    rows = books.store.rows(
        "SELECT serial, state, register, customer FROM position WHERE serial <> ? ORDER BY serial", (S,)
    )
    assert rows == [(A, "exchanged", None, None), (B, "in_stock", "spare", None)]


def test_full_width_digits_of_a_scan_are_told_and_not_taken(books: Books) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in A)
    with pytest.raises(Refused) as refused:
        books.receive(wide)
    problem = refused.value.problems[0]
    assert (problem.code, problem.facts["serial"]) == ("full_width", A)
    assert books.store.row("SELECT COUNT(*) FROM line") == (0,)


def manifest(books: Books, *serials: str) -> str:
    """A packing list of these serials, loaded at the first site."""
    rows = tuple(ManifestRow(n, serial, serial, "TCG-01") for n, serial in enumerate(serials, 2))
    with books.store.writing():
        writer = open_journals(books.store, ["BJ01"], NOW)
        number = records.next_number(books.store, MANIFEST, "BJ01")
        value = Manifest(number, "BJ01", "merchandise", "厂", "D", rows)
        records.write(writer, MANIFEST, value, by="zhang", expected=0)
    return number


def listed_receipt(books: Books, *lines: dict[str, str], name: str) -> str:
    """A receipt against a manifest."""
    return books.post(
        "receipt", register="merchandise", supplier="厂", delivery_note="D", model="TCG-01", bin="MG",
        manifest=name, lines=list(lines),
    ).number  # fmt: skip


def test_a_serial_over_the_manifest_does_not_become_stock(books: Books) -> None:
    with pytest.raises(Refused) as refused:
        listed_receipt(books, {"serial": A}, {"serial": B}, name=manifest(books, A))
    assert [(p.code, p.pointer) for p in refused.value.problems] == [("over_manifest", "/lines/1")]
    assert books.state(A) is None


@pytest.mark.both_engines
def test_a_receipt_tells_what_is_short_and_over_of_its_manifest(books: Books) -> None:
    name = manifest(books, A, B)
    over = {"serial": C, "bin": "MQ", "reason": "单外"}
    number = listed_receipt(books, {"serial": A}, over, name=name)
    row = books.store.row("SELECT content FROM document WHERE number = ?", (number,))
    assert row is not None
    assert f'"findings":{{"received":1,"short":["{B}"],"over":["{C}"]}}' in row[0]
