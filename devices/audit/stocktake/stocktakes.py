"""The course of a stocktake: opened, perhaps recounted, closed into a sheet, reopened or cancelled; explained."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from peewee import SQL, fn

from devices import records
from devices.audit import signing
from devices.audit.kinds import (
    FINDING,
    STOCKTAKE,
    STOCKTAKES,
    UNSETTLED,
    Close,
    Finding,
    Method,
    Signature,
    Stocktake,
)
from devices.audit.stocktake import sheet
from devices.audit.stocktake.comparing import rows_of
from devices.audit.stocktake.counters import Counter, counters_of, finish, unfinished
from devices.audit.stocktake.counting import RESULT, Row, disagreements
from devices.audit.stocktake.disclosures import disclosed_by, kept
from devices.audit.stocktake.keeping import take_in
from devices.audit.stocktake.late import left_waiting
from devices.audit.stocktake.scans import (
    STANDING,
    digest,
    extent,
    live,
    lock_of,
    opening_of,
    places_now,
    shelf_of,
    tally,
)
from devices.calendar import month_of
from devices.journal import Writer
from devices.ledger.books.books import statement
from devices.listed import Only, listed
from devices.moments.readings import keep_reading
from devices.moments.spans import is_ahead
from devices.problems import Problem, Refused, refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.audits import Scans, SheetRows
from devices.store.tables.people import PublicKeys, RoleGrants
from devices.store.tables.registers import Bins, Sites
from devices.unit import Unit
from devices.values import Register

SIGNING_ROLES = ("storekeeper", "auditor")

_ACTIVE_SITE = compiled(Sites.select(SQL("1")).where(Sites.code == GIVEN, Sites.active == 1))
_ANY_BIN = compiled(Bins.select(SQL("1")).where(Bins.site == GIVEN, Bins.register == GIVEN).limit(1))
_RESULT_OF = compiled(
    SheetRows.select(SheetRows.result).where(
        SheetRows.stocktake == GIVEN, SheetRows.closing == GIVEN, SheetRows.serial == GIVEN
    )
)
_UNREADABLE = compiled(
    Scans.select(Scans.text)
    .where(Scans.stocktake == GIVEN, Scans.serial.is_null(), STANDING)
    .order_by(Scans.n)
)
_SKEWED = compiled(Scans.select(fn.COUNT(Scans.id)).where(Scans.stocktake == GIVEN, Scans.skewed == 1))
_SIGNERS = compiled(
    RoleGrants.select(RoleGrants.role, RoleGrants.username, PublicKeys.fingerprint)
    .join(PublicKeys, on=((PublicKeys.username == RoleGrants.username) & (PublicKeys.status == "active")))
    .where(RoleGrants.site == GIVEN, RoleGrants.active == 1, RoleGrants.role.in_(SIGNING_ROLES))
    .order_by(RoleGrants.role, RoleGrants.username)
)


def stocktake_of(store: Store, number: str) -> tuple[Stocktake, int]:
    """A stocktake with its revision. Raises Refused (`not_found`)."""
    found = records.current(store, STOCKTAKE, number)
    if found is None:
        raise refuse("not_found")
    return found


def stocktakes_of(
    store: Store, site: str, *, states: Collection[str] | None = None, since: str | None = None
) -> list[Stocktake]:
    """The stocktakes of a site, oldest first: all, or those in some states.

    Since a day (ISO): those that were closed, or are open and were opened, on it or later.
    """
    return list(listed(store, STOCKTAKE, [site], only=Only(states=states, since=since)))


def begin_stocktake(
    writer: Writer, *, site: str, register: Register, method: Method, double: bool, by: str
) -> Stocktake:
    """Open a stocktake of one register of a site.

    Raises Refused: `unknown_site`, `no_bins` where the site has none for the register, `stocktake_open_already` with
    the number of the one that is not settled.
    """
    store = writer.store
    if not store.row(_ACTIVE_SITE, (site,)):
        raise refuse("unknown_site", "/site", site=site)
    if not store.row(_ANY_BIN, (site, register)):
        raise refuse("no_bins", "/register", site=site, register=register)
    for other in stocktakes_of(store, site, states=UNSETTLED):
        if other.register == register:
            raise refuse("stocktake_open_already", "/register", stocktake=other.number, state=other.state)
    keep_reading(writer, site)
    number = records.next_number(store, STOCKTAKE, site)
    value = Stocktake(number, site, register, method, double, "counting", writer.now_us, by)
    return records.write(writer, STOCKTAKE, value, by=by, expected=0)[0]


def begin_recount(
    writer: Writer, number: str, *, by: str, reason: str | None = None, finished: bool = False
) -> Stocktake:
    """End the two separate counts of a double count: from now only what they disagree on is scanned.

    `finished` is the word of whoever begins it that they have nothing left to send. Raises Refused:
    `stocktake_not_counting`, `not_a_double_count`, and without a `reason` `counters_not_finished`.
    """
    store = writer.store
    counted, revision = before_step(store, number, "recount")
    if not counted.double:
        raise refuse("not_a_double_count", stocktake=number)
    _end_part(writer, number, by=by, finished=finished)
    left = unfinished(store, counted)
    if left and reason is None:
        raise Refused(left)
    return _take(writer, "recount", counted, revision, by, reason=reason if left else None)


def close_stocktake(
    writer: Writer, unit: Unit, number: str, *, by: str, reason: str | None = None, finished: bool = False
) -> Stocktake:
    """Close a stocktake into a sheet, with a result for every expected and every scanned serial.

    `finished` is the word of whoever closes it that they have nothing left to send. Raises Refused:
    `stocktake_not_counting`; where two counters disagree `recount_needed` with the number of serials, and during their
    recount `recount_unfinished` naming those that still need one; without a `reason` `counters_not_finished`.
    """
    store = writer.store
    counted, revision = before_step(store, number, "close")
    _end_part(writer, number, by=by, finished=finished)
    left = unfinished(store, counted)
    if problems := [*_disputed(store, counted), *(left if reason is None else ())]:
        raise Refused(problems)
    keep_reading(writer, counted.site)
    rows = list(rows_of(store, shelf_of(store, counted), counted))
    counted_to = extent(store, number)
    header = _header(
        writer, unit, counted, rows, digest(store, number, counted_to), by, reason if left else None
    )
    sheet.keep(store, counted, header, rows)
    closed = Close(
        closing=header.closing,
        at=writer.now_us,
        by=by,
        seq=header.seq,
        hash=header.hash,
        scans=header.scans,
        rows=sheet.rows_digest(header, rows),
        scanned=counted_to.scanned,
        undone=counted_to.undone,
    )
    changes = {"closed": closed, "closings": header.closing, "reason": None}
    return _take(writer, "close", counted, revision, by, **changes)


def _end_part(writer: Writer, number: str, *, by: str, finished: bool) -> None:
    """Let nothing more be scanned, and keep that whoever says so has finished."""
    writer.store.lock_journals([lock_of(number)])
    if finished:
        finish(writer, number, by=by)


def _header(
    writer: Writer,
    unit: Unit,
    counted: Stocktake,
    rows: Sequence[Row],
    scans: str,
    by: str,
    unfinished_reason: str | None,
) -> sheet.Header:
    """The header of the sheet that a stocktake is closed into now."""
    store, head = writer.store, writer.heads[counted.site]
    assert head is not None, "a stocktake without a journal"
    month = month_of(unit.day_of(writer.now_us))
    opened = opening_of(store, counted.number)
    remarked = {
        "counters_unfinished": unfinished_reason is not None,
        "clock_behind": writer.is_behind or is_ahead(opened.recorded_at, counted.opened_at),
    }
    return sheet.Header(
        format=sheet.FORMAT,
        unit=unit.name,
        number=counted.number,
        closing=counted.closings + 1,
        site=counted.site,
        register=counted.register,
        method=counted.method,
        double=counted.double,
        month=month,
        opened_at=counted.opened_at,
        opened_by=counted.opened_by,
        closed_at=writer.now_us,
        closed_by=by,
        journal=head.site,
        seq=head.seq,
        hash=head.hash,
        scans=scans,
        summary=sheet.summary_of(statement(store, counted.site, counted.register, month), rows),
        people=counters_of(store, counted),
        unfinished_reason=unfinished_reason,
        left_waiting=left_waiting(
            store, counted.site, counted.register, {row.serial: row.result for row in rows}
        ),
        disclosed=disclosed_by(store, counted, head.seq, kept(store, counted.number)),
        **_circumstances(store, counted, remarked),
    )


def reopen_stocktake(writer: Writer, number: str, *, by: str, reason: str) -> Stocktake:
    """Go on counting a closed stocktake that nobody has signed; what was explained stays where the result does.

    What has come late by now and waits to be settled, is taken into the count. Raises Refused: `stocktake_not_closed`,
    `stocktake_signed`.
    """
    store = writer.store
    counted, revision = before_step(store, number, "reopen")
    if signed := standing_signatures(store, counted):
        raise refuse("stocktake_signed", stocktake=number, username=signed[0].username)
    take_in(writer, counted, by=by)
    return _take(writer, "reopen", counted, revision, by, closed=None, reason=reason)


def cancel_stocktake(writer: Writer, number: str, *, by: str, reason: str) -> Stocktake:
    """Give a stocktake up before anybody has signed it; its scans are kept. Raises Refused as `reopen` does."""
    store = writer.store
    counted, revision = before_step(store, number, "cancel")
    if counted.state == "closed" and (signed := standing_signatures(store, counted)):
        raise refuse("stocktake_signed", stocktake=number, username=signed[0].username)
    return _take(writer, "cancel", counted, revision, by, reason=reason)


def explain_variance(
    writer: Writer, number: str, serial: str, *, explanation: str, action: str, by: str, expected: int | None
) -> tuple[Finding, int]:
    """Say why a variance is there and what is done about it; signatures given before are void.

    Raises Refused: `not_found` for a serial that is not on the sheet, `no_variance`, `stocktake_not_closed`, and
    `if_match_failed` unless `expected` is the revision of the last words (0 where there are none yet).
    """
    store = writer.store
    counted, _ = before_step(store, number, "explain")
    assert counted.closed is not None, "closed"
    row = store.row(_RESULT_OF, (number, counted.closed.closing, serial))
    if row is None:
        raise refuse("not_found")
    if not RESULT[row[0]].variance:
        raise refuse("no_variance", serial=serial, result=row[0])
    earlier = records.current(store, FINDING, f"{number}/{serial}")
    if expected is not None and expected != (earlier[1] if earlier else 0):
        raise refuse("if_match_failed", revision=earlier[1] if earlier else 0)
    place = places_now(store, [serial]).get(serial)
    step = place.step if place else None
    value = Finding(number, counted.site, serial, row[0], explanation, action, step, by)
    finding, written = records.write(writer, FINDING, value, by=by)
    signing.void(writer, number, by=by)
    return finding, written.revision


def counters_as_known(store: Store, counted: Stocktake) -> tuple[Counter, ...]:
    """Who counts a stocktake, by username; of a closed one who had, as its sheet tells."""
    if counted.closed is None:
        return counters_of(store, counted)
    return sheet.header_of(store, counted.number, counted.closed.closing).people


def before_step(store: Store, number: str, step: str) -> tuple[Stocktake, int]:
    """A stocktake that may take a step of STOCKTAKES, with its revision. Raises Refused as the step declares."""
    counted, revision = stocktake_of(store, number)
    STOCKTAKES.take(step, counted.state, stocktake=number)
    return counted, revision


def payload_of(store: Store, counted: Stocktake) -> signing.Payload:
    """What the signers of a closed stocktake sign."""
    content = sheet.payload_of(sheet.sheet_of(store, counted))
    return signing.Payload(counted.number, counted.site, sheet.PAYLOAD_TYPE, content)


def standing_signatures(store: Store, counted: Stocktake) -> list[Signature]:
    """The signatures over the sheet as it is now."""
    return signing.standing(store, counted.number, payload_of(store, counted).digest)


def _take(writer: Writer, step: str, counted: Stocktake, revision: int, by: str, **changes: Any) -> Stocktake:
    after = STOCKTAKES.step[step].after
    value = msgspec.structs.replace(counted, state=after, **changes)
    return records.write(writer, STOCKTAKE, value, by=by, expected=revision)[0]


def _disputed(store: Store, counted: Stocktake) -> Iterator[Problem]:
    """Before a recount every disagreement needs one; after it, a device seen in two bins still needs its scan."""
    if not counted.double:
        return
    seen = live(store, counted.number)
    recounted = {scan.serial for scan in seen if scan.part == "recount"}
    left = [
        serial
        for serial, kind in disagreements(seen).items()
        if serial not in recounted and (kind == "bin" or counted.state == "counting")
    ]
    if left and counted.state == "counting":  # until both are done, neither learns what the other saw
        yield Problem("recount_needed", "", {"stocktake": counted.number, "count": len(left)})
    elif left:
        yield Problem("recount_unfinished", "", {"stocktake": counted.number, "serials": sorted(left)})


def _circumstances(store: Store, counted: Stocktake, remarked: dict[str, bool]) -> dict[str, Any]:
    """What the signers must know of how it was counted, and who they are; `remarked` are remarks of the close."""
    counts = tally(store, counted.number)
    unreadable = store.rows(_UNREADABLE, (counted.number,))
    skewed = store.row(_SKEWED, (counted.number,)) or (0,)
    signers = signers_of(store, counted.site)
    remarks = {
        "counted_by_one": len(counts.by_person) == 1,
        "clocks_differed": bool(skewed[0]),
        "unreadable_scans": bool(unreadable),
        "keys_missing": {each.role for each in signers} < set(SIGNING_ROLES),
        "reopened": counted.method == "blind" and counted.closings > 0,
        **remarked,
    }
    return {
        "counters": counts.by_person,
        "signers": tuple(signers),
        "remarks": tuple(name for name, holds in remarks.items() if holds),
        "unreadable": tuple(text for (text,) in unreadable),
        "skewed": int(skewed[0]),
    }


def signers_of(store: Store, site: str) -> list[sheet.Signer]:
    """Who may sign for a site: its storekeepers and auditors with a key in force."""
    return [sheet.Signer(*row) for row in store.rows(_SIGNERS, (site,))]
