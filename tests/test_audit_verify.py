"""Verification catches whatever is changed of a count behind the books' back; the guards refuse the change itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple
from unittest.mock import patch

import peewee
import pytest

from devices.audit.kinds import FINDING, FINISH, LATE_SCAN, SIGNATURE, STOCKTAKE
from devices.ledger.proving.verify import verify
from devices.store.database import Store
from devices.store.tables import columns_of
from devices.store.tables.audits import Disclosures, Scans
from devices.store.tables.ledger import Records, Revisions
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, held, scan, settle, sign
from tests.door import TODAY, Door
from tests.test_verify import Rollback, copied, unguard

TABLES = {
    "scan": columns_of(Scans),
    "scan_undo": ("stocktake", "id", "made_by", "recorded_at"),
    "disclosure": columns_of(Disclosures),
    "sheet": ("stocktake", "closing", "content"),
    "sheet_row": ("stocktake", "closing", "serial", "result", "content"),
}
KEYS = {
    "scan": ("stocktake", "id"),
    "scan_undo": ("stocktake", "id"),
    "disclosure": ("stocktake", "n"),
    "sheet": ("stocktake", "closing"),
    "sheet_row": ("stocktake", "closing", "serial"),
    "revision": ("kind", "key", "revision"),
    "record": ("kind", "key"),
}
KINDS = (STOCKTAKE.name, FINISH.name, LATE_SCAN.name, FINDING.name, SIGNATURE.name)


class Counted(NamedTuple):
    """Books with a count that was sealed, and its number."""

    store: Store
    number: str


def counted(store: Store) -> str:
    """A count with everything in it: undone, unreadable and late scans, devices looked up, held and refused, a
    reopening, a variance of each kind, a seal."""
    door = Door(store)
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number, stock = begin(zhang), held(door, "merchandise")
    scan(zhang, number, *stock[1:], ("中文", None), ("661500000001", None), (stock[0][0], stock[0][1]))
    undone = door.store.row("SELECT id FROM scan WHERE serial = ?", (stock[0][0],))
    assert undone is not None
    assert zhang.post(f"/v1/stocktakes/{number}/scans/{undone[0]}/undo").status_code == 200
    for who, serial in ((zhang, stock[1][0]), (zhang, stock[2][0]), (zhang, stock[3][0]), (li, stock[4][0])):
        door.now += SECOND
        assert who.get(f"/v1/devices/{serial}").json["device"]["withheld"] == number
    held_back = {"type": "hold", "site": "BJ01", "business_date": TODAY, "reason": "损", "bin": "M-09"}
    assert zhang.post("/v1/documents", {**held_back, "lines": [{"serial": stock[1][0]}]}).status_code == 201
    assert zhang.post("/v1/documents", {**held_back, "lines": [{"serial": stock[1][0]}]}).status_code == 422
    door.now += SECOND
    assert close_count(zhang, number).status_code == 200
    explain(zhang, number)
    late = scan(li, number, ("661500000002", "M-01"), ("661500000003", "M-01"))
    assert [each["outcome"] for each in late] == ["late", "late"]
    settle(zhang, number, late[0]["id"])
    assert zhang.post(f"/v1/stocktakes/{number}/reopen", {"reason": "漏了"}).status_code == 200
    scan(li, number, *held(door, "spare")[:1])
    assert li.get(f"/v1/devices/{stock[5][0]}").json["device"]["withheld"] == number
    door.now += SECOND
    assert close_count(zhang, number, li).status_code == 200
    explain(zhang, number)
    (last,) = scan(li, number, ("661500000004", "M-01"))
    settle(zhang, number, last["id"])
    sign(zhang, number, "zhang", "storekeeper")
    sealed = sign(li, number, "li", "auditor").json
    assert sealed["stocktake"]["state"] == "sealed", sealed
    assert sealed["documents"]
    return number


@pytest.fixture(scope="module", params=ENGINES)
def guarded(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Counted]:
    """Books as they are, with their guards."""
    store = stores.demo(request.param)
    yield Counted(store, counted(store))
    stores.drop(store)


@pytest.fixture(scope="module", params=ENGINES)
def opened(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Counted]:
    """Books whose guards and constraints have been taken away, as by somebody with the database's password."""
    store = stores.demo(request.param)
    number = counted(store)
    unguard(store)
    yield Counted(store, number)
    stores.drop(store)


