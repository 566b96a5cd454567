"""The safety of the warehouse for people: what is due, inspections with their findings, visitors, and handovers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from api.callers.access import READERS
from devices.audit.custody.custody_kinds import INSPECTION, VISIT, Visit
from devices.audit.custody.handovers import PARTIES, ROLE_HANDED_OVER
from devices.audit.custody.inspections import INSPECTORS, open_findings
from devices.audit.custody.visits import OPEN_STATES, VISIT_READERS, is_open, visits_of
from devices.listed import listed
from devices.people.persons import everybody, names_of
from devices.people.roles import Person
from devices.records import RecordKind
from devices.store.database import Store
from web.pages import View
from web.views.custody.handovers import handovers_for
from web.views.custody.visits import shown_visit
from web.views.home import page_of, sites_of

CUSTODY_DEADLINES = ("safety_inspection", "audit_inspection", "inspection_finding", "visit")
"""What of all that is due belongs here."""
OF_A_RECORD = ("inspection_finding", "visit")
"""Those that have a page of their own; the others are met by the forms here."""
_SHOWN = 50
"""How many inspections, visits and handovers are listed, the newest first; every one that is open besides."""
_NEWEST_VISITS = 100
"""How many of a site's last visits these are chosen from: they are listed by their day, not by their number."""


def custody_page(view: View) -> dict[str, Any]:
    """Everything about the safety of the reader's sites, and the forms that begin something."""
    call, person = view.call, view.person
    store, sites = call.store, sites_of(call)
    today = call.unit.day_of(call.at_us)
    inspections = [each for site in sites for each in _newest(store, INSPECTION, site, _SHOWN)]
    findings = [found for site in sites for found in open_findings(store, site)]
    logged = [site for site in sites if person.may(VISIT_READERS, site)]
    visits = {each.number: each for site in logged for each in _visits(store, site)}.values()
    handovers = handovers_for(store, person, sites)
    people = {each.made_by for each in inspections} | {finding.owner for _, _, finding in findings}
    people |= {getattr(each, party) for each in handovers for party in PARTIES}
    return {
        "today": today.isoformat(),
        "due": [
            (each, page_of(each) if each.deadline in OF_A_RECORD else None)
            for each in call.due_at(sites)
            if each.deadline in CUSTODY_DEADLINES
        ],
        "reads": bool(person.sites_of(READERS)) or person.reads_every_site,
        "inspects": sorted(person.sites_of(INSPECTORS)),
        "findings": findings,
        "inspections": sorted(inspections, key=lambda each: each.made_at, reverse=True)[:_SHOWN],
        "logs": bool(logged),
        "keeps": sorted(person.sites_of((ROLE_HANDED_OVER,))),
        "visits": [
            shown_visit(store, each)
            for n, each in enumerate(sorted(visits, key=lambda each: each.visit_on, reverse=True))
            if n < _SHOWN or is_open(each, today)
        ],
        "handovers": [
            each
            for n, each in enumerate(sorted(handovers, key=lambda each: each.opened_at, reverse=True))
            if n < _SHOWN or each.state == "open"
        ],
        "parties": PARTIES,
        "known": _known(store, person),
        "names": names_of(store, people),
    }


def _newest(store: Store, kind: RecordKind, site: str, count: int) -> Iterator[Any]:
    return islice(listed(store, kind, [site], newest_first=True), count)


def _visits(store: Store, site: str) -> Iterator[Visit]:
    """The visits of a site that are open, and the newest: the day of one lies near the day it was asked for."""
    yield from visits_of(store, site, states=OPEN_STATES)
    yield from _newest(store, VISIT, site, _NEWEST_VISITS)


def _known(store: Store, person: Person) -> dict[str, list[tuple[str, str]]]:
    """By party, whom the form offers: (username, name) of those whom a storekeeper meets by their own work.

    Whoever takes over may have no role yet; their username is typed.
    """
    own = person.sites_of((ROLE_HANDED_OVER,))
    if not own:
        return {}
    people = [each for each in everybody(store) if each.active]
    return {
        "outgoing": [
            (each.username, each.name)
            for each in people
            if any(role == ROLE_HANDED_OVER and site in own for role, site in each.roles)
        ],
        "supervisor": [
            (each.username, each.name)
            for each in people
            if any(role == "supervisor" for role, _ in each.roles)
        ],
    }
