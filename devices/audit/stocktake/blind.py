"""Which registers are being counted blind, and what stands in them: which devices, and which documents name one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from devices.audit.kinds import RUNNING, STOCKTAKE, Stocktake
from devices.audit.stocktake.scans import places_now
from devices.store.database import Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Lines, Positions, Records, Reservations

Counts = Mapping[tuple[str | None, str | None], Stocktake]
"""Blind counts that are under way, by site and register."""

_RUNNING = compiled(
    Records.select(Records.content).where(
        Records.kind == STOCKTAKE.name, Records.state.in_(RUNNING), Records.site.in_(EACH)
    )
)
_NAMED = tuple(
    compiled(
        named.select(named.document, Positions.site, Positions.register)
        .distinct()
        .join(Positions, on=(Positions.serial == named.serial))
        .where(named.document.in_(EACH))
    )
    for named in (Lines, Reservations)
)
"""Of documents: the registers in which the devices of their lines stand, and of what they propose."""


def blind_counts(store: Store, sites: Collection[str]) -> dict[tuple[str | None, str | None], Stocktake]:
    """The blind counts that are under way at these sites."""
    rows = store.rows_in(_RUNNING, sorted(sites))
    running = [msgspec.json.decode(content, type=Stocktake) for (content,) in rows]
    return {(each.site, each.register): each for each in running if each.method == "blind"}


def standing(store: Store, counts: Counts, serials: Iterable[str]) -> dict[str, Stocktake]:
    """Those of these serials that stand in a register that is counted, each with its count."""
    places = places_now(store, sorted(set(serials)))
    found = {serial: counts.get((place.site, place.register)) for serial, place in places.items()}
    return {serial: counted for serial, counted in found.items() if counted is not None}


def named_by(store: Store, counts: Counts, documents: Iterable[str]) -> dict[str, Stocktake]:
    """Those of these documents that name a device in a register that is counted, each with its count.

    Its lines name devices, and what it proposes.
    """
    wanted = sorted(set(documents))
    rows = sorted(
        (tuple(row) for each in _NAMED for row in store.rows_in(each, wanted)), key=str, reverse=True
    )
    return {
        document: counts[site, register] for document, site, register in rows if (site, register) in counts
    }
