"""Health and the description of the doors themselves."""

from __future__ import annotations

import msgspec

from api.calls import Call, Done, Shown
from devices import schema


class Health(msgspec.Struct, frozen=True):
    """Whether the process lives, or is ready to serve."""

    status: str


def show_health(_: Call, __: Done) -> Shown:
    """The process lives."""
    return Shown(Health("ok"))


def show_readiness(call: Call, _: Done) -> Shown:
    """The database answers, with the schema this version made. Raises Refused (`unavailable`) otherwise."""
    schema.check(call.store)
    return Shown(Health("ready"))
