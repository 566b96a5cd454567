"""What the books say of themselves to whoever watches the server: ends of journals, what waits, what is overdue."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from devices.journal import clock_standing, heads
from devices.ledger.duties.due import Duty, what_is_due
from devices.ledger.duties.unreviewed import unreviewed
from devices.ledger.reading.registers import active_sites
from devices.moments.spans import is_over
from devices.records import site_codes
from devices.store.database import Store
from devices.store.unusable import is_unusable
from devices.unit import unit_of

READ_EVERY_US = 60_000_000

Families = list[GaugeMetricFamily]


class Gauges(Collector):
    """The books' gauges, read at most once a minute by each process: what is overdue takes a while to compute."""

    def __init__(self, store: Store, duties: Sequence[Duty], clock: Callable[[], int]) -> None:
        self.store, self.duties, self.clock = store, duties, clock
        self._read_at_us: int | None = None
        self._found: Families = []

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing before it is asked."""
        return []

    def collect(self) -> Families:
        """Every gauge. Of books that cannot be read, only that they cannot."""
        now = self.clock()
        if self._read_at_us is None or is_over(self._read_at_us, READ_EVERY_US, now):
            try:
                self._found = [_readable(readable=True), *_read(self.store, self.duties, now)]
                self._read_at_us = now
            except Exception as error:
                if not is_unusable(error):
                    raise
                return [_readable(readable=False)]
        return self._found


def _readable(*, readable: bool) -> GaugeMetricFamily:
    return GaugeMetricFamily("panku_books_readable", "1: the books can be read", value=int(readable))


def _read(store: Store, duties: Sequence[Duty], now_us: int) -> Families:
    return [
        _build(store), _heads(store), _clock(store, now_us), _unreviewed(store), _overdue(store, duties, now_us),
    ]  # fmt: skip


def _build(store: Store) -> GaugeMetricFamily:
    engine, _, number = store.version().partition(" ")
    labels = {"version": version("panku"), "engine": engine, "engine_version": number}
    labels["python"] = platform.python_version()
    family = GaugeMetricFamily("panku_build_info", "what runs, and on what", labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family


def _heads(store: Store) -> GaugeMetricFamily:
    family = GaugeMetricFamily("panku_journal_seq", "the last link of a journal", labels=["site"])
    for head in heads(store):
        family.add_metric([head.site], head.seq)
    return family


def _clock(store: Store, now_us: int) -> GaugeMetricFamily:
    behind = clock_standing(store, now_us).behind_seconds
    meaning = "how far the server's clock is behind what the journals have recorded"
    return GaugeMetricFamily("panku_clock_behind_seconds", meaning, value=behind)


def _unreviewed(store: Store) -> GaugeMetricFamily:
    family = GaugeMetricFamily("panku_documents_unreviewed", "what waits for an auditor", labels=["site"])
    for site, waiting in unreviewed(store, site_codes(store)).items():
        family.add_metric([site], waiting)
    return family


def _overdue(store: Store, duties: Sequence[Duty], now_us: int) -> GaugeMetricFamily:
    labels = ["site", "deadline"]
    family = GaugeMetricFamily("panku_deadlines_overdue", "what is past its day", labels=labels)
    unit = unit_of(store)
    if unit is None:
        return family
    found = what_is_due(store, duties, active_sites(store), unit.day_of(now_us))
    for (site, deadline), number in sorted(
        Counter((each.site, each.deadline) for each in found if each.standing == "overdue").items()
    ):
        family.add_metric([site, deadline], number)
    return family
