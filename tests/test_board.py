"""The board of dispatch orders: which lane an order is in, what its card tells, and what a reading of it costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from devices import records
from devices.calendar import day_of
from devices.journal import open_journals
from devices.ledger.duties.open_orders import open_dispatch_orders
from devices.paperwork.dispatches import (
    TO_BE_DONE,
    Confirmation,
    DispatchOrder,
    Outcomes,
    ServiceRecord,
    StepTaken,
    Used,
    Window,
)
from devices.paperwork.installations import Installation
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.service.in_hand import jobs_in_hand
from devices.service.installations.installs import due_of_installation
from devices.service.jobs.board import LANES, BoardCounts, board, counts_at, due_of_job
from devices.store.database import Store
from devices.values import Site
from tests.conftest import ENGINES, Stores
from tests.ledger_books import NOW, Books

A, B, S = "661565714353", "661565714354", "661565720011"
DAY = 86_400_000_000
TODAY = day_of(NOW)


class Jobs:
    """Books in which orders of every lane stand, written as they would be kept."""

    def __init__(self, store: Store) -> None:
        self.books = Books(store)
        self.books.serve(A, B)
        self.books.receive(S, register="spare")
        row = store.row("SELECT customer FROM position WHERE serial = ?", (A,))
        assert row is not None
        self.customer = row[0]

    def keep(self, n: int, **said: Any) -> DispatchOrder:
        """Keep an order as it is said to be."""
        serials = said.pop("serials", ())
        asked_at = said.pop("asked_at", NOW)
        order = DispatchOrder(
            f"D-BJ01-{n:06d}", "BJ01", self.customer, serials, said.pop("purposes", ("repair",)), "坏", asked_at,
            said.pop("opened_at", asked_at), "zhang", **said,
        )  # fmt: skip
        with self.books.store.writing():
            records.write(open_journals(self.books.store, ["BJ01"], NOW), DISPATCH_ORDER, order, by="zhang")
        return order

    def done(self, n: int, at: int = NOW, used: tuple[Used, ...] = (), **said: Any) -> DispatchOrder:
        """Keep an order whose job was done."""
        told = ServiceRecord(
            at, "d", "w", 0, at, "wang", at, Outcomes(repair="solved"), used, Confirmation("stamped")
        )
        return self.keep(n, state="done", record=told, technician="wang", asked_at=at - DAY, **said)


@pytest.fixture(scope="module", params=ENGINES)
def jobs(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Jobs]:
    store = stores.fresh(request.param)
    made = Jobs(store)
    order = made.books.dispatch_order(A)
    made.books.post("carry_out", order=order, lines=[{"serial": S, "faulty": A}])
    (carried,) = records.these(store, DISPATCH_ORDER, [order]).values()
    with store.writing():
        writer = open_journals(store, ["BJ01"], NOW)
        told = ServiceRecord(
            NOW - 3 * DAY, "d", "w", 0, NOW, "wang", NOW - 3 * DAY, Outcomes(repair="solved"), (Used(A, S),)
        )
        records.write(writer, DISPATCH_ORDER, replace(carried, state="done", record=told), by="wang")
    made.keep(2)
    made.keep(3, technician="wang", asked_at=NOW - 10 * DAY)
    later, sooner = (Window(NOW + n * DAY, NOW + n * DAY + 1) for n in (2, 1))
    made.keep(4, technician="wang", state="accepted", window=later)
    made.keep(5, technician="wang", state="accepted", window=sooner)
    waits = StepTaken("postpone", NOW, "wang", "part_missing")
    made.keep(6, technician="sun", state="waiting", course=(waits,), purposes=("return_visit",))
    made.keep(7, state="cancelled")
    made.done(8, serials=(B,))
    made.done(9, NOW - 100 * DAY, serials=(B,))
    made.done(10, NOW - 50 * DAY, serials=(B,))
    made.keep(11, serials=(B,), repeat_of="D-BJ01-000010")
    yield made
    stores.drop(store)


def read(jobs: Jobs, **only: Any) -> dict[str, list[str]]:
    """By lane, the ordinals of the orders in it."""
    shown = board(jobs.books.store, ["BJ01"], TODAY, lambda site: site == "BJ01", **only)
    return {lane: [card.order.number[-2:].lstrip("0") for card in cards] for lane, cards in shown.items()}


pytestmark = pytest.mark.both_engines


def test_every_order_is_in_its_lane_the_earliest_day_first(jobs: Jobs) -> None:
    assert read(jobs) == {
        "unassigned": ["2", "11"],
        "assigned": ["3"],
        "accepted": ["5", "4"],
        "waiting": ["6"],
        "done": ["8"],
        "unsettled": ["1"],
    }
    assert read(jobs, technician="sun") == {lane: ["6"] if lane == "waiting" else [] for lane in LANES}
    nowhere = board(jobs.books.store, ["TJ01"], TODAY, lambda _: True)
    assert nowhere == {lane: [] for lane in LANES}


def test_a_card_tells_its_day_why_it_waits_and_what_is_out(jobs: Jobs) -> None:
    shown = board(jobs.books.store, ["BJ01"], TODAY, lambda site: site == "BJ01")
    (assigned,), (waiting,), (unsettled,) = shown["assigned"], shown["waiting"], shown["unsettled"]
    assert assigned.overdue
    assert (assigned.lack, waiting.due, waiting.order.waits_for) == ("no_role", None, "part_missing")
    assert (unsettled.pairs, unsettled.overdue, unsettled.lack) == ((Used(A, S),), False, None)
    assert assigned.customer is not None
    assert assigned.customer.number == jobs.customer
    assert counts_at(jobs.books.store, ["BJ01"], TODAY) == BoardCounts(2, overdue=1, ahead=6, unsettled=1)


def test_a_job_on_the_same_device_is_counted_for_ninety_days(jobs: Jobs) -> None:
    shown = board(jobs.books.store, ["BJ01"], TODAY, lambda site: site == "BJ01")
    times = {card.order.number[-2:]: card.times for card in shown["unassigned"]}
    assert times == {"02": 1, "11": 3}  # those of today and of fifty days ago, not that of a hundred


def test_whoever_does_not_see_the_customer_is_told_no_name(jobs: Jobs) -> None:
    shown = board(jobs.books.store, ["BJ01"], TODAY, lambda _: False)
    assert {card.customer.masked for card in shown["accepted"] if card.customer} == {True}


def test_a_technician_has_in_hand_what_is_theirs_to_do_and_what_is_unsettled(jobs: Jobs) -> None:
    found = [order.number[-2:] for order in jobs_in_hand(jobs.books.store, ["BJ01"], "wang")]
    assert found == ["03", "01", "05", "04"]
    assert jobs_in_hand(jobs.books.store, ["TJ01"], "wang") == []


def test_a_board_costs_what_is_open_and_not_what_was_filed(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent() -> list[str]:
        found: list[str] = []
        execute = Store.execute

        def listening(self: Store, sql: str, params: Any = ()) -> Any:
            found.append(sql)
            return execute(self, sql, params)

        with monkeypatch.context() as patch:
            patch.setattr(Store, "execute", listening)
            board(jobs.books.store, ["BJ01"], TODAY, lambda site: site == "BJ01")
            jobs_in_hand(jobs.books.store, ["BJ01"], "wang")
        return found

    before = sent()
    for n in range(100, 130):
        jobs.done(n, NOW - 200 * DAY)
    assert sent() == before
    assert len(before) < 20


def test_what_is_ahead_is_found_by_its_state(jobs: Jobs) -> None:
    assert {order.state for order in open_dispatch_orders(jobs.books.store, ["BJ01"])} == set(TO_BE_DONE)


FRIDAY = 1_770_972_600_000_000  # 2026-02-13 16:50 in Shanghai, the day before a make-up Saturday


def test_a_call_before_a_make_up_saturday_is_due_that_saturday_and_waiting_moves_nothing() -> None:
    order = DispatchOrder(
        "D-BJ01-000001", "BJ01", None, (), ("repair", "return_visit"), "坏", FRIDAY, FRIDAY + DAY, "zhang"
    )
    site, saturday = Site("BJ01", "北京"), date(2026, 2, 14)
    due = due_of_job(order, site, saturday)
    assert due is not None
    assert (due.started_on, due.due_on, due.standing) == ("2026-02-13", "2026-02-14", "due")
    waits = replace(
        order, state="waiting", course=(StepTaken("postpone", FRIDAY, "wang", "customer_absent"),)
    )
    late = due_of_job(waits, site, date(2026, 2, 15))
    assert late is not None
    assert (late.due_on, late.standing, late.waits_for) == ("2026-02-14", "overdue", "customer_absent")
    assert due_of_job(replace(order, purposes=("install",)), site, saturday) is None


def test_a_clock_that_was_ahead_puts_no_job_off() -> None:
    """What it says was asked in a hundred days is due from today; and was met, not before it began."""
    site, friday = Site("BJ01", "北京"), date(2026, 2, 13)
    asked_at = FRIDAY + 100 * DAY
    order = DispatchOrder("D-BJ01-000001", "BJ01", None, (), ("repair",), "坏", asked_at, asked_at, "zhang")
    due = due_of_job(order, site, friday)
    value = Installation("N-BJ01-000001", "BJ01", "C-BJ01-000001", None, "disc", asked_at, asked_at, "zhang")
    install = due_of_installation(value, site, friday)
    assert due is not None
    assert (due.started_on, due.due_on) == ("2026-02-13", "2026-02-14")
    assert install.started_on == "2026-02-13"
    told = ServiceRecord(FRIDAY, "d", "w", 0, FRIDAY, "wang")
    met = due_of_job(replace(order, state="done", record=told), site, friday)
    assert met is not None
    assert (met.started_on, met.met_on, met.standing) == ("2026-02-13", "2026-02-13", "met")
