"""What can be drafted as the books stand: every document, for each device, by which step, to which book."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import msgspec

from devices.ledger.deciding.rules_of_all import OF_THE_SELLER
from devices.ledger.posting.gather import held
from devices.lifecycle import EXCHANGE_STATE, FROM, Step, roles_of
from devices.problems import Refused
from devices.store.database import Store
from devices.values import NOWHERE, STATE, Position, Register
from tests.ledger_books import BINS, SITES, TAXPAYER, TODAY, Books
from tests.shelf import FIELDS, LINES, bin_for

Draft = dict[str, Any]


class Part(NamedTuple):
    """One device's part in a draft: the step it takes, none where it is only named, and the book that leads to."""

    serial: str
    position: Position
    step: Step | None = None
    register: Register | None = None


Option = tuple[Part, ...]
"""The devices that one document could be posted for."""


def registers_to(step: Step, register: Register | None, left: Register | None) -> tuple[Register | None, ...]:
    """The registers to which a step may lead from a register; `left` is the book that the device left last."""
    match step.becomes:
        case "same":
            return (register,)
        case "left":
            return (left,)
        case "given" | "partner":
            return STATE[step.after].registers or (None,)
        case fixed:
            return (fixed,)


class Drafting:
    """Drafts for some serials at some sites; `position`, `free` and `last` (document) are as of the last look."""

    def __init__(self, store: Store, serials: list[str], sites: Sequence[str] = SITES) -> None:
        self.store, self.books, self.serials, self.sites = store, Books(store, sites), serials, sites
        self.look()

    def look(self) -> None:
        """Read where every device is, and which wait on a proposal."""
        found = held(self.store, self.serials)
        self.position = {s: found[s].position if s in found else NOWHERE for s in self.serials}
        self.free = [s for s in self.serials if s not in found or not found[s].reserved]
        self.last = {s: found[s].document if s in found else "" for s in self.serials}

    def have_new(self, count: int) -> list[str]:
        """Take up so many serials that were never seen."""
        known = len(self.serials)
        new = [f"66156572{n:04d}" for n in range(known, known + count)]
        self.serials = [*self.serials, *new]
        self.look()
        return new

    # what fits

    def choices(self, document: str, role: str = "device") -> list[Part]:
        """Every free device that the table lets a document move, by each step and to each book."""
        return [
            Part(serial, position, step, register)
            for serial in self.free
            for position in [self.position[serial]]
            for step in FROM.get((document, role, position.state), ())
            if position.register in step.registers
            if document != "arrival" or step.after == position.left_state
            for register in registers_to(step, position.register, position.left_book)
        ]

    def options(self, document: str) -> Iterator[Option]:
        """Everything that a document could be posted for."""
        if document == "reversal":
            return ((Part(s, self.position[s]),) for s in self.free if self.last[s])
        if document == "carry_out":
            return itertools.product(self.choices(document), self.with_customers())
        found = itertools.product(*(self.choices(document, role) for role in roles_of(document)))
        return (parts for parts in found if len(parts) == 1 or self.fit(document, *parts))

    def can(self, document: str) -> bool:
        """Whether there is anything that a document could be posted for."""
        return next(self.options(document), None) is not None

    def with_customers(self) -> list[Part]:
        """The devices for which a technician may take a spare along."""
        theirs = ("in_service", "in_repair")
        return [Part(s, position) for s, position in self.position.items() if position.state in theirs]

    def fit(self, document: str, old: Part, new: Part) -> bool:
        """Whether the two devices of a swap or an exchange go together."""
        if document == "swap":
            one_site = old.position.site in (None, new.position.site)
            return one_site and new.position.meant_for in (None, old.serial)
        assert new.step is not None
        follows = EXCHANGE_STATE[old.position.register] == new.step.after
        return follows and new.register == old.position.register

    # what is sent

    def draft(self, document: str, option: Option, chance: Random) -> Draft:
        """A draft for these devices, with all that it asks for."""
        match document:
            case "reversal":
                return self._reversal(option[0].serial, chance)
            case "opening":
                return self._opening(option[0], chance)
            case "swap" | "factory_exchange":
                return self._pair(document, *option)
            case _:
                return self._single(document, option, chance)

    def _single(self, document: str, option: Option, chance: Random) -> Draft:
        part, *named = option
        position = part.position
        assert part.step is not None
        bound = position.site or (position.responsible_site if document in OF_THE_SELLER else None)
        site = bound or chance.choice(self.sites)
        line: Draft = {"serial": part.serial, **LINES.get(document, {})}
        if document == "release" and position.mark:
            line["reinitialised"] = "好"
        if document == "receipt":
            line["reason"] = "破"
        if named:
            line["faulty"] = named[0].serial
        fields = {"type": document, "site": site, "business_date": TODAY, **FIELDS[document], "lines": [line]}
        if STATE[part.step.after].place == "bin":
            fields["bin"] = _bin_to(part, chance)
        if document == "receipt":
            fields["register"] = part.register
        return fields | self._papers(document, part, site, line.get("faulty"), chance)

    def _papers(self, document: str, part: Part, site: str, faulty: str | None, chance: Random) -> Draft:
        """What a draft rests on: orders, cited documents, proof."""
        match document:
            case "adoption":
                return {"attachments": [self.books.paper]}
            case "dispatch":
                return {"destination": chance.choice([other for other in self.sites if other != site])}
            case "arrival":
                sent = self._sent_on(part.serial, "dispatch", "opening")
                return {"dispatch": sent, "site": self._destination(sent)}
            case "surrender" | "loss_report":
                return {"customer": TAXPAYER}
            case "factory_receipt":
                away = [s for s, p in self.position.items() if p.state == "at_factory"]
                known = part.serial if part.position.state == "at_factory" or not away else away[0]
                return {"dispatch": self._sent_on(known, "factory_dispatch", "opening")}
            case "repair_intake":
                return {"order": self._repair(part.serial, site)}
            case "recovery" if part.step and part.step.after == "in_repair":
                return {"order": self._repair(part.serial, site), "customer": TAXPAYER}
            case "recovery" if part.position.customer:
                return {"customer": TAXPAYER}
            case "carry_out":
                return {"order": self._trip(str(faulty), site)}
            case _:
                return {}

    def _pair(self, document: str, old: Part, new: Part) -> Draft:
        """A swap or an exchange: two devices that go together."""
        site = new.position.site or old.position.site or SITES[0]
        fields = {"type": document, "site": site, "business_date": TODAY, **FIELDS[document]}
        if document == "swap":
            taken_in = old.step is not None and old.step.after == "faulty"
            place = {"bin": bin_for("spare", "faulty")} if taken_in else {}
            lines = [{"faulty": old.serial, "spare": new.serial}]
            return {**fields, **place, "order": self._repair(old.serial, site), "lines": lines}
        sent = self._sent_on(old.serial, "factory_dispatch", "opening")
        target = bin_for(old.position.register, EXCHANGE_STATE[old.position.register])
        line = {"old": old.serial, "new": new.serial, "model": "TCG-01"}
        return {**fields, "dispatch": sent, "bin": target, "lines": [line]}

    def _reversal(self, serial: str, chance: Random) -> Draft:
        """The last document of a device, taken back whole or in part."""
        number = self.last[serial]
        part = {"serials": [serial]} if chance.random() < 0.4 else {}
        return {
            "type": "reversal", "site": number[:4], "business_date": TODAY, "document": number, **FIELDS["reversal"],
            **part,
        }  # fmt: skip

    def _opening(self, part: Part, chance: Random) -> Draft:
        """A device of the old books, in any state that has not ended."""
        assert part.step is not None
        state = part.step.after
        line: Draft = {"serial": part.serial, "model": "TCG-01", "state": state}
        kind = STATE[state]
        if part.register is not None:
            line["register"] = part.register
        if kind.place == "bin":
            line["bin"] = bin_for(part.register, state)
        if kind.place == "party":
            line["party"] = "厂"
        if kind.place == "customer" or part.register == "custody":
            line["customer"] = TAXPAYER
        return {
            "type": "opening", "site": chance.choice(self.sites), "business_date": TODAY,
            "attachments": [self.books.paper], "lines": [line],
        }  # fmt: skip

    def _sent_on(self, serial: str, *types: str) -> str:
        """The last document of these types that moved a device."""
        row = self.store.row(
            "SELECT l.document FROM line l JOIN document d ON d.number = l.document WHERE l.serial = ?"
            f" AND d.type IN ({', '.join('?' * len(types))}) ORDER BY l.step DESC LIMIT 1",
            (serial, *types),
        )
        return str(row[0]) if row else "BJ01-2026-999999"

    def _destination(self, sent: str) -> str:
        """The site that a dispatch is addressed to; an opening says nothing of where to, and ends where it began."""
        row = self.store.row("SELECT content FROM document WHERE number = ?", (sent,))
        return str(msgspec.json.decode(row[0]).get("destination", sent[:4])) if row else sent[:4]

    def _repair(self, serial: str, site: str) -> str:
        """A repair order of a device at a site, the open one where there is one."""
        return self._order(self.books.repair, serial, site, "R-BJ01-999999")

    def _trip(self, serial: str, site: str) -> str:
        """A dispatch order for a device, the open one where there is one."""
        return self._order(self.books.dispatch_order, serial, site, "D-BJ01-999999")

    def _order(self, opened: Callable[[str, str], str], serial: str, site: str, none: str) -> str:
        try:
            return opened(serial, site)
        except Refused as refused:
            return str(refused.problems[0].facts.get("order", none))


def _bin_to(part: Part, chance: Random) -> str:
    """A bin by which a device can take its step; any where it was never in a book of ours."""
    if part.register is None or part.step is None:
        return chance.choice(list(BINS.values()))
    code = bin_for(part.register, part.step.after)
    return code + "2" if part.position.bin == code else code


def slipped(draft: Draft, serials: list[str], chance: Random) -> Draft:
    """A draft with one thing in it changed, most likely for the worse: the site, the bin, or a device."""
    what = chance.choice([field for field in ("site", "bin", "lines") if field in draft])
    if what == "site":
        return draft | {"site": next(site for site in SITES if site != draft["site"])}
    if what == "bin":
        return draft | {"bin": chance.choice(list(BINS.values()))}
    return draft | {"lines": [line | {_role_of(line): chance.choice(serials)} for line in draft["lines"]]}


def _role_of(line: Draft) -> str:
    """The part that the first device of a line plays in it."""
    return next(role for role in ("serial", "faulty", "old") if role in line)
