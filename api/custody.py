"""Custody over HTTP: safety inspections, visitors from request to leaving, and handovers between storekeepers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from api.access import site_of_number
from api.calls import Call, Done, Shown
from api.paging import codes_asked, page, sites_asked
from api.signing import SignatureAnswer, session_digest, shown_signature
from devices import records
from devices.audit import evidence, handovers, inspections, signing, visits
from devices.audit.custody import (
    HANDOVER,
    INSPECTION,
    VISIT,
    Handover,
    HandoverState,
    InspectedItem,
    InspectionFinding,
    Stage,
    Visit,
    VisitorData,
    VisitState,
)
from devices.journal import Writer, open_journals
from devices.people import signing_keys
from devices.problems import refuse
from devices.values import UNIT, Instant

Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Day = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class FindingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wrong with an item, the username of who sees to it, and by which day."""

    fault: Sentence
    owner: Code
    due_on: Day


class ItemBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one item of the checklist; one that is not ok needs a finding."""

    item: Code
    ok: bool
    expires_on: Day | None = None
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    finding: FindingBody | None = None


class InspectionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A safety inspection of a site: every item of the checklist once."""

    site: str
    items: Annotated[list[ItemBody], msgspec.Meta(max_length=100)]


class SettlementBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done about the finding of one item."""

    item: Code
    work: Sentence


class VisitBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who is to be let in on a day. The purpose is journalled: no personal data there."""

    site: str
    visit_on: Day
    purpose: Sentence
    name: Line
    organisation: Line
    contact: Line | None = None


class RefusalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a visitor is not let in."""

    reason: Sentence


class EscortBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The storekeeper who stays with a visitor."""

    escort: Code


class HandoverBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who hands a site over to whom, before whom, and why."""

    site: str
    reason: Sentence
    outgoing: Code
    incoming: Code
    supervisor: Code


class VisitAnswer(msgspec.Struct, frozen=True):
    """A visit; `visitor` is null once that was erased, `course` every step in order."""

    number: str
    site: str
    visit_on: str
    purpose: str
    state: VisitState
    visitor: VisitorData | None
    erased: bool
    course: tuple[Stage, ...]


class CountAnswer(msgspec.Struct, frozen=True):
    """A sealed stocktake that a handover rests on."""

    register: str
    stocktake: str
    closed_at: Instant
    digest: str


class HandoverAnswer(msgspec.Struct, frozen=True):
    """A handover: what is signed is everything up to `open_items`, by its `digest`.

    `head` is the journal's head as of the opening, `open_items` what was open then, by list.
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


def _writer_of_number(call: Call) -> Writer:
    return open_journals(call.store, [site_of_number(call.path["number"])], call.at_us)


# --- inspections


def inspect(call: Call) -> Done:
    """Keep a safety inspection: a storekeeper's monthly one, or the auditor's own."""
    writer = open_journals(call.store, [call.body.site], call.at_us)
    items = [_item(each) for each in call.body.items]
    value = inspections.inspect(writer, call.unit, site=call.body.site, items=items, by=call.who)
    return Done(201, value.number)


def _item(body: ItemBody) -> InspectedItem:
    finding = InspectionFinding(**msgspec.structs.asdict(body.finding)) if body.finding else None
    return InspectedItem(body.item, body.ok, body.expires_on, body.note, finding)


def settle(call: Call) -> Done:
    """Say what was done about a finding."""
    number, body = call.path["number"], call.body
    inspections.settle(_writer_of_number(call), number, body.item, body.work, by=call.who)
    return Done(200, number)


def show_inspection(call: Call, done: Done) -> Shown:
    """One inspection with its findings."""
    return Shown(*inspections.inspection_of(call.store, done.key or call.path["number"]))


def list_inspections(call: Call, _: Done) -> Shown:
    """The inspections of the caller's sites, oldest first."""
    found = records.listed(call.store, INSPECTION, sites_asked(call), call.query.place)
    return page(call, found, INSPECTION.key)


# --- visits


def request_visit(call: Call) -> Done:
    """Ask for a visitor to be let in."""
    body = call.body
    writer = open_journals(call.store, [body.site], call.at_us)
    value = visits.request(
        writer,
        call.unit,
        site=body.site,
        visit_on=body.visit_on,
        purpose=body.purpose,
        visitor=VisitorData(body.name, body.organisation, body.contact),
        by=call.who.username,
    )
    return Done(201, value.number)


