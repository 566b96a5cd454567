"""Reviews: an auditor approves or rejects, a poster withdraws. An approval runs the rules again, then takes effect.

A rejected document that had its effect at once stays to be resolved: each of its lines reversed, or a later document
that answers it approved, as long as that one is not reversed in turn.
See docs/decisions.md, "Reviewed before, reviewed after".
"""

from __future__ import annotations

from typing import Literal

import msgspec
from peewee import Case, fn

from devices.journal import Writer, open_journals
from devices.ledger.deciding.drafts import AnyDraft, Draft, Reversal
from devices.ledger.deciding.plan import Rulebook
from devices.ledger.posting.post import (
    BESIDES_DRAFT,
    Decided,
    at_of,
    decide,
    effect,
    rows_of_lines,
    sites_touched,
)
from devices.ledger.posting.rows import review_digest
from devices.ledger.reading.posters import posters_of
from devices.moments.readings import keep_reading
from devices.people.signing_keys import refuse_waiting
from devices.problems import refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Links, Reservations, Reviews, Standings
from devices.unit import Unit

Decision = Literal["approve", "reject", "withdraw"]


class Waiting(msgspec.Struct, frozen=True):
    """A document as its review sees it."""

    number: str
    site: str
    type: str
    made_by: str
    cites: str | None
    answers: str | None
    content: str
    hash: str
    status: str
    review: str


_WAITING = compiled(
    Documents.select(
        Documents.number, Documents.site, Documents.type, Documents.made_by, Documents.cites, Documents.answers,
        Documents.content, Links.hash, Standings.status, Standings.review,
    )
    .join(Standings, on=(Standings.document == Documents.number))
    .join_from(
        Documents, Links, on=((Links.site == Documents.site) & (Links.seq == Documents.journal_seq))
    )
    .where(Documents.number == GIVEN)
)  # fmt: skip
_FREE_DEVICES = compiled(Reservations.delete().where(Reservations.document == GIVEN))
_this = Standings.document == GIVEN
_STAND = compiled(
    Standings.update({Standings.status: GIVEN, Standings.review: GIVEN, Standings.resolved: GIVEN}).where(
        _this
    )
)
_STAND_WITH_LINES = compiled(Standings.update({Standings.lines: GIVEN}).where(_this))
_COUNT_REVERSED = compiled(Standings.update({Standings.reversed: Standings.reversed + GIVEN}).where(_this))
_ALL_REVERSED = compiled(
    Standings.update({Standings.status: "reversed", Standings.resolved: 1}).where(
        _this, Standings.reversed == Standings.lines
    )
)
_answer, _answer_stands = Documents.alias("answer"), Standings.alias("answer_stands")
_is_answered = fn.EXISTS(
    _answer.select(_answer.number)
    .join(_answer_stands, on=(_answer_stands.document == _answer.number))
    .where(
        _answer.answers == Standings.document,
        _answer_stands.review == "approved",
        _answer_stands.status != "reversed",
    )
)
_unsettled = (Standings.status == "rejected") & (Standings.lines > 0) & ~_is_answered
_SETTLE = compiled(
    Standings.update({Standings.resolved: Case(None, [(_unsettled, 0)], 1)}).where(
        _this, Standings.review == "rejected"
    )
)


def waiting(store: Store, number: str) -> Waiting:
    """The document of this number. Raises Refused (`not_found`)."""
    row = store.row(_WAITING, (number,))
    if row is None:
        raise refuse("not_found")
    return msgspec.convert(dict(zip(Waiting.__struct_fields__, row, strict=True)), Waiting)


