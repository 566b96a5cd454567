"""Follow-ups as they come to be: one for every on-site job; of another done job by the first call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from devices import records
from devices.journal import Writer
from devices.ledger.posting.customers import hold_unerased
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.follow_ups import TO_BE_CALLED, FollowUp, follow_up_key
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER, FOLLOW_UP, REPAIR
from devices.problems import refuse
from devices.service.calls.comparing import DoneJob, SomeJob
from devices.service.jobs.settling import swaps_under
from devices.store.database import Store

_KINDS = (DISPATCH_ORDER, REPAIR)
_AT_WORK = ("accept", "postpone", "resume", "file", "correct")
"""The steps of an order that are taken by whoever does the job or writes it up."""


def open_follow_up(writer: Writer, order: DispatchOrder, *, by: str) -> None:
    """Let a job that was just done be called about; its record is written with it."""
    records.write(writer, FOLLOW_UP, _new(order), by=by, expected=0)


def follow_corrected(writer: Writer, order: DispatchOrder, *, by: str) -> None:
    """Let the follow-up of a job know what its corrected record says; nothing puts the call off.

    Raises Refused: `followed_up`, once the customer was asked or given up for unreached.
    """
    found = records.current(writer.store, FOLLOW_UP, follow_up_key(order.number))
    if found is None:
        return
    value, revision = found
    if value.state not in TO_BE_CALLED:
        raise refuse("followed_up", order=order.number, follow_up=value.number)
    fresh = _new(order)
    changed = replace(value, done_at=min(value.done_at, fresh.done_at))
    if changed != value:
        records.write(writer, FOLLOW_UP, changed, by=by, expected=revision)


def is_followed_up(store: Store, number: str) -> bool:
    """Whether the customer was asked about a job, or given up for unreached."""
    found = records.current(store, FOLLOW_UP, follow_up_key(number))
    return found is not None and found[0].state not in TO_BE_CALLED


def follow_up_of(store: Store, subject: str) -> tuple[FollowUp, int] | None:
    """The follow-up of a job, as it would begin where nobody has called yet; None of one that is not done.

    Its revision is 0 as long as it is not kept.
    """
    found = records.current(store, FOLLOW_UP, follow_up_key(subject))
    if found is not None:
        return found
    job = job_of_subject(store, subject)
    return (_new(job, is_due=False), 0) if job is not None and job.record is not None else None


def hold_subject(writer: Writer, value: FollowUp, revision: int) -> None:
    """Keep the customer of a follow-up that begins now from being erased meanwhile; one that is kept does so itself.

    Raises Refused: `customer_erased`.
    """
    if revision == 0 and value.customer is not None:
        hold_unerased(writer.store, value.customer)


def job_of_subject(store: Store, subject: str) -> SomeJob | None:
    """The order that a call is about; None where there is none of that number."""
    kind = records.kind_numbered(subject, _KINDS)
    found = records.current(store, kind, subject) if kind else None
    return found[0] if found else None


def refuse_other_site(number: str, site: str, pointer: str) -> None:
    """Refuse the number of an order, as it was typed, that names another site than this: BJ01 in `D-BJ01-000001`.

    By the number alone, so that nobody learns whether it is there. Raises Refused: `order_of_other_site`.
    """
    named = number.partition("-")[2].rpartition("-")[0]
    if named not in ("", site):
        raise refuse("order_of_other_site", pointer, order=number, site=named)


def jobs_of_subjects(store: Store, subjects: Iterable[str]) -> dict[str, SomeJob]:
    """The same of several calls, by number, in a statement for each kind."""
    told = list(subjects)
    return {number: order for kind in _KINDS for number, order in records.these(store, kind, told).items()}


def done_job(store: Store, subject: str) -> DoneJob:
    """A job with what was swapped under it. Raises Refused: `job_not_done`, `unknown_order`."""
    order = job_of_subject(store, subject)
    if order is None:
        raise refuse("unknown_order", order=subject)
    if order.record is None:
        raise refuse("job_not_done", order=subject)
    return DoneJob(order, swaps_under(store, subject))


def did_the_job(order: SomeJob) -> set[str]:
    """Who did a job, was to do it for a while, took a device in, or wrote it up: none of them calls about it, or
    settles what the customer said.
    """
    return set(_workers(order))


def _workers(order: SomeJob) -> Iterator[str]:
    if order.record:
        yield order.record.filed_by
    if isinstance(order, RepairOrder):
        yield order.opened_by  # whom the customer met at the counter
        return
    if order.technician:
        yield order.technician
    yield from (act.by for act in order.course if act.step in _AT_WORK)
    yield from (act.technician for act in order.course if act.technician)
    yield from (each.record.filed_by for each in order.corrections)


def _new(order: SomeJob, *, is_due: bool = True) -> FollowUp:
    """The follow-up of a done job as it begins; which spares went in nobody is told before the customer was asked."""
    assert order.record is not None, "a job that is done has its record"
    technician: str | None = None
    serials: tuple[str, ...] = ()
    if isinstance(order, RepairOrder):
        serials = (order.serial,) if order.serial else ()
    else:
        technician = order.technician
        serials = order.serials
    return FollowUp(
        follow_up_key(order.number), order.site, order.number, order.record.completed_at, order.record.filed_by,
        order.customer, technician, serials, is_due=is_due,
    )  # fmt: skip
