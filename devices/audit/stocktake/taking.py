"""Taking scans as phones send them: each is kept once by its id, and a repeated one changes nothing.

What comes when the count takes none any more is kept apart (late.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from devices.audit.kinds import RUNNING, LateScan, Stocktake
from devices.audit.stocktake.counting import Part, Place
from devices.audit.stocktake.keeping import KeptScans, Outcome, as_scanned
from devices.audit.stocktake.late import keep_late, last_late, late_among
from devices.audit.stocktake.scans import Placing, kept_text, known, lock_of, places_now, shelf_of
from devices.journal import Writer, open_journals
from devices.people.roles import Person
from devices.problems import Fact, Problem
from devices.serials import recognise
from devices.store.database import Store
from devices.store.tables.audits import Scans

SKEW_US = 60_000_000
"""How far a phone's clock may be off before the scan is flagged, and before the opening a scan may claim to be."""

ALLOWED_PARTS: dict[tuple[bool, str], tuple[Part, ...]] = {
    (False, "counting"): ("single",),
    (True, "counting"): ("storekeeper", "auditor"),
    (True, "recounting"): ("recount",),
}
"""Which part a scan may be of, by whether the count is double and by its state."""
PART_OF_ROLE: dict[str, Part] = {"storekeeper": "storekeeper", "auditor": "auditor"}


class Sent(msgspec.Struct, frozen=True):
    """One scan as a phone sent it; `at_us` is the phone's clock."""

    id: str
    text: str
    bin: str | None
    at_us: int
    part: Part | None = None


