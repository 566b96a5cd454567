"""Who may do what: the roles, the scopes of outlet tokens, and the rules of granting. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from devices.problems import Problem
from devices.values import UNIT

Via = Literal["session", "token", "system"]


class Role(msgspec.Struct, frozen=True):
    """One role: granted for a site or for the whole unit; `reads_every_site` also shows what is another site's.

    One that does not `reads_site` shows nothing of its own site: to who has it, the site is as foreign as any other,
    but for what a route declares for them.
    """

    name: str
    span: Literal["site", "unit"]
    reads_every_site: bool = False
    reads_site: bool = True


ROLES = (
    Role("storekeeper", "site"),
    Role("auditor", "site"),
    Role("clerk", "site"),
    Role("technician", "site", reads_site=False),
    Role("supervisor", "unit", reads_every_site=True),
    Role("admin", "unit"),
)
ROLE = {role.name: role for role in ROLES}
SITE_ROLES = tuple(role.name for role in ROLES if role.span == "site")
READING_ROLES = tuple(role.name for role in ROLES if role.span == "site" and role.reads_site)
"""Whose site is not foreign to them: its books, documents, customers and counts are theirs to read."""
UNIT_ROLES = tuple(role.name for role in ROLES if role.span == "unit")
ADMIN = "admin"
SUPERVISOR = "supervisor"
KEY_CONFIRMERS = ("auditor", "supervisor", ADMIN)
"""Who may confirm another person's new signing key."""


class Scope(msgspec.Struct, frozen=True):
    """What a token is good for; with `needs_person` it must be bound to one, on whose word it acts."""

    name: str
    needs_person: bool = False


SCOPES = (
    Scope("read"),  # devices and their history
    Scope("post", needs_person=True),  # documents
)
METRICS = "metrics"
"""The scope of the one token that is a setting and no person's; it is good for nothing else."""
WATCHERS = ("supervisor", ADMIN)
"""Who may see how the server is doing."""
SCOPE = {scope.name: scope for scope in SCOPES}
IN_A_PERSONS_NAME = frozenset(scope.name for scope in SCOPES if scope.needs_person)
"""The scopes of which that person must have confirmed the token."""

Granted = frozenset[tuple[str, str]]
"""Pairs (role, site); the site of a role of the whole unit is UNIT."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a person by session, an outlet's token, or the system itself.

    A token not bound to a person has the username "" and no roles; a bound one has its person's roles at the token's
    own site only, a supervisor's among them. `token` is a token's id, `site` the one it is bound to; one that is not
    `confirmed` does nothing in its person's name.
    """

    username: str
    name: str
    roles: Granted = frozenset()
    via: Via = "session"
    token: str | None = None
    site: str | None = None
    scopes: frozenset[str] = frozenset()
    confirmed: bool = False

    @property
    def principal(self) -> str:
        """What idempotency keys are scoped to; no username has a colon."""
        return f"token:{self.token}" if self.via == "token" else self.username

    def may(self, roles: Iterable[str], site: str) -> bool:
        """Whether they have one of `roles` at `site`, or one of them for the whole unit."""
        return any((role, site) in self.roles or (role, UNIT) in self.roles for role in roles)

    def sites_of(self, roles: Iterable[str] = SITE_ROLES) -> frozenset[str]:
        """The sites at which they have one of `roles`."""
        wanted = frozenset(roles)
        return frozenset(site for role, site in self.roles if role in wanted and site != UNIT)

    @property
    def reads_every_site(self) -> bool:
        """Whether one of their roles shows what is another site's."""
        return any(ROLE[role].reads_every_site for role, site in self.roles if role in ROLE and site == UNIT)

    def reads(self, site: str) -> bool:
        """Whether `site` is not foreign to them: a role that reads it, a token of it, or a role for every site."""
        return site == self.site or site in self.sites_of(READING_ROLES) or self.reads_every_site


SYSTEM = Person(username="system", name="system", via="system")
WATCHING = Person(
    username="",
    name="",
    roles=frozenset({("supervisor", UNIT)}),
    via="token",
    token="metrics",  # noqa: S106
    scopes=frozenset({METRICS}),
)
"""Whoever has the metrics token."""


