"""Moments at the door: RFC 3339 text with the unit's offset in every answer, whatever its shape."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from api.openapi import description
from api.routes import ROUTES
from api.routing import Route
from api.wire.instants import outside, told
from api.wire.times import moment
from devices.values import Instant
from tests.conftest import Stores
from tests.door import NOW, TODAY, Client, Door
from tests.hostile import sound

DESCRIBED = msgspec.json.decode(msgspec.json.encode(description(ROUTES)))
MOMENT = ("_at", "_us")
READING = [route for route in ROUTES if route.method == "GET"]


def shapes(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a schema with what it may be, however deep, references followed."""
    if "$ref" in schema:
        schema = DESCRIBED["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield name, schema
    inner = schema.get("additionalProperties")
    parts = [*schema.get("anyOf", ()), *schema.get("prefixItems", ()), schema.get("items"), inner]
    for part in parts:
        if isinstance(part, dict):
            yield from shapes(part, name)
    for each, part in schema.get("properties", {}).items():
        yield from shapes(part, each)


def answers(route: Route) -> Iterator[dict[str, Any]]:
    """The schemas of a route's answers that are no refusals."""
    for status, answer in DESCRIBED["paths"][route.path][route.method.lower()]["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            if status.startswith("2") and media_type == "application/json":
                yield content["schema"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_answer_is_described_with_a_moment_that_is_a_number(route: Route) -> None:
    for schema in answers(route):
        for name, shape in shapes(schema):
            assert not name.endswith("_us"), name
            if name.endswith("_at") and "anyOf" not in shape and shape.get("type") != "null":
                assert (shape.get("type"), shape.get("format")) == ("string", "date-time"), name


def values(answer: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of an answer under its nearest field's name."""
    inner = answer.items() if isinstance(answer, dict) else [(name, each) for each in answer]
    for each, value in inner:
        yield each, value
        if isinstance(value, dict | list):
            yield from values(value, each)


@pytest.fixture(scope="module")
def zhang(stores: Stores) -> Client:
    """A storekeeper over demo books with a repair whose record is filed."""
    client = Door(stores.demo("sqlite")).sign_in("zhang")
    record = {"completed_at": f"{TODAY}T00:00:00+08:00", "diagnosis": "x", "work": "y"}
    filed = client.post("/v1/repairs/R-BJ01-000001/service-record", record)
    assert filed.status_code == 201, filed.text
    return client


@pytest.mark.parametrize("route", READING, ids=lambda route: route.name)
def test_a_moment_in_an_answer_is_text_with_the_units_offset(route: Route, zhang: Client) -> None:
    asked = sound(route)
    answer = zhang.client.simulate_get(asked.path, params=dict(asked.query), headers=zhang.headers)
    found = list(values(answer.json)) if answer.status_code == 200 and route.answer is not bytes else []
    for name, value in found:
        if name.endswith(MOMENT) and value is not None:
            assert datetime.fromisoformat(value).utcoffset() == timedelta(hours=8), name


def test_a_head_and_a_history_tell_when_they_were_recorded(zhang: Client) -> None:
    head = zhang.get("/v1/journal/BJ01/head").json
    lines = zhang.get("/v1/devices/661565714360/history").json["lines"]
    row = zhang.door.store.row("SELECT MAX(recorded_at) FROM journal WHERE site = 'BJ01'")
    assert moment(head["recorded_at"]) == (row or (None,))[0]
    assert [moment(line["recorded_at"]) for line in lines] == [
        at for (at,) in zhang.door.store.rows("SELECT recorded_at FROM line WHERE serial = '661565714360'")
    ]


def test_a_service_record_tells_when_it_was_completed_and_filed(zhang: Client) -> None:
    record = zhang.get("/v1/repairs/R-BJ01-000001").json["record"]
    assert record["completed_at"] == f"{TODAY}T00:00:00+08:00"
    assert moment(record["filed_at"]) == NOW


class Inner(msgspec.Struct, frozen=True):
    at_us: Instant
    n: int = 0


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    many: tuple[Inner, ...]
    by_name: dict[str, Inner]
    one: Inner | None = None
    plain: list[str] = []


def test_a_moment_is_told_however_deep_it_lies() -> None:
    inner = Inner(0)
    value = Outer(many=(inner,), by_name={"a": inner})
    served = {"at": "1970-01-01T08:00:00+08:00", "n": 0}
    assert msgspec.to_builtins(told(Outer, value)) == {
        "many": [served],
        "by_name": {"a": served},
        "one": None,
        "plain": [],
    }


def test_a_shape_without_a_moment_is_served_as_it_is() -> None:
    assert outside(list[str]) == list[str]
    assert told(dict[str, int], given := {"n": 1}) is given
