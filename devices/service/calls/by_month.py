"""A month of follow-up calls: which calls are of it, how each stands by its deadline, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from devices.calendar import first_day, last_day
from devices.deadlines import Standing
from devices.listed import Only, listed
from devices.paperwork.follow_ups import TO_BE_CALLED, FollowUp
from devices.paperwork_kinds import FOLLOW_UP
from devices.service.calls.standing import due_of_call, open_follow_ups
from devices.store.database import Store
from devices.values import Site


class CallOfMonth(msgspec.Struct, frozen=True):
    """One follow-up, the ISO day by which the customer is to be called, and how it stands by that; None of both where
    a call is allowed and not due, as about a device that was sent in, or a job of before such calls were asked for.
    """

    call: FollowUp
    due_on: str | None
    standing: Standing | None


class CallFigures(msgspec.Struct, frozen=True):
    """What the calls of a month come to: how many there are, and are due; how they ended, or are still `to_call`; how
    they stand by the deadline; how many answers differ, and do so without an explanation; how many are complaints.
    """

    calls: int
    due: int
    answered: int
    unreached: int
    to_call: int
    in_time: int
    late: int
    overdue: int
    differing: int
    unexplained: int
    complaints: int


class CallMonth(msgspec.Struct, frozen=True):
    """The follow-ups of a site, or of the unit, in a month `YYYY-MM`, by the number of the job, and their figures."""

    site: str
    month: str
    figures: CallFigures
    calls: tuple[CallOfMonth, ...]


def calls_of_month(store: Store, site: str, sites: Mapping[str, Site], month: str, today: date) -> CallMonth:
    """The calls that ended in a month, and those due in it that are still to be made, of these sites by their code.

    So each is of one month, at any time. `site` is whose month it is called: one site's, or the unit's.
    """
    ended = Only(since=first_day(month).isoformat(), until=last_day(month).isoformat())
    found = [each for each in listed(store, FOLLOW_UP, sites, only=ended) if each.ended_at is not None]
    waiting = [each for each in open_follow_ups(store, sites) if each.ended_at is None]
    calls = [
        *(_standing(each, sites, today) for each in found),
        *(each for each in (_standing(value, sites, today) for value in waiting) if _is_due_in(each, month)),
    ]
    calls.sort(key=lambda each: each.call.subject)
    return CallMonth(site, month, call_figures(calls), tuple(calls))


def call_figures(calls: Sequence[CallOfMonth]) -> CallFigures:
    """What calls come to. Pure."""
    stood = [each.standing for each in calls]
    every = [each.call for each in calls]
    differing = [each for each in every if each.differs]
    return CallFigures(
        calls=len(every),
        due=sum(each is not None for each in stood),
        answered=sum(each.answers is not None for each in every),
        unreached=sum(each.state == "unreached" for each in every),
        to_call=sum(each.state in TO_BE_CALLED for each in every),
        in_time=stood.count("met"),
        late=stood.count("met_late"),
        overdue=stood.count("overdue"),
        differing=len(differing),
        unexplained=sum(each.last("explain") is None for each in differing),
        complaints=sum(each.complaint is not None for each in every),
    )


def _is_due_in(each: CallOfMonth, month: str) -> bool:
    return each.due_on is not None and each.due_on[:7] == month


def _standing(value: FollowUp, sites: Mapping[str, Site], today: date) -> CallOfMonth:
    due = due_of_call(value, sites[value.site], today)
    return CallOfMonth(value, due.due_on, due.standing) if due else CallOfMonth(value, None, None)
