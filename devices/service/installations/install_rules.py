"""What keeps a step of an installation from being taken though its state allows it, declared step by step. Pure.

Guidance by phone ends after GUIDED_MINUTES; nobody is sent twice at once; a job on site has its order and its record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.installations import GUIDED_MINUTES, INSTALLATIONS, Installation
from devices.problems import Problem

_Hindrance = Callable[[Installation, DispatchOrder | None], Problem | None]


def _guided_enough(value: Installation, _: DispatchOrder | None) -> Problem | None:
    return _spent(value) if value.minutes >= GUIDED_MINUTES else None


def _only_a_visit_is_left(value: Installation, trip: DispatchOrder | None) -> Problem | None:
    return _spent(value) if value.state == "asked" and trip is None and value.is_spent else None


def _spent(value: Installation) -> Problem:
    return Problem("guidance_spent", "", {"installation": value.number, "minutes": value.minutes})


def _somebody_is_sent(value: Installation, trip: DispatchOrder | None) -> Problem | None:
    if trip is None:
        return None
    return Problem("trip_under_way", "", {"installation": value.number, "order": trip.number})


def _sent_already(value: Installation, trip: DispatchOrder | None) -> Problem | None:
    """An order that is there, but not of this installation yet, is one to name."""
    return _somebody_is_sent(value, trip) if trip and trip.number == value.order else None


def _somebody_goes(value: Installation, trip: DispatchOrder | None) -> Problem | None:
    return _somebody_is_sent(value, trip) if trip and trip.record is None else None


def _not_theirs(value: Installation, trip: DispatchOrder | None) -> Problem | None:
    """A spare that went in for it under the order is what was installed."""
    if trip is not None and value.serial in {pair.faulty for pair in trip.used}:
        return None
    return Problem("not_installable", "", {"serial": value.serial, "state": None})


def _no_order(value: Installation, trip: DispatchOrder | None) -> Problem | None:
    return Problem("order_required", "/dispatch_order") if value.state == "on_site" and trip is None else None


def _no_record(_: Installation, trip: DispatchOrder | None) -> Problem | None:
    unfiled = trip is not None and trip.record is None
    return Problem("service_record_required", "", {"order": trip.number}) if trip and unfiled else None


HINDRANCES: Mapping[str, tuple[_Hindrance, ...]] = MappingProxyType(
    {
        "guide": (_guided_enough,),
        "send": (_sent_already,),
        "confirm": (_only_a_visit_is_left, _no_order, _no_record),
        "give_up": (_somebody_is_sent, _only_a_visit_is_left),
    }
)
"""What keeps a step from being taken though the state allows it; `trip` is the order under way. Pure."""
assert HINDRANCES.keys() == INSTALLATIONS.step.keys(), "a step of which nobody says what hinders it"
_HINDRANCES_OF_GONE: Mapping[str, tuple[_Hindrance, ...]] = MappingProxyType(
    {**HINDRANCES, "confirm": (*HINDRANCES["confirm"], _not_theirs), "give_up": (_somebody_goes,)}
)
"""The same of a device that is no longer with its customer: only an order that is still to be done keeps it open."""


def hindrance(
    name: str, value: Installation, trip: DispatchOrder | None, *, gone: bool = False
) -> Problem | None:
    """Why a step that the state allows can not be taken, where the device is `gone` from its customer or is not; None
    where it can. Pure.
    """
    hindrances = (_HINDRANCES_OF_GONE if gone else HINDRANCES)[name]
    return next((found for each in hindrances if (found := each(value, trip))), None)


InstallLane = Literal["phone", "visit", "job", "confirming", "again"]
INSTALL_LANES: tuple[InstallLane, ...] = ("phone", "visit", "again", "job", "confirming")
"""What an installation that is under way waits for: guidance, that somebody is sent, the job, the customer's word, or
another order after one that came to nothing.
"""


def install_lane(value: Installation, trip: DispatchOrder | None) -> InstallLane:
    """What an installation waits for, where it is not ended; `trip` is its order, unless that came to nothing. Pure."""
    if value.state == "asked":
        return "visit" if value.is_spent else "phone"
    if trip is None:
        return "again"
    return "confirming" if trip.record else "job"
