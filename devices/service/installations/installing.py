"""Installations (安装记录): asked for, guided by phone, given an order, confirmed by the customer, or given up.

Each act is a step of INSTALLATIONS, taken while the journal of the installation's site is held, and kept in its course.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from devices import records
from devices.journal import Writer
from devices.ledger.deciding.drafts import Party
from devices.ledger.posting.customers import hold_unerased, refuse_unnamed
from devices.ledger.posting.gather import held
from devices.listed import Only, listed
from devices.moments.spans import refuse_ahead
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.installations import (
    INSTALLATIONS,
    INSTALLING,
    Confirmer,
    GuidanceOutcome,
    InstallAct,
    Installation,
    InstallChecks,
    InstallMode,
    not_in_vain,
)
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION
from devices.problems import Problem, Refused, refuse
from devices.records import Personal, Written
from devices.serials import recognised
from devices.service.installations.install_rules import hindrance
from devices.service.installations.installs import installations_under, is_gone, trip_of
from devices.service.jobs.dispatching import OrderAsked, open_dispatch_order
from devices.spares.orders import tell_home
from devices.store.database import Store
from devices.unit import Unit

INSTALLED_IN = ("sold", "in_service")
"""The states of a device that is with its customer, where it may be installed."""
OF_BOTH = ("/customer", "/asked_at")
"""What a body says of the installation and of the order that is opened with it alike."""
Trip: TypeAlias = str | OrderAsked
"""What somebody is sent with: the number of a dispatch order, or what one is opened with."""


class InstallAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation is opened with; `customer` is needed away from their home, `trip` where it is on site."""

    site: str
    serial: str
    mode: InstallMode
    asked_at: int
    customer: Party | None = None
    trip: Trip | None = None


def open_installation(writer: Writer, unit: Unit, asked: InstallAsked, *, by: str) -> Written:
    """Write down that a customer asks for a device of theirs to be installed; the site's journal is held.

    With a `trip` somebody is sent at once. Raises Refused: what is wrong of the serial, `not_installable`,
    `customer_required`, `customer_not_matched`, `future_date`, `order_required` of one on site without a trip,
    `installation_open_already` and `installed_already` naming the one there is, and as `send_for` does.
    """
    serial, customer = _device(writer, asked)
    hold_unerased(writer.store, customer, "/serial")  # two sites that ask at once follow one another by this
    refuse_ahead(asked.asked_at, writer.now_us, "/asked_at")
    if asked.mode == "on_site" and asked.trip is None:
        raise refuse("order_required", "/dispatch_order")
    value = Installation(
        records.next_number(writer.store, INSTALLATION, asked.site), asked.site, customer, serial, asked.mode,
        asked.asked_at, writer.now_us, by, earlier=_earlier(writer.store, serial, customer),
        course=(InstallAct("ask", writer.now_us, by),),
    )  # fmt: skip
    if asked.trip is not None:
        value = _sent(writer, unit, value, asked.trip, by=by)
    tell_home(writer, unit, INSTALLATION, value, (serial,), asked.customer)
    return records.write(writer, INSTALLATION, value, by=by, expected=0)[1]


def _device(writer: Writer, asked: InstallAsked) -> tuple[str, str]:
    """The device that is to be installed, and the number of the customer whom it is with."""
    serial = recognised(asked.serial, "/serial")
    found = held(writer.store, [serial]).get(serial)
    position = found.position if found is not None and found.step else None
    if position is None or position.customer is None or position.state not in INSTALLED_IN:
        raise refuse("not_installable", "/serial", serial=serial, state=position.state if position else "new")
    refuse_unnamed(writer.store, asked.site, serial, position.customer, asked.customer)
    return serial, position.customer


def _earlier(store: Store, serial: str, customer: str) -> str | None:
    """The last installation of a device there, which was given up."""
    there = list(listed(store, INSTALLATION, only=Only(customers=[customer], serial=serial)))
    for value in there:
        if value.state in INSTALLING:
            raise refuse("installation_open_already", "/serial", serial=serial, installation=value.number)
        if value.state == "installed":
            raise refuse("installed_already", "/serial", serial=serial, installation=value.number)
    return max((value.number for value in there), default=None)


def guide(
    writer: Writer,
    value: Installation,
    revision: int,
    minutes: int,
    outcome: GuidanceOutcome,
    *,
    by: str,
) -> Written:
    """Tell of one attempt to guide a customer by phone. Raises Refused: `installation_out_of_order`, `guidance_spent`
    once GUIDED_MINUTES are spent.
    """
    _take("guide", value, trip_of(writer.store, value))
    changed = replace(value, minutes=value.minutes + minutes)
    return _write(writer, changed, revision, InstallAct("guide", writer.now_us, by, minutes, outcome))


def send_for(
    writer: Writer, unit: Unit, value: Installation, revision: int, trip: Trip, *, by: str
) -> Written:
    """Send somebody, under an order that is there or is opened by this; again where the one before came to nothing.

    Raises Refused: `installation_out_of_order`, `trip_under_way`, as `open_dispatch_order` does, and of an order that
    is named `unknown_order`, `order_of_other_site`, `order_of_other_customer`, `order_of_other_device`,
    `order_not_to_install`, `order_closed`.
    """
    _take("send", value, trip_of(writer.store, value))
    changed = _sent(writer, unit, value, trip, by=by)
    return records.write(writer, INSTALLATION, changed, by=by, expected=revision)[1]


