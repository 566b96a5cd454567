"""From a declared route to an answer: who asks, is it allowed, is the body right, do it once, show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlencode

import falcon
import msgspec

from api.callers import guessing, security_log
from api.callers.access import COUNTER, Access, admit, admit_caller
from api.callers.addresses import client_address
from api.callers.origins import refuse_anothers_page, refuse_foreign_origin
from api.callers.session import principal_of, session_of, set_cookie
from api.calls import Call, Done, Services, Shown
from api.requests import once
from api.wire.downloads import Download, send
from api.wire.instants import told
from api.wire.reading import (
    Nothing,
    body_bytes,
    decoded_body,
    path_of,
    query_of,
    refuse_encoding,
    refuse_length,
    revision_seen,
)
from api.wire.secret_fields import without_confidences
from api.withholding import IN_BYTES, answering, as_told
from devices.problems import Refused
from labels.words import negotiate

_Method = Literal["GET", "POST", "PUT", "DELETE"]


class Route(msgspec.Struct, frozen=True):
    """One operation: its place, its access, its shapes and its functions.

    `show` answers; a route that changes something has `write` too, which runs at most once for its
    Idempotency-Key and returns a Done whose key `show` can answer for, now and at any repetition. `check` runs
    before the transaction: re-authentication is slow on purpose. `raw` routes take bytes; `replaces` routes ask
    for If-Match instead of an Idempotency-Key; `keyless` ones for neither. An answer in bytes is
    of one of the `media_types`.
    """

    method: _Method
    path: str
    name: str
    access: Access
    show: Callable[[Call, Done], Shown]
    answer: Any = None
    check: Callable[[Call], None] | None = None
    write: Callable[[Call], Done] | None = None
    body: Any = None
    query: type[msgspec.Struct] = Nothing
    raw: bool = False
    replaces: bool = False
    keyless: bool = False
    statuses: tuple[int, ...] = (200,)
    media_types: tuple[str, ...] = ("application/octet-stream",)
    example: Any = None


_READ = Done(200, "")


class Resource:
    """Every method of one path."""

    def __init__(self, services: Services, routes: Mapping[str, Route]) -> None:
        self.services = services
        self.routes = routes
        for method in routes:
            setattr(self, f"on_{method.lower()}", self._answer)

    def _answer(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        route = self.routes[req.method]
        req.context.route = route
        call = _call(self.services, route, req, path)
        req.context.body = call.body
        with answering(call, of_the_books=route.access is not COUNTER):
            done, shown = _shown(route, call, req)
        _render(req, resp, shown, done, self.services)


def _call(services: Services, route: Route, req: falcon.Request, path: dict[str, str]) -> Call:
    """Who asks comes first, then the parts of the request from the cheapest to the dearest."""
    at_us = services.clock()
    address = client_address(req, services.trusted_proxies)
    security_log.watched(req, address, at_us)
    limit_bytes = services.upload_limit_bytes if route.raw else services.body_limit_bytes
    refuse_length(req, limit_bytes)
    if req.method != "GET":
        refuse_foreign_origin(req, secure=services.secure_cookies)
    person, session = (
        (None, session_of(services, req)) if route.access.public else principal_of(services, req, at_us)
    )
    if person is not None:
        security_log.known_as(req, person.principal)
    if req.method != "GET":
        refuse_anothers_page(req, person)
    admit_caller(route.access, person)
    path = path_of(path)
    query = query_of(req, route.query)
    if route.access.site != "body":
        admit(route.access, person, path, None, query)
    refuse_encoding(req)
    raw = body_bytes(req, limit_bytes)
    body = None if route.raw or route.body is None else decoded_body(raw, route.body, req)
    admit(route.access, person, path, body, query)
    return Call(
        services=services,
        person=person,
        path=path,
        query=query,
        body=body,
        raw=raw,
        at_us=at_us,
        address=address,
        locale=negotiate(req.get_header("Accept-Language")),
        if_match=revision_seen(req) if route.replaces else None,
        file_name=req.get_header("X-File-Name") or "",
        media_type=req.content_type or "application/octet-stream",
        session=session,
    )


def _shown(route: Route, call: Call, req: falcon.Request) -> tuple[Done, Shown]:
    """What is done, and what is answered, as the caller may be told it."""
    done = _READ
    if route.write is not None:
        try:
            done, req.context.fresh = _written(route, call, req)
        except Refused as refused:
            guessing.count_refused(call, refused)
            raise
        finally:
            security_log.known_as(req, call.claimed)
            security_log.tell(req, call.events)
        if req.context.fresh:
            security_log.did(req, route.name, done.key, call.body)
    if route.name in IN_BYTES:
        IN_BYTES[route.name](call)
    shown = route.show(call, done)
    told = shown.body if route.answer is bytes else as_told(call, shown.body)
    return done, msgspec.structs.replace(shown, body=told)


def _written(route: Route, call: Call, req: falcon.Request) -> tuple[Done, bool]:
    """What was done, and whether it was now."""
    assert route.write is not None, "a reading route"
    write = route.write
    if route.check is not None:
        route.check(call)
    if route.replaces or route.keyless:
        keyless = route.keyless and not route.replaces
        return write(call) if keyless else call.store.retrying(lambda: _in_transaction(call, write)), True
    principal = call.person.principal if call.person else f"address {call.address}"
    asked = urlencode(sorted(req.params.items()), doseq=True)
    said = without_confidences(call.body, call.raw)
    body = f"{req.method} {req.path}?{asked} {call.file_name}\n".encode() + said

    def marked(mark: str) -> Done:
        call.request = mark
        return write(call)

    return once(call.store, call.unit, principal, req.get_header("Idempotency-Key"), body, marked)


def _in_transaction(call: Call, write: Callable[[Call], Done]) -> Done:
    with call.store.writing():
        return write(call)


def _render(req: falcon.Request, resp: falcon.Response, shown: Shown, done: Done, services: Services) -> None:
    resp.status = falcon.code_to_http_status(done.status)
    if isinstance(shown.body, Download):
        send(resp, shown.body)
    elif isinstance(shown.body, bytes):
        # XML is read in the encoding that is named here, whatever it says itself (ASVS 5.0, 4.1.1).
        named = "; charset=utf-8" if shown.media_type.endswith("+xml") else ""
        resp.data, resp.content_type = shown.body, shown.media_type + named
    elif shown.body is not None:
        body = told(req.context.route.answer, shown.body)
        resp.data, resp.content_type = msgspec.json.encode(body), "application/json"
    if shown.revision is not None:
        resp.set_header("ETag", f'"{shown.revision}"')
    if shown.next is not None:
        resp.append_link(f"{req.path}?{urlencode({**req.params, **shown.next}, doseq=True)}", "next")
    if shown.location is not None:
        resp.set_header("Location", shown.location)
    if shown.session is not None:
        set_cookie(resp, shown.session, secure=services.secure_cookies)


EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
"""What every answer has: no other origin embeds it, reads it or holds the window it is shown in."""
ANSWERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
"""What an answer has unless it says otherwise, as pages and their scripts do."""


class Headers:
    """Security headers on every answer (OWASP ASVS 5.0, chapter 3)."""

    def process_response(self, _req: falcon.Request, resp: falcon.Response, *_: object) -> None:
        """Add them; nothing of an answer is stored by a cache unless it says so."""
        for name, value in EVERY_ANSWER.items():
            resp.set_header(name, value)
        for name, value in ANSWERS.items():
            if resp.get_header(name) is None:
                resp.set_header(name, value)
