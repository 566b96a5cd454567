"""The application that answers requests: both doors over this process's stores.

A module of its own: whoever verifies or exports needs the wiring, and neither pages nor paper.
"""

from __future__ import annotations

import gc
from contextlib import ExitStack
from functools import partial
from typing import Any

from api.app import create_app
from api.callers import security_log
from api.calls import Services, ShownSetting
from devices.ledger.reading.replica import Replica
from devices.people.signing_in.session_store import session_store_url
from devices.store.database import Store
from devices.store.engines import REPLICA, sqlite_path
from devices.store.sqlite.presence import Presence
from panku import settings as panku_settings
from panku.console.opening import books
from panku.settings import SECRET, SETTINGS, Setting, Settings, written_value
from panku.waiting import WaitingApplication
from panku.wiring import DUTIES, RECORD_KINDS, RULEBOOK, clock
from web.door import add_pages


def shown_settings(settings: Settings) -> tuple[ShownSetting, ...]:
    """The settings in declared order as the administrators' page shows them."""
    found = []
    for setting in SETTINGS:
        value = shown_value(setting, settings)
        default = setting.default.format(data_dir=settings.data_dir)
        found.append(ShownSetting(setting.field, setting.variable, value, default, value == default))
    return tuple(found)


def shown_value(setting: Setting, settings: Settings) -> str:
    """One setting's value as it would be written, without its secrets."""
    value = written_value(getattr(settings, setting.field))
    return "***" if value and setting.kind == SECRET else value


def services(settings: Settings) -> Services:
    """What the doors work with, opened for this process."""
    return Services(
        Store(settings.database_url),
        Store(session_store_url(settings.database_url)),
        RULEBOOK,
        DUTIES,
        clock,
        kinds=RECORD_KINDS,
        secure_cookies=settings.needs_https,
        body_limit_bytes=settings.body_limit_bytes,
        upload_limit_bytes=settings.upload_limit_bytes,
        trusted_proxies=settings.trusted_proxies,
        replica=Replica(Store(settings.replica_url, REPLICA)) if settings.replica_url else None,
        settings=shown_settings(settings),
        metrics_token=settings.metrics_token,
    )


def application() -> Any:
    """The WSGI application, made in each worker after the fork; it waits for books that cannot be opened yet."""
    settings = panku_settings.of_this_process()
    security_log.to_standard_error()
    return WaitingApplication(partial(application_over, settings), secure_cookies=settings.needs_https)


def application_over(settings: Settings) -> Any:
    """The application over books that could be opened; the process is present at them until it ends.

    A worker begins no books in a file: where there is none, its disk is missing. `panku serve` has begun them, if
    anybody has, but in a database that was out of its reach. Raises whatever keeps them from being opened.
    """
    in_a_file = settings.database_url.startswith("sqlite:")
    with ExitStack() as present:
        if in_a_file and (path := sqlite_path(settings.database_url)).exists():
            presence = Presence(path)
            present.callback(presence.leave)
            presence.share()
        with books(settings, may_begin=not in_a_file):
            wired = services(settings)
        app = create_app(wired)
        add_pages(app, wired)
        present.pop_all()
    gc.freeze()  # what serves for good is no garbage: a full collection takes a tenth of a second over it
    return closing(app)


def closing(app: Any) -> Any:
    """The application behind a server that decides by itself whether a connection is kept, as gunicorn does.

    It takes no word of an answer's `Connection: close`; its response, which `start_response` is a method of, does.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if any((name.lower(), value) == ("connection", "close") for name, value in headers):
                getattr(getattr(start_response, "__self__", None), "force_close", lambda: None)()
            return start_response(status, headers, *error)

        return app(environ, start)

    return answer
