"""A count as people see it, without a database: a log of who was where when, and what each serial must come to.

It is told each posting, scan and explanation as it happens and predicts the sheet from that alone.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

HERE = "BJ01"
ON_A_SHELF = ("in_stock", "quarantined", "faulty", "in_repair")
FOUND = ("match", "surplus", "misplaced", "wrong_zone", "unknown", "entered")
EXPLAINED = ("shortage", "surplus", "misplaced", "wrong_zone", "unknown", "unconfirmed", "unscanned")


class Spot(NamedTuple):
    """Where a device is: its state, and register, site and bin where it has them."""

    state: str
    register: str | None = None
    site: str | None = None
    bin: str | None = None


class Event(NamedTuple):
    """One device came to a spot at a moment, by a document."""

    at: int
    serial: str
    spot: Spot
    document: str


class Seen(NamedTuple):
    """One readable scan that was kept, in the order of arrival; `at` is when it truly was made."""

    id: str
    serial: str
    bin: str | None
    part: str
    at: int


class Late(NamedTuple):
    """A scan, or the undoing of one (`undoes`), that came when its count took none any more; `named` by its text.

    `at` is when it truly was made, `received_at` when it came.
    """

    number: str
    register: str
    id: str
    named: str
    serial: str | None
    bin: str | None
    part: str
    at: int
    received_at: int
    by: str
    undoes: str | None = None


class Log:
    """Everything that was posted, oldest first."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.models: dict[str, str] = {}

    def where(self, serial: str, at: int | None = None) -> Spot | None:
        """Where a device was at a moment, or is now; None for one never held by then."""
        known = [e.spot for e in self.events if e.serial == serial and (at is None or e.at <= at)]
        return known[-1] if known else None

    def since(self, serial: str, at: int) -> list[Event]:
        """What happened to a device after a moment."""
        return [event for event in self.events if event.serial == serial and event.at > at]

    def now(self) -> dict[str, Spot]:
        """Where every device is."""
        return {event.serial: event.spot for event in self.events}


