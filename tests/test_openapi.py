"""The description: valid OpenAPI 3.1, with an example for every body, of exactly what serves."""

from collections.abc import Iterator, Mapping

import msgspec
import pytest
from openapi_spec_validator import validate

from api.openapi import description
from api.routes import ROUTES
from api.routing import Route
from devices.ledger.drafts import DRAFTS, AnyDraft
from tests.conftest import Stores
from tests.door import Door, move
from tests.test_malformed import undescribed

DESCRIBED = msgspec.json.decode(msgspec.json.encode(description(ROUTES)))


def test_the_description_is_valid() -> None:
    validate(DESCRIBED)


def test_every_route_is_described() -> None:
    described = {(method.upper(), path) for path, item in DESCRIBED["paths"].items() for method in item}
    assert described == {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize("route", [r for r in ROUTES if r.body is not None], ids=lambda route: route.name)
def test_every_example_is_a_body_that_decodes(route: Route) -> None:
    examples = route.example.values() if route.name == "post_document" else [route.example]
    for example in examples:
        msgspec.convert(example, route.body)


def test_every_document_has_an_example() -> None:
    route = next(route for route in ROUTES if route.name == "post_document")
    assert route.example.keys() == DRAFTS.keys()
    assert {type(msgspec.convert(example, AnyDraft)) for example in route.example.values()} == set(
        DRAFTS.values()
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_fault_and_an_unusable_database_are_described_of_every_operation(route: Route) -> None:
    assert {"500", "503"} <= DESCRIBED["paths"][route.path][route.method.lower()]["responses"].keys()


def test_what_is_told_in_headers_is_described(sqlite_door: Door) -> None:
    zhang, admin = sqlite_door.sign_in("zhang"), sqlite_door.sign_in("admin")
    answers = {
        "post_document": zhang.post("/v1/documents", move()),
        "list_documents": zhang.get("/v1/documents?limit=1"),
        "list_devices": zhang.get("/v1/devices?limit=1"),
        "read_history": zhang.get("/v1/devices/661565714358/history?limit=1"),
        "read_site": admin.get("/v1/sites/BJ01"),
        "read_document": zhang.get("/v1/documents/BJ01-2026-000001?limit=1"),
        "add_attachment": zhang.post("/v1/attachments?site=BJ01", b"scan"),
    }
    told = {name: {"ETag", "Link", "Location"} & titled(answer.headers) for name, answer in answers.items()}
    assert told == {
        "post_document": {"Location"},
        "list_documents": {"Link"},
        "list_devices": {"Link"},
        "read_history": {"Link"},
        "read_site": {"ETag"},
        "read_document": {"Link"},
        "add_attachment": {"Location"},
    }
    routes = {route.name: route for route in ROUTES}
    for name, answer in answers.items():
        assert undescribed(routes[name], answer) is None, name


def titled(headers: Mapping[str, str]) -> set[str]:
    return {{"etag": "ETag"}.get(name.lower(), name.title()) for name in headers}


@pytest.mark.parametrize("name", [route.name for route in ROUTES if route.name.endswith("evidence")])
def test_evidence_is_described_as_the_json_it_is(name: str) -> None:
    (route,) = [route for route in ROUTES if route.name == name]
    operation = DESCRIBED["paths"][route.path]["get"]
    assert list(operation["responses"]["200"]["content"]) == ["application/json"]


@pytest.fixture
def sqlite_door(stores: Stores) -> Iterator[Door]:
    made = Door(stores.fresh("sqlite"))
    yield made
    stores.drop(made.store)