def review(
    store: Store,
    unit: Unit,
    number: str,
    decision: Decision,
    *,
    by: str,
    reason: str | None,
    at_us: int,
    rulebook: Rulebook,
) -> None:
    """Decide on a document, within `store.writing()`.

    Raises Refused: `own_document` to whoever posted it or what it reverses or answers, `key_not_confirmed` while the
    reviewer's signing key waits, `not_waiting`, `reason_required` for a rejection, and whatever the rules now say
    against a proposal.
    """
    found = waiting(store, number)
    draft = draft_of(found)
    writer = open_journals(store, sites_touched(store, draft), at_us)
    found = waiting(store, number)  # again, now that nobody else can decide
    _refuse_review(store, found, decision, by, reason)
    decided = None
    if decision == "approve" and found.status == "pending":
        decided = decide(store, unit, draft, writer, rulebook, number=number, own_reservation=number)
    _keep(writer, found, decision, by, reason, decided)


def reject(writer: Writer, number: str, *, by: str, reason: str) -> None:
    """Reject a proposal whose devices something else has settled, with its journal held already."""
    found = waiting(writer.store, number)
    assert found.status == "pending", "only a proposal has reserved devices"
    _keep(writer, found, "reject", by, reason, None)


def draft_of(found: Waiting) -> Draft:
    """The draft a document was posted from; without its lines once they took effect."""
    content = msgspec.json.decode(found.content)
    kept = {key: value for key, value in content.items() if key not in BESIDES_DRAFT}
    if found.status != "pending":
        return Draft(site=found.site, business_date=content["business_date"])
    draft: Draft = msgspec.convert(kept, AnyDraft)
    return draft


def _refuse_review(store: Store, found: Waiting, decision: Decision, by: str, reason: str | None) -> None:
    facts = {"document": found.number}
    if decision == "withdraw":
        if found.made_by != by:
            raise refuse("only_poster_withdraws", **facts)
        if found.status != "pending":
            raise refuse("not_withdrawable", **facts)
        return
    if by in posters_of(store, found):
        raise refuse("own_document", **facts)
    refuse_waiting(store, by)
    if found.review != "waiting":
        raise refuse("not_waiting", **facts, status=found.status)
    if decision == "reject" and not (reason or "").strip():
        raise refuse("reason_required", "/reason")


def _keep(
    writer: Writer, found: Waiting, decision: Decision, by: str, reason: str | None, decided: Decided | None
) -> None:
    store = writer.store
    at = at_of(writer, decided.case) if decided else writer.at_us
    keep_reading(writer, found.site)
    head = writer.heads[found.site]
    assert head is not None, "a document without a journal"
    place = (found.site, head.seq + 1)
    lines = rows_of_lines(writer, decided.plan.moves, decided.case, found.number, place) if decided else []
    row = (found.number, decision, reason, by, at, found.hash, *place)
    writer.append(found.site, "review", found.number, review_digest(row, lines))
    store.insert(Reviews, [row])
    if found.status == "pending":
        store.execute(_FREE_DEVICES, (found.number,))
    if decided:
        effect(store, lines, decided.plan.moves)
    _stand(store, found, decision, len(lines))
    if isinstance(decided and decided.draft, Reversal) and found.cites:
        _stand_reversed(store, found.cites, len(lines))
        _settle(store, waiting(store, found.cites).answers)
    if decision == "approve":
        _settle(store, found.answers)


def _stand(store: Store, found: Waiting, decision: Decision, lines: int) -> None:
    pending = found.status == "pending"
    review = {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn"}[decision]
    status = {
        "approve": "posted" if pending else found.status,
        "reject": "rejected",
        "withdraw": "withdrawn",
    }[decision]
    unresolved = decision == "reject" and not pending and found.status != "reversed"
    if decision == "reject" and found.status == "reversed":
        status = "reversed"
    store.execute(_STAND, (status, review, 0 if unresolved else 1, found.number))
    if lines:
        store.execute(_STAND_WITH_LINES, (lines, found.number))


def _stand_reversed(store: Store, number: str, count: int) -> None:
    store.execute(_COUNT_REVERSED, (count, number))
    store.execute(_ALL_REVERSED, (number,))


def _settle(store: Store, answered: str | None) -> None:
    """A rejected document is resolved while an approved answer to it stands; one that is reversed no longer does."""
    if answered is not None:
        store.execute(_SETTLE, (answered,))
