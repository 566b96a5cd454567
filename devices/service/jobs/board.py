"""The board of dispatch orders: what nobody was sent to yet, what goes on, what was done today, what is unsettled.

It costs what is open, was done today or is out, and never what was filed before: each reading begins at an index of
those alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from devices.calendar import day_of
from devices.deadlines import DEADLINE
from devices.ledger.duties.due import Due, due_of
from devices.ledger.duties.open_orders import open_dispatch_orders
from devices.ledger.reading.customers import Sees, customers_shown
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.dispatches import REPEAT_DAYS, TO_BE_DONE, DispatchOrder, Used
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.people.certificates import certificate_standing, technicians_of
from devices.people.certified import Lack
from devices.records import sites_by_code
from devices.service.jobs.settling import unsettled_at
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import RecordDevices, Records
from devices.values import Site

ON_SITE_REPAIR = DEADLINE["on_site_repair"]

Lane = Literal["unassigned", "assigned", "accepted", "waiting", "done", "unsettled"]
LANES: tuple[Lane, ...] = ("unassigned", "assigned", "accepted", "waiting", "done", "unsettled")
_LANE_OF: Mapping[str, Lane] = {"open": "assigned", "accepted": "accepted", "waiting": "waiting"}

_OF_DAY = compiled(
    Records.select(Records.content).where(
        Records.kind == DISPATCH_ORDER.name, Records.day == GIVEN, Records.state == "done"
    )
)
_JOBS_ON = compiled(
    RecordDevices.select(RecordDevices.serial, Records.key, Records.day)
    .join(Records, on=(Records.kind == RecordDevices.kind) & (Records.key == RecordDevices.key))
    .where(
        RecordDevices.serial.in_(EACH),
        RecordDevices.kind == DISPATCH_ORDER.name,
        Records.state.concat("") == "done",
    )
)
"""The jobs ever done on some devices; asked for their state or days as an index has them, SQLite would begin there."""


class BoardCard(msgspec.Struct, frozen=True):
    """One order as the board tells it.

    `due` is how it stands under its deadline, None where it has none; `customer` is masked to whoever does not see
    them, None where it names none; `times` says the how manieth job within REPEAT_DAYS on one of its devices it is;
    `pairs` are those that wait for their swap; `lack` is why its technician may not be sent today.
    """

    order: DispatchOrder
    due: Due | None
    customer: CustomerShown | None
    times: int
    pairs: tuple[Used, ...] = ()
    lack: Lack | None = None

    @property
    def overdue(self) -> bool:
        """Whether its day has passed, and it is not done."""
        return self.due is not None and self.due.standing == "overdue"


class BoardCounts(msgspec.Struct, frozen=True):
    """How many orders nobody was sent for, are overdue, still to be done in all, and unsettled."""

    unassigned: int
    overdue: int
    ahead: int
    unsettled: int


Board = dict[Lane, list[BoardCard]]
"""Every lane with its cards, those of the earliest day first."""


def jobs_done_on(store: Store, sites: Collection[str], day: date) -> list[DispatchOrder]:
    """The orders of these sites whose job was done on a day, the last one first."""
    found = [DISPATCH_ORDER.decode(row[0]) for row in store.rows(_OF_DAY, (day.isoformat(),))]
    return sorted((order for order in found if order.site in sites), key=_completed, reverse=True)


def board(
    store: Store, sites: Collection[str], today: date, sees: Sees, technician: str | None = None
) -> Board:
    """The board of some sites; with `technician`, of their orders alone. See BoardCard."""
    ahead, done = open_dispatch_orders(store, sites), jobs_done_on(store, sites, today)
    waiting = unsettled_at(store, sites)
    pairs = {order.number: told for order, told in waiting}
    orders = {order.number: order for order in (*ahead, *done, *(order for order, _ in waiting))}
    if technician is not None:
        orders = {number: order for number, order in orders.items() if order.technician == technician}
    by_code = sites_by_code(store)
    shown = customers_shown(store, [order.customer for order in orders.values()], sees)
    times = times_of(store, list(orders.values()))
    lacks = _lacks(store, [order for order in orders.values() if order.state in TO_BE_DONE], today)
    cards = {
        number: BoardCard(
            order,
            due_of_job(order, by_code[order.site], today),
            shown.get(order.customer or ""),
            times.get(number, 1),
            pairs.get(number, ()),
            lacks.get((order.site, order.technician or "")) if order.state in TO_BE_DONE else None,
        )
        for number, order in orders.items()
    }
    lanes: Board = {lane: [] for lane in LANES}
    for card in sorted((cards[each.number] for each in ahead if each.number in cards), key=_urgency):
        lanes[lane_of(card.order)].append(card)
    lanes["done"] = [cards[order.number] for order in done if order.number in cards]
    lanes["unsettled"] = [cards[order.number] for order, _ in waiting if order.number in cards]
    return lanes


def counts_at(store: Store, sites: Collection[str], today: date) -> BoardCounts:
    """How the orders of some sites stand, in numbers: no card of the board is made for it."""
    ahead, by_code = open_dispatch_orders(store, sites), sites_by_code(store)
    due = [due_of_job(order, by_code[order.site], today) for order in ahead]
    return BoardCounts(
        sum(lane_of(order) == "unassigned" for order in ahead),
        sum(each is not None and each.standing == "overdue" for each in due),
        len(ahead),
        len(unsettled_at(store, sites)),
    )


def lane_of(order: DispatchOrder) -> Lane:
    """Where the board shows an order whose job is still to be done. Pure."""
    return "unassigned" if order.technician is None else _LANE_OF[order.state]


def due_of_job(order: DispatchOrder, site: Site, today: date) -> Due | None:
    """How an order stands under the deadline of on-site repairs; None for one without a repair. Pure.

    What a clock that was ahead says was asked later is due from today, or from the day it was done.
    """
    if "repair" not in order.purposes:
        return None
    met_on = day_of(order.record.completed_at) if order.record else None
    return due_of(
        ON_SITE_REPAIR,
        order.number,
        site,
        min(day_of(order.asked_at), met_on or today),
        today,
        met_on,
        waits_for=order.waits_for,
    )


def times_of(store: Store, orders: Sequence[DispatchOrder]) -> dict[str, int]:
    """By number, the how manieth job within REPEAT_DAYS on one of its devices each order is; a first one is missing."""
    repeats = [order for order in orders if order.repeat_of is not None]
    serials = sorted({serial for order in repeats for serial in order.serials})
    jobs: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for serial, number, day in store.rows_in(_JOBS_ON, serials):
        jobs[serial].add((number, day))
    return {order.number: 1 + len(_before(order, jobs)) for order in repeats}


def _before(order: DispatchOrder, jobs: Mapping[str, Iterable[tuple[str, str]]]) -> set[str]:
    """The orders of the jobs that were done on one of an order's devices up to REPEAT_DAYS before it was opened."""
    opened = day_of(order.opened_at)
    since, until = (opened - timedelta(days=REPEAT_DAYS)).isoformat(), opened.isoformat()
    return {
        number
        for serial in order.serials
        for number, day in jobs[serial]
        if number != order.number and since <= day <= until
    }


def _lacks(store: Store, orders: Iterable[DispatchOrder], today: date) -> dict[tuple[str, str], Lack]:
    """Why some of the technicians of these orders may not be sent today, by site and username."""
    sent = {(order.site, order.technician) for order in orders if order.technician is not None}
    fit = {
        (site, each.username)
        for site in {site for site, _ in sent}
        for each in technicians_of(store, site, today)
    }
    found = ((each, certificate_standing(store, each[1], each[0], today).why) for each in sorted(sent - fit))
    return {each: why for each, why in found if why is not None}


def _completed(order: DispatchOrder) -> int:
    return order.record.completed_at if order.record else 0


def _urgency(card: BoardCard) -> tuple[str, int, str]:
    """The earliest day first, then the earliest appointment; what has no deadline by the day it was asked for."""
    due_on = card.due.due_on if card.due else day_of(card.order.asked_at).isoformat()
    window = card.order.window
    return due_on, window.starts_at if window else card.order.asked_at, card.order.number
