"""Granting roles and taking them away; both are journalled revisions of a grant."""

from __future__ import annotations

from peewee import JOIN

from devices import records
from devices.journal import Writer
from devices.people.kinds import GRANT, Grant
from devices.people.roles import (
    ADMIN,
    SYSTEM,
    Asked,
    Granted,
    Person,
    refuse_grant,
    refuse_revocation,
    refuse_taking_over,
)
from devices.problems import Problem, Refused
from devices.records import Written
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.people import Credentials, Persons, RoleGrants
from devices.store.tables.registers import Sites
from devices.values import UNIT

_ROLES = compiled(
    RoleGrants.select(RoleGrants.role, RoleGrants.site).where(
        RoleGrants.username == GIVEN, RoleGrants.active == 1
    )
)
_ACTIVE_SITE = compiled(Sites.select(Sites.active).where(Sites.code == GIVEN))
_ACTIVE_PERSON = compiled(Persons.select(Persons.active).where(Persons.username == GIVEN))
_HOLDERS = (
    RoleGrants.select(RoleGrants.username)
    .join(Persons, on=Persons.username == RoleGrants.username)
    .join_from(RoleGrants, Credentials, JOIN.LEFT_OUTER, on=Credentials.username == RoleGrants.username)
    .where(RoleGrants.role == ADMIN, RoleGrants.site == UNIT, RoleGrants.active == 1)
)
_ADMINISTRATORS = compiled(_HOLDERS)
_USABLE_ADMINISTRATORS = compiled(
    _HOLDERS.where(Credentials.password_hash.is_null(is_null=False), Persons.active == 1)
)


def grant(writer: Writer, by: Person, username: str, role: str, site: str) -> Written:
    """Give a person a role at a site (UNIT for a role of the whole unit).

    Raises Refused with every problem of devices.people.roles.GRANT_RULES, unknown_person, unknown_site,
    inactive_site.
    """
    asked, problems = _asked(writer.store, by, username, role, site)
    problems = [*refuse_grant(asked), *problems, *refuse_site(writer.store, site)]
    if problems:
        raise Refused(problems)
    return records.write(writer, GRANT, Grant(username, role, site), by=by.username)[1]


def revoke(writer: Writer, by: Person, username: str, role: str, site: str) -> Written:
    """Take a role away from a person; raises Refused with every problem of REVOKE_RULES, unknown_person."""
    asked, problems = _asked(writer.store, by, username, role, site)
    if problems := [*refuse_revocation(asked), *problems]:
        raise Refused(problems)
    return records.write(writer, GRANT, Grant(username, role, site, active=False), by=by.username)[1]


def revoke_all(writer: Writer, by: Person, username: str) -> None:
    """Take every role away from a person; raises Refused as `revoke` does."""
    for role, site in sorted(grants_of(writer.store, username)):
        revoke(writer, by, username, role, site)


def refuse_hand_over(store: Store, role: str, site: str, incoming: str) -> list[Problem]:
    """Everything that forbids a person to take a role over at a site; empty where they are fit to hold it."""
    asked, unknown = _asked(store, SYSTEM, incoming, role, site)
    return [*refuse_taking_over(asked), *unknown, *refuse_site(store, site)]


def hand_over(writer: Writer, word: str, role: str, site: str, *, outgoing: str, incoming: str) -> None:
    """Move a role from one person to another, on the word of a signed handover, whose number makes the revisions.

    Raises Refused: `grant_missing`, and what `refuse_hand_over` says; nothing is written then.
    """
    problems = refuse_hand_over(writer.store, role, site, incoming)
    if (role, site) not in grants_of(writer.store, outgoing):
        problems.append(Problem("grant_missing", "", {"username": outgoing, "role": role, "site": site}))
    if problems:
        raise Refused(problems)
    records.write(writer, GRANT, Grant(outgoing, role, site, active=False), by=word)
    if (role, site) not in grants_of(
        writer.store, incoming
    ):  # a colleague who keeps the site already just goes on
        records.write(writer, GRANT, Grant(incoming, role, site), by=word)


def grants_of(store: Store, username: str) -> Granted:
    """The person's active roles, as pairs (role, site)."""
    rows = store.rows(_ROLES, (username,))
    return frozenset((role, site) for role, site in rows)


def administrators(store: Store) -> frozenset[str]:
    """The usernames of everybody who has the administrator's role."""
    return _usernames(store, _ADMINISTRATORS)


def refuse_site(store: Store, site: str, pointer: str = "/site") -> list[Problem]:
    """unknown_site or inactive_site; empty for an active site and for UNIT."""
    if site == UNIT:
        return []
    row = store.row(_ACTIVE_SITE, (site,))
    if row and row[0]:
        return []
    return [Problem("inactive_site" if row else "unknown_site", pointer, {"site": site})]


def _asked(store: Store, by: Person, username: str, role: str, site: str) -> tuple[Asked, list[Problem]]:
    row = store.row(_ACTIVE_PERSON, (username,))
    unknown = [] if row else [Problem("unknown_person", "/username", {"username": username})]
    asked = Asked(
        by=by,
        username=username,
        role=role,
        site=site,
        person_active=bool(row[0]) if row else True,
        held=grants_of(store, username),
        administrators=administrators(store),
        usable_administrators=_usernames(store, _USABLE_ADMINISTRATORS),
    )
    return asked, unknown


def _usernames(store: Store, sql: str) -> frozenset[str]:
    return frozenset(username for (username,) in store.rows(sql))
