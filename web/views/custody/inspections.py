"""Safety inspections for people: the checklist to go through, and one inspection with its findings."""

from __future__ import annotations

from typing import Any

from devices.audit.custody.custody_kinds import Inspection
from devices.audit.custody.inspections import CHECKLIST, INSPECTORS, inspection_of
from devices.people.persons import everybody, names_of
from devices.people.roles import READING_ROLES
from devices.problems import refuse
from web.pages import View


def checklist_page(view: View) -> dict[str, Any]:
    """The checklist of one site, to be answered item by item. Raises Refused (`role_missing`)."""
    own = sorted(view.person.sites_of(INSPECTORS))
    site = view.text("site") or next(iter(own), "")
    if site not in own:
        raise refuse("role_missing", roles=list(INSPECTORS), site=site)
    staff = [
        each
        for each in everybody(view.call.store)
        if each.active and any((role, site) in each.roles for role in READING_ROLES)
    ]
    return {
        "site": site,
        "own": own,
        "checklist": CHECKLIST,
        "staff": [(each.username, each.name) for each in staff],
        "today": view.call.unit.day_of(view.call.at_us).isoformat(),
    }


def inspection_page(view: View) -> dict[str, Any]:
    """One inspection, and the form that settles each finding. Raises Refused (`not_found`)."""
    value, _ = inspection_of(view.call.store, view.call.path["number"])
    return {
        "inspection": value,
        "names": names_of(view.call.store, _people(value)),
        "settles": {
            each.item
            for each in value.items
            if each.finding
            and each.finding.settled_at is None
            and (each.finding.owner == view.person.username or view.person.may(INSPECTORS, value.site))
        },
    }


def _people(value: Inspection) -> set[str]:
    findings = [each.finding for each in value.items if each.finding]
    owners = {finding.owner for finding in findings}
    return owners | {finding.settled_by for finding in findings if finding.settled_by} | {value.made_by}
