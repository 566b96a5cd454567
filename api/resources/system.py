"""Health and the description of the doors themselves."""

from __future__ import annotations

from typing import Literal

import msgspec

from api.calls import Call, Done, Shown
from api.measures import CONTENT_TYPE
from devices.journal import clock_standing
from devices.moments.spans import is_over
from devices.store import schema

WRITTEN_EVERY_US = 5_000_000


class Health(msgspec.Struct, frozen=True):
    """Whether the process lives."""

    status: str


class Readiness(msgspec.Struct, frozen=True):
    """Whether the process is ready to serve, and how its clock stands to what the journals have recorded.

    With a clock that is `behind` the books are used as ever; what is posted is recorded after what there is.
    """

    status: str
    clock: Literal["right", "behind"]
    clock_behind_seconds: int


def show_health(_: Call, __: Done) -> Shown:
    """The process lives."""
    return Shown(Health("ok"))


def show_metrics(call: Call, _: Done) -> Shown:
    """Counts and gauges in Prometheus' text format, for the metrics token, supervisors and administrators."""
    services = call.services
    return Shown(services.meter.exposed(services.gauges), media_type=CONTENT_TYPE)


def show_readiness(call: Call, _: Done) -> Shown:
    """The database answers, with the schema this version made, and can be written; 503 `unavailable` otherwise.

    Anybody may ask, so that it is written to at most every five seconds.
    """
    schema.check_schema(call.store)
    services = call.services
    if is_over(services.written_at_us, WRITTEN_EVERY_US, call.at_us):
        for store in (services.store, services.session_store):
            schema.check_writing(store)
        services.written_at_us = call.at_us
    clock = clock_standing(call.store, call.at_us)
    return Shown(Readiness("ready", "behind" if clock.is_behind else "right", clock.behind_seconds))
