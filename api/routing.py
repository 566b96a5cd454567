"""From a declared route to an answer: who asks, is it allowed, is the body right, do it once, show it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import falcon
import msgspec

from api.access import Access, admit
from api.calls import Call, Done, Services, Shown
from api.downloads import Download, send
from api.instants import told
from api.problems import MEDIA_TYPE, details_of
from api.reading import Nothing, body_bytes, decoded, path_of, query_of, revision_seen
from api.requests import once
from api.session import principal_of, set_cookie
from devices.engines import is_unusable
from devices.problems import Refused, refuse
from labels.words import LANGUAGE_TAGS, negotiate

log = logging.getLogger("panku.api")

Method = Literal["GET", "POST", "PUT", "DELETE"]


class Route(msgspec.Struct, frozen=True):
    """One operation: its place, its access, its shapes and its functions.

    `show` answers; a route that changes something has `write` too, which runs at most once for its
    Idempotency-Key and returns a Done whose key `show` can answer for, now and at any repetition. `check` runs
    before the transaction: re-authentication is slow on purpose. `raw` routes take bytes; `replaces` routes ask
    for If-Match instead of an Idempotency-Key; `keyless` ones for neither. An answer in bytes is
    of one of the `media_types`.
    """

    method: Method
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


READ = Done(200, "")


class Resource:
    """Every method of one path."""

    def __init__(self, services: Services, routes: Mapping[str, Route]) -> None:
        self.services = services
        self.routes = routes
        for method in routes:
            setattr(self, f"on_{method.lower()}", self._answer)

    def _answer(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        route = self.routes[req.method]
        call = _call(self.services, route, req, path)
        done = READ
        if route.write is not None:
            done = _written(route, call, req)
        shown = route.show(call, done)
        _render(resp, route, shown, done, self.services)


def _call(services: Services, route: Route, req: falcon.Request, path: dict[str, str]) -> Call:
    at_us = services.clock()
    person, session = (None, None) if route.access.public else principal_of(services, req, at_us)
    if session is not None and req.method != "GET":
        _refuse_foreign_origin(req)
    path = path_of(path)
    raw = body_bytes(req, services.upload_limit_bytes if route.raw else services.body_limit_bytes)
    body = None if route.raw or route.body is None else decoded(raw, route.body, req.content_type)
    query = query_of(req, route.query)
    admit(route.access, person, path, body, query)
    return Call(
        services=services,
        person=person,
        path=path,
        query=query,
        body=body,
        raw=raw,
        at_us=at_us,
        address=req.remote_addr or "",
        locale=negotiate(req.get_header("Accept-Language")),
        if_match=revision_seen(req) if route.replaces else None,
        file_name=req.get_header("X-File-Name") or "",
        media_type=req.content_type or "application/octet-stream",
        session=session,
    )


def _written(route: Route, call: Call, req: falcon.Request) -> Done:
    assert route.write is not None, "a reading route"
    write = route.write
    if route.check is not None:
        route.check(call)
    if route.replaces or route.keyless:
        return call.store.retrying(lambda: _in_transaction(call, write)) if route.replaces else write(call)
    principal = call.person.principal if call.person else f"address {call.address}"
    body = f"{req.method} {req.path} {call.file_name}\n".encode() + call.raw

    def marked(mark: str) -> Done:
        call.request = mark
        return write(call)

    done, _ = once(call.store, call.unit, principal, req.get_header("Idempotency-Key"), body, marked)
    return done


def _in_transaction(call: Call, write: Callable[[Call], Done]) -> Done:
    with call.store.writing():
        return write(call)


def _refuse_foreign_origin(req: falcon.Request) -> None:
    """A browser says where a request comes from; a session's request comes from our own pages."""
    origin = req.get_header("Origin")
    if origin is not None and _host_of(origin) != req.netloc:
        raise refuse("foreign_origin")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # an unclosed bracket of an IPv6 address
        return None


def _render(resp: falcon.Response, route: Route, shown: Shown, done: Done, services: Services) -> None:
    resp.status = falcon.code_to_http_status(done.status)
    if isinstance(shown.body, Download):
        send(resp, shown.body)
    elif isinstance(shown.body, bytes):
        resp.data, resp.content_type = shown.body, shown.media_type
    elif shown.body is not None:
        body = told(route.answer, shown.body)
        resp.data, resp.content_type = msgspec.json.encode(body), "application/json"
    if shown.revision is not None:
        resp.set_header("ETag", f'"{shown.revision}"')
    if shown.next is not None:
        resp.append_link(shown.next, "next")
    if shown.location is not None:
        resp.set_header("Location", shown.location)
    if shown.session is not None:
        set_cookie(resp, shown.session, secure=services.secure_cookies)


def render_refusal(req: falcon.Request, resp: falcon.Response, refused: Refused, _: object) -> None:
    """Falcon's handler for every refusal."""
    locale = negotiate(req.get_header("Accept-Language"))
    resp.status = falcon.code_to_http_status(refused.status)
    resp.data = msgspec.json.encode(details_of(refused, locale))
    resp.content_type = MEDIA_TYPE
    resp.set_header("Content-Language", LANGUAGE_TAGS[locale])
    if refused.status == 401:
        resp.set_header("WWW-Authenticate", 'Bearer realm="panku"')
    if refused.status == 429:
        resp.set_header("Retry-After", str(refused.problems[0].facts.get("seconds", 1)))


FALCON_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "wrong_media_type"}


def render_http_error(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _: object) -> None:
    """Falcon's own errors, in the one shape."""
    code = FALCON_CODES.get(error.status_code, "malformed_request")
    refused = refuse(code, reason=error.title or "") if code == "malformed_request" else refuse(code)
    render_refusal(req, resp, refused, None)
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)


def render_fault(req: falcon.Request, resp: falcon.Response, error: Exception, _: object) -> None:
    """A fault of ours, logged with its trace and told without it; or of the database, which is told as unavailable."""
    if is_unusable(error):
        log.error("the database cannot be used in %s %s: %s", req.method, req.path, str(error).strip())
        render_refusal(req, resp, refuse("unavailable"), None)
        return
    log.error("fault in %s %s", req.method, req.path, exc_info=error)
    render_refusal(req, resp, refuse("fault"), None)


ANSWERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""What an answer has unless it says otherwise, as pages and their scripts do."""


class Headers:
    """Security headers on every answer (OWASP ASVS 5.0, chapter 3)."""

    def process_response(self, _req: falcon.Request, resp: falcon.Response, *_: object) -> None:
        """Add them; nothing of an answer is stored by a cache unless it says so."""
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("Referrer-Policy", "no-referrer")
        resp.set_header("X-Frame-Options", "DENY")
        resp.set_header("Cross-Origin-Resource-Policy", "same-origin")
        for name, value in ANSWERS.items():
            if resp.get_header(name) is None:
                resp.set_header(name, value)
