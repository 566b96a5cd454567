"""Health and the description of the doors themselves."""

from __future__ import annotations

from typing import Literal

import msgspec

from api.calls import Call, Done, Shown
from api.measures import CONTENT_TYPE
from devices.journal import ClockStanding
from devices.problems import refuse


class Health(msgspec.Struct, frozen=True):
    """Whether the process lives."""

    status: str


class Ready(msgspec.Struct, frozen=True):
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
    """Whether the books can be used, with the schema this version made, and written; 503 `unavailable` otherwise.

    It is told within two seconds, whatever the database does.
    """
    look = call.services.readiness.look()
    if look.cause:
        raise refuse("unavailable", cause=look.cause)
    clock = ClockStanding(call.at_us, look.told)
    return Shown(Ready("ready", "behind" if clock.is_behind else "right", clock.behind_seconds))
