"""Reversal (冲销): which lines of a document can still be undone, and the positions they go back to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from devices import serials
from devices.ledger.deciding.case import Case, Cited, Dated, Move, PastLine, Plan
from devices.ledger.deciding.drafts import Draft, Reversal
from devices.ledger.deciding.entries import PARTNERS, Entry
from devices.ledger.deciding.plan import Rulebook
from devices.ledger.deciding.positions import lasts
from devices.lifecycle import ROLES
from devices.problems import Problem, Refused
from devices.values import NOWHERE, RECEIVABLE, Position


def plan_reversal(case: Case[Draft], rulebook: Rulebook) -> Plan:
    """Decide a reversal. Raises Refused with every problem found."""
    draft = case.draft
    assert isinstance(draft, Reversal), "not a reversal"
    problems = _of_document(case, draft)
    if problems or case.cited is None:
        raise Refused(problems)
    moves: list[Move] = []
    for entry in _wanted(draft, case.cited, case.trails, problems):
        undone = _undo(case, case.cited, entry)
        if isinstance(undone, Problem):
            problems.append(undone)
        else:
            moves.append(undone)
    problems += _partners(case.cited, moves)
    case = replace(case, entries=tuple(move.entry for move in moves))
    for rule in (*rulebook.get("every", ()), *rulebook.get("reversal", ())):
        problems.extend(rule(case, moves))
    if problems:
        raise Refused(problems)
    return Plan(case.cited.register if case.cited else None, tuple(moves))


def _of_document(case: Case[Draft], draft: Reversal) -> list[Problem]:
    cited = case.cited
    if cited is None:
        return [Problem("unknown_document", "/document", {"document": draft.document})]
    facts = {"document": cited.number}
    if cited.type == "reversal":
        return [Problem("not_reversible", "/document", {**facts, "type": cited.type})]
    if not cited.lines:
        return [Problem("cited_not_posted", "/document", {**facts, "status": cited.status})]
    return []


def _wanted(draft: Reversal, cited: Cited, trails: object, problems: list[Problem]) -> list[Entry]:
    """The entries a reversal names: its serials, or every line of the document that still stands."""
    if draft.serials is None:
        undone = {serial for serial, line in cited.lines.items() if is_reversed(line, trails)}
        standing = [serial for serial in cited.lines if serial not in undone] or list(cited.lines)
        return [Entry("/document", "device", serial, draft) for serial in standing]
    entries = []
    for index, text in enumerate(dict.fromkeys(draft.serials)):
        found = serials.recognise(text, f"/serials/{index}")
        if isinstance(found, Problem):
            problems.append(found)
        elif found not in cited.lines:
            problems.append(
                Problem("not_a_line", f"/serials/{index}", {"serial": found, "document": cited.number})
            )
        else:
            entries.append(Entry(f"/serials/{index}", "device", found, draft))
    return entries


def is_reversed(line: PastLine, trails: object) -> bool:
    """Whether a line has been undone by a later one: its own reversal, or that of a line before it."""
    assert isinstance(trails, dict), "trails by serial"
    trail = trails.get(line.serial, ())
    return all(standing.step != line.step for standing in standing_lines(trail))


def standing_lines(trail: Sequence[PastLine]) -> list[PastLine]:
    """A device's lines without those that were undone, and without the reversals; oldest first."""
    standing: list[PastLine] = []
    for line in trail:
        if line.reverses is None:
            standing.append(line)
        else:
            standing = [earlier for earlier in standing if earlier.step < line.reverses]
    return standing


def last_dated(trail: Sequence[PastLine], today: str) -> Dated:
    """The day that a device's next line may not lie before, where its last line is dated after today (an ISO date).

    What was dated ahead and undone since is as if it had not been; see docs/decisions.md, "A moment in the future is
    none".
    """
    standing = {line.step for line in standing_lines(trail)}
    counted = [line for line in trail if line.step in standing or line.business_date <= today]
    last = max(counted, key=lambda line: (line.business_date, line.step), default=None)
    return Dated(last.business_date, last.document) if last else Dated("", "")


def position_before(line: PastLine, trail: Sequence[PastLine]) -> Position:
    """Where its device was before a line that still stands: to there a reversal gives it back."""
    earlier = [past for past in standing_lines(trail) if past.step < line.step]
    return earlier[-1].position if earlier else NOWHERE


def _undo(case: Case[Draft], cited: Cited, entry: Entry) -> Move | Problem:
    """The move that undoes one line, or why it can not be undone.

    A device must have no later unreversed line but moves; it goes back to where it was before the line. A serial
    that was new then becomes `void`.
    """
    line = cited.lines[entry.serial]
    trail = case.trails.get(entry.serial, ())
    facts = {"serial": entry.serial, "document": cited.number}
    if is_reversed(line, case.trails):
        return Problem("already_reversed", entry.pointer, facts)
    standing = standing_lines(trail)
    later = [past for past in standing if past.step > line.step and past.type != "move"]
    if later:
        return Problem("later_lines", entry.pointer, {**facts, "later": [past.document for past in later]})
    before = case.position(entry.serial)
    after = position_before(line, trail)
    if after.state in RECEIVABLE:
        after = voided(case, before, after)
    return Move(entry, None, before, after, line.type, line.step, {})


def voided(case: Case[Draft], before: Position, earlier: Position) -> Position:
    """A serial whose receipt was undone, free for any book, as the receipt may have been into the wrong one.

    One that had been returned keeps what binds it still: the book it left, and a mark that lasts.
    """
    mark = earlier.mark if lasts(earlier.mark) else None
    return Position(
        state="void",
        model=before.model,
        responsible_site=case.draft.site,
        left_book=earlier.left_book,
        mark=mark,
    )


def partner_of(serial: str, facts: Mapping[str, Any]) -> str | None:
    """The serial that a line moved together with its own, by what it says: of a swap or a factory exchange."""
    named = (serials.trimmed(other) for name in PARTNERS if (other := facts.get(name)))
    return next((other for other in named if other != serial), None)


def _partners(cited: Cited, moves: Sequence[Move]) -> list[Problem]:
    """A swap is undone for both its devices or for neither."""
    undone = {move.entry.serial for move in moves}
    problems = []
    for move in moves:
        partner = partner_of(move.entry.serial, cited.lines[move.entry.serial].facts)
        if cited.type in ROLES and partner and partner not in undone:
            facts = {"serial": move.entry.serial, "partner": partner}
            problems.append(Problem("pair_incomplete", move.entry.pointer, facts))
    return problems
