"""Repair orders that wait for their record, once the repair is completed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from devices.calendar import TIME_ZONE, day_of
from devices.deadlines import DEADLINE
from devices.ledger.duties.due import Due, Duty, due_of
from devices.ledger.posting.rows import NOT_UNDONE
from devices.listed import Only, listed
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import REPAIR
from devices.store.database import Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Documents, Lines, Standings
from devices.values import Site

_before = Lines.alias("b")
# What was completed under the order a device was in repair for: its document says when.
COMPLETED = compiled(
    Lines.select(_before.order_number, Documents.content)
    .join(_before, on=((_before.serial == Lines.serial) & (_before.step == Lines.step - 1)))
    .join_from(Lines, Documents, on=(Documents.number == Lines.document))
    .where(
        Lines.serial.in_(EACH),
        Lines.type == "repair_return",
        Lines.reverses.is_null(),
        NOT_UNDONE,
    )
)
# A send-in swap completes a repair too, on its business date.
_SWAPPED = compiled(
    Documents.select(Documents.under, Documents.business_date)
    .join(Standings, on=(Standings.document == Documents.number))
    .where(Documents.under.in_(EACH), Documents.type == "swap", Standings.status != "reversed")
)


def first_completions(store: Store, orders: Mapping[str, RepairOrder]) -> dict[str, date]:
    """By number, when the repair of one of these orders was first completed; an order that never was is missing."""
    first: dict[str, date] = {}
    for number, day in _completions(store, orders):
        first[number] = min(day, first.get(number, day))
    return first


def _completions(store: Store, orders: Mapping[str, RepairOrder]) -> Iterator[tuple[str, date]]:
    """(number, day) of each time the repair of one of these orders was completed."""
    for number, content in store.rows_in(COMPLETED, sorted({order.serial for order in orders.values()})):
        if number in orders:
            moment = datetime.fromisoformat(msgspec.json.decode(content)["completed_at"])
            yield number, moment.astimezone(ZoneInfo(TIME_ZONE)).date()
    for number, day in store.rows_in(_SWAPPED, sorted(orders)):
        yield number, date.fromisoformat(day)


def _due(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    orders = {each.number: each for each in listed(store, REPAIR, by_code, only=Only(states=("open",)))}
    for number, started in first_completions(store, orders).items():
        yield due_of(DEADLINE["repair_record"], number, by_code[orders[number].site], started, today)


def _met(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """Each on the day on which the service record was filed."""
    by_code = {site.code: site for site in sites}
    day = since.isoformat()
    repairs = listed(store, REPAIR, by_code, only=Only(states=("closed",), since=day))
    orders = {each.number: each for each in repairs}
    for number, started in first_completions(store, orders).items():
        filed = _filed_on(orders[number])
        yield due_of(DEADLINE["repair_record"], number, by_code[orders[number].site], started, filed, filed)


def _filed_on(order: RepairOrder) -> date:
    assert order.record is not None, "a closed order has its service record"
    return day_of(order.record.filed_at)


REPAIR_DUTY = Duty(("repair_record",), _due, _met)
