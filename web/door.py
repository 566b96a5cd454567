"""The door for people: every page's route, and the files the pages use."""

from __future__ import annotations

import falcon

from api.calls import Services
from devices.problems import refuse
from web.pages import PageResource
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


def add_pages(app: falcon.App[falcon.Request, falcon.Response], services: Services) -> None:
    """Add the pages' routes."""
    app.add_route("/static/{name}", Static())
    for page in PAGES:
        app.add_route(page.path, PageResource(services, page))
