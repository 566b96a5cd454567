"""Outlet tokens as they are kept: the secret and its digest, their records, and what is refused at once."""

import hashlib
from typing import Any

import pytest

from devices.people import tokens
from devices.people.tokens import Issued, authenticate
from devices.problems import Refused
from devices.store.database import Store
from devices.values import UNIT
from tests.staff import DAY, NOW, Staff, codes

LATER = NOW + 90 * DAY


def issue(staff: Staff, **rest: Any) -> Issued:
    asked = {"label": "东门网点", "site": "A1", "scopes": ["read"], "expires_at": LATER, **rest}
    with staff.writing() as writer:
        return tokens.issue(writer, rest.pop("by", staff.admin), **asked)


def assert_refused(staff: Staff, secret: str, at_us: int = NOW) -> None:
    with pytest.raises(Refused) as refused:
        authenticate(staff.store, secret, at_us)
    assert codes(refused.value) == ["token_refused"]


def test_all_256_bits_are_in_the_secret(staff: Staff) -> None:
    secret = issue(staff, random=lambda size: b"\xff" * size).secret.split("_")[2]
    number = 0
    for character in secret:
        number = number * 62 + tokens.DIGITS.index(character)
    assert number == 2**256 - 1


def test_only_the_digest_of_a_token_is_kept(staff: Staff) -> None:
    issued = issue(staff)
    found = tokens.token_of(staff.store, issued.token.id)
    assert found == issued.token
    assert found.digest == hashlib.sha256(issued.secret.encode()).hexdigest()


def test_another_secret_with_a_known_id_is_refused(staff: Staff, store: Store) -> None:
    same_id = issue(staff, random=lambda size: b"\x01" * size)
    with store.writing():
        store.execute("UPDATE token SET digest = ? WHERE id = ?", ("0" * 64, same_id.token.id))
    assert_refused(staff, same_id.secret)


def test_a_token_is_revoked_once(staff: Staff) -> None:
    issued = issue(staff)
    with staff.writing() as writer:
        tokens.revoke_token(writer, staff.admin, issued.token.id)
    with pytest.raises(Refused) as refused, staff.writing() as writer:
        tokens.revoke_token(writer, staff.admin, issued.token.id)
    assert codes(refused.value) == ["not_found"]


def test_every_fault_of_a_token_is_told_at_once(staff: Staff) -> None:
    with pytest.raises(Refused) as refused:
        issue(staff, label="", site="Z9", scopes=["post"], expires_at=NOW)
    assert codes(refused.value) == ["empty_text", "unknown_site", "token_expiry_past", "token_needs_person"]


@pytest.mark.both_engines
def test_tokens_are_journalled_and_listed_by_site(staff: Staff) -> None:
    second, first = issue(staff, site="B2"), issue(staff, site="A1")
    assert [token.id for token in tokens.every_token(staff.store)] == [first.token.id, second.token.id]
    assert {key for key, _, by in staff.revisions("token") if by == "admin.zhou"} == {
        first.token.id,
        second.token.id,
    }


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"scopes": []}, "empty_text"), ({"site": UNIT}, "unknown_site"), ({"site": "C3"}, "inactive_site")],
)
def test_a_token_needs_a_scope_and_an_open_site(staff: Staff, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        issue(staff, **asked)
    assert codes(refused.value) == [code]
