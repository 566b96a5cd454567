"""What is still open at a site when its storekeeper hands over: declared lists, each of numbers or serials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from devices.audit.custody.inspections import open_findings
from devices.audit.custody.visits import OPEN_STATES, is_open, visits_of
from devices.audit.kinds import UNSETTLED
from devices.audit.stocktake.late import waiting_at
from devices.audit.stocktake.stocktakes import stocktakes_of
from devices.listed import open_at
from devices.paperwork_kinds import COMPLAINT, DISPATCH_ORDER, FOLLOW_UP, INSTALLATION, REPAIR
from devices.records import RecordKind
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Lines, Positions, Standings


class Asked(msgspec.Struct, frozen=True):
    """What the lists are of: a site, the day it is, when each register's last count is recorded (microseconds)."""

    store: Store
    site: str
    today: date
    counted_at: Mapping[str, int]


class OpenItems(msgspec.Struct, frozen=True):
    """One list of what is open; `find` gives document numbers, order numbers, serials and the like, in order."""

    name: str
    find: Callable[[Asked], list[str]]


_APART = compiled(
    Positions.select(Positions.serial)
    .where(Positions.site == GIVEN, Positions.state == GIVEN)
    .order_by(Positions.serial)
)
_MOVED_SINCE = compiled(
    Lines.select(Lines.document)
    .distinct()
    .where(
        Lines.recorded_at > GIVEN,
        ((Lines.site == GIVEN) & (Lines.register == GIVEN))
        | ((Lines.from_site == GIVEN) & (Lines.from_register == GIVEN)),
    )
)


def _standing(condition: Any) -> Callable[[Asked], list[str]]:
    query = compiled(
        Standings.select(Standings.document)
        .where(Standings.site == GIVEN, condition)
        .order_by(Standings.document)
    )
    return lambda asked: [number for (number,) in asked.store.rows(query, (asked.site,))]


def _apart(state: str) -> Callable[[Asked], list[str]]:
    return lambda asked: [serial for (serial,) in asked.store.rows(_APART, (asked.site, state))]


def _documents_since(asked: Asked) -> list[str]:
    """The documents that moved a device of a register since its last count; those of other sites too."""
    found: set[str] = set()
    for register, counted_at in asked.counted_at.items():
        place = (asked.site, register)
        found |= {number for (number,) in asked.store.rows(_MOVED_SINCE, (counted_at, *place, *place))}
    return sorted(found)


def _late_scans(asked: Asked) -> list[str]:
    """What came after a count's close and waits to be settled, by count."""
    waiting = waiting_at(asked.store, [asked.site])
    return [f"{counted.number}/{each.named}" for counted, late in waiting for each in late]


def _still_open(kind: RecordKind) -> Callable[[Asked], list[str]]:
    return lambda asked: [kind.key(value) for value in open_at(asked.store, kind, [asked.site])]


OPEN_KINDS = {
    "repairs": REPAIR,
    "dispatch_orders": DISPATCH_ORDER,
    "installations": INSTALLATION,
    "follow_ups": FOLLOW_UP,
    "complaints": COMPLAINT,
}
"""The lists that are of records in the states in which their kind is open, of what goes on with customers."""

OPEN_ITEMS = (
    OpenItems("unreviewed", _standing((Standings.review == "waiting") & (Standings.status != "pending"))),
    OpenItems("unresolved", _standing(Standings.resolved == 0)),
    OpenItems("pending", _standing(Standings.status == "pending")),
    *(OpenItems(name, _still_open(kind)) for name, kind in OPEN_KINDS.items()),
    OpenItems("carried", _apart("carried")),
    OpenItems("in_transit", _apart("in_transit")),
    OpenItems("at_factory", _apart("at_factory")),
    OpenItems("missing", _apart("missing")),
    OpenItems(
        "inspection_findings",
        lambda asked: [
            f"{value.number}/{each.item}" for value, each, _ in open_findings(asked.store, asked.site)
        ],
    ),
    OpenItems(
        "visits",
        lambda asked: [
            each.number
            for each in visits_of(asked.store, asked.site, states=OPEN_STATES)
            if is_open(each, asked.today)
        ],
    ),
    OpenItems(
        "unsettled_stocktakes",
        lambda asked: [each.number for each in stocktakes_of(asked.store, asked.site, states=UNSETTLED)],
    ),
    OpenItems("late_scans", _late_scans),
    OpenItems("documents_since", _documents_since),
)
assert len({items.name for items in OPEN_ITEMS}) == len(OPEN_ITEMS), "two lists share a name"


def open_items(asked: Asked) -> dict[str, list[str]]:
    """Every list by its name, in declared order."""
    return {items.name: items.find(asked) for items in OPEN_ITEMS}
