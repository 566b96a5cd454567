"""The lifecycle's table, taken whole: what it declares can be done, what it leaves out is refused by name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from typing import Any

import msgspec
import peewee
import pytest

from devices.calendar import BookDays
from devices.ledger.deciding.case import Case, Known, Move
from devices.ledger.deciding.drafts import DRAFTS, Draft, Shortage
from devices.ledger.deciding.entries import Entry, Held
from devices.ledger.deciding.plan import plan
from devices.ledger.deciding.positions import OWN
from devices.lifecycle import DOCUMENTS, EXCHANGE_STATE, FROM, POSTED, STEPS, Step, roles_of, starts_of
from devices.paperwork.dispatches import DispatchOrder
from devices.problems import Refused
from devices.store.database import Store
from devices.texts.lengths import Word
from devices.values import (
    BIN_STATE,
    CONDITIONS,
    NEW,
    NOWHERE,
    RECEIVABLE,
    REGISTERS,
    STATE,
    STATES,
    Bin,
    Position,
    Register,
)
from panku.wiring import RULEBOOK

SITE, DAY, SERIAL, OTHER = "BJ01", "2026-11-24", "661565714353", "661565720011"
DAYS = BookDays(date(2025, 11, 1), date(2026, 11, 24))
BINS = {f"{register}/{condition}": Bin(SITE, f"{register}/{condition}", register, condition)
        for register, condition in BIN_STATE}  # fmt: skip
CUSTOMER = Known("C-BJ01-000001", "110101199003077", "older", "惠民便利店")
ORDER = DispatchOrder(
    "D-BJ01-000001", SITE, None, (OTHER,), ("repair",), "坏", 0, 0, "zhang", technician="wang"
)
PLACES: list[tuple[str, Register | None]] = [
    (NEW, None),
    *((state.name, register) for state in STATES for register in state.registers or (None,)),
]
PARTS = [(d.name, role) for d in DOCUMENTS if d.name != "reversal" for role in roles_of(d.name)]


def conditions_of(state: str, register: Register) -> list[str]:
    """The bins' conditions in which a device of a register is in a state."""
    return [condition for (book, condition), name in BIN_STATE.items() if (book, name) == (register, state)]


def placed(state: str, register: Register | None, left: str | None = None) -> Position:
    """A position of a state and register with exactly the columns they ask for."""
    if state == NEW:
        return NOWHERE
    place = STATE[state].place
    code = f"{register}/{conditions_of(state, register)[0]}" if place == "bin" and register else None
    return Position(
        state=state,
        register=register,
        site=SITE if register else None,
        bin=code,
        condition=BINS[code].condition if code else None,
        party="party" if place == "party" else None,
        customer=CUSTOMER.number if place == "customer" or register == "custody" else None,
        responsible_site=SITE,
        model="TCG-01",
        left_state={"custody": "in_repair"}.get(register or "", "in_stock") if place == "party" else None,
        left_book=left,  # type: ignore[arg-type]
    )


FIELDS: dict[str, Any] = {
    "supplier": "厂", "delivery_note": "D", "model": "TCG-01", "reason": "损", "inspection": "好", "carrier": "SF",
    "destination": "TJ01", "consignment_number": "W", "dispatch": "BJ01-2026-000001", "claim": "赔",
    "customer": {"number": CUSTOMER.number}, "application": "A", "fault": "坏", "diagnosis": "d", "work": "w",
    "completed_at": "2026-11-24T10:00:00+08:00", "order": ORDER.number, "terms": "free", "maker": "厂",
    "result": "修复", "tax_document": "T", "report_number": "R", "found": "角落", "consent": "同意",
}  # fmt: skip


