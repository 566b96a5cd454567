"""Outlets' tokens: what they look like, what they are good for, and when they end, on both engines."""

import re
from typing import Any

import pytest

from devices.database import Store
from devices.people import grants, persons, tokens
from devices.people.roles import Person
from devices.problems import Refused
from tests.people import AT_US, DAY_US, enrolled, found_unit, writing


@pytest.fixture
def root(store: Store) -> Person:
    """The administrator of a unit with two sites and a storekeeper, lee, of both."""
    root = found_unit(store, "BJ01", "BJ02")
    enrolled(store, root, "lee", ("storekeeper", "BJ01"), ("auditor", "BJ02"))
    return root


def issue(store: Store, by: Person, **changes: Any) -> tokens.Issued:
    wanted: dict[str, Any] = {
        "label": "till 1",
        "site": "BJ01",
        "scopes": ["read"],
        "expires_at": AT_US + DAY_US,
        "username": None,
    }
    return writing(store, lambda w: tokens.issue(w, by, **(wanted | changes)))


def test_a_token_has_a_visible_prefix_its_id_and_a_checksum(store: Store, root: Person) -> None:
    issued = issue(store, root)
    assert re.fullmatch(r"panku_[0-9A-Za-z]+_\w{43,}_\w{6,8}", issued.secret)
    assert issued.token.id == issued.secret.split("_")[1]


def test_a_token_is_not_stored_in_clear(store: Store, root: Person) -> None:
    issued = issue(store, root)
    kept = [row[0] for row in store.rows("SELECT content FROM revision WHERE kind = 'token'")]
    assert not any(issued.secret in content for content in kept)
    assert issued.token.digest not in issued.secret


def test_a_token_without_a_person_reads_its_site_and_no_other(store: Store, root: Person) -> None:
    issued = issue(store, root)
    person = tokens.authenticate(store, issued.secret, AT_US)
    assert (person.via, person.site) == ("token", "BJ01")
    assert (person.scopes, person.roles) == (frozenset(["read"]), frozenset())
    assert (person.reads("BJ01"), person.reads("BJ02")) == (True, False)
    assert person.principal == f"token:{issued.token.id}"


def test_a_bound_token_has_its_persons_role_at_its_own_site_only(store: Store, root: Person) -> None:
    issued = issue(store, root, username="lee", scopes=["post", "read"])
    person = tokens.authenticate(store, issued.secret, AT_US)
    assert person.username == "lee"
    assert person.roles == frozenset([("storekeeper", "BJ01")])


def test_a_bound_token_loses_a_role_with_its_person(store: Store, root: Person) -> None:
    issued = issue(store, root, username="lee", scopes=["post"])
    writing(store, lambda w: grants.revoke(w, root, "lee", "storekeeper", "BJ01"))
    assert tokens.authenticate(store, issued.secret, AT_US).roles == frozenset()


def test_a_token_of_a_deactivated_person_is_refused(store: Store, root: Person) -> None:
    issued = issue(store, root, username="lee", scopes=["post"])
    writing(store, lambda w: persons.deactivate(w, root, "lee"))
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(store, issued.secret, AT_US)


def test_a_token_ends_at_its_expiry(store: Store, root: Person) -> None:
    issued = issue(store, root)
    tokens.authenticate(store, issued.secret, AT_US + DAY_US - 1)
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(store, issued.secret, AT_US + DAY_US)


def test_a_revoked_token_is_refused(store: Store, root: Person) -> None:
    issued = issue(store, root)
    writing(store, lambda w: tokens.revoke(w, root, issued.token.id))
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(store, issued.secret, AT_US)


@pytest.mark.parametrize("text", ["", "panku_", "panku_x_y_z", "Bearer", "\0", "panku_" + "é" * 62])
def test_what_is_no_token_is_refused(store: Store, text: str) -> None:
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(store, text, AT_US)


def test_a_mistyped_token_is_refused_without_asking_the_database(
    store: Store, root: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = issue(store, root).secret
    wrong = secret[:30] + ("a" if secret[30] != "a" else "b") + secret[31:]
    monkeypatch.setattr(Store, "execute", lambda *_: pytest.fail("the database was asked"))
    with pytest.raises(Refused, match="token_refused"):
        tokens.authenticate(store, wrong, AT_US)


def test_a_token_is_known_by_one_statement(
    store: Store, root: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = issue(store, root, username="lee", scopes=["post"]).secret
    asked: list[str] = []
    execute = Store.execute

    def counted(self: Store, sql: str, *more: Any) -> Any:
        asked.append(sql)
        return execute(self, sql, *more)

    monkeypatch.setattr(Store, "execute", counted)
    tokens.authenticate(store, secret, AT_US)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scopes": ["post"]}, "token_needs_person"),
        ({"scopes": ["sign"]}, "unknown_scope"),
        ({"site": "XX99"}, "unknown_site"),
        ({"username": "nobody"}, "unknown_person"),
        ({"expires_at": AT_US}, "token_expiry_past"),
        ({"label": " "}, "empty_text"),
    ],
)
def test_a_token_that_would_be_good_for_nothing_is_not_issued(
    store: Store, root: Person, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        issue(store, root, **changes)


def test_only_an_administrator_issues_tokens(store: Store, root: Person) -> None:
    lee = persons.person_of(store, "lee")
    assert lee is not None
    with pytest.raises(Refused, match="role_missing"):
        issue(store, lee)
