"""Who may do what: the accesses that routes and pages declare, and how each is decided: here, nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from devices.audit.custody.inspections import INSPECTORS
from devices.audit.custody.visits import VISIT_READERS
from devices.audit.stocktake.stocktakes import SIGNING_ROLES
from devices.lifecycle import DESK, DOCUMENT, STOREKEEPER
from devices.paperwork.complaints import COMPLAINTS, EVERYBODY, OWNER
from devices.paperwork.dispatches import DISPATCHES, TECHNICIAN
from devices.paperwork.follow_ups import CALLERS, FOLLOW_UPS
from devices.paperwork.installations import INSTALLATIONS
from devices.paperwork_kinds import COMPLAINT
from devices.people.roles import IN_A_PERSONS_NAME, KEY_CONFIRMERS, METRICS, WATCHERS, Person
from devices.problems import refuse, refuse_foreign
from devices.service.jobs.technicians import works_on
from devices.values import UNIT

READERS = ("storekeeper", "auditor", "clerk", "supervisor")
SITE_STAFF = ("storekeeper", "auditor", "clerk")
TECHNICIANS = (TECHNICIAN,)


class Access(msgspec.Struct, frozen=True):
    """What a route asks of its caller.

    `roles`, one of which is needed at the site that `site` finds: in the `body`, the `path` (a site code) or the
    `query`, in a record's `number` (a foreign one answers 404), at `any` site, or for the whole `unit`. None: anyone
    known. `scope` is what a token needs; without one, only a person in a session may. `public` asks nothing.
    """

    roles: tuple[str, ...] | Literal["of_document"] | None = None
    site: Literal["unit", "body", "path", "number", "query", "any"] = "unit"
    scope: str | None = None
    public: bool = False


PUBLIC = Access(public=True)
ANYONE = Access(scope="read")
SIGNED_IN = Access()
ADMINS = Access(roles=("admin",))
WATCHER = Access(roles=WATCHERS, scope=METRICS)
CONFIRMER = Access(roles=KEY_CONFIRMERS, site="any")
POSTER = Access(roles="of_document", site="body", scope="post")
SUPERVISOR = Access(roles=("supervisor",))
AUDITOR = Access(roles=("auditor",), site="number")
ANY_READER = Access(roles=READERS, site="any")
READER = Access(roles=READERS, site="number", scope="read")
STAFF_NUMBER = Access(roles=READERS, site="number")
READ_BOOK = Access(roles=READERS, site="path")
READ_QUERY = Access(roles=READERS, site="query")
READ_LEVEL = Access(roles=(*READERS, "admin"), site="path")
SITE_STAFF_NUMBER = Access(roles=SITE_STAFF, site="number")
PAPER_QUERY = Access(roles=(*SITE_STAFF, TECHNICIAN), site="query")
DESK_BODY = Access(roles=DESK, site="body")
DESK_POSTS = Access(roles=DESK, site="body", scope="post")
DESK_SOMEWHERE = Access(roles=DESK, site="any")
AUDITOR_SOMEWHERE = Access(roles=("auditor",), site="any")
"""Of a customer's home, which only the books know: the handler asks for the role there."""
DESK_NUMBER = Access(roles=DESK, site="number")
JOB_READER = Access(roles=(*READERS, *TECHNICIANS), site="number", scope="read")
"""Of an order: a technician sees those that are theirs, which the handler asks."""
JOBS_SOMEWHERE = Access(roles=(*READERS, *TECHNICIANS), site="any")
DISPATCH_STEP = {name: Access(roles=step.who, site="number") for name, step in DISPATCHES.step.items()}
INSTALL_STEP = {name: Access(roles=step.who, site="number") for name, step in INSTALLATIONS.step.items()}
CALL_STEP = {name: Access(roles=step.who, site="number") for name, step in FOLLOW_UPS.step.items()}
CALL_CENTER = Access(roles=CALLERS, site="body", scope="post")
RECEIVER = Access(roles=EVERYBODY, site="body", scope="post")
RECEIVER_SOMEWHERE = Access(roles=EVERYBODY, site="any")
COMPLAINT_READER = Access(roles=EVERYBODY, site="number", scope="read")
"""Of a complaint: who does not read its site sees those that they own, which the handler asks."""
COMPLAINT_STEP = {
    name: Access(roles=EVERYBODY if OWNER in step.who else step.who, site="number")
    for name, step in COMPLAINTS.step.items()
}
"""What its owner does, the handler asks for."""
STOREKEEPER_BODY = Access(roles=STOREKEEPER, site="body")
STOREKEEPER_PATH = Access(roles=STOREKEEPER, site="path")
STOREKEEPER_QUERY = Access(roles=STOREKEEPER, site="query")
COUNTER = Access(roles=SIGNING_ROLES, site="number")
COUNTER_BODY = Access(roles=SIGNING_ROLES, site="body")
COUNTER_PATH = Access(roles=SIGNING_ROLES, site="path")
INSPECTOR = Access(roles=INSPECTORS, site="any")
VISIT_NUMBER = Access(roles=VISIT_READERS, site="number")


