"""Consignments over HTTP: what was sent with a waybill, and its papers."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.calls import Call, Done, Shown
from api.resources.records import found_record
from devices import records
from devices.journal import open_journals
from devices.ledger.posting.gather import kept_at
from devices.paperwork.papers import Consignment
from devices.paperwork_kinds import CONSIGNMENT
from devices.problems import refuse
from devices.texts.lengths import Note, Papers


class ConsignmentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be told of a consignment after it was sent: its packages, a note, its papers' digests."""

    packages: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    note: Note = ""
    papers: Papers = ()


def consignment_number(call: Call) -> str:
    """The key of the consignment a path names."""
    return "/".join((call.path["site"], call.path["carrier"], call.path["waybill"]))


def show_consignment(call: Call, _: Done) -> Shown:
    """One consignment with its papers."""
    value, revision = found_record(call, CONSIGNMENT, consignment_number(call))
    return Shown(value, revision)


def replace_consignment(call: Call) -> Done:
    """Tell more of a consignment; its papers must be stored."""
    value, _ = found_record(call, CONSIGNMENT, consignment_number(call))
    for index, digest in enumerate(call.body.papers):
        if not kept_at(call.store, value.site, [digest], lasting=True):
            raise refuse("unknown_attachment", f"/papers/{index}", digest=digest)
    writer = open_journals(call.store, [value.site], call.at_us)
    changed: Consignment = msgspec.structs.replace(value, **msgspec.structs.asdict(call.body))
    records.write(writer, CONSIGNMENT, changed, by=call.who.username, expected=call.if_match)
    return Done(200, value.number)
