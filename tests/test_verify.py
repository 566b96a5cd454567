"""Verification catches whatever is changed behind the books' back: every column, and rows taken or added.

That each change of each column is found on PostgreSQL too, test_tampering shows.
"""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from devices import records
from devices.chain import Link
from devices.journal import open_journals
from devices.ledger.posting.closed_months import MONTH, Month
from devices.ledger.proving.verify import export_heads, verify
from devices.people import tokens
from devices.people.roles import Person
from devices.store.database import Store
from devices.store.tables import columns_of, key_of, name_of
from devices.store.tables.ledger import (
    Documents,
    Lines,
    PersonalData,
    Positions,
    Records,
    Reviews,
    Revisions,
    Standings,
)
from devices.values import UNIT
from panku.demo import fill
from panku.wiring import RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.ledger_books import Books

NOW = 1_795_500_000_000_000
TABLES = {
    "journal": Link.__struct_fields__,
    "document": columns_of(Documents),
    "line": columns_of(Lines),
    "review": columns_of(Reviews),
    "revision": columns_of(Revisions),
    "personal": columns_of(PersonalData),
    "position": columns_of(Positions),
    "standing": columns_of(Standings),
    "record": columns_of(Records),
}
COLUMNS = [(table, column) for table, columns in TABLES.items() for column in columns]


class Rollback(Exception):
    """Ends a tampered transaction without a trace."""


@pytest.fixture(scope="module", params=ENGINES)
def books(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """Demo books whose guards and constraints have been taken away, as by somebody with the database's password."""
    store = stores.fresh(request.param)
    fill(store, NOW)
    add_what_the_demo_lacks(store)
    unguard(store)
    yield store
    stores.drop(store)


def add_what_the_demo_lacks(store: Store) -> None:
    """A token and a closed month, so that every current table has a row."""
    admin = Person(username="admin", name="", roles=frozenset({("admin", UNIT)}))
    with store.writing():
        writer = open_journals(store, [UNIT, "TJ01"], NOW)
        tokens.issue(writer, admin, label="outlet", site="TJ01", scopes=["read"], expires_at=NOW + 10**12)
        month = Month("TJ01", "spare", "2026-10", "closed", "K-TJ01-000001", "0" * 64, "{}", NOW, "li")
        records.write(writer, MONTH, month, by="li", expected=0)


def unguard(store: Store) -> None:
    """Drop every trigger and stop enforcing constraints."""
    if store.engine == "sqlite":
        for (name,) in store.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            store.execute(f"DROP TRIGGER {name}")
        store.execute("PRAGMA foreign_keys = 0")
        store.execute("PRAGMA ignore_check_constraints = 1")
        return
    for table, name in store.rows(
        "SELECT c.relname, t.conname FROM pg_constraint t JOIN pg_class c ON c.oid = t.conrelid"
        " WHERE t.contype IN ('c', 'f') AND c.relnamespace = 'public'::regnamespace ORDER BY t.contype DESC"
    ):
        store.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    for table, name in store.rows(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
    ):
        store.execute(f'DROP TRIGGER "{name}" ON "{table}"')
    for table, column in store.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND is_nullable = 'NO' AND table_name = 'line' AND column_name NOT IN ('serial', 'step')"
    ):
        store.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP NOT NULL')


def faults_after(store: Store, statement: str, params: tuple[Any, ...] = ()) -> list[Any]:
    """What verification finds once a statement has run; the statement is undone again."""
    found: list[Any] = []
    try:
        with store.writing():
            cursor = store.execute(statement, params)
            assert cursor.rowcount > 0, "nothing was changed"
            found = _verify_inside(store)
            raise Rollback  # noqa: TRY301
    except Rollback:
        return found


def _verify_inside(store: Store) -> list[Any]:
    """Verify within the tampering transaction, which no other connection would see."""
    from contextlib import nullcontext
    from unittest.mock import patch

    with patch.object(type(store), "reading", lambda _: nullcontext()):
        return verify(store, RECORD_KINDS).faults


