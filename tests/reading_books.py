"""A small unit with some history, for tests of what is read out of the books."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from devices import records, unit
from devices.journal import Writer, open_journals
from devices.ledger.deciding.drafts import AnyDraft, Party
from devices.ledger.deciding.rules_of_one import RULES as LEDGER_RULES
from devices.ledger.posting import post, reviewing
from devices.records import BIN, CARRIER, MODEL, SITE
from devices.spares import orders
from devices.spares.rules import RULES as SPARES_RULES
from devices.store.database import Store
from devices.values import UNIT, Bin, Carrier, Model, Site

RULEBOOK = {
    name: (*LEDGER_RULES.get(name, ()), *SPARES_RULES.get(name, ()))
    for name in {*LEDGER_RULES, *SPARES_RULES}
}
MORNING = 1_793_498_400_000_000  # 2026-11-01T02:00Z, 10:00 in Shanghai
DAY = 86_400_000_000
TAXPAYER = "91110000600037341L"
SERIALS = tuple(f"66100000000{n}" for n in range(8))


class ReadingBooks:
    """Sites A1 and B2 with a few bins, model TCG-01, carrier SF. Each `post` is a day's later than `day` says."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.writing():
            self.unit = unit.found(store, "航信服务单位", MORNING)
        with self.writing(UNIT, 1) as writer:
            self.keep(writer, SITE, Site("A1", "一号网点"))
            self.keep(writer, SITE, Site("B2", "二号网点"))
            self.keep(writer, MODEL, Model("TCG-01", "tax_disk", "金税盘", "[0-9]{12}", 20000, 12, "TCG"))
            self.keep(writer, CARRIER, Carrier("SF", "顺丰"))
        for site in ("A1", "B2"):
            with self.writing(site, 1) as writer:
                for code, register, condition in (
                    ("M1", "merchandise", "good"),
                    ("MQ", "merchandise", "quarantine"),
                    ("S1", "spare", "good"),
                    ("SF", "spare", "faulty"),
                    ("C1", "custody", "good"),
                ):
                    self.keep(writer, BIN, Bin(site, code, register, condition))  # type: ignore[arg-type]

    @contextmanager
    def writing(self, site: str, day: int) -> Iterator[Writer]:
        with self.store.writing():
            yield open_journals(self.store, (site,), at(day))

    def keep(self, writer: Writer, kind: records.RecordKind, value: Any) -> None:
        records.write(writer, kind, value, by="admin.zhou", expected=0)

    def post(self, kind: str, day: int, *serials: str, site: str = "A1", **said: Any) -> str:
        """Post a document on a day of November 2026; returns its number."""
        body = {"type": kind, "site": site, "business_date": date_of(day), **said}
        if serials:
            body["lines"] = [{"serial": serial} for serial in serials]
        draft = msgspec.convert(body, AnyDraft)
        by = post.Poster("li.ming")
        with self.store.writing():
            return post.post(self.store, self.unit, draft, by=by, at_us=at(day), rulebook=RULEBOOK).number

    def receive(self, day: int, *serials: str, site: str = "A1", register: str = "merchandise") -> str:
        """Receive serials of TCG-01 into a good bin."""
        said = {"supplier": "厂家", "delivery_note": "送-1", "model": "TCG-01"}
        bin_code = {"merchandise": "M1", "spare": "S1"}[register]
        return self.post("receipt", day, *serials, site=site, register=register, bin=bin_code, **said)

    def sell(self, day: int, *serials: str) -> str:
        """Sell to the one customer."""
        return self.post("sale", day, *serials, customer={"taxpayer_id": TAXPAYER}, application="申-1")

    def register(self, day: int, *serials: str) -> str:
        """Register what was sold."""
        customer = {"taxpayer_id": TAXPAYER, "name": "甲公司", "address": "北京", "contact": "王"}
        return self.post("registration", day, *serials, customer=customer)

    def approve(self, number: str, day: int) -> None:
        """Approve a document as the auditor."""
        with self.store.writing():
            reviewing.review(
                self.store, self.unit, number, "approve",
                by="zhao.lei", reason=None, at_us=at(day), rulebook=RULEBOOK,
            )  # fmt: skip

    def withdraw(self, number: str, day: int) -> None:
        """Take a proposal back as its poster."""
        with self.store.writing():
            reviewing.review(
                self.store, self.unit, number, "withdraw",
                by="li.ming", reason=None, at_us=at(day), rulebook=RULEBOOK,
            )  # fmt: skip

    def repair(self, day: int, serial: str, site: str = "A1") -> str:
        """Open a repair order."""
        with self.writing(site, day) as writer:
            named = Party(taxpayer_id=TAXPAYER, name="甲公司") if site != "A1" else None
            order, _ = orders.open_repair_order(
                writer, self.unit, site=site, serial=serial, fault="不亮", by="li.ming", named=named
            )
        return order.number


def at(day: int) -> int:
    """Ten in the morning of a day of November 2026, in UTC microseconds."""
    return MORNING + (day - 1) * DAY


def date_of(day: int) -> str:
    """A day of November 2026."""
    return f"2026-11-{day:02d}"
