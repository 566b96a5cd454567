"""Whatever is written over whatever, verification names it and never fails itself: every column of every table.

The tables and columns are the schema's own, so that what a migration adds is tampered with too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from itertools import product
from typing import Any, NamedTuple
from unittest.mock import patch

import peewee
import pytest

from devices.ledger.proving import verify as verification
from devices.ledger.proving.faults import Fault, guarded
from devices.ledger.proving.verify import verify
from devices.store.database import STREAM_ROWS, Store
from panku.wiring import CHECKS, RECORD_KINDS
from tests import closing, custody
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, held, scan
from tests.custody import House, fill_house
from tests.dispatched import sign_for_a_visit
from tests.door import TODAY
from tests.test_verify import Rollback, unguard

pytestmark = pytest.mark.both_engines

OUTSIDE: dict[str, str] = {
    "session": "the session store's own: losing it costs a sign-in",
    "attempt": "the session store's own: losing it costs nothing",
    "known_network": "the session store's own: losing it costs a wait, where others guess from the same address",
    "request": "of what is no document the answer is not vouched for: sent again, it makes nothing move twice",
}
"""Tables whose change is not found by `verify`, and why; that it never fails on them is tested all the same."""

PLACE_OF = {"sqlite": "first", "postgresql": "last"}
"""Which rows an engine has tampered with where they take turns: every column on both, and every change on one."""

SCHEMA = ("schema_migration", "schema_migration_doors", "schema_fingerprint")
"""What schema.check asks, and test_schema tampers with."""


class Column(NamedTuple):
    """One column as the schema has it."""

    name: str
    is_text: bool
    may_be_null: bool


def fill(house: House) -> None:
    """Every table gets rows, with counts and months in every state, and somebody erased."""
    zhang = house.of("zhang")
    assert zhang.post("/v1/attachments?site=BJ01", b"paper").status_code == 201
    sign_for_a_visit(house.of("zhang"), b"%PDF-1.7 signed")
    erase_a_visitor(house)
    lose_elsewhere(house)
    assert custody.inspect(zhang, custody.answers(custody.fault())).status_code == 201
    custody.count_all(house)
    number = custody.begin(house).json["number"]
    assert custody.sign(house, number, "outgoing").status_code == 201
    cancelled = {"reason": "改期"}
    assert house.of("zhang").post(f"/v1/handovers/{number}/cancel", cancelled).status_code == 200
    house.token("BJ01")
    closing.review_all(house)
    house.now += 8 * closing.DAY_US
    assert closing.close(house.sign_in("zhang")).status_code == 201
    closing.seal(house)
    count_in_every_state(house)
    propose(house)


def lose_elsewhere(house: House) -> None:
    """Another site is told of a loss, and of where the customer is now."""
    customer = {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店", "address": "天津"}
    lost = {"type": "loss_report", "site": "TJ01", "business_date": TODAY, "report_number": "L",
            "customer": customer, "lines": [{"serial": "661565714354"}]}  # fmt: skip
    answer = house.of("zhao").post("/v1/documents", lost)
    assert answer.status_code == 201, answer.text


def erase_a_visitor(house: House) -> None:
    """Somebody came, left, and was erased; another is still expected."""
    custody.request(house)
    number = custody.request(house)
    for step in ("approve", "enter", "leave"):
        assert custody.take(house, number, step).status_code == 200
    body = {"password": house.password("li")}
    assert house.of("li").post(f"/v1/visits/{number}/erase", body).status_code == 200


def count_in_every_state(house: House) -> None:
    """One count is running, one was reopened, one cancelled after it was closed, whose scans come last."""
    zhang = house.sign_in("zhang")
    scan(zhang, begin(zhang, "spare"), *held(house, "spare")[:2])
    for register, then in (("merchandise", "reopen"), ("custody", "cancel")):
        number = begin(zhang, register)
        stock = held(house, "merchandise")
        *_, last = scan(zhang, number, *stock[:3], ("中文", None), stock[3])
        assert zhang.post(f"/v1/stocktakes/{number}/scans/{last['id']}/undo").status_code == 200
        house.now += SECOND
        assert zhang.get(f"/v1/devices/{stock[4][0]}").status_code == 200
        house.now += SECOND
        assert close_count(zhang, number).status_code == 200
        assert zhang.post(f"/v1/stocktakes/{number}/{then}", {"reason": "漏了"}).status_code == 200
        if then == "reopen":
            scan(zhang, number, stock[4])


def propose(house: House) -> None:
    """A document that waits for its auditor has reserved a device."""
    (serial, _), *_ = held(house, "spare")
    common = {"site": "BJ01", "business_date": "2026-12-02", "lines": [{"serial": serial}]}
    for body in (
        {"type": "hold", "bin": "S-08", "reason": "查", **common},
        {"type": "write_off", "reason": "坏", **common},
    ):
        answer = house.sign_in("zhang").post("/v1/documents", body)
        assert answer.status_code in (201, 202), answer.text


@pytest.fixture(scope="module", params=ENGINES)
def books(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    """Full books whose guards and constraints have been taken away, as by somebody with the database's password."""
    store = stores.filled(request.param, fill_house)
    house = House(store)
    fill(house)
    house.session_store.close()
    unguard(store)
    yield store
    stores.drop(store)