class Taken(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one scan.

    `unexpected` (only of an open count) says where the device belongs; `unreadable` and `refused` have the problem.
    A refused scan is not kept, a late one is kept apart; `kept_now` tells a scan that just was kept from one that had
    been sent before.
    """

    id: str
    outcome: Outcome
    serial: str | None = None
    belongs: Place | None = None
    problem: Problem | None = None
    kept_now: bool = False


class JournalNeeded(Exception):
    """Some of the scans are late, and so are journalled, for which the journal of `site` has to be held first."""

    def __init__(self, site: str) -> None:
        self.site = site
        super().__init__(site)


def receive(
    store: Store, number: str, scans: Sequence[Sent], *, sent_at_us: int, received_at_us: int, by: Person
) -> list[Taken]:
    """Keep a batch of scans, as `take` does, in a transaction of its own; late ones wait for the site's journal."""

    def attempt(site: str | None = None) -> list[Taken]:
        with store.writing():
            writer = open_journals(store, [site], received_at_us) if site else None
            return take(
                store, number, scans,
                sent_at_us=sent_at_us, received_at_us=received_at_us, by=by, writer=writer,
            )  # fmt: skip

    try:
        return store.retrying(attempt)
    except JournalNeeded as needed:
        site = needed.site
        return store.retrying(lambda: attempt(site))


def take(
    store: Store,
    number: str,
    scans: Sequence[Sent],
    *,
    sent_at_us: int,
    received_at_us: int,
    by: Person,
    writer: Writer | None = None,
) -> list[Taken]:
    """Keep a batch of scans, within `store.writing()`; an outcome for each, in their order.

    A scan's time is the phone's, corrected by how far `sent_at_us` is off, and kept between opening and reception.
    Raises Refused (`not_found`), and JournalNeeded for late scans without a `writer` of the site; nothing is kept
    then, and the phone still has everything.
    """
    store.lock_journals([lock_of(number)])
    counted = known(store, number)
    late = late_among(store, number, [sent.id for sent in scans])
    desk = _Desk(store, counted, by, received_at_us - sent_at_us, received_at_us, writer, late)
    done = [desk.take(sent, sent_at_us) for sent in scans]
    store.insert(Scans, desk.kept.fresh)
    if writer is not None:
        keep_late(writer, counted, desk.fresh_late)
    return done


class _Desk:
    """One batch being taken: what was there before, and what is new; `late` are those of it that came late before."""

    def __init__(
        self,
        store: Store,
        counted: Stocktake,
        by: Person,
        offset_us: int,
        received_at_us: int,
        writer: Writer | None,
        late: dict[str, LateScan],
    ) -> None:
        self.store, self.counted, self.by = store, counted, by
        self.offset_us, self.received_at_us = offset_us, received_at_us
        self.writer, self.late = writer, late
        self.last_late = last_late(store, counted.number) if writer else 0
        self.fresh_late: list[LateScan] = []
        self.shelf = shelf_of(store, counted)
        self.kept = KeptScans(store, counted.number)
        self.placing = Placing(store, counted, received_at_us)

    def take(self, sent: Sent, sent_at_us: int) -> Taken:
        if (again := self._again(sent)) is not None:
            return again
        if (late_part := self._late_part(sent)) is not None:
            return self._keep_late(sent, late_part)
        part = sent.part or self._own_part()
        problem = self._problem(sent, part, sent_at_us)
        if problem is not None:
            return Taken(sent.id, "refused", problem=problem)
        serial = recognise(sent.text)
        if isinstance(serial, Problem):
            self._keep(sent, None, part, "unreadable")
            return Taken(sent.id, "unreadable", problem=serial, kept_now=True)
        place = self._place(serial)
        outcome: Outcome = "taken"
        if self.kept.repeated(serial, sent.bin, part):
            outcome = "duplicate"
        elif self.counted.method == "open" and not self._belongs(place, sent.bin):
            outcome = "unexpected"
        self._keep(sent, serial, part, outcome)
        belongs = place if outcome == "unexpected" else None
        return Taken(sent.id, outcome, serial, belongs, kept_now=True)

    def _belongs(self, place: Place | None, bin_code: str | None) -> bool:
        """Whether a device is counted here and, where a bin was scanned, belongs into that one."""
        return place is not None and self.shelf.holds(place) and bin_code in (None, place.bin)

    def _again(self, sent: Sent) -> Taken | None:
        """What a scan that was sent before is answered again; None for one that was not."""
        earlier, late = self.kept.earlier(sent.id), self.late.get(sent.id)
        if earlier is None and late is not None:
            earlier = (*as_scanned(late), "late")
        if earlier is None:
            return None
        serial, text, bin_code, outcome = earlier
        if (text, bin_code) != (kept_text(sent.text), sent.bin):
            facts: dict[str, Fact] = {"id": sent.id, "serial": kept_text(sent.text)}
            return Taken(sent.id, "refused", problem=Problem("scan_id_reused", "", facts))
        if serial is None:
            problem = recognise(sent.text)
            return Taken(sent.id, outcome, problem=problem if isinstance(problem, Problem) else None)
        return Taken(sent.id, outcome, serial, self._place(serial) if outcome == "unexpected" else None)

    def _role_part(self) -> Part | None:
        """Which part of a double count the one who scans makes."""
        roles = [role for role, site in self.by.roles if site == self.counted.site]
        return next((PART_OF_ROLE[role] for role in roles if role in PART_OF_ROLE), None)

    def _own_part(self) -> Part | None:
        allowed = ALLOWED_PARTS.get((self.counted.double, self.counted.state), ())
        return allowed[0] if len(allowed) == 1 else self._role_part()

    def _late_part(self, sent: Sent) -> Part | None:
        """The part that a late scan is of, None for one that is not late.

        It is late once the count is closed, or once the part is over that its phone made it in. Nothing keeps a late
        scan from being kept: what it says of its part is believed only where it may be so.
        """
        own = self._role_part() or "recount"
        if self.counted.state in RUNNING:
            over = sent.part == own and self.counted.state == "recounting"
            return own if over and own in PART_OF_ROLE.values() else None
        if not self.counted.double:
            return "single"
        return sent.part if sent.part == "recount" else own

    def _keep_late(self, sent: Sent, part: Part) -> Taken:
        if self.writer is None:
            raise JournalNeeded(self.counted.site)
        serial = recognise(sent.text)
        problem = serial if isinstance(serial, Problem) else None
        value = LateScan(
            stocktake=self.counted.number,
            site=self.counted.site,
            id=sent.id,
            n=self.last_late + 1,
            serial=None if isinstance(serial, Problem) else serial,
            text=kept_text(sent.text),
            bin=sent.bin,
            part=part,
            claimed_at=sent.at_us,
            at=self._corrected(sent),
            received_at=self.received_at_us,
            skewed=self._skewed(sent),
            made_by=self.by.username,
            after_seq=self.placing.after(self._corrected(sent)),
        )
        self.last_late = value.n
        self.fresh_late.append(value)
        self.late[sent.id] = value
        return Taken(sent.id, "late", value.serial, problem=problem, kept_now=True)

    def _problem(self, sent: Sent, part: Part | None, sent_at_us: int) -> Problem | None:
        """Why a scan is refused, or None."""
        text = kept_text(sent.text)
        if part not in ALLOWED_PARTS.get((self.counted.double, self.counted.state), ()):
            return Problem("wrong_part", "/count", {"serial": text, "part": part})
        if part in PART_OF_ROLE.values() and part != self._own_part():
            return Problem("wrong_part", "/count", {"serial": text, "part": part})
        if self.placing.precedes_opening(sent_at_us - sent.at_us, SKEW_US):
            return Problem("scan_before_opening", "/at", {"serial": text, "stocktake": self.counted.number})
        if sent.bin is not None and sent.bin not in self.shelf.bins:
            return Problem("unknown_bin", "/bin", {"bin": sent.bin, "site": self.counted.site})
        return None

    def _place(self, serial: str) -> Place | None:
        return places_now(self.store, [serial]).get(serial)

    def _keep(self, sent: Sent, serial: str | None, part: Part | None, outcome: Outcome) -> None:
        self.kept.add(
            sent.id, (serial, kept_text(sent.text), sent.bin), part, outcome,
            claimed_at=sent.at_us, at=self._corrected(sent), received_at=self.received_at_us,
            skewed=self._skewed(sent), made_by=self.by.username, after_seq=self.placing.after(self._corrected(sent)),
        )  # fmt: skip

    def _corrected(self, sent: Sent) -> int:
        """When it was scanned: the phone's time corrected, between opening and reception."""
        at = min(sent.at_us + self.offset_us, self.received_at_us)
        return min(max(at, self.counted.opened_at), self.received_at_us)

    def _skewed(self, sent: Sent) -> bool:
        """Whether the phone's clock is off, or was set back between the scan and its sending."""
        return abs(self.offset_us) > SKEW_US or sent.at_us > self.received_at_us - self.offset_us
