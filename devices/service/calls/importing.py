"""What a call centre heard: its calls taken over row by row, each once by its reference there."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from devices import records
from devices.journal import Writer
from devices.moments.spans import MINUTE_US, refuse_ahead
from devices.paperwork.dispatches import issued_key
from devices.paperwork.follow_ups import CallAct, FollowUp, MissedCall
from devices.paperwork_kinds import CUSTOMER
from devices.problems import Problem, Refused, refuse
from devices.serials import recognise
from devices.service.calls.about_jobs import done_job, follow_up_of, refuse_other_site
from devices.service.calls.calling import (
    CallGiven,
    answer_call,
    attempt_call,
    referred_follow_up,
    refuse_too_often,
    sound_answers,
    take_call,
)
from devices.service.calls.comparing import DoneJob
from devices.store.database import Store
from devices.texts.judging import refuse_empty
from devices.unit import Unit

MOST_CALLS = 500


class ImportedCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a call centre: about which job, under which number of theirs, when; `outcome` of one that reached
    nobody, else what was answered.
    """

    subject: str
    reference: str
    called_at: int
    outcome: MissedCall | None = None
    given: CallGiven | None = None


class Importing(msgspec.Struct, frozen=True):
    """Whose calls are taken over, on whose word, and when."""

    unit: Unit
    site: str
    by: str
    now_us: int


class CallTaken(msgspec.Struct, frozen=True, kw_only=True):
    """How one row stands: its follow-up, and the complaint it is, where it was taken over; else what is wrong of it."""

    subject: str
    reference: str
    follow_up: str | None = None
    complaint: str | None = None
    problems: tuple[Problem, ...] = ()


class _ToTake(msgspec.Struct, frozen=True):
    """A row that can be taken over, with what it is about; `there` where it was already."""

    value: FollowUp
    revision: int
    job: DoneJob
    there: bool


def import_calls(writer: Writer, asked: Importing, rows: Sequence[ImportedCall]) -> None:
    """Take over the calls of a site, in the order in which they were made. The site's journal is held.

    A row that is refused keeps no other from being taken over: it is judged before anything of it is written.
    """
    for row in sorted(rows, key=lambda each: each.called_at):
        try:
            found = _to_take(writer.store, asked, row)
        except Refused:
            continue
        if not found.there:
            _write(writer, asked, found, row)


def calls_taken(store: Store, asked: Importing, rows: Sequence[ImportedCall]) -> list[CallTaken]:
    """How each row stands, in the order of the rows: the same however often it was sent."""
    return [_standing(store, asked, row) for row in rows]


def _standing(store: Store, asked: Importing, row: ImportedCall) -> CallTaken:
    plain = CallTaken(subject=row.subject, reference=row.reference)
    try:
        found = _to_take(store, asked, row)
        if not found.there:  # it was refused as it was sent, and would be taken by now
            raise refuse("call_not_taken", "/reference", reference=row.reference)
    except Refused as refused:
        return replace(plain, problems=refused.problems)
    return replace(plain, follow_up=found.value.number, complaint=found.value.complaint)


def _to_take(store: Store, asked: Importing, row: ImportedCall) -> _ToTake:
    refuse_other_site(row.subject, asked.site, "/subject")
    refuse_empty(row.reference, "reference")
    job = done_job(store, row.subject)
    if (row.outcome is None) == (row.given is None):
        raise refuse("call_outcome_missing", "/outcome", reference=row.reference)
    found = follow_up_of(store, row.subject)
    assert found is not None, "a done job can be called about"
    value, revision = found
    if act := _of_reference(value, row.reference):
        if not _is_same(act, value, row):
            raise refuse("reference_used", "/reference", reference=row.reference, follow_up=value.number)
        return _ToTake(value, revision, job, there=True)
    other = referred_follow_up(store, row.reference)
    if other is not None:
        raise refuse("reference_used", "/reference", reference=row.reference, follow_up=other.number)
    _refuse_moment(asked, value, row)
    take_call("attempt" if row.outcome else "answer", value, job.order, asked.by)
    _refuse_erased(store, value)
    if row.given is None:
        refuse_too_often(value, row.called_at)
    else:
        sound_answers(row.given, job)
    return _ToTake(value, revision, job, there=False)


def _write(writer: Writer, asked: Importing, found: _ToTake, row: ImportedCall) -> None:
    value, revision = found.value, found.revision
    if row.given is not None:
        given = replace(row.given, called_at=row.called_at, reference=row.reference)
        answer_call(writer, asked.unit, value, revision, given, found.job, by=asked.by)
    elif row.outcome is not None:
        attempt_call(
            writer,
            value,
            revision,
            row.outcome,
            by=asked.by,
            at_us=row.called_at,
            reference=row.reference,
        )


def _of_reference(value: FollowUp, reference: str) -> CallAct | None:
    key = issued_key(reference)
    return next((act for act in value.course if act.reference and issued_key(act.reference) == key), None)


def _is_same(act: CallAct, value: FollowUp, row: ImportedCall) -> bool:
    """Whether a call that is there already is this one. Who was spoken to is not compared: it may have been erased."""
    if act.called_at != row.called_at or act.outcome != row.outcome:
        return False
    if row.given is None or value.answers is None:
        return row.given is None
    if (row.given.complaint is None) != (value.complaint is None):
        return False
    told, disk = row.given.answers, row.given.answers.disk
    return replace(told, disk=disk and recognise(disk)) == value.answers


def _refuse_moment(asked: Importing, value: FollowUp, row: ImportedCall) -> None:
    refuse_ahead(row.called_at, asked.now_us, "/called_at")
    if row.called_at < value.done_at // MINUTE_US * MINUTE_US:
        raise refuse("called_before_done", "/called_at", order=row.subject)


def _refuse_erased(store: Store, value: FollowUp) -> None:
    """Of a job that was never to be called about the customer may be gone."""
    found = records.current(store, CUSTOMER, value.customer) if value.customer else None
    if found is not None and found[0].erased:
        raise refuse("customer_erased", "/subject", customer=value.customer, serial=None)
