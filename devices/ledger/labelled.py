"""What labels are asked for, and what the books say of it: devices, bins, documents, a scanning page's commands.

Nothing of a customer is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Annotated, Literal, get_args

import msgspec

from devices import records, serials
from devices.database import Store
from devices.ledger.gather import marks
from devices.problems import Problem, Refused
from devices.values import Bin, Site

Command = Literal["finish", "cancel", "undo"]
assert get_args(Command) == serials.COMMANDS, "the commands that have a card are those that have a barcode"
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
AT_ONCE = 500  # keys of one statement


class DeviceWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="device"):
    """A device's label, by its serial."""

    serial: Text


class BinWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="bin"):
    """A bin's label."""

    site: Text
    code: Text


class DocumentWanted(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="document"
):
    """The label that goes with a document's paper or parcel."""

    number: Text


class CommandWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="command"):
    """A card whose barcode commands a scanning page."""

    command: Command


Wanted = DeviceWanted | BinWanted | DocumentWanted | CommandWanted


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
    store: Store, wanted: Sequence[Wanted], *, reads_documents_of: Callable[[str], bool]
) -> list[Labelled]:
    """What the books say of everything asked for, in order; a document of a site that is not read is an unknown one.

    Raises Refused with every one that is not there, by its place: `unknown_serial`, `unknown_bin`,
    `unknown_document`, and what `recognise` says of a serial that is none.
    """
    books = _Books(store, wanted)
    found = [_one(books, each, f"/what/{place}", reads_documents_of) for place, each in enumerate(wanted)]
    if problems := [each for each in found if isinstance(each, Problem)]:
        raise Refused(problems)
    return [each for each in found if not isinstance(each, Problem)]


class _Books:
    """All that the books know of these serials, documents and bins, read in a few statements."""

    def __init__(self, store: Store, wanted: Sequence[Wanted]) -> None:
        asked = [serials.recognise(each.serial) for each in wanted if isinstance(each, DeviceWanted)]
        self.devices = _devices(store, {serial for serial in asked if isinstance(serial, str)})
        self.documents = _documents(store, {one.number for one in wanted if isinstance(one, DocumentWanted)})
        self.sites: dict[str, Site] = {}
        self.bins: dict[tuple[str, str], Bin] = {}
        if any(isinstance(each, BinWanted | DocumentWanted) for each in wanted):
            self.sites = {site.code: site for site, _ in records.all_current(store, records.SITE)}
        if any(isinstance(each, BinWanted) for each in wanted):
            self.bins = {(one.site, one.code): one for one, _ in records.all_current(store, records.BIN)}


def _devices(store: Store, wanted: Collection[str]) -> dict[str, DeviceLabelled]:
    select = (
        "SELECT p.serial, m.kind, p.model, m.name FROM position p JOIN model m ON m.code = p.model"
        " WHERE p.serial IN ({})"
    )
    rows = (row for some in _portions(wanted) for row in store.rows(select.format(marks(len(some))), some))
    return {row[0]: DeviceLabelled(*row) for row in rows}


def _documents(store: Store, wanted: Collection[str]) -> dict[str, tuple[str, str, str]]:
    select = "SELECT number, type, site, business_date FROM document WHERE number IN ({})"
    rows = (row for some in _portions(wanted) for row in store.rows(select.format(marks(len(some))), some))
    return {number: (kind, site, day) for number, kind, site, day in rows}


def _portions(keys: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(keys)
    return (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def _one(books: _Books, wanted: Wanted, place: str, reads: Callable[[str], bool]) -> Labelled | Problem:
    match wanted:
        case DeviceWanted(serial):
            return _device(books, serial, f"{place}/serial")
        case BinWanted(site, code):
            return _bin(books, site, code, f"{place}/code")
        case DocumentWanted(number):
            return _document(books, number, f"{place}/number", reads)
        case CommandWanted(command):
            return CommandLabelled(command)


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
