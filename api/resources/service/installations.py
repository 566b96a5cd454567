"""Installations (安装记录) over HTTP: asked for, guided by phone, given an order, confirmed, given up, listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from typing import Annotated

import msgspec

from api.callers.access import site_of_number, works_or_reads
from api.calls import Call, Done, Shown
from api.resources.records import found_record
from api.resources.service.dispatch_orders import ContactBody, WindowBody, contact_told, window_told
from api.resources.service.order_lists import OrderQuery, only_asked, sites_of_orders
from api.wire import times
from api.wire.paging import page, refuse_unknown
from devices.journal import Writer, open_journals
from devices.ledger.deciding.drafts import Party
from devices.ledger.reading.customers import customer_shown, sees_customer
from devices.ledger.reading.passport import CustomerShown
from devices.listed import Only, listed
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.installations import (
    INSTALLATIONS,
    INSTALLING,
    LONGEST_GUIDANCE,
    Confirmer,
    GuidanceOutcome,
    Installation,
    InstallationState,
    InstallChecks,
    InstallMode,
)
from devices.paperwork_kinds import INSTALLATION
from devices.problems import refuse, refuse_foreign
from devices.records import Written
from devices.service.installations import installing, installs
from devices.service.jobs.dispatching import OrderAsked
from devices.service.jobs.technicians import takes_as_declared
from devices.texts.lengths import Contact, Name, Sentence, Serial, Username, Word
from devices.values import UNIT

Minutes = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_GUIDANCE)]


class TripBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The dispatch order that is opened to install the device; the customer asked when they asked for that.

    `fault` says what is to be done, and is journalled for good: no personal data there.
    """

    fault: Sentence
    technician: Username | None = None
    window: WindowBody | None = None
    issued_as: Word | None = None
    contact: ContactBody | None = None


class InstallationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer asks for a device to be installed; `customer` is asked for away from their home.

    `asked_at` is when they asked, in RFC 3339: the deadline counts from it; now where it is left out. `dispatch_order`
    is the number of one that is there, or opens one: somebody is sent at once, as `mode` `on_site` asks for.
    """

    site: Word
    serial: Serial
    mode: InstallMode
    customer: Party | None = None
    asked_at: times.Told | None = None
    dispatch_order: Word | TripBody | None = None


class GuidanceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One attempt by phone: how many minutes it took, and whether it helped."""

    minutes: Minutes
    outcome: GuidanceOutcome


class SendBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The dispatch order under which somebody goes: the number of one that is there, or what one is opened with."""

    dispatch_order: Word | TripBody | None = None
    customer: Party | None = None


class ConfirmerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who at the customer's confirmed it; erased with them."""

    name: Name
    phone: Contact | None = None


class ConfirmInstalledBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The three checks, every one told, and who confirmed them."""

    checks: InstallChecks
    confirmed_by: ConfirmerBody


class GiveUpBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the customer's equipment does not allow it: it is journalled for good, no personal data there."""

    reason: Sentence


class InstallationQuery(OrderQuery, frozen=True, kw_only=True):
    """Installations in one state, or whose order a technician has; their day is that of the asking, once ended that."""

    state: InstallationState | None = None
    technician: Username | None = None


class InstallationAnswer(Installation, frozen=True):
    """An installation as whoever works on it sees it.

    `customer_shown` and `confirmed_by` are told to whoever sees the customer, and to the technician until it is ended;
    `next` are the steps that the caller may take.
    """

    customer_shown: CustomerShown | None = None
    confirmed_by: Confirmer | None = None
    next: tuple[str, ...] = ()


INSTALL_BODIES: dict[str, type[msgspec.Struct]] = {
    "guide": GuidanceBody,
    "send": SendBody,
    "confirm": ConfirmInstalledBody,
    "give_up": GiveUpBody,
}
"""What each step of an installation asks for."""
assert list(INSTALL_BODIES) == list(INSTALLATIONS.step), "a step that nobody can take"

STEPS_TOLD = {
    "guide": "Tell of one attempt to guide the customer by phone; after thirty minutes in all without success somebody"
    " is sent.",
    "send": "Send somebody under a dispatch order to install; again where the order before came to nothing.",
    "confirm": "End it with the three checks and who confirmed them; on site once the order's record says that it is"
    " installed.",
    "give_up": "End it because the customer's equipment does not allow it; they may ask again.",
}


def ask_for_installation(call: Call) -> Done:
    """Write down that a customer asks for a device of theirs to be installed; nothing is made by itself."""
    body: InstallationBody = call.body
    asked_at = call.at_us if body.asked_at is None else times.moment(body.asked_at, "/asked_at")
    trip = _trip(body.dispatch_order, body.site, body.serial, asked_at, body.customer)
    asked = installing.InstallAsked(
        site=body.site,
        serial=body.serial,
        mode=body.mode,
        asked_at=asked_at,
        customer=body.customer,
        trip=trip,
    )
    writer = _writer(call, body.site, body.dispatch_order)
    written = installing.open_installation(writer, call.unit, asked, by=call.who.username)
    return Done(201, written.key)


def _writer(call: Call, site: str, trip: str | TripBody | None) -> Writer:
    """A writer of the site, and of the unit where an order is opened that has a number elsewhere."""
    unique = isinstance(trip, TripBody) and trip.issued_as is not None
    return open_journals(call.store, [site, UNIT] if unique else [site], call.at_us)


