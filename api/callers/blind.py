"""While a register is counted blind, those who count learn nothing of it that they did not ask for by its serial.

See docs/decisions.md, "What blind means". How each type of an answer is told then stands in `api/treatments.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NoReturn, TypeVar

from api.callers.access import SITE_STAFF
from api.calls import Call
from api.wire.parts import texts_in
from devices.audit.kinds import Stocktake
from devices.audit.stocktake import disclosures, scans
from devices.audit.stocktake.blind import Counts, blind_counts, named_by, standing
from devices.audit.stocktake.disclosures import Disclosure
from devices.ledger.reading.finding import DOCUMENT_NUMBER
from devices.problems import Refused, refuse
from devices.serials import recognise

_Value = TypeVar("_Value")


class Blind:
    """What is kept from one caller: the registers of their sites that are counted blind now.

    `withheld` are the numbers of the counts that something was kept back for; `told` what the caller learned of
    single devices all the same, which the sheet will list.
    """

    def __init__(self, call: Call) -> None:
        own = call.person.sites_of(SITE_STAFF) if call.person else ()
        self.call = call
        self.counts: Counts = blind_counts(call.store, own) if own else {}
        self.withheld: set[str] = set()
        self.told: set[Disclosure] = set()
        self._standing: dict[str, Stocktake | None] = {}
        self._named: dict[str, Stocktake | None] = {}
        self._opened: dict[str, int] = {}

    @cached_property
    def known(self) -> set[str]:
        """The serials that the caller named, those that their recount is to look at, and those they were told."""
        call = self.call
        named = (recognise(text) for text in texts_in((call.path, call.query, call.body)))
        disputed = (
            serial
            for each in self.counts.values()
            if each.state == "recounting"
            for serial in scans.disputed(call.store, each)
        )
        return {*(each for each in named if isinstance(each, str)), *disputed}

    def tell(self, value: _Value) -> _Value:
        """Tell a value with every serial in it."""
        self.known.update(texts_in(value))
        return value

    def of_book(self, site: str | None, register: str | None) -> Stocktake | None:
        """The count of a register; None where it is not counted blind by the caller."""
        return self.counts.get((site, register))

    def look_up(self, texts: Iterable[str]) -> None:
        """Look these up together; what is no serial stands nowhere, what is no document's number names nothing."""
        texts = set(texts)
        serials = {text: recognise(text) for text in texts if text not in self._standing}
        known = {each for each in serials.values() if isinstance(each, str)}
        found = standing(self.call.store, self.counts, known)
        for text, serial in serials.items():
            self._standing[text] = found.get(serial) if isinstance(serial, str) else None
        documents = {text for text in texts if text not in self._named and DOCUMENT_NUMBER.fullmatch(text)}
        named = named_by(self.call.store, self.counts, documents)
        self._named.update({number: named.get(number) for number in documents})

    def of_device(self, text: str) -> Stocktake | None:
        """The count of the register in which the device of this serial stands; None for any other text."""
        self.look_up([text])
        return self._standing[text]

    def of_any(self, texts: Iterable[str]) -> Stocktake | None:
        """The count of a register in which one of these devices stands."""
        every = list(texts)
        self.look_up(every)
        return next(filter(None, map(self.of_device, every)), None)

    def of_document(self, number: str) -> Stocktake | None:
        """The count of the register in which a device of a document stands, or of what it proposes."""
        self.look_up([number])
        return self._named.get(number)

    def is_own(self, counted: Stocktake, document: str, made_by: str, recorded_at_us: int) -> bool:
        """Whether the caller posted a document of this type since the count was opened, and named its devices.

        Their slip must print, and the sheet lists it. A reversal need not name what it undoes.
        """
        named = document != "reversal"
        return named and made_by == self.call.who.username and recorded_at_us > self._opened_at(counted)

    def _opened_at(self, counted: Stocktake) -> int:
        """When the opening of a count is recorded in its journal, where everything has its order."""
        if counted.number not in self._opened:
            self._opened[counted.number] = scans.opening_of(self.call.store, counted.number).recorded_at
        return self._opened[counted.number]

    def withhold(self, counted: Stocktake) -> str:
        """Note that something is kept back for a count; returns its number."""
        self.withheld.add(counted.number)
        return counted.number

    def disclose(self, counted: Stocktake, serial: str) -> str:
        """Note that a device was asked for and is told of as withheld; returns the number of its count."""
        self.told.add(Disclosure(counted.number, serial))
        return self.withhold(counted)

    def refuse(self, counted: Stocktake) -> NoReturn:
        """Refuse (`count_is_blind`) what can not be told in part."""
        raise refuse("count_is_blind", site=counted.site, register=counted.register)

    def note_refused(self, refused: Refused) -> None:
        """Note the devices of which a refusal tells why they were not taken."""
        for problem in refused.problems:
            for text in texts_in(problem.facts) if self.counts else ():
                if counted := self.of_device(text):
                    self.told.add(Disclosure(counted.number, text, "refused", problem.code))

    def keep(self) -> None:
        """Keep what was told, in a transaction of its own."""
        call = self.call
        if self.told:
            disclosures.keep(call.store, self.told, by=call.who.username, at_us=call.at_us)


def blind_of(call: Call) -> Blind:
    """What is kept from the caller of this request, looked up once."""
    if call.blind is None:
        call.blind = Blind(call)
    found: Blind = call.blind
    return found


def counts_blind(call: Call, site: str, register: str) -> bool:
    """Whether the caller is of a site's staff and the register is being counted blind there."""
    return blind_of(call).of_book(site, register) is not None


def refuse_while_blind(call: Call, sites: Iterable[str] | None, register: str | None) -> None:
    """Refuse (`count_is_blind`) a look into a register that is being counted blind at a site of the caller's.

    `sites` None means every site, `register` None every register. Whoever has no part in a site's counts, such as a
    supervisor or an outlet, is not kept from reading.
    """
    blind, among = blind_of(call), None if sites is None else set(sites)
    for counted in sorted(blind.counts.values(), key=lambda each: (each.site, each.register)):
        if (among is None or counted.site in among) and register in (None, counted.register):
            blind.refuse(counted)
