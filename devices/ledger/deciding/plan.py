"""The decision: a draft and its case become a plan of lines, or a refusal with every problem. Pure.

Everything is refused here or never: after a plan exists, writing it must succeed or lose a race.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from devices.ledger.deciding.case import Case, Move, Plan
from devices.ledger.deciding.drafts import Draft
from devices.ledger.deciding.entries import Entry
from devices.ledger.deciding.positions import position_after
from devices.lifecycle import EXCHANGE_STATE, FROM, Step, starts_of
from devices.problems import Fact, Problem, Refused
from devices.values import BIN_STATE, BOOKS, NEW, RECEIVABLE, STATE, Bin, Position, Register

Rule = Callable[[Case[Any], Sequence[Move]], Iterable[Problem]]
Rulebook = Mapping[str, tuple[Rule, ...]]
"""The rules of each document beyond its steps, by document type; `every` holds those of all."""

TOUCHES = {"swap": {"spare", "custody"}}
"""The one document that may touch two registers, since a customer's faulty device joins the spare book."""


def plan(case: Case[Draft], rulebook: Rulebook, before_rules: Iterable[Problem] = ()) -> Plan:
    """Decide what a draft does. Raises Refused with every problem found, in the order of the lines."""
    problems = list(before_rules)
    moves = []
    for entry in case.entries:
        decided = _decide(case, entry)
        if isinstance(decided, Move):
            moves.append(decided)
        else:
            problems.extend(decided)
    for rule in (*rulebook.get("every", ()), *rulebook.get(case.document, ())):
        problems.extend(rule(case, moves))
    registers = registers_of(moves)
    if len(registers) > 1 and not registers <= TOUCHES.get(case.document, set()):
        problems.extend(_mixed(moves, sorted(registers)))
    if not case.entries and not problems:  # an arrival of nothing but serials that nobody had sent
        problems.append(Problem("no_lines", "/lines"))
    if problems:
        raise Refused(problems)
    return Plan(book_of(registers), tuple(moves))


def _mixed(moves: Sequence[Move], registers: list[str]) -> Iterable[Problem]:
    """Every device that is of another register than the first: of a document's many, which ones to take out."""
    first = registers_of([next(move for move in moves if registers_of([move]))])
    for move in moves:
        if registers_of([move]) - first:
            facts: dict[str, Fact] = {"serial": move.entry.serial, "registers": registers}
            yield Problem("mixed_registers", move.entry.pointer, facts)


def registers_of(moves: Iterable[Move]) -> set[str]:
    """Every register that the moves leave or enter."""
    return {r for move in moves for r in (move.before.register, move.after.register) if r is not None}


def book_of(registers: set[str]) -> str | None:
    """The one register a document belongs to: of a swap the spare book, None where no register is touched."""
    books = registers & set(BOOKS)
    return next(iter(books or registers), None)


def _decide(case: Case[Draft], entry: Entry) -> Move | list[Problem]:
    """The one step that a draft's entry takes, or why there is none."""
    found = step_of(case, entry)
    if isinstance(found, list):
        return found
    before, (step, target) = case.position(entry.serial), found
    after = position_after(case, entry, step, before, target, register_after(case, entry, step, before))
    facts = msgspec.to_builtins(entry.item)
    kept = {key: value for key, value in facts.items() if key not in ("serial", "bin", "customer")}
    return Move(entry, step, before, after, case.document, None, kept)


def step_of(case: Case[Draft], entry: Entry) -> tuple[Step, Bin | None] | list[Problem]:
    """The declared step that a device takes from where it is, with the bin it goes to; or why there is none."""
    before = case.position(entry.serial)
    if not FROM.get((case.document, entry.role, before.state)):
        return [_no_step(case, entry, before)]
    fitting = steps_from(case.document, entry.role, before)
    if not fitting:
        facts = {"serial": entry.serial, "register": before.register, "document": case.document}
        return [Problem("wrong_register", entry.pointer, facts)]
    return _by_place(case, entry, before, fitting)


def steps_from(document: str, role: str, before: Position) -> list[Step]:
    """The steps that a document has for a device as it stands, in the lifecycle's order."""
    steps = FROM.get((document, role, before.state), ())
    return [step for step in steps if before.register in step.registers]


def step_into(steps: Sequence[Step], state: str | None) -> Step | None:
    """Of a device's steps the one into a bin whose devices are in this state; without one, that which needs no bin."""
    if state is None:
        return next((step for step in steps if STATE[step.after].place != "bin"), None)
    return next((step for step in steps if step.after == state), None)


