"""Everything the rules may look at when they decide on one draft: plain values, gathered beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from devices.calendar import BookDays
from devices.ledger.deciding.drafts import Draft, Party
from devices.ledger.deciding.entries import Entry, Held
from devices.lifecycle import Step
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork.orders import RepairOrder
from devices.paperwork.papers import Consignment, Manifest
from devices.serials import trimmed
from devices.values import NOWHERE, Bin, Model, Position

Of = TypeVar("Of", bound=Draft, covariant=True)  # noqa: PLC0105 - a word, and not a letter with a suffix
"""The draft that a case is of."""


class Known(msgspec.Struct, frozen=True):
    """A customer as Panku knows them, or (`fresh`) as this document makes them known; `home` is their site."""

    number: str
    home: str
    taxpayer_id: str
    form: str
    name: str | None = None
    address: str | None = None
    contact: str | None = None
    fresh: bool = False
    erased: bool = False


class PastLine(msgspec.Struct, frozen=True):
    """One line of a device's past, as reversal and citing need it.

    `reverses` is the step it undoes, `business_date` an ISO date.
    """

    serial: str
    step: int
    document: str
    document_type: str
    n: int
    type: str
    reverses: int | None
    position: Position
    facts: Mapping[str, Any]
    business_date: str = ""


class Dated(msgspec.Struct, frozen=True):
    """The day that the next line of a device may not lie before, an ISO date, and the document that says so."""

    day: str
    document: str


class ToldUsed(msgspec.Struct, frozen=True):
    """The dispatch order whose record says that a spare went in, and the faulty serial that came out for it."""

    order: str
    faulty: str


class Cited(msgspec.Struct, frozen=True):
    """A document that the draft cites or answers, and, where its lines matter, those lines by serial.

    `link` is the link of a journal that holds it: the journal's site, its sequence and its hash.
    """

    number: str
    type: str
    site: str
    register: str | None
    made_by: str
    status: str
    review: str
    content: Mapping[str, Any]
    lines: Mapping[str, PastLine]
    link: tuple[str, int, str]


class Case(msgspec.Struct, Generic[Of], frozen=True):
    """One draft with the facts it needs: what is looked up by a key that is missing here does not exist.

    `customers` are keyed by what the draft calls them (see `party_key`), `homes` are the sites of those whose the
    devices are, `trails` hold each device's lines since a cited document, oldest first, `held_for` the spare that is
    out for a faulty serial, `received` the serials of the manifest that have been received before, `consignment` the
    one that a sending document would join, `waybills` the consignment number each device was last sent with, `closed`
    the last closed month of each book (site, register) that the devices are or were in, `ahead` the day that counts for
    each device whose last line is dated after today, `told_used` the pair and the order of each carried spare that a
    filed record says went in.
    """

    draft: Of
    document: str
    number: str
    days: BookDays
    entries: tuple[Entry, ...]
    sites: Mapping[str, bool]
    bins: Mapping[str, Bin]
    models: Mapping[str, Model]
    held: Mapping[str, Held]
    carriers: Mapping[str, bool] = {}
    customers: Mapping[str, Known] = {}
    homes: Mapping[str, str] = {}
    attachments: frozenset[str] = frozenset()
    cited: Cited | None = None
    answered: Cited | None = None
    order: RepairOrder | DispatchOrder | None = None
    consignment: Consignment | None = None
    manifest: Manifest | None = None
    received: frozenset[str] = frozenset()
    held_for: Mapping[str, str] = {}
    trails: Mapping[str, tuple[PastLine, ...]] = {}
    waybills: Mapping[str, str] = {}
    closed: Mapping[tuple[str, str], str] = {}
    ahead: Mapping[str, Dated] = {}
    told_used: Mapping[str, ToldUsed] = {}
    own_reservation: str | None = None

    def position(self, serial: str) -> Position:
        """Where a device is, NOWHERE for one that Panku has never held."""
        held = self.held.get(serial)
        return held.position if held else NOWHERE

    def customer(self, party: Party | None) -> Known | None:
        """The customer a draft's party stands for."""
        return self.customers.get(party_key(party)) if party else None


class Move(msgspec.Struct, frozen=True):
    """One decided line: the device's position before and after, and what else is known of it."""

    entry: Entry
    step: Step | None
    before: Position
    after: Position
    type: str
    reverses: int | None = None
    facts: Mapping[str, Any] = {}


class Plan(msgspec.Struct, frozen=True):
    """What a draft comes to: its lines, the one register it touches, and findings to be told and kept."""

    register: str | None
    moves: tuple[Move, ...]
    findings: Mapping[str, Any] = {}


def party_key(party: Party) -> str:
    """What a draft calls a customer: their number, or their taxpayer id as recognised."""
    return party.number or trimmed(party.taxpayer_id or "")
