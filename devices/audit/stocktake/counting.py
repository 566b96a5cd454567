"""What a count comes to: which scan of a serial decides, and the one result of every serial. Pure.

Each scan is compared with what the ledger said at its moment, so that sales and arrivals during the count explain
themselves (docs/decisions.md, "A scan is compared with its own moment").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

from devices.lifecycle import STEPS
from devices.values import STATE, Bin, Register

Part = Literal["single", "storekeeper", "auditor", "recount"]
Disagreement = Literal["presence", "bin"]
Recount = Literal["found", "absent"]


class Result(msgspec.Struct, frozen=True):
    """One outcome of a count. A `variance` needs an explanation; `found` tells whether the device was seen."""

    name: str
    variance: bool
    found: bool


RESULTS = (
    #      name           variance        found
    Result("match",       variance=False, found=True),
    Result("shortage",    variance=True,  found=False),  # on the shelf by the books throughout, and never scanned
    Result("surplus",     variance=True,  found=True),   # the books say that it is elsewhere
    Result("misplaced",   variance=True,  found=True),   # in another bin of its register
    Result("wrong_zone",  variance=True,  found=True),   # among devices of another register
    Result("unknown",     variance=True,  found=True),   # a serial that was never held
    Result("unconfirmed", variance=True,  found=False),  # one counter saw it, the recount did not
    Result("unscanned",   variance=True,  found=False),  # came or came back during the count, and was not scanned
    Result("entered",     variance=False, found=True),   # came during the count, after it was scanned
    Result("left",        variance=False, found=False),  # left during the count
    Result("apart",       variance=False, found=False),  # on the book, not on the shelf
)  # fmt: skip
RESULT = {result.name: result for result in RESULTS}
VARIANCES = tuple(result.name for result in RESULTS if result.variance)


def waits_for(state: str, register: Register) -> str | None:
    """The document that a surplus on a shelf of this register is waiting for, by what the books say of the device.

    It is the first of the lifecycle that takes one device from there to such a shelf, else to any; one that stands on
    another shelf was never dispatched here. A surplus is never added back by itself.
    """
    if STATE[state].place == "bin":
        return "dispatch"
    arriving = [
        step
        for step in STEPS
        if step.before == state
        and STATE[step.after].place == "bin"
        and step.document != "opening"
        and step.role == "device"
    ]
    fitting = [step for step in arriving if (step.becomes == "custody") == (register == "custody")]
    return next((step.document for step in fitting or arriving), None)


class Place(msgspec.Struct, frozen=True):
    """Where the ledger had a device at one moment, and the step and document that said so."""

    state: str
    register: str | None
    site: str | None
    bin: str | None
    model: str
    step: int
    document: str


class Scan(msgspec.Struct, frozen=True):
    """One scan that was not undone, the `n`th to arrive, after the link `after_seq` of its site's journal.

    Once compared, `then` is what the ledger said at that moment.
    """

    id: str
    n: int
    serial: str
    bin: str | None
    part: Part
    at: int
    made_by: str
    after_seq: int | None = None
    then: Place | None = None


class Decision(msgspec.Struct, frozen=True):
    """The scan of a serial that decides, if any; of a disagreement, what the recount said."""

    scan: Scan | None
    recount: Recount | None = None


class Came(msgspec.Struct, frozen=True):
    """A line that brought a device to the shelf, or to another bin of it, during the count: the device's `step`."""

    step: int
    bin: str | None


class Candidate(msgspec.Struct, frozen=True):
    """One serial with all that is known of it: its places at opening and at close, and the documents between.

    `came` are those of the lines between that put it on the shelf, oldest first, whether it stayed or not. `stayed`
    tells that no line between changed its state, register or site: a move to another bin takes no device off the
    shelf, so that one which nobody scanned is short all the same.
    """

    serial: str
    opened: Place | None = None
    closed: Place | None = None
    moved: tuple[str, ...] = ()
    decision: Decision | None = None
    came: tuple[Came, ...] = ()
    stayed: bool = True


class Row(msgspec.Struct, frozen=True):
    """One serial's line of the sheet: what the books say at the close, what was found, and what it comes to.

    `recount` is what the recount of a disagreement said; `moved` are the documents that moved the device during the
    count; of a surplus, `document_due` is the type of document that is due, and `cited` the last one there is.
    """

    serial: str
    model: str | None
    result: str
    book_state: str | None = None
    book_site: str | None = None
    book_register: str | None = None
    book_bin: str | None = None
    step: int | None = None
    found_bin: str | None = None
    scanned_at: int | None = None
    scanned_by: str | None = None
    recount: Recount | None = None
    moved: tuple[str, ...] = ()
    document_due: str | None = None
    cited: str | None = None