def case_of(
    document: str,
    role: str,
    before: Position,
    *,
    bin_code: str | None = None,
    partner: Position = NOWHERE,
    register: Register | None = None,
    state: str = "in_stock",
) -> Case[Draft]:
    """A draft of one device in a made-up position; the other device of a swap or exchange is in `partner`."""
    form = DRAFTS.get(document, Shortage)  # which nobody posts
    body = {"type": document, "site": SITE, "business_date": DAY}
    body |= {name: FIELDS[name] for name in form.__struct_fields__ if name in FIELDS}
    if document == "shortage":
        body["stocktake"] = "S-BJ01-000001"
    if document == "receipt":
        body["register"] = register or "spare"
    if document == "surrender":
        body["reason"] = "deregistration"
    roles = roles_of(document)
    names = {"serial": SERIAL} if role == "device" else {role: SERIAL, _other(roles, role): OTHER}
    line: dict[str, Any] = {**names}
    if document == "carry_out":
        line["faulty"] = OTHER
    if document == "shortage":
        line["finding"] = f"S-BJ01-000001/{SERIAL}"
    if document == "adoption":
        line["model"] = "TCG-01"
    if document == "opening":
        line |= {"model": "TCG-01", "state": state, "register": register, "party": "party"}
        line |= {"customer": {"number": CUSTOMER.number}}
    draft = msgspec.convert({**body, "lines": [line]}, form)
    item = draft.lines[0]  # type: ignore[attr-defined]
    entry = Entry("/lines/0", role, SERIAL, item, bin_code, bin_code, OTHER if role != "device" else None)
    held = {
        serial: Held(position, 1, "BJ01-2026-000001", 0, DAY)
        for serial, position in ((SERIAL, before), (OTHER, partner))
        if position.state != NEW
    }
    return Case(
        draft=draft, document=document, number="BJ01-2026-000002", days=DAYS, entries=(entry,),
        sites={SITE: True, "TJ01": True}, bins=BINS, models={}, held=held,
        customers={CUSTOMER.number: CUSTOMER}, order=ORDER,
    )  # fmt: skip


def _other(roles: tuple[str, ...], role: str) -> str:
    return next(name for name in roles if name != role)


def expected_refusal(document: str, role: str, state: str) -> str:
    """What a step that the table does not have is refused as."""
    if state == NEW:
        return "unknown_device"
    return "already_held" if set(starts_of(document, role)) == set(RECEIVABLE) else "wrong_state"


UNDECLARED = [
    (document, role, state, register)
    for (document, role), (state, register) in itertools.product(PARTS, PLACES)
    if not FROM.get((document, role, state))
]
WRONG_REGISTER = [
    (document, role, state, register)
    for (document, role), (state, register) in itertools.product(PARTS, PLACES)
    if (steps := FROM.get((document, role, state), ())) and not any(register in s.registers for s in steps)
]


def refused_as(document: str, role: str, state: str, register: Register | None) -> list[tuple[str, object]]:
    """What a document is refused as over a device in a place, with the serials named; empty where it is taken."""
    try:
        plan(case_of(document, role, placed(state, register)), {})
    except Refused as refused:
        return [(problem.code, problem.facts.get("serial")) for problem in refused.problems]
    return []


def test_a_step_that_is_not_declared_is_refused_by_name() -> None:
    told = {pair: refused_as(*pair) for pair in UNDECLARED}
    wanted = {pair: [(expected_refusal(*pair[:3]), SERIAL)] for pair in UNDECLARED}
    assert {pair: told[pair] for pair in UNDECLARED if told[pair] != wanted[pair]} == {}
    assert len(UNDECLARED) > len(PARTS)


def test_a_device_of_another_register_is_refused_by_name() -> None:
    told = {pair: refused_as(*pair) for pair in WRONG_REGISTER}
    assert {pair: found for pair, found in told.items() if found != [("wrong_register", SERIAL)]} == {}
    assert WRONG_REGISTER


def registers_after(step: Step, before: Register | None) -> Iterator[Register | None]:
    """Every register that a step can lead to from one."""
    if step.becomes == "same":
        yield before
    elif step.becomes in ("given", "left", "partner"):
        books: tuple[Register, ...] = REGISTERS if step.becomes != "left" else ("merchandise", "spare")
        if step.document == "receipt":
            books = ("merchandise", "spare")
        wanted = STATE[step.after].registers
        for register in books:
            exchanged = step.document != "factory_exchange" or EXCHANGE_STATE[register] == step.after
            if register in wanted and exchanged:
                yield register
        if not wanted:
            yield None
    else:
        yield step.becomes  # type: ignore[misc]


TAKEN = [
    (step, before, after)
    for step in STEPS
    for before in step.registers
    for after in registers_after(step, before)
    if before in (STATE[step.before].registers if step.before != NEW else ()) or before is None
]


def step_name(case: tuple[Step, Register | None, Register | None]) -> str:
    """A declared step with the registers it leads from and to."""
    step, before, after = case
    return f"{step.document} {step.role} {step.before} {before} to {step.after} {after}"


