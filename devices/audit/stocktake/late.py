"""Late scans: what came when its count took none any more, kept apart and journalled, until it is settled.

See docs/decisions.md, "A scan that was made is never lost".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from devices import records
from devices.audit import signing
from devices.audit.kinds import AWAITED, LATE_SCAN, LATE_SCANS, STOCKTAKE, LateScan, Stocktake
from devices.journal import Writer
from devices.listed import Only, listed
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Records
from devices.values import Instant

_THESE = compiled(Records.select(Records.content).where(Records.kind == GIVEN, Records.key.in_(EACH)))


class LeftWaiting(msgspec.Struct, frozen=True):
    """A late scan that came after an earlier count was sealed and was not settled by the close of this one.

    `result` is what this count came to for its serial, None where its sheet has no such serial.
    """

    stocktake: str
    id: str
    serial: str | None
    text: str
    bin: str | None
    made_by: str
    at: Instant
    received_at: Instant
    undoes: str | None = None
    result: str | None = None

    @property
    def named(self) -> str:
        """What it is called: its serial, or the text that is none."""
        return self.serial or self.text


def late_of(store: Store, number: str) -> list[tuple[LateScan, int]]:
    """Every late scan of a stocktake with its revision, in order of arrival."""
    found = records.belonging(store, LATE_SCAN, number)
    return sorted(found, key=lambda each: each[0].n)


def late_among(store: Store, number: str, ids: Iterable[str]) -> dict[str, LateScan]:
    """Those of these ids that are late scans of a stocktake."""
    keys = [f"{number}/{each}" for each in ids]
    rows = store.rows_in(_THESE, keys, before=(LATE_SCAN.name,))
    found = (msgspec.json.decode(content, type=LateScan) for (content,) in rows)
    return {each.id: each for each in found}


def waiting(store: Store, number: str) -> list[LateScan]:
    """The late scans of a stocktake that nobody has settled, in order of arrival."""
    return [each for each, _ in late_of(store, number) if each.state == LATE_SCANS.begins]


def late_on_sheet(store: Store, counted: Stocktake) -> list[LateScan]:
    """The late scans that are part of a closed stocktake's sheet: all, or those that came before its seal."""
    every = (each for each, _ in late_of(store, counted.number))
    return [each for each in every if counted.sealed_at is None or each.n <= counted.late]


def last_late(store: Store, number: str) -> int:
    """The number of the last late scan of a stocktake, 0 where there is none."""
    return max((each.n for each, _ in late_of(store, number)), default=0)


def keep_late(writer: Writer, counted: Stocktake, late: Sequence[LateScan]) -> None:
    """Keep late scans, journalled. A sheet that waits for its signatures has changed, so those given are void."""
    for each in late:
        records.write(writer, LATE_SCAN, each, by=each.made_by, expected=0)
    if late and counted.closed is not None and counted.sealed_at is None:
        signing.void(writer, counted.number, by=late[0].made_by)


def explain_late(
    writer: Writer, counted: Stocktake, scan_id: str, *, explanation: str, by: str, expected: int | None
) -> tuple[LateScan, int]:
    """Say what is to be made of a late scan; signatures that were given before the seal are void.

    Raises Refused: `not_found`, `stocktake_not_closed` for a count whose late scans wait for nothing,
    `late_scan_settled`, `if_match_failed`.
    """
    found = records.current(writer.store, LATE_SCAN, f"{counted.number}/{scan_id}")
    if found is None:
        raise refuse("not_found")
    value: LateScan = found[0]
    if counted.state not in AWAITED:
        raise refuse("stocktake_not_closed", stocktake=counted.number, state=counted.state)
    if counted.sealed_at is not None and value.n <= counted.late:
        raise refuse("late_scan_settled", stocktake=counted.number, serial=value.named)
    settled = _settled(value, "explain", by=by, explanation=explanation)
    late, written = records.write(writer, LATE_SCAN, settled, by=by, expected=expected)
    if counted.sealed_at is None:
        signing.void(writer, counted.number, by=by)
    return late, written.revision


def settle_taken(writer: Writer, value: LateScan, *, by: str) -> None:
    """Settle a late scan that was just taken into its count."""
    records.write(writer, LATE_SCAN, _settled(value, "take_in", by=by), by=by)


def left_waiting(
    store: Store, site: str, register: str, results: Mapping[str, str]
) -> tuple[LeftWaiting, ...]:
    """What came after the seals of a register's earlier counts and still waits, by count and order of arrival.

    `results` are those of the count that is being closed, by serial.
    """
    return tuple(
        LeftWaiting(
            stocktake=each.stocktake,
            id=each.id,
            serial=each.serial,
            text=each.text,
            bin=each.bin,
            made_by=each.made_by,
            at=each.at,
            received_at=each.received_at,
            undoes=each.undoes,
            result=results.get(each.serial or ""),
        )
        for counted, late in waiting_at(store, [site])
        if counted.register == register and counted.sealed_at is not None
        for each in late
    )


def settle_listed(writer: Writer, number: str, listed: Iterable[LeftWaiting], *, by: str) -> None:
    """Settle what the sheet of a count that was just sealed lists, where nobody has explained it meanwhile."""
    for each in listed:
        found = records.current(writer.store, LATE_SCAN, f"{each.stocktake}/{each.id}")
        assert found is not None, "a late scan that was listed"
        if found[0].state == LATE_SCANS.begins:
            settled = _settled(found[0], "list", by=by, listed_by=number)
            records.write(writer, LATE_SCAN, settled, by=by)


def waiting_at(store: Store, sites: Collection[str]) -> list[tuple[Stocktake, list[LateScan]]]:
    """The stocktakes of some sites whose late scans wait to be settled, by number, with them in order of arrival."""
    found: dict[str, list[LateScan]] = {}
    for each in listed(store, LATE_SCAN, sites, only=Only(states=(LATE_SCANS.begins,))):
        found.setdefault(each.stocktake, []).append(each)
    told = []
    for number, late in found.items():
        current = records.current(store, STOCKTAKE, number)
        assert current is not None, "late scans of no stocktake"
        if current[0].state in AWAITED:
            told.append((current[0], sorted(late, key=lambda each: each.n)))
    return told


def _settled(value: LateScan, step: str, *, by: str, **said: str) -> LateScan:
    taken = LATE_SCANS.take(step, value.state, stocktake=value.stocktake, serial=value.named)
    return msgspec.structs.replace(value, state=taken.after, settled_by=by, **said)
