"""What is on a label: frozen values of a device, a bin, a command or a document, put into words.

A label never holds a customer: it is stuck on things that strangers see.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from devices.ledger.papers.labelled import (
    BinLabelled,
    CommandLabelled,
    DeviceLabelled,
    DocumentLabelled,
    Labelled,
)
from devices.serials import command_barcode
from labels.words import Locale, sentence, term


class Label(msgspec.Struct, frozen=True):
    """One label: words above the bars, what the bars hold, the caption that is read by eye, and smaller lines.

    A `large` caption is read from afar, as that of a bin.
    """

    heading: str
    barcode: str
    caption: str
    lines: tuple[str, ...] = ()
    large: bool = False


def label_of(labelled: Labelled, locale: Locale) -> Label:
    """The label of one thing, in the words of `locale`."""
    match labelled:
        case DeviceLabelled():
            return _device(labelled, locale)
        case BinLabelled():
            return _bin(labelled, locale)
        case DocumentLabelled():
            return _document(labelled, locale)
        case CommandLabelled():
            return _command(labelled, locale)


def labels_of(labelled: Sequence[Labelled], locale: Locale) -> list[Label]:
    """Every label, in order."""
    return [label_of(each, locale) for each in labelled]


def _device(device: DeviceLabelled, locale: Locale) -> Label:
    kind = term("kind", device.kind, locale)
    name = (device.model_name,) if device.model_name not in (kind, device.model) else ()
    return Label(f"{kind}  {device.model}", device.serial, device.serial, name)


def _bin(place: BinLabelled, locale: Locale) -> Label:
    register, condition = term("register", place.register, locale), term("condition", place.condition, locale)
    facts = {"register": register, "condition": condition, "name": place.name}
    words = sentence("label.bin", facts, locale)
    return Label(f"{place.site}  {place.site_name}", place.code, place.code, (words,), large=True)


def _document(document: DocumentLabelled, locale: Locale) -> Label:
    words = term("document", document.type, locale)
    return Label(
        words, document.number, document.number, (f"{document.site_name}  {document.business_date}",)
    )


def _command(command: CommandLabelled, locale: Locale) -> Label:
    heading = term("label", "command", locale)
    words, barcode = term("command", command.command, locale), command_barcode(command.command)
    return Label(heading, barcode, words, (barcode,), large=True)