@pytest.mark.both_engines
def test_untouched_books_hold(books: Store) -> None:
    report = verify(books, RECORD_KINDS)
    assert report.faults == []
    assert report.links > 20
    assert report.lines > 30


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=str)
def test_a_change_of_any_column_is_caught(books: Store, table: str, column: str) -> None:
    keys = {
        "journal": ("site", "seq"),
        "line": ("serial", "step"),
        "revision": ("kind", "key", "revision"),
        "personal": ("kind", "key", "revision"),
        "record": ("kind", "key"),
        "position": ("serial",),
    }.get(table, (TABLES[table][0],))
    extra = " WHERE content IS NOT NULL" if table == "personal" else ""
    row = books.row(
        f"SELECT {column}, {', '.join(keys)} FROM {table}{extra} ORDER BY {', '.join(keys)} LIMIT 1"
    )
    assert row is not None
    value, *key = row
    changed: object
    if isinstance(value, int):
        changed = 1 - value if column in ("latest", "resolved") else value + 1_000_003
    else:
        changed = "x" if value is None else value[:-1] + ("x" if value[-1:] != "x" else "y")
    if value is None and column == "reverses":
        changed = 1
    where = " AND ".join(f"{name} = ?" for name in keys)
    assert faults_after(books, f"UPDATE {table} SET {column} = ? WHERE {where}", (changed, *key))


@pytest.mark.both_engines
@pytest.mark.parametrize(
    "table", ["journal", "document", "line", "review", "revision", "personal", "position", "standing"]
)
def test_a_missing_row_is_caught(books: Store, table: str) -> None:
    key = TABLES[table][0]
    row = books.row(f"SELECT {key} FROM {table} ORDER BY {key} DESC LIMIT 1")
    assert row is not None
    assert faults_after(books, f"DELETE FROM {table} WHERE {key} = ?", row)


def test_a_reservation_that_nobody_proposed_is_caught(books: Store) -> None:
    statement = "INSERT INTO reservation (serial, document) VALUES (?, ?)"
    faults = faults_after(books, statement, ("661565714360", "BJ01-2026-000001"))
    assert [fault.table for fault in faults] == ["reservation"]


@pytest.mark.both_engines
@pytest.mark.parametrize("kind", ["dispatch_order", "site", "nothing"])
def test_a_device_of_a_record_that_there_is_none_of_is_caught(books: Store, kind: str) -> None:
    statement = "INSERT INTO record_device (serial, kind, key) VALUES (?, ?, ?)"
    faults = faults_after(books, statement, ("661565714360", kind, "D-BJ01-999999"))
    assert [fault.table for fault in faults] == ["record_device"]


def test_a_site_renamed_behind_the_books_is_caught(books: Store) -> None:
    faults = faults_after(books, "UPDATE site SET name = ? WHERE code = ?", ("x", "BJ01"))
    assert [(fault.table, fault.key) for fault in faults] == [("site", "site BJ01")]


def test_a_changed_line_is_named_with_its_serials(books: Store) -> None:
    faults = faults_after(
        books, "UPDATE line SET business_date = '2020-01-01' WHERE serial = ? AND step = 2", ("661565714353",)
    )
    assert any("661565714353" in fault.what for fault in faults)


@pytest.mark.both_engines
def test_the_heads_are_the_last_links_of_every_journal(books: Store) -> None:
    longest = books.rows("SELECT site, MAX(seq) FROM journal GROUP BY site")
    assert {site: head["seq"] for site, head in export_heads(books).items()} == dict(longest)
    assert len(longest) > 2
    for site, head in export_heads(books).items():
        assert books.row("SELECT hash FROM journal WHERE site = ? AND seq = ?", (site, head["seq"])) == (
            head["hash"],
        )


def test_empty_books_have_no_heads(stores: Stores) -> None:
    for engine in ENGINES:
        store = stores.fresh(engine)
        assert export_heads(store) == {}
        stores.drop(store)


