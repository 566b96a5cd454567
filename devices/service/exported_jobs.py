"""Dispatch orders for files that other programs read: what was asked, done, used and charged, in declared columns.

No free text and nobody's name: people are usernames, a customer is a number, so that such a file may lie about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from devices.listed import Only, listed
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.store.database import Row, Store


class JobColumn(msgspec.Struct, frozen=True):
    """One column of the file: its name, and what of an order stands in it."""

    name: str
    of: Callable[[DispatchOrder], Any]


def _recorded(name: str) -> Callable[[DispatchOrder], Any]:
    return lambda order: getattr(order.record, name) if order.record else None


def _outcome(purpose: str) -> Callable[[DispatchOrder], Any]:
    return lambda order: getattr(order.record.outcomes, purpose) if order.record else None


JOB_COLUMNS = (
    JobColumn("number", lambda order: order.number),
    JobColumn("issued_as", lambda order: order.issued_as),
    JobColumn("site", lambda order: order.site),
    JobColumn("state", lambda order: order.state),
    JobColumn("customer", lambda order: order.customer),
    JobColumn("serials", lambda order: " ".join(order.serials)),
    JobColumn("purposes", lambda order: " ".join(order.purposes)),
    JobColumn("asked_at", lambda order: order.asked_at),
    JobColumn("opened_at", lambda order: order.opened_at),
    JobColumn("opened_by", lambda order: order.opened_by),
    JobColumn("technician", lambda order: order.technician),
    JobColumn("repeat_of", lambda order: order.repeat_of),
    JobColumn("arrived_at", _recorded("arrived_at")),
    JobColumn("completed_at", _recorded("completed_at")),
    JobColumn("repair", _outcome("repair")),
    JobColumn("install", _outcome("install")),
    JobColumn("return_visit", _outcome("return_visit")),
    JobColumn("faulty", lambda order: " ".join(pair.faulty for pair in order.used)),
    JobColumn("spare", lambda order: " ".join(pair.spare for pair in order.used)),
    JobColumn("charged_fen", _recorded("charged_fen")),
    JobColumn(
        "confirmed", lambda order: c.how if order.record and (c := order.record.confirmation) else None
    ),
    JobColumn("corrections", lambda order: len(order.corrections)),
)
"""What ends in `_at` is in UTC microseconds; `serials`, `purposes` and the pairs of `faulty` and `spare` are parted by
blanks, each pair at the same place of both.
"""


def exported_jobs(store: Store, site: str, since: str | None, until: str | None) -> Iterator[Row]:
    """The orders of a site that were opened, or whose job was done, from one ISO date to another, by number."""
    only = Only(since=since, until=until)
    for order in listed(store, DISPATCH_ORDER, [site], only=only):
        yield tuple(column.of(order) for column in JOB_COLUMNS)
