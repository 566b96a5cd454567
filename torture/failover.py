"""The primary dies under load and its synchronous standby is promoted: nothing acknowledged is lost."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from devices.store.database import Store
from tests import postgresql
from torture.drills import Report, figures_of
from torture.load import Load, reckon
from torture.places import DATABASE, Cluster, Place, place, remove
from torture.server import Served

SYNCHRONOUS = ("synchronous_commit=on", "synchronous_standby_names=FIRST 1 (standby)")
CAUGHT_UP = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


@contextmanager
def standby_of(primary: Cluster) -> Iterator[Cluster]:
    """A running standby that every commit of the primary waits for from now on."""
    folder = postgresql.new_folder()
    standby = Cluster(folder)
    try:
        standby.follow(primary)
        standby.start()
        yield standby
    finally:
        standby.kill()
        remove(folder)


def drilled(times: int) -> Report:
    """Kill the primary and promote the standby, `times` times over, each from the beginning."""
    faults: list[str] = []
    outages, acknowledged = [], 0
    for _ in range(times):
        with place("postgresql") as where:
            report = _once(where)
            faults += report.faults
            acknowledged += report.figures["acknowledged"]
            outages.append(report.figures["longest without an acknowledgement"])
    figures = {"primaries killed": times, "acknowledged": acknowledged, "outages": ", ".join(outages)}
    return Report("failover", "postgresql", figures, faults)


def _once(where: Place) -> Report:
    assert where.cluster is not None
    where.cluster.stop(signal.SIGINT)
    where.cluster.start(*SYNCHRONOUS)
    primary = where.cluster
    with standby_of(primary) as standby:
        _wait_until_synchronous(where)
        both = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        several = f"postgresql://panku@{both}/{DATABASE}?target_session_attrs=read-write"
        served = Served(where, database_url=several)
        load = Load(served.port, where.token, where.day)
        try:
            served.start()
            with load.running():
                load.wait_for(20)
                primary.kill()
                standby.control("-w", "promote")
                load.wait_for(20)
        finally:
            served.kill()
        with closing(Store(standby.url())) as store:
            return Report("failover", "postgresql", figures_of(load), load.faults + reckon(store, load))


def _wait_until_synchronous(where: Place) -> None:
    last = time.monotonic() + 30
    with closing(Store(where.url)) as store:
        while store.rows(CAUGHT_UP) != [(1,)]:
            if time.monotonic() > last:
                raise RuntimeError("the standby never caught up")
            time.sleep(0.05)
