"""Handovers over HTTP: frozen, signed by three, cancelled, exported as evidence."""

from __future__ import annotations

from typing import Any

import msgspec

from api.calls import Call, Done, Shown
from api.signing import SignatureAnswer, shown_signature, signing_of
from api.wire.paging import page, sites_asked
from api.writing import at_site_of_body, at_site_of_number
from devices.audit import evidence, signing, vouching
from devices.audit.custody import handovers
from devices.audit.custody.custody_kinds import (
    HANDOVER,
    Handover,
    HandoverState,
)
from devices.journal import open_journals
from devices.listed import listed
from devices.problems import refuse, refuse_foreign
from devices.texts.lengths import Sentence, Word
from devices.values import UNIT, Instant


class HandoverBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who hands a site over to whom, before whom, and why."""

    site: Word
    reason: Sentence
    outgoing: Word
    incoming: Word
    supervisor: Word


class CountAnswer(msgspec.Struct, frozen=True):
    """A sealed stocktake that a handover rests on."""

    register: str
    stocktake: str
    closed_at: Instant
    digest: str


class HandoverAnswer(msgspec.Struct, frozen=True):
    """A handover: what is signed is everything up to `open_items`, by its `digest`.

    `head` is the journal's head as of the opening, `open_items` what was open then, by list. `let_in_by_one` is true
    where one person may have signed for all: they let all in, and nobody else confirmed. `withheld` is the number of
    the blind count that keeps serials in `open_items` from the caller.
    """

    number: str
    site: str
    reason: str
    outgoing: str
    incoming: str
    supervisor: str
    opened_at: Instant
    opened_by: str
    head: dict[str, Any]
    stocktakes: tuple[CountAnswer, ...]
    open_items: dict[str, list[str]]
    digest: str
    state: HandoverState
    completed_at: Instant | None
    note: str | None
    signatures: list[SignatureAnswer]
    let_in_by_one: bool
    withheld: str | None = None


def begin_handover(call: Call) -> Done:
    """Open a handover: freeze what is handed over, for three persons to sign."""
    writer = at_site_of_body(call)
    value = handovers.begin_handover(
        writer, call.unit, **msgspec.structs.asdict(call.body), by=call.who.username
    )
    return Done(201, value.number)


def sign_handover(call: Call) -> Done:
    """Sign a handover as one of its parties; with the third signature the storekeeper's role moves."""
    number = call.path["number"]
    site = visible_handover(call, number)[0].site
    writer = open_journals(call.store, [UNIT, site], call.services.clock())
    handovers.sign_handover(writer, call.unit, number, signing_of(call))
    return Done(201, number)


def cancel_handover(call: Call) -> Done:
    """Give a handover up, as one of its parties or a storekeeper of the site."""
    number = call.path["number"]
    value, _ = visible_handover(call, number)
    if not (_is_party(call, value) or call.who.may((handovers.ROLE_HANDED_OVER,), value.site)):
        raise refuse("role_missing", roles=[handovers.ROLE_HANDED_OVER], site=value.site)
    handovers.cancel_handover(at_site_of_number(call), number, by=call.who.username, note=call.body.reason)
    return Done(200, number)


def visible_handover(call: Call, number: str) -> tuple[Handover, int]:
    """A handover that the caller may see: as a party, who may have no role at the site yet, or as its reader."""
    value, revision = handovers.handover_of(call.store, number)
    if not (_is_party(call, value) or call.who.reads(value.site)):
        raise refuse_foreign()
    return value, revision


def _is_party(call: Call, value: Handover) -> bool:
    return call.who.username in (value.outgoing, value.incoming, value.supervisor)


def show_handover(call: Call, done: Done) -> Shown:
    """One handover, with what is signed and who has."""
    value, revision = visible_handover(call, done.key or call.path["number"])
    return Shown(_handover(call, value), revision)


def list_handovers(call: Call, _: Done) -> Shown:
    """The handovers of the caller's sites, and those the caller is a party of."""
    sites = sites_asked(call)
    found = (
        each
        for each in listed(call.store, HANDOVER, None, call.query.place)
        if sites is None or each.site in sites or (call.query.site is None and _is_party(call, each))
    )
    return page(call, found, HANDOVER.key, lambda each: _handover(call, each))


def show_handover_evidence(call: Call, _: Done) -> Shown:
    """The evidence once it is sealed: the DSSE envelope, the keys, the journal's links and its records, in one file."""
    value, _revision = visible_handover(call, call.path["number"])
    payload = handovers.payload_of(value)
    given = signing.standing(call.store, value.number, payload.digest)
    return Shown(evidence.written(evidence.bundle_of(call.store, payload, given)))


def _handover(call: Call, value: Handover) -> HandoverAnswer:
    statement, payload = handovers.decode_handover(value.payload), handovers.payload_of(value)
    header = statement.header
    given = vouching.standing_vouched(call.store, value.number, payload.digest)
    return HandoverAnswer(
        number=value.number,
        site=value.site,
        reason=header.reason,
        outgoing=value.outgoing,
        incoming=value.incoming,
        supervisor=value.supervisor,
        opened_at=value.opened_at,
        opened_by=value.opened_by,
        head={"journal": header.journal, "seq": header.seq, "hash": header.hash},
        stocktakes=tuple(CountAnswer(*msgspec.structs.astuple(each)) for each in header.stocktakes),
        open_items=statement.open_items,
        digest=payload.digest,
        state=value.state,
        completed_at=value.completed_at,
        note=value.note,
        signatures=[shown_signature(each) for each in given],
        let_in_by_one=vouching.let_in_by_one(given),
    )