def taking(step: str, doc: str) -> Callable[[Call], Done]:
    """A function that takes one step of a visit, with what its body says."""

    def write(call: Call) -> Done:
        said = msgspec.structs.asdict(call.body) if call.body is not None else {}
        number = call.path["number"]
        visits.take(_writer_of_number(call), call.unit, number, step, by=call.who.username, **said)
        return Done(200, number)

    write.__doc__ = doc
    return write


def erase_visitor(call: Call) -> Done:
    """Erase for good who a visitor was (个人信息保护法 article 47); the log and the chain stay whole."""
    signing_keys.refuse_waiting(call.store, call.who.username)
    number = call.path["number"]
    visits.erase(_writer_of_number(call), call.unit, number, by=call.who.username)
    return Done(200, number)


def show_visit(call: Call, done: Done) -> Shown:
    """One visit with who comes."""
    value, revision = visits.visit_of(call.store, done.key or call.path["number"])
    return Shown(_visit(call, value), revision)


def list_visits(call: Call, _: Done) -> Shown:
    """The access log of the sites where the caller may read it, oldest first."""
    sites = [site for site in codes_asked(call) if call.who.may(visits.VISIT_READERS, site)]
    found = records.listed(call.store, VISIT, sites, call.query.place)
    return page(call, found, VISIT.key, lambda each: _visit(call, each))


def _visit(call: Call, value: Visit) -> VisitAnswer:
    return VisitAnswer(
        number=value.number,
        site=value.site,
        visit_on=value.visit_on,
        purpose=value.purpose,
        state=value.state,
        visitor=visits.visitor_of(call.store, value.number),
        erased=value.erased,
        course=value.course,
    )


# --- handovers


def begin_handover(call: Call) -> Done:
    """Open a handover: freeze what is handed over, for three persons to sign."""
    writer = open_journals(call.store, [call.body.site], call.at_us)
    value = handovers.begin(writer, call.unit, **msgspec.structs.asdict(call.body), by=call.who.username)
    return Done(201, value.number)


def sign_handover(call: Call) -> Done:
    """Sign a handover as one of its parties; with the third signature the storekeeper's role moves."""
    number = call.path["number"]
    site = visible_handover(call, number)[0].site
    writer = open_journals(call.store, [UNIT, site], call.services.clock())
    handovers.sign(
        writer,
        call.unit,
        number,
        call.body.role,
        call.signing_key,
        by=call.who,
        digest=call.body.digest,
        session=session_digest(call),
        authenticated_at_us=call.at_us,
    )
    return Done(201, number)


def cancel_handover(call: Call) -> Done:
    """Give a handover up, as one of its parties or a storekeeper of the site."""
    number = call.path["number"]
    value, _ = visible_handover(call, number)
    if not (_is_party(call, value) or call.who.may((handovers.ROLE_HANDED_OVER,), value.site)):
        raise refuse("role_missing", roles=[handovers.ROLE_HANDED_OVER], site=value.site)
    handovers.cancel(_writer_of_number(call), number, by=call.who.username, note=call.body.reason)
    return Done(200, number)


def visible_handover(call: Call, number: str) -> tuple[Handover, int]:
    """A handover that the caller may see: as a party, who may have no role at the site yet, or as its reader."""
    value, revision = handovers.handover_of(call.store, number)
    if not (_is_party(call, value) or call.who.reads(value.site)):
        raise refuse("not_found")
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
        for each in records.listed(call.store, HANDOVER, None, call.query.place)
        if sites is None or each.site in sites or (call.query.site is None and _is_party(call, each))
    )
    return page(call, found, HANDOVER.key, lambda each: _handover(call, each))


def show_handover_evidence(call: Call, _: Done) -> Shown:
    """The evidence: the DSSE envelope with every signature, the keys, and the journal's links, in one file."""
    value, _revision = visible_handover(call, call.path["number"])
    payload = handovers.payload_of(value)
    given = signing.standing(call.store, value.number, payload.digest)
    return Shown(evidence.written(evidence.bundle_of(call.store, payload, given)))


def _handover(call: Call, value: Handover) -> HandoverAnswer:
    statement, payload = handovers.decode(value.payload), handovers.payload_of(value)
    header = statement.header
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
        signatures=[
            shown_signature(each) for each in signing.standing(call.store, value.number, payload.digest)
        ],
    )
