"""A walk through the whole lifecycle, on both engines: whatever is tried, the books stay consistent."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from devices.ledger import books as reading
from devices.ledger.verify import verify
from devices.lifecycle import DOCUMENT
from devices.problems import Refused
from panku.wiring import RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.ledger_books import BINS, SITES, TAXPAYER, Books

SERIALS = [f"66156571435{n}" for n in range(6)]
PLACED = [code + suffix for code in BINS.values() for suffix in ("", "2")]
MONTH = "2026-11"

ATTEMPTS: dict[str, dict[str, Any]] = {
    "receipt": {"supplier": "厂", "delivery_note": "D", "model": "TCG-01"},
    "adoption": {"customer": TAXPAYER},
    "move": {},
    "hold": {"reason": "损"},
    "release": {"inspection": "好"},
    "dispatch": {"carrier": "SF", "consignment_number": "W"},
    "arrival": {},
    "transit_loss": {"consignment_number": "W", "claim": "赔"},
    "sale": {"customer": TAXPAYER, "application": "A"},
    "sale_cancellation": {"reason": "取消"},
    "registration": {"customer": TAXPAYER},
    "repair_intake": {"fault": "坏"},
    "repair_return": {"diagnosis": "d", "work": "w", "completed_at": "2026-11-24T10:00:00+08:00"},
    "swap": {"fault": "坏", "terms": "free"},
    "customer_return": {"reason": "注销"},
    "factory_dispatch": {"maker": "厂", "carrier": "SF", "consignment_number": "W"},
    "factory_receipt": {"result": "修复"},
    "factory_exchange": {},
    "supplier_return": {"reason": "损", "carrier": "SF", "consignment_number": "W"},
    "surrender": {"tax_document": "T", "reason": "deregistration"},
    "loss_report": {"report_number": "R"},
    "recovery": {"found": "角落"},
    "write_off": {"reason": "坏", "consent": "同意"},
    "reversal": {"reason": "错"},
}


def attempt(books: Books, kind: str, chance: random.Random) -> None:
    """Try one document with random devices and places; most are refused, and that is as good."""
    site = chance.choice(SITES)
    serial, other = chance.sample(SERIALS, 2)
    numbers = [row[0] for row in books.store.rows("SELECT number FROM document ORDER BY number")] or [
        "X-2026-000001"
    ]
    fields: dict[str, Any] = {"site": site, **ATTEMPTS[kind]}
    lines: list[dict[str, Any]] = [{"serial": serial}]
    if kind in ("receipt", "move", "hold", "release", "arrival", "sale_cancellation", "repair_intake",
                "swap", "customer_return", "factory_receipt", "factory_exchange", "recovery"):  # fmt: skip
        code = chance.choice(PLACED)
        fields["bin"] = code
        if kind == "receipt":
            fields["register"] = {"M": "merchandise"}.get(code[0], "spare")
            lines = [{"serial": serial, "reason": "破"}, {"serial": other, "reason": "破"}]
    if kind == "dispatch":
        fields["destination"] = chance.choice(SITES)
    if kind in ("arrival", "factory_receipt", "factory_exchange"):
        fields["dispatch"] = chance.choice(
            _numbers(books, "factory_dispatch" if "factory" in kind else "dispatch")
        )
    if kind == "adoption":
        fields["attachments"] = [books.paper]
        lines = [{"serial": serial, "model": "TCG-01"}]
    if kind in ("swap", "repair_intake"):
        fields["order"] = books.repair(serial, site)
        lines = [{"faulty": serial, "spare": other}] if kind == "swap" else lines
    if kind == "factory_exchange":
        lines = [{"old": serial, "new": other}]
    if kind == "reversal":
        fields["document"] = chance.choice(numbers)
    else:
        fields["lines"] = lines
    posted = books.post(kind, **fields)
    if DOCUMENT[kind].review != "none" and chance.random() < 0.8:
        books.review(posted.number, "approve" if chance.random() < 0.75 else "reject")


def _numbers(books: Books, kind: str) -> list[str]:
    found = [row[0] for row in books.store.rows("SELECT number FROM document WHERE type = ?", (kind,))]
    return found or ["BJ01-2026-999999"]


def check(books: Books) -> None:
    """Positions equal the last lines, each serial is in one place, and every book balances."""
    last = books.store.rows(
        "SELECT l.serial, l.state, l.register, l.site, l.bin FROM line l WHERE l.step ="
        " (SELECT MAX(m.step) FROM line m WHERE m.serial = l.serial) ORDER BY l.serial"
    )
    positions = books.store.rows("SELECT serial, state, register, site, bin FROM position ORDER BY serial")
    assert positions == last
    for site in SITES:
        for register in ("merchandise", "spare", "custody"):
            held = sum(row[2:4] == (register, site) for row in positions)
            statement = reading.statement(books.store, site, register, MONTH)
            assert sum(model.closing for model in statement.models) == held
            for model in statement.models:
                assert model.opening + sum(model.in_.values()) - sum(model.out.values()) == model.closing


@pytest.mark.parametrize("engine", ENGINES)
def test_the_books_stay_consistent_whatever_is_tried(engine: str, stores: Stores) -> None:
    taken: set[str] = set()

    @settings(
        max_examples=16 if engine == "sqlite" else 6,
        phases=(Phase.explicit, Phase.generate),  # shrinking a walk this long takes longer than reading it
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(
        seed=st.integers(0, 2**32),
        kinds=st.lists(st.sampled_from(sorted(ATTEMPTS)), min_size=60, max_size=90),
    )
    def walk(seed: int, kinds: list[str]) -> None:
        store = stores.fresh(engine)
        books, chance = Books(store), random.Random(seed)
        books.receive(*SERIALS[:2])
        books.receive(*SERIALS[2:4], register="spare")
        books.serve(SERIALS[4])
        for kind in kinds:
            for _ in range(6):  # most attempts are refused: give each kind some
                try:
                    attempt(books, kind, chance)
                    taken.add(kind)
                    break
                except Refused:
                    check(books) if chance.random() < 0.05 else None
            check(books)
        assert verify(store, RECORD_KINDS).faults == []
        stores.drop(store)

    walk()
    assert len(taken) >= 12, taken
