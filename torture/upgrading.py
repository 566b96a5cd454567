"""Books of the version before, upgraded by commands that are killed on the way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

from devices.store import schema
from devices.store.database import Store
from tests import kept_books
from torture.load import verified
from torture.places import Place, fresh_url
from torture.server import Served, kill_group

WAIT_SECONDS = 120


def whole(where: Place) -> tuple[float, list[str]]:
    """Upgrade the oldest books that are kept; returns how many seconds it took, and what was wrong with them.

    Twice: the first command of all loads what later ones find loaded.
    """
    faults, seconds = [], 0.0
    for name in ("first", "second"):
        url = _old_books(where, name)
        began = time.monotonic()
        Served(where, database_url=url).command(["migrate"]).join(WAIT_SECONDS)
        seconds = time.monotonic() - began
        faults += _finished(where, url)
    return seconds, faults


def cut_off(where: Place, moments: Sequence[float]) -> tuple[int, list[str]]:
    """Upgrade the oldest books that are kept, killed after each of these seconds, and then to the end.

    Returns how many were killed before they were done, and what was wrong with the books afterwards.
    """
    cut, faults = 0, []
    for number, moment in enumerate(moments):
        url = _old_books(where, f"upgraded_{number}")
        first = Served(where, database_url=url).command(["migrate"])
        time.sleep(moment)
        kill_group(first)
        with closing(Store(url)) as store:
            cut += bool(schema.pending(store))
        faults += [f"after a kill at {moment:.2f} s: {fault}" for fault in _finished(where, url)]
    return cut, faults


def _old_books(where: Place, name: str) -> str:
    url = fresh_url(where, name)
    with closing(Store(url)) as store:
        kept_books.load(kept_books.read(kept_books.files()[0]), store)
    return url


def _finished(where: Place, url: str) -> list[str]:
    """Upgrade books to the end, and verify them; returns what is wrong."""
    running = Served(where, database_url=url).command(["migrate"])
    running.join(WAIT_SECONDS)
    if running.exitcode != 0:
        return [f"`panku migrate` ended with {running.exitcode}"]
    with closing(Store(url)) as store:
        schema.check_schema(store)
        return verified(store)
