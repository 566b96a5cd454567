"""What is told of a device's orders, and of a customer's: each in brief, the newest first.

Which kinds there are is one table, BRIEFED: a kind that joins it is told wherever the others are. See
docs/decisions.md, "An order in brief".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from devices.calendar import day_of
from devices.paperwork.complaints import Complaint
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.follow_ups import FollowUp
from devices.paperwork.installations import Installation
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import COMPLAINT, DISPATCH_ORDER, FOLLOW_UP, INSTALLATION, REPAIR
from devices.records import RecordKind
from devices.store.database import Row, Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import RecordDevices, Records, Revisions


class OrderBrief(msgspec.Struct, frozen=True, kw_only=True):
    """An order in brief. `kind` is the name of its record's kind, the dates are ISO dates.

    `outcomes` are what came of its purposes, by purpose; `corrected` says that its record was. To whoever may not read
    it, it is `masked`: what it is about, how it stands and what came of it is not told.
    """

    number: str
    kind: str
    site: str
    opened_on: str
    state: str | None = None
    purposes: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()
    done_on: str | None = None
    outcomes: Mapping[str, str] = {}
    corrected: bool = False
    masked: bool = False


_Reads = Callable[[str, str, str | None], bool]
"""Told an order's kind, its site, and whose work it is: whether a viewer reads it."""


class Briefed(msgspec.Struct, frozen=True):
    """A kind of order that is told of devices and customers, and how."""

    kind: RecordKind
    brief: Callable[[Any], OrderBrief]


def _of_repair(order: RepairOrder) -> OrderBrief:
    return OrderBrief(
        number=order.number,
        kind=REPAIR.name,
        site=order.site,
        opened_on=order.opened_on,
        state=order.state,
        serials=(order.serial,) if order.serial else (),
        done_on=_day(order.record.completed_at) if order.record else None,
    )


def _of_dispatch(order: DispatchOrder) -> OrderBrief:
    outcomes = msgspec.structs.asdict(order.record.outcomes) if order.record else {}
    return OrderBrief(
        number=order.number,
        kind=DISPATCH_ORDER.name,
        site=order.site,
        opened_on=_day(order.opened_at),
        state=order.state,
        purposes=order.purposes,
        serials=order.serials,
        done_on=_day(order.record.completed_at) if order.record else None,
        outcomes={purpose: outcome for purpose, outcome in outcomes.items() if outcome},
        corrected=bool(order.corrections),
    )


def _of_installation(value: Installation) -> OrderBrief:
    return OrderBrief(
        number=value.number,
        kind=INSTALLATION.name,
        site=value.site,
        opened_on=_day(value.opened_at),
        state=value.state,
        serials=(value.serial,) if value.serial else (),
        done_on=_day(value.installed_at) if value.installed_at is not None else None,
    )


def _of_follow_up(value: FollowUp) -> OrderBrief:
    """From the day of the job to that of the call."""
    return OrderBrief(
        number=value.number,
        kind=FOLLOW_UP.name,
        site=value.site,
        opened_on=_day(value.done_at),
        state=value.state,
        serials=value.serials,
        done_on=_day(value.ended_at) if value.ended_at is not None else None,
    )


def _of_complaint(value: Complaint) -> OrderBrief:
    """From the day it was received to that on which it was made good."""
    return OrderBrief(
        number=value.number,
        kind=COMPLAINT.name,
        site=value.site,
        opened_on=_day(value.received_at),
        state=value.state,
        serials=value.serials,
        done_on=_day(value.resolved_at) if value.resolved_at is not None else None,
    )


def _day(at_us: int) -> str:
    return day_of(at_us).isoformat()


BRIEFED = (
    Briefed(REPAIR, _of_repair),
    Briefed(DISPATCH_ORDER, _of_dispatch),
    Briefed(INSTALLATION, _of_installation),
    Briefed(FOLLOW_UP, _of_follow_up),
    Briefed(COMPLAINT, _of_complaint),
)
"""Every kind of order that is told of its devices and of its customer, calls and complaints among them."""
_BY_NAME = {each.kind.name: each for each in BRIEFED}
_KINDS = sorted(_BY_NAME)

_COLUMNS = (Revisions.recorded_at, Records.key, Records.kind, Records.site, Records.assignee, Records.content)
_FIRST = (Revisions.kind == Records.kind) & (Revisions.key == Records.key) & (Revisions.revision == 1)
_OF_DEVICES = compiled(
    RecordDevices.select(RecordDevices.serial, *_COLUMNS)
    .join(Records, on=(Records.kind == RecordDevices.kind) & (Records.key == RecordDevices.key))
    .join(Revisions, on=_FIRST)
    .where(RecordDevices.serial.in_(EACH), RecordDevices.kind.in_(_KINDS))
)
_BEFORE = (Revisions.recorded_at < GIVEN) | ((Revisions.recorded_at == GIVEN) & (Records.key < GIVEN))
_OF_CUSTOMER = compiled(
    Records.select(*_COLUMNS)
    .join(Revisions, on=_FIRST)
    .where(Records.customer == GIVEN, Records.kind.in_(_KINDS), _BEFORE)
    .order_by(Revisions.recorded_at.desc(), Records.key.desc())
    .limit(GIVEN)
)
LATER_THAN_ALL = (2**63 - 1, "")


def orders_of_devices(
    store: Store, serials: Iterable[str], reads: _Reads
) -> dict[str, tuple[OrderBrief, ...]]:
    """The orders of each of these devices that has any, by serial, the newest first; in one statement."""
    by_serial: dict[str, list[Row]] = {}
    for serial, *row in store.rows_in(_OF_DEVICES, sorted(set(serials))):
        by_serial.setdefault(serial, []).append(tuple(row))
    return {
        serial: tuple(_brief(row, reads) for row in sorted(rows, key=_place, reverse=True))
        for serial, rows in by_serial.items()
    }


def orders_of_customer(
    store: Store, customer: str, reads: _Reads, *, before: tuple[int, str] = LATER_THAN_ALL, limit: int
) -> list[tuple[OrderBrief, tuple[int, str]]]:
    """At most `limit` orders for a customer, the newest first, each with its place; those `before` one of them."""
    at_us, key = before
    rows = store.rows(_OF_CUSTOMER, (customer, at_us, at_us, key, limit))
    return [(_brief(row, reads), _place(row)) for row in rows]


def _place(row: Row) -> tuple[int, str]:
    """When an order was opened, in UTC microseconds, and its number: neither ever changes."""
    return row[0], row[1]


def _brief(row: Row, reads: _Reads) -> OrderBrief:
    _, key, kind, site, assignee, content = row
    briefed = _BY_NAME[kind]
    whole = briefed.brief(briefed.kind.decode(content))
    if reads(kind, site, assignee):
        return whole
    return OrderBrief(number=key, kind=kind, site=site, opened_on=whole.opened_on, masked=True)