def _no_step(case: Case[Draft], entry: Entry, before: Position) -> Problem:
    starts = starts_of(case.document, entry.role)
    held = case.held.get(entry.serial)
    if before.state == NEW:
        return Problem("unknown_device", entry.pointer, {"serial": entry.serial, "document": case.document})
    cited = held.document if held else None
    if set(starts) == set(RECEIVABLE):
        facts = {"serial": entry.serial, "state": before.state, "cited": cited}
        return Problem("already_held", entry.pointer, facts)
    known = [state for state in starts if state not in RECEIVABLE]
    return Problem(
        "wrong_state",
        entry.pointer,
        {
            "serial": entry.serial,
            "state": before.state,
            "document": case.document,
            "allowed": known,
            "cited": cited,
        },
    )


def _by_place(
    case: Case[Draft], entry: Entry, before: Position, steps: Sequence[Step]
) -> tuple[Step, Bin | None] | list[Problem]:
    """Among the steps a device may take, the one that its bin decides, or the one without a bin."""
    if case.document == "opening":
        steps = [step for step in steps if step.after == entry.item.state]
        if not steps:
            return [
                Problem(
                    "state_of_opening", entry.pointer, {"serial": entry.serial, "state": entry.item.state}
                )
            ]
    elif case.document == "factory_exchange" and entry.role == "new":
        steps = _steps_of_exchange(case, entry, steps)
    binned = [step for step in steps if STATE[step.after].place == "bin"]
    loose = step_into(steps, None)
    if entry.bin is None or not binned:
        if entry.bin_of_line is not None and not entry.partner:
            return [Problem("bin_not_wanted", entry.pointer, {"serial": entry.serial, "bin": entry.bin})]
        if loose is None:
            return [Problem("bin_required", entry.pointer, {"serial": entry.serial})]
        return loose, None
    return _by_bin(case, entry, before, binned)


def _steps_of_exchange(case: Case[Draft], entry: Entry, steps: Sequence[Step]) -> list[Step]:
    old = case.position(entry.partner or "")
    return [step for step in steps if EXCHANGE_STATE.get(old.register, "in_stock") == step.after]


def _by_bin(
    case: Case[Draft], entry: Entry, before: Position, steps: Sequence[Step]
) -> tuple[Step, Bin] | list[Problem]:
    facts = {"serial": entry.serial, "bin": entry.bin}
    target = case.bins.get(entry.bin or "")
    if target is None:
        return [Problem("unknown_bin", entry.pointer, {"bin": entry.bin, "site": case.draft.site})]
    if not target.active:
        return [Problem("inactive_bin", entry.pointer, {"bin": entry.bin, "site": case.draft.site})]
    expected = register_after(case, entry, steps[0], before)
    if expected is None:
        return [Problem("never_ours", entry.pointer, {"serial": entry.serial})]
    if target.register != expected:
        wrong = {**facts, "register": target.register, "expected": expected}
        return [Problem("bin_of_other_register", entry.pointer, wrong)]
    state = BIN_STATE[target.register, target.condition]
    step = step_into(steps, state)
    if step is None:
        wrong = {**facts, "condition": target.condition, "document": case.document}
        return [Problem("bin_of_other_condition", entry.pointer, wrong)]
    return step, target


def register_after(case: Case[Draft], entry: Entry, step: Step, before: Position) -> Register | None:
    """The register a step leads to; None where it leads out, or where a device was never in a book of ours."""
    partner = case.position(entry.partner or "").register
    return register_by(step, before, given=given_register(case, entry), partner=partner)


def register_by(
    step: Step, before: Position, *, given: Register | None, partner: Register | None = None
) -> Register | None:
    """The register a step leads to, by what its document gives and what its partner is in."""
    match step.becomes:
        case "same":
            return before.register
        case "left":
            return before.left_book
        case "partner":
            return partner
        case "given":
            return given
        case fixed:
            return fixed


def given_register(case: Case[Draft], entry: Entry) -> Register | None:
    """The register that the document, or the line of an opening, names."""
    given: Register | None = getattr(case.draft, "register", None) or getattr(entry.item, "register", None)
    if given is None and case.document == "opening" and entry.bin and entry.bin in case.bins:
        return case.bins[entry.bin].register
    return given
