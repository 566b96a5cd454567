"""Ways to a document, found over the lifecycle's own steps: what to post next to bring devices to where it can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from operator import itemgetter

from devices.lifecycle import POSTED, STEPS, Step, roles_of
from devices.values import BOOKS, NEW, STATE, Register
from tests.drafting import Drafting, Option, registers_to

Place = tuple[str, Register | None]
Distances = Mapping[Place, int]
Tried = tuple[str, Option]
"""A document, and the devices that it was to be posted for."""

PLACES: tuple[Place, ...] = tuple(
    (state.name, register) for state in STATE.values() for register in state.registers or (None,)
)
CUSTOMERS: tuple[Place, ...] = (("in_service", None), ("in_repair", "custody"))
"""Where a device is for which a spare may be carried out."""
ALONE = tuple(
    document.name
    for document in POSTED
    if roles_of(document.name) == ("device",) and document.name not in ("carry_out", "reversal")
)
"""The documents that move a device without another: the ways go by these."""


def next_towards(drafting: Drafting, document: str, pool: list[str], refused: set[Tried]) -> Tried | None:
    """The document itself where devices of the pool are there, or else a step by which one of them comes nearer.

    Nothing that was refused is told again; none where there is nothing left.
    """
    for option in drafting.options(document):
        if (document, option) not in refused and all(part.serial in pool for part in option):
            return document, option
    left = [serial for serial in pool if serial in drafting.free]
    for distance in distances(document):
        there = next((serial for serial in left if distance.get(place_of(drafting, serial)) == 0), None)
        if there is None:
            return _nearest(drafting, distance, left, refused)
        left.remove(there)
    return None


def _nearest(drafting: Drafting, distance: Distances, pool: list[str], refused: set[Tried]) -> Tried | None:
    """The step that brings a device of the pool nearest, of those that bring theirs nearer."""
    steps = [
        (distance[after], kind, part)
        for kind in ALONE
        for part in drafting.choices(kind)
        for after in [(part.step.after if part.step else "", part.register)]
        if part.serial in pool and (kind, (part,)) not in refused
        if after in distance and distance[after] < distance.get(place_of(drafting, part.serial), len(PLACES))
    ]
    if not steps:
        return None
    _, kind, part = min(steps, key=itemgetter(0))
    return kind, (part,)


def place_of(drafting: Drafting, serial: str) -> Place:
    """The state and the register of a device."""
    position = drafting.position[serial]
    return position.state, position.register


def places_after(step: Step, register: Register | None) -> list[Place]:
    """Where a step may lead from a register, whichever book the device left last."""
    return [(step.after, after) for book in BOOKS for after in registers_to(step, register, book)]


@cache
def distances(document: str) -> tuple[Distances, ...]:
    """For each part a device plays in a document: by place, the fewest documents that lead to where it can.

    A place from which no way leads is not in it.
    """
    if document == "reversal":
        return (_from(PLACES),)
    parts = [_from(_starts(document, role)) for role in roles_of(document)]
    return (*parts, _from(CUSTOMERS)) if document == "carry_out" else tuple(parts)


def _starts(document: str, role: str) -> list[Place]:
    return [
        (step.before, register)
        for step in STEPS
        if (step.document, step.role) == (document, role)
        for register in step.registers
    ]


def _from(goals: Iterable[Place]) -> Distances:
    """Breadth first, backwards over the steps, from where the document can be posted."""
    found = dict.fromkeys(goals, 0)
    ring = list(found)
    while ring:
        reached = [before for place in ring for before in BEFORE[place] if before not in found]
        found |= dict.fromkeys(reached, max(found.values()) + 1)
        ring = list(dict.fromkeys(reached))
    return found


BEFORE: Mapping[Place, list[Place]] = defaultdict(list)
for _step in STEPS:
    for _register in _step.registers if _step.document in ALONE else ():
        for _place in places_after(_step, _register):
            BEFORE[_place].append((_step.before, _register))

assert all((NEW, None) in part for document in POSTED for part in distances(document.name)), (
    "a document that a new device never comes to"
)
