"""What is slow on purpose about a password is done while nobody waits for the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from argon2.low_level import hash_secret_raw
from zxcvbn import zxcvbn

from devices.journal import open_journals
from devices.people import passwords, persons, sealing
from devices.unit import unit_of
from devices.values import UNIT
from tests.conftest import ENGINES, Stores
from tests.door import Door

NEW = "eleven paper cranes tonight"


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    store = stores.demo(request.param)
    yield Door(store)
    stores.drop(store)


def code_of_a_new_person(door: Door) -> str:
    unit = unit_of(door.store)
    assert unit is not None
    with door.store.writing():
        return persons.create(open_journals(door.store, [UNIT], door.now), unit, door.admin, "sun", "孙").code


REQUESTS: dict[str, Callable[[Door], tuple[str, dict[str, Any], str | None]]] = {
    "sign up": lambda door: (
        "/v1/people/sun/enrol", {"code": code_of_a_new_person(door), "password": NEW}, None,
    ),
    "change the password": lambda door: (
        "/v1/me/password", {"password": door.password("zhang"), "new": NEW}, "zhang",
    ),
    "replace the key": lambda door: ("/v1/me/key", {"password": door.password("zhang")}, "zhang"),
}  # fmt: skip


@pytest.mark.parametrize("wish", REQUESTS)
def test_no_password_is_weighed_hashed_or_sealed_within_a_transaction(
    door: Door, wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, body, who = REQUESTS[wish](door)
    client = door.sign_in(who) if who else door.nobody()
    done: list[str] = []

    def outside(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            assert not door.store.db.in_transaction(), f"{name} within a transaction"
            done.append(name)
            return work(*given, **named)

        return watched

    monkeypatch.setattr(passwords, "zxcvbn", outside("weighing", zxcvbn))
    monkeypatch.setattr(passwords, "hash_password", outside("hashing", passwords.hash_password))
    monkeypatch.setattr(sealing, "hash_secret_raw", outside("sealing", hash_secret_raw))
    answer = client.post(path, body)
    assert answer.status_code in (200, 201), answer.text
    assert done


def test_signing_up_is_repeated_with_its_key_as_the_first_time(door: Door) -> None:
    path, body, _ = REQUESTS["sign up"](door)
    first, again = (door.nobody().post(path, body, key="the-same") for _ in range(2))
    assert (first.status_code, first.json) == (201, again.json)


def test_a_code_that_is_no_good_is_refused_before_its_password_is_weighed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "zxcvbn", lambda *_, **__: pytest.fail("weighed"))
    answer = door.nobody().post("/v1/people/zhang/enrol", {"code": "7K2M-9QXA-41TD", "password": NEW})
    assert (answer.status_code, answer.json["code"]) == (403, "enrolment_refused")
