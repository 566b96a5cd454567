"""Dispatch orders (派工单) over HTTP: opened, worked step by step, closed by a service record, corrected, cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import msgspec

from api.callers.access import works_or_reads
from api.calls import Call, Done, Shown
from api.resources.records import found_record
from api.resources.service.order_lists import OrderQuery, list_jobs
from api.wire import times
from api.wire.paging import refuse_unknown
from api.writing import at_site_of_number
from devices import records
from devices.journal import Writer, open_journals
from devices.ledger.deciding.drafts import Fen, Party
from devices.ledger.reading.customers import customer_shown, sees_customer
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.dispatches import (
    DISPATCHES,
    MOST_DEVICES,
    TO_BE_DONE,
    Confirmation,
    Confirmed,
    DispatchOrder,
    DispatchState,
    JobContact,
    Outcomes,
    Purpose,
    ServiceRecord,
    Used,
    WaitReason,
    Window,
)
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.problems import refuse, refuse_foreign
from devices.service import filing
from devices.service.calls.about_jobs import is_followed_up
from devices.service.jobs import dispatching, settling
from devices.service.jobs.technicians import takes_step
from devices.store.database import Store
from devices.texts.lengths import Address, Contact, Digest, Name, Note, Sentence, Serial, Username, Word
from devices.values import UNIT

Purposes = Annotated[tuple[Purpose, ...], msgspec.Meta(min_length=1, max_length=3)]


class WindowBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The time in which the technician comes, in RFC 3339."""

    starts_at: times.Told
    ends_at: times.Told


class ContactBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ask for, where it is not the customer themselves; erased with them."""

    name: Name | None = None
    phone: Contact | None = None
    address: Address | None = None


class DispatchOrderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A technician sent to a customer; `customer` is asked for where no device tells them, and away from their home.

    `asked_at` is when the customer asked, in RFC 3339: the deadline counts from it; now where it is left out. `fault`
    is journalled for good: no personal data there.
    """

    site: Word
    fault: Sentence
    purposes: Purposes = ("repair",)
    serials: Annotated[tuple[Serial, ...], msgspec.Meta(max_length=MOST_DEVICES)] = ()
    customer: Party | None = None
    asked_at: times.Told | None = None
    technician: Username | None = None
    window: WindowBody | None = None
    issued_as: Word | None = None
    contact: ContactBody | None = None


class UsedBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A spare that went in, and the faulty device that came out; both as they were scanned on the spot."""

    faulty: Serial
    spare: Serial


class ConfirmationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the customer confirmed: `paper` is the digest of the paper they signed, `reason` why they declined.

    The reason is journalled for good: no personal data there.
    """

    how: Confirmed
    paper: Digest | None = None
    reason: Note | None = None


class ServiceRecordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done under an order; times in RFC 3339, `charged_fen` 0 for free.

    `diagnosis` and `work` are journalled for good: no personal data there.
    """

    arrived_at: times.Told
    completed_at: times.Told
    diagnosis: Sentence
    work: Sentence
    outcomes: Outcomes
    confirmation: ConfirmationBody
    charged_fen: Fen = 0
    used: Annotated[tuple[UsedBody, ...], msgspec.Meta(max_length=MOST_DEVICES)] = ()


class CorrectionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record as it should be, and why it is corrected: journalled for good, no personal data there."""

    reason: Sentence
    record: ServiceRecordBody


class AssignBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who goes; `reason` where somebody else was to: it is journalled for good, no personal data there."""

    technician: Username
    reason: Note | None = None


class AppointBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The time that was agreed with the customer."""

    window: WindowBody


class PostponeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the job waits, and the new time where one was agreed."""

    reason: WaitReason
    window: WindowBody | None = None


class CancelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why nobody goes: it is journalled for good, no personal data there."""

    reason: Sentence


class DispatchQuery(OrderQuery, frozen=True, kw_only=True):
    """Those in one state besides, or of one technician."""

    state: DispatchState | None = None
    technician: Username | None = None


