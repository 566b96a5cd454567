"""Every line since a cursor, of the given sites only."""

from importlib import import_module

import pytest

from devices.ledger.reading.changes import changes
from devices.ledger.reading.cursors import encoded
from devices.problems import Refused
from devices.store.database import Store
from tests.reading_books import SERIALS, ReadingBooks
from tests.staff import codes


def test_changes_are_told_once_each_in_order(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, *SERIALS[:3])
    books.receive(3, *SERIALS[3:6], site="B2")
    books.sell(4, SERIALS[0])
    seen, cursor, more = [], None, True
    while more:
        page = changes(store, ["A1", "B2"], cursor, 2)
        seen += [(line.serial, line.step) for line in page.lines]
        cursor, more = page.cursor, page.more
    assert seen == [*((serial, 1) for serial in SERIALS[:6]), (SERIALS[0], 2)]
    assert changes(store, ["A1", "B2"], cursor, 2).lines == []
    books.sell(5, SERIALS[1])
    assert [line.serial for line in changes(store, ["A1", "B2"], cursor, 2).lines] == [SERIALS[1]]


@pytest.mark.both_engines
def test_changes_of_other_sites_are_not_told(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, SERIALS[0])
    books.receive(3, SERIALS[1], site="B2")
    both = changes(store, ["A1", "B2"])
    assert [line.serial for line in changes(store, ["B2"]).lines] == [SERIALS[1]]
    assert changes(store, ["A1"], both.cursor).lines == []
    assert changes(store, []).lines == []


@pytest.mark.parametrize("cursor", ["", "x", "汉", "!!!!", encoded({"A1": "x"}), encoded([1]), "A" * 70_000])
def test_malformed_cursor(store: Store, cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        changes(store, ["A1"], cursor)
    assert codes(refused.value) == ["malformed_cursor"]


@pytest.mark.both_engines
def test_a_site_is_told_of_lines_of_its_devices_wherever_they_are_written(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, *SERIALS[:2])
    books.sell(3, SERIALS[0])
    books.register(4, SERIALS[0])
    order = books.repair(5, SERIALS[0], site="B2")
    seen = changes(store, ["A1"]).cursor
    books.post("repair_intake", 5, SERIALS[0], site="B2", order=order, fault="不亮", bin="C1")
    books.receive(6, SERIALS[2], site="B2")
    told = changes(store, ["A1"], seen)
    assert [(line.serial, line.type, line.journal_site) for line in told.lines] == [
        (SERIALS[0], "repair_intake", "B2")
    ]
    assert changes(store, ["A1"], told.cursor).lines == []
    everything = changes(store, ["A1", "B2"]).lines
    assert len({(line.serial, line.step) for line in everything}) == len(everything), "each once"


@pytest.mark.both_engines
def test_the_migration_finds_the_lines_that_are_there(store: Store) -> None:
    books = ReadingBooks(store)
    books.receive(2, SERIALS[0])
    books.sell(3, SERIALS[0])
    books.register(4, SERIALS[0])
    order = books.repair(5, SERIALS[0], site="B2")
    books.post("repair_intake", 5, SERIALS[0], site="B2", order=order, fault="不亮", bin="C1")
    kept = store.rows("SELECT * FROM line_elsewhere")
    assert len(kept) == 1
    with store.writing():
        store.execute("DELETE FROM line_elsewhere")
        store.execute(import_module("devices.store.migrations.0008_elsewhere").FILL)
    assert store.rows("SELECT * FROM line_elsewhere") == kept
