"""What a filed record leaves to be settled: spares that went in at a customer's, whose swap the storekeeper posts.

Nothing is stored for it: a pair waits while the spare that the record names is still carried under its order. The
faulty device's scan is enough to offer the swap, filled in.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from devices.ledger.posting.told_used import filed_orders
from devices.paperwork.dispatches import DispatchOrder, Used
from devices.store.database import Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Positions

_OUT_FOR = compiled(
    Positions.select(Positions.serial, Positions.meant_for, Positions.order_number).where(
        Positions.meant_for.in_(EACH), Positions.state == "carried"
    )
)
_OUT_AT = compiled(
    Positions.select(Positions.order_number, Positions.serial).where(
        Positions.state == "carried", Positions.site.in_(EACH), Positions.order_number.is_null(is_null=False)
    )
)


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


def settled_by(store: Store, faulty: Collection[str]) -> dict[str, Settling]:
    """By faulty serial, the swap that each of these devices waits for; most wait for none. Two statements at most."""
    rows = store.rows_in(_OUT_FOR, sorted(faulty))
    spares = {(order, meant_for, spare) for spare, meant_for, order in rows}
    return {
        pair.faulty: _settling(order, pair)
        for order in filed_orders(store, [order for order, _, _ in spares])
        for pair in _told(order)
        if (order.number, pair.faulty, pair.spare) in spares
    }


def unsettled_at(store: Store, sites: Collection[str]) -> list[tuple[DispatchOrder, tuple[Used, ...]]]:
    """The done orders of these sites of which a spare that went in is still carried, with those pairs, by number.

    Found from the carried spares, so that it costs what is out and not what was ever done.
    """
    out = {(order, spare) for order, spare in store.rows_in(_OUT_AT, sorted(sites))}
    found = (
        (order, tuple(pair for pair in _told(order) if (order.number, pair.spare) in out))
        for order in filed_orders(store, [order for order, _ in out])
    )
    return [(order, pairs) for order, pairs in found if pairs]


def _told(order: DispatchOrder) -> tuple[Used, ...]:
    return (order.record.used if order.record else None) or ()


def _settling(order: DispatchOrder, pair: Used) -> Settling:
    assert order.record is not None, "a job that is done has its record"
    charged_fen = order.record.charged_fen
    alone = charged_fen == 0 or len(_told(order)) == 1
    terms: Literal["free", "charged"] = "charged" if charged_fen else "free"
    return Settling(
        order.number, order.site, pair.faulty, pair.spare, order.fault, terms, charged_fen if alone else None
    )
