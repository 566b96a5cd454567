"""Kinds of device: what each may be received into, is paired with, and whether it may lack a serial."""

from __future__ import annotations

from typing import Any

import pytest

from devices import records
from devices.journal import open_journals
from devices.problems import Refused
from devices.store.database import Store
from devices.store.tables.columns import Text
from devices.store.tables.registers import Models
from devices.values import BOOKS, DEVICE_KIND, KINDS, UNIT, Book, KindOfDevice, Model
from tests.ledger_books import NOW, TAXPAYER, Books

MAIN = {"tax_disk": "661565714353", "golden_disk": "661400000001", "tax_ukey": "537100000001"}
REPORT = "008930272101"


@pytest.fixture
def books(store: Store) -> Books:
    """Books with a model of every kind, called as the kind."""
    made = Books(store)
    with store.writing():
        writer = open_journals(store, [UNIT], NOW)
        for kind in KINDS:
            value = Model(kind.name, kind.name, kind.name, "[0-9]{12}", 20000, 12, kind.name)
            records.write(writer, records.MODEL, value, by="root", expected=0)
    return made


def refused(books: Books, document: str, *serials: str, **fields: Any) -> list[str]:
    """The codes with which a document is refused."""
    with pytest.raises(Refused) as problems:
        books.post(document, *serials, **fields)
    return [each.code for each in problems.value.problems]


def test_the_database_takes_just_the_kinds_that_are_declared() -> None:
    assert isinstance(Models.kind, Text)
    (check,) = Models.kind.checks
    assert check == f"kind IN ({', '.join(repr(name) for name in DEVICE_KIND)})"


def test_every_kind_is_paired_with_kinds_there_are() -> None:
    assert {name for kind in KINDS for name in kind.paired_with} <= DEVICE_KIND.keys()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_device_is_received_into_the_books_of_its_kind_only(books: Books, kind: KindOfDevice) -> None:
    for n, book in enumerate(BOOKS):
        serial = f"66156571500{n}"
        if book in kind.books:
            books.receive(serial, register=book, model=kind.name)
        else:
            receipt = {"supplier": "厂", "delivery_note": "D", "model": kind.name, "register": book}
            assert refused(books, "receipt", serial, bin=bin_of(book), **receipt) == ["spare_part_is_spare"]


def bin_of(book: Book) -> str:
    return {"merchandise": "MG", "spare": "SG"}[book]


@pytest.mark.parametrize("main", MAIN)
def test_a_report_disk_is_paired_with_a_disk_of_a_kind_that_it_goes_with(books: Books, main: str) -> None:
    books.receive(MAIN[main], model=main)
    books.receive(REPORT, model="report_disk")
    books.post("sale", MAIN[main], REPORT, customer=TAXPAYER, application="A")
    lines = [{"serial": MAIN[main]}, {"serial": REPORT, "paired_with": MAIN[main]}]
    if main in DEVICE_KIND["report_disk"].paired_with:
        books.post("registration", customer=TAXPAYER, lines=lines)
    else:
        assert refused(books, "registration", customer=TAXPAYER, lines=lines) == ["pair_kind"]