def _trip(
    told: str | TripBody | None, site: str, serial: str, asked_at: int, customer: Party | None
) -> installing.Trip | None:
    if not isinstance(told, TripBody):
        return told
    return OrderAsked(
        site=site,
        purposes=("install",),
        asked_at=asked_at,
        fault=told.fault,
        serials=(serial,),
        customer=customer,
        technician=told.technician or None,
        window=window_told(told.window, "/dispatch_order/window"),
        issued_as=told.issued_as,
        contact=contact_told(told.contact),
    )


_InstallAct = Callable[[Call, Writer, Installation, int], Written]


def _guide(call: Call, writer: Writer, value: Installation, revision: int) -> Written:
    body: GuidanceBody = call.body
    return installing.guide(writer, value, revision, body.minutes, body.outcome, by=call.who.username)


def _send(call: Call, writer: Writer, value: Installation, revision: int) -> Written:
    body: SendBody = call.body
    trip = _trip(body.dispatch_order, value.site, value.serial or "", value.asked_at, body.customer)
    if trip is None:
        raise refuse("order_required", "/dispatch_order")
    return installing.send_for(writer, call.unit, value, revision, trip, by=call.who.username)


def _confirm(call: Call, writer: Writer, value: Installation, revision: int) -> Written:
    body: ConfirmInstalledBody = call.body
    confirmer = Confirmer(body.confirmed_by.name, body.confirmed_by.phone or None)
    return installing.confirm_installed(
        writer, call.unit, value, revision, body.checks, confirmer, by=call.who.username
    )


def _give_up(call: Call, writer: Writer, value: Installation, revision: int) -> Written:
    return installing.give_up(writer, value, revision, call.body.reason, by=call.who.username)


INSTALL_ACTS: dict[str, _InstallAct] = {
    "guide": _guide,
    "send": _send,
    "confirm": _confirm,
    "give_up": _give_up,
}
"""By the step's name; every declared one is here."""
assert list(INSTALL_ACTS) == list(INSTALLATIONS.step), "a step that nobody can take"


def install_step(name: str) -> Callable[[Call], Done]:
    """A function that takes a step of an installation, for whom it is to take."""

    def write(call: Call) -> Done:
        site, trip = site_of_number(call.path["number"]), getattr(call.body, "dispatch_order", None)
        writer = _writer(call, site, trip)
        value, revision = found_record(call, INSTALLATION, call.path["number"])
        _refuse_others(call, name, value, installs.trip_of(call.store, value))
        INSTALL_ACTS[name](call, writer, value, revision)
        return Done(200, value.number)

    write.__doc__ = STEPS_TOLD[name]
    return write


def _refuse_others(call: Call, name: str, value: Installation, trip: DispatchOrder | None) -> None:
    """Refuse a step to whoever it is not for: a technician takes it under an order that is assigned to them."""
    if _takes(call, name, value, trip):
        return
    if trip is None:
        raise refuse("order_required", "/dispatch_order")
    raise refuse("not_the_technician", order=trip.number, technician=trip.technician)


def _takes(call: Call, name: str, value: Installation, trip: DispatchOrder | None) -> bool:
    who = INSTALLATIONS.step[name].who
    return takes_as_declared(call.who, who, value.site, trip.technician if trip else None)


def show_installation(call: Call, done: Done) -> Shown:
    """One installation as the caller may see it."""
    value, revision = found_record(call, INSTALLATION, done.key or call.path["number"])
    return Shown(installation_seen(call, value), revision)


def installation_seen(call: Call, value: Installation) -> InstallationAnswer:
    """An installation as the caller may see it.

    Raises Refused (`not_found`) for one that is neither of their site nor under an order of theirs.
    """
    store, trip = call.store, installs.trip_of(call.store, value)
    reads = call.who.reads(value.site)
    if not works_or_reads(call.who, value.site, trip.technician if trip else None):
        raise refuse_foreign()
    answer = InstallationAnswer(
        **msgspec.structs.asdict(value),
        next=tuple(
            name for name in installs.free_steps(store, value, trip) if _takes(call, name, value, trip)
        ),
    )
    if not (sees_customer(store, value.customer, call.who.reads) if reads else value.state in INSTALLING):
        return answer
    return msgspec.structs.replace(
        answer,
        customer_shown=customer_shown(store, value.customer),
        confirmed_by=installs.confirmer_of(store, value.number),
    )


def list_installations(call: Call, _: Done) -> Shown:
    """The installations of the caller's sites, by number; a technician's are those whose order is theirs."""
    return page(call, _wanted(call), INSTALLATION.key)


def _wanted(call: Call) -> Iterator[Installation]:
    query: InstallationQuery = call.query
    every, own = sites_of_orders(call)
    refuse_unknown(call, "technician")
    only = only_asked(call, query.state)
    found = _listed(call, every, only, query.technician)
    if own and query.technician in (None, call.who.username):
        return merge(found, _listed(call, own, only, call.who.username), key=INSTALLATION.key)
    return found


def _listed(
    call: Call, sites: list[str] | None, only: Only, technician: str | None
) -> Iterator[Installation]:
    found = listed(call.store, INSTALLATION, sites, call.query.place, only)
    return installs.of_technician(call.store, found, technician) if technician else found
