"""Installations as they are read: those under way, those of devices and orders, and how each stands by its deadline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec
from peewee import chunked

from devices import records
from devices.calendar import day_of
from devices.deadlines import DEADLINE
from devices.ledger.duties.due import Due, due_of
from devices.ledger.posting.gather import held
from devices.listed import AT_ONCE, Only, listed, of_devices, open_at
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.installations import INSTALLATIONS, INSTALLING, Confirmer, Installation, not_in_vain
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION
from devices.service.installations.install_rules import hindrance
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Records
from devices.values import Site

TO_INSTALL = DEADLINE["installation"]

_THEIRS = compiled(
    Records.select(Records.key).where(
        Records.kind == DISPATCH_ORDER.name, Records.key.in_(EACH), Records.assignee == GIVEN
    )
)


def trip_of(store: Store, value: Installation) -> DispatchOrder | None:
    """The order under which a device is installed: the one it names, else, until it is ended, another that is there.

    None where there is none but those that came to nothing.
    """
    named = records.current(store, DISPATCH_ORDER, value.order) if value.order is not None else None
    standing = not_in_vain(named[0]) if named else None
    if standing is not None or value.state not in INSTALLING:
        return standing
    there = listed(
        store, DISPATCH_ORDER, [value.site], only=Only(customers=[value.customer], serial=value.serial)
    )
    fitting = [order for order in there if "install" in order.purposes and not_in_vain(order)]
    return max(fitting, key=lambda order: order.number, default=None)


def is_gone(store: Store, value: Installation) -> bool:
    """Whether the device of an installation is no longer with its customer."""
    found = held(store, [value.serial]).get(value.serial) if value.serial else None
    return found is None or found.position.customer != value.customer


def free_steps(store: Store, value: Installation, trip: DispatchOrder | None) -> list[str]:
    """The steps of an installation that nothing keeps from being taken, whoever takes them; `trip` is its order."""
    steps = [step.name for step in INSTALLATIONS.next_steps(value.state)]
    gone = bool(steps) and is_gone(store, value)
    return [name for name in steps if hindrance(name, value, trip, gone=gone) is None]


def installs_under_way(store: Store, sites: Iterable[str]) -> list[Installation]:
    """The installations of these sites that are not ended, by number."""
    return open_at(store, INSTALLATION, sites)


def due_of_installation(value: Installation, site: Site, today: date) -> Due:
    """How an installation stands under its deadline; one that was given up met nothing. Pure."""
    done = day_of(value.installed_at) if value.installed_at is not None else None
    asked = min(day_of(value.asked_at), done or today)  # a clock that was ahead put nothing off
    return due_of(TO_INSTALL, value.number, site, asked, today, done)


def installations_of(store: Store, serials: Iterable[str]) -> dict[str, list[Installation]]:
    """By serial, each of these devices' installations, whoever's they were, by number."""
    return of_devices(store, INSTALLATION, serials)


def installations_under(store: Store, order: DispatchOrder) -> list[Installation]:
    """The installations that an order is to do, or did: of its devices at its customer's."""
    found = installations_of(store, order.serials) if "install" in order.purposes else {}
    theirs = [value for values in found.values() for value in values if value.customer == order.customer]
    return [value for value in theirs if value.order == order.number or value.state in INSTALLING]


def of_technician(store: Store, values: Iterable[Installation], technician: str) -> Iterator[Installation]:
    """Those of some installations whose order is assigned to a technician, looked up AT_ONCE as they are asked for."""
    for some in chunked(values, AT_ONCE):
        orders = sorted({value.order for value in some if value.order is not None})
        theirs = {number for (number,) in store.rows_in(_THEIRS, orders, after=(technician,))}
        yield from (value for value in some if value.order in theirs)


def confirmer_of(store: Store, number: str) -> Confirmer | None:
    """Who confirmed an installation; None before, and once that was erased."""
    content = records.personal_of(store, INSTALLATION, number)
    return msgspec.json.decode(content, type=Confirmer) if content else None
