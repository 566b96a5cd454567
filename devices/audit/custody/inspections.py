"""Safety inspections: the checklist, what its answers must be, and findings until they are settled."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

import msgspec

from devices import records
from devices.audit.custody.custody_kinds import (
    INSPECTION,
    InspectedItem,
    Inspection,
    InspectionFinding,
)
from devices.calendar import read_day
from devices.journal import Writer
from devices.listed import Only, listed
from devices.people.grants import refuse_site
from devices.people.roles import READING_ROLES, Person
from devices.problems import Problem, Refused, refuse
from devices.serials import shortened
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.people import RoleGrants
from devices.unit import Unit

INSPECTORS = ("storekeeper", "auditor")
_STAFF = compiled(
    RoleGrants.select(RoleGrants.username).where(
        RoleGrants.site == GIVEN, RoleGrants.active == 1, RoleGrants.role.in_(READING_ROLES)
    )
)


class Check(msgspec.Struct, frozen=True):
    """One item of the checklist; with `expires`, what it looks at has a day after which it is no longer good."""

    code: str
    expires: bool = False


CHECKLIST = (
    Check("locks"),
    Check("alarm"),
    Check("fire_equipment", expires=True),
    Check("damp"),
    Check("electrics"),
    Check("tidy_by_class"),
    Check("spares_apart"),
    Check("hygiene"),
    Check("access_log"),
    Check("documents_filed"),
)
CHECK = {check.code: check for check in CHECKLIST}
assert len(CHECK) == len(CHECKLIST), "two items share a code"


def make_inspection(
    writer: Writer, unit: Unit, *, site: str, items: Sequence[InspectedItem], by: Person
) -> Inspection:
    """Keep an inspection, with every item answered; its role is that of whoever makes it.

    Raises Refused with everything that is wrong: `role_missing`, `inactive_site`, and what `faults_of` says.
    """
    role = next((role for role in INSPECTORS if (role, site) in by.roles), None)
    if role is None:
        raise refuse("role_missing", roles=list(INSPECTORS), site=site)
    store, today = writer.store, unit.day_of(writer.now_us)
    staff = {username for (username,) in store.rows(_STAFF, (site,))}
    if problems := [*refuse_site(store, site), *faults_of(items, today, site, staff)]:
        raise Refused(problems)
    number = records.next_number(store, INSPECTION, site)
    value = Inspection(
        number=number,
        site=site,
        role=role,  # type: ignore[arg-type]
        made_on=today.isoformat(),
        made_at=writer.now_us,
        made_by=by.username,
        items=tuple(sorted(items, key=lambda each: list(CHECK).index(each.item))),
    )
    return records.write(writer, INSPECTION, value, by=by.username, expected=0)[0]


def faults_of(
    items: Sequence[InspectedItem], today: date, site: str, staff: Collection[str]
) -> Iterator[Problem]:
    """Everything wrong with the answers: each item once, good ones in date, bad ones with a finding. Pure.

    `staff` are the usernames of everybody with a role at the site.
    """
    seen: set[str] = set()
    for index, each in enumerate(items):
        pointer = f"/items/{index}"
        check = CHECK.get(each.item)
        if check is None:
            yield Problem("unknown_check", f"{pointer}/item", {"check": shortened(each.item)})
            continue
        if each.item in seen:
            yield Problem("check_repeated", f"{pointer}/item", {"check": each.item})
        seen.add(each.item)
        yield from _expiry(check, each, today, pointer)
        yield from _finding(each, today, site, staff, pointer)
    if missing := [check.code for check in CHECKLIST if check.code not in seen]:
        yield Problem("checks_missing", "/items", {"checks": missing})


def _expiry(check: Check, each: InspectedItem, today: date, pointer: str) -> Iterator[Problem]:
    place = f"{pointer}/expires_on"
    if each.expires_on is None:
        if check.expires and each.ok:
            yield Problem("expiry_required", place, {"check": check.code})
        return
    if not check.expires:
        yield Problem("expiry_not_wanted", place, {"check": check.code})
        return
    expires_on = read_day(each.expires_on)
    if expires_on is None:
        yield Problem("malformed_date", place, {"date": shortened(each.expires_on)})
    elif each.ok and expires_on < today:
        yield Problem("expired", place, {"check": check.code, "date": each.expires_on})


def _finding(
    each: InspectedItem, today: date, site: str, staff: Collection[str], pointer: str
) -> Iterator[Problem]:
    place, finding = f"{pointer}/finding", each.finding
    if finding is None:
        if not each.ok:
            yield Problem("finding_required", place, {"check": each.item})
        return
    if each.ok:
        yield Problem("finding_not_wanted", place, {"check": each.item})
    if not finding.fault.strip():
        yield Problem("empty_text", f"{place}/fault", {"field": "fault"})
    if finding.owner not in staff:
        yield Problem("owner_without_role", f"{place}/owner", {"username": finding.owner, "site": site})
    due_on = read_day(finding.due_on)
    if due_on is None:
        yield Problem("malformed_date", f"{place}/due_on", {"date": shortened(finding.due_on)})
    elif due_on < today:
        yield Problem("day_past", f"{place}/due_on", {"date": finding.due_on, "today": today.isoformat()})


def settle_finding(writer: Writer, number: str, item: str, work: str, *, by: Person) -> Inspection:
    """Say what was done about a finding: by its owner, or by a storekeeper or auditor of the site.

    Raises Refused: `not_found`, `role_missing`, `finding_settled`.
    """
    value, revision = inspection_of(writer.store, number)
    answered = next((each for each in value.items if each.item == item), None)
    if answered is None or answered.finding is None:
        raise refuse("not_found")
    finding = answered.finding
    if finding.owner != by.username and not by.may(INSPECTORS, value.site):
        raise refuse("role_missing", roles=list(INSPECTORS), site=value.site)
    if finding.settled_at is not None:
        raise refuse("finding_settled", check=item, username=finding.settled_by)
    if not work.strip():
        raise refuse("empty_text", "/work", field="work")
    done = msgspec.structs.replace(finding, work=work, settled_at=writer.now_us, settled_by=by.username)
    items = tuple(
        msgspec.structs.replace(each, finding=done) if each is answered else each for each in value.items
    )
    changed = msgspec.structs.replace(value, items=items)
    return records.write(writer, INSPECTION, changed, by=by.username, expected=revision)[0]


def inspection_of(store: Store, number: str) -> tuple[Inspection, int]:
    """An inspection with its revision. Raises Refused (`not_found`)."""
    found = records.current(store, INSPECTION, number)
    if found is None:
        raise refuse("not_found")
    return found


def inspections_of(store: Store, site: str, *, states: Collection[str] | None = None) -> list[Inspection]:
    """The inspections of a site, oldest first: all, or the `open` or `settled` ones (see custody_kinds)."""
    return list(listed(store, INSPECTION, [site], only=Only(states=states)))


def open_findings(store: Store, site: str) -> Iterator[tuple[Inspection, InspectedItem, InspectionFinding]]:
    """The findings of a site that nobody has settled, the oldest inspection's first."""
    for value in inspections_of(store, site, states=("open",)):
        for each in value.items:
            if each.finding is not None and each.finding.settled_at is None:
                yield value, each, each.finding