def columns_of(store: Store, table: str) -> list[Column]:
    """The columns of a table, from the schema itself."""
    if store.engine == "sqlite":
        return [
            Column(name, kind == "TEXT", not needed)
            for _, name, kind, needed, *_ in store.rows(f"PRAGMA table_info({table})")
        ]
    rows = store.rows(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = ? ORDER BY ordinal_position",
        (table,),
    )
    return [Column(name, kind == "text", null == "YES") for name, kind, null in rows]


def row_at(store: Store, table: str, place: str) -> Any:
    """What names a row of a table for a while: its first or its last."""
    name = "rowid" if store.engine == "sqlite" else "ctid"
    order = {"first": "ASC", "last": "DESC"}[place]
    row = store.row(f"SELECT {name} FROM {table} ORDER BY {name} {order} LIMIT 1")
    assert row is not None, f"{table} has no row to tamper with"
    return row[0]


def damages(store: Store, column: Column, value: Any) -> list[Any]:
    """Values that a column can be made to hold instead: another good one first, then whatever the engine lets in."""
    found: list[Any] = []
    if isinstance(value, bytes):
        found = [value + b"x", b""]
    elif not column.is_text:
        found = [1 - value if value in (0, 1) else (value or 0) + 1_000_003, -(2**31)]
    else:
        found = [
            "x" if not value else value[:-1] + ("y" if value[-1] == "x" else "x"),
            '{"a": {"b": [1',
        ]
    if column.may_be_null and value is not None:
        found.append(None)
    if store.engine == "sqlite":  # PostgreSQL keeps a column's type
        found += [b"\xff", "[]", 2.5, "garbage"]
    return found


