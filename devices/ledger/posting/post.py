"""Posting: the only writer of stock. Decide first (see plan), then write one document and its lines, all or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import peewee
from peewee import fn

from devices.journal import Writer, open_journals
from devices.ledger.deciding.case import Case, Move, Plan
from devices.ledger.deciding.drafts import Draft, Reversal
from devices.ledger.deciding.entries import UNNAMED, Entry, unfold
from devices.ledger.deciding.findings import findings_in, without_extras
from devices.ledger.deciding.plan import Rulebook, plan
from devices.ledger.deciding.reversal import plan_reversal
from devices.ledger.posting.consignments import keep_consignment
from devices.ledger.posting.customers import by_number_only, keep_customers
from devices.ledger.posting.gather import gather
from devices.ledger.posting.notices import tell_homes
from devices.ledger.posting.rows import document_digest
from devices.lifecycle import DOCUMENT, UNREVIEWED
from devices.moments.readings import keep_reading
from devices.problems import Fact, Problem, Refused, refuse
from devices.store.database import Store, violated
from devices.store.statements import GIVEN, compiled
from devices.store.tables import columns_of
from devices.store.tables.ledger import (
    Documents,
    Lines,
    LinesElsewhere,
    Positions,
    Reservations,
    Standings,
)
from devices.store.tables.registers import Sites
from devices.store.unusable import driver_error
from devices.unit import Unit

_encode = msgspec.json.Encoder().encode

_SITE_ACTIVE = compiled(Sites.select(Sites.active).where(Sites.code == GIVEN))
_LAST_ORDINAL = compiled(
    Documents.select(fn.MAX(Documents.ordinal)).where(Documents.site == GIVEN, Documents.year == GIVEN)
)
_CITED_SITES = compiled(
    Lines.select(Lines.site)
    .where(Lines.document == GIVEN)
    .union(Lines.select(Lines.from_site).where(Lines.document == GIVEN))
    .union(
        Lines.select(Positions.site)
        .join(Positions, on=(Positions.serial == Lines.serial))
        .where(Lines.document == GIVEN)
    )
)
_CHANGE_POSITION = compiled(
    Positions.update({getattr(Positions, name): GIVEN for name in columns_of(Positions)[1:]}).where(
        Positions.serial == GIVEN, Positions.step == GIVEN
    )
)
"""A position's columns after its serial, in their order, then the serial and the step that it is at before."""


class Poster(msgspec.Struct, frozen=True):
    """On whose word: a person's username, the id of the token they posted through, and the mark of their request."""

    username: str
    token: str | None = None
    request: str | None = None


class Posted(msgspec.Struct, frozen=True):
    """A document that was written: its number, and whether it waits for an auditor before it has any effect."""

    number: str
    status: str


class Decided(msgspec.Struct, frozen=True):
    """A draft with its case and plan; `repeated` are serials that were scanned more than once."""

    draft: Draft
    case: Case[Draft]
    plan: Plan
    repeated: tuple[str, ...]


def post(store: Store, unit: Unit, draft: Draft, *, by: Poster, at_us: int, rulebook: Rulebook) -> Posted:
    """Write one document, within `store.writing()`; one that needs an auditor first becomes a proposal.

    Raises Refused with every problem found; nothing is written then. 409 `race_lost` names a serial that another
    site moved at the same moment.
    """
    writer = open_journals(store, sites_touched(store, draft), at_us)
    return keep_document(writer, unit, decide(store, unit, draft, writer, rulebook), by)


def sites_touched(store: Store, draft: Draft) -> set[str]:
    """The sites whose journals a draft needs held: its own, an arrival's origin, and that of a reversed arrival."""
    field = {"arrival": "dispatch", "reversal": "document"}.get(str(draft.__struct_config__.tag))
    cited: str | None = getattr(draft, field) if field else None
    if cited is None:
        return {draft.site}
    sites = {site for (site,) in store.rows(_CITED_SITES, (cited, cited, cited)) if site}
    return {draft.site, *sites} | ({cited.rsplit("-", 2)[0]} if cited.count("-") >= 2 else set())


