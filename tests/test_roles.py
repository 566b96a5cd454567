"""Roles: what a person may do, and who may be granted what. Pure, and generated from the tables."""

import itertools
import re
from pathlib import Path

import msgspec
import pytest

from devices.people.roles import (
    ADMIN,
    ROLE,
    ROLES,
    SCOPES,
    SITE_ROLES,
    SYSTEM,
    UNIT_ROLES,
    Asked,
    Granted,
    Person,
    administers,
    refuse_grant,
    refuse_revocation,
    refuse_scopes,
)
from devices.problems import PROBLEMS, Problem
from devices.values import UNIT

ADMINS = Person(username="zhou", name="周敏", roles=frozenset({(ADMIN, UNIT)}))
LEGITIMATE = [(role.name, UNIT if role.span == "unit" else "A1") for role in ROLES]
BOUND = Person(
    username="li",
    name="A1 scanner",
    roles=frozenset({("storekeeper", "A1")}),
    via="token",
    token="T1",
    site="A1",
    scopes=frozenset({"post"}),
)


def person(*roles: tuple[str, str]) -> Person:
    return Person(username="li", name="李明", roles=frozenset(roles))


def asked(role: str = "storekeeper", site: str = "A1", *held: tuple[str, str], by: Person = ADMINS) -> Asked:
    return Asked(
        by=by,
        username="li",
        role=role,
        site=site,
        person_active=True,
        held=frozenset(held),
        administrators=frozenset({"zhou"}),
        usable_administrators=frozenset({"zhou"}),
    )


def codes(problems: list[Problem]) -> list[str]:
    assert all(problem.facts.keys() <= set(PROBLEMS[problem.code].facts) for problem in problems)
    return [problem.code for problem in problems]


@pytest.mark.parametrize(("role", "site"), LEGITIMATE)
def test_an_administrator_grants_every_role_where_it_belongs(role: str, site: str) -> None:
    assert refuse_grant(asked(role, site)) == []


@pytest.mark.parametrize("role", SITE_ROLES)
def test_a_role_of_a_site_is_not_granted_for_the_unit(role: str) -> None:
    assert codes(refuse_grant(asked(role, UNIT))) == ["role_needs_site"]


@pytest.mark.parametrize("role", UNIT_ROLES)
def test_a_role_of_the_unit_is_not_granted_for_a_site(role: str) -> None:
    assert codes(refuse_grant(asked(role, "A1"))) == ["role_for_whole_unit"]


@pytest.mark.parametrize(("held", "wanted"), list(itertools.product(SITE_ROLES, SITE_ROLES)))
def test_nobody_has_two_roles_at_one_site(held: str, wanted: str) -> None:
    assert codes(refuse_grant(asked(wanted, "A1", (held, "A1")))) == ["one_role_per_site"]


@pytest.mark.parametrize(("held", "wanted"), list(itertools.product(SITE_ROLES, SITE_ROLES)))
def test_a_person_may_have_a_role_at_each_of_two_sites(held: str, wanted: str) -> None:
    assert refuse_grant(asked(wanted, "B2", (held, "A1"))) == []


@pytest.mark.parametrize(("role", "site"), [pair for pair in LEGITIMATE if pair[0] != ADMIN])
def test_an_administrator_is_given_no_other_role(role: str, site: str) -> None:
    assert "admin_has_no_other_role" in codes(refuse_grant(asked(role, site, (ADMIN, UNIT))))


@pytest.mark.parametrize("held", [pair for pair in LEGITIMATE if pair[0] != ADMIN])
def test_whoever_has_another_role_is_not_made_administrator(held: tuple[str, str]) -> None:
    assert "admin_has_no_other_role" in codes(refuse_grant(asked(ADMIN, UNIT, held)))


@pytest.mark.parametrize(("role", "site"), LEGITIMATE)
def test_nobody_grants_themself_a_role(role: str, site: str) -> None:
    oneself = msgspec.structs.replace(ADMINS, username="li")
    assert "granting_oneself" in codes(refuse_grant(asked(role, site, by=oneself)))


@pytest.mark.parametrize("held", [pair for pair in LEGITIMATE if pair[0] != ADMIN])
def test_only_an_administrator_grants_and_revokes(held: tuple[str, str]) -> None:
    other = msgspec.structs.replace(person(held), username="wang")
    assert codes(refuse_grant(asked(by=other))) == ["role_missing"]
    assert codes(refuse_revocation(asked("clerk", "B2", ("clerk", "B2"), by=other))) == ["role_missing"]


def test_an_administrators_token_grants_nothing() -> None:
    token = msgspec.structs.replace(ADMINS, via="token", token="T9", site="A1")
    assert codes(refuse_grant(asked(by=token))) == ["role_missing"]


def test_the_system_grants_while_there_is_no_administrator() -> None:
    first = msgspec.structs.replace(asked(ADMIN, UNIT, by=SYSTEM), administrators=frozenset())
    assert refuse_grant(first) == []


