"""What a device's passport says, to whom, and what it says may come next."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from devices import records
from devices.ledger.reading import listing, passport
from devices.lifecycle import POSTED, STEPS
from devices.store.database import Store
from devices.values import Bin, Site
from tests.ledger_books import TAXPAYER as CUSTOMER
from tests.ledger_books import Books
from tests.reading_books import SERIALS, TAXPAYER, ReadingBooks, at

FIRST, SECOND, THIRD, FOURTH = SERIALS[:4]


def test_passport(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST, SECOND)
    books.sell(3, FIRST)
    number = books.register(4, FIRST)
    held = books.post("hold", 4, SECOND, reason="外观", bin="MQ")
    release = books.post("release", 5, SECOND, inspection="好", bin="M1")
    found = passport.passports(store, [FIRST, SECOND, THIRD])
    assert set(found) == {FIRST, SECOND}
    first, second = found[FIRST], found[SECOND]
    assert (first.state, first.kind, first.model_name) == ("in_service", "tax_disk", "金税盘")
    assert (first.document, first.business_date, first.recorded_at_us) == (number, "2026-11-04", at(4))
    assert first.customer is not None
    assert (first.customer.taxpayer_id, first.customer.name) == (TAXPAYER, "甲公司")
    assert (second.state, second.bin, second.document, second.reserved_by) == (
        "quarantined", "MQ", held, release,
    )  # fmt: skip
    assert {step.type: step.code for step in passport.next_steps(second)}["release"] == "reserved"
    assert {step.type: step.code for step in passport.next_steps(second)}["sale"] == "wrong_state"


def test_next_steps_know_the_register(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST, register="spare")
    steps = {step.type: step for step in passport.next_steps(passport.passports(store, [FIRST])[FIRST])}
    assert steps["swap"].allowed
    assert steps["carry_out"].allowed
    assert steps["sale"].code == "wrong_register"
    assert steps["registration"].code == "wrong_state"


def test_next_steps_are_those_the_lifecycle_declares(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST)
    found = passport.passports(store, [FIRST])[FIRST]
    posted = [step for step in STEPS if step.document in {document.name for document in POSTED}]
    for state, register in {(step.before, register) for step in posted for register in step.registers}:
        declared = {s.document for s in posted if s.before == state and register in s.registers}
        steps = passport.next_steps(replace(found, state=state, register=register))
        assert {step.type for step in steps if step.allowed} == declared, (state, register)
        assert {step.type for step in steps} == {step.document for step in posted}


def test_another_sites_customer_is_masked(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, FIRST)
    books.sell(3, FIRST)
    books.register(4, FIRST)
    found = passport.passports(store, [FIRST])[FIRST]
    number = found.customer.number if found.customer else None
    assert passport.masked(found, {number or ""}) == found
    assert passport.masked(found, set()).customer == passport.CustomerShown(masked=True)


@pytest.mark.both_engines
def test_lists_go_on_where_they_ended(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, *SERIALS)
    sold = books.sell(3, FIRST)
    page = listing.devices(store, sites=["A1"], limit=5)
    rest = listing.devices(store, sites=["A1"], limit=5, cursor=page.cursor)
    assert [row.serial for row in page.devices + rest.devices] == list(SERIALS)
    assert rest.cursor is None
    assert not listing.devices(store, sites=["B2"]).devices
    assert [row.serial for row in listing.devices(store, sites=None, state="sold").devices] == [FIRST]
    assert [row.number for row in listing.documents(store, sites=["A1"], type="sale").documents] == [sold]
    newest = listing.documents(store, sites=["A1"], newest_first=True, limit=1)
    assert [row.number for row in newest.documents] == [sold]
    assert newest.cursor is not None
    assert not listing.documents(store, sites=["B2"]).documents


def test_document_shows_its_lines_and_review(store: Store) -> None:
    books = ReadingBooks(store)
    number = books.receive(2, *SERIALS)
    books.approve(number, 3)
    found = listing.document(store, number, after=6, limit=10)
    assert found is not None
    assert [line.serial for line in found.lines] == list(SERIALS[6:])
    assert found.content["supplier"] == "厂家"
    assert found.reviewed == listing.ReviewView("approve", None, "zhao.lei", at(3))
    assert (found.document.lines, found.document.review) == (8, "approved")
    assert listing.document(store, "A1-2026-000999") is None


@pytest.mark.both_engines
def test_a_sites_documents_are_not_those_of_a_site_whose_code_begins_alike(store: Store) -> None:
    books = ReadingBooks(store)
    with books.writing("UNIT", 1) as writer:
        books.keep(writer, records.SITE, Site("A10", "十号网点"))
    with books.writing("A10", 1) as writer:
        books.keep(writer, records.BIN, Bin("A10", "M1", "merchandise", "good"))
    first = books.receive(2, FIRST)
    tenth = books.receive(2, SECOND, site="A10")
    for sites, expected in ((["A1"], [first]), (["A10"], [tenth]), (["A10", "A1"], [first, tenth])):
        assert [row.number for row in listing.documents(store, sites=sites).documents] == expected


def paired(books: Books, tax: str, report: str) -> None:
    """A tax disk and a report disk of one customer, registered together."""
    books.receive(tax)
    books.receive(report, model="TCG-02")
    books.post("sale", tax, report, customer=CUSTOMER, application="A")
    lines = [{"serial": tax}, {"serial": report, "paired_with": tax}]
    books.post("registration", customer=CUSTOMER, lines=lines)


def swapped(books: Books, faulty: str, spare: str) -> str:
    """A customer's disk is swapped for a spare; the swap's number."""
    books.receive(spare, register="spare")
    line = {"faulty": faulty, "spare": spare}
    order = books.repair(faulty)
    return books.post("swap", order=order, fault="坏", terms="free", bin="SF", lines=[line]).number


def pair_of(books: Books, serial: str) -> str | None:
    return passport.passports(books.store, [serial])[serial].paired_with


def test_the_pair_of_a_disk_is_the_one_that_its_customer_has_now(store: Store) -> None:
    books = Books(store)
    paired(books, FIRST, SECOND)
    assert pair_of(books, SECOND) == FIRST
    swapped(books, FIRST, THIRD)
    assert pair_of(books, SECOND) == THIRD
    number = swapped(books, THIRD, FOURTH)
    assert pair_of(books, SECOND) == FOURTH
    books.settle("reversal", document=number, reason="错")
    assert pair_of(books, SECOND) == THIRD
    order = books.repair(SECOND)
    books.post("repair_intake", SECOND, order=order, fault="坏", bin="CG")
    assert pair_of(books, SECOND) == THIRD


def test_a_disk_has_no_pair_once_that_is_no_longer_its_customers(store: Store) -> None:
    books = Books(store)
    paired(books, FIRST, SECOND)
    lost = books.post("loss_report", FIRST, report_number="R").number
    assert pair_of(books, SECOND) is None
    books.settle("reversal", document=lost, reason="错")
    assert pair_of(books, SECOND) == FIRST
    books.post("surrender", FIRST, tax_document="T", reason="other")
    assert pair_of(books, SECOND) is None


def test_a_disk_that_was_sold_to_somebody_else_is_nobodys_pair(store: Store) -> None:
    books = Books(store)
    paired(books, FIRST, SECOND)
    books.post("customer_return", FIRST, reason="退", bin="MQ")
    books.settle("release", bin="MG", inspection="好", lines=[{"serial": FIRST, "reinitialised": "好"}])
    other = {"taxpayer_id": "110101199003085", "name": "乙店"}
    books.post("sale", FIRST, customer=other, application="B")
    books.post("registration", FIRST, customer=other)
    assert pair_of(books, SECOND) is None


def test_passports_are_read_in_one_statement(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books(store)
    paired(books, FIRST, SECOND)
    asked: list[str] = []
    real = store.execute

    def counted(sql: str, params: Sequence[Any] = ()) -> Any:
        asked.append(sql)
        return real(sql, params)

    monkeypatch.setattr(store, "execute", counted)
    assert passport.passports(store, [FIRST, SECOND])[SECOND].paired_with == FIRST
    assert len(asked) == 1
