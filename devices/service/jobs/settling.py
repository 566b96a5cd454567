"""What a filed record leaves to be settled: spares that went in at a customer's, whose swap the storekeeper posts.

Nothing is stored for it: a pair waits while the spare that the record names is still carried under its order. The
faulty device's scan is enough to offer the swap, filled in.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from devices import records
from devices.ledger.posting.rows import NOT_UNDONE
from devices.paperwork.dispatches import DispatchOrder, Used
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Documents, Lines, Positions

_CARRIED = compiled(
    Positions.select(Positions.serial)
    .where(Positions.order_number == GIVEN, Positions.state == "carried")
    .order_by(Positions.serial)
)
_OUT_FOR = compiled(
    Positions.select(Positions.serial, Positions.meant_for, Positions.order_number).where(
        Positions.meant_for.in_(EACH), Positions.state == "carried"
    )
)
_OUT_UNDER = compiled(
    Positions.select(Positions.meant_for, Positions.serial).where(
        Positions.order_number == GIVEN,
        Positions.state == "carried",
        Positions.meant_for.is_null(is_null=False),
    )
)
_OUT_AT = compiled(
    Positions.select(Positions.order_number, Positions.serial).where(
        Positions.state == "carried", Positions.site.in_(EACH), Positions.order_number.is_null(is_null=False)
    )
)

_SWAPPED = compiled(
    Lines.select(Lines.replaced_by, Lines.serial, Documents.number)
    .join(Documents, on=(Documents.number == Lines.document))
    .where(
        Documents.under == GIVEN,
        Documents.type == "swap",
        Lines.replaced_by.is_null(is_null=False),
        NOT_UNDONE,
    )
)
"""The pairs of the swaps under an order whose lines stand, with their documents."""


class Settling(msgspec.Struct, frozen=True):
    """The swap that settles a pair, as the record of its order says it.

    `charged_fen` is None where the record's charge is for more swaps than this one, and somebody has to part it.
    """

    order: str
    site: str
    faulty: str
    spare: str
    fault: str
    terms: Literal["free", "charged"]
    charged_fen: int | None


def carried_under(store: Store, number: str) -> list[str]:
    """The spares that are carried under an order, by serial."""
    return [serial for (serial,) in store.rows(_CARRIED, (number,))]


def pairs_carried(store: Store, order: str) -> tuple[Used, ...]:
    """The spares that are out under an order, each with the faulty device that it is meant for, by serial."""
    return tuple(Used(faulty, spare) for faulty, spare in sorted(store.rows(_OUT_UNDER, (order,))))


def swaps_under(store: Store, number: str) -> dict[Used, str]:
    """The pairs that were swapped under an order by documents that stand, with the number of each."""
    return {Used(faulty, spare): document for spare, faulty, document in store.rows(_SWAPPED, (number,))}


def settled_by(store: Store, faulty: Collection[str]) -> dict[str, Settling]:
    """By faulty serial, the swap that each of these devices waits for; most wait for none. Two statements at most."""
    rows = store.rows_in(_OUT_FOR, sorted(faulty))
    out = {(order, meant_for, spare) for spare, meant_for, order in rows}
    return {
        pair.faulty: swap_of(order, pair)
        for order in records.these(store, DISPATCH_ORDER, [order for order, _, _ in out]).values()
        for pair in order.used
        if (order.number, pair.faulty, pair.spare) in out
    }


def unsettled_at(store: Store, sites: Collection[str]) -> list[tuple[DispatchOrder, tuple[Used, ...]]]:
    """The done orders of these sites of which a spare that went in is still carried, with those pairs, by number.

    Found from the carried spares, so that it costs what is out and not what was ever done.
    """
    out = set(store.rows_in(_OUT_AT, sorted(sites)))
    orders = records.these(store, DISPATCH_ORDER, [order for order, _ in out])
    found = ((order, waiting_pairs(order, out)) for _, order in sorted(orders.items()))
    return [(order, pairs) for order, pairs in found if pairs]


def unsettled(store: Store, order: DispatchOrder) -> tuple[Used, ...]:
    """The pairs of an order's record that no swap has settled yet."""
    if not order.used:
        return ()
    return waiting_pairs(order, {(order.number, spare) for spare in carried_under(store, order.number)})


def waiting_pairs(order: DispatchOrder, out: Collection[tuple[str, str]]) -> tuple[Used, ...]:
    """The pairs of an order's record whose spare is still out, by (order, spare). Pure."""
    return tuple(pair for pair in order.used if (order.number, pair.spare) in out)


def swap_of(order: DispatchOrder, pair: Used) -> Settling:
    """The swap of one pair of a done order, as its record says it. Pure."""
    assert order.record is not None, "a job that is done has its record"
    charged_fen = order.record.charged_fen
    alone = charged_fen == 0 or len(order.used) == 1
    terms: Literal["free", "charged"] = "charged" if charged_fen else "free"
    return Settling(
        order.number, order.site, pair.faulty, pair.spare, order.fault, terms, charged_fen if alone else None
    )