def _sent(writer: Writer, unit: Unit, value: Installation, trip: Trip, *, by: str) -> Installation:
    order = (
        _named_order(writer.store, value, trip)
        if isinstance(trip, str)
        else _opened(writer, unit, trip, by=by)
    )
    return INSTALLATIONS.taken(
        replace(value, order=order), InstallAct("send", writer.now_us, by, order=order)
    )


def _opened(writer: Writer, unit: Unit, asked: OrderAsked, *, by: str) -> str:
    """The number of an order that is opened for an installation; what is refused of it stands within its body."""
    try:
        return open_dispatch_order(writer, unit, asked, by=by)[0].number
    except Refused as refused:
        raise Refused(_within(problem) for problem in refused.problems) from refused


def _within(problem: Problem) -> Problem:
    if problem.pointer.startswith(OF_BOTH):
        return problem
    inner = "" if problem.pointer.startswith("/serials") else problem.pointer
    return replace(problem, pointer=f"/dispatch_order{inner}")


def _named_order(store: Store, value: Installation, number: str) -> str:
    """An order that is there already, made sure that it is to install this device at this customer's."""
    found = records.current(store, DISPATCH_ORDER, number)
    if found is None:
        raise refuse("unknown_order", "/dispatch_order", order=number)
    order: DispatchOrder = found[0]
    facts = {"order": number, "serial": value.serial}
    if order.site != value.site:
        raise refuse("order_of_other_site", "/dispatch_order", order=number, site=order.site)
    if value.serial not in order.serials:
        raise refuse("order_of_other_device", "/dispatch_order", **facts)
    if order.customer != value.customer:
        raise refuse("order_of_other_customer", "/dispatch_order", **facts)
    if "install" not in order.purposes:
        raise refuse("order_not_to_install", "/dispatch_order", order=number)
    if not_in_vain(order) is None:
        raise refuse("order_closed", "/dispatch_order", order=number)
    return number


def confirm_installed(
    writer: Writer,
    unit: Unit,
    value: Installation,
    revision: int,
    checks: InstallChecks,
    confirmer: Confirmer,
    *,
    by: str,
) -> Written:
    """End an installation, with the three checks and who at the customer's confirmed them; on site it was done when
    the order's record says.

    Raises Refused: `installation_out_of_order`, `install_check_failed` for each that is not in order,
    `guidance_spent`, `order_required`, `service_record_required`, `not_installable` once it is no longer theirs, but
    where a spare went in for it under that order.
    """
    trip = trip_of(writer.store, value)
    _take("confirm", value, trip, gone=is_gone(writer.store, value))
    failed = [name for name, holds in msgspec.structs.asdict(checks).items() if not holds]
    if failed:
        facts = {"installation": value.number}
        raise Refused(
            Problem("install_check_failed", f"/checks/{name}", {**facts, "install_check": name})
            for name in failed
        )
    done_at = trip.record.completed_at if trip and trip.record else writer.now_us
    changed = replace(value, checks=checks, installed_at=done_at, order=trip.number if trip else value.order)
    act = InstallAct("confirm", writer.now_us, by)
    return _write(writer, changed, revision, act, unit=unit, confirmer=confirmer)


def follow_correction(writer: Writer, order: DispatchOrder, *, by: str) -> None:
    """Let what an order installed be done when its corrected record says.

    Raises Refused: `installation_confirmed`, where that now says that nothing was installed.
    """
    assert order.record is not None, "a record that was corrected"
    for value in installations_under(writer.store, order):
        if value.state in INSTALLING or value.installed_at is None:
            continue
        if not_in_vain(order) is None:
            facts = {"installation": value.number, "order": order.number}
            raise refuse("installation_confirmed", "/record/outcomes/install", **facts)
        if value.installed_at == order.record.completed_at:
            continue
        act = InstallAct("correct", writer.now_us, by, order=order.number)
        changed = replace(value, installed_at=order.record.completed_at, course=(*value.course, act))
        records.write(writer, INSTALLATION, changed, by=by)


def give_up(writer: Writer, value: Installation, revision: int, reason: str, *, by: str) -> Written:
    """End an installation that the customer's equipment does not allow; they may ask again.

    Of a device that is no longer with them only an order that is still to be done keeps it from ending. Raises
    Refused: `installation_out_of_order`, `trip_under_way`, `guidance_spent`.
    """
    _take("give_up", value, trip_of(writer.store, value), gone=is_gone(writer.store, value))
    return _write(writer, value, revision, InstallAct("give_up", writer.now_us, by, reason=reason))


def _take(name: str, value: Installation, trip: DispatchOrder | None, *, gone: bool = False) -> None:
    """Make sure that a step may be taken."""
    INSTALLATIONS.take(name, value.state, installation=value.number)
    if problem := hindrance(name, value, trip, gone=gone):
        raise Refused([problem])


def _write(
    writer: Writer,
    value: Installation,
    revision: int,
    act: InstallAct,
    *,
    unit: Unit | None = None,
    confirmer: Confirmer | None = None,
) -> Written:
    personal = Personal(records.encode(confirmer)) if confirmer else None
    secret = unit.secret if unit else None
    return records.write(
        writer,
        INSTALLATION,
        INSTALLATIONS.taken(value, act),
        by=act.by,
        expected=revision,
        personal=personal,
        secret=secret,
    )[1]
