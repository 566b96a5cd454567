"""What is counted of the doors' work, declared once. No label holds a serial, a number, an address or anybody's name.

Several processes serve: where PROMETHEUS_MULTIPROC_DIR names a folder, each keeps its counts in files there, and
whichever is asked adds up all of them (panku/gunicorn_conf.py sets it). Elsewhere a process tells its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from http import HTTPMethod
from typing import Any

import falcon
import msgspec
import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

__all__ = ["CONTENT_TYPE", "MEASURES", "Meter", "Watch"]

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
OTHER = "other"
METHODS = frozenset(HTTPMethod)

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Measure(msgspec.Struct, frozen=True):
    """One thing that is counted, or whose seconds are: its name, its meaning and its labels."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    seconds: bool = False


MEASURES = (
    Measure("panku_http_requests", "answered requests", ("method", "route", "status")),
    Measure("panku_http_request_seconds", "from a request to its answer", ("method", "route"), seconds=True),
    Measure("panku_refusals", "answers that refused, by each code in them", ("code",)),
    Measure("panku_postings", "documents sent to be posted, by what became of them", ("type", "outcome")),
    Measure("panku_scans_kept", "scans of stocktakes that were kept", ("outcome",)),
    Measure("panku_sign_in_failures", "sign-ins that were refused", ("code",)),
)
assert len({measure.name for measure in MEASURES}) == len(MEASURES), "two measures share a name"


class Meter:
    """The counts of this process."""

    def __init__(self) -> None:
        # The library decided when it was imported, which may have been before there was a folder.
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._kept: dict[str, Any] = {
            each.name: Histogram(
                each.name, each.meaning, each.labels, registry=self._registry, buckets=SECONDS
            )
            if each.seconds
            else Counter(each.name, each.meaning, each.labels, registry=self._registry)
            for each in MEASURES
        }

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Count one measure, whose labels are given in their declared order."""
        self._kept[name].labels(*labels).inc(by)

    def time(self, name: str, *labels: str, seconds: float) -> None:
        """Take one duration into a measure of seconds."""
        self._kept[name].labels(*labels).observe(seconds)

    def exposed(self, *others: Collector) -> bytes:
        """Every count, of every process where they share a folder, and what `others` tell, as Prometheus reads it."""
        registry = self._registry
        if folder := os.environ.get(SHARED_FOLDER):
            registry = CollectorRegistry()
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        told = CollectorRegistry()
        for other in (registry, *others):
            told.register(other)
        return generate_latest(told)


class Watch:
    """Counts every request and what became of it, after everything else has dealt with it.

    It reads what the way of a request left in its context: `route` and `body`, the API's; `fresh`, whether a write
    was done now; and in the answer's: `refused`, the refusal that was told.
    """

    def __init__(self, meter: Meter, seconds: Callable[[], float] = time.perf_counter) -> None:
        self.meter, self.seconds = meter, seconds

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Note when it came."""
        req.context.begun = self.seconds()

    def process_response(self, req: falcon.Request, resp: falcon.Response, *_: object) -> None:
        """Count it."""
        method = req.method if req.method in METHODS else OTHER
        route = req.uri_template or OTHER
        status = falcon.http_status_to_code(resp.status)
        self.meter.count("panku_http_requests", method, route, f"{status // 100}xx")
        took = self.seconds() - req.context.begun
        self.meter.time("panku_http_request_seconds", method, route, seconds=took)
        codes = codes_of(resp)
        for code in codes:
            self.meter.count("panku_refusals", code)
        name = req.context.route.name if "route" in req.context else None
        if name == "sign_in" and codes:
            self.meter.count("panku_sign_in_failures", codes[0])
        if name == "post_document" and "body" in req.context:
            kind = req.context.body.__struct_config__.tag
            self.meter.count("panku_postings", kind, outcome_of(req, status))


def codes_of(resp: falcon.Response) -> Sequence[str]:
    """Each code of the refusal that an answer tells, once."""
    if "refused" not in resp.context:
        return ()
    return tuple(dict.fromkeys(problem.code for problem in resp.context.refused.problems))


def outcome_of(req: falcon.Request, status: int) -> str:
    """What became of a posting: posted, pending, repeated (it was there already), refused or failed."""
    if status >= 500:
        return "failed"
    if status >= 400:
        return "refused"
    if not req.context.fresh:
        return "repeated"
    return "pending" if status == falcon.http_status_to_code(falcon.HTTP_202) else "posted"