class Shelf(msgspec.Struct, frozen=True):
    """What is counted: one register of one site, and the site's bins by code."""

    site: str
    register: Register
    bins: Mapping[str, Bin]

    def holds(self, place: Place | None) -> bool:
        """Whether the ledger has a device on this shelf."""
        return self.books(place) and place is not None and STATE[place.state].counted

    def books(self, place: Place | None) -> bool:
        """Whether the ledger has a device in this register, on the shelf or away from it."""
        return place is not None and (place.site, place.register) == (self.site, self.register)

    def zone_of(self, code: str | None) -> str | None:
        """The register of a bin."""
        found = self.bins.get(code or "")
        return found.register if found else None


def disagreements(scans: Iterable[Scan]) -> dict[str, Disagreement]:
    """Of a double count: the serials that one counter saw and the other did not, or that each saw in another bin."""
    found: dict[str, Disagreement] = {}
    for serial, parts in _latest(scans).items():
        first, second = parts.get("storekeeper"), parts.get("auditor")
        if (first is None) != (second is None):
            found[serial] = "presence"
        elif first and second and first.bin and second.bin and first.bin != second.bin:
            found[serial] = "bin"
    return found


def decisions(scans: Iterable[Scan], *, double: bool) -> dict[str, Decision]:
    """The deciding scan of each serial: the latest, or (a double count) what both saw, or the recount.

    A disagreement that was not scanned in the recount is taken as absent.
    """
    if not double:
        return {serial: Decision(parts["single"]) for serial, parts in _latest(scans).items()}
    seen = list(scans)
    disputed = disagreements(seen)
    return {serial: _of_both(parts, disputed.get(serial)) for serial, parts in _latest(seen).items()}


def _of_both(parts: Mapping[str, Scan], disputed: Disagreement | None) -> Decision:
    recount = parts.get("recount")
    if recount is not None:
        return Decision(recount, "found")
    if disputed is not None:
        return Decision(None, "absent")
    only_the_storekeeper_saw_where = parts["storekeeper"].bin and not parts["auditor"].bin
    return Decision(parts["storekeeper" if only_the_storekeeper_saw_where else "auditor"])


def _latest(scans: Iterable[Scan]) -> dict[str, dict[str, Scan]]:
    latest: dict[str, dict[str, Scan]] = {}
    for scan in sorted(scans, key=lambda each: each.n):
        latest.setdefault(scan.serial, {})[scan.part] = scan
    return latest


def row_of(shelf: Shelf, candidate: Candidate) -> Row | None:
    """A serial's line of the sheet; None for a device that only passed through and was never seen."""
    decision = candidate.decision or Decision(None)
    scan, recount = decision.scan, decision.recount
    result = _seen(shelf, candidate, scan) if scan else _unseen(shelf, candidate, recount)
    return _row(shelf, candidate, decision, result) if result else None


def _seen(shelf: Shelf, candidate: Candidate, scan: Scan) -> str:
    then = scan.then
    came = [line.bin for line in candidate.came if line.step > (then.step if then else 0)]
    if shelf.holds(then):
        assert then is not None, "on the shelf"
        return _by_bin(shelf, scan, {then.bin, *came})
    if then is None and candidate.closed is None:
        return "unknown"
    if came:
        return "entered"
    if then is not None and then.site == shelf.site and STATE[then.state].counted:
        return "wrong_zone"
    return "surplus"


def _by_bin(shelf: Shelf, scan: Scan, explained: Collection[str | None]) -> str:
    """Of a device on the shelf; `explained` are the bin it was booked in, and those it was booked into later."""
    if scan.bin is None or scan.bin in explained:
        return "match"
    return "misplaced" if shelf.zone_of(scan.bin) == shelf.register else "wrong_zone"


def _unseen(shelf: Shelf, candidate: Candidate, recount: Recount | None) -> str | None:
    before, now = shelf.holds(candidate.opened), shelf.holds(candidate.closed)
    if now:
        return "shortage" if before and candidate.stayed else "unscanned"
    if before:
        return "left"
    if recount is not None:
        return "unconfirmed"
    return "apart" if shelf.books(candidate.closed) else None


def _row(shelf: Shelf, candidate: Candidate, decision: Decision, result: str) -> Row:
    book = candidate.closed
    scan = decision.scan
    surplus = result == "surplus" and book is not None
    return Row(
        serial=candidate.serial,
        model=book.model if book else None,
        result=result,
        book_state=book.state if book else None,
        book_site=book.site if book else None,
        book_register=book.register if book else None,
        book_bin=book.bin if book else None,
        step=book.step if book else None,
        found_bin=scan.bin if scan else None,
        scanned_at=scan.at if scan else None,
        scanned_by=scan.made_by if scan else None,
        recount=decision.recount,
        moved=candidate.moved,
        document_due=waits_for(book.state, shelf.register) if surplus and book else None,
        cited=book.document if surplus and book else None,
    )


assert len(RESULT) == len(RESULTS), "two results share a name"
