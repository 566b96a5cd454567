"""OpenAPI 3.1, generated from the route table that serves: nothing is described that is not there, or otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, get_origin

import msgspec

from api.callers.origins import SHOWN_TO
from api.requests import LONGEST_KEY
from api.routing import Route
from api.wire.instants import one_of, outside
from api.wire.problems import MEDIA_TYPE, ProblemDetails
from api.wire.reading import LONGEST_REVISION, WITHOUT_BODY, Nothing
from devices.problems import PROBLEMS
from devices.texts.lengths import LONGEST_PART, FileName, Username, longest

PERCENT_ENCODED = 12  # characters that stand for one
REF = "#/components/schemas/{name}"
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
    "description": "The same key and body do a thing once and answer as the first time.",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "maxLength": LONGEST_REVISION},
    "description": "The ETag of the revision that was seen.",
}
SHOWN_TO_PARAMETER = {
    "name": SHOWN_TO,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": longest(Username)},
    "description": "The username of whoever the page was shown to that sends this: of nobody else is it taken.",
}
FILE_NAME = {
    "name": "X-File-Name",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": PERCENT_ENCODED * longest(FileName)},
    "description": f"The file's name, percent-encoded: at most {longest(FileName)} characters.",
}


def description(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document of these routes."""
    shapes = [
        shape for route in routes for shape in (route.body, *_answers(route)) if shape not in (None, bytes)
    ]
    schemas, components = msgspec.json.schema_components([*shapes, ProblemDetails], ref_template=REF)
    by_shape = dict(zip(map(str, shapes), schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_shape)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Panku",
            "version": version("panku"),
            "description": "The books of a tax-device service unit. Moments are RFC 3339 text in the unit's time zone,"
            " money is integer fen. Every error is application/problem+json with a code.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-panku_session"},
            },
        },
    }


def _bytes_as(media_types: Iterable[str]) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in media_types}


def _answers(route: Route) -> tuple[Any, ...]:
    """The shape that an operation's answer has outside, or the several that it may have."""
    return tuple(outside(shape) for shape in one_of(route.answer))


def _operation(route: Route, by_shape: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": ((route.write or route.show).__doc__ or route.name.replace("_", " "))
        .strip()
        .splitlines()[0],
        "parameters": _parameters(route),
        "responses": _responses(route, by_shape),
    }
    if not route.access.public:
        session: list[dict[str, list[str]]] = [{"session": []}]
        operation["security"] = [*session, *([{"token": []}] if route.access.scope else [])]
    if route.raw:
        operation["requestBody"] = {"required": True, "content": _bytes_as(["application/octet-stream"])}
    elif route.body is not None:
        content = {"schema": by_shape[str(route.body)], "examples": _examples(route)}
        operation["requestBody"] = {"required": _is_needed(route), "content": {"application/json": content}}
    return operation


def _is_needed(route: Route) -> bool:
    """Whether a body must say something: an empty one says as much as `{}`."""
    shapes = [shape for shape in one_of(route.body) if isinstance(shape, type)]
    fields = [field for shape in shapes for field in msgspec.structs.fields(shape)]
    return not shapes or any(field.required for field in fields)


def _examples(route: Route) -> dict[str, Any]:
    if route.name == "post_document":
        return {name: {"value": value} for name, value in route.example.items()}
    return {route.name: {"value": route.example}}


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "maxLength": LONGEST_PART},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query is not Nothing:
        (shape,), components = msgspec.json.schema_components([route.query], ref_template=REF)
        shape = components[route.query.__name__]
        required = shape.get("required", [])
        found += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    if route.write is not None and not (route.replaces or route.keyless):
        found.append(_KEY)
    if route.method != "GET" and not route.access.public:
        found.append(SHOWN_TO_PARAMETER)
    return found + ([IF_MATCH] if route.replaces else []) + ([FILE_NAME] if route.raw else [])


def _header(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "schema": {"type": "string"}}


ETAG = {"ETag": _header("The revision of what is answered, for If-Match, where it has one.")}
LOCATION = {"Location": _header("Where what was made is read, for what has a place of its own.")}
_LINK = {"Link": _header('The next page, `rel="next"` (RFC 8288), where there is one.')}
SAVED_AS = {"Content-Disposition": _header("The name under which a file is saved, of what is one.")}
REFUSAL_HEADERS = {
    401: {"WWW-Authenticate": _header("How to say who asks.")},
    429: {"Retry-After": _header("Seconds until it may be tried again.")},
    503: {"Retry-After": _header("Seconds until it is worth trying again.")},
}
"""By status: the headers that a refusal has besides those of every answer."""


def _headers(route: Route) -> dict[str, Any]:
    """The headers an answer may have besides those of every answer."""
    paged = "limit" in route.query.__struct_fields__
    if route.answer is bytes:
        return SAVED_AS
    return (
        (_LINK if paged else {})
        | (LOCATION if {201, 202} & set(route.statuses) else {})
        | ({} if route.answer is None or get_origin(route.answer) is list else ETAG)
    )


def _responses(route: Route, by_shape: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "The answer."}
    if headers := _headers(route):
        answer["headers"] = headers
    if route.answer is bytes:
        answer["content"] = _bytes_as(route.media_types)
    elif route.answer is not None:
        shapes = [by_shape[str(shape)] for shape in _answers(route)]
        schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
        answer["content"] = {"application/json": {"schema": schema}}
    problem = {"schema": {"$ref": REF.format(name="ProblemDetails")}}
    responses = {str(status): answer for status in route.statuses}
    for status in _refusals(route):
        codes = sorted(code for code, meaning in PROBLEMS.items() if meaning.status == status)
        text = "Refused: " + ", ".join(codes)
        refusal = {"description": text, "content": {MEDIA_TYPE: problem}}
        told = REFUSAL_HEADERS.get(status)
        responses[str(status)] = refusal | ({"headers": told} if told else {})
    return responses


ALWAYS = (400, 500, 503)
KNOWN_CALLERS = (401, 403)
READING = (404, 409, 422)
WITH_BODY = (408, 413, 415)
CHANGING = (403, 404, 409, 422)
"""What may be refused: always, of a caller who must be known, by a read, of a body, and by what changes something."""


THROTTLED = ("sign_in",)
"""Besides what asks for the password again."""


def _refusals(route: Route) -> list[int]:
    """The statuses of refusals that an operation can answer with, ascending."""
    found = {*ALWAYS, *(() if route.access.public else (*KNOWN_CALLERS, *READING))}
    if route.body is not None or route.raw:
        found |= {*WITH_BODY}
    if route.write is not None:
        found |= {*CHANGING, *(() if route.method in WITHOUT_BODY else WITH_BODY)}
    if route.name in THROTTLED or any(
        name == "password" for name in getattr(route.body, "__struct_fields__", ())
    ):
        found |= {401, 429}
    if route.replaces:
        found |= {412, 428}
    return sorted(found)
