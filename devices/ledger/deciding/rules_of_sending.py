"""The rules of what is sent and comes back: carriers, waybills, and the dispatch that is cited. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devices.ledger.deciding.case import Case, Cited, Move
from devices.ledger.deciding.drafts import Arrival, Dispatch, Draft, Sending, TransitLoss, destination_of
from devices.ledger.deciding.reversal import standing_lines
from devices.lifecycle import RANK, STEPS
from devices.problems import Problem

_Problems = Iterator[Problem]
_Moves = Sequence[Move]


def carrier_is_approved(case: Case[Sending], moves: _Moves) -> _Problems:
    """Only carriers on the approved list carry devices."""
    carrier: str = case.draft.carrier
    if carrier not in case.carriers:
        yield Problem("unknown_carrier", "/carrier", {"carrier": carrier})
    elif not case.carriers[carrier]:
        yield Problem("inactive_carrier", "/carrier", {"carrier": carrier})


def waybill_goes_to_one_place(case: Case[Draft], moves: _Moves) -> _Problems:
    """What a carrier takes under one number goes to one destination: a site, the maker or the supplier."""
    known, draft = case.consignment, case.draft
    if known is not None and isinstance(draft, Sending) and known.destination != destination_of(draft):
        facts = {"consignment": known.waybill, "carrier": known.carrier, "destination": known.destination}
        yield Problem("consignment_elsewhere", "/consignment_number", facts)


def destination_is_another_site(case: Case[Dispatch], moves: _Moves) -> _Problems:
    """A transfer goes to another site in use."""
    destination: str = case.draft.destination
    if destination == case.draft.site:
        yield Problem("same_destination", "/destination", {"site": destination})
    elif destination not in case.sites:
        yield Problem("unknown_site", "/destination", {"site": destination})
    elif not case.sites[destination]:
        yield Problem("inactive_site", "/destination", {"site": destination})


def cited_dispatch(case: Case[Draft], field: str, *types: str) -> _Problems:
    """The cited document is one the site may know of (see `may_be_cited`), has one of `types`, and stands."""
    name = getattr(case.draft, field)
    cited = case.cited
    if cited is None:
        yield Problem("unknown_document", f"/{field}", {"document": name})
    elif cited.type not in types:
        yield Problem("cited_wrong_type", f"/{field}", {"document": name, "type": cited.type})
    elif cited.status in ("pending", "withdrawn", "reversed") or (
        cited.status == "rejected" and cited.type == "opening"
    ):
        yield Problem("cited_not_posted", f"/{field}", {"document": name, "status": cited.status})


def may_be_cited(draft: Draft, cited: Cited) -> bool:
    """Whether a draft's site knows of a document: it is its own, or a dispatch addressed to it that now arrives."""
    if cited.site == draft.site:
        return True
    addressed = cited.type == "dispatch" and cited.content.get("destination") == draft.site
    return addressed and isinstance(draft, Arrival)


AWAY = ("in_transit", "at_factory")
SENDS = {step.document for step in STEPS if step.after in AWAY and step.before != step.after}
"""The documents that send devices away."""


def sent_last_by_the_cited(case: Case[Draft], moves: _Moves) -> _Problems:
    """A device comes back from where it was last sent, not from an earlier dispatch that it has come back from."""
    for move in moves:
        sent = [line for line in standing_lines(case.trails.get(move.entry.serial, ())) if line.type in SENDS]
        if case.cited and sent and sent[-1].document != case.cited.number:
            facts = {"serial": move.entry.serial, "cited": case.cited.number, "document": sent[-1].document}
            yield Problem("sent_again", move.entry.pointer, facts)


def arrives_where_sent(case: Case[Draft], moves: _Moves) -> _Problems:
    """An arrival cites its dispatch, at the destination, and is never better than what was sent."""
    yield from cited_dispatch(case, "dispatch", "dispatch", "opening")
    cited = case.cited
    if cited and cited.type == "dispatch" and cited.content.get("destination") != case.draft.site:
        yield Problem("other_destination", "/dispatch", {"document": cited.number, "site": case.draft.site})
    for move in moves:
        left, state = move.before.left_state or "", move.after.state
        facts = {"serial": move.entry.serial}
        if state != left and not (
            state in RANK and left in RANK and RANK[state] < RANK[left] and state != "faulty"
        ):
            yield Problem("better_than_sent", move.entry.pointer, {**facts, "left": left})
        if move.entry.item.damaged and left == "in_stock" and state != "quarantined":
            yield Problem("damaged_needs_quarantine", move.entry.pointer, facts)


def lost_with_its_consignment(case: Case[TransitLoss], moves: _Moves) -> _Problems:
    """A device is lost with the consignment that it was dispatched with."""
    given: str = case.draft.consignment_number
    for move in moves:
        sent = case.waybills.get(move.entry.serial, given)
        if sent != given:
            facts = {"serial": move.entry.serial, "consignment": given, "sent": sent}
            yield Problem("consignment_differs", move.entry.pointer, facts)
