"""A walk through the whole lifecycle, on both engines: whatever is tried, the books stay consistent."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from devices.ledger import books as reading
from devices.ledger.verify import verify
from devices.lifecycle import DOCUMENT, OPENING_STATES
from devices.problems import Refused
from devices.values import REGISTERS
from panku.wiring import RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.ledger_books import BINS, SITES, TAXPAYER, Books

SERIALS = [f"66156571435{n}" for n in range(6)]
PLACED = [code + suffix for code in BINS.values() for suffix in ("", "2")]
MONTH = "2026-11"

ATTEMPTS: dict[str, dict[str, Any]] = {
    "opening": {},
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
    "carry_out": {},
    "carry_back": {},
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


WITH_A_BIN = (
    "receipt", "move", "hold", "release", "arrival", "sale_cancellation", "repair_intake", "carry_back", "swap",
    "customer_return", "factory_receipt", "factory_exchange", "recovery",
)  # fmt: skip
CITING = {
    "arrival": "dispatch",
    "factory_receipt": "factory_dispatch",
    "factory_exchange": "factory_dispatch",
}


def attempt(books: Books, kind: str, chance: random.Random) -> None:
    """Try one document with random devices and places; most are refused, and that is as good."""
    site = chance.choice(SITES)
    serial, other = chance.sample(SERIALS, 2)
    fields: dict[str, Any] = {"site": site, **ATTEMPTS[kind]}
    if kind in WITH_A_BIN:
        fields["bin"] = chance.choice(PLACED)
    if kind in CITING:
        fields["dispatch"] = chance.choice(_numbers(books, CITING[kind]))
    fields |= particulars(books, kind, site, serial, other, chance)
    if kind == "receipt":
        fields["register"] = {"M": "merchandise"}.get(fields["bin"][0], "spare")
    elif kind != "reversal":
        fields.setdefault("lines", [{"serial": serial}])
    posted = books.post(kind, **fields)
    if DOCUMENT[kind].review != "none" and chance.random() < 0.8:
        books.review(posted.number, chance.choice(("approve", "approve", "approve", "reject")))


def particulars(
    books: Books, kind: str, site: str, serial: str, other: str, chance: random.Random
) -> dict[str, Any]:
    """What one kind of document asks for besides a bin and a citation."""
    match kind:
        case "receipt":
            return {"lines": [{"serial": serial, "reason": "破"}, {"serial": other, "reason": "破"}]}
        case "opening":
            return {"attachments": [books.paper], "lines": [opening_line(serial, chance)]}
        case "adoption":
            return {"attachments": [books.paper], "lines": [{"serial": serial, "model": "TCG-01"}]}
        case "dispatch":
            return {"destination": chance.choice(SITES)}
        case "repair_intake":
            return {"order": books.repair(serial, site)}
        case "swap":
            return {"order": books.repair(serial, site), "lines": [{"faulty": serial, "spare": other}]}
        case "carry_out":
            order = books.dispatch_order(serial, site)
            return {"order": order, "lines": [{"serial": other, "faulty": serial}]}
        case "factory_exchange":
            return {"lines": [{"old": serial, "new": other}]}
        case "reversal":
            return {"document": chance.choice(_numbers(books))}
        case _:
            return {}


def opening_line(serial: str, chance: random.Random) -> dict[str, Any]:
    """A device of the old books in any state, with some of what that state asks for and some that it does not."""
    line = {"serial": serial, "model": "TCG-01", "state": chance.choice(OPENING_STATES)}
    chosen = {
        "register": chance.choice(REGISTERS),
        "bin": chance.choice(PLACED),
        "party": "顺丰",
        "customer": TAXPAYER,
    }
    return {**line, **{name: value for name, value in chosen.items() if chance.random() < 0.6}}


def _numbers(books: Books, kind: str = "") -> list[str]:
    found = books.store.rows(
        "SELECT number FROM document WHERE type = ? OR ? = '' ORDER BY number", (kind, kind)
    )
    return [row[0] for row in found] or ["BJ01-2026-999999"]


def check(books: Books) -> None:
    """Positions equal the last lines, each serial is in one place, and every book balances."""
    last = books.store.rows(
        "SELECT l.serial, l.state, l.register, l.site, l.bin FROM line l WHERE l.step ="
        " (SELECT MAX(m.step) FROM line m WHERE m.serial = l.serial) ORDER BY l.serial"
    )
    positions = books.store.rows("SELECT serial, state, register, site, bin FROM position ORDER BY serial")
    assert positions == last
    counted = books.store.rows(
        "SELECT s.document, s.reversed, s.lines, COUNT(u.serial), COUNT(l.serial) FROM standing s"
        " LEFT JOIN line l ON l.document = s.document"
        " LEFT JOIN line u ON u.serial = l.serial AND u.reverses = l.step"
        " GROUP BY s.document, s.reversed, s.lines"
    )
    assert [row[1:3] for row in counted] == [row[3:5] for row in counted]
    for site in SITES:
        for register in REGISTERS:
            held = sum(row[2:4] == (register, site) for row in positions)
            statement = reading.statement(books.store, site, register, MONTH)
            assert sum(model.closing for model in statement.models) == held
            for model in statement.models:
                assert model.opening + sum(model.in_.values()) - sum(model.out.values()) == model.closing


@pytest.mark.parametrize("engine", ENGINES)
def test_the_books_stay_consistent_whatever_is_tried(engine: str, stores: Stores) -> None:
    taken: set[str] = set()

    @settings(
        max_examples=40 if engine == "sqlite" else 12,
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