def faults_after(store: Store, statement: str, params: tuple[Any, ...] = ()) -> set[str]:
    """The tables in which verification finds faults once a statement has run; the statement is undone again."""
    found: set[str] = set()
    try:
        with store.writing():
            assert store.execute(statement, params).rowcount > 0, "nothing was changed"
            with patch.object(type(store), "reading", lambda _: nullcontext()):
                found = {fault.table for fault in verify(store, RECORD_KINDS, checks=CHECKS).faults}
            raise Rollback  # noqa: TRY301
    except Rollback:
        return found


def other(value: Any) -> Any:
    """Another value of a column, of the same type where it has one."""
    if isinstance(value, int):
        return value + 1_000_003
    return "x" if value is None else value[:-1] + ("y" if value[-1:] == "x" else "x")


def test_an_untouched_count_holds(opened: Counted) -> None:
    assert verify(opened.store, RECORD_KINDS, checks=CHECKS).faults == []
    for table in TABLES:
        assert opened.store.row(f"SELECT 1 FROM {table} WHERE stocktake = ?", (opened.number,)), table
    for kind in KINDS:
        assert opened.store.row("SELECT 1 FROM revision WHERE kind = ?", (kind,)), kind


COLUMNS = [(table, column) for table, columns in TABLES.items() for column in columns]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=str)
def test_a_change_of_any_column_is_caught_in_any_row(opened: Counted, table: str, column: str) -> None:
    keys = KEYS[table]
    rows = opened.store.rows(
        f"SELECT {column}, {', '.join(keys)} FROM {table} ORDER BY {', '.join(keys)}",
    )
    where = " AND ".join(f"{key} = ?" for key in keys)
    for value, *key in (rows[0], rows[len(rows) // 2], rows[-1]):
        statement = f"UPDATE {table} SET {column} = ? WHERE {where}"
        changed = 1 - value if column == "skewed" else other(value)
        assert faults_after(opened.store, statement, (changed, *key)), key


@pytest.mark.parametrize("table", TABLES)
def test_a_missing_row_is_caught(opened: Counted, table: str) -> None:
    keys = KEYS[table]
    where = " AND ".join(f"{key} = ?" for key in keys)
    for key in opened.store.rows(f"SELECT {', '.join(keys)} FROM {table} ORDER BY {', '.join(keys)}")[::7]:
        assert faults_after(opened.store, f"DELETE FROM {table} WHERE {where}", key), key


@pytest.mark.parametrize("table", TABLES)
def test_a_whole_table_taken_away_is_caught(opened: Counted, table: str) -> None:
    assert faults_after(opened.store, f"DELETE FROM {table}")


ADDED = [
    ("scan", {"id": "'zz'", "n": "999"}),
    ("scan", {"id": "'zz'", "n": "999", "stocktake": "'S-BJ01-000099'"}),
    ("scan_undo", {"id": "(SELECT MIN(id) FROM scan WHERE id NOT IN (SELECT id FROM scan_undo))"}),
    ("scan_undo", {"stocktake": "'S-BJ01-000099'"}),
    ("disclosure", {"n": "999", "username": "'wu'"}),
    ("disclosure", {"stocktake": "'S-BJ01-000099'"}),
    ("sheet", {"closing": "9"}),
    ("sheet", {"stocktake": "'S-BJ01-000099'"}),
    ("sheet_row", {"serial": "'661599999999'"}),
    ("sheet_row", {"closing": "9"}),
    ("sheet_row", {"stocktake": "'S-BJ01-000099'"}),
]


@pytest.mark.parametrize(("table", "changes"), ADDED, ids=str)
def test_an_added_row_is_caught(opened: Counted, table: str, changes: dict[str, str]) -> None:
    assert faults_after(opened.store, copied(opened.store, table, changes))


@pytest.mark.parametrize("column", [c for c in columns_of(Revisions) if c != "kind"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_what_is_journalled_of_a_count_is_caught(opened: Counted, kind: str, column: str) -> None:
    rows = opened.store.rows(
        f"SELECT {column}, key, revision FROM revision WHERE kind = ? ORDER BY key, revision", (kind,)
    )
    statement = f"UPDATE revision SET {column} = ? WHERE kind = ? AND key = ? AND revision = ?"
    for value, key, revision in (rows[0], rows[-1]):
        assert faults_after(opened.store, statement, (other(value), kind, key, revision)), key


@pytest.mark.parametrize("kind", KINDS)
def test_a_revision_taken_away_or_made_one_of_another_kind_is_caught(opened: Counted, kind: str) -> None:
    assert faults_after(opened.store, "UPDATE revision SET kind = 'carrier' WHERE kind = ?", (kind,))
    assert faults_after(opened.store, "DELETE FROM revision WHERE kind = ? AND revision = 1", (kind,))


@pytest.mark.parametrize("kind", KINDS)
def test_a_revision_added_is_caught(opened: Counted, kind: str) -> None:
    changed = {"revision": "99", "journal_seq": "9999"}
    columns = ", ".join(changed.get(column, column) for column in columns_of(Revisions))
    added = f"INSERT INTO revision SELECT {columns} FROM revision WHERE kind = ? AND revision = 1"
    key = opened.store.row("SELECT MIN(key) FROM revision WHERE kind = ?", (kind,))
    assert key is not None
    assert faults_after(opened.store, f"{added} AND key = ?", (kind, *key))


@pytest.mark.parametrize("column", columns_of(Records))
@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_what_is_current_of_a_count_is_caught(opened: Counted, kind: str, column: str) -> None:
    row = opened.store.row(f"SELECT {column}, key FROM record WHERE kind = ? ORDER BY key DESC", (kind,))
    assert row is not None
    statement = f"UPDATE record SET {column} = ? WHERE kind = ? AND key = ?"
    assert faults_after(opened.store, statement, (other(row[0]), kind, row[1]))


def test_the_whole_sheet_rewritten_with_its_header_is_caught(opened: Counted) -> None:
    faults = faults_after(
        opened.store,
        "UPDATE sheet_row SET result = 'match', content = REPLACE(content, '\"shortage\"', '\"match\"')"
        " WHERE result = 'shortage'",
    )
    assert "sheet" in faults


def test_a_signature_that_was_voided_behind_the_books_is_missing(opened: Counted) -> None:
    faults = faults_after(
        opened.store,
        "UPDATE record SET content = REPLACE(content, '\"void\":false', '\"void\":true') WHERE kind = 'signature'",
    )
    assert {"record", "signature"} <= faults


@pytest.mark.parametrize("field", ["signature", "fingerprint"])
def test_a_signature_or_its_key_written_over_is_a_fault_and_no_crash(opened: Counted, field: str) -> None:
    row = opened.store.row("SELECT content FROM record WHERE kind = 'signature' ORDER BY key")
    assert row is not None
    value = json.loads(row[0])[field]
    statement = "UPDATE record SET content = REPLACE(content, ?, 'x') WHERE kind = 'signature'"
    assert {"record", "signature"} <= faults_after(opened.store, statement, (value,))


def test_a_public_key_written_over_is_a_fault_and_no_crash(opened: Counted) -> None:
    faults = faults_after(opened.store, "UPDATE public_key SET public_hex = 'x' WHERE username = 'li'")
    assert {"public_key", "signature"} <= faults


def test_a_value_that_only_looks_the_same_in_json_is_caught(opened: Counted) -> None:
    if opened.store.engine == "postgresql":
        pytest.skip("PostgreSQL keeps a column's type")
    infinite = "UPDATE scan SET bin = 9e999 WHERE bin IS NULL"
    serial = opened.store.row("SELECT serial FROM scan WHERE serial IS NOT NULL ORDER BY n")
    assert serial is not None
    blob = f"UPDATE scan SET serial = x'{base64.b64decode(serial[0]).hex()}' WHERE serial = '{serial[0]}'"
    row = "UPDATE sheet_row SET content = CAST(content AS BLOB)"
    for statement in (infinite, blob, row):
        assert faults_after(opened.store, statement), statement


# --- the guards

GUARDED = [(table, column) for table in TABLES for column in (TABLES[table][-1],)]


@pytest.mark.parametrize(("table", "column"), GUARDED, ids=str)
def test_the_guards_refuse_to_change_or_delete(guarded: Counted, table: str, column: str) -> None:
    store = guarded.store
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    statements += [f"TRUNCATE {table} CASCADE"] if store.engine == "postgresql" else []
    for statement in statements:
        with pytest.raises(peewee.DatabaseError, match="rows are never changed"), store.writing():
            store.execute(statement)


@pytest.mark.parametrize("table", TABLES)
def test_the_guards_refuse_to_replace(guarded: Counted, table: str) -> None:
    store, columns, last = guarded.store, ", ".join(TABLES[table]), TABLES[table][-1]
    same = f"INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE 1 = 1"
    upsert = f"INSERT {same} ON CONFLICT ({', '.join(KEYS[table])}) DO UPDATE SET {last} = EXCLUDED.{last}"
    replace = [f"INSERT OR REPLACE {same}"] if store.engine == "sqlite" else []
    before = store.rows(f"SELECT {columns} FROM {table} ORDER BY {columns}")
    for statement in (f"INSERT {same}", upsert, *replace):
        with pytest.raises(peewee.DatabaseError), store.writing():
            store.execute(statement)
    assert store.rows(f"SELECT {columns} FROM {table} ORDER BY {columns}") == before