def administers(by: Person) -> bool:
    """Whether they keep sites, people and tokens: an administrator's session, or the system."""
    return by.via == "system" or (by.via == "session" and by.may((ADMIN,), UNIT))


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A role asked for (or to be taken away), and what the rules must know about it.

    `held` are the person's active grants; `administrators` are the active ones of all, `usable_administrators` those
    of them who can sign in.
    """

    by: Person
    username: str
    role: str
    site: str
    person_active: bool
    held: Granted
    administrators: frozenset[str]
    usable_administrators: frozenset[str]


_Rule = Callable[[Asked], list[Problem]]


def _known_role(asked: Asked) -> list[Problem]:
    return [] if asked.role in ROLE else [Problem("unknown_role", "/role", {"role": asked.role})]


def _site_fits_role(asked: Asked) -> list[Problem]:
    role = ROLE.get(asked.role)
    if role is None or (role.span == "unit") == (asked.site == UNIT):
        return []
    code = "role_for_whole_unit" if role.span == "unit" else "role_needs_site"
    return [Problem(code, "/site", {"role": role.name})]


def _one_role_per_site(asked: Asked) -> list[Problem]:
    return [
        Problem("one_role_per_site", "/role", {"username": asked.username, "role": role, "site": site})
        for role, site in sorted(asked.held)
        if site == asked.site
    ]


def _admin_alone(asked: Asked) -> list[Problem]:
    is_admin = (ADMIN, UNIT) in asked.held
    if asked.held and (is_admin or asked.role == ADMIN):
        return [Problem("admin_has_no_other_role", "/role", {"username": asked.username})]
    return []


def _not_oneself(asked: Asked) -> list[Problem]:
    return [Problem("granting_oneself", "/username")] if asked.by.username == asked.username else []


def _granted_by_admin(asked: Asked) -> list[Problem]:
    if asked.by.via == "system":
        return [_role_missing()] if asked.administrators else []
    return not_an_administrator(asked.by)


def _revoked_by_admin(asked: Asked) -> list[Problem]:
    return not_an_administrator(asked.by)


def _active_person(asked: Asked) -> list[Problem]:
    return (
        [] if asked.person_active else [Problem("inactive_person", "/username", {"username": asked.username})]
    )


def _held(asked: Asked) -> list[Problem]:
    if (asked.role, asked.site) in asked.held:
        return []
    facts = {"username": asked.username, "role": asked.role, "site": asked.site}
    return [Problem("grant_missing", "", facts)]


def _administrator_left(asked: Asked) -> list[Problem]:
    if asked.role != ADMIN or (ADMIN, UNIT) not in asked.held:
        return []
    return [] if asked.usable_administrators - {asked.username} else [Problem("last_administrator")]


GRANT_RULES: tuple[_Rule, ...] = (
    _granted_by_admin,
    _known_role,
    _site_fits_role,
    _not_oneself,
    _active_person,
    _one_role_per_site,
    _admin_alone,
)
REVOKE_RULES: tuple[_Rule, ...] = (_revoked_by_admin, _held, _administrator_left)
TAKE_OVER_RULES: tuple[_Rule, ...] = (
    _known_role,
    _site_fits_role,
    _active_person,
    _one_role_per_site,
    _admin_alone,
)
"""Of a role that is handed over: on the word of three signatures, not of an administrator."""


def refuse_grant(asked: Asked) -> list[Problem]:
    """Everything that forbids granting the role; empty where it may be granted."""
    return [problem for rule in GRANT_RULES for problem in rule(asked)]


def refuse_revocation(asked: Asked) -> list[Problem]:
    """Everything that forbids revoking the role; empty where it may be revoked."""
    return [problem for rule in REVOKE_RULES for problem in rule(asked)]


def refuse_taking_over(asked: Asked) -> list[Problem]:
    """Everything that forbids a person to take the role over; empty where they may hold it, or hold it already."""
    asked = msgspec.structs.replace(asked, held=asked.held - {(asked.role, asked.site)})
    return [problem for rule in TAKE_OVER_RULES for problem in rule(asked)]


def not_an_administrator(by: Person) -> list[Problem]:
    """`role_missing` unless an administrator, or the system, asks."""
    return [] if administers(by) else [_role_missing()]


def _role_missing() -> Problem:
    return Problem("role_missing", "", {"roles": [ADMIN], "site": UNIT})


def refuse_scopes(scopes: Iterable[str], username: str | None) -> list[Problem]:
    """Everything wrong with the scopes asked for a token that is, or is not, bound to a person."""
    wanted = sorted(set(scopes))
    unknown = [
        Problem("unknown_scope", "/scopes", {"scope": scope}) for scope in wanted if scope not in SCOPE
    ]
    alone = [s for s in wanted if s in SCOPE and SCOPE[s].needs_person and username is None]
    return [*unknown, *(Problem("token_needs_person", "/username") for _ in alone[:1])]
