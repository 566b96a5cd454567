"""A server whose books cannot be opened yet: it says so, asks again until they can, and then serves.

A worker that failed would end the whole server. PostgreSQL may start after Panku or be on its way to another machine, a
disk may be mounted late, books may wait for their migration: nobody has to start Panku again when it is over.
See docs/decisions.md, "A server waits for its books".
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

import falcon
import msgspec

from api.app import Heads
from api.resources.system import Health
from api.routing import Headers
from api.wire.refusals import render_refusal
from devices.problems import Refused, refuse
from panku.console.opening import why_not_open
from panku.console.terminal import in_one_line
from panku.settings import without_passwords
from web.door import Static, for_browsers

AGAIN_SECONDS = 2.0
FIRST_SECONDS = 5.0
"""A worker that has nothing else to do waits so long for the first answer before it says that there is none."""

_log = logging.getLogger("panku.waiting")


class WaitingApplication:
    """The WSGI application of books that are opened in a thread: `make`'s once it could be made, else `meanwhile`'s.

    `make` is called again every `again_seconds` until it returns; what it raises is logged when it changes.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        *,
        secure_cookies: bool,
        again_seconds: float = AGAIN_SECONDS,
        first_seconds: float = FIRST_SECONDS,
    ) -> None:
        self._make, self._again_seconds = make, again_seconds
        self._meanwhile = meanwhile(self, secure=secure_cookies)
        self._made: Any = None
        self._tried = threading.Event()
        self._told = ""
        self.cause = "opening"
        """Why the books are not open: the name of a cause (devices/store/unusable.py)."""
        threading.Thread(target=self._open, name="opening the books", daemon=True).start()
        self._tried.wait(first_seconds)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        return (self._made or self._meanwhile)(environ, start_response)

    def _open(self) -> None:
        while self._made is None:
            try:
                self._made = self._make()
            except Exception as error:  # noqa: BLE001  (whatever it is, it must not end the server)
                self._note(error)
            self._tried.set()
            if self._made is None:
                threading.Event().wait(self._again_seconds)
        if self._told:
            _log.warning("the books are open")

    def _note(self, error: Exception) -> None:
        self.cause = why_not_open(error)
        told = without_passwords(in_one_line(error), os.environ)
        if told != self._told:
            trace = error if self.cause == "fault" else None
            _log.warning("waiting for the books (%s): %s", self.cause, told, exc_info=trace)
        self._told = told


def meanwhile(waiting: WaitingApplication, *, secure: bool) -> falcon.App[falcon.Request, falcon.Response]:
    """What answers until the books are open: the process lives, is not ready, and everything else is unavailable."""

    def unavailable(req: falcon.Request, resp: falcon.Response, **_: Any) -> None:
        raise refuse("unavailable", cause=waiting.cause)

    middleware: list[Any] = [Headers(), Heads()]
    app = falcon.App(middleware=middleware)
    app.add_error_handler(Refused, for_browsers(render_refusal, secure=secure))
    app.add_route("/healthz", Alive())
    app.add_route("/static/{name}", Static())
    app.add_sink(unavailable)
    return app


class Alive:
    """The process lives."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """As with open books."""
        resp.data, resp.content_type = msgspec.json.encode(Health("ok")), "application/json"
