"""Dispatch orders (派工单): opened, given to a technician, agreed with the customer, put off, cancelled.

Each act is a step of DISPATCHES, taken while the journal of the order's site is held, and kept in the order's course.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from devices import records
from devices.journal import Writer
from devices.ledger.deciding.drafts import Party
from devices.ledger.posting.customers import hold_unerased, named_customer
from devices.listed import of_devices
from devices.moments.spans import refuse_ahead
from devices.paperwork.dispatches import (
    DISPATCHES,
    REPEAT_DAYS,
    TO_BE_DONE,
    DispatchOrder,
    JobContact,
    Purpose,
    StepTaken,
    Window,
    issued_key,
)
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.problems import Problem, Refused, refuse
from devices.records import Personal, Written
from devices.serials import recognised
from devices.service.jobs.settling import carried_under
from devices.service.jobs.technicians import refuse_uncertified
from devices.spares.orders import device_of_customer, refuse_used, tell_home
from devices.store.database import Store
from devices.unit import Unit


class OrderAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What an order is opened with: for whom, about what, since when, and who goes.

    `customer` is needed where no device tells it, and away from the customer's home. `contact` is whom to ask for.
    """

    site: str
    purposes: tuple[Purpose, ...]
    asked_at: int
    fault: str
    serials: tuple[str, ...] = ()
    customer: Party | None = None
    technician: str | None = None
    window: Window | None = None
    issued_as: str | None = None
    contact: JobContact | None = None


def open_dispatch_order(
    writer: Writer, unit: Unit, asked: OrderAsked, *, by: str
) -> tuple[DispatchOrder, Written]:
    """Open a dispatch order; the site's journal is held, and the unit's where `issued_as` is told.

    Away from the customer's home they are `named`, and it is told there. Raises Refused: `customer_required`,
    `customer_not_matched`, `customer_erased`, `serials_of_two_customers`, `order_open_already` naming the order that is
    open for the same device and purpose, `issued_already`, `not_certified`, `future_date`, `window_ends_first`.
    """
    store = writer.store
    serials, customer = _about(writer, asked)
    hold_unerased(store, customer)
    refuse_ahead(asked.asked_at, writer.now_us, "/asked_at")
    _refuse_window(asked.window)
    before = of_devices(store, DISPATCH_ORDER, serials)
    _refuse_open_already(before, asked, customer)
    if asked.technician is not None:
        refuse_uncertified(store, asked.technician, asked.site, unit.day_of(writer.now_us))
    _refuse_issued(store, asked.issued_as)
    number = records.next_number(store, DISPATCH_ORDER, asked.site)
    opened = StepTaken("open", writer.now_us, by, technician=asked.technician, window=asked.window)
    order = DispatchOrder(
        number, asked.site, customer, serials, tuple(sorted(set(asked.purposes))), asked.fault, asked.asked_at,
        writer.now_us, by, asked.technician, asked.window, asked.issued_as,
        repeat_of=_last_job(writer, unit, before), course=(opened,),
    )  # fmt: skip
    tell_home(writer, unit, DISPATCH_ORDER, order, serials, asked.customer)
    personal = Personal(records.encode(asked.contact)) if asked.contact else None
    return records.write(
        writer, DISPATCH_ORDER, order, by=by, expected=0, personal=personal, secret=unit.secret
    )


def _about(writer: Writer, asked: OrderAsked) -> tuple[tuple[str, ...], str]:
    """The devices an order is about, and the customer whose they all are."""
    if not asked.serials:
        if asked.customer is None:
            raise refuse("customer_required", "/customer", serial=None)
        return (), named_customer(writer.store, asked.site, asked.customer).number
    found: dict[str, str] = {}
    for index, text in enumerate(asked.serials):
        serial, customer = device_of_customer(
            writer, text, asked.site, asked.customer, pointer=f"/serials/{index}"
        )
        other = next(iter(found.values()), customer)
        if customer != other:
            raise refuse(
                "serials_of_two_customers", f"/serials/{index}", serial=serial, other=next(iter(found))
            )
        found[serial] = customer
    return tuple(found), next(iter(found.values()))


def _refuse_window(window: Window | None) -> None:
    if window is not None and window.ends_at <= window.starts_at:
        raise refuse("window_ends_first", "/window")


