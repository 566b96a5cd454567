"""A few sites with every kind of bin, ready for any document: for tests of the ledger itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from devices import records
from devices.journal import open_journals
from devices.ledger.books import books
from devices.ledger.deciding.drafts import AnyDraft, Party
from devices.ledger.posting import post, reviewing
from devices.ledger.posting.manifests import attach
from devices.ledger.reading.customers import customer_data
from devices.lifecycle import DOCUMENT
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.service.jobs.dispatching import OrderAsked, open_dispatch_order
from devices.spares import orders
from devices.store.database import Store
from devices.unit import found
from devices.values import BIN_STATE, POSITION_FIELDS, REGISTERS, UNIT, Bin, Carrier, Model, Site
from panku.wiring import RULEBOOK

NOW = 1_795_500_000_000_000
TODAY = "2026-11-24"
TAXPAYER = {"taxpayer_id": "110101199003077", "name": "惠民便利店"}
SITES = ("BJ01", "TJ01")
BINS = {(register, condition): f"{register[0]}{condition[0]}".upper() for register, condition in BIN_STATE}


def assert_consistent(store: Store) -> None:
    """Positions equal the last lines, each serial is in one place, and every book of every month balances."""
    columns = ", ".join(POSITION_FIELDS)
    last = store.rows(
        f"SELECT serial, step, {columns} FROM line l WHERE step ="
        " (SELECT MAX(m.step) FROM line m WHERE m.serial = l.serial) ORDER BY serial"
    )
    positions = store.rows(f"SELECT serial, step, {columns} FROM position ORDER BY serial")
    assert positions == last
    for site, register in itertools.product(records.site_codes(store), REGISTERS):
        inside = "register = ? AND site = ?"
        (held,) = store.row(f"SELECT COUNT(*) FROM position WHERE {inside}", (register, site)) or (0,)
        statement = books.statement(store, site, register, TODAY[:7])
        assert sum(model.closing for model in statement.models) == held
        for model in statement.models:
            assert model.opening + sum(model.in_.values()) - sum(model.out.values()) == model.closing


class Books:
    """Posts as `zhang`, reviews as `li`."""

    def __init__(self, store: Store, sites: Sequence[str] = SITES) -> None:
        self.store = store
        with store.writing():
            self.unit = found(store, "unit", NOW)
            writer = open_journals(store, [UNIT, *sites], NOW)
            for site in sites:
                records.write(writer, records.SITE, Site(site, site), by="root", expected=0)
                for (register, condition), code in BINS.items():
                    value = Bin(site, code, register, condition)
                    records.write(writer, records.BIN, value, by="root", expected=0)
                    spare = Bin(site, code + "2", register, condition)
                    records.write(writer, records.BIN, spare, by="root", expected=0)
            for code, kind in (("TCG-01", "tax_disk"), ("TCG-02", "report_disk"), ("PART", "spare_part")):
                model = Model(code, kind, code, "[0-9]{12}", 20000, 12, code)  # type: ignore[arg-type]
                records.write(writer, records.MODEL, model, by="root", expected=0)
            records.write(writer, records.CARRIER, Carrier("SF", "顺丰"), by="root", expected=0)
            for site in sites:  # the same bytes: one digest, which each of them keeps
                self.paper = attach(writer, b"proof", site=site, name="p", media_type="text/plain", by="root")

    def post(
        self, kind: str, *serials: str, site: str = "BJ01", by: str = "zhang", **fields: Any
    ) -> post.Posted:
        """Post a document of today; lines are the serials unless `lines` are given."""
        body = {"type": kind, "site": site, "business_date": TODAY, **fields}
        if serials:
            body["lines"] = [{"serial": serial} for serial in serials]
        draft = msgspec.convert(body, AnyDraft)
        with self.store.writing():
            return post.post(self.store, self.unit, draft, by=post.Poster(by), at_us=NOW, rulebook=RULEBOOK)

    def settle(self, kind: str, *serials: str, **fields: Any) -> str:
        """Post a document, and approve it where it waits for that before it has an effect."""
        number = self.post(kind, *serials, **fields).number
        if DOCUMENT[kind].review == "before":
            self.review(number)
        return number

    def review(
        self, number: str, decision: reviewing.Decision = "approve", by: str = "li", reason: str = "查验"
    ) -> None:
        """Decide on a document."""
        with self.store.writing():
            reviewing.review(
                self.store,
                self.unit,
                number,
                decision,
                by=by,
                reason=reason,
                at_us=NOW,
                rulebook=RULEBOOK,
            )

    def receive(
        self, *serials: str, register: str = "merchandise", site: str = "BJ01", model: str = "TCG-01"
    ) -> str:
        """Receive into a good bin."""
        return self.post(
            "receipt", *serials, site=site, register=register, supplier="厂", delivery_note="D", model=model,
            bin=BINS[register, "good"],  # type: ignore[index]
        ).number  # fmt: skip

    def serve(self, *serials: str, site: str = "BJ01") -> None:
        """Receive, sell and register devices."""
        self.receive(*serials, site=site)
        self.post("sale", *serials, site=site, customer=TAXPAYER, application="A")
        self.post("registration", *serials, site=site, customer=TAXPAYER)

    def whose(self, serial: str) -> Party | None:
        """Whose a device is, as another site than their home must say."""
        row = self.store.row("SELECT customer FROM position WHERE serial = ?", (serial,))
        data = customer_data(self.store, row[0]) if row and row[0] else None
        return Party(taxpayer_id=data.taxpayer_id, name=data.name) if data and data.name else None

    def repair(self, serial: str, site: str = "BJ01") -> str:
        """Open a repair order."""
        with self.store.writing():
            writer = open_journals(self.store, [site], NOW)
            named = (
                Party(taxpayer_id=TAXPAYER["taxpayer_id"], name=TAXPAYER["name"]) if site != "BJ01" else None
            )
            order, _ = orders.open_repair_order(
                writer, self.unit, site=site, serial=serial, fault="坏", by="zhang", named=named
            )
        return order.number

    def dispatch_order(self, serial: str, site: str = "BJ01") -> str:
        """Send a technician."""
        with self.store.writing():
            writer = open_journals(self.store, [site], NOW)
            asked = OrderAsked(
                site=site,
                purposes=("repair",),
                asked_at=NOW,
                fault="坏",
                serials=(serial,),
                customer=self.whose(serial),
            )
            order, _ = open_dispatch_order(writer, self.unit, asked, by="zhang")
            # As if assigned: these books have no persons.
            records.write(writer, DISPATCH_ORDER, replace(order, technician="wang"), by="zhang")
        return order.number

    def state(self, serial: str) -> str | None:
        """The state of a device, None for one never held."""
        row = self.store.row("SELECT state FROM position WHERE serial = ?", (serial,))
        return row[0] if row else None