def site_of(access: Access, path: dict[str, str], body: Any, query: Any) -> str | None:
    """The site a request is about, None where its query names none."""
    find: dict[str, Callable[[], str | None]] = {
        "unit": lambda: UNIT,
        "body": lambda: body.site,
        "path": lambda: path["site"],
        "number": lambda: site_of_number(path["number"]),
        "query": lambda: getattr(query, "site", None),
        "any": lambda: UNIT,
    }
    return find[access.site]()


def site_of_number(number: str) -> str:
    """The site in a number: `BJ01-2026-000001` or `R-BJ01-000001`."""
    parts = number.split("-")
    if len(parts) != 3:
        raise refuse("not_found")
    return parts[1] if len(parts[0]) == 1 else parts[0]


def admit(access: Access, person: Person | None, path: dict[str, str], body: Any, query: Any) -> None:
    """Let a caller through, or raise Refused.

    401 `sign_in_required`; 403 `person_required`, `scope_missing`, `role_missing`; 404 for a record of a site the
    caller has nothing to do with.
    """
    admit_caller(access, person)
    if person is None or access.roles is None:
        return
    roles = DOCUMENT[body.__struct_config__.tag].posters if access.roles == "of_document" else access.roles
    site = site_of(access, path, body, query)
    if access.site == "any" and person.sites_of(roles):
        return
    if (
        site is None
        or person.may(roles, site)
        or (access in (READER, JOB_READER, COMPLAINT_READER) and reads_records(person, site))
    ):
        return
    if access.site == "number" and not person.reads(site):
        raise refuse_foreign()
    raise refuse("role_missing", roles=list(roles), site=None if site == UNIT else site)


def reads_records(person: Person, site: str) -> bool:
    """Whether somebody reads a site's documents and records: a reader there, or a token of it, bound or not."""
    return person.may(READERS, site) or (person.via == "token" and site == person.site)


def works_or_reads(person: Person, site: str, assignee: str | None) -> bool:
    """Whether somebody reads a site's order: whoever reads the site, or the technician whose work it is."""
    return person.reads(site) or works_on(person, site, assignee)


def reads_in_brief(person: Person, kind: str, site: str, assignee: str | None) -> bool:
    """Whether somebody reads a record that is told in brief: whoever reads its site, the technician whose work it is,
    of a complaint whoever owns it, and not whoever is complained of.
    """
    if kind == COMPLAINT.name:
        return person.reads(site) or owns_complaint(person, site, assignee)
    return works_or_reads(person, site, assignee)


def owns_complaint(person: Person, site: str, owner: str | None) -> bool:
    """Whether a complaint of a site is somebody's own; one without a role there any more owns none."""
    return owner is not None and owner == person.username and person.may(EVERYBODY, site)


def admit_caller(access: Access, person: Person | None) -> None:
    """Let through whoever is known, whatever they ask for, or raise Refused.

    401 `sign_in_required`; 403 `person_required`, `scope_missing`, `token_not_confirmed`.
    """
    if access.public:
        return
    if person is None:
        raise refuse("sign_in_required")
    if person.via == "token":
        _admit_token(access, person)


def _admit_token(access: Access, person: Person) -> None:
    if access.scope is None:
        raise refuse("person_required")
    if access.scope not in person.scopes:
        raise refuse("scope_missing", scope=access.scope)
    if not person.confirmed and access.scope in IN_A_PERSONS_NAME:
        raise refuse("token_not_confirmed")


def visible_sites(person: Person, asked: str | None) -> list[str] | None:
    """The sites whose records a list may show: those of the caller's roles; None means every site.

    Raises Refused (`role_missing`) when it asks for another.
    """
    if asked is not None:
        if not person.reads(asked):
            raise refuse("role_missing", roles=list(READERS), site=asked)
        return [asked]
    if person.reads_every_site:
        return None
    return sorted(person.sites_of(SITE_STAFF) | ({person.site} if person.site else set()))
