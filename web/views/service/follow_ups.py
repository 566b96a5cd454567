"""Follow-up calls (电话跟踪) for people: whom to call next, the call itself, and what differs from the record.

Nothing of a job's record is handed to the page of a call before the answers are in: they are asked for without it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import msgspec

from api.callers.access import TECHNICIANS, visible_sites
from api.calls import Call
from api.resources.service.dispatch_orders import contact_of_job, contacts_of_jobs
from api.resources.service.follow_ups import FollowUpAnswer, follow_up_seen
from devices import records
from devices.calendar import day_of
from devices.ledger.duties.due import Due
from devices.ledger.reading.customers import customers_shown
from devices.ledger.reading.passport import CustomerShown
from devices.listed import Only, listed
from devices.paperwork.complaints import CONSEQUENCES, PASSED_TO
from devices.paperwork.dispatches import DispatchOrder, JobContact
from devices.paperwork.follow_ups import (
    CALLERS,
    FOLLOW_UPS,
    LEAST_ATTEMPTS,
    LEAST_DAYS,
    MISSED_CALLS,
    SETTLERS,
    TO_BE_CALLED,
    CallAct,
    FollowUp,
    questions_asked,
)
from devices.paperwork_kinds import FOLLOW_UP
from devices.people.persons import active_people, names_of
from devices.problems import refuse
from devices.service.calls.about_jobs import did_the_job, follow_up_of, job_of_subject, jobs_of_subjects
from devices.service.calls.calling import explanation_due
from devices.service.calls.comparing import last_postponed, was_postponed
from devices.service.calls.standing import due_of_call, due_of_explanation, open_follow_ups
from devices.store.database import Store
from devices.values import UNIT, Site
from web.pages import View
from web.views.filters import filters_of
from web.views.home import sites_of
from web.views.service.dialled import Dial, dials_of
from web.views.service.differing import answered_rows
from web.views.service.newest import newest, place_of
from web.views.service.paper_months import paper_months

CALL_LANES = ("to_call", "to_explain", "to_settle")
"""What an open follow-up waits for: the customer, the technician, or somebody who settles what differs."""
CALL_FILTERS = ("site", "state", "from", "to")


class CallRow(msgspec.Struct, frozen=True):
    """One follow-up in the list; `own` where its reader did the job, so that somebody else calls."""

    call: FollowUp
    customer: CustomerShown | None
    dial: Dial | None
    due: Due | None
    tried: tuple[CallAct, ...]
    own: bool = False


class NextCall(msgspec.Struct, frozen=True):
    """The job to call about next, whom by name, or where that is not known by the job, and how many wait in all."""

    subject: str
    customer: str
    waiting: int


def follow_ups_page(view: View) -> dict[str, Any]:
    """What is open at the reader's sites, by what it waits for; and where they are asked for, all that there ever were.

    Raises Refused: `role_missing`, `malformed_parameter`, `malformed_cursor`.
    """
    call = view.call
    asked = filters_of(view, CALL_FILTERS, state=FOLLOW_UPS.states)
    sites = visible_sites(call.who, asked.get("site"))
    searched = bool(asked.keys() - {"site"})
    found, following = _searched(view, asked, sites) if searched else ([], None)
    every = sites_of(call)
    still_open = view.told([] if searched else open_follow_ups(call.store, every if sites is None else sites))
    shown = _lanes(call, still_open)
    people = {each.technician for each in still_open if each.technician} | {
        each.ended.by for each in found if each.ended
    }
    return {
        "asked": dict.fromkeys(CALL_FILTERS, "") | asked,
        "sites": every,
        "papers": paper_months(call, asked.get("site"), every),
        "states": FOLLOW_UPS.states,
        "lanes": [(lane, rows) for lane, rows in shown.items() if rows],
        "calls": call.who.may(CALLERS, UNIT),
        "searched": searched,
        "found": found,
        "customers": customers_shown(call.store, [each.customer for each in found], call.who.reads),
        "names": names_of(call.store, people),
        "following": following,
    }


def _searched(
    view: View, asked: Mapping[str, str], sites: list[str] | None
) -> tuple[list[FollowUp], str | None]:
    only = Only(
        states=(asked["state"],) if "state" in asked else None,
        since=asked.get("from"),
        until=asked.get("to"),
    )
    rows = listed(view.call.store, FOLLOW_UP, sites, place_of(view), only, newest_first=True)
    return newest(view, FOLLOW_UP, rows, asked, path="/follow-ups")


def _lanes(call: Call, values: Collection[FollowUp]) -> dict[str, list[CallRow]]:
    """Open follow-ups by what they wait for, the earliest day first."""
    sites = records.sites_by_code(call.store)
    customers = customers_shown(call.store, [each.customer for each in values], call.who.reads)
    contacts = contacts_of_jobs(call.store, [each.subject for each in values if each.state in TO_BE_CALLED])
    own, people = _own_jobs(call, values), active_people(call.store)
    lanes: dict[str, list[CallRow]] = {lane: [] for lane in CALL_LANES}
    for each in values:
        site, customer = sites[each.site], customers.get(each.customer or "")
        if each.state in TO_BE_CALLED:
            lane, due = "to_call", due_of_call(each, site, call.today)
        else:
            waits = explanation_due(people, site, each, call.today) is not None
            lane, due = "to_explain" if waits else "to_settle", due_of_explanation(each, site, call.today)
        tried = tuple(act for act in each.course if act.step == "attempt")
        dial = _dial(customer, contacts.get(each.subject))
        lanes[lane].append(CallRow(each, customer, dial, due, tried, each.number in own))
    for rows in lanes.values():
        rows.sort(key=lambda row: _pressing(row.due, row.call))
    return lanes


def _pressing(due: Due | None, value: FollowUp) -> tuple[str, str]:
    return due.due_on if due else "9", value.number


def _own_jobs(call: Call, values: Collection[FollowUp]) -> set[str]:
    """Of these follow-ups, those of jobs that the reader did or wrote up."""
    orders = jobs_of_subjects(call.store, [each.subject for each in values])
    return {each.number for each in values if call.who.username in did_the_job(orders[each.subject])}


def follow_up_page(view: View) -> dict[str, Any]:
    """The call about one job, and what came of it. Raises Refused (`not_found`, `job_not_done`)."""
    call, number = view.call, view.call.path["number"]
    order, found = job_of_subject(call.store, number), follow_up_of(call.store, number)
    if order is None:
        raise refuse("not_found")
    seen = follow_up_seen(call, found[0]) if found else None
    if seen is None:
        raise refuse("job_not_done", order=number)
    value: FollowUpAnswer = view.told(seen)
    sites = records.sites_by_code(call.store)
    site = sites[value.site]
    waits = explanation_due(active_people(call.store), site, value, call.today)
    calls = call.who.may(CALLERS, value.site)
    following = _following(call, value, sites) if calls else None
    return {
        "follow_up": value,
        "reads": call.who.reads(value.site),
        "unit": call.unit.name,
        "repaired": not isinstance(order, DispatchOrder),
        "purposes": order.purposes if isinstance(order, DispatchOrder) else (),
        "fault": order.fault,
        "done_on": day_of(value.done_at),
        "dials": _dials(call.store, value),
        "due": due_of_call(value, site, call.today) if value.state in TO_BE_CALLED else None,
        "own": call.who.username in did_the_job(order),
        "questions": questions_asked(put_off=was_postponed(order)),
        "postponed": last_postponed(order),
        "missed": MISSED_CALLS,
        "tried_today": _is_tried(value, call.today),
        "least": (LEAST_ATTEMPTS, LEAST_DAYS),
        "rows": answered_rows(value),
        "waits_until": waits,
        "waits_for": _whose_turn(value, waits),
        "passed_to": PASSED_TO,
        "consequences": CONSEQUENCES,
        "names": names_of(
            call.store, {act.by for act in value.course} | ({value.technician} if value.technician else set())
        ),
        "following": following,
        "all_called": calls and following is None and value.state not in TO_BE_CALLED,
    }


def _dials(store: Store, value: FollowUpAnswer) -> list[Dial]:
    """Whom to call, for who sees the customer."""
    if value.customer_shown is None:
        return []
    return list(dials_of(contact_of_job(store, value.subject), value.customer_shown.contact))


def _dial(customer: CustomerShown | None, contact: JobContact | None) -> Dial | None:
    """The one to call of a row: the first that a telephone can call, else the first."""
    if customer is None or customer.masked:
        return None
    found = list(dials_of(contact, customer.contact))
    return next((each for each in found if each.phone), found[0] if found else None)


def _whose_turn(value: FollowUpAnswer, waits: date | None) -> tuple[str, ...]:
    """The roles for which a follow-up waits, where its reader has nothing to do about it."""
    if value.next or value.state not in FOLLOW_UP.open_states:
        return ()
    if value.state in TO_BE_CALLED:
        return CALLERS
    return TECHNICIANS if waits else SETTLERS


def _is_tried(value: FollowUp, day: date) -> bool:
    """Whether somebody called on that day and reached nobody."""
    last = value.last("attempt")
    return last is not None and day_of(last.at) == day


def _following(call: Call, value: FollowUp, sites: Mapping[str, Site]) -> NextCall | None:
    """The next call for whoever calls; of those that were tried today, the last."""
    theirs = [site for site in sites_of(call) if call.who.may(CALLERS, site)]
    ahead = [
        each
        for each in open_follow_ups(call.store, theirs)
        if each.state in TO_BE_CALLED and each.number != value.number
    ]
    own = _own_jobs(call, ahead)
    waiting = [
        (_is_tried(each, call.today), _pressing(due_of_call(each, sites[each.site], call.today), each), each)
        for each in ahead
        if each.number not in own
    ]
    if not waiting:
        return None
    first = min(waiting, key=lambda found: found[:2])[2]
    customer = customers_shown(call.store, [first.customer], call.who.reads).get(first.customer or "")
    return NextCall(first.subject, (customer and customer.name) or first.subject, len(waiting))