def test_the_system_grants_nothing_once_there_is_an_administrator() -> None:
    assert codes(refuse_grant(asked(by=SYSTEM))) == ["role_missing"]


def test_an_inactive_person_is_granted_nothing() -> None:
    inactive = msgspec.structs.replace(asked(), person_active=False)
    assert codes(refuse_grant(inactive)) == ["inactive_person"]


def test_an_unknown_role_is_refused_by_name() -> None:
    assert refuse_grant(asked("director")) == [Problem("unknown_role", "/role", {"role": "director"})]


def test_every_problem_of_a_grant_is_told_at_once() -> None:
    wrong = asked("director", "A1", ("clerk", "A1"), by=person())
    assert codes(refuse_grant(wrong)) == [
        "role_missing",
        "unknown_role",
        "granting_oneself",
        "one_role_per_site",
    ]


def test_a_role_that_is_not_held_is_not_revoked() -> None:
    assert codes(refuse_revocation(asked("clerk", "A1"))) == ["grant_missing"]


def test_the_last_administrator_is_not_revoked() -> None:
    last = msgspec.structs.replace(asked(ADMIN, UNIT, (ADMIN, UNIT)), username="zhou")
    assert codes(refuse_revocation(last)) == ["last_administrator"]


def test_an_administrator_who_cannot_sign_in_does_not_count_as_the_other_one() -> None:
    last = msgspec.structs.replace(
        asked(ADMIN, UNIT, (ADMIN, UNIT)), username="zhou", administrators=frozenset({"zhou", "not.enrolled"})
    )
    assert codes(refuse_revocation(last)) == ["last_administrator"]


def test_one_of_two_administrators_is_revoked() -> None:
    assert refuse_revocation(asked(ADMIN, UNIT, (ADMIN, UNIT))) == []


@pytest.mark.parametrize("role", SITE_ROLES)
def test_a_role_counts_at_its_own_site_only(role: str) -> None:
    assert person((role, "A1")).may((role,), "A1")
    assert not person((role, "A1")).may((role,), "B2")


@pytest.mark.parametrize("role", UNIT_ROLES)
def test_a_role_of_the_unit_counts_at_every_site(role: str) -> None:
    assert person((role, UNIT)).may((role,), "A1")
    assert person((role, UNIT)).may((role,), UNIT)


@pytest.mark.parametrize("pair", list(itertools.permutations(ROLE, 2)))
def test_no_role_stands_for_another(pair: tuple[str, str]) -> None:
    held, wanted = pair
    site = UNIT if ROLE[held].span == "unit" else "A1"
    assert not person((held, site)).may((wanted,), "A1")


def test_the_sites_of_a_person_are_told_by_role() -> None:
    both = person(("storekeeper", "A1"), ("auditor", "B2"), ("supervisor", UNIT))
    assert both.sites_of(("storekeeper",)) == {"A1"}
    assert both.sites_of() == {"A1", "B2"}


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (frozenset({("clerk", "A1")}), {"A1"}),
        (frozenset({("technician", "A1")}), set()),
        (frozenset({("technician", "A1"), ("clerk", "B2")}), {"B2"}),
        (frozenset({("supervisor", UNIT)}), {"A1", "B2"}),
        (frozenset({(ADMIN, UNIT)}), set()),
    ],
)
def test_a_site_is_foreign_unless_a_role_reads_it(roles: Granted, expected: set[str]) -> None:
    assert {site for site in ("A1", "B2") if person(*roles).reads(site)} == expected


def test_a_token_reads_the_site_it_is_bound_to() -> None:
    unbound = Person(
        username="", name="outlet", via="token", token="T1", site="A1", scopes=frozenset({"read"})
    )
    assert unbound.reads("A1")
    assert not unbound.reads("B2")


def test_the_keys_of_a_tokens_requests_are_not_its_persons() -> None:
    assert BOUND.principal == "token:T1"
    assert person().principal == "li"


def test_an_administrators_session_and_the_system_administer() -> None:
    assert administers(ADMINS)
    assert administers(SYSTEM)
    assert not administers(person(("supervisor", UNIT)))


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.name)
def test_a_scope_that_needs_a_person_is_refused_without_one(scope: object) -> None:
    assert isinstance(scope, type(SCOPES[0]))
    assert codes(refuse_scopes([scope.name], None)) == (["token_needs_person"] if scope.needs_person else [])
    assert refuse_scopes([scope.name], "li") == []


def test_an_unknown_scope_is_named() -> None:
    assert refuse_scopes(["fly"], "li") == [Problem("unknown_scope", "/scopes", {"scope": "fly"})]


def test_the_database_knows_the_same_roles() -> None:
    migration = Path(__file__).parents[1] / "devices" / "store" / "tables" / "people.py"
    lists = re.findall(r"role IN \(([^)]*)\)", migration.read_text(encoding="utf-8"))
    assert [tuple(re.findall(r"'(\w+)'", names)) for names in lists] == [tuple(ROLE), UNIT_ROLES]