class Listening(Store):
    """A store that keeps, for each check of a verification, the words of the statements that it sends."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.words: dict[str, set[str]] = {}
        self.check = ""

    def execute(self, sql: str, params: Sequence[Any] = ()) -> Any:
        self.hear(sql)
        return super().execute(sql, params)

    def stream(self, sql: str, params: Sequence[Any] = (), size: int = STREAM_ROWS) -> Iterator[Any]:
        self.hear(sql)
        return super().stream(sql, params, size)

    def hear(self, sql: str) -> None:
        self.words.setdefault(self.check, set()).update(re.findall(r"\w+", sql))


def readers_of(store: Store) -> Callable[[str], frozenset[str]]:
    """Tells which checks of a verification read a table.

    No other can tell that it was changed: a check that has not read it sees what it saw before, and goes the same way.
    """
    listening = Listening(store.url)

    def heard(given: Store, name: str, check: Callable[[], Any]) -> list[Fault]:
        listening.check = name
        return guarded(given, name, check)

    with patch.object(verification, "guarded", heard):
        assert verify(listening, RECORD_KINDS, checks=CHECKS).faults == []
    listening.close()
    return lambda table: frozenset(name for name, words in listening.words.items() if table in words)


def faults_after(store: Store, change: str, params: tuple[Any, ...], checks: frozenset[str]) -> list[Fault]:
    """What these checks find once one row was changed; the change is undone again."""

    def only(given: Store, name: str, check: Callable[[], Any]) -> list[Fault]:
        return guarded(given, name, check) if name in checks else []

    found: list[Fault] = []
    try:
        with store.writing():
            assert store.execute(change, params).rowcount == 1
            with (
                patch.object(type(store), "reading", lambda _: nullcontext()),
                patch.object(verification, "guarded", only),
            ):
                found = verify(store, RECORD_KINDS, checks=CHECKS).faults
            raise Rollback  # noqa: TRY301
    except Rollback:
        return found


def tampered(
    store: Store, table: str, checks: frozenset[str], places: tuple[str, ...]
) -> Iterator[tuple[str, list[Fault]]]:
    """Each change of a table's rows at these places in turn, and what these checks find.

    Half of what can be done to a column is done to the first row, half to the last.
    """
    name = "rowid" if store.engine == "sqlite" else "ctid"
    for column, place in product(columns_of(store, table), places):
        key = row_at(store, table, place)
        (value,) = store.row(f"SELECT {column.name} FROM {table} WHERE {name} = ?", (key,)) or (None,)
        for damage in damages(store, column, value)[place == "last" :: 2]:
            change = f"UPDATE {table} SET {column.name} = ? WHERE {name} = ?"
            with suppress(peewee.IntegrityError):  # a key that another row has
                yield (
                    f"{place} {table}.{column.name} = {damage!r}",
                    faults_after(store, change, (damage, key), checks),
                )


def tables_of(store: Store) -> list[str]:
    """Every table there is."""
    return sorted(set(store.db.get_tables()) - set(SCHEMA))


def test_full_books_hold_and_have_a_row_in_every_table(books: Store) -> None:
    assert verify(books, RECORD_KINDS, checks=CHECKS).faults == []
    empty = [table for table in tables_of(books) if not books.row(f"SELECT 1 FROM {table}")]
    assert empty in ([], ["attempt"])


def test_each_change_of_each_column_is_found_and_fails_no_check(
    books: Store, request: pytest.FixtureRequest
) -> None:
    missed, failed = [], []
    every = request.config.getoption("--every-engine")
    places = ("first", "last") if every else (PLACE_OF[books.engine],)
    readers = readers_of(books)
    for table in tables_of(books):
        for change, faults in (
            tampered(books, table, readers(table), places) if books.row(f"SELECT 1 FROM {table}") else ()
        ):
            if not faults and table not in OUTSIDE:
                missed.append(change)
            failed += [f"{change}: {fault}" for fault in faults if fault.table == "check"]
    assert (missed, failed) == ([], [])


def test_a_check_that_fails_is_a_fault_and_the_others_still_run(books: Store) -> None:
    def broken(store: Store) -> Iterator[Fault]:
        yield Fault("line", "661565714353", "found before")
        store.rows("SELECT nothing FROM nowhere")

    def fine(_: Store) -> Iterator[Fault]:
        yield Fault("line", "661565714354", "found after")

    faults = verify(books, RECORD_KINDS, checks=(broken, fine)).faults
    assert [(fault.table, fault.key) for fault in faults] == [
        ("line", "661565714353"),
        ("check", "broken"),
        ("line", "661565714354"),
    ]


def test_a_check_that_fails_inside_a_stream_leaves_the_snapshot_usable(books: Store) -> None:
    def broken(store: Store) -> Iterator[Fault]:
        for (number,) in store.stream("SELECT number FROM document ORDER BY number"):
            raise ZeroDivisionError(number)
        yield Fault("", "", "")

    with books.reading():
        (fault,) = guarded(books, "broken", partial(broken, books))
        assert books.row("SELECT 1") == (1,)
    assert "ZeroDivisionError" in fault.what
