"""`panku serve`: check the database, then let gunicorn answer requests."""

import argparse
import os
import socket
import sys
from typing import Any

import peewee
from gunicorn.app.base import Application

from api.wire.times import shown
from devices.journal import clock_standing
from devices.store.database import Store
from devices.store.engines import sqlite_path
from devices.store.postgresql_tls import warnings_of
from panku.commands import DONE, Refused
from panku.console.opening import books, may_pass
from panku.console.terminal import in_one_line, say
from panku.settings import SETTINGS, Settings, without_passwords
from panku.wiring import clock


class Server(Application):
    """gunicorn with the repository's configuration, and nothing from its command line or GUNICORN_CMD_ARGS."""

    def load_config(self) -> None:
        """Read panku/gunicorn_conf.py."""
        self.load_config_from_module_name_or_filename("python:panku.gunicorn_conf")

    def load(self) -> Any:
        """The WSGI application, made in a worker after its fork."""
        from panku.application import application  # noqa: PLC0415  (opened after the fork, never before)

        return application()


def declare(parser: argparse.ArgumentParser) -> None:
    """No arguments: settings are PANKU_* variables."""
    parser.epilog = "Settings are PANKU_* variables; docs/settings.md lists them."


def tell_the_clock(store: Store) -> None:
    """Say where this machine's clock is behind what the journals have recorded already; the books are used as ever."""
    standing = clock_standing(store, clock())
    if standing.is_behind:
        say(
            f"panku: the clock is {standing.behind_seconds} s behind the newest entry of the journals "
            f"({shown(standing.newest_us)}): set it right, see docs/operating.md, 'The clock'",
            file=sys.stderr,
        )


def refuse_a_file_that_is_only_read(settings: Settings) -> None:
    """Raise Refused where this user cannot write the books' file, instead of failing at the first posting."""
    if settings.database_url.startswith("sqlite:"):
        path = sqlite_path(settings.database_url)
        if not os.access(path, os.W_OK):
            raise Refused(f"{path} cannot be written by this user: give it the file, or start as its owner.")


def warn_of_plain_http(settings: Settings) -> None:
    """Say what others can do who are between a browser and an address beyond this machine."""
    if not settings.is_loopback:
        say(
            f"panku: {settings.host} is reached from beyond this machine in plain http: whoever is on the way reads"
            " passwords and tokens. Listen on 127.0.0.1, with HTTPS in front (deploy/nginx-panku.conf).",
            file=sys.stderr,
        )


def refuse_a_port_in_use(settings: Settings) -> None:
    """Raise Refused where the server could not listen, before gunicorn tries for seconds."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            place = f"{settings.host}, port {settings.port}"
            raise Refused(
                f"Cannot listen on {place}: {error.strerror}. PANKU_PORT names another port."
            ) from error


def warn_of_unverified_databases(settings: Settings) -> None:
    """Tell of each database on another machine whose certificate nobody asks for; nothing is refused."""
    for setting in SETTINGS:
        if setting.kind == "URL":
            for sentence in warnings_of(setting.variable, getattr(settings, setting.field)):
                say(f"panku: {sentence}", file=sys.stderr)


def begin_or_wait(settings: Settings) -> None:
    """See to it that there are books to serve; those that are only out of reach are waited for while it serves.

    Raises whatever is no matter of waiting, for whoever starts the server to read.
    """
    try:
        with books(settings, may_begin=True) as store:
            say(f"panku: books on {store.version()}", file=sys.stderr)
            tell_the_clock(store)
    except (Refused, peewee.DatabaseError, peewee.InterfaceError) as error:
        if not may_pass(error):
            raise
        told = without_passwords(in_one_line(error), os.environ).rstrip(".?")
        say(f"panku: {told}. It starts all the same, and answers 503 until it can be.", file=sys.stderr)
    else:
        refuse_a_file_that_is_only_read(settings)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    warn_of_unverified_databases(settings)
    begin_or_wait(settings)
    refuse_a_port_in_use(settings)
    warn_of_plain_http(settings)
    Server().run()
    return DONE
