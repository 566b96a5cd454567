"""A month is closed while somebody posts into it: one of the two waits for the other, and the statement stays true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from devices.audit.month import months
from devices.audit.month.month_checks import month_faults
from devices.journal import open_journals
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post, reviewing
from devices.ledger.proving.verify import verify
from devices.store.database import Store
from devices.unit import Unit, unit_of
from panku.wiring import CHECKS, RECORD_KINDS, RULEBOOK
from tests.closing import DAY_US, NOVEMBER, make_ready
from tests.conftest import ENGINES, Stores
from tests.door import NOW, Door
from tests.fighters import Action, Answer, Fighters, Post, Review

pytestmark = pytest.mark.both_engines

DAY = "2026-11-24"


class Close(msgspec.Struct, frozen=True):
    """Close November of BJ01's merchandise, in December."""

    def run(self, store: Store, unit: Unit) -> Answer:
        def attempt() -> str:
            with store.writing():
                writer = open_journals(store, ["BJ01"], NOW + 9 * DAY_US)
                return months.close_month(writer, unit, "BJ01", "merchandise", NOVEMBER, "zhang").digest

        return Answer("won", store.retrying(attempt))


@pytest.fixture(scope="module")
def fighters() -> Iterator[Fighters]:
    """The processes that fight."""
    made = Fighters()
    yield made
    made.end()


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """A door in December, with November ready to be closed."""
    store = stores.demo(request.param)
    made = Door(store)
    take_in_at_tianjin(made)
    make_ready(made)
    yield made
    stores.drop(store)


def one(door: Door, query: str) -> str:
    """The one value of a query."""
    (value,) = door.store.row(query) or (None,)
    assert isinstance(value, str)
    return value


def arrival(door: Door, day: str) -> dict[str, Any]:
    """TJ01 takes in one device that BJ01 sent."""
    serial = one(door, "SELECT MIN(serial) FROM position WHERE state = 'in_transit'")
    sent = one(door, "SELECT number FROM document WHERE type = 'dispatch'")
    return {"type": "arrival", "site": "TJ01", "business_date": day, "dispatch": sent, "bin": "M-01",
            "lines": [{"serial": serial}]}  # fmt: skip


def take_in_at_tianjin(door: Door) -> None:
    """One device has arrived at TJ01, and a reversal of that, dated in November, waits for its auditor."""
    unit, store = unit_of(door.store), door.store
    assert unit is not None
    by = post.Poster("zhao")

    def write(body: dict[str, Any]) -> str:
        draft = msgspec.convert(body, AnyDraft)
        return post.post(store, unit, draft, by=by, at_us=NOW, rulebook=RULEBOOK).number

    with store.writing():
        number = write(arrival(door, DAY))
        reviewing.review(store, unit, number, "approve", by="li", reason=None, at_us=NOW, rulebook=RULEBOOK)
        write({"type": "reversal", "site": "TJ01", "business_date": DAY, "document": number, "reason": "错"})


def a_sale(door: Door) -> Action:
    serial = one(
        door,
        "SELECT MIN(serial) FROM position WHERE site = 'BJ01' AND register = 'merchandise' AND state = 'in_stock'",
    )
    customer = {"taxpayer_id": "110101199003077"}
    return Post({"type": "sale", "site": "BJ01", "business_date": DAY, "application": "A", "customer": customer,
                 "lines": [{"serial": serial}]})  # fmt: skip


def an_arrival_at_the_other_site(door: Door) -> Action:
    return Post(arrival(door, DAY))


def the_approval_of_a_reversal_at_the_other_site(door: Door) -> Action:
    return Review(one(door, "SELECT MAX(number) FROM document WHERE type = 'reversal'"), "approve")


class Fight(NamedTuple):
    """What is posted while the month is closed, and whether the close waits for its review."""

    action: Callable[[Door], Action]
    reviewed_later: bool


FIGHTS = [
    Fight(a_sale, reviewed_later=True),
    Fight(an_arrival_at_the_other_site, reviewed_later=True),
    Fight(the_approval_of_a_reversal_at_the_other_site, reviewed_later=False),
]


@pytest.mark.parametrize("closes_first", [True, False], ids=["close first", "post first"])
@pytest.mark.parametrize("fight", FIGHTS, ids=lambda fight: fight.action.__name__.replace("_", " "))
def test_a_posting_and_the_close_of_its_month_follow_one_another(
    fight: Fight, closes_first: bool, door: Door, fighters: Fighters
) -> None:
    actions = [Close(), fight.action(door)] if closes_first else [fight.action(door), Close()]
    answers = fighters.fight(door.store, actions)
    closing, posting = answers if closes_first else answers[::-1]
    assert closing.code in {"won", "documents_unsettled"}
    assert posting.code in {"won", "month_closed"}
    assert closing.won or posting.won
    if fight.reviewed_later:
        assert closing.won != posting.won
    assert list(month_faults(door.store)) == []
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_month_closed_by_several_at_once_is_closed_once(door: Door, fighters: Fighters) -> None:
    answers = fighters.fight(door.store, [Close(), Close(), Close()])
    assert sorted(answer.code for answer in answers) == [
        "month_closed_already",
        "month_closed_already",
        "won",
    ]
    assert door.store.row("SELECT COUNT(*), MAX(revision) FROM month") == (1, 1)
