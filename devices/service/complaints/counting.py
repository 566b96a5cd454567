"""Complaints as they are read: those still open, how they stand by their deadlines, and the valid ones of a year."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

import msgspec

from devices import records
from devices.calendar import day_of
from devices.deadlines import DEADLINE
from devices.ledger.duties.due import Due, due_of
from devices.listed import Only, listed, open_at
from devices.paperwork.complaints import Complainant, Complaint
from devices.paperwork_kinds import COMPLAINT
from devices.records import sites_by_code
from devices.store.database import Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Records
from devices.values import UNIT, Site

TO_RESOLVE = DEADLINE["complaint"]
TO_REGISTER = DEADLINE["complaint_filing"]
TO_CORRECT = DEADLINE["corrective_action"]
_UNREGISTERED = compiled(
    Records.select(Records.content).where(
        Records.kind == COMPLAINT.name,
        Records.state == "closed",
        Records.site.in_(EACH),
        Records.reference.is_null(),
    )
)


class YearOfComplaints(msgspec.Struct, frozen=True):
    """The valid complaints of the last twelve months at a site, or in the unit, by number.

    `warned_from` is as many as the tax office orders a correction for; the unit's is the least of its sites'.
    """

    site: str
    valid: tuple[str, ...]
    warned_from: int

    @property
    def is_reached(self) -> bool:
        """Whether there are as many as the tax office orders a correction for."""
        return len(self.valid) >= self.warned_from

    @property
    def is_near(self) -> bool:
        """Whether there are as many, or one fewer."""
        return len(self.valid) >= self.warned_from - 1


def open_complaints(store: Store, sites: Iterable[str]) -> list[Complaint]:
    """The complaints of these sites that are not closed, by number."""
    return open_at(store, COMPLAINT, sites)


def unregistered_complaints(store: Store, sites: Iterable[str]) -> list[Complaint]:
    """The complaints of these sites that are closed, and that the call centre does not have yet, by number."""
    rows = store.rows_in(_UNREGISTERED, sorted(sites))
    return sorted((COMPLAINT.decode(content) for (content,) in rows), key=COMPLAINT.key)


def deadlines_of_complaint(value: Complaint, site: Site, today: date) -> Iterator[Due]:
    """How a complaint stands under each deadline it is under: it is made good, registered, and its corrective action
    holds. Pure.
    """
    received_on = min(day_of(value.received_at), today)
    resolved_on = day_of(value.resolved_at) if value.resolved_at is not None else None
    yield due_of(TO_RESOLVE, value.number, site, received_on, today, resolved_on)
    if registering := due_of_registering(value, site, today):
        yield registering
    if value.measure is not None:
        agreed = date.fromisoformat(value.measure.due_on)
        met_on = date.fromisoformat(value.closed_on) if value.closed_on else None
        yield due_of(TO_CORRECT, value.number, site, agreed, today, met_on)


def due_of_registering(value: Complaint, site: Site, today: date) -> Due | None:
    """How the registering of a complaint stands, from the day it was first made good; None before. Pure."""
    first = next((act.at for act in value.course if act.step == "resolve"), None)
    if first is None:
        return None
    told = next((act.registered for act in value.course if act.registered), None)
    met_on = date.fromisoformat(told.day) if told else None
    started = min(day_of(first), met_on or today)
    return due_of(TO_REGISTER, value.number, site, started, today, met_on)


def valid_in_a_year(store: Store, sites: Collection[str], today: date) -> list[Complaint]:
    """The valid complaints that were written down at these sites in the last twelve months, by number.

    By that day and not by the one on which they are said to have come: whoever writes one down chooses that.
    """
    found = listed(store, COMPLAINT, sites, only=Only(since=_first_of_a_year(today).isoformat()))
    return [value for value in found if value.valid]


def _first_of_a_year(today: date) -> date:
    """The first day of the twelve months that end with a day: the 1st of March, where that is a 29th of February."""
    try:
        return today.replace(year=today.year - 1) + timedelta(days=1)
    except ValueError:  # the 29th of February
        return date(today.year - 1, 3, 1)


def complaints_of_year(store: Store, sites: Collection[str], today: date) -> list[YearOfComplaints]:
    """Each of these sites that has valid complaints of the last twelve months, by its code."""
    by_code = sites_by_code(store)
    theirs: dict[str, list[str]] = {}
    for value in valid_in_a_year(store, sites, today):
        theirs.setdefault(value.site, []).append(value.number)
    return [
        YearOfComplaints(site, tuple(numbers), by_code[site].complaints_warned)
        for site, numbers in sorted(theirs.items())
    ]


def warnings_of_year(store: Store, sites: Collection[str], today: date) -> list[YearOfComplaints]:
    """Those of these sites that have as many valid complaints in a year as they are warned of, or one fewer; before
    them the same of all of these sites together, where more than one has any.
    """
    years = complaints_of_year(store, sites, today)
    if len(years) > 1:
        together = tuple(number for each in years for number in each.valid)
        years.insert(0, YearOfComplaints(UNIT, together, min(each.warned_from for each in years)))
    return [each for each in years if each.is_near]


def complainant_of(store: Store, number: str) -> Complainant | None:
    """Who complained, and what they said; None once that was erased."""
    content = records.personal_of(store, COMPLAINT, number)
    return msgspec.json.decode(content, type=Complainant) if content else None
