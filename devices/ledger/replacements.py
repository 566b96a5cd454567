"""The chain of replacements a device stands in: what it replaces, what replaced it, walked both ways."""

from __future__ import annotations

from devices.database import Store

LONGEST_CHAIN = 100
"""Devices that are walked to in each direction; a customer's disk is replaced a few times in its life."""

NEIGHBOUR = {
    "replaces": "SELECT replaces FROM position WHERE serial = ?",
    "replaced_by": "SELECT replaced_by FROM position WHERE serial = ?",
}


def replacements(store: Store, serial: str) -> list[str]:
    """The serials from the first one replaced to the last replacement, `serial` among them."""
    before = _walk(store, serial, "replaces", {serial})
    after = _walk(store, serial, "replaced_by", {serial, *before})
    return [*reversed(before), serial, *after]


def _walk(store: Store, serial: str, direction: str, seen: set[str]) -> list[str]:
    found: list[str] = []
    while len(found) < LONGEST_CHAIN:
        row = store.row(NEIGHBOUR[direction], (serial,))
        if row is None or row[0] is None or row[0] in seen:
            break
        serial = row[0]
        seen = {*seen, serial}
        found.append(serial)
    return found
