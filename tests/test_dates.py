"""Days and moments within documents are of the calendar, and a repair was completed before it is told."""

from typing import Any

import pytest

from devices.problems import Refused
from devices.store.database import Store
from tests.ledger_books import TAXPAYER, Books

FIRST, SECOND = "100000000001", "100000000002"


def codes(refused: Refused) -> list[tuple[str, str]]:
    return [(problem.code, problem.pointer) for problem in refused.problems]


@pytest.mark.parametrize(
    ("completed_at", "code"),
    [
        ("2026-02-30T10:00:00+08:00", "malformed_date"),
        ("2026-11-24T23:59:60+08:00", "malformed_date"),
        ("0001-01-01T00:00:00+14:00", "malformed_date"),
        ("2025-10-31T23:59:59+08:00", "before_books"),
        ("2026-11-24T16:00:00Z", "future_date"),  # midnight of the 25th in Shanghai
    ],
)
def test_a_repair_was_completed_at_a_moment_that_has_been(store: Store, completed_at: str, code: str) -> None:
    books = Books(store)
    books.serve(FIRST)
    books.post("repair_intake", FIRST, order=books.repair(FIRST), fault="坏", bin="CG")
    done = {"diagnosis": "坏", "work": "修"}
    with pytest.raises(Refused) as refused:
        books.post("repair_return", FIRST, **done, completed_at=completed_at)
    assert codes(refused.value) == [(code, "/completed_at")]
    books.post("repair_return", FIRST, **done, completed_at="2026-11-24T15:59:59Z")


@pytest.mark.parametrize("kind", ["opening", "adoption"])
@pytest.mark.parametrize("day", ["2027-02-29", "2026-13-01", "0000-01-01"])
def test_a_warranty_ends_on_a_day_of_the_calendar(store: Store, kind: str, day: str) -> None:
    books = Books(store)
    lines: list[dict[str, Any]] = [{"serial": serial, "model": "TCG-01", "warranty_until": until} for serial, until in
             ((FIRST, "2028-02-29"), (SECOND, day))]  # fmt: skip
    own: dict[str, Any] = {"customer": TAXPAYER} if kind == "adoption" else {}
    if kind == "opening":
        lines = [{**line, "state": "in_service", "customer": TAXPAYER} for line in lines]
    with pytest.raises(Refused) as refused:
        books.post(kind, attachments=[books.paper], lines=lines, **own)
    assert codes(refused.value) == [("malformed_date", "/lines/1/warranty_until")]