@pytest.mark.both_engines
def test_a_rewritten_tail_is_caught_by_a_head_held_outside(books: Store) -> None:
    heads = export_heads(books)
    held = [(site, head["seq"], "0" * 64 if site == "BJ01" else head["hash"]) for site, head in heads.items()]
    assert [fault.key for fault in verify(books, RECORD_KINDS, held=held).faults] == [
        f"BJ01/{heads['BJ01']['seq']}"
    ]


def test_a_journal_cut_short_is_caught_by_a_head_held_outside(books: Store) -> None:
    held = [(site, head["seq"] + 1, head["hash"]) for site, head in export_heads(books).items()]
    assert len(verify(books, RECORD_KINDS, held=held).faults) == len(held)


@pytest.fixture(scope="module", params=ENGINES)
def proposed(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """Books with a paper, two pending proposals, a rejected document and one that was answered; unguarded."""
    store = stores.fresh(request.param)
    made = Books(store)
    made.receive("100000000001", "100000000002", "100000000003")
    made.post("hold", "100000000001", reason="查", bin="MQ")
    made.post("write_off", "100000000001", reason="坏")
    wrong = made.receive("100000000004")
    made.review(wrong, "reject")
    made.post("reversal", document=wrong, reason="错")
    answered = made.receive("100000000005")
    made.review(answered, "reject")
    made.review(made.post("hold", "100000000005", reason="查", bin="MQ", answers=answered).number, by="wang")
    unguard(store)
    yield store
    stores.drop(store)


@pytest.mark.both_engines
def test_proposals_and_rejections_hold(proposed: Store) -> None:
    assert verify(proposed, RECORD_KINDS).faults == []
    assert {row[0] for row in proposed.rows("SELECT serial FROM reservation")} == {
        "100000000001",
        "100000000004",
    }


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("DELETE FROM reservation WHERE serial = '100000000001'", "reservation"),
        ("DELETE FROM reservation WHERE serial = '100000000004'", "reservation"),
        ("UPDATE reservation SET document = 'BJ01-2026-000001' WHERE serial = '100000000001'", "reservation"),
        ("UPDATE standing SET resolved = 1 WHERE resolved = 0", "standing"),
        ("DELETE FROM blob", "blob"),
        ("UPDATE blob SET digest = 'x'", "blob"),
        ("UPDATE document SET content = '{\"lines\":[5]}' WHERE type = 'write_off'", "document"),
        ("UPDATE unit SET made_at = made_at", None),
    ],
)
def test_a_change_of_a_cache_or_paper_is_caught(proposed: Store, statement: str, table: str | None) -> None:
    found = {fault.table for fault in faults_after(proposed, statement)}
    assert table in found if table else not found


def columns_in(store: Store, table: str) -> list[str]:
    """The columns of a table."""
    names: list[str] = [part[0] for part in store.execute(f"SELECT * FROM {table} LIMIT 0").description]
    return names


CURRENT = [(kind.name, name_of(kind.table), key_of(kind.table)) for kind in RECORD_KINDS if kind.table]


@pytest.mark.parametrize(("kind", "table", "keys"), CURRENT, ids=str)
def test_a_change_of_any_current_column_is_caught(
    books: Store, kind: str, table: str, keys: tuple[str, ...]
) -> None:
    for column in columns_in(books, table):
        changed = f"{column} || 'x'"
        row = books.row(f"SELECT {column} FROM {table} ORDER BY 1 LIMIT 1")
        assert row is not None
        if isinstance(row[0], int):
            changed = f"1 - {column}" if row[0] in (0, 1) else f"{column} + 1"
        elif row[0] is None:
            changed = "'x'"
        faults = faults_after(books, f"UPDATE {table} SET {column} = {changed}")
        assert {fault.table for fault in faults} == {table}, column