class Job(DispatchOrder, frozen=True):
    """A dispatch order as whoever works it sees it.

    `customer_shown` and `contact` are told to whoever sees the customer, and to the technician until the order is
    settled; `carried` are the spares that are out under it, `unsettled` the pairs that wait for their swap, and
    `next` the steps that the caller may take.
    """

    customer_shown: CustomerShown | None = None
    contact: JobContact | None = None
    carried: tuple[str, ...] = ()
    unsettled: tuple[Used, ...] = ()
    next: tuple[str, ...] = ()


STEP_BODIES: dict[str, type[msgspec.Struct] | None] = {
    "reassign": AssignBody,
    "appoint": AppointBody,
    "accept": None,
    "postpone": PostponeBody,
    "resume": None,
    "correct": CorrectionBody,
    "cancel": CancelBody,
}
"""What each step of an order asks for, but for filing its record, which has a path of its own."""


def open_dispatch(call: Call) -> Done:
    """Open a dispatch order, and assign it where a technician is named."""
    body: DispatchOrderBody = call.body
    sites = [body.site] if body.issued_as is None else [body.site, UNIT]
    writer = open_journals(call.store, sites, call.at_us)
    asked = dispatching.OrderAsked(
        site=body.site,
        purposes=body.purposes,
        asked_at=call.at_us if body.asked_at is None else times.moment(body.asked_at, "/asked_at"),
        fault=body.fault,
        serials=body.serials,
        customer=body.customer,
        technician=body.technician or None,
        window=window_told(body.window),
        issued_as=body.issued_as,
        contact=contact_told(body.contact),
    )
    _, written = dispatching.open_dispatch_order(writer, call.unit, asked, by=call.who.username)
    return Done(201, written.key)


def window_told(body: WindowBody | None, at: str = "/window") -> Window | None:
    """The time in which the technician comes, as it is kept; `at` is where it stands in the body.

    Raises Refused (`malformed_date`).
    """
    if body is None:
        return None
    return Window(
        times.moment(body.starts_at, f"{at}/starts_at"), times.moment(body.ends_at, f"{at}/ends_at")
    )


def contact_told(body: ContactBody | None) -> JobContact | None:
    """Whom to ask for, as it is kept."""
    return JobContact(**msgspec.structs.asdict(body)) if body else None


_Act = Callable[[Call, Writer, DispatchOrder, int], records.Written]


def _reassign(call: Call, writer: Writer, order: DispatchOrder, revision: int) -> records.Written:
    body = call.body
    return dispatching.reassign(
        writer, call.unit, order, revision, body.technician, body.reason, by=call.who.username
    )


def _appoint(call: Call, writer: Writer, order: DispatchOrder, revision: int) -> records.Written:
    window = window_told(call.body.window)
    assert window is not None, "an appointment has its time"
    return dispatching.appoint(writer, order, revision, window, by=call.who.username)


def _postpone(call: Call, writer: Writer, order: DispatchOrder, revision: int) -> records.Written:
    window = window_told(call.body.window)
    return dispatching.postpone(writer, order, revision, call.body.reason, window, by=call.who.username)


def _cancel(call: Call, writer: Writer, order: DispatchOrder, revision: int) -> records.Written:
    return dispatching.cancel_dispatch(writer, order, revision, call.body.reason, by=call.who.username)


def _plainly(step: str) -> _Act:
    def act(call: Call, writer: Writer, order: DispatchOrder, revision: int) -> records.Written:
        return dispatching.advance(writer, order, revision, step, by=call.who.username)

    return act


def _file(call: Call, writer: Writer, order: DispatchOrder, revision: int) -> records.Written:
    record = _record(call, call.body, "")
    return filing.file_record(writer, order, revision, record, by=call.who.username)


def _correct(call: Call, writer: Writer, order: DispatchOrder, revision: int) -> records.Written:
    record = _record(call, call.body.record, "/record")
    return filing.correct_record(writer, order, revision, record, call.body.reason, by=call.who.username)


ACTS_ON_ORDERS: dict[str, _Act] = {
    "reassign": _reassign,
    "appoint": _appoint,
    "accept": _plainly("accept"),
    "postpone": _postpone,
    "resume": _plainly("resume"),
    "file": _file,
    "correct": _correct,
    "cancel": _cancel,
}
"""By the step's name; every declared one is here."""
assert list(ACTS_ON_ORDERS) == list(DISPATCHES.step), "a step that nobody can take"