def _next_number(store: Store, site: str, year: int) -> tuple[str, int]:
    """The next document number of a site and year, SITE-YEAR-NNNNNN, and its ordinal."""
    row = store.row(_LAST_ORDINAL, (site, year))
    ordinal = int(row[0] or 0) + 1 if row else 1
    return f"{site}-{year}-{ordinal:06d}", ordinal


def decide(
    store: Store,
    unit: Unit,
    draft: Draft,
    writer: Writer,
    rulebook: Rulebook,
    *,
    number: str | None = None,
    own_reservation: str | None = None,
) -> Decided:
    """What a draft comes to now. Raises Refused with every problem found."""
    site = store.row(_SITE_ACTIVE, (draft.site,))
    if site is None or not site[0]:
        raise refuse("inactive_site" if site else "unknown_site", "/site", site=draft.site)
    if number is None:
        number, _ = _next_number(store, draft.site, unit.day_of(writer.now_us).year)
    unfolded = unfold(draft)
    entries = named(unfolded.entries, number)
    case, met = gather(
        store, unit, draft, entries, number=number, now_us=writer.now_us, own_reservation=own_reservation
    )
    if isinstance(draft, Reversal):
        return Decided(draft, case, plan_reversal(case, rulebook), ())
    case = without_extras(case)
    done = plan(case, rulebook, [*unfolded.problems, *met])
    findings = findings_in(case, done)
    return Decided(draft, case, msgspec.structs.replace(done, findings=findings), unfolded.repeated)


def named(entries: Sequence[Entry], number: str) -> tuple[Entry, ...]:
    """The entries, each part without a serial under an internal one: the document's number and its line."""
    return tuple(
        msgspec.structs.replace(entry, serial=f"{number}-{n}") if entry.serial == UNNAMED else entry
        for n, entry in enumerate(entries, 1)
    )


def keep_document(writer: Writer, unit: Unit, decided: Decided, by: Poster) -> Posted:
    """Write a decided document: in effect at once, or as a proposal that reserves its devices."""
    store, case, draft = writer.store, decided.case, decided.draft
    at = at_of(writer, case)
    keep_reading(writer, draft.site)
    proposal = DOCUMENT[case.document].review == "before"
    with races_told(case.entries[0].serial if case.entries else None):
        keep_customers(writer, unit, case, by=by.username)
    keep_consignment(writer, draft, by=by.username)
    year = unit.day_of(writer.now_us).year
    number, ordinal = _next_number(store, draft.site, year)
    tell_homes(writer, unit, case, decided.plan.moves, number, by=by.username)
    content = content_of(decided, with_lines=proposal, request=by.request)
    head = writer.heads[draft.site]
    seq = head.seq + 1 if head else 1
    row = (
        number, draft.site, year, ordinal, case.document, decided.plan.register, draft.business_date,
        at, by.username, by.token, case.cited.number if case.cited else None, draft.answers,
        under_of(draft), content, seq,
    )  # fmt: skip
    lines = [] if proposal else rows_of_lines(writer, decided.plan.moves, case, number, (draft.site, seq))
    writer.append(draft.site, "document", number, document_digest(row, lines))
    store.insert(Documents, [row])
    _keep_standing(store, decided, number, proposal)
    if proposal:
        reserved = [(move.entry.serial, number) for move in decided.plan.moves]
        with races_told():
            store.insert(Reservations, reserved)
        return Posted(number, "pending")
    effect(store, lines, decided.plan.moves)
    return Posted(number, "posted")


def under_of(draft: Draft) -> str | None:
    """The order, manifest or stocktake that a document is posted under."""
    named = (getattr(draft, field, None) for field in ("order", "manifest", "stocktake"))
    return next((number for number in named if number), None)


def at_of(writer: Writer, case: Case[Draft]) -> int:
    """The moment of recording: never before the last line of a device, whichever site's journal holds that."""
    writer.at_us = max([writer.at_us, *(held.recorded_at for held in case.held.values())])
    return writer.at_us


BESIDES_DRAFT = ("request", "cited_link", "repeated", "findings")
"""What a document's content holds besides the draft that it was posted from."""


