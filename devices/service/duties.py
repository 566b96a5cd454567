"""What is due to the customers: on-site repairs and installations from the day they asked, a call about every job, an
answer to every complaint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from devices.calendar import a_year_before
from devices.ledger.duties.due import Due, Duty
from devices.ledger.duties.open_orders import open_dispatch_orders
from devices.listed import Only, listed
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.follow_ups import TO_BE_CALLED, FollowUp
from devices.paperwork_kinds import COMPLAINT, DISPATCH_ORDER, FOLLOW_UP, INSTALLATION
from devices.service.calls.calling import TO_EXPLAIN
from devices.service.calls.standing import TO_CALL, due_of_call, due_of_explanation, open_follow_ups
from devices.service.complaints.counting import (
    TO_CORRECT,
    TO_REGISTER,
    TO_RESOLVE,
    deadlines_of_complaint,
    open_complaints,
    unregistered_complaints,
)
from devices.service.installations.installs import TO_INSTALL, due_of_installation, installs_under_way
from devices.service.jobs.board import ON_SITE_REPAIR, due_of_job
from devices.store.database import Store
from devices.values import Site


def _due(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    return _of_jobs(open_dispatch_orders(store, by_code), by_code, today)


def _met(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """Each on the day on which the job was done, whenever it was written up."""
    by_code = {site.code: site for site in sites}
    only = Only(states=("done",), since=since.isoformat())
    return _of_jobs(listed(store, DISPATCH_ORDER, by_code, only=only), by_code, since)


def _of_jobs(orders: Iterable[DispatchOrder], by_code: Mapping[str, Site], today: date) -> Iterator[Due]:
    for order in orders:
        if due := due_of_job(order, by_code[order.site], today):
            yield due


DISPATCH_DUTY = Duty((ON_SITE_REPAIR.name,), _due, _met)


def _to_install(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    for value in installs_under_way(store, by_code):
        yield due_of_installation(value, by_code[value.site], today)


def _was_installed(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """Each on the day on which the job was done; one that was given up met nothing."""
    by_code = {site.code: site for site in sites}
    only = Only(states=("installed",), since=since.isoformat())
    for value in listed(store, INSTALLATION, by_code, only=only):
        yield due_of_installation(value, by_code[value.site], since)


INSTALLATION_DUTY = Duty((TO_INSTALL.name,), _to_install, _was_installed)


def _to_call(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    for value in open_follow_ups(store, by_code):
        if value.state in TO_BE_CALLED:
            yield from _told(due_of_call(value, by_code[value.site], today))
        if value.state == "differing":
            yield from _explanation(value, by_code[value.site], today)


def _was_called(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """A call on the day on which it ended, an explanation on that on which it was given."""
    by_code = {site.code: site for site in sites}
    only = Only(states=_ENDED, since=since.isoformat())
    for value in listed(store, FOLLOW_UP, by_code, only=only):
        yield from _told(due_of_call(value, by_code[value.site], since))
    for value in listed(store, FOLLOW_UP, by_code, only=Only(states=_EXPLAINED)):
        found = _explanation(value, by_code[value.site], since)
        yield from (each for each in found if _is_met_since(each, since))


_ENDED = ("answered", "differing", "explained", "settled", "unreached")
"""The states of a follow-up whose call has ended, by the day of which it is found."""
_EXPLAINED = ("explained", "settled")
"""Those of one that may be explained: by their state, since their day is that of the call, and few records differ."""


def _explanation(value: FollowUp, site: Site, today: date) -> Iterator[Due]:
    """Nobody is awaited where no technician did the job."""
    if value.technician is not None:
        yield from _told(due_of_explanation(value, site, today))


def _told(due: Due | None) -> Iterator[Due]:
    """What there is of what may not be due at all."""
    if due is not None:
        yield due


def _is_met_since(each: Due, since: date) -> bool:
    return each.met_on is not None and each.met_on >= since.isoformat()


CALL_DUTY = Duty((TO_CALL.name, TO_EXPLAIN.name), _to_call, _was_called)


def _to_answer(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    for value in (*open_complaints(store, by_code), *unregistered_complaints(store, by_code)):
        for each in deadlines_of_complaint(value, by_code[value.site], today):
            if each.met_on is None:
                yield each


def _was_answered(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """Each on the day on which it was made good, registered or seen to hold.

    A complaint is found by the day of its beginning: what was met later than a year after that is not told.
    """
    by_code = {site.code: site for site in sites}
    only = Only(since=a_year_before(since).isoformat())
    for value in listed(store, COMPLAINT, by_code, only=only):
        found = deadlines_of_complaint(value, by_code[value.site], since)
        yield from (each for each in found if _is_met_since(each, since))


COMPLAINT_DUTY = Duty((TO_RESOLVE.name, TO_REGISTER.name, TO_CORRECT.name), _to_answer, _was_answered)
