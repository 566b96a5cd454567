"""The description: valid OpenAPI 3.1, with an example for every body, of exactly what serves."""

import msgspec
import pytest
from openapi_spec_validator import validate

from api.openapi import description
from api.routes import ROUTES
from api.routing import Route
from devices.ledger.drafts import DRAFTS, AnyDraft

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
