"""What the server's clock read while it was behind a journal: kept in that journal, for whoever asks when it was.

Entries are recorded in order whatever the clock says, so that while it is behind they all follow the journal's last
moment by a breath. Readings are put between them, one an hour at most, each of which tells what the clock said then.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import msgspec

from devices import records
from devices.journal import Writer, last_by
from devices.moments.spans import SECOND_US, TOLERATED_US, is_over
from devices.records import RecordKind
from devices.store.database import Store
from devices.store.statements import compiled
from devices.store.tables.ledger import Revisions
from devices.unit import FOUNDER
from devices.values import Instant

_log = logging.getLogger("panku.clock")

ANEW_EVERY_US = 3600 * SECOND_US


class ClockReading(msgspec.Struct, frozen=True):
    """What the server's clock said (`clock_us`) when an entry of a journal had to be recorded at `recorded_us`."""

    journal: str
    clock_us: Instant
    recorded_us: Instant


CLOCK_READING = RecordKind("clock_reading", ClockReading, lambda v: v.journal, lambda v: v.journal)

_READINGS = compiled(
    Revisions.select(Revisions.content, Revisions.journal_seq)
    .where(Revisions.kind == CLOCK_READING.name)
    .order_by(Revisions.key, Revisions.revision)
)


def keep_reading(writer: Writer, site: str) -> None:
    """Keep what the clock says, with a site's journal held, where it is behind and was not read within the hour."""
    if not writer.is_behind:
        return
    known = records.current(writer.store, CLOCK_READING, site)
    if known is not None and not _is_new(known[0], writer):
        return
    value = ClockReading(site, writer.now_us, writer.at_us)
    records.write(writer, CLOCK_READING, value, by=FOUNDER)
    behind = (value.recorded_us - value.clock_us) // SECOND_US
    _log.warning("the server's clock is %d s behind the journal of %s; see docs/operating.md", behind, site)


def _is_new(last: ClockReading, writer: Writer) -> bool:
    return not _same_leap(last, writer.at_us) or is_over(last.clock_us, ANEW_EVERY_US, writer.now_us)


def _same_leap(last: ClockReading, recorded_us: int) -> bool:
    """Whether what is recorded still follows the last reading by a breath, since the clock has not caught up."""
    return 0 <= recorded_us - last.recorded_us <= TOLERATED_US


class Leap(msgspec.Struct, frozen=True):
    """A stretch of a journal dated ahead of the clock, from the link `seq` on: its first and last reading.

    The first is the link `read_seq`, recorded at `recorded_us` when the clock read `first_us`. Which of both is wrong,
    the clock or what is recorded, only people can tell.
    """

    journal: str
    seq: int
    read_seq: int
    recorded_us: Instant
    first_us: Instant
    last_us: Instant

    @property
    def ahead_seconds(self) -> int:
        """How far the first of its entries is dated ahead of the clock."""
        return (self.recorded_us - self.first_us) // SECOND_US


def leaps(store: Store) -> list[Leap]:
    """Every stretch that the journals have of entries dated ahead, by journal, oldest first."""
    found: list[Leap] = []
    last: ClockReading | None = None
    for value, read_seq in _read(store.rows(_READINGS)):
        same = last is not None and last.journal == value.journal and _same_leap(last, value.recorded_us)
        if same:
            found[-1] = msgspec.structs.replace(found[-1], last_us=value.clock_us)
        else:
            seq = last_by(store, value.journal, value.clock_us) + 1
            found.append(
                Leap(value.journal, seq, read_seq, value.recorded_us, value.clock_us, value.clock_us)
            )
        last = value
    return found


def _read(rows: Sequence[Sequence[object]]) -> Iterator[tuple[ClockReading, int]]:
    """The readings that can be read, each with its link: of others, `panku verify` tells a fault."""
    for content, seq in rows:
        try:
            yield msgspec.json.decode(str(content), type=ClockReading), int(str(seq))
        except msgspec.DecodeError:
            continue
