"""The door for people: every page's route, and the files the pages use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import falcon

from api.calls import Services
from api.wire.refusals import render_fault, render_http_error, render_refusal
from devices.problems import Refused, refuse
from web.pages import PageResource, tell_refused
from web.rendering import STATIC, static_bytes, static_digest
from web.table import PAGES

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SERVED = {path.name: MEDIA_TYPES[path.suffix] for path in STATIC.iterdir() if path.suffix in MEDIA_TYPES}


class Static:
    """The files of `web/static`."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """One file; its address changes with its content, so a browser may keep it."""
        if name not in SERVED:
            raise refuse("not_found")
        resp.data = static_bytes(name)
        resp.content_type = f"{SERVED[name]}; charset=utf-8"
        fresh = req.query_string == static_digest(name)
        resp.set_header("Cache-Control", "public, max-age=31536000, immutable" if fresh else "no-cache")


Handler = Callable[[falcon.Request, falcon.Response, Any, Any], None]
ERRORS: tuple[tuple[type[Exception], Handler], ...] = (
    (Exception, render_fault),
    (falcon.HTTPError, render_http_error),
    (Refused, render_refusal),
)


def for_browsers(handle: Handler, *, secure: bool) -> Handler:
    """An error's handler that answers a browser outside of the API with the page of refusals."""

    def answer(req: falcon.Request, resp: falcon.Response, error: Any, params: Any) -> None:
        handle(req, resp, error, params)
        if wants_page(req):
            tell_refused(req, resp, resp.context.refused, secure=secure)

    return answer


def wants_page(req: falcon.Request) -> bool:
    """Whether a person looks at the answer: outside of the API, and the browser names HTML."""
    return "text/html" in req.accept and req.path.split("/")[1] != "v1"


def add_pages(app: falcon.App[falcon.Request, falcon.Response], services: Services) -> None:
    """Add the pages' routes, and the page of refusals for what has none."""
    for error, handle in ERRORS:
        app.add_error_handler(error, for_browsers(handle, secure=services.secure_cookies))
    app.add_route("/static/{name}", Static())
    for page in PAGES:
        app.add_route(page.path, PageResource(services, page))
