"""One's own sessions over HTTP: seen by a name that opens nothing, and ended one by one or all but this one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from devices.people.signing_in.session_store import migrate_session_store
from devices.people.signing_in.sessions import IDLE_US
from devices.store import schema
from devices.store.schema import SESSION_MIGRATIONS
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door

pytestmark = pytest.mark.both_engines

MINUTE = 60_000_000


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """The application over demo books, on each engine."""
    store = stores.demo(request.param)
    made = Door(store)
    yield made
    made.session_store.close()
    stores.drop(store)


def secret_of(client: Client) -> str:
    return client.headers["Cookie"].partition("=")[2]


def test_a_person_sees_where_they_are_signed_in(door: Door) -> None:
    first = door.sign_in("zhang")
    door.now += 2 * MINUTE
    second = door.sign_in("zhang")
    door.sign_in("li")
    before, this = second.get("/v1/me/sessions").json
    assert before == {
        "id": before["id"], "begun_at": "2026-11-24T14:00:00+08:00", "seen_at": "2026-11-24T14:00:00+08:00",
        "address": "127.0.0.1", "is_this": False,
    }  # fmt: skip
    assert (this["begun_at"], this["is_this"]) == ("2026-11-24T14:02:00+08:00", True)
    assert [each["is_this"] for each in first.get("/v1/me/sessions").json] == [True, False]
    door.now += IDLE_US - MINUTE
    second.get("/v1/me")
    door.now += 2 * MINUTE
    assert [each["id"] for each in second.get("/v1/me/sessions").json] == [this["id"]]


def test_what_a_session_is_called_is_neither_its_secret_nor_what_it_is_found_by(door: Door) -> None:
    client = door.sign_in("zhang")
    (only,) = client.get("/v1/me/sessions").json
    secret = secret_of(client)
    for kept in (secret, hashlib.sha256(secret.encode()).hexdigest()):
        assert only["id"] not in kept
    impostor = Client(door, {"Cookie": f"panku_session={only['id']}"})
    assert impostor.get("/v1/me").status_code == 401


def test_a_session_is_ended_from_another(door: Door) -> None:
    lost, here = door.sign_in("zhang"), door.sign_in("zhang")
    (name,) = (each["id"] for each in here.get("/v1/me/sessions").json if not each["is_this"])
    refused = door.sign_in("li").post(f"/v1/me/sessions/{name}/end")
    assert (refused.status_code, refused.json["code"]) == (404, "not_found")
    assert lost.get("/v1/me").status_code == 200
    assert here.post(f"/v1/me/sessions/{name}/end").status_code == 204
    assert lost.get("/v1/me").json["code"] == "session_ended"
    assert here.get("/v1/me").status_code == 200
    assert here.post(f"/v1/me/sessions/{name}/end").status_code == 404


def test_all_others_are_ended_at_once(door: Door) -> None:
    others, here, li = [door.sign_in("zhang") for _ in range(3)], door.sign_in("zhang"), door.sign_in("li")
    assert here.post("/v1/me/sessions/end-others").status_code == 204
    assert [each.get("/v1/me").status_code for each in others] == [401, 401, 401]
    assert (here.get("/v1/me").status_code, li.get("/v1/me").status_code) == (200, 200)
    assert [each["is_this"] for each in here.get("/v1/me/sessions").json] == [True]


def test_sessions_of_an_earlier_password_are_not_listed(door: Door) -> None:
    zhang = door.sign_in("zhang")
    change = {"password": door.password("zhang"), "new": "eleven quiet herons at dusk"}
    assert zhang.post("/v1/me/password", change).status_code == 200
    again = door.nobody().post("/v1/session", {"username": "zhang", "password": change["new"]})
    here = Client(door, {"Cookie": f"panku_session={again.cookies['panku_session'].value}"})
    assert [each["is_this"] for each in here.get("/v1/me/sessions").json] == [True]


def test_a_session_from_before_addresses_were_kept_goes_on_without_one(door: Door) -> None:
    zhang = door.sign_in("zhang")
    second = door.session_store
    second.execute("ALTER TABLE session DROP COLUMN address")
    second.execute(f"DELETE FROM {SESSION_MIGRATIONS.history} WHERE name = '0003_session_addresses'")
    schema.accept(second, SESSION_MIGRATIONS)
    assert migrate_session_store(second) == ["0003_session_addresses"]
    (only,) = zhang.get("/v1/me/sessions").json
    assert (only["address"], only["is_this"]) == (None, True)