def taken(step: Step, before: Register | None, after: Register | None, bin_code: str | None) -> Move:
    """The move a declared step comes to."""
    left = after if step.becomes == "left" else None
    partner = (
        placed("at_factory", after) if step.document == "factory_exchange" else placed("in_service", None)
    )
    case = case_of(
        step.document, step.role, placed(step.before, before, left), bin_code=bin_code, partner=partner,
        register=after, state=step.after,
    )  # fmt: skip
    (move,) = plan(case, {}).moves
    return move


def bins_after(step: Step, after: Register | None) -> list[str | None]:
    """The bins by which a step can be taken; None where it needs none."""
    if STATE[step.after].place != "bin" or after is None:
        return [None]
    return [f"{after}/{condition}" for condition in conditions_of(step.after, after)]


def allowed(position: Position) -> bool:
    """Whether a position has just what the table of states says it has."""
    state = STATE[position.state]
    binned, place = state.place == "bin", state.place
    inside = position.register in state.registers if state.registers else position.register is None
    condition = position.condition == state.condition if state.condition else True
    return (
        inside
        and (position.site is None) == (position.register is None)
        and (position.bin is not None) == binned
        and (position.condition is not None) == binned
        and (condition or not binned)
        and (position.party is not None) == (place == "party")
        and (position.customer is not None) == (place == "customer" or position.register == "custody")
    )


@pytest.mark.parametrize("way", TAKEN, ids=step_name)
def test_a_declared_step_lands_where_it_says_with_the_columns_its_state_asks_for(
    way: tuple[Step, Register | None, Register | None],
) -> None:
    step, before, after = way
    for code in bins_after(step, after):
        move = taken(step, before, after, code)
        assert (move.after.state, move.after.register, move.after.bin) == (step.after, after, code)
        assert allowed(move.after), move.after


BINNED = [way for way in TAKEN if STATE[way[0].after].place == "bin"]


@pytest.mark.parametrize("way", BINNED, ids=step_name)
def test_a_bin_of_another_register_is_refused(way: tuple[Step, Register | None, Register | None]) -> None:
    step, before, after = way
    for code, target in BINS.items():
        if target.register != after and step.becomes != "given":
            with pytest.raises(Refused) as refused:
                taken(step, before, after, code)
            assert [problem.code for problem in refused.value.problems] == ["bin_of_other_register"]


@pytest.mark.parametrize("way", BINNED, ids=step_name)
def test_a_bin_of_another_condition_is_refused(way: tuple[Step, Register | None, Register | None]) -> None:
    step, before, after = way
    if step.document == "opening":
        reachable = {step.after}
    else:
        key = (step.document, step.role, step.before)
        reachable = {
            s.after for s in FROM[key] if before in s.registers and after in STATE[s.after].registers
        }
    for code, target in BINS.items():
        if target.register == after and BIN_STATE[target.register, target.condition] not in reachable:
            with pytest.raises(Refused) as refused:
                taken(step, before, after, code)
            assert [problem.code for problem in refused.value.problems] == ["bin_of_other_condition"]


def test_every_declared_step_is_taken_by_some_test() -> None:
    assert {way[0] for way in TAKEN} == set(STEPS)


def test_every_document_that_people_post_has_its_draft() -> None:
    assert DRAFTS.keys() == {document.name for document in POSTED}, (
        "AnyDraft in devices/ledger/deciding/drafts.py"
    )


def test_every_part_of_a_document_says_what_it_changes_of_its_own() -> None:
    assert OWN.keys() == set(PARTS), "OWN in devices/ledger/deciding/positions.py"


NAMED = [
    (document, field.name)
    for document, draft in DRAFTS.items()
    for field in msgspec.structs.fields(draft)
    if field.type in (Word, Word | None) and field.name not in ("site", "bin", "model", "consignment_number")
]
"""The fields of a document that name something kept elsewhere; a new waybill is made known by whoever gives it."""


