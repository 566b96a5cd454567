"""The WSGI application of the API: only routes, from the one table, and HEAD for whatever answers GET."""

from __future__ import annotations

from functools import cache
from typing import Any

import falcon
import msgspec

from api.calls import Services
from api.measures import Watch
from api.openapi import description
from api.routes import ROUTES
from api.routing import Headers, Resource, Route
from api.wire.refusals import render_fault, render_http_error, render_refusal
from devices.problems import Refused


class Description:
    """The API's own description."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """OpenAPI 3.1, generated from the routes that serve."""
        resp.data = described()
        resp.content_type = "application/json"


@cache
def described() -> bytes:
    """The description as it is sent. It takes a third of a second: a process makes it when it is first asked for."""
    return msgspec.json.encode(description(ROUTES))


class Heads:
    """HEAD is answered as GET is, without the body (RFC 9110, section 9.3.2), whatever is asked."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Ask as GET."""
        if req.method == "HEAD":
            req.context.without_body = True
            req.method = "GET"

    def process_response(self, req: falcon.Request, _resp: falcon.Response, *_: object) -> None:
        """Let Falcon leave the body out."""
        if getattr(req.context, "without_body", False):
            req.method = "HEAD"


def create_app(services: Services) -> falcon.App[falcon.Request, falcon.Response]:
    """The application over these services."""
    middleware: list[Any] = [Watch(services.meter), Headers(), Heads()]
    app = falcon.App(middleware=middleware)
    app.req_options.strip_url_path_trailing_slash = False
    app.add_error_handler(Exception, render_fault)
    app.add_error_handler(falcon.HTTPError, render_http_error)
    app.add_error_handler(Refused, render_refusal)
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, {})[route.method] = route
    for path, routes in by_path.items():
        app.add_route(path, Resource(services, routes))
    app.add_route("/openapi.json", Description())
    return app
