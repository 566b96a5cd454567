"""Which registers are being counted blind, and what stands in them: which devices, and which documents name one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from devices.audit.kinds import RUNNING, STOCKTAKE, Stocktake
from devices.audit.stocktake.scans import places_now
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Lines, Positions, Records, Reservations

Counts = Mapping[tuple[str | None, str | None], Stocktake]
"""Blind counts that are under way, by site and register."""

_RUNNING = compiled(
    Records.select(Records.content).where(
        Records.kind == STOCKTAKE.name, Records.state.in_(RUNNING), Records.site.in_(EACH)
    )
)
_NAMED = compiled(
    Lines.select(Positions.site, Positions.register)
    .join(Positions, on=(Positions.serial == Lines.serial))
    .where(Lines.document == GIVEN)
    .union(
        Reservations.select(Positions.site, Positions.register)
        .join(Positions, on=(Positions.serial == Reservations.serial))
        .where(Reservations.document == GIVEN)
    )
)


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


def named_by(store: Store, counts: Counts, document: str) -> Stocktake | None:
    """The count of the register in which a device of this document, or of what it proposes, stands; None without."""
    places = store.rows(_NAMED, (document, document))
    return next((counts[place] for place in sorted(map(tuple, places), key=str) if place in counts), None)
