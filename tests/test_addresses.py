"""Whose address a request comes from, behind proxies and without, and whose patience it costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from falcon import testing

from api.callers.addresses import client_address
from tests.conftest import Stores
from tests.custody import receipt
from tests.door import Door

PROXY, SECOND_PROXY = "192.0.2.1", "2001:db8::1"
TRUSTED = (PROXY, SECOND_PROXY)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (PROXY, "203.0.113.9", "203.0.113.9"),
        (PROXY, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
        (PROXY, "198.51.100.66, 203.0.113.9, 2001:db8::1", "203.0.113.9"),
        (PROXY, "203.0.113.9,[2001:db8::1]:443", "203.0.113.9"),
        (f"::ffff:{PROXY}", "203.0.113.9:51000", "203.0.113.9"),
        (SECOND_PROXY, "2001:db8:9::7", "2001:db8:9::7"),
        (PROXY, "2001:db8::1", "2001:db8::1"),
        (PROXY, "203.0.113.9, unknown", PROXY),
        (PROXY, "", PROXY),
        (PROXY, None, PROXY),
        ("203.0.113.9", "198.51.100.66", "203.0.113.9"),
    ],
)
def test_the_client_is_the_last_address_that_no_trusted_proxy_has(
    peer: str, forwarded: str | None, client: str
) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert client_address(testing.create_req(headers=headers, remote_addr=peer), TRUSTED) == client


@pytest.fixture
def door(stores: Stores) -> Iterator[Door]:
    """Demo books behind a proxy."""
    made = Door(stores.demo("sqlite"))
    made.services.trusted_proxies = ("127.0.0.1",)
    yield made
    stores.drop(made.store)


def tries(door: Door, forwarded: str) -> int:
    body = {"username": "li", "password": "not hers at all"}
    answer = testing.TestClient(door.app).simulate_post(
        "/v1/session", json=body, headers={"X-Forwarded-For": forwarded}
    )
    return answer.status_code


def test_a_stranger_behind_the_same_proxy_does_not_throttle_somebody_else(door: Door) -> None:
    assert [tries(door, "203.0.113.9") for _ in range(6)] == [401] * 5 + [429]
    assert tries(door, "203.0.113.10") == 401


def test_a_made_up_address_does_not_escape_the_throttle(door: Door) -> None:
    assert [tries(door, f"198.51.100.{n}, 203.0.113.9") for n in range(6)] == [401] * 5 + [429]


def test_failed_sign_ins_from_ones_own_address_do_not_keep_a_session_from_reviewing(door: Door) -> None:
    li, zhang = door.sign_in("li"), door.sign_in("zhang")
    number = zhang.post("/v1/documents", receipt()).json["number"]
    for _ in range(8):
        tries(door, "127.0.0.1")
    body = {"decision": "approve", "password": door.password("li")}
    answer = li.post(f"/v1/documents/{number}/review", body)
    assert answer.status_code == 200, answer.text
