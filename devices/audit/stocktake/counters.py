"""Who counts: how much each has sent, when they were last heard, and who has said that they have nothing left to send.

See docs/decisions.md, "Who counts says when they have finished".
"""

from __future__ import annotations

import msgspec
from peewee import fn

from devices import records
from devices.audit.kinds import FINISH, RUNNING, Finish, Stocktake
from devices.audit.stocktake.scans import extent, last_undoing, lock_of, running
from devices.calendar import told_moment
from devices.journal import Writer
from devices.people.persons import names_of
from devices.problems import Problem
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.audits import Scans, ScanUndos
from devices.values import Instant

_SENT = compiled(
    Scans.select(Scans.made_by, fn.COUNT(Scans.id), fn.MAX(Scans.n), fn.MAX(Scans.received_at))
    .where(Scans.stocktake == GIVEN)
    .group_by(Scans.made_by)
)
_OF_THEM_UNDONE = compiled(
    ScanUndos.select(Scans.made_by, fn.COUNT(Scans.id))
    .join(Scans, on=((Scans.stocktake == ScanUndos.stocktake) & (Scans.id == ScanUndos.id)))
    .where(ScanUndos.stocktake == GIVEN)
    .group_by(Scans.made_by)
)
_TOOK_BACK = compiled(
    ScanUndos.select(ScanUndos.made_by, fn.MAX(ScanUndos.recorded_at))
    .where(ScanUndos.stocktake == GIVEN)
    .group_by(ScanUndos.made_by)
)


class Counter(msgspec.Struct, frozen=True):
    """Somebody who counts: how many of their scans stand, when the server last had anything of them, and whether their
    word that they have finished stands.

    An undoing that came after a close counts when it was taken in.
    """

    username: str
    scans: int
    last_heard_at: Instant
    finished: bool


def finish(writer: Writer, number: str, *, by: str) -> None:
    """Keep somebody's word that they have nothing left to send; scanning or undoing again takes it back.

    Raises Refused: `not_found`, `stocktake_not_counting`.
    """
    store = writer.store
    store.lock_journals([lock_of(number)])
    counted = running(store, number)
    said = Finish(
        stocktake=number,
        site=counted.site,
        username=by,
        part=counted.state,
        scanned=extent(store, number).scanned,
        undone_at=last_undoing(store, number),
        at=writer.now_us,
    )
    records.write(writer, FINISH, said, by=by)


def counters_of(store: Store, counted: Stocktake) -> tuple[Counter, ...]:
    """Everybody who has scanned, undone a scan or finished, by username."""
    sent = {username: told for username, *told in store.rows(_SENT, (counted.number,))}
    undone: dict[str, int] = dict(store.rows(_OF_THEM_UNDONE, (counted.number,)))
    took_back: dict[str, int] = dict(store.rows(_TOOK_BACK, (counted.number,)))
    said = {each.username: each for each, _ in records.belonging(store, FINISH, counted.number)}
    found = []
    for username in sorted({*sent, *took_back, *said}):
        made, n, scanned_at = sent.get(username, (0, 0, 0))
        undone_at = took_back.get(username, 0)
        word = said.get(username)
        found.append(
            Counter(
                username=username,
                scans=made - undone.get(username, 0),
                last_heard_at=max(scanned_at, undone_at, word.at if word else 0),
                finished=word is not None and _stands(word, counted, n, undone_at),
            )
        )
    return tuple(found)


def _stands(word: Finish, counted: Stocktake, last_scan: int, undone_at: int) -> bool:
    """Whether it was said in this part of the count, and after everything else that its person has sent."""
    of_this_part = counted.state not in RUNNING or word.part == counted.state
    return of_this_part and last_scan <= word.scanned and undone_at <= word.undone_at


def unfinished(store: Store, counted: Stocktake) -> list[Problem]:
    """Whoever has sent scans and has not finished: `counters_not_finished` for each, by username.

    While it is counted blind, nobody is told how many scans another has made.
    """
    senders = {username for username, *_ in store.rows(_SENT, (counted.number,))}
    left = [each for each in counters_of(store, counted) if not each.finished and each.username in senders]
    names = names_of(store, {each.username for each in left})
    return [
        Problem(
            "counters_not_finished",
            "",
            {
                "username": each.username,
                "name": names[each.username],
                "heard_at": told_moment(each.last_heard_at),
                "scans": None if counted.method == "blind" else each.scans,
            },
        )
        for each in left
    ]
