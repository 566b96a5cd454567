"""The chain of replacements a device stands in: what it replaces, what replaced it, walked both ways.

A device that was repaired and issued anew has a new life with links of its own. It stays the neighbour of whatever
replaced it, or was replaced by it, in its old one; but the walk ends at it, as it no longer points back.
"""

from __future__ import annotations

from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Positions

LONGEST_CHAIN = 100
"""Devices that are walked to in each direction; a customer's disk is replaced a few times in its life."""

NEIGHBOUR = {
    "replaces": compiled(
        Positions.select(Positions.replaces, Positions.replaced_by).where(Positions.serial == GIVEN)
    ),
    "replaced_by": compiled(
        Positions.select(Positions.replaced_by, Positions.replaces).where(Positions.serial == GIVEN)
    ),
}
"""By direction: the next serial, and the one that a device points back to."""


def replacements(store: Store, serial: str) -> list[str]:
    """The serials from the first one replaced to the last replacement, `serial` among them."""
    before = _walk(store, serial, "replaces", {serial})
    after = _walk(store, serial, "replaced_by", {serial, *before})
    return [*reversed(before), serial, *after]


def _walk(store: Store, serial: str, direction: str, seen: set[str]) -> list[str]:
    found: list[str] = []
    came_from: str | None = None
    while len(found) < LONGEST_CHAIN:
        row = store.row(NEIGHBOUR[direction], (serial,))
        following, back = row or (None, None)
        if following is None or following in seen or (came_from is not None and back != came_from):
            break
        came_from, serial = serial, following
        seen = {*seen, serial}
        found.append(serial)
    return found
