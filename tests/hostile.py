"""Requests that are wrong in one place each, generated from the OpenAPI document: every operation, every part of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from api.openapi import description
from api.routes import ROUTES
from api.routing import Route

PATHS = {
    "number": "BJ01-2026-000001", "serial": "661565714360", "site": "BJ01", "register": "spare", "code": "SF",
    "carrier": "SF", "waybill": "SF1234567890", "digest": "0" * 64, "username": "zhang", "fingerprint": "0" * 64,
    "id": "0000000000", "month": "2026-11", "model": "TCG-01", "under": "R-BJ01-000001", "customer": "C-BJ01-000002",
}  # fmt: skip
NUMBERS_OF = {
    "/v1/documents": "BJ01-2026-000001", "/v1/repairs": "R-BJ01-000001", "/v1/dispatch-orders": "D-BJ01-000001",
    "/v1/customers": "C-BJ01-000002", "/v1/manifests": "M-BJ01-000001",
    "/v1/installations": "N-BJ01-000001", "/v1/follow-ups": "D-BJ01-000001", "/v1/complaints": "P-BJ01-000001",
}  # fmt: skip
MONTH = {"month": "2026-11"}
SPAN = {"from": "2026-11", "to": "2026-11"}
CARD = {"model": "TCG-01", "from": "2026-11-01", "to": "2026-11-30"}
QUERIES = {
    "add_manifest": {"site": "BJ01", "register": "spare", "supplier": "x", "delivery_note": "y"},
    "add_attachment": {"site": "BJ01"},
    **dict.fromkeys(("read_card", "print_card_xlsx", "print_card_pdf"), CARD),
    **dict.fromkeys(("read_statement", "print_statement_xlsx", "print_statement_pdf"), MONTH),
    **dict.fromkeys(
        ("read_complaint_report", "print_complaint_report_xlsx", "print_complaint_report_pdf"), SPAN
    ),
    "list_keys": {"username": "li"},
    "list_technicians": {"site": "BJ01"},
}
TEXTS = (
    "", " ", "\x00", "A\x00B", "661565714360\x00", "\x04", "A\x1d", "\n", "BJ01\n", "\x7f", "\x85", "\uffff",
    "😀", "１２", "A" * 70_000, "'; --", "%00", "../..", "-", "--", "-----", "²", "2026-02-29",
    "2026-02-30", "2026-13-01", "0000-00-00", "0000-01", "2026-11\n", "9999-12", "9999-12-31",
    "２０２６-11-24", "2026-06-30T23:59:60Z", "2026-11-24", "20261124T10", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "1900-01-01T00:00:00Z", "2026-11-24T10:00:00", "MA", "InNcdTAwMDAi",
    "IkFcdTAwMDBCIg", "bnVsbA", "W10", "eyJCSjAxIjpbOTk5OTk5OTk5OTk5OTk5OTk5OTksMV19",
)  # fmt: skip
NUMBERS = (-1, 0, 2**31, 2**63, 2**64, 10**400, 1.5, 1e300, True)
OTHERS: tuple[Any, ...] = (None, [], {}, [[]], [None], {"": ""}, [{}] * 3)
PATH_TEXTS = (
    "%00", "A%00", "BJ01-2026-000001%00", "%2F", "%2e%2e", "%FF", "%E4%BD", "%0A", "A" * 3000, "１", "-", "--",
    "BJ01-9999-99999999999999999999", "R-BJ01-000001", "661565714360%04", "%EF%BF%BF", "%C2%85", "C-%00-1",
)  # fmt: skip
BODIES = (
    b"", b"null", b"[]", b"{", b"{}", b"\xff\xfe{", b"NaN", b"[" * 100_000, b'{"a":1e999}', b"\xef\xbb\xbf{}",
    b'"\\ud800"', b" " * (2 * 1024 * 1024 + 1), b'{"\\u0000":1}', "{}".encode("utf-16"),
    b'{"site":"\xed\xa0\x80"}', b"0" * 5000,
    "序列号,型号,箱号\n66156571\x004999,TCG\x00-01,\x00\n".encode(),
    "序列号\n\x04661565714999\x1d\n".encode(), b"PK\x03\x04",
)  # fmt: skip
HEADERS = (
    {"If-Match": '"²"'}, {"If-Match": '"' + "9" * 5000 + '"'}, {"If-Match": "*"}, {"If-Match": 'W/"1"'},
    {"If-Match": ""}, {"If-Match": "-1"}, {"If-Match": '"1", "2"'}, {"Idempotency-Key": "k" * 201},
    {"Idempotency-Key": "é"}, {"Idempotency-Key": " "}, {"Accept-Language": ";q=²,*;q=x" * 100},
    {"Origin": "http://["}, {"Origin": "null"}, {"Authorization": "Basic x"}, {"Authorization": "Bearer"},
    {"Authorization": "Bearer panku_é_"}, {"Authorization": ""}, {"Cookie": "panku_session=\x01"},
    {"Cookie": "panku_session=é"}, {"Cookie": "=;=;"}, {"Content-Type": "text/plain"},
    {"Content-Type": "application/json; charset=utf-16"}, {"Content-Type": "multipart/form-data"},
    {"Content-Length": "9" * 30}, {"Content-Length": "99"}, {"X-File-Name": "%00"}, {"X-File-Name": "%FF"},
    {"X-File-Name": "x" * 3000}, {"Accept": "image/png"}, {"Host": "["},
)  # fmt: skip


class Hostile(msgspec.Struct, frozen=True):
    """One request; `query` is encoded already, `what` says in which place it is wrong."""

    route: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    headers: dict[str, str]
    what: str


ROUTE = {route.name: route for route in ROUTES}


def example_of(route: Route, document: str | None = None) -> Any:
    """The route's example body, one document's of those that it takes."""
    return route.example[document] if document else route.example


def path_of(route: Route, **parts: str) -> str:
    """The route's path, naming a record that is there."""
    number = NUMBERS_OF.get(route.path.partition("/{")[0], PATHS["number"])
    return route.path.format(**{**PATHS, "number": number, **parts})


