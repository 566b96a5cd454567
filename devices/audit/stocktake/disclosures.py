"""What the counters of a blind count learned of single devices of its register meanwhile, and who posted in it.

What somebody read or was refused is kept the first time, each device, person and way. What was posted is in the
journal already and is read from there. A close freezes all of it into its sheet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal

import msgspec
from peewee import SQL, fn

from devices import records
from devices.audit.kinds import RUNNING, STOCKTAKE, Stocktake
from devices.audit.stocktake.scans import lock_of, opening_of
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.audits import Disclosures
from devices.store.tables.ledger import Documents, Lines
from devices.values import Instant


class Disclosure(msgspec.Struct, frozen=True):
    """One device that somebody was told of: they asked for it, or were refused with the problem `code`."""

    stocktake: str
    serial: str
    how: Literal["read", "refused"] = "read"
    code: str = ""


class Disclosed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one person was told or posted, as a sheet lists it; `at` is the first moment.

    All that somebody `read` is one; each `refused` try is one, with the problem's `code`; each `posted` document, by
    its number. `serials` are those they were told of, each with the moment.
    """

    how: Literal["read", "refused", "posted"]
    username: str
    at: Instant
    serials: dict[str, Instant] = {}
    code: str = ""
    document: str = ""

    @property
    def last_at(self) -> int:
        """The last moment, in UTC microseconds."""
        return max(self.serials.values(), default=self.at)


_KEPT = compiled(
    Disclosures.select(Disclosures.serial, Disclosures.how, Disclosures.code).where(
        Disclosures.stocktake == GIVEN, Disclosures.username == GIVEN, Disclosures.serial.in_(EACH)
    )
)
_LAST = compiled(Disclosures.select(fn.MAX(Disclosures.n)).where(Disclosures.stocktake == GIVEN))
_FIRST = compiled(
    Disclosures.select(
        Disclosures.how, Disclosures.username, Disclosures.code, Disclosures.serial, Disclosures.at
    )
    .where(Disclosures.stocktake == GIVEN, Disclosures.n >= 1, Disclosures.n <= GIVEN)
    .order_by(Disclosures.n)
)
_POSTED = compiled(
    Documents.select(Documents.number, Documents.made_by, Documents.recorded_at)
    .where(
        Documents.site == GIVEN,
        Documents.journal_seq > GIVEN,
        Documents.journal_seq <= GIVEN,
        (Documents.register == GIVEN)
        | fn.EXISTS(
            Lines.select(SQL("1")).where(
                Lines.document == Documents.number,
                Lines.from_site == Documents.site,
                Lines.from_register == GIVEN,
            )
        ),
    )
    .order_by(Documents.journal_seq)
)


def keep(store: Store, told: Collection[Disclosure], *, by: str, at_us: int) -> None:
    """Keep what somebody was told, what they had been told before left out, in a transaction of its own.

    Of a count that has been closed by then nothing is kept: what was told is told to everybody now.
    """
    for number in sorted({each.stocktake for each in told}):
        fresh = _unkept(store, number, [each for each in told if each.stocktake == number], by)
        if fresh:
            store.retrying(partial(_keep, store, number, fresh, by, at_us))


def _keep(store: Store, number: str, told: Sequence[Disclosure], by: str, at_us: int) -> None:
    with store.writing():
        store.lock_journals([lock_of(number)])
        counted = records.current(store, STOCKTAKE, number)
        if counted is None or counted[0].state not in RUNNING:
            return
        rows = [
            (number, n, each.serial, by, each.how, each.code, at_us)
            for n, each in enumerate(_unkept(store, number, told, by), kept(store, number) + 1)
        ]
        store.insert(Disclosures, rows)


def _unkept(store: Store, number: str, told: Collection[Disclosure], by: str) -> list[Disclosure]:
    """What of it is not kept yet, in the order of the serials."""
    serials = sorted({each.serial for each in told})
    known = set(store.rows_in(_KEPT, serials, before=(number, by)))
    fresh = {each for each in told if (each.serial, each.how, each.code) not in known}
    return sorted(fresh, key=lambda each: (each.serial, each.how, each.code))


def kept(store: Store, number: str) -> int:
    """How many disclosures of a count are kept."""
    row = store.row(_LAST, (number,))
    return int(row[0] or 0) if row else 0


def disclosed_by(store: Store, counted: Stocktake, seq: int, count: int) -> tuple[Disclosed, ...]:
    """What the sheet of a blind count lists, closed after the link `seq` of its site's journal; nothing of an open one.

    The first `count` that are kept, and what was posted of its register since the opening.
    """
    told = _together(_Kept(*row) for row in store.rows(_FIRST, (counted.number, count)))
    return (*told, *(_posted(store, counted, seq) if counted.method == "blind" else ()))


def _posted(store: Store, counted: Stocktake, seq: int) -> Iterator[Disclosed]:
    """The documents of a count's register that its site posted since the opening, up to a link of its journal."""
    opened = opening_of(store, counted.number).seq
    rows = store.rows(_POSTED, (counted.site, opened, seq, counted.register, counted.register))
    return (Disclosed("posted", by, at, document=number) for number, by, at in rows)


class _Kept(msgspec.Struct, frozen=True):
    """One disclosure as it is kept."""

    how: Literal["read", "refused"]
    username: str
    code: str
    serial: str
    at: int


def _together(kept: Iterable[_Kept]) -> Iterator[Disclosed]:
    """Everything that one person read as one, and each refusal by itself, in the order in which they began."""
    groups: dict[tuple[object, ...], list[_Kept]] = defaultdict(list)
    for each in kept:
        groups[each.how, each.username, each.code, each.at if each.how == "refused" else None].append(each)
    for first, *rest in groups.values():
        serials = {each.serial: each.at for each in sorted([first, *rest], key=lambda each: each.serial)}
        yield Disclosed(first.how, first.username, min(serials.values()), serials, first.code)
