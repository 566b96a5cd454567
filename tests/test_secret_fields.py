"""Passwords leave no trace by which they could be tried: what is kept of a request does not depend on them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from api.resources.people import EnrolBody, PasswordBody
from api.resources.stocktakes import StocktakeBody
from api.routes import ROUTES
from api.wire.secret_fields import confidential_fields, without_confidences
from devices.chain import fingerprint
from devices.unit import unit_of
from tests.conftest import ENGINES, Stores
from tests.door import Door

BODIES = sorted({route.body for route in ROUTES if route.body is not None}, key=str)
SAID_IN_CONFIDENCE = ("password", "new")
"""What a field is called that holds one; a `code` is confidential where somebody signs up with it."""


@pytest.fixture(scope="module", params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    made = Door(stores.demo(request.param))
    yield made
    stores.drop(made.store)


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_every_password_of_a_body_is_declared_as_one(body: type) -> None:
    fields = getattr(body, "__struct_fields__", ())
    assert confidential_fields(body) >= {name for name in fields if name in SAID_IN_CONFIDENCE}


def test_what_is_said_besides_is_kept_and_other_bodies_are_kept_as_they_came() -> None:
    assert confidential_fields(EnrolBody) == {"code", "password"}
    assert without_confidences(PasswordBody("old one", "new one"), b"raw") == b"{}"
    assert without_confidences(StocktakeBody("BJ01", "spare"), b"raw") == b"raw"
    assert without_confidences(None, b"raw") == b"raw"


def test_no_kept_request_lets_a_password_be_tried(door: Door) -> None:
    unit = unit_of(door.store)
    assert unit is not None
    li = door.sign_in("li")
    ((number,),) = door.store.rows(
        "SELECT document FROM standing WHERE site = 'BJ01' AND review = 'waiting' ORDER BY document LIMIT 1"
    )
    path, body = f"/v1/documents/{number}/review", {"decision": "approve", "password": door.password("li")}
    assert li.post(path, body, key="guess").status_code == 200
    ((kept,),) = door.store.rows("SELECT fingerprint FROM request WHERE key = 'guess'")
    raw = msgspec.json.encode(body)
    tried = [f"POST {path}? \n".encode() + raw, f"POST {path} \n".encode() + raw, raw]
    assert kept not in {fingerprint(unit.secret, each) for each in tried}
    without = f"POST {path}? \n".encode() + b'{"decision":"approve","reason":null}'
    assert kept == fingerprint(unit.secret, without)
    assert li.post(path, {**body, "decision": "reject", "reason": "x"}, key="guess").json["code"] == (
        "idempotency_key_reused"
    )
