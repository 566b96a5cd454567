"""What the home page tells of calls and complaints: what waits for its reader, and what the tax office would count.

`by_code` is every site by its code, read once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from api.callers.access import TECHNICIANS
from api.calls import Call
from devices.paperwork.complaints import COMPLAINTS, DECIDERS, EVERYBODY, Complaint
from devices.paperwork.follow_ups import CALLERS, SETTLERS, TO_BE_CALLED, FollowUp
from devices.people.persons import active_people
from devices.people.roles import Person
from devices.service.calls.about_jobs import jobs_of_subjects
from devices.service.calls.calling import call_faults, explains, explanation_due
from devices.service.calls.standing import due_of_call, open_follow_ups
from devices.service.complaints.counting import (
    YearOfComplaints,
    deadlines_of_complaint,
    open_complaints,
    unregistered_complaints,
    warnings_of_year,
)
from devices.service.complaints.deciders import Staffed, steps_for
from devices.service.complaints.waiting import is_to_register
from devices.values import UNIT, Site


class CallsAtHome(msgspec.Struct, frozen=True):
    """What waits for the reader: how many calls, and how many of those are overdue; the jobs whose difference is theirs
    to settle, or to explain, by number.
    """

    to_call: int
    overdue: int
    to_settle: list[str]
    to_explain: list[str]


class ComplaintsWaiting(msgspec.Struct, frozen=True):
    """The complaints that wait for one step of the reader, by number, and how many of them are overdue."""

    step: str
    numbers: list[str]
    overdue: int


def calls_at_home(call: Call, by_code: Mapping[str, Site]) -> CallsAtHome | None:
    """What of the calls waits for the reader; None where nothing does. It costs the calls that are open."""
    who = call.who
    sites = [site for site in by_code if who.may((*SETTLERS, *TECHNICIANS), site)]
    if not sites:
        return None
    values = open_follow_ups(call.store, sites)
    to_call = [
        due
        for value in values
        if value.state in TO_BE_CALLED
        and who.may(CALLERS, value.site)
        and (due := due_of_call(value, by_code[value.site], call.today))
    ]
    found = CallsAtHome(
        len(to_call),
        sum(each.standing == "overdue" for each in to_call),
        _to_settle(call, values, by_code),
        [value.subject for value in values if value.state == "differing" and explains(who, value)],
    )
    return found if any(msgspec.structs.astuple(found)) else None


def _to_settle(call: Call, values: Iterable[FollowUp], by_code: Mapping[str, Site]) -> list[str]:
    """The jobs whose difference the reader may settle today."""
    theirs = [
        value for value in values if value.state not in TO_BE_CALLED and call.who.may(SETTLERS, value.site)
    ]
    people = active_people(call.store) if theirs else {}
    differing = [
        value for value in theirs if explanation_due(people, by_code[value.site], value, call.today) is None
    ]
    jobs = jobs_of_subjects(call.store, [value.subject for value in differing])
    return [
        value.subject
        for value in differing
        if not any(call_faults("settle", value, jobs[value.subject], call.who.username))
    ]


def complaints_at_home(call: Call, by_code: Mapping[str, Site]) -> list[ComplaintsWaiting]:
    """What complaints wait for of the reader, by step. It costs those that are open, or not registered."""
    who = call.who
    sites = [site for site in by_code if who.may(EVERYBODY, site)]
    if not sites:
        return []
    waiting: dict[str, list[Complaint]] = {name: [] for name in COMPLAINTS.step}
    values = [*open_complaints(call.store, sites), *unregistered_complaints(call.store, sites)]
    staffed = Staffed(active_people(call.store) if values else {}, by_code, call.today)
    for value in values:
        for step in _waits_for(staffed, value, who):
            waiting[step].append(value)
    return [
        ComplaintsWaiting(
            step,
            [value.number for value in found],
            sum(_is_overdue(call, value, by_code[value.site]) for value in found),
        )
        for step, found in waiting.items()
        if found
    ]


def _waits_for(staffed: Staffed, value: Complaint, reader: Person) -> Iterator[str]:
    """The steps that the reader is to take of a complaint: nobody is asked to register one twice, or to erase it."""
    for step in steps_for(staffed, value, reader):
        if step != "erase" and (step != "register" or is_to_register(value)):
            yield step


def _is_overdue(call: Call, value: Complaint, site: Site) -> bool:
    return any(each.standing == "overdue" for each in deadlines_of_complaint(value, site, call.today))


def warned_at_home(call: Call, by_code: Mapping[str, Site]) -> list[YearOfComplaints]:
    """The sites, and the unit, that have as many valid complaints in a year as they are warned of, or one fewer: told
    to those who decide on complaints there; of all sites together only to those of the whole unit.
    """
    sites = [code for code in by_code if call.who.may(DECIDERS, code)]
    found = warnings_of_year(call.store, sites, call.today) if sites else []
    whole = call.who.may(DECIDERS, UNIT)
    return [each for each in found if whole or each.site != UNIT]