STEP_TOLD = {
    "reassign": "Give an order to a technician; to another one with a reason, and not while they carry a spare for it.",
    "appoint": "Agree with the customer on the time in which the technician comes.",
    "accept": "Take an order on, as the technician it was given to.",
    "postpone": "Put a job off for a reason; the deadline goes on, and the reason is told beside it.",
    "resume": "Take up a job that waited.",
    "file": "File what was done, and how the customer confirmed it; the job is done then.",
    "correct": "Correct one's own record with a reason, until the job was called about; the record before stays.",
    "cancel": "Cancel an order under which nothing was done.",
}


def taking_step(name: str) -> Callable[[Call], Done]:
    """A function that takes a step of an order, for whom it is to take."""

    def write(call: Call) -> Done:
        writer = at_site_of_number(call)
        order, revision = found_record(call, DISPATCH_ORDER, call.path["number"])
        if not takes_step(call.who, name, order):
            raise refuse("not_the_technician", order=order.number, technician=order.technician)
        ACTS_ON_ORDERS[name](call, writer, order, revision)
        return Done(201 if name == "file" else 200, order.number)

    write.__doc__ = STEP_TOLD[name]
    return write


def _next(call: Call, order: DispatchOrder) -> Iterator[str]:
    """The steps that the caller may take of an order."""
    hindered = {
        "file": not order.is_given,
        "correct": not filing.corrects(call.store, order, call.who.username)
        or is_followed_up(call.store, order.number),
    }
    for step in DISPATCHES.next_steps(order.state):
        if not hindered.get(step.name) and takes_step(call.who, step.name, order):
            yield step.name


def _record(call: Call, body: ServiceRecordBody, at: str) -> ServiceRecord:
    told = body.confirmation
    return ServiceRecord(
        completed_at=times.moment(body.completed_at, f"{at}/completed_at"),
        diagnosis=body.diagnosis,
        work=body.work,
        charged_fen=body.charged_fen,
        filed_at=call.at_us,
        filed_by=call.who.username,
        arrived_at=times.moment(body.arrived_at, f"{at}/arrived_at"),
        outcomes=body.outcomes,
        used=tuple(
            filing.pair_told(each.faulty, each.spare, f"{at}/used/{n}") for n, each in enumerate(body.used)
        ),
        confirmation=Confirmation(told.how, told.paper, told.reason),
    )


def show_job(call: Call, done: Done) -> Shown:
    """One order as the caller may see it."""
    order, revision = found_record(call, DISPATCH_ORDER, done.key or call.path["number"])
    return Shown(job_of(call, order), revision)


def job_of(call: Call, order: DispatchOrder) -> Job:
    """An order as the caller may see it.

    Raises Refused (`not_found`) for one that is neither theirs nor their site's.
    """
    reads = call.who.reads(order.site)
    if not works_or_reads(call.who, order.site, order.technician):
        raise refuse_foreign()
    waits = settling.unsettled(call.store, order)
    job = Job(
        **msgspec.structs.asdict(order),
        carried=tuple(settling.carried_under(call.store, order.number)),
        unsettled=waits,
        next=tuple(_next(call, order)),
    )
    if order.customer is None or not (
        sees_customer(call.store, order.customer, call.who.reads)
        if reads
        else order.state in TO_BE_DONE or waits
    ):
        return job
    shown = customer_shown(call.store, order.customer)
    return msgspec.structs.replace(
        job, customer_shown=shown, contact=contact_of_job(call.store, order.number)
    )


def contact_of_job(store: Store, number: str) -> JobContact | None:
    """Whom to ask for, as an order names them; None where it names nobody, and once that was erased."""
    return contacts_of_jobs(store, [number]).get(number)


def contacts_of_jobs(store: Store, numbers: Iterable[str]) -> dict[str, JobContact]:
    """Whom to ask for, by the orders that name somebody."""
    found = records.personal_of_these(store, DISPATCH_ORDER, numbers)
    return {number: msgspec.json.decode(content, type=JobContact) for number, content in found.items()}


def list_dispatch_orders(call: Call, _: Done) -> Shown:
    """The orders of the caller's sites, by number; a technician's are those that are assigned to them."""
    refuse_unknown(call, "technician")
    return list_jobs(call, DISPATCH_ORDER, call.query.state, call.query.technician)