def _refuse_issued(store: Store, issued_as: str | None) -> None:
    if issued_as is None:
        return
    other = records.referred_to(store, DISPATCH_ORDER, issued_key(issued_as))
    if other is not None:
        raise refuse("issued_already", "/issued_as", issued_as=issued_as, order=other.number)


def _refuse_open_already(
    before: Mapping[str, Sequence[DispatchOrder]], asked: OrderAsked, customer: str
) -> None:
    told = [
        recognised(text, "/serials") for text in asked.serials
    ]  # one that is told twice stands in `before` once
    problems = []
    for serial, orders in before.items():
        for order in orders:
            theirs = order.site == asked.site and order.customer == customer and order.state in TO_BE_DONE
            if theirs and set(order.purposes) & set(asked.purposes):
                facts = {"serial": serial, "order": order.number}
                problems.append(Problem("order_open_already", f"/serials/{told.index(serial)}", facts))
                break
    if problems:
        raise Refused(problems)


def _last_job(writer: Writer, unit: Unit, before: Mapping[str, Sequence[DispatchOrder]]) -> str | None:
    """The order of the last job on one of these devices, where it was done within REPEAT_DAYS."""
    since = unit.day_of(writer.now_us) - timedelta(days=REPEAT_DAYS)
    done = [
        (order.record.completed_at, order.number)
        for orders in before.values()
        for order in orders
        if order.record is not None and unit.day_of(order.record.completed_at) >= since
    ]
    return max(done)[1] if done else None


def reassign(
    writer: Writer,
    unit: Unit,
    order: DispatchOrder,
    revision: int,
    technician: str,
    reason: str | None,
    *,
    by: str,
) -> Written:
    """Give an order to a technician, or to another one with a reason; they have yet to accept it.

    Raises Refused: `dispatch_out_of_order`, `order_closed`, `not_certified`, `reason_required`,
    `spare_carried_under` naming a spare that must be carried back first.
    """
    DISPATCHES.take("reassign", order.state, order=order.number)
    if order.technician is not None and not reason:
        raise refuse("reason_required", "/reason")
    if carried := carried_under(writer.store, order.number):
        raise refuse("spare_carried_under", order=order.number, serial=carried[0])
    refuse_uncertified(writer.store, technician, order.site, unit.day_of(writer.now_us))
    changed = replace(order, technician=technician)
    return advance(writer, changed, revision, "reassign", by=by, reason=reason, technician=technician)


def appoint(writer: Writer, order: DispatchOrder, revision: int, window: Window, *, by: str) -> Written:
    """Agree on a time with the customer. Raises Refused: `dispatch_out_of_order`, `order_closed`,
    `window_ends_first`, `not_the_technician`.
    """
    _refuse_window(window)
    return advance(writer, replace(order, window=window), revision, "appoint", by=by, window=window)


def postpone(
    writer: Writer, order: DispatchOrder, revision: int, reason: str, window: Window | None, *, by: str
) -> Written:
    """Put a job off, for a WaitReason; the deadline goes on. Raises Refused as `appoint` does."""
    _refuse_window(window)
    changed = replace(order, window=window or order.window)
    return advance(writer, changed, revision, "postpone", by=by, reason=reason, window=window)


def cancel_dispatch(writer: Writer, order: DispatchOrder, revision: int, reason: str, *, by: str) -> Written:
    """Cancel an order under which nothing was done, while its site's journal is held.

    Raises Refused: `order_closed`, `order_in_use` naming a device and the document that has it under the order.
    """
    DISPATCHES.take("cancel", order.state, order=order.number)
    refuse_used(writer.store, order.number)
    return advance(writer, order, revision, "cancel", by=by, reason=reason)


def advance(
    writer: Writer,
    order: DispatchOrder,
    revision: int,
    name: str,
    *,
    by: str,
    reason: str | None = None,
    technician: str | None = None,
    window: Window | None = None,
) -> Written:
    """Take a declared step of an order and keep it in its course. Raises Refused as the step declares."""
    DISPATCHES.take(name, order.state, order=order.number)
    act = StepTaken(name, writer.now_us, by, reason, technician, window)
    return records.write(writer, DISPATCH_ORDER, DISPATCHES.taken(order, act), by=by, expected=revision)[1]
