"""What a count comes to: every way a serial can be expected and seen has its one result."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.audit.stocktake.counting import (
    RESULT,
    Came,
    Candidate,
    Decision,
    Place,
    Scan,
    Shelf,
    decisions,
    disagreements,
    row_of,
)
from devices.values import BOOKS, STATE, STATES, Bin, Register

REGISTERS: dict[str, Register] = {"M1": "merchandise", "M2": "merchandise", "S1": "spare"}
BINS = {code: Bin("BJ01", code, register, "good") for code, register in REGISTERS.items()}
SHELF = Shelf("BJ01", "merchandise", BINS)
SERIAL = "661565714353"


def place(
    state: str,
    register: str | None = None,
    site: str | None = "BJ01",
    bin_code: str | None = None,
    step: int = 2,
) -> Place:
    return Place(state, register, site if register else None, bin_code, "TCG-01", step, "BJ01-2026-000007")


HERE = place("in_stock", "merchandise", bin_code="M1")
MOVED = place("in_stock", "merchandise", bin_code="M2", step=3)
SOLD = place("sold", step=3)
SPARE = place("in_stock", "spare", bin_code="S1")
AWAY = place("in_transit", "merchandise")
DOCUMENT = ("BJ01-2026-000008",)
AFTER = 9


def scan(bin_code: str | None, then: Place | None, part: str = "single", n: int = 1) -> Scan:
    return Scan(f"s{n}", n, SERIAL, bin_code, part, 1_000_000 + n, "zhang", then=then)  # type: ignore[arg-type]


def result(candidate: Candidate) -> str | None:
    row = row_of(SHELF, candidate)
    return row.result if row else None


def seen(bin_code: str | None, then: Place | None) -> Decision:
    return Decision(scan(bin_code, then))


CASES = {
    "there, and scanned in its bin": (Candidate(SERIAL, HERE, HERE, (), seen("M1", HERE)), "match"),
    "there, and scanned without a bin": (Candidate(SERIAL, HERE, HERE, (), seen(None, HERE)), "match"),
    "there, and never scanned": (Candidate(SERIAL, HERE, HERE), "shortage"),
    "in another bin of its register": (Candidate(SERIAL, HERE, HERE, (), seen("M2", HERE)), "misplaced"),
    "in a bin of another register": (Candidate(SERIAL, HERE, HERE, (), seen("S1", HERE)), "wrong_zone"),
    "a spare among the merchandise": (Candidate(SERIAL, None, SPARE, (), seen("M1", SPARE)), "wrong_zone"),
    "sold long ago, and on the shelf": (Candidate(SERIAL, None, SOLD, (), seen("M1", SOLD)), "surplus"),
    "on its way, and on the shelf": (Candidate(SERIAL, AWAY, AWAY, (), seen("M1", AWAY)), "surplus"),
    "never held": (Candidate(SERIAL, None, None, (), seen("M1", None)), "unknown"),
    "scanned, then sold": (Candidate(SERIAL, HERE, SOLD, DOCUMENT, seen("M1", HERE)), "match"),
    "sold, then scanned": (Candidate(SERIAL, HERE, SOLD, DOCUMENT, seen("M1", SOLD)), "surplus"),
    "sold, and not scanned": (Candidate(SERIAL, HERE, SOLD, DOCUMENT), "left"),
    "received, then scanned": (Candidate(SERIAL, None, HERE, DOCUMENT, seen("M1", HERE)), "match"),
    "scanned, then received": (
        Candidate(SERIAL, None, HERE, DOCUMENT, seen("M1", None), (Came(AFTER, "M1"),)),
        "entered",
    ),
    "scanned, then arrived": (
        Candidate(SERIAL, AWAY, HERE, DOCUMENT, seen("M1", AWAY), (Came(AFTER, "M1"),)),
        "entered",
    ),
    "scanned, then arrived, then sold": (
        Candidate(SERIAL, AWAY, SOLD, DOCUMENT, seen("M1", AWAY), (Came(AFTER, "M1"),)),
        "entered",
    ),
    "arrived and sold, then scanned": (
        Candidate(SERIAL, AWAY, SOLD, DOCUMENT, seen("M1", SOLD), (Came(0, "M1"),)),
        "surplus",
    ),
    "received, and not scanned": (Candidate(SERIAL, None, HERE, DOCUMENT), "unscanned"),
    "moved to another bin, and not scanned": (Candidate(SERIAL, HERE, MOVED, DOCUMENT), "shortage"),
    "carried over, then booked over": (
        Candidate(SERIAL, HERE, MOVED, DOCUMENT, seen("M2", HERE), (Came(AFTER, "M2"),)),
        "match",
    ),
    "carried over, booked over, then sold": (
        Candidate(SERIAL, HERE, SOLD, DOCUMENT, seen("M2", HERE), (Came(AFTER, "M2"),)),
        "match",
    ),
    "in transit throughout": (Candidate(SERIAL, AWAY, AWAY), "apart"),
    "dispatched and come back": (Candidate(SERIAL, HERE, HERE, DOCUMENT, stayed=False), "unscanned"),
    "dispatched meanwhile": (Candidate(SERIAL, HERE, AWAY, DOCUMENT), "left"),
    "passed through, and never seen": (Candidate(SERIAL, None, SOLD, DOCUMENT), None),
    "disputed, and absent at the recount": (
        Candidate(SERIAL, HERE, HERE, (), Decision(None, "absent")),
        "shortage",
    ),
    "disputed, absent, and not expected": (
        Candidate(SERIAL, None, SOLD, (), Decision(None, "absent")),
        "unconfirmed",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_case_has_its_result(case: str) -> None:
    candidate, expected = CASES[case]
    assert result(candidate) == expected


def test_the_cases_show_every_result() -> None:
    assert {expected for _, expected in CASES.values()} - {None} == RESULT.keys()


PLACES = [
    None,
    *(
        place(state.name, register, site, code if state.place == "bin" else None)
        for state in STATES
        for register in state.registers or (None,)
        for site in ("BJ01", "TJ01")
        for code in ("M1", "M2")
    ),
]


@given(
    opened=st.sampled_from(PLACES),
    closed=st.sampled_from(PLACES),
    then=st.sampled_from(PLACES),
    bin_code=st.sampled_from([None, "M1", "M2", "S1"]),
)
def test_every_scanned_serial_gets_one_result_that_was_found(
    opened: Place | None, closed: Place | None, then: Place | None, bin_code: str | None
) -> None:
    moved = () if opened == closed else DOCUMENT
    if not moved and then != closed:
        then = closed  # without a line between, the ledger said the same throughout
    row = row_of(SHELF, Candidate(SERIAL, opened, closed, moved, seen(bin_code, then)))
    assert row is not None
    assert RESULT[row.result].found


@given(opened=st.sampled_from(PLACES), closed=st.sampled_from(PLACES))
def test_what_the_books_have_on_the_shelf_is_never_passed_over(
    opened: Place | None, closed: Place | None
) -> None:
    row = row_of(SHELF, Candidate(SERIAL, opened, closed, () if opened == closed else DOCUMENT))
    if SHELF.holds(closed):
        assert row is not None
        assert RESULT[row.result].variance
    assert row is None or not RESULT[row.result].found


DUE = {
    "sold": "sale_cancellation",
    "in_service": "customer_return",
    "lost": "recovery",
    "missing": "recovery",
    "written_off": "recovery",
    "in_transit": "arrival",
    "at_factory": "factory_receipt",
    "carried": "carry_back",
    "returned": "receipt",
    "void": "receipt",
    "in_stock": "dispatch",
    "quarantined": "dispatch",
    "faulty": "dispatch",
    "in_repair": "dispatch",
    "exchanged": None,
    "surrendered": None,
}


@pytest.mark.parametrize("state", [state.name for state in STATES])
def test_a_surplus_names_the_document_that_is_due_and_the_last_there_is(state: str) -> None:
    register = next(iter(STATE[state].registers), None)
    there = place(state, register, "TJ01")
    row = row_of(SHELF, Candidate(SERIAL, None, there, (), seen("M1", there)))
    assert row is not None
    assert (row.result, row.document_due, row.cited) == ("surplus", DUE[state], there.document)


def test_a_count_of_custody_takes_in_what_is_in_service() -> None:
    there = place("in_service")
    row = row_of(Shelf("BJ01", "custody", BINS), Candidate(SERIAL, None, there, (), seen(None, there)))
    assert row is not None
    assert row.document_due == "repair_intake"


def test_the_latest_scan_decides() -> None:
    scans = [scan("M1", HERE, n=1), scan("M2", HERE, n=2)]
    for order in itertools.permutations(scans):
        decided = decisions(order, double=False)[SERIAL].scan
        assert decided is not None
        assert decided.bin == "M2"


@pytest.mark.parametrize(("storekeeper", "auditor", "decides"), [
    ("M1", "M1", "auditor"), (None, "M1", "auditor"), ("M1", None, "storekeeper"), (None, None, "auditor"),
])  # fmt: skip
def test_where_both_saw_it_the_auditors_scan_decides_unless_the_storekeepers_alone_says_where(
    storekeeper: str | None, auditor: str | None, decides: str
) -> None:
    scans = [scan(storekeeper, HERE, "storekeeper", 1), scan(auditor, HERE, "auditor", 2)]
    decided = decisions(scans, double=True)[SERIAL].scan
    assert decided is not None
    assert decided.part == decides


DOUBLE: dict[str, tuple[list[tuple[str, str | None]], str | None, str | None]] = {
    "both in one bin": ([("storekeeper", "M1"), ("auditor", "M1")], None, "M1"),
    "one without a bin": ([("storekeeper", "M1"), ("auditor", None)], None, "M1"),
    "the storekeeper alone": ([("storekeeper", "M1")], "presence", None),
    "the auditor alone": ([("auditor", "M1")], "presence", None),
    "each in another bin": ([("storekeeper", "M1"), ("auditor", "M2")], "bin", None),
    "alone, then recounted": ([("auditor", "M1"), ("recount", "M2")], "presence", "M2"),
    "another bin, then recounted": (
        [("storekeeper", "M1"), ("auditor", "M2"), ("recount", "M1")],
        "bin",
        "M1",
    ),
}


@pytest.mark.parametrize("case", DOUBLE)
def test_two_counts_agree_or_are_recounted(case: str) -> None:
    parts, disputed, decided = DOUBLE[case]
    scans = [scan(bin_code, HERE, part, n) for n, (part, bin_code) in enumerate(parts, 1)]
    assert disagreements(scans).get(SERIAL) == disputed
    found = decisions(scans, double=True)[SERIAL]
    assert (found.scan.bin if found.scan else None) == decided
    assert found.recount == (None if disputed is None else "found" if decided else "absent")


def test_books_and_custody_are_counted_apart() -> None:
    for register in BOOKS:
        other = Shelf("BJ01", register, BINS)
        assert other.holds(place("in_stock", register, bin_code="M1"))
        assert not other.holds(place("in_repair", "custody", bin_code="R1"))