class Count:
    """One stocktake of a register at HERE, and what was said of its variances."""

    def __init__(self, log: Log, number: str, register: str, *, blind: bool, double: bool, at: int) -> None:
        self.log, self.number, self.register = log, number, register
        self.blind, self.double, self.opened_at = blind, double, at
        self.state = "counting"
        self.closings = 0
        self.closed_at = 0
        self.seen: list[Seen] = []
        self.undone: set[str] = set()
        self.unreadable: list[str] = []
        self.said: dict[str, tuple[str, int]] = {}
        self.signed: set[str] = set()
        self.results: dict[str, str] = {}
        self.made_by: dict[str, str] = {}
        self.heard: dict[str, int] = {}
        self.finished: dict[str, str] = {}
        """Who has said so, in which part."""
        self.undone_at = 0
        self.late: dict[str, Late] = {}
        self.settled: dict[str, str] = {}
        self.listed: list[Late] = []

    # what was counted

    def live(self) -> list[Seen]:
        """The scans that were not undone."""
        return [scan for scan in self.seen if scan.id not in self.undone]

    def last(self, serial: str, part: str) -> Seen | None:
        """The last scan of a serial in one part of the count."""
        return next((s for s in reversed(self.live()) if (s.serial, s.part) == (serial, part)), None)

    def disputed(self) -> dict[str, str]:
        """Of a double count: what the two saw differently."""
        found = {}
        for serial in sorted({scan.serial for scan in self.live()}) if self.double else ():
            one, other = self.last(serial, "storekeeper"), self.last(serial, "auditor")
            if bool(one) != bool(other):
                found[serial] = "presence"
            elif one and other and None not in (one.bin, other.bin) and one.bin != other.bin:
                found[serial] = "bin"
        return found

    def blocking(self) -> set[str]:
        """The serials that must be recounted before a close."""
        done = {scan.serial for scan in self.live() if scan.part == "recount"}
        return {
            serial
            for serial, kind in self.disputed().items()
            if serial not in done and (kind == "bin" or self.state == "counting")
        }

    def deciding(self, serial: str) -> Seen | None:
        """The scan that decides."""
        if not self.double:
            return self.last(serial, "single")
        recount = self.last(serial, "recount")
        if recount or serial in self.disputed():
            return recount
        scans = [self.last(serial, part) for part in ("auditor", "storekeeper")]
        return next((scan for scan in scans if scan and scan.bin), scans[0])

    # who counts

    def hears(self, username: str, at: int, scan_id: str | None = None) -> None:
        """Somebody's scan, or the undoing of one, was taken at a moment: they have not finished after all."""
        self.heard[username] = max(at, self.heard.get(username, 0))
        self.finished.pop(username, None)
        if scan_id is not None:
            self.made_by[scan_id] = username

    def has_finished(self, username: str) -> bool:
        """Whether somebody's word stands: that of the part that the count is in."""
        return self.finished.get(username) == self.state

    def unfinished(self) -> set[str]:
        """Those who have scanned and did not say since, in this part, that they have finished."""
        return {by for by in self.made_by.values() if not self.has_finished(by)}

    def people(self) -> set[tuple[str, int, int, bool]]:
        """Who counts: how many of their scans stand, when they were last heard, and whether they have finished."""
        standing = Counter(by for scan_id, by in self.made_by.items() if scan_id not in self.undone)
        return {(by, standing[by], at, self.has_finished(by)) for by, at in self.heard.items()}

    # what came late

    def waiting(self) -> list[Late]:
        """What came late and nobody has settled, in order of arrival."""
        return [late for late in self.late.values() if late.id not in self.settled]

    def undoes(self, username: str, at: int) -> None:
        """Somebody undid a scan: each undoing is recorded after the one before it."""
        self.undone_at = max(at, self.undone_at + 1)
        self.hears(username, self.undone_at)

    def take_in(self, at: int) -> None:
        """It is reopened: what waits is part of it, after all it has; an undoing is done then, not when it came."""
        for late in self.waiting():
            if late.undoes is not None and late.undoes not in self.made_by:
                continue
            self.settled[late.id] = "taken"
            if late.undoes is not None:
                self.undone.add(late.undoes)
                self.undoes(late.by, at)
                continue
            self.hears(late.by, late.received_at, late.id)
            if late.serial is None:
                self.unreadable.append(late.id)
            else:
                self.seen.append(Seen(late.id, late.serial, late.bin, late.part, late.at))

    # what it comes to

    def is_booked(self, spot: Spot | None) -> bool:
        """Whether a device is in the book that is counted."""
        return spot is not None and (spot.register, spot.site) == (self.register, HERE)

    def is_here(self, spot: Spot | None) -> bool:
        """Whether a device is on the shelf that is counted."""
        return self.is_booked(spot) and spot is not None and spot.state in ON_A_SHELF

    def stayed(self, before: Spot | None, later: list[Spot]) -> bool:
        """Whether a device was in one state, book and site throughout: carrying it to another bin is no way out."""
        return (
            all(spot._replace(bin=None) == before._replace(bin=None) for spot in later) if before else False
        )

    def result_of(self, serial: str) -> str | None:
        """What a serial must come to if the count is closed now; None where it has no row."""
        scan = self.deciding(serial)
        return self._of_seen(scan) if scan else self._of_unseen(serial)

    def _of_seen(self, scan: Seen) -> str:
        then = self.log.where(scan.serial, scan.at)
        later = [event.spot for event in self.log.since(scan.serial, scan.at)]
        now = self.log.where(scan.serial)
        if then is not None and self.is_here(then):
            explained = {then.bin} | {spot.bin for spot in later if self.is_here(spot)}
            if scan.bin is None or scan.bin in explained:
                return "match"
            return "misplaced" if (scan.bin or "")[0] == self.register[0].upper() else "wrong_zone"
        if now is None:
            return "unknown"
        if any(self.is_here(spot) for spot in later):
            return "entered"
        if then is not None and then.site == HERE and then.state in ON_A_SHELF:
            return "wrong_zone"
        return "surplus"

    def _of_unseen(self, serial: str) -> str | None:
        before, now = self.log.where(serial, self.opened_at), self.log.where(serial)
        if self.is_here(now):
            later = [event.spot for event in self.log.since(serial, self.opened_at)]
            return "shortage" if self.is_here(before) and self.stayed(before, later) else "unscanned"
        if self.is_here(before):
            return "left"
        if any(scan.serial == serial for scan in self.live()):
            return "unconfirmed"
        return "apart" if self.is_booked(now) else None

    def predicted(self) -> dict[str, str]:
        """The result of every serial that must be on the sheet."""
        known = set(self.log.models) | {scan.serial for scan in self.live()}
        found = {serial: self.result_of(serial) for serial in sorted(known)}
        return {serial: result for serial, result in found.items() if result is not None}

    def moved(self, serial: str) -> set[str]:
        """The documents that moved a device during the count, as the sheet lists them.

        Of a device that was scanned, all; of another, those that brought it into the book, within it or out of it.
        """
        scanned = any(scan.serial == serial for scan in self.seen)
        before, found = self.log.where(serial, self.opened_at), set()
        for event in self.log.since(serial, self.opened_at):
            if scanned or self.is_booked(event.spot) or self.is_booked(before):
                found.add(event.document)
            before = event.spot
        return found

    def summary(self) -> dict[str, tuple[int, int, int, int, int, int]]:
        """By model: book, apart, counted, surplus, shortage, misplaced."""
        results: dict[str, Counter[str]] = {}
        book = Counter(self.log.models[s] for s, spot in self.log.now().items() if self.is_booked(spot))
        for serial, result in self.results.items():
            if serial in self.log.models:
                results.setdefault(self.log.models[serial], Counter())[result] += 1
        return {
            model: (
                book[model],
                of["apart"],
                sum(of[name] for name in FOUND),
                of["surplus"],
                of["shortage"],
                of["misplaced"] + of["wrong_zone"],
            )
            for model in book.keys() | results.keys()
            for of in [results.get(model, Counter())]
        }

    # what is said of it

    def unexplained(self) -> set[str]:
        """The variances of the last close about which nothing was said that still counts."""
        return {
            serial
            for serial, result in self.results.items()
            if result in EXPLAINED and self.said.get(serial, ("", 0))[0] != result
        }

    def short(self) -> tuple[set[str], set[str]]:
        """Shortages that still stand, and those whose device moved since without anybody saying so."""
        standing, reopened = set(), set()
        for serial, result in self.results.items():
            if result == "shortage":
                later = self.log.since(serial, self.closed_at)
                if not later:
                    standing.add(serial)
                elif later[-1].at > self.said[serial][1]:
                    reopened.add(serial)
        return standing, reopened
