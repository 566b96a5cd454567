"""The filled example's counts, at TJ01: one sealed, with its evidence and a late scan, one under way; and a level of
spares not met."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from devices.audit.signing import Signing
from devices.audit.stocktake import sealing, sheet, stocktakes, taking
from devices.audit.stocktake.counting import VARIANCES
from devices.journal import Writer, open_journals
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post, reviewing
from devices.moments.spans import SECOND_US
from devices.people import signing_keys
from devices.people.persons import person_of
from devices.people.roles import Person
from devices.spares.minimum_levels import MinimumLevel, set_minimum
from devices.store.database import Store
from devices.unit import Unit, unit_of
from devices.values import Register
from panku.demo import PASSWORDS
from panku.wiring import RULEBOOK

COUNTED_SITE = "TJ01"
HOUR_US = 3_600 * SECOND_US
DISKS = tuple(f"{661565731001 + n}" for n in range(8))
SPARES = tuple(f"{661565741001 + n}" for n in range(4))
PAPER = {"supplier": "启明税控设备厂", "delivery_note": "QM-20261118-004", "model": "TCG-01"}
WANTED = len(SPARES) + 2
"""The minimum level of spares: two lack, which the home page tells."""
FOUND_IN = {DISKS[1]: "M-02"}
"""Where the counters find what is not in its bin; the first disk they do not find at all."""


def count(store: Store, now_us: int) -> None:
    """Receive, count and seal at TJ01 within the day before `now_us`, and begin a second count at `now_us`.

    The disk that the first one did not find was scanned by a phone that came back to the network after the seal.
    """
    story = _Story(store, now_us - 20 * HOUR_US)
    story.receive("merchandise", "M-01", DISKS)
    story.receive("spare", "S-01", SPARES)
    story.pass_by(HOUR_US)
    sealed = story.begin("merchandise")
    story.scan(sealed, [(serial, FOUND_IN.get(serial, "M-01")) for serial in DISKS[1:]])
    story.close(sealed)
    story.explain(sealed)
    for username, role in (("zhao", "storekeeper"), ("li", "auditor")):
        story.sign(sealed, username, role)
    story.scan(sealed, [(DISKS[0], "M-01")])
    story.at_us = now_us
    story.want_spares(WANTED)
    story.scan(story.begin("spare"), [(serial, "S-01") for serial in SPARES[:2]])


class _Story:
    """TJ01 as time passes; every act takes ten seconds."""

    def __init__(self, store: Store, at_us: int) -> None:
        unit = unit_of(store)
        assert unit is not None, "the example was filled"
        self.store: Store = store
        self.unit: Unit = unit
        self.at_us = at_us

    def pass_by(self, span_us: int = 10 * SECOND_US) -> int:
        self.at_us += span_us
        return self.at_us

    def writer(self) -> Writer:
        return open_journals(self.store, [COUNTED_SITE], self.pass_by())

    def receive(self, register: Register, bin_code: str, serials: Sequence[str]) -> None:
        at_us = self.pass_by()
        body: dict[str, Any] = {
            **PAPER, "type": "receipt", "site": COUNTED_SITE, "register": register, "bin": bin_code,
            "business_date": self.unit.day_of(at_us).isoformat(), "lines": [{"serial": each} for each in serials],
        }  # fmt: skip
        draft, by = msgspec.convert(body, AnyDraft), post.Poster("zhao")
        with self.store.writing():
            number = post.post(self.store, self.unit, draft, by=by, at_us=at_us, rulebook=RULEBOOK).number
        with self.store.writing():
            reviewing.review(
                self.store, self.unit, number, "approve",
                by="li", reason=None, at_us=self.pass_by(), rulebook=RULEBOOK,
            )  # fmt: skip

    def want_spares(self, minimum: int) -> None:
        level = MinimumLevel(COUNTED_SITE, PAPER["model"], minimum)
        with self.store.writing():
            set_minimum(self.writer(), level, expected=0, by="admin")

    def begin(self, register: Register) -> str:
        with self.store.writing():
            counted = stocktakes.begin_stocktake(
                self.writer(), site=COUNTED_SITE, register=register, method="open", double=False, by="zhao"
            )
        return counted.number

    def scan(self, number: str, places: Sequence[tuple[str, str]]) -> None:
        sent = [
            taking.Sent(f"demo-{serial}", serial, bin_code, self.pass_by()) for serial, bin_code in places
        ]
        now = self.pass_by()
        taking.receive(self.store, number, sent, sent_at_us=now, received_at_us=now, by=self.person("zhao"))

    def close(self, number: str) -> None:
        with self.store.writing():
            stocktakes.close_stocktake(self.writer(), self.unit, number, by="zhao", finished=True)

    def explain(self, number: str) -> None:
        counted, _ = stocktakes.before_step(self.store, number, "explain")
        assert counted.closed is not None, "it was closed"
        said = {"shortage": ("柜中未见，可能随样品外借", "按盘亏处理，继续查找")}
        usual = ("上架时放错货位", "已移回原货位")
        lines = sheet.lines_of(self.store, number, counted.closed.closing, results=VARIANCES)
        for line in list(lines):
            explanation, action = said.get(line.row.result, usual)
            with self.store.writing():
                stocktakes.explain_variance(
                    self.writer(), number, line.row.serial,
                    explanation=explanation, action=action, by="zhao", expected=0,
                )  # fmt: skip

    def sign(self, number: str, username: str, role: str) -> None:
        key = signing_keys.open_key(self.store, username, PASSWORDS[username][0])
        counted, _ = stocktakes.before_step(self.store, number, "explain")
        digest = stocktakes.payload_of(self.store, counted).digest
        session = hashlib.sha256(f"demo {username}".encode()).hexdigest()
        given = Signing(self.person(username), role, key, digest, session, self.at_us)
        with self.store.writing():
            sealing.sign_sheet(self.writer(), self.unit, number, given, rulebook=RULEBOOK)

    def person(self, username: str) -> Person:
        person = person_of(self.store, username)
        assert person is not None, "the example's people are there"
        return person
