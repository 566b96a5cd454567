"""A walk through counts at HERE, one after another: whatever is done, each close finds what the model predicts."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from devices.audit.signing import Signing
from devices.audit.stocktake import sealing, sheet, stocktakes
from devices.audit.stocktake.counting import RESULT
from devices.ledger.proving.verify import verify
from devices.problems import Refused
from panku.wiring import CHECKS, RECORD_KINDS, RULEBOOK
from tests.count_model import EXPLAINED, FOUND, Event, Spot
from tests.count_scans import ENOUGH, ROLES, Scanning

SEALED, SEALED_SHORT = "sealed", "sealed with shortages"
REACHED = (SEALED, SEALED_SHORT, "findings reopened", "reopened", "cancelled")
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
        if blocking := count.blocking():
            with pytest.raises(Refused) as refused:
                self._close()
            (problem,) = refused.value.problems
            if count.state == "counting":
                assert problem.code == "recount_needed"
                assert problem.facts == {"stocktake": count.number, "count": len(blocking)}
            else:
                assert problem.facts["serials"] == sorted(blocking)
            return
        self.close_it()

    def close_it(self) -> None:
        """Close the count, and compare the whole sheet with what is predicted."""
        count = self.running()
        count.results = count.predicted()
        closed = self._close()
        count.state, count.closed_at, count.closings = "closed", self.now, count.closings + 1
        self.compare(sheet.sheet_of(self.store, closed))
        self.met.update(count.results.values())

    def _close(self) -> Any:
        number = self.running().number
        return self.write(
            lambda writer: stocktakes.close_stocktake(writer, self.books.unit, number, by="zhang")
        )

    def compare(self, found: sheet.Sheet) -> None:
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
        assert ("reopened" in header.remarks) == (count.blind and count.closings > 1)
        assert {
            line.row.serial for line in found.rows if line.row.result in EXPLAINED and not line.explanation
        } == (count.unexplained())

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
        if left := count.unexplained():
            with pytest.raises(Refused) as refused:
                self._sign(username)
            assert refused.value.problems[0].facts["serials"] == sorted(left)
            return
        if role in count.signed:
            with pytest.raises(Refused, match="signed_already"):
                self._sign(username)
            return
        standing, reopened = count.short()
        surplus = {s: self.log.where(s) for s, result in count.results.items() if result == "surplus"}
        signed = self._sign(username)
        self.tell(username)
        count.signed.add(role)
        assert signed.sealed == (len(count.signed) == 2 and not reopened)
        if signed.sealed:
            self.sealed(signed, standing, surplus)
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
            sent, sent_at, _, by = kept
            with pytest.raises(Refused, match="stocktake_not_counting"):
                self.take([sent, msgspec.structs.replace(sent, id="late")], sent_at, by.username)
        assert self.kept() == before
        end = SEALED_SHORT if standing else SEALED
        self.met.add(end)
        self.tell(end)
        self.count = None
        self.holds_thoroughly()

    def reopen(self, chance: Random) -> None:
        """Go on counting, unless somebody has signed."""
        count = self.running()
        if count.signed:
            with pytest.raises(Refused, match="stocktake_signed"):
                self._reopen()
        else:
            self._reopen()
            count.state = "counting"
            self.met.add("reopened")

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