INSERTED = {
    "journal": {"seq": "999"},
    "document": {"number": "'ZZ'", "ordinal": "999", "journal_seq": "999"},
    "review": {"document": "'ZZ'", "journal_seq": "999"},
    "revision": {"revision": "99", "journal_seq": "999"},
    "line": {"step": "99", "n": "99"},
    "personal": {"revision": "0", "latest": "0", "taxpayer_id": "NULL"},
    "position": {"serial": "'ZZ'"},
    "standing": {"document": "'ZZ'"},
    "record": {"key": "'ZZ'"},
    "site": {"code": "'ZZ'"},
}


def copied(store: Store, table: str, changes: dict[str, str]) -> str:
    """The statement that inserts a copy of a table's first row, with some columns changed."""
    selected = ", ".join(changes.get(column, column) for column in columns_in(store, table))
    return f"INSERT INTO {table} SELECT {selected} FROM {table} ORDER BY 1 LIMIT 1"


@pytest.mark.both_engines
@pytest.mark.parametrize("table", INSERTED)
def test_an_added_row_is_caught(books: Store, table: str) -> None:
    assert table in {fault.table for fault in faults_after(books, copied(books, table, INSERTED[table]))}


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("document", {"number": "'AA'", "ordinal": "999"}),
        ("review", {"document": "'AA'"}),
        ("revision", {"key": "'AA'"}),
    ],
)
def test_a_second_record_on_one_link_is_caught(books: Store, table: str, changes: dict[str, str]) -> None:
    if books.engine == "sqlite":
        pytest.skip("SQLite can not give up a unique constraint")
    dropped = "".join(
        f'ALTER TABLE {table} DROP CONSTRAINT "{name}"; '
        for (name,) in books.rows(
            "SELECT conname FROM pg_constraint WHERE contype = 'u' AND conrelid = ?::regclass", (table,)
        )
    )
    try:
        with books.writing():
            books.execute(dropped)
            books.execute(copied(books, table, changes))
            found = {fault.table for fault in _verify_inside(books)}
            raise Rollback  # noqa: TRY301
    except Rollback:
        assert table in found


def test_a_value_that_only_looks_the_same_in_json_is_caught(books: Store) -> None:
    if books.engine == "postgresql":
        pytest.skip("PostgreSQL keeps a column's type")
    infinite = "reverses = 9e999 WHERE reverses IS NULL AND serial = '661565714353' AND step = 2"
    blob = f"state = x'{base64.b64decode('sold').hex()}' WHERE state = 'sold'"
    for same in (infinite, blob):
        faults = faults_after(books, f"UPDATE line SET {same}")
        assert "line" in {fault.table for fault in faults}
        assert {fault.table for fault in faults} <= {"line", "position"}, (
            "a digest tells it too: not the same in JSON"
        )


def test_a_changed_secret_is_a_fault_and_no_crash(books: Store) -> None:
    assert "personal" in {f.table for f in faults_after(books, "UPDATE unit SET secret = 'not hex'")}


def test_a_record_of_a_kind_that_there_is_none_of_is_caught(books: Store) -> None:
    for table, changes in (
        ("record", {"kind": "'zzz'"}),
        ("revision", {"kind": "'zzz'", "journal_seq": "999"}),
        ("personal", {"kind": "'zzz'", "latest": "0", "taxpayer_id": "NULL"}),
    ):
        faults = faults_after(books, copied(books, table, changes))
        assert (table, "zzz") in {(fault.table, fault.key) for fault in faults}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE unit SET name = 'x'", "UPDATE unit SET time_zone = 'America/New_York'", "DELETE FROM unit"],
)
def test_a_unit_that_is_not_as_it_was_founded_is_caught(books: Store, statement: str) -> None:
    assert "unit" in {fault.table for fault in faults_after(books, statement)}


@pytest.mark.both_engines
@pytest.mark.parametrize("table", ["journal", "line", "review"])
def test_only_the_first_wrong_row_of_a_journal_is_named(books: Store, table: str) -> None:
    faults = faults_after(books, f"UPDATE {table} SET recorded_at = recorded_at + 1")
    sites = [f for f in faults if f.table in ("journal", "document", "review", "revision")]
    assert 1 <= len(sites) <= len(export_heads(books))