def sound(route: Route, document: str | None = None) -> Hostile:
    """The request that the description's own examples make."""
    body = (
        b"x" if route.raw else b"" if route.body is None else msgspec.json.encode(example_of(route, document))
    )
    headers = {"If-Match": '"1"'} if route.replaces else {}
    query = tuple(QUERIES.get(route.name, {}).items())
    path = path_of(route)
    return Hostile(route.name, route.method, path, query, body, headers, "nowhere")


def hostile_requests() -> Iterator[Hostile]:
    """Every request: each operation with each of its parts replaced by each of what does not belong there."""
    described = description(ROUTES)["paths"]
    for route in ROUTES:
        parameters = described[route.path][route.method.lower()]["parameters"]
        documents = list(route.example) if route.name == "post_document" else [None]
        yield from _in_path(route)
        yield from _in_query(route, [each["name"] for each in parameters if each["in"] == "query"])
        for headers in HEADERS:
            base = sound(route, documents[0])
            yield _but(base, f"header {headers}", headers={**base.headers, **headers})
        if route.body is not None or route.raw:
            for body in BODIES:
                yield _but(sound(route, documents[0]), f"body {body[:20]!r}", body=body)
        if route.body is not None:
            for document in documents:
                yield from _in_body(route, document)


def _but(base: Hostile, what: str, **changes: Any) -> Hostile:
    return msgspec.structs.replace(base, what=what, **changes)


def _in_path(route: Route) -> Iterator[Hostile]:
    for name in re.findall(r"{(\w+)}", route.path):
        for text in PATH_TEXTS:
            path = path_of(route, **{name: text})
            documents = next(iter(route.example)) if route.name == "post_document" else None
            yield _but(sound(route, documents), f"path {name} {text[:30]}", path=path)


def _in_query(route: Route, names: list[str]) -> Iterator[Hostile]:
    base = sound(route, next(iter(route.example)) if route.name == "post_document" else None)
    given = dict(base.query)
    for name in [*names, "unknown"]:
        yield _but(base, f"query without {name}", query=tuple((n, v) for n, v in base.query if n != name))
        yield _but(base, f"query {name} twice", query=(*base.query, (name, "1"), (name, "1")))
        for text in (*TEXTS, *map(str, NUMBERS)):
            query = tuple({**given, name: text[:3000]}.items())
            yield _but(base, f"query {name} {text[:30]!r}", query=query)


def _in_body(route: Route, document: str | None) -> Iterator[Hostile]:
    base, example = sound(route, document), example_of(route, document)
    for place in _places(example):
        for value in (*TEXTS, *NUMBERS, *OTHERS):
            body = _encode(_with(example, place, value))
            yield _but(base, f"{document or 'body'} {'/'.join(map(str, place))} {value!r:.30}", body=body)
    if isinstance(example, dict):
        for name in example:
            left = {key: value for key, value in example.items() if key != name}
            yield _but(base, f"{document or 'body'} without {name}", body=_encode(left))
        twice = b"{" + b",".join([_encode(example)[1:-1]] * 2) + b"}"
        yield _but(base, f"{document or 'body'} keys twice", body=twice)
        yield _but(base, f"{document or 'body'} unknown key", body=_encode({**example, "unknown": 1}))


def _encode(value: Any) -> bytes:
    return json.dumps(value).encode()  # msgspec refuses numbers past 64 bits


def _places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if place:
        yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from _places(part, (*place, name))


def _with(value: Any, place: tuple[str | int, ...], new: Any) -> Any:
    if not place:
        return new
    if isinstance(value, dict):
        return {**value, place[0]: _with(value[str(place[0])], place[1:], new)}
    return [_with(part, place[1:], new) if n == place[0] else part for n, part in enumerate(value)]
