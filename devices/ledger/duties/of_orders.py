"""Which deadlines of devices and orders were met since a day, and whether in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from devices.deadlines import DEADLINE
from devices.ledger.duties.due import DEADLINE_OF_STATE, STARTS, Due, due_of, first_completions
from devices.ledger.duties.open_orders import filed_dispatch_orders, filed_repairs
from devices.records import SITE, all_current
from devices.store.database import Store
from devices.store.statements import marks
from devices.unit import Unit
from devices.values import Site

MEETS = {
    "sold": ("registration",),
    "in_transit": ("arrival",),
    "carried": ("carry_back", "swap"),
    "at_factory": ("factory_receipt", "factory_exchange"),
}
"""By the state a device is under a deadline in: the documents that meet it by taking the device out of that state."""

assert MEETS.keys() == DEADLINE_OF_STATE.keys(), "a state with a deadline that nothing meets"

MET_BY = " OR ".join(
    f"(b.state = '{state}' AND l.type IN ({', '.join(map(repr, types))}))" for state, types in MEETS.items()
)
# b is the line before: where the device was, and which site answered for it.
MET = (
    "SELECT b.state, l.serial, COALESCE(b.site, b.responsible_site), l.business_date, COALESCE("
    "(SELECT s.business_date FROM line s WHERE s.serial = l.serial AND s.step < l.step AND s.reverses IS NULL"
    f" AND s.type = CASE b.state {STARTS} END ORDER BY s.step DESC LIMIT 1), b.business_date)"
    " FROM document d JOIN line l ON l.document = d.number JOIN line b ON b.serial = l.serial AND b.step = l.step - 1"
    f" WHERE d.business_date >= ? AND d.type IN ({', '.join(repr(each) for types in MEETS.values() for each in types)})"
    f" AND l.reverses IS NULL AND l.state <> b.state AND ({MET_BY})"
    " AND NOT EXISTS (SELECT 1 FROM line u WHERE u.serial = l.serial AND u.reverses = l.step)"
    " AND COALESCE(b.site, b.responsible_site) IN ({sites})"
)


def met(store: Store, unit: Unit, sites: Sequence[str], since: date) -> list[Due]:
    """What these sites have done since a day that was to be done by some day.

    A repair's and a dispatch order's deadline is met on the day the service record was filed.
    """
    if not sites:
        return []
    settings = {site.code: site for site, _ in all_current(store, SITE)}
    return [
        *_devices(store, sites, settings, since),
        *_dispatch_orders(store, unit, sites, settings, since),
        *_repairs(store, unit, sites, settings, since),
    ]


def _devices(store: Store, sites: Sequence[str], settings: Mapping[str, Site], since: date) -> Iterator[Due]:
    rows = store.rows(MET.format(sites=marks(len(sites))), (since.isoformat(), *sites))
    for state, serial, site, done, started in rows:
        deadline, day = DEADLINE[DEADLINE_OF_STATE[state]], date.fromisoformat(done)
        yield due_of(deadline, serial, settings[site], date.fromisoformat(started), day, day)


def _dispatch_orders(
    store: Store, unit: Unit, sites: Sequence[str], settings: Mapping[str, Site], since: date
) -> Iterator[Due]:
    for order, record in filed_dispatch_orders(store, sites):
        day = unit.day_of(record.filed_at)
        if day >= since:
            started = date.fromisoformat(order.opened_on)
            yield due_of(DEADLINE["on_site_repair"], order.number, settings[order.site], started, day, day)


def _repairs(
    store: Store, unit: Unit, sites: Sequence[str], settings: Mapping[str, Site], since: date
) -> Iterator[Due]:
    filed = {
        order.number: (order, unit.day_of(record.filed_at)) for order, record in filed_repairs(store, sites)
    }
    recent = {number: order for number, (order, day) in filed.items() if day >= since}
    for number, started in first_completions(store, recent).items():
        order, day = filed[number]
        yield due_of(DEADLINE["repair_record"], number, settings[order.site], started, day, day)
