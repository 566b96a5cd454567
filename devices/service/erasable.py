"""Whose data may go by age: customers without a device, an open order or anything newer than some day.

A list for a person to decide on; nothing is erased by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from devices.calendar import day_of
from devices.ledger.posting.erasure import open_service_of, proposals_for
from devices.paperwork_kinds import CUSTOMER
from devices.records import RecordKind
from devices.store.database import Store


class Erasable(msgspec.Struct, frozen=True):
    """A customer whose data may go: their number, their home, and the ISO date of the last thing that was written."""

    number: str
    home: str
    last_on: str


# By hand: a report over every customer; the last line that had a device with them, or record that is of them.
_LAST = (
    "SELECT c.key, c.site, MAX(r.recorded_at), (SELECT MAX(l.recorded_at) FROM line l WHERE l.customer = c.key),"
    " (SELECT MAX(v.recorded_at) FROM record o JOIN revision v ON v.kind = o.kind AND v.key = o.key"
    " WHERE o.customer = c.key)"
    " FROM record c JOIN revision r ON r.kind = c.kind AND r.key = c.key"
    " JOIN personal p ON p.kind = c.kind AND p.key = c.key AND p.latest = 1 AND p.content IS NOT NULL"
    " WHERE c.kind = ? AND NOT EXISTS (SELECT 1 FROM position d WHERE d.customer = c.key)"
    " GROUP BY c.key, c.site ORDER BY c.key"
)


def erasable_before(store: Store, day: str, kinds: Sequence[RecordKind]) -> Iterator[Erasable]:
    """The customers of whom nothing was written since `day` (an ISO date), and who could be erased, by number."""
    for number, home, *moments in store.rows(_LAST, (CUSTOMER.name,)):
        last_on = day_of(max(each for each in moments if each is not None)).isoformat()
        if last_on < day and not open_service_of(store, number, kinds) and not proposals_for(store, number):
            yield Erasable(number, home, last_on)
