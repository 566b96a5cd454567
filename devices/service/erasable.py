"""Whose data may go by age: customers without a device, an open order or anything newer than some day.

A list for a person to decide on; nothing is erased by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from devices.calendar import day_of
from devices.ledger.posting.erasure import customers_served, proposals_naming
from devices.paperwork_kinds import CUSTOMER
from devices.records import RecordKind
from devices.store.database import Store


class Erasable(msgspec.Struct, frozen=True):
    """A customer whose data may go: their number, their home, and the ISO date of the last thing that was written."""

    number: str
    home: str
    last_on: str


# By hand: reports over every line, record and customer, each read once. They are joined here and not by a database,
# which without statistics would look through all that was written for each customer.
# A line's customer is who has the device after it: the next line tells when it left them.
_WRITTEN = (
    "SELECT l.customer, MAX(COALESCE(n.recorded_at, l.recorded_at)) FROM line l"
    " LEFT JOIN line n ON n.serial = l.serial AND n.step = l.step + 1"
    " WHERE l.customer IS NOT NULL GROUP BY l.customer"
    " UNION ALL SELECT o.customer, MAX(v.recorded_at) FROM record o"
    " JOIN revision v ON v.kind = o.kind AND v.key = o.key WHERE o.customer IS NOT NULL GROUP BY o.customer"
    " UNION ALL SELECT r.key, MAX(r.recorded_at) FROM revision r WHERE r.kind = ? GROUP BY r.key"
)
_WITHOUT_DEVICE = (
    "SELECT c.key, c.site FROM record c"
    " JOIN personal p ON p.kind = c.kind AND p.key = c.key AND p.latest = 1 AND p.content IS NOT NULL"
    " WHERE c.kind = ? AND NOT EXISTS (SELECT 1 FROM position d WHERE d.customer = c.key) ORDER BY c.key"
)


def erasable_before(store: Store, day: str, kinds: Sequence[RecordKind]) -> Iterator[Erasable]:
    """The customers of whom nothing was written since `day` (an ISO date), and who could be erased, by number."""
    needed = customers_served(store, kinds) | {
        number for _, named in proposals_naming(store) for number in named
    }
    last_us: dict[str, int] = {}
    for number, at_us in store.stream(_WRITTEN, (CUSTOMER.name,)):
        last_us[number] = max(at_us, last_us.get(number, at_us))
    for number, home in store.stream(_WITHOUT_DEVICE, (CUSTOMER.name,)):
        last_on = day_of(last_us[number]).isoformat()
        if last_on < day and number not in needed:
            yield Erasable(number, home, last_on)