@pytest.mark.parametrize(("document", "field"), [pair for pair in NAMED if pair[0] != "reversal"])
def test_what_a_document_names_is_refused_where_it_is_not_there(document: str, field: str) -> None:
    step, before, after = next(way for way in TAKEN if way[0].document == document)
    start = placed(step.before, before, after if step.becomes == "left" else None)
    case = case_of(document, step.role, start, bin_code=bins_after(step, after)[0])
    draft = msgspec.structs.replace(case.draft, **{field: "NONE-1"})
    refused = refused_at(msgspec.structs.replace(case, draft=draft, sites={}, order=None))
    assert f"/{field}" in refused, (
        f"{field}: RULES in devices/ledger/deciding/rules_of_one.py or devices/spares/rules.py"
    )


def refused_at(case: Case[Draft]) -> list[str]:
    """The pointers of everything that the rules refuse of a case."""
    try:
        plan(case, RULEBOOK)
    except Refused as refused:
        return [problem.pointer for problem in refused.problems]
    return []


def reached(start: tuple[str, Register | None], closed: set[str]) -> set[tuple[str, Register | None]]:
    """The places that a device can come to, in however many steps, if it may not come to the states of `closed`."""
    found, open_places = {start}, [start]
    while open_places:
        state, register = open_places.pop()
        for step, before, after in TAKEN:
            place = (step.after, after)
            if (step.before, before) == (state, register) and step.after not in closed and place not in found:
                found.add(place)
                open_places.append(place)
    return found


def test_a_swapped_device_is_a_customers_again_only_after_it_was_stock_or_left_for_good() -> None:
    places = reached(("faulty", "spare"), {"in_stock", "returned"})
    assert {"at_factory", "missing", "written_off", "quarantined"} <= {state for state, _ in places}
    assert not {"in_service", "in_repair", "sold", "carried"} & {state for state, _ in places}
    assert ("in_service", None) in reached(("faulty", "spare"), {"returned"})


# --- the database agrees


def every_row() -> Iterator[Position]:
    """Every combination of what a position may have."""
    for state, register, condition in itertools.product(STATE, (*REGISTERS, None), (*CONDITIONS, None)):
        for site, shelf, party, customer in itertools.product(
            (None, SITE), (None, "x"), (None, "x"), (None, "C")
        ):
            yield Position(
                state=state, register=register, site=site, bin=shelf, condition=condition, party=party,
                customer=customer,
            )  # fmt: skip


COLUMNS = ("state", "register", "site", "bin", "condition", "party", "customer")


@pytest.mark.parametrize("table", ["line", "position"])
def test_the_database_allows_just_the_positions_that_the_states_declare(store: Store, table: str) -> None:
    values = [tuple(getattr(row, name) for name in COLUMNS) for row in every_row()]
    wrong = []
    with store.writing():
        checked(store, table)
        insert = f"INSERT INTO checked ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
        for row, value in zip(every_row(), values, strict=True):
            if stored(store, insert, value) != allowed(row):
                wrong.append(row)
    assert wrong == []


def stored(store: Store, insert: str, value: tuple[Any, ...]) -> bool:
    """Whether the database takes a row. On PostgreSQL a statement that fails ends all that was begun with it."""
    try:
        with store.db.atomic() if store.engine == "postgresql" else nullcontext():
            store.execute(insert, value)
    except peewee.IntegrityError:
        return False
    return True


def checked(store: Store, table: str) -> None:
    """A table of only the CHECKs that a real one has."""
    if store.engine == "postgresql":
        store.execute(f"CREATE TEMPORARY TABLE checked (LIKE {table} INCLUDING CONSTRAINTS)")
        for (column,) in store.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'checked'::regclass AND attnum > 0 AND attnotnull"
        ):
            store.execute(f"ALTER TABLE checked ALTER COLUMN {column} DROP NOT NULL")
        return
    row = store.row("SELECT sql FROM sqlite_master WHERE name = ?", (table,))
    assert row is not None
    row = (row[0].replace('"', ""),)
    text = re.sub(r"FOREIGN KEY \([^)]*\) REFERENCES \w+ \([^)]*\),", "", row[0])
    text = re.sub(r" REFERENCES \w+ \(\w+\)| NOT NULL(?=[ ,]+[\n])| PRIMARY KEY(?!\s*\()", "", text)
    text = re.sub(r"\b(\w+ (?:TEXT|INTEGER|BIGINT)) NOT NULL", r"\1", text)
    text = re.sub(r"PRIMARY KEY \([^)]*\),|UNIQUE \([^)]*\),", "", text)
    store.execute(re.sub(rf"CREATE TABLE \"?{table}\"?", "CREATE TEMPORARY TABLE checked", text))
