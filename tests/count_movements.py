"""Books in which devices come, move and go while they may be counted, with a log of where each was when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import msgspec

from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post
from devices.store.database import Store
from panku.wiring import RULEBOOK
from tests.count_model import HERE, Count, Event, Log, Spot
from tests.ledger_books import NOW, TAXPAYER, TODAY, Books
from tests.walks import Walk

THERE = "TJ01"
SECOND = 1_000_000
SHELVES = {"merchandise": ("MG", "MG2", "MQ"), "spare": ("SG", "SG2", "SF"), "custody": ("CG", "CG2")}


class Moving(Walk):
    """Devices of two sites, every movement of them told to a log; `count` is the one that goes on at HERE, if any."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.books = Books(store)
        self.now = NOW
        self.log = Log()
        self.count: Count | None = None
        self.fresh = (f"6615657{n:05d}" for n in range(10_000))
        self.sent_from: dict[str, str] = {}

    def stock(self) -> None:
        """Begin with some devices in every book and state that a count meets."""
        for site in (HERE, THERE):
            for book, code in (("merchandise", "MG"), ("spare", "SG")):
                self.receive([next(self.fresh) for _ in range(4)], book, site, code, "TCG-01")
        self.receive([next(self.fresh) for _ in range(2)], "merchandise", HERE, "MG2", "TCG-02")
        served = [next(self.fresh) for _ in range(4)]
        self.receive(served, "merchandise", HERE, "MG", "TCG-01")
        self.post("sale", HERE, served, Spot("sold"), customer=TAXPAYER, application="A")
        self.post("registration", HERE, served, Spot("in_service"), customer=TAXPAYER)
        self.take_in(served[0])

    # what is done to the books

    def tick(self, chance: Random | None = None) -> int:
        """Let some time pass."""
        self.now += chance.randint(1, 40) * SECOND if chance else SECOND
        return self.now

    def post(
        self, kind: str, site: str, serials: Sequence[str], spot: Spot, lines: Any = None, **fields: Any
    ) -> str:
        """Post a document that brings these devices to a spot."""
        body = {"type": kind, "site": site, "business_date": TODAY, **fields}
        body["lines"] = lines or [{"serial": serial} for serial in serials]
        draft = msgspec.convert(body, AnyDraft)
        self.tick()
        with self.store.writing():
            by = post.Poster("zhang")
            done = post.post(self.store, self.books.unit, draft, by=by, at_us=self.now, rulebook=RULEBOOK)
        self.tell(f"{kind} {' '.join(serials)} is {done.number}")
        self.log.events += [Event(self.now, serial, spot, done.number) for serial in serials]
        return done.number

    def receive(self, serials: list[str], book: str, site: str, code: str, model: str) -> None:
        """Receive devices of a model."""
        self.log.models |= dict.fromkeys(serials, model)
        paper = {"supplier": "厂", "delivery_note": "D", "model": model, "bin": code}
        self.post("receipt", site, serials, Spot("in_stock", book, site, code), register=book, **paper)

    def take_in(self, serial: str) -> None:
        """A customer's device comes in for repair."""
        order = self.books.repair(serial)
        self.now = max(self.now, self.head())
        spot = Spot("in_repair", "custody", HERE, "CG")
        self.post("repair_intake", HERE, [serial], spot, order=order, fault="坏", bin="CG")

    def head(self) -> int:
        """When the last link was written."""
        return int((self.store.row("SELECT MAX(recorded_at) FROM journal") or (0,))[0])

    def those(self, *states: str, register: str | None = None, site: str | None = None) -> list[str]:
        """The devices that the model has in these states, in a register, at a site."""
        return [
            serial
            for serial, spot in self.log.now().items()
            if spot.state in states and register in (None, spot.register) and site in (None, spot.site)
        ]

    def moving(self, names: Iterable[str], chance: Random) -> str | None:
        """One of these devices; more often than not one that is being counted or was scanned."""
        found = list(names)
        if self.count is not None and chance.random() < 0.6:
            seen = {scan.serial for scan in self.count.seen}
            found = [serial for serial in found if serial in seen] or found
        return chance.choice(found) if found else None

    # movements meanwhile

    def what_was_scanned_is_booked(self, chance: Random) -> None:
        """A device comes into the books, or to another bin, after it was seen there: goods are unpacked first."""
        live = self.count.live() if self.count else []
        known = self.log.now()
        if any(scan.serial not in known for scan in live) and chance.random() < 0.3:
            self.a_receipt(chance)
        in_transit = any(scan.serial in known and known[scan.serial].state == "in_transit" for scan in live)
        if in_transit and chance.random() < 0.3:
            self.an_arrival(chance)
        carried = [scan.serial for scan in live if self.other_bin(scan.serial) == scan.bin]
        if carried:
            self.move(chance.choice(carried))

    def what_is_short_turns_up(self, chance: Random) -> None:
        """A device that was short moves between the signatures: the seal will ask about it again."""
        self.move(chance.choice(self.short_and_signed()))

    def short_and_signed(self) -> list[str]:
        """The devices on a sheet that somebody signed which were short and could turn up."""
        results = self.count.results if self.count and self.count.signed else {}
        return sorted(s for s, result in results.items() if result == "shortage" and self.other_bin(s))

    def other_bin(self, serial: str) -> str:
        """The bin to which a device at HERE may be moved from its own; none where it can not."""
        spot = self.log.where(serial)
        if (
            spot is None
            or spot.bin is None
            or spot.site != HERE
            or spot.state not in ("in_stock", "in_repair")
        ):
            return ""
        return spot.bin[:2] if spot.bin.endswith("2") else spot.bin + "2"

    def move(self, serial: str) -> None:
        """Move a device to the other bin."""
        code = self.other_bin(serial)
        self.post("move", HERE, [serial], self.log.now()[serial]._replace(bin=code), bin=code)

    def a_receipt(self, chance: Random) -> None:
        book = chance.choice(("merchandise", "spare"))
        scanned = {scan.serial for scan in self.count.seen} if self.count else set()
        strangers = sorted(scanned - self.log.models.keys())
        serial = chance.choice(strangers) if strangers and chance.random() < 0.7 else next(self.fresh)
        self.receive([serial], book, HERE, SHELVES[book][0], chance.choice(("TCG-01", "TCG-02")))

    def a_move(self, chance: Random) -> None:
        serial = self.moving(self.those("in_stock", "in_repair", site=HERE), chance)
        if serial is not None:
            self.move(serial)

    def a_sale(self, chance: Random) -> None:
        serial = self.moving(self.those("in_stock", register="merchandise", site=HERE), chance)
        if serial is not None:
            self.post("sale", HERE, [serial], Spot("sold"), customer=TAXPAYER, application="A")

    def a_sale_cancelled(self, chance: Random) -> None:
        serial = self.moving(self.those("sold"), chance)
        if serial is not None:
            code = chance.choice(("MG", "MG2"))
            spot = Spot("in_stock", "merchandise", HERE, code)
            self.post("sale_cancellation", HERE, [serial], spot, reason="取消", bin=code)

    def a_dispatch(self, chance: Random) -> None:
        serial = self.moving(self.those("in_stock"), chance)
        if serial is not None:
            self.send_away(serial)

    def send_away(self, serial: str) -> None:
        """Dispatch a device to the other site."""
        spot = self.log.now()[serial]
        assert spot.site is not None
        away = {HERE: THERE, THERE: HERE}[spot.site]
        sent = {"carrier": "SF", "consignment_number": f"W{self.now}", "destination": away}
        spot = Spot("in_transit", spot.register, spot.site)
        self.sent_from[serial] = self.post("dispatch", str(spot.site), [serial], spot, **sent)

    def an_arrival(self, chance: Random) -> None:
        serial = self.moving(self.those("in_transit"), chance)
        if serial is not None:
            spot = self.log.now()[serial]
            assert spot.site is not None
            assert spot.register is not None
            site, code = {HERE: THERE, THERE: HERE}[spot.site], SHELVES[spot.register][0]
            there, sent = Spot("in_stock", spot.register, site, code), self.sent_from[serial]
            self.post("arrival", site, [serial], there, dispatch=sent, bin=code)

    def a_hold(self, chance: Random) -> None:
        serial = self.moving(self.those("in_stock", register="merchandise", site=HERE), chance)
        if serial is not None:
            there = Spot("quarantined", "merchandise", HERE, "MQ")
            self.post("hold", HERE, [serial], there, reason="损", bin="MQ")

    def a_swap_or_an_intake(self, chance: Random) -> None:
        faulty = chance.choice(self.those("in_service") or [""])
        spares = self.those("in_stock", register="spare", site=HERE)
        spare = self.moving([s for s in spares if self.log.models[s] == self.log.models.get(faulty)], chance)
        if spare and chance.random() < 0.5:
            order = self.books.repair(faulty)
            self.now = max(self.now, self.head())
            there, lines = Spot("faulty", "spare", HERE, "SF"), [{"faulty": faulty, "spare": spare}]
            paper = {"order": order, "fault": "坏", "terms": "free", "bin": "SF"}
            number = self.post("swap", HERE, [faulty], there, lines, **paper)
            self.log.events.append(Event(self.now, spare, Spot("in_service"), number))
        elif faulty:
            self.take_in(faulty)
