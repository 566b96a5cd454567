"""Verification of the end of one journal, in bounded time: its last links and their records, recomputed from the rows.

What lies before, values of a foreign type, positions and other current tables, and signatures are `panku verify`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from peewee import SQL, fn

from devices.chain import Link
from devices.journal import head_of
from devices.ledger.proving.faults import Fault
from devices.ledger.proving.verify import STREAMS, journal_faults
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Lines, Links

LINKS = 1_000
LINES = 20_000
"""Twice what one document may have, so that the last link is always checked."""

_LINK = compiled(Links.select().where(Links.site == GIVEN, Links.seq == GIVEN))
_between = (Lines.journal_site == GIVEN, Lines.journal_seq >= GIVEN, Lines.journal_seq <= GIVEN)
_COUNTED = compiled(Lines.select(fn.COUNT(SQL("*"))).where(*_between))
_FIRST_OF_TOO_MANY = compiled(
    Lines.select(Lines.journal_seq).where(*_between).order_by(Lines.journal_seq.desc()).limit(1).offset(GIVEN)
)
_BEYOND = {
    name: compiled(
        each.table.select(getattr(each.table, each.columns[0]))
        .where(each.site == GIVEN, each.table.journal_seq > GIVEN)
        .limit(1)
    )
    for name, each in STREAMS.items()
}


class Recent(msgspec.Struct, frozen=True):
    """What was checked of a journal, from link `first` to link `last`, both included, and what is wrong with it.

    `lines` are those of these links. The link before `first` was taken as it is; where something is wrong, nothing
    after the first wrong link was checked.
    """

    first: int
    last: int
    hash: str
    lines: int
    faults: list[Fault]


def verify_recent(store: Store, site: str, *, links: int = LINKS, lines: int = LINES) -> Recent | None:
    """Check the last `links` links of a site's journal, fewer where they have more than `lines` lines.

    None where the journal has no link. It reads one snapshot.
    """
    with store.reading():
        head = head_of(store, site)
        if head is None:
            return None
        first = _first(store, site, head.seq, links, lines)
        faults = [*_following(store, site, first), *_beyond(store, site, head.seq)]
        counted = store.row(_COUNTED, (site, first, head.seq)) or (0,)
    return Recent(first, head.seq, head.hash, int(counted[0]), faults)


def _following(store: Store, site: str, first: int) -> list[Fault]:
    """What is wrong with the links from `first` on, the one before it taken as it is."""
    if first == 1:
        return journal_faults(store, site)
    row = store.row(_LINK, (site, first - 1))
    if row is None:
        return [Fault("journal", f"{site}/{first - 1}", "this link is missing")]
    return journal_faults(store, site, previous=Link(*row))


def _first(store: Store, site: str, last: int, links: int, lines: int) -> int:
    first = max(1, last - links + 1)
    row = store.row(_FIRST_OF_TOO_MANY, (site, first, last, lines))
    return min(int(row[0]) + 1, last) if row else first


def _beyond(store: Store, site: str, last: int) -> Iterator[Fault]:
    """Rows that say they are of a link after the last one: links were taken from the end."""
    for table, beyond in _BEYOND.items():
        row = store.row(beyond, (site, last))
        if row:
            yield Fault(table, str(row[0]), "no link of a journal is of it")
