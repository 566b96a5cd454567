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


def cut_off(where: Place, moments: Sequence[float]) -> tuple[int, list[str]]:
    """Upgrade the oldest books that are kept, killed after each of these seconds, and then to the end.

    Returns how many were killed before they were done, and what was wrong with the books afterwards.
    """
    kept = kept_books.read(kept_books.files()[0])
    cut, faults = 0, []
    for number, moment in enumerate(moments):
        url = fresh_url(where, f"upgraded_{number}")
        with closing(Store(url)) as store:
            kept_books.load(kept, store)
        served = Served(where, database_url=url)
        first = served.command(["migrate"])
        time.sleep(moment)
        kill_group(first)
        with closing(Store(url)) as store:
            cut += bool(schema.pending(store))
        second = served.command(["migrate"])
        second.join(WAIT_SECONDS)
        if second.exitcode != 0:
            faults.append(f"after a kill at {moment:.2f} s `panku migrate` ended with {second.exitcode}")
            continue
        with closing(Store(url)) as store:
            schema.check_schema(store)
            faults += verified(store)
    return cut, faults
