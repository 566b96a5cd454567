"""What a scanning page asks before a document is posted: may it take this device, and what does a list stand for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

import msgspec

from api.callers.masking import masked_for
from api.calls import Call, Done, Shown
from api.resources.devices import LOOKUP_LIMIT
from devices import serials
from devices.ledger.posting import checking
from devices.ledger.reading import passport
from devices.lifecycle import DOCUMENT, POSTED
from devices.problems import Problem, refuse
from devices.service.jobs.settling import Settling, settled_by
from devices.texts.lengths import Entries, Scan, Word
from devices.values import Register
from labels.words import detail

POSTED_NAMES = frozenset(document.name for document in POSTED)


class ScanItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scan: the text as scanned, the part the device plays, and the bin, model and register it is given."""

    serial: Scan
    role: Literal["device", "faulty", "spare", "old", "new"] = "device"
    bin: Word | None = None
    model: Word | None = None
    register: Register | None = None


class ChecksBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 500 scans for one document at one site; without a document they are only looked up."""

    site: Word
    scans: Annotated[list[ScanItem], msgspec.Meta(min_length=1, max_length=LOOKUP_LIMIT)]
    document: Word | None = None


class Fault(msgspec.Struct, frozen=True):
    """What is wrong: a stable code, a sentence, and the facts."""

    code: str
    detail: str
    facts: dict[str, Any]


class CheckAnswer(msgspec.Struct, frozen=True):
    """One scan, as asked: its serial, its device where Panku has held it, and why the document may not take it.

    `settles` is the swap that a filed service record waits for, told of its faulty device to whoever may post it.
    """

    asked: str
    serial: str | None = None
    device: passport.Passport | None = None
    fault: Fault | None = None
    settles: Settling | None = None


class ListBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Serials and ranges as people write them, one per line or comma."""

    entries: Entries


class ListAnswer(msgspec.Struct, frozen=True):
    """The serials a list stands for, each once and in order, and everything wrong with it."""

    serials: list[str]
    faults: list[Fault]


def check_devices(call: Call, _: Done) -> Shown:
    """May a document take these devices as they stand? An answer for each, in the order asked."""
    body = call.body
    if body.document is not None and body.document not in POSTED_NAMES:
        raise refuse("malformed_body", "/document", reason=f"no such document: {body.document}")
    recognised = [serials.recognise(each.serial) for each in body.scans]
    known = [
        checking.Scanned(serial, each.role, each.bin, each.model, each.register)
        for each, serial in zip(body.scans, recognised, strict=True)
        if isinstance(serial, str)
    ]
    found = passport.passports(call.store, sorted({each.serial for each in known}))
    shown = {each.serial: each for each in masked_for(call, list(found.values()))}
    problems, settles = iter(_problems(call, known, shown)), _settles(call, shown)
    answers = [
        CheckAnswer(each.serial, fault=_fault(call, serial))
        if isinstance(serial, Problem)
        else CheckAnswer(
            each.serial, serial, shown.get(serial), _fault(call, next(problems)), settles.get(serial)
        )
        for each, serial in zip(body.scans, recognised, strict=True)
    ]
    return Shown(answers)


def _settles(call: Call, serials: Collection[str]) -> dict[str, Settling]:
    """The swaps that these devices wait for at the site, by serial, for whoever may post them."""
    site = call.body.site
    if not call.who.may(DOCUMENT["swap"].posters, site):
        return {}
    return {s: each for s, each in settled_by(call.store, serials).items() if each.site == site}


def _problems(
    call: Call, scans: list[checking.Scanned], shown: Mapping[str, passport.Passport]
) -> list[Problem | None]:
    """What is wrong with each scan: for a document all that can be known of it, else only that it is unknown."""
    document = call.body.document
    if document is None:
        return [None if each.serial in shown else Problem("not_found") for each in scans]
    return checking.check(call.store, document, call.body.site, scans, call.unit.days(call.at_us))


def _fault(call: Call, problem: Problem | None) -> Fault | None:
    if problem is None:
        return None
    return Fault(problem.code, detail(problem, call.locale), dict(problem.facts))


def expand_list(call: Call, _: Done) -> Shown:
    """The serials that a list with ranges stands for, and every fault in it."""
    found = serials.expand_all(call.body.entries)
    faults = [Fault(each.code, detail(each, call.locale), dict(each.facts)) for each in found.problems]
    return Shown(ListAnswer(list(found.serials), faults))
