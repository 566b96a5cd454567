"""What is due at a site, and what is overdue: devices on their way, sales to register, orders without their record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from devices import deadlines as rules
from devices.calendar import TIME_ZONE
from devices.deadlines import DEADLINE, Deadline, Standing
from devices.ledger.duties.open_orders import open_dispatch_orders, open_repairs
from devices.ledger.posting.gather import AT_ONCE
from devices.paperwork import RepairOrder
from devices.records import SITE, all_current
from devices.store.database import Store
from devices.store.statements import marks
from devices.values import Site


class Due(msgspec.Struct, frozen=True):
    """One thing to be done, or that was done on `met_on`. `subject` is a serial, or the number of an order.

    The dates are ISO business dates. `days_left` counts calendar days to `due_on`, from today, or from `met_on` once
    it was met; negative where that day lies after it.
    """

    deadline: str
    subject: str
    site: str
    started_on: str
    due_on: str
    standing: Standing
    days_left: int
    met_on: str | None = None


DEADLINE_OF_STATE = {
    "sold": "registration",
    "in_transit": "in_transit",
    "carried": "carried",
    "at_factory": "at_factory",
}
"""The deadline a device is under while it is in a state."""

STARTS = " ".join(
    f"WHEN '{state}' THEN '{DEADLINE[name].starts_from}'" for state, name in DEADLINE_OF_STATE.items()
)
# The device's last document of the kind the deadline starts from; opening stock starts with its own date.
UNDER_WAY = (
    "SELECT p.state, p.serial, COALESCE(p.site, p.responsible_site) AS answering, COALESCE("
    "(SELECT l.business_date FROM line l WHERE l.serial = p.serial AND l.reverses IS NULL"
    f" AND l.type = CASE p.state {STARTS} END ORDER BY l.step DESC LIMIT 1), p.business_date)"
    f" FROM position p WHERE p.state IN ({', '.join(repr(state) for state in DEADLINE_OF_STATE)})"
    " AND COALESCE(p.site, p.responsible_site) IN ({sites})"
)
# What was completed under the order a device was in repair for: its document says when.
COMPLETED = (
    "SELECT b.order_number, d.content FROM line l JOIN line b ON b.serial = l.serial AND b.step = l.step - 1"
    " JOIN document d ON d.number = l.document WHERE l.serial IN ({serials}) AND l.type = 'repair_return'"
    " AND l.reverses IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM line u WHERE u.serial = l.serial AND u.reverses = l.step)"
)
# A send-in swap completes a repair too, on its business date.
SWAPPED = (
    "SELECT d.under, d.business_date FROM document d JOIN standing s ON s.document = d.number"
    " WHERE d.under IN ({orders}) AND d.type = 'swap' AND s.status <> 'reversed'"
)


def deadlines(store: Store, sites: Sequence[str], today: date) -> list[Due]:
    """Everything these sites still have to do by some day, the earliest day first."""
    if not sites:
        return []
    settings = {site.code: site for site, _ in all_current(store, SITE)}
    found = [
        *_devices(store, sites, settings, today),
        *_dispatch_orders(store, sites, settings, today),
        *_repairs(store, sites, settings, today),
    ]
    return sorted(found, key=lambda each: (each.due_on, each.deadline, each.subject))


def due_of(
    deadline: Deadline, subject: str, site: Site, started: date, today: date, met_on: date | None = None
) -> Due:
    """How one subject stands under a deadline. Pure."""
    due_on = rules.due(deadline, started, site)
    standing = rules.standing(due_on, met_on, today)
    return Due(
        deadline.name,
        subject,
        site.code,
        started.isoformat(),
        due_on.isoformat(),
        standing,
        (due_on - (met_on or today)).days,
        met_on.isoformat() if met_on else None,
    )


def _devices(store: Store, sites: Sequence[str], settings: Mapping[str, Site], today: date) -> Iterator[Due]:
    for state, serial, site, started in store.rows(UNDER_WAY.format(sites=marks(len(sites))), sites):
        deadline = DEADLINE[DEADLINE_OF_STATE[state]]
        yield due_of(deadline, serial, settings[site], date.fromisoformat(started), today)


def _dispatch_orders(
    store: Store, sites: Sequence[str], settings: Mapping[str, Site], today: date
) -> Iterator[Due]:
    for order in open_dispatch_orders(store, sites):
        started = date.fromisoformat(order.opened_on)
        yield due_of(DEADLINE["on_site_repair"], order.number, settings[order.site], started, today)


def _repairs(store: Store, sites: Sequence[str], settings: Mapping[str, Site], today: date) -> Iterator[Due]:
    orders = {order.number: order for order in open_repairs(store, sites)}
    for number, started in first_completions(store, orders).items():
        yield due_of(DEADLINE["repair_record"], number, settings[orders[number].site], started, today)


def first_completions(store: Store, orders: Mapping[str, RepairOrder]) -> dict[str, date]:
    """By number, when the repair of one of these orders was first completed; an order that never was is missing."""
    first: dict[str, date] = {}
    for number, day in _completions(store, orders):
        first[number] = min(day, first.get(number, day))
    return first


def _completions(store: Store, orders: Mapping[str, RepairOrder]) -> Iterator[tuple[str, date]]:
    """(number, day) of each time the repair of one of these orders was completed."""
    serials = sorted({order.serial for order in orders.values()})
    for some in _chunks(serials):
        for number, content in store.rows(COMPLETED.format(serials=marks(len(some))), some):
            if number in orders:
                yield number, _day_of(msgspec.json.decode(content)["completed_at"])
    for some in _chunks(sorted(orders)):
        for number, day in store.rows(SWAPPED.format(orders=marks(len(some))), some):
            yield number, date.fromisoformat(day)


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]


def _day_of(moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(TIME_ZONE)).date()
