"""Outlets' tokens: what they look like, what they are good for, and when they end, on both engines."""

import re
from typing import Any

import pytest

from devices.people import grants, persons, tokens
from devices.people.roles import Person
from devices.problems import Refused
from devices.store.database import Store
from tests.staff import DAY, NOW, Staff


@pytest.fixture
def lees(staff: Staff) -> Staff:
    """Staff with lee, storekeeper of one site and auditor of another."""
    staff.enrolled("lee", ("storekeeper", "A1"), ("auditor", "B2"))
    return staff


def issue(staff: Staff, by: Person | None = None, **changes: Any) -> tokens.Issued:
    wanted: dict[str, Any] = {
        "label": "till 1",
        "site": "A1",
        "scopes": ["read"],
        "expires_at": NOW + DAY,
        "username": None,
    }
    return staff.write(lambda w: tokens.issue(w, by or staff.admin, **(wanted | changes)))


def test_a_token_has_a_visible_prefix_its_id_and_a_checksum(staff: Staff) -> None:
    issued = issue(staff)
    assert re.fullmatch(r"panku_[0-9A-Za-z]+_\w{43,}_\w{6,8}", issued.secret)
    assert issued.token.id == issued.secret.split("_")[1]


def test_a_token_is_not_stored_in_clear(staff: Staff) -> None:
    issued = issue(staff)
    kept = [row[0] for row in staff.store.rows("SELECT content FROM revision WHERE kind = 'token'")]
    assert not any(issued.secret in content for content in kept)
    assert issued.token.digest not in issued.secret


def test_a_token_without_a_person_reads_its_site_and_no_other(staff: Staff) -> None:
    issued = issue(staff)
    person = tokens.authenticate(staff.store, issued.secret, NOW)
    assert (person.via, person.site) == ("token", "A1")
    assert (person.scopes, person.roles) == (frozenset(["read"]), frozenset())
    assert (person.reads("A1"), person.reads("B2")) == (True, False)
    assert person.principal == f"token:{issued.token.id}"


def test_a_bound_token_has_its_persons_role_at_its_own_site_only(lees: Staff) -> None:
    issued = issue(lees, username="lee", scopes=["post", "read"])
    person = tokens.authenticate(lees.store, issued.secret, NOW)
    assert person.username == "lee"
    assert person.roles == frozenset([("storekeeper", "A1")])


def test_a_bound_token_loses_a_role_with_its_person(lees: Staff) -> None:
    issued = issue(lees, username="lee", scopes=["post"])
    lees.write(lambda w: grants.revoke(w, lees.admin, "lee", "storekeeper", "A1"))
    assert tokens.authenticate(lees.store, issued.secret, NOW).roles == frozenset()


def test_a_token_of_a_deactivated_person_is_refused(lees: Staff) -> None:
    issued = issue(lees, username="lee", scopes=["post"])
    lees.write(lambda w: persons.deactivate(w, lees.admin, "lee"))
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(lees.store, issued.secret, NOW)


def test_a_token_ends_at_its_expiry(staff: Staff) -> None:
    issued = issue(staff)
    tokens.authenticate(staff.store, issued.secret, NOW + DAY - 1)
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(staff.store, issued.secret, NOW + DAY)


def test_a_revoked_token_is_refused(staff: Staff) -> None:
    issued = issue(staff)
    staff.write(lambda w: tokens.revoke_token(w, staff.admin, issued.token.id))
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(staff.store, issued.secret, NOW)


@pytest.mark.parametrize("text", ["", "panku_", "panku_x_y_z", "Bearer", "\0", "panku_" + "é" * 62])
def test_what_is_no_token_is_refused(store: Store, text: str) -> None:
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(store, text, NOW)


def test_a_mistyped_token_is_refused_without_asking_the_database(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = issue(staff).secret
    wrong = secret[:30] + ("a" if secret[30] != "a" else "b") + secret[31:]
    monkeypatch.setattr(Store, "execute", lambda *_: pytest.fail("the database was asked"))
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(staff.store, wrong, NOW)


def test_a_token_is_known_by_one_statement(lees: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = issue(lees, username="lee", scopes=["post"]).secret
    asked: list[str] = []
    execute = Store.execute

    def counted(self: Store, sql: str, *more: Any) -> Any:
        asked.append(sql)
        return execute(self, sql, *more)

    monkeypatch.setattr(Store, "execute", counted)
    tokens.authenticate(lees.store, secret, NOW)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scopes": ["post"]}, "token_needs_person"),
        ({"scopes": ["sign"]}, "unknown_scope"),
        ({"site": "XX99"}, "unknown_site"),
        ({"username": "nobody"}, "unknown_person"),
        ({"expires_at": NOW}, "token_expiry_past"),
        ({"label": " "}, "empty_text"),
    ],
)
def test_a_token_that_would_be_good_for_nothing_is_not_issued(
    staff: Staff, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        issue(staff, **changes)


def test_only_an_administrator_issues_tokens(lees: Staff) -> None:
    lee = persons.person_of(lees.store, "lee")
    assert lee is not None
    with pytest.raises(Refused, match="role_missing"):
        issue(lees, lee)
