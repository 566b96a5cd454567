"""The pages' routes: for now the first visit, which says how to make the first administrator."""

from __future__ import annotations

import falcon

from api.calls import Services
from labels.words import negotiate
from web.first_visit import icon, render_first_visit, stylesheet


class FirstVisit:
    """The page at the root."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """How to begin, or that the service runs."""
        row = self.services.store.row("SELECT 1 FROM role_grant WHERE role = 'admin' AND active = 1 LIMIT 1")
        resp.text = render_first_visit(row is not None, negotiate(req.get_header("Accept-Language")))
        resp.content_type = "text/html; charset=utf-8"


class Stylesheet:
    """The one stylesheet."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """CSS, from our own origin."""
        resp.data = stylesheet()
        resp.content_type = "text/css; charset=utf-8"


class Icon:
    """The pages' icon."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """SVG, from our own origin."""
        resp.data = icon()
        resp.content_type = "image/svg+xml"


def add_pages(app: falcon.App[falcon.Request, falcon.Response], services: Services) -> None:
    """Add the pages' routes."""
    app.add_route("/", FirstVisit(services))
    app.add_route("/static/panku.css", Stylesheet())
    app.add_route("/static/panku.svg", Icon())
