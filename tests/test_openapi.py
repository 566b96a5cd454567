"""The description: valid OpenAPI 3.1, with an example for every body, of exactly what serves."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from api.openapi import description
from api.routes import ROUTES
from api.routing import Route
from devices.ledger.deciding.drafts import DRAFTS, AnyDraft
from tests.conftest import Stores
from tests.door import Door, move
from tests.test_malformed import undescribed

DESCRIBED = msgspec.json.decode(msgspec.json.encode(description(ROUTES)))


OPENAPI = json.loads(
    files("openapi_spec_validator").joinpath("resources/schemas/v3.1/schema.json").read_text(encoding="utf-8")
)
"""The specification's own schema of a description. It leaves schemas to JSON Schema's, and names to the reader."""


def every(value: Any, key: str) -> Iterator[Any]:
    """Whatever stands under a key, at any depth."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for inner in value.values():
            yield from every(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from every(inner, key)


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation with its path."""
    for path, item in DESCRIBED["paths"].items():
        yield from ((path, operation) for operation in item.values())


def test_the_description_is_valid() -> None:
    told = jsonschema_rs.Draft202012Validator(OPENAPI).iter_errors(DESCRIBED)
    assert [str(error) for error in told] == []


def test_an_invalid_description_would_be_found() -> None:
    wrong = {**DESCRIBED, "paths": {"/v1/documents": {"post": {"responses": "many"}}}}
    assert not jsonschema_rs.Draft202012Validator(OPENAPI).is_valid(wrong)


def test_every_schema_in_it_is_valid_and_every_default_fits_its_schema() -> None:
    components = DESCRIBED["components"]
    schemas = [*components["schemas"].values(), *every([DESCRIBED["paths"], components], "schema")]
    assert len(schemas) > len(components["schemas"])
    assert [schema for schema in schemas if not jsonschema_rs.meta.is_valid(schema)] == []
    defaults = list(parts_with_a_default(schemas))
    assert defaults
    wrong = [
        part
        for part in defaults
        if not jsonschema_rs.validator_for({**part, "components": components}).is_valid(part["default"])
    ]
    assert wrong == []


def parts_with_a_default(value: Any) -> Iterator[dict[str, Any]]:
    """Every schema that says what holds where nothing is given, at any depth."""
    if isinstance(value, dict):
        if "default" in value and ("type" in value or "$ref" in value or "anyOf" in value):
            yield value
        for inner in value.values():
            yield from parts_with_a_default(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts_with_a_default(inner)


def test_every_reference_leads_to_a_component() -> None:
    named = {f"#/components/{kind}/{name}" for kind, each in DESCRIBED["components"].items() for name in each}
    assert set(every(DESCRIBED, "$ref")) <= named


def test_no_two_operations_have_one_name() -> None:
    names = Counter(operation["operationId"] for _, operation in operations())
    assert [name for name, count in names.items() if count > 1] == []


def test_an_operation_declares_each_part_of_its_path_and_nothing_twice() -> None:
    for path, operation in operations():
        declared = [(each["in"], each["name"]) for each in operation.get("parameters", ())]
        assert len(declared) == len(set(declared)), path
        assert {name for place, name in declared if place == "path"} == set(re.findall(r"{(\w+)}", path)), (
            path
        )


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
    assert route.example.keys() == DRAFTS.keys(), "DOCUMENT_EXAMPLES in api/examples.py"
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
    made = Door(stores.demo("sqlite"))
    yield made
    stores.drop(made.store)
