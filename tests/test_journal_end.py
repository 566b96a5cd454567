"""Verification of a journal's end: what is changed in it is found, and it says truly what it looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.journal import head_of
from devices.ledger.proving.journal_end import verify_recent
from devices.store.database import Store
from panku.demo import fill
from tests.conftest import ENGINES, Stores
from tests.test_verify import NOW, unguard

pytestmark = pytest.mark.both_engines

SITE = "BJ01"


@pytest.fixture(scope="module", params=ENGINES)
def books(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """Demo books without guards, to be copied and tampered with."""
    store = stores.fresh(request.param)
    fill(store, NOW)
    unguard(store)
    yield store
    stores.drop(store)


@pytest.fixture
def tampered(books: Store, stores: Stores) -> Iterator[Store]:
    copy = stores.copy(books)
    if copy.engine == "sqlite":
        copy.execute("PRAGMA foreign_keys = 0")
        copy.execute("PRAGMA ignore_check_constraints = 1")
    yield copy
    stores.drop(copy)


def change(store: Store, statement: str, *params: object) -> None:
    with store.writing():
        assert store.execute(statement, params).rowcount > 0, "nothing was changed"


def last(store: Store) -> int:
    head = head_of(store, SITE)
    assert head is not None
    return head.seq


def test_a_whole_journal_holds_and_its_lines_are_counted(books: Store) -> None:
    found = verify_recent(books, SITE)
    assert found is not None
    assert (found.first, found.last, found.faults) == (1, last(books), [])
    row = books.row("SELECT COUNT(*) FROM line WHERE journal_site = ?", (SITE,))
    assert row is not None
    assert found.lines == row[0]


@pytest.mark.parametrize("links", [1, 2, 7, 10_000])
def test_no_more_links_are_checked_than_were_asked_for(books: Store, links: int) -> None:
    found = verify_recent(books, SITE, links=links)
    assert found is not None
    assert found.last - found.first + 1 == min(links, last(books))
    assert found.faults == []


@pytest.mark.parametrize("lines", [1, 3, 30, 40])
def test_no_more_lines_are_checked_than_were_asked_for(books: Store, lines: int) -> None:
    found = verify_recent(books, SITE, lines=lines)
    assert found is not None
    assert found.first > 1
    assert found.faults == []
    assert found.lines <= lines or found.first == found.last


def test_a_journal_without_links_has_nothing_to_check(books: Store) -> None:
    assert verify_recent(books, "XX99") is None


CHANGES = {
    "journal": "UPDATE journal SET reference = 'x' WHERE site = ? AND seq = ?",
    "document": "UPDATE document SET content = '{}' WHERE site = ? AND journal_seq = ?",
    "line": "UPDATE line SET bin = 'M-77' WHERE journal_site = ? AND journal_seq = ?",
    "review": "UPDATE review SET decision = 'reject' WHERE journal_site = ? AND journal_seq = ?",
    "revision": "UPDATE revision SET content = '{}' WHERE journal_site = ? AND journal_seq = ?",
}
NEWEST = {
    "journal": "SELECT MAX(seq) FROM journal WHERE site = ?",
    "document": "SELECT MAX(journal_seq) FROM document WHERE site = ?",
    "line": "SELECT MAX(journal_seq) FROM line WHERE journal_site = ?",
    "review": "SELECT MAX(journal_seq) FROM review WHERE journal_site = ?",
    "revision": "SELECT MAX(journal_seq) FROM revision WHERE journal_site = ?",
}


@pytest.mark.parametrize("table", CHANGES)
def test_a_changed_record_of_a_recent_link_is_found(tampered: Store, table: str) -> None:
    row = tampered.row(NEWEST[table], (SITE,))
    assert row is not None
    change(tampered, CHANGES[table], SITE, row[0])
    found = verify_recent(tampered, SITE)
    assert found is not None
    assert [fault.table for fault in found.faults] == ["document" if table == "line" else table]


def test_a_change_before_the_links_that_were_checked_is_not_claimed_to_be_found(tampered: Store) -> None:
    change(tampered, "UPDATE document SET content = '{}' WHERE number = ?", f"{SITE}-2026-000001")
    assert verify_recent(tampered, SITE, links=3).faults == []  # type: ignore[union-attr]
    assert verify_recent(tampered, SITE).faults != []  # type: ignore[union-attr]


def test_a_link_before_the_first_that_is_gone_is_told(tampered: Store) -> None:
    change(tampered, "DELETE FROM journal WHERE site = ? AND seq = ?", SITE, last(tampered) - 3)
    found = verify_recent(tampered, SITE, links=3)
    assert found is not None
    assert [fault.key for fault in found.faults] == [f"{SITE}/{last(tampered) - 3}"]


def test_links_taken_from_the_end_are_told_by_what_they_were_of(tampered: Store) -> None:
    change(tampered, "DELETE FROM journal WHERE site = ? AND seq > ?", SITE, last(tampered) - 2)
    found = verify_recent(tampered, SITE)
    assert found is not None
    assert found.faults != []
    assert all(fault.what == "no link of a journal is of it" for fault in found.faults)
