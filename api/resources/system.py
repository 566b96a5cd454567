"""Health and the description of the doors themselves."""

from __future__ import annotations

import msgspec

from api.calls import Call, Done, Shown
from api.measures import CONTENT_TYPE
from devices.store import schema

WRITTEN_EVERY_US = 5_000_000


class Health(msgspec.Struct, frozen=True):
    """Whether the process lives, or is ready to serve."""

    status: str


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
    if call.at_us - services.written_at_us >= WRITTEN_EVERY_US:
        for store in (services.store, services.session_store):
            schema.check_writing(store)
        services.written_at_us = call.at_us
    return Shown(Health("ready"))
