"""A walk through counts at HERE, one after another: whatever is done, each close finds what the model predicts."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from devices.audit.signing import Signing
from devices.audit.stocktake import late, scans, sealing, sheet, stocktakes
from devices.audit.stocktake.counting import RESULT
from devices.ledger.proving.verify import verify
from devices.problems import Refused
from panku.wiring import CHECKS, RECORD_KINDS, RULEBOOK
from tests.count_model import EXPLAINED, FOUND, Count, Event, Late, Spot
from tests.count_scans import ENOUGH, ROLES, Scanning

SEALED, SEALED_SHORT = "sealed", "sealed with shortages"
UNFINISHED, TAKEN, EXPLAINED_LATE, LISTED = (
    "closed unfinished",
    "late taken in",
    "late explained",
    "late listed",
)
REACHED = (
    SEALED, SEALED_SHORT, "findings reopened", "reopened", "cancelled", UNFINISHED, TAKEN, EXPLAINED_LATE, LISTED,
)  # fmt: skip
"""What a count may come to beside the results of its serials."""

assert {name for name, each in RESULT.items() if each.found} == set(FOUND), (
    "the model's words are the product's"
)
assert {name for name, each in RESULT.items() if each.variance} == set(EXPLAINED)


class Counting(Scanning):
    """Counts from their scans to their seal; every result of a close and every end of a count is `met`."""

    # the sheet

    def close(self, chance: Random) -> None:
        """Close the count, or try to: what the two disagree on stands in the way."""
        count = self.running()
        if len(count.seen) <= ENOUGH:
            return
        blocking, unfinished = count.blocking(), count.unfinished()
        if blocking or unfinished:
            with pytest.raises(Refused) as refused:
                self._close()
            self.refused_unfinished(refused.value)
            problem = refused.value.problems[0]
        if blocking and count.state == "counting":
            assert problem.code == "recount_needed"
            assert problem.facts == {"stocktake": count.number, "count": len(blocking)}
        elif blocking:
            assert problem.facts["serials"] == sorted(blocking)
        else:
            self.close_it("等不到" if unfinished and chance.random() < 0.4 else None)

    def close_it(self, reason: str | None = None) -> None:
        """Close the count, once all have finished or for a reason, and compare the sheet with what is predicted."""
        count = self.running()
        if reason is None:
            self.finish_all()
        else:
            self.met.add(UNFINISHED)
        count.results = count.predicted()
        count.listed = [each for each in self.left if each.register == count.register]
        closed, people = self._close(reason), count.people()
        count.state, count.closed_at, count.closings = "closed", self.now, count.closings + 1
        found = sheet.sheet_of(self.store, closed)
        self.compare(found, reason)
        told = {(p.username, p.scans, p.last_heard_at, p.finished) for p in found.header.people}
        assert told == people
        self.met.update(count.results.values())

    def _close(self, reason: str | None = None) -> Any:
        number = self.running().number
        return self.write(
            lambda writer: stocktakes.close_stocktake(
                writer, self.books.unit, number, by="zhang", reason=reason
            )
        )

    def compare(self, found: sheet.Sheet, reason: str | None) -> None:
        """The whole sheet is what the model predicts, and its summary balances."""
        count = self.running()
        assert {line.row.serial: line.row.result for line in found.rows} == count.results
        assert [line.row.serial for line in found.rows] == sorted(count.results)
        for row in (line.row for line in found.rows):
            spot, scan = self.log.where(row.serial), count.deciding(row.serial)
            book = (
                Spot(row.book_state, row.book_register, row.book_site, row.book_bin)
                if row.book_state
                else None
            )
            assert book == spot, row
            assert row.model == self.log.models.get(row.serial)
            assert (row.found_bin, row.scanned_at) == ((scan.bin, scan.at) if scan else (None, None)), row
            assert set(row.moved) == count.moved(row.serial), row
            assert len(row.moved) == len(set(row.moved))
            assert (row.document_due is not None) == (row.result == "surplus"), row
        header = found.header
        summary = {
            m.model: (m.book, m.apart, m.counted, m.surplus, m.shortage, m.misplaced) for m in header.summary
        }
        empty = (0,) * 6
        expected = count.summary()
        for model in summary.keys() | expected.keys():
            assert summary.get(model, empty) == expected.get(model, empty), model
        assert all(model.opening + model.in_ - model.out == model.book for model in header.summary)
        assert header.closing == count.closings
        assert len(header.unreadable) == len(count.unreadable)
        assert (header.unfinished_reason, "counters_unfinished" in header.remarks) == (
            reason,
            reason is not None,
        )
        assert {(each.stocktake, each.id, each.result) for each in header.left_waiting} == {
            (each.number, each.id, count.results.get(each.serial or "")) for each in count.listed
        }
        self.compare_late(found)
        assert ("reopened" in header.remarks) == (count.blind and count.closings > 1)
        assert {
            line.row.serial for line in found.rows if line.row.result in EXPLAINED and not line.explanation
        } == (count.unexplained())

    def compare_late(self, found: sheet.Sheet) -> None:
        """What came late is on the sheet, in order of arrival, with what was made of it."""
        count = self.running()
        assert [(each.id, each.state) for each in found.late] == [
            (each, count.settled.get(each, "waiting")) for each in count.late
        ]
        for each in found.late:
            came = count.late[each.id]
            assert (each.serial, each.bin, each.part) == (came.serial, came.bin, came.part)
            assert (each.at, each.received_at, each.made_by) == (came.at, came.received_at, came.by)

    def explain_late(self, chance: Random) -> None:
        """Say what is to be made of some of what came late."""
        for each in self.running().waiting():
            if chance.random() < 0.7:
                self.explain_one(each)

    def explain_one(self, each: Late) -> None:
        """Say so of one; signatures given before are void."""
        count = self.running()
        self._explain_late(each)
        count.settled[each.id] = "explained"
        count.signed = set()
        self.met.add(EXPLAINED_LATE)
        assert self.standing() == set()

    def _explain_late(self, each: Late) -> None:
        counted, _ = stocktakes.stocktake_of(self.store, each.number)
        said: dict[str, Any] = {"explanation": f"看过{self.now}", "by": "li", "expected": None}
        self.write(lambda writer: late.explain_late(writer, counted, each.id, **said))

    def explain_what_was_left(self, chance: Random) -> None:
        """Say what is to be made of what came after a seal; nothing that was signed is another for it."""
        if self.left and chance.random() < 0.5:
            each = self.left.pop(chance.randrange(len(self.left)))
            self._explain_late(each)
            self._explain_late(each)
        if self.on_sealed:
            with pytest.raises(Refused, match="late_scan_settled"):
                self._explain_late(chance.choice(self.on_sealed))

    def explain(self, chance: Random) -> None:
        """Explain what is not, or now and then something again."""
        count = self.running()
        wanted = sorted(count.unexplained())
        if not wanted or chance.random() < 0.2:
            again = [serial for serial, result in count.results.items() if result in EXPLAINED]
            wanted += chance.sample(again, 1) if again and chance.random() < 0.4 else []
        self.say_of(wanted)

    def say_of(self, wanted: list[str]) -> None:
        """Explain these variances; signatures given before are void."""
        count = self.running()
        for serial in wanted:
            said: dict[str, Any] = {
                "explanation": f"查过{self.now}",
                "action": "照办",
                "by": "zhang",
                "expected": None,
            }
            self.write(partial(stocktakes.explain_variance, number=count.number, serial=serial, **said))
            count.said[serial] = (count.results[serial], self.now)
            count.signed = set()
        if wanted:
            assert self.standing() == count.signed

    def standing(self) -> set[str]:
        """The roles whose signatures stand over the sheet as it is."""
        counted, _ = stocktakes.stocktake_of(self.store, self.running().number)
        return {each.role for each in stocktakes.standing_signatures(self.store, counted)}

    def sign(self, chance: Random) -> None:
        """One of the two signs, or tries to."""
        self.sign_as(chance.choice(sorted(ROLES)))

    def sign_as(self, username: str) -> None:
        """Sign the sheet, which seals it where the other has and nothing that was short has moved since."""
        count, role = self.running(), ROLES[username]
        left, waiting = count.unexplained(), count.waiting()
        if left or waiting:
            with pytest.raises(Refused) as refused:
                self._sign(username)
            told = {each.code: each.facts["serials"] for each in refused.value.problems}
            expected = {
                "findings_unexplained": sorted(left),
                "late_scans_unsettled": [each.named for each in waiting],
            }
            assert told == {code: serials for code, serials in expected.items() if serials}
            return
        if role in count.signed:
            with pytest.raises(Refused, match="signed_already"):
                self._sign(username)
            return
        standing, reopened = count.short()
        listed = [each for each in count.listed if each in self.left]
        surplus = {s: self.log.where(s) for s, result in count.results.items() if result == "surplus"}
        signed = self._sign(username)
        self.tell(username)
        count.signed.add(role)
        assert signed.sealed == (len(count.signed) == 2 and not reopened)
        if signed.sealed:
            self.sealed(signed, standing, surplus)
            self.leave_behind(count, listed)
        elif len(count.signed) == 2:
            assert set(signed.reopened) == reopened
            self.met.add("findings reopened")
            for serial in reopened:
                count.said.pop(serial)
            count.signed = set()
            assert self.standing() == set()

    def _sign(self, username: str) -> sealing.Signed:
        number = self.running().number
        counted, _ = stocktakes.stocktake_of(self.store, number)
        given = Signing(
            by=self.people[username],
            role=ROLES[username],
            key=self.keys[username],
            digest=stocktakes.payload_of(self.store, counted).digest,
            session=username,
            authenticated_at_us=self.now,
        )
        signed: sealing.Signed = self.write(
            lambda writer: sealing.sign_sheet(writer, self.books.unit, number, given, rulebook=RULEBOOK)
        )
        return signed

    def sealed(self, signed: sealing.Signed, standing: set[str], surplus: dict[str, Spot | None]) -> None:
        """Shortages are missing and cite their findings, nothing was added back, and no scan is kept any more."""
        count = self.running()
        marks = ", ".join("?" * len(signed.documents)) or "NULL"
        lines = self.store.rows(
            f"SELECT serial, document, state, facts FROM line WHERE document IN ({marks}) ORDER BY serial",
            signed.documents,
        )
        for serial, document, state, facts in lines:
            assert state == "missing"
            assert msgspec.json.decode(facts)["finding"] == f"{count.number}/{serial}"
            spot = self.log.now()[serial]
            self.log.events.append(
                Event(self.now, serial, Spot("missing", spot.register, spot.site), document)
            )
        assert {serial for serial, *_ in lines} == standing
        assert {serial: self.log.where(serial) for serial in surplus} == surplus
        before = self.kept()
        for kept in self.sent[:3]:
            self.answered_as_before(kept)
        assert self.kept() == before
        end = SEALED_SHORT if standing else SEALED
        self.met.add(end)
        self.tell(end)
        self.count = None
        self.holds_thoroughly()

    def leave_behind(self, count: Count, listed: list[Late]) -> None:
        """What the sheet that was just sealed lists is settled; what comes after its seal waits and changes nothing."""
        self.met |= {LISTED} if listed else set()
        self.left = [each for each in self.left if each not in listed]
        self.on_sealed += [*listed, *count.late.values()]
        digest = self._digest(count.number)
        for sent, sent_at, answer, by in self.sent[:1]:
            again = msgspec.structs.replace(sent, id="after")
            (told,) = self.take_of(count.number, [again], sent_at, by.username)
            assert told.outcome == "late"
            named, part = scans.kept_text(sent.text), ROLES[by.username] if count.double else "single"
            late = Late(
                count.number, count.register, "after", named, answer.serial, sent.bin, part,
                self.now, self.now, by.username,
            )  # fmt: skip
            self.left.append(late)
        assert self._digest(count.number) == digest
        self.holds_thoroughly()

    def _digest(self, number: str) -> str:
        counted, _ = stocktakes.stocktake_of(self.store, number)
        return stocktakes.payload_of(self.store, counted).digest

    def reopen(self, chance: Random) -> None:
        """Go on counting, unless somebody has signed."""
        count = self.running()
        if count.signed:
            with pytest.raises(Refused, match="stocktake_signed"):
                self._reopen()
        else:
            self._reopen()
            count.state = "counting"
            count.take_in(self.now)
            self.met |= {"reopened"} | ({TAKEN} if "taken" in count.settled.values() else set())

    def _reopen(self) -> None:
        number = self.running().number
        self.write(lambda writer: stocktakes.reopen_stocktake(writer, number, by="zhang", reason="漏了"))

    def cancel(self, chance: Random) -> None:
        """Give the count up, unless somebody has signed."""
        if len(self.running().seen) > ENOUGH:
            self.cancel_it()

    def cancel_it(self) -> None:
        """Cancel the count, or be refused where somebody has signed."""
        number = self.running().number
        if self.running().signed:
            with pytest.raises(Refused, match="stocktake_signed"):
                self._cancel(number)
            return
        self._cancel(number)
        self.count = None
        self.met.add("cancelled")

    def _cancel(self, number: str) -> None:
        self.write(lambda writer: stocktakes.cancel_stocktake(writer, number, by="zhang", reason="不盘了"))

    # what always holds

    def holds(self) -> None:
        """The books are where the model has them."""
        rows = self.store.rows("SELECT serial, state, register, site, bin FROM position ORDER BY serial")
        assert {serial: Spot(*spot) for serial, *spot in rows} == self.log.now()

    def holds_thoroughly(self) -> None:
        """The books are where the model has them, and verify."""
        self.holds()
        assert verify(self.store, RECORD_KINDS, checks=CHECKS).faults == []
