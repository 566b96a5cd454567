"""Repair and dispatch orders: those that are open, one of them, and the forms that open, close and cancel."""

from __future__ import annotations

from typing import Any

from devices import records
from devices.ledger.reading.customers import AT_WORK
from devices.lifecycle import DESK
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, REPAIR
from devices.problems import refuse
from devices.records import RecordKind
from devices.store.database import Store
from web.pages import View
from web.views.home import sites_of

_KINDS = {kind.letter: kind for kind in (REPAIR, DISPATCH_ORDER)}
PATHS = {REPAIR.letter: "/v1/repairs", DISPATCH_ORDER.letter: "/v1/dispatch-orders"}
_Order = RepairOrder | DispatchOrder


def orders_page(view: View) -> dict[str, Any]:
    """The open orders of the reader's sites, and the forms that open one."""
    call = view.call
    sites = sites_of(call)
    return {
        "repairs": open_orders(call.store, REPAIR, sites),
        "dispatches": open_orders(call.store, DISPATCH_ORDER, sites),
        "own": sorted(call.who.sites_of(DESK)),
    }


def order_page(view: View) -> dict[str, Any]:
    """One order with its service record, or the form that files it."""
    number = view.call.path["number"]
    kind = _KINDS.get(number[:1])
    found = records.current(view.call.store, kind, number) if kind else None
    if found is None:
        raise refuse("not_found")
    order: _Order = found[0]
    return {
        "order": order,
        "technician": getattr(order, "technician", None),
        "path": f"{PATHS[number[0]]}/{number}",
        "acts": view.person.may(DESK, order.site) and order.state in AT_WORK,
    }


def open_orders(store: Store, kind: RecordKind, sites: list[str]) -> list[_Order]:
    """The orders of these sites that are neither cancelled nor closed by a service record, oldest first."""
    return list(records.listed(store, kind, sites, only=records.Only(states=AT_WORK)))
