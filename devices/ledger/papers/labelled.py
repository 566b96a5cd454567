"""What labels are asked for, and what the books say of it: devices, bins, documents, a scanning page's commands.

Nothing of a customer is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal, get_args

import msgspec

from devices import records, serials
from devices.problems import Problem, Refused, refuse
from devices.store.database import Store
from devices.store.statements import EACH, compiled
from devices.store.tables.ledger import Documents, Positions
from devices.store.tables.registers import Models
from devices.texts.lengths import LabelEntries, Serial, Word
from devices.values import Bin, Site

Command = Literal["finish", "cancel", "undo"]
assert get_args(Command) == serials.SCAN_COMMANDS, (
    "the commands that have a card are those that have a barcode"
)
_DEVICES = compiled(
    Positions.select(Positions.serial, Models.kind, Positions.model, Models.name)
    .join(Models, on=(Models.code == Positions.model))
    .where(Positions.serial.in_(EACH))
)
_DOCUMENTS = compiled(
    Documents.select(Documents.number, Documents.type, Documents.site, Documents.business_date).where(
        Documents.number.in_(EACH)
    )
)


class DeviceWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="device"):
    """A device's label, by its serial."""

    serial: Serial


class DevicesWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="devices"):
    """The labels of many devices: serials and ranges such as 661565714353-380, one per line or comma."""

    entries: LabelEntries


class BinWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="bin"):
    """A bin's label; without a code those of every bin of the site that is in use."""

    site: Word
    code: Word | None = None


class DocumentWanted(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="document"
):
    """The label that goes with a document's paper or parcel."""

    number: Word


class CommandWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="command"):
    """A card whose barcode commands a scanning page."""

    command: Command


Wanted = DeviceWanted | DevicesWanted | BinWanted | DocumentWanted | CommandWanted


class DeviceLabelled(msgspec.Struct, frozen=True):
    """A device as its label tells it."""

    serial: str
    kind: str
    model: str
    model_name: str


class BinLabelled(msgspec.Struct, frozen=True):
    """A bin as its label tells it."""

    site: str
    code: str
    site_name: str
    register: str
    condition: str
    name: str


class DocumentLabelled(msgspec.Struct, frozen=True):
    """A document as its label tells it; the date is an ISO date."""

    number: str
    type: str
    site: str
    site_name: str
    business_date: str


class CommandLabelled(msgspec.Struct, frozen=True):
    """One of a scanning page's commands."""

    command: str


Labelled = DeviceLabelled | BinLabelled | DocumentLabelled | CommandLabelled


def labelled(
    store: Store, wanted: Sequence[Wanted], *, most: int, reads_documents_of: Callable[[str], bool]
) -> list[Labelled]:
    """What the books say of everything asked for, in order; a document of a site that is not read is an unknown one.

    Raises Refused with every one that is not there, by its place: `unknown_serial`, `unknown_bin`, `no_active_bins`,
    `unknown_document`, and what `recognise` or `expand_all` say of serials; `list_too_long` for more than `most`.
    """
    bins = _bins(store) if any(isinstance(each, BinWanted) for each in wanted) else {}
    singles = [
        single for place, each in enumerate(wanted) for single in _singles(bins, each, f"/what/{place}", most)
    ]
    if len(singles) > most:
        raise refuse("list_too_long", "/what", limit=most)
    books = _Books(store, bins, [each for _, each in singles if not isinstance(each, Problem)])
    found = [
        each if isinstance(each, Problem) else _one(books, each, place, reads_documents_of)
        for place, each in singles
    ]
    if problems := [each for each in found if isinstance(each, Problem)]:
        raise Refused(problems)
    return [each for each in found if not isinstance(each, Problem)]


def _bins(store: Store) -> dict[tuple[str, str], Bin]:
    return {(one.site, one.code): one for one, _ in records.all_current(store, records.BIN)}


def _singles(
    bins: dict[tuple[str, str], Bin], wanted: Wanted, place: str, most: int
) -> Iterator[tuple[str, Wanted | Problem]]:
    """One label at a time: a list of devices by serial, each once; all bins of a site by code."""
    match wanted:
        case DevicesWanted(entries):
            expansion = serials.expand_all(entries, most)
            for problem in expansion.problems:
                if problem.code != "duplicate_serial":
                    yield place, msgspec.structs.replace(problem, pointer=f"{place}/entries")
            for serial in expansion.serials:
                yield f"{place}/entries", DeviceWanted(serial)
        case BinWanted(site, None):
            codes = sorted(one.code for one in bins.values() if one.site == site and one.active)
            if not codes:
                yield place, Problem("no_active_bins", f"{place}/site", {"site": site})
            for code in codes:
                yield place, BinWanted(site, code)
        case DeviceWanted():
            yield f"{place}/serial", wanted
        case _:
            yield place, wanted


class _Books:
    """All that the books know of these serials, documents and bins, read in a few statements."""

    def __init__(self, store: Store, bins: dict[tuple[str, str], Bin], wanted: Sequence[Wanted]) -> None:
        asked = [serials.recognise(each.serial) for each in wanted if isinstance(each, DeviceWanted)]
        self.devices = _devices(store, {serial for serial in asked if isinstance(serial, str)})
        self.documents = _documents(store, {one.number for one in wanted if isinstance(one, DocumentWanted)})
        self.sites: dict[str, Site] = {}
        self.bins = bins
        if any(isinstance(each, BinWanted | DocumentWanted) for each in wanted):
            self.sites = records.sites_by_code(store)


def _devices(store: Store, wanted: Collection[str]) -> dict[str, DeviceLabelled]:
    return {row[0]: DeviceLabelled(*row) for row in store.rows_in(_DEVICES, sorted(wanted))}


def _documents(store: Store, wanted: Collection[str]) -> dict[str, tuple[str, str, str]]:
    rows = store.rows_in(_DOCUMENTS, sorted(wanted))
    return {number: (kind, site, day) for number, kind, site, day in rows}


def _one(books: _Books, wanted: Wanted, place: str, reads: Callable[[str], bool]) -> Labelled | Problem:
    match wanted:
        case DeviceWanted(serial):
            return _device(books, serial, place)
        case BinWanted(site, code):
            return _bin(books, site, code or "", f"{place}/code")
        case DocumentWanted(number):
            return _document(books, number, f"{place}/number", reads)
        case CommandWanted(command):
            return CommandLabelled(command)
        case DevicesWanted():
            raise AssertionError("a list was taken apart before")


def _device(books: _Books, text: str, pointer: str) -> Labelled | Problem:
    serial = serials.recognise(text, pointer)
    if isinstance(serial, Problem):
        return serial
    return books.devices.get(serial) or Problem("unknown_serial", pointer, {"serial": serial})


def _bin(books: _Books, site: str, code: str, pointer: str) -> Labelled | Problem:
    found = books.bins.get((site, code))
    if found is None:
        return Problem("unknown_bin", pointer, {"bin": code, "site": site})
    return BinLabelled(site, code, books.sites[site].name, found.register, found.condition, found.name)


def _document(books: _Books, number: str, pointer: str, reads: Callable[[str], bool]) -> Labelled | Problem:
    kind, site, day = books.documents.get(number, ("", "", ""))
    if not site or not reads(site):
        return Problem("unknown_document", pointer, {"document": number})
    return DocumentLabelled(number, kind, site, books.sites[site].name, day)
