"""`panku demo`: fill an example in a folder of its own, and serve it."""

import argparse
import os
import sys
from pathlib import Path

from devices.journal import head_of
from devices.store.database import Store
from devices.values import UNIT
from panku import settings as panku_settings
from panku.commands import BAD_USE, DONE, Refused
from panku.commands import serve as serving
from panku.console.opening import books
from panku.console.terminal import say
from panku.demo import PASSWORDS, fill
from panku.demo_counts import HOUR_US, count
from panku.demo_days import SERVICE_STAFF
from panku.demo_service import UNSETTLED, fill_service
from panku.settings import Settings
from panku.wiring import clock


def declare(parser: argparse.ArgumentParser) -> None:
    """Whether to serve it too."""
    parser.add_argument("--fill-only", action="store_true", help="fill the example and do not serve it")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Fill `demo.sqlite3` beside the books, once, and serve it; the books themselves are never touched."""
    if not settings.database_url.startswith("sqlite:"):
        raise Refused("The demo keeps to an SQLite file of its own: leave PANKU_DATABASE_URL unset.", BAD_USE)
    path = Path(settings.data_dir) / "demo.sqlite3"
    os.environ["PANKU_DATABASE_URL"] = f"sqlite:///{path}"
    panku_settings.of_this_process.cache_clear()
    own = panku_settings.of_this_process()
    with books(own, may_begin=True) as store:
        if not _is_filled(store):
            now = clock()
            fill(store, now)
            fill_service(store, now)
            count(store, now - HOUR_US)
    if not arguments.fill_only:
        serving.refuse_a_port_in_use(own)
    say(
        "Two sites, BJ01 and TJ01, with some days of documents; at BJ01 dispatch orders in every state, a swap to"
        f" settle by scanning {UNSETTLED}, installations, calls to customers and complaints; at TJ01 a sealed count and"
        " one under way. Sign in as:"
    )
    for username, (password, role) in {**PASSWORDS, **SERVICE_STAFF}.items():
        say(f"{role:12} {username:8} {password}")
    sys.stdout.flush()
    return DONE if arguments.fill_only else serving.run(own, arguments)


def _is_filled(store: Store) -> bool:
    return head_of(store, UNIT) is not None