def content_of(decided: Decided, *, with_lines: bool, request: str | None = None) -> str:
    """What the journal keeps of a draft: nothing personal; its lines only while they are a proposal.

    A document that cites another holds that one's link, so that an arrival's journal vouches for the dispatch's. One
    that a program or page posted holds the mark of its request.
    """
    draft = by_number_only(decided.draft, decided.case.customers)
    content: dict[str, Any] = msgspec.to_builtins(draft)
    if not with_lines:
        content.pop("lines", None)
    if request:
        content["request"] = request
    if decided.case.cited:
        content["cited_link"] = decided.case.cited.link
    if decided.repeated:
        content["repeated"] = list(decided.repeated)
    if decided.plan.findings:
        content["findings"] = dict(decided.plan.findings)
    return _encode(content).decode()


def rows_of_lines(
    writer: Writer, moves: Iterable[Move], case: Case[Draft], number: str, place: tuple[str, int]
) -> list[tuple[Any, ...]]:
    """The line rows of a plan, in order; `place` is the journal link that puts them into effect.

    A line is recorded after the heads of both its sites, so that what a close has counted stays so.
    """
    at, day = at_of(writer, case), case.draft.business_date
    rows = []
    for n, move in enumerate(moves, 1):
        touched = {move.before.site, move.after.site} - {None}
        assert touched <= writer.heads.keys(), "a journal that is not held"
        held, before = case.held.get(move.entry.serial), move.before
        rows.append(
            (
                move.entry.serial, (held.step if held else 0) + 1, number, n, move.type, move.reverses, at, day,
                before.state, before.register, before.site, before.bin,
                *msgspec.structs.astuple(move.after), _encode(move.facts).decode(), *place,
            )
        )  # fmt: skip
    return rows


def effect(store: Store, lines: Sequence[tuple[Any, ...]], moves: Sequence[Move]) -> None:
    """Write the lines of these moves and carry the positions along.

    Raises Refused (`race_lost`) when another site was faster.
    """
    with races_told():
        store.insert(Lines, lines)
        store.insert(LinesElsewhere, elsewhere(lines, moves))
        fresh = []
        for line in lines:
            serial, step = line[0], line[1]
            position = (step, line[2], line[6], line[7], *line[12:-3])
            if step == 1:
                fresh.append((serial, *position))
            elif store.execute(_CHANGE_POSITION, (*position, serial, step - 1)).rowcount != 1:
                raise refuse("race_lost", serial=serial)
        store.insert(Positions, fresh)


def elsewhere(lines: Sequence[tuple[Any, ...]], moves: Sequence[Move]) -> list[tuple[Any, ...]]:
    """The rows that tell whoever answered for a device, before or after, of its lines in another site's journal."""
    rows = []
    for line, move in zip(lines, moves, strict=True):
        journal, seq = line[-2:]
        answering = {move.before.answering_site, move.after.answering_site}
        rows += [(site, journal, seq, line[3]) for site in answering if site not in (None, journal)]
    return rows


@contextmanager
def races_told(named: str | None = None) -> Iterator[None]:
    """Turns a key that another site was first to take into a refusal that names the serial: the key's, or `named`.

    The keys: a serial's next step, its reservation, and (whose key is personal) a customer's next revision.
    """
    try:
        yield
    except peewee.IntegrityError as error:
        if not violated(error).startswith("unique: "):
            raise
        detail = getattr(getattr(driver_error(error), "diag", None), "message_detail", "") or ""
        found = re.search(r"=\(([A-Z0-9-]+)", detail)
        facts: dict[str, Fact] = {"serial": named or (found.group(1) if found else None)}
        raise Refused([Problem("race_lost", "/lines", facts)]) from error


def _keep_standing(store: Store, decided: Decided, number: str, proposal: bool) -> None:
    policy = DOCUMENT[decided.case.document].review
    review = UNREVIEWED.get(policy, "waiting")
    lines = 0 if proposal else len(decided.plan.moves)
    row = (number, decided.draft.site, "pending" if proposal else "posted", review, lines, 0, 1)
    store.insert(Standings, [row])
