"""Safety inspections over HTTP: made over the checklist, their findings settled."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.calls import Call, Done, Shown
from api.wire.paging import page, sites_asked
from api.writing import at_site_of_body, at_site_of_number
from devices.audit.custody import inspections
from devices.audit.custody.custody_kinds import (
    INSPECTION,
    InspectedItem,
    InspectionFinding,
)
from devices.listed import listed
from devices.texts.lengths import Note, Sentence, Word


class FindingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong with an item, the username of who sees to it, and by which day."""

    fault: Sentence
    owner: Word
    due_on: Word


class ItemBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one item of the checklist; one that is not ok needs a finding."""

    item: Word
    ok: bool
    expires_on: Word | None = None
    note: Note = ""
    finding: FindingBody | None = None


class InspectionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A safety inspection of a site: every item of the checklist once."""

    site: Word
    items: Annotated[list[ItemBody], msgspec.Meta(max_length=100)]


class SettlementBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done about the finding of one item."""

    item: Word
    work: Sentence


def inspect(call: Call) -> Done:
    """Keep a safety inspection: a storekeeper's monthly one, or the auditor's own."""
    writer = at_site_of_body(call)
    items = [_item(each) for each in call.body.items]
    value = inspections.make_inspection(writer, call.unit, site=call.body.site, items=items, by=call.who)
    return Done(201, value.number)


def _item(body: ItemBody) -> InspectedItem:
    finding = InspectionFinding(**msgspec.structs.asdict(body.finding)) if body.finding else None
    return InspectedItem(body.item, body.ok, body.expires_on, body.note, finding)


def settle(call: Call) -> Done:
    """Say what was done about a finding."""
    number, body = call.path["number"], call.body
    inspections.settle_finding(at_site_of_number(call), number, body.item, body.work, by=call.who)
    return Done(200, number)


def show_inspection(call: Call, done: Done) -> Shown:
    """One inspection with its findings."""
    return Shown(*inspections.inspection_of(call.store, done.key or call.path["number"]))


def list_inspections(call: Call, _: Done) -> Shown:
    """The inspections of the caller's sites, oldest first."""
    found = listed(call.store, INSPECTION, sites_asked(call), call.query.place)
    return page(call, found, INSPECTION.key)
