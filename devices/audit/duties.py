"""What audits have due: monthly counts and inspections, findings, and visitors who have not left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec
from peewee import fn

from devices import records
from devices.audit.custody.custody_kinds import INSPECTION, VISIT, InspectedItem, Inspection
from devices.audit.custody.inspections import open_findings
from devices.audit.kinds import STOCKTAKE
from devices.calendar import day_of, first_day, month_after, month_of
from devices.deadlines import DEADLINE
from devices.ledger.duties.due import Due, Duty, due_of
from devices.listed import Only, listed
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Revisions
from devices.store.tables.registers import Bins
from devices.values import Site

MONTHS_SHOWN = 12
"""Overdue months that are told; whoever is further behind has been told enough."""

BINS_SINCE = compiled(
    Bins.select(Bins.register, fn.MIN(Revisions.recorded_at))
    .join(
        Revisions,
        on=(
            (Revisions.kind == records.BIN.name)
            & (Revisions.key == Bins.site.concat("/").concat(Bins.code))
            & (Revisions.revision == 1)
        ),
    )
    .where(Bins.site == GIVEN, Bins.active == 1)
    .group_by(Bins.register)
    .order_by(Bins.register)
)


def bins_since(store: Store, site: Site, until: date = date.max) -> dict[str, date]:
    """By register, the day from which a site has had bins for it; `until` where that is said to come later."""
    rows = store.rows(BINS_SINCE, (site.code,))
    return {register: min(day_of(at_us), until) for register, at_us in rows}


def _counts_due(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    """A register with bins is counted and sealed in each calendar month; a count is of the month of its close."""
    for site in sites:
        since = bins_since(store, site, today) if site.active else {}
        for register, first in since.items():
            months = _months(first, today)
            sealed = {month_of(day) for of, day in _sealed(store, site, months[0]) if of == register}
            for started in months:
                if month_of(started) not in sealed:
                    yield due_of(DEADLINE["stocktake"], register, site, started, today)


def _counts_met(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """The first sealed count of each register in a calendar month, on the day of its close."""
    for site in sites:
        first = bins_since(store, site)
        counted: set[tuple[str, str]] = set()
        for register, day in _sealed(store, site, first_day(month_of(since))):
            if (register, month_of(day)) not in counted:
                counted.add((register, month_of(day)))
                started = min(day, max(first.get(register, day), first_day(month_of(day))))
                if day >= since:
                    yield due_of(DEADLINE["stocktake"], register, site, started, day, day)


def _sealed(store: Store, site: Site, since: date) -> Iterator[tuple[str, date]]:
    """(register, day of its close) of each sealed count of a site that was closed since a day, oldest first."""
    for each in listed(store, STOCKTAKE, [site.code], only=Only(states=("sealed",), since=since.isoformat())):
        yield each.register, day_of(each.closed.at)


def _inspections_due(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    """Each month asks a storekeeper for one inspection, each site's days an auditor; findings have their own day."""
    for site in sites:
        first = min(bins_since(store, site, today).values(), default=None) if site.active else None
        if first is not None:
            months = _months(first, today)
            made = [each for each in _inspections(store, site, months[0]) if each[1] <= today]
            inspected = {month_of(day) for value, day in made if value.role == "storekeeper"}
            for started in months:
                if month_of(started) not in inspected:
                    yield due_of(DEADLINE["safety_inspection"], site.code, site, started, today)
            last = max((day for value, day in made if value.role == "auditor"), default=first)
            yield due_of(DEADLINE["audit_inspection"], site.code, site, last, today)
        for value, item, _ in open_findings(store, site.code) if site.active else ():
            yield _finding(site, value, item, today)


def _inspections_met(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """Each month's first inspection by a storekeeper, each of an auditor, and every finding that was settled."""
    for site in sites:
        found = (*_made(store, site, since), *_settled(store, site, since))
        yield from (each for each in found if (each.met_on or "") >= since.isoformat())


def _settled(store: Store, site: Site, since: date) -> Iterator[Due]:
    for value in listed(store, INSPECTION, [site.code], only=Only(since=since.isoformat())):
        for item in value.items:
            if item.finding is not None and item.finding.settled_at is not None:
                yield _finding(site, value, item, day_of(item.finding.settled_at), settled=True)


def _made(store: Store, site: Site, since: date) -> Iterator[Due]:
    first = min(bins_since(store, site).values(), default=date.min)
    inspected: set[str] = set()
    before = first
    for value, day in _inspections(store, site, first_day(month_of(since))):
        if value.role == "auditor":
            yield due_of(DEADLINE["audit_inspection"], site.code, site, min(before, day), day, day)
            before = day
        elif month_of(day) not in inspected:
            inspected.add(month_of(day))
            started = min(day, max(first, first_day(month_of(day))))
            yield due_of(DEADLINE["safety_inspection"], site.code, site, started, day, day)


def _inspections(store: Store, site: Site, since: date) -> list[tuple[Inspection, date]]:
    """The inspections of a site since a day, by day, and of the earlier ones those up to an auditor's last."""
    found: list[tuple[Inspection, date]] = []
    for value in listed(store, INSPECTION, [site.code], newest_first=True):
        made_on = date.fromisoformat(value.made_on)
        found.insert(0, (value, made_on))
        if made_on < since and value.role == "auditor":
            break
    return found


def _finding(site: Site, value: Inspection, item: InspectedItem, day: date, *, settled: bool = False) -> Due:
    assert item.finding is not None
    by = date.fromisoformat(item.finding.due_on)
    subject = f"{value.number}/{item.item}"
    found = due_of(DEADLINE["inspection_finding"], subject, site, by, day, day if settled else None)
    return msgspec.structs.replace(found, started_on=value.made_on)


def _visits_due(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites if site.active}
    for value in listed(store, VISIT, by_code, only=Only(states=("entered",))):
        entered = date.fromisoformat(value.visit_on)
        yield due_of(DEADLINE["visit"], value.number, by_code[value.site], entered, today)


def _visits_met(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    for value in listed(store, VISIT, by_code, only=Only(states=("left",), since=since.isoformat())):
        left, entered = day_of(value.course[-1].at), date.fromisoformat(value.visit_on)
        yield due_of(DEADLINE["visit"], value.number, by_code[value.site], entered, left, left)


def _months(first: date, today: date) -> list[date]:
    """When each month began that something is asked for, from `first`: this one and the last twelve before it."""
    months = [month_of(first)]
    while months[-1] < month_of(today):
        months.append(month_after(months[-1]))
    return [max(first, first_day(month)) for month in months[-MONTHS_SHOWN - 1 :]]


COUNT_DUTY = Duty(("stocktake",), _counts_due, _counts_met)
INSPECTION_DUTY = Duty(
    ("safety_inspection", "audit_inspection", "inspection_finding"), _inspections_due, _inspections_met
)
VISIT_DUTY = Duty(("visit",), _visits_due, _visits_met)
