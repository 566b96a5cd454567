"""Service records (上门服务单): filed under a dispatch order once its job is done, and corrected with a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from devices.journal import Writer
from devices.ledger.posting.personal_papers import signed_papers
from devices.moments.spans import MINUTE_US, ahead_fault, is_ahead
from devices.paperwork.dispatches import (
    DISPATCHES,
    OUTCOMES,
    Correction,
    DispatchOrder,
    ServiceRecord,
    Used,
)
from devices.people.persons import person_of
from devices.problems import Problem, Refused, refuse
from devices.records import Written
from devices.serials import recognised
from devices.service.calls.about_jobs import follow_corrected, open_follow_up
from devices.service.installations.installing import follow_correction
from devices.service.jobs.dispatching import advance
from devices.service.jobs.settling import pairs_carried, swaps_under
from devices.service.jobs.technicians import takes_step
from devices.store.database import Store


class Seen(msgspec.Struct, frozen=True):
    """What a record is judged by beside its order: the clock, what is carried, swapped and kept.

    `carried` is the faulty device that each carried spare is meant for, `swapped` the document of each pair that was
    swapped already, `papers` the digests of those papers the record names which the order's customer signed.
    """

    now_us: int
    carried: Mapping[str, str]
    swapped: Mapping[Used, str]
    papers: Collection[str]


def file_record(
    writer: Writer, order: DispatchOrder, revision: int, record: ServiceRecord, *, by: str
) -> Written:
    """File what was done under an order; its job is done then, and the customer is to be called about it.

    Raises Refused with everything that is wrong of the record, `service_record_exists`, `order_closed`.
    """
    DISPATCHES.take("file", order.state, order=order.number)
    _refuse(writer, order, record)
    done = replace(order, record=record)
    written = advance(writer, done, revision, "file", by=by)
    open_follow_up(writer, done, by=by)
    return written


def correct_record(
    writer: Writer,
    order: DispatchOrder,
    revision: int,
    record: ServiceRecord,
    reason: str,
    *,
    by: str,
) -> Written:
    """Correct a filed record, with a reason; the one before stays beside it.

    Raises Refused: `dispatch_out_of_order`, `filed_by_another`, `followed_up`, `installation_confirmed`, and everything
    that is wrong of the record.
    """
    DISPATCHES.take("correct", order.state, order=order.number)
    before = order.record
    assert before is not None, "a job that is done has its record"
    if not corrects(writer.store, order, by):
        raise refuse("filed_by_another", order=order.number, username=before.filed_by)
    _refuse(writer, order, record)
    kept = Correction(before, reason, writer.now_us, by)
    changed = replace(order, record=record, corrections=(*order.corrections, kept))
    follow_corrected(writer, changed, by=by)
    follow_correction(writer, changed, by=by)
    return advance(writer, changed, revision, "correct", by=by, reason=reason)


def corrects(store: Store, order: DispatchOrder, username: str) -> bool:
    """Whether a filed record is somebody's to correct, as far as that hangs on who filed it.

    Whoever filed it does; once they can no longer, whoever may take the step in their place.
    """
    filed_by = order.record.filed_by if order.record else None
    if filed_by is None or filed_by == username:
        return filed_by is not None
    filer = person_of(store, filed_by)
    return filer is None or not takes_step(filer, "correct", order)


def _refuse(writer: Writer, order: DispatchOrder, record: ServiceRecord) -> None:
    problems = list(record_faults(order, record, _seen(writer, order, record)))
    if problems:
        raise Refused(problems)


def _seen(writer: Writer, order: DispatchOrder, record: ServiceRecord) -> Seen:
    store = writer.store
    carried = {pair.spare: pair.faulty for pair in pairs_carried(store, order.number)}
    paper = record.confirmation.paper if record.confirmation else None
    papers = signed_papers(store, order, [paper] if paper else [])
    return Seen(writer.now_us, carried, swaps_under(store, order.number), papers)


def record_faults(order: DispatchOrder, record: ServiceRecord, seen: Seen) -> Iterator[Problem]:
    """Everything that is wrong of a record. Pure."""
    if not order.is_given:  # a trip that nobody made is nobody's word
        yield Problem("technician_missing", "", {"order": order.number})
    yield from _times(order, record, seen)
    yield from _outcomes(order, record)
    yield from _used(order, record, seen)
    yield from _confirmation(record, seen)


def _times(order: DispatchOrder, record: ServiceRecord, seen: Seen) -> Iterator[Problem]:
    """A job is done under an order that was open before, by now, and by whoever came after the customer had asked.

    A clock that was ahead opened nothing yet, and nobody asked by it.
    """
    for name in ("arrived_at", "completed_at"):
        at_us = getattr(record, name)
        if at_us is not None and (ahead := ahead_fault(at_us, seen.now_us, f"/{name}")):
            yield ahead
    if record.arrived_at is not None and record.arrived_at > record.completed_at:
        yield Problem("arrived_after_completed", "/arrived_at", {"order": order.number})
    if record.arrived_at is not None and _precedes(record.arrived_at, order.asked_at, seen.now_us):
        yield Problem("arrived_before_asked", "/arrived_at", {"order": order.number})
    if _precedes(record.completed_at, order.opened_at, seen.now_us):
        yield Problem("completed_before_opened", "/completed_at", {"order": order.number})


def _precedes(told_us: int, kept_us: int, now_us: int) -> bool:
    """Whether what somebody tells, to the minute as people do, lies before a moment that was kept."""
    return told_us < kept_us // MINUTE_US * MINUTE_US and not is_ahead(kept_us, now_us)


def _outcomes(order: DispatchOrder, record: ServiceRecord) -> Iterator[Problem]:
    for purpose in OUTCOMES:
        told = getattr(record.outcomes, purpose)
        if (told is not None) != (purpose in order.purposes):
            code = "outcome_required" if told is None else "outcome_not_asked"
            yield Problem(code, f"/outcomes/{purpose}", {"order": order.number, "purpose": purpose})


def _used(order: DispatchOrder, record: ServiceRecord, seen: Seen) -> Iterator[Problem]:
    """A spare that went in was carried under this order for that very device; what was swapped stays told."""
    told = record.used or ()
    for index, pair in enumerate(told):
        pointer = f"/used/{index}"
        if pair in seen.swapped:
            continue
        if pair.faulty not in order.serials:
            facts = {"order": order.number, "serial": pair.faulty}
            yield Problem("order_of_other_device", f"{pointer}/faulty", facts)
        elif pair.spare not in seen.carried:
            facts = {"order": order.number, "serial": pair.spare, "faulty": pair.faulty}
            yield Problem("spare_not_carried", f"{pointer}/spare", facts)
        elif seen.carried[pair.spare] != pair.faulty:
            facts = {"serial": pair.spare, "faulty": seen.carried[pair.spare]}
            yield Problem("swap_other_faulty", f"{pointer}/spare", facts)
    for pair, document in seen.swapped.items():
        if pair not in told:
            facts = {"serial": pair.spare, "faulty": pair.faulty, "document": document}
            yield Problem("used_was_swapped", "/used", facts)
    for name in ("faulty", "spare"):
        named = [getattr(pair, name) for pair in told]
        for serial in sorted({each for each in named if named.count(each) > 1}):
            yield Problem("used_twice", "/used", {"serial": serial})


def _confirmation(record: ServiceRecord, seen: Seen) -> Iterator[Problem]:
    told = record.confirmation
    if told is None:
        return
    if told.how == "declined" and not (told.reason or "").strip():
        yield Problem("reason_required", "/confirmation/reason")
    if told.how == "signed" and told.paper is None:
        yield Problem("signed_paper_required", "/confirmation/paper")
    if told.paper is not None and told.paper not in seen.papers:
        yield Problem("unknown_attachment", "/confirmation/paper", {"digest": told.paper})


def pair_told(faulty: str, spare: str, pointer: str) -> Used:
    """A pair as it was scanned, its serials recognised. Raises Refused with what is wrong of one."""
    return Used(recognised(faulty, f"{pointer}/faulty"), recognised(spare, f"{pointer}/spare"))
