"""What a book held at a past moment: counted from the last close before it, and the same as from the first line."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from devices.audit.month.month_checks import month_faults
from devices.audit.month.month_statement import decode_statement, encode_statement
from devices.ledger.books.books import COUNTED_STATES, NOTHING, last_checkpoint, totals
from devices.ledger.proving.verify import verify
from devices.store.database import Store
from devices.values import REGISTERS
from panku.wiring import CHECKS, RECORD_KINDS
from tests.closing import DAY_US, DECEMBER, MONTH, close, count, make_ready, review_all
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door

BOOK = ("BJ01", "merchandise")
SITES = ("BJ01", "TJ01")
AHEAD_US = 600_000_000
CUSTOMER = {"taxpayer_id": "110101199003077"}


@pytest.fixture(scope="module", params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """Two closed months of BJ01's merchandise, with movements before, between and after them."""
    store = stores.demo(request.param)
    made = Door(store)
    make_ready(made)
    zhang = made.sign_in("zhang")
    move_about(zhang, "2026-11-30")
    for site in SITES:
        review_all(made, site)
    move_about(zhang, "2026-12-01")
    assert close(zhang).status_code == 201
    move_about(zhang, "2026-12-02")
    for site in SITES:
        review_all(made, site)
    count(made)
    made.now += 31 * DAY_US
    zhang = made.sign_in("zhang")
    assert close(zhang, DECEMBER).status_code == 201
    move_about(zhang, "2027-01-02")
    yield made
    stores.drop(store)


def move_about(client: Client, day: str) -> None:
    """A sale, a hold, a receipt of three, and a transfer that arrives where the clock is ten minutes ahead."""
    door, tag = client.door, day.replace("-", "")

    def post(kind: str, serials: list[str], **fields: Any) -> str:
        door.now += 1
        lines = [{"serial": serial} for serial in serials]
        body = {"type": kind, "site": "BJ01", "business_date": day, "lines": lines, **fields}
        answer = client.post("/v1/documents", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json["number"])

    held = door.store.rows("SELECT serial FROM position WHERE site = 'BJ01' AND register = 'merchandise'"
                           " AND state = 'in_stock' ORDER BY serial LIMIT 3")  # fmt: skip
    sold, kept, sent = (serial for (serial,) in held)
    post("sale", [sold], customer=CUSTOMER, application=f"A-{tag}")
    post("hold", [kept], reason="外观", bin="M-09")
    fresh = [f"661{tag}{n}" for n in range(3)]
    post(
        "receipt",
        fresh,
        register="merchandise",
        supplier="启明",
        delivery_note=tag,
        model="TCG-01",
        bin="M-01",
    )
    number = post("dispatch", [sent], destination="TJ01", carrier="SF", consignment_number=f"W{tag}")
    here = door.now + 1
    door.now += AHEAD_US
    arrival = {"type": "arrival", "site": "TJ01", "business_date": day, "dispatch": number, "bin": "M-01"}
    answer = door.sign_in("zhao").post("/v1/documents", {**arrival, "lines": [{"serial": sent}]})
    assert answer.status_code == 201, answer.text
    door.now = here


def counted(store: Store, site: str, register: str, at_us: int) -> dict[str, dict[str, int]]:
    """By model and state, what a register held at a moment: where each device's last line by then has it."""
    last = {}
    for serial, *place in store.rows(
        "SELECT serial, recorded_at, model, state, site, register FROM line ORDER BY serial, step"
    ):
        if place[0] <= at_us:
            last[serial] = place[1:]
    found: dict[str, Counter[str]] = {}
    for model, state, *there in last.values():
        if there == [site, register]:
            found.setdefault(model, Counter())[state] += 1
    return {model: dict(states) for model, states in found.items()}


def told(store: Store, site: str, register: str, at_us: int) -> dict[str, dict[str, int]]:
    """The same as `totals` tells it."""
    models = totals(store, site, register, as_of_us=at_us).models
    for each in models:
        assert each.total == sum(getattr(each, state) for state in COUNTED_STATES)
    return {
        each.model: {state: n for state in COUNTED_STATES if (n := getattr(each, state))} for each in models
    }


def test_every_moment_is_told_as_the_lines_until_then_have_it(door: Door) -> None:
    store = door.store
    recorded = {at for (at,) in store.rows("SELECT recorded_at FROM line")}
    closes = {at for (at,) in store.rows("SELECT closed_at FROM month")}
    assert len(closes) == 2
    moments = {at + offset for at in recorded | closes for offset in (-1, 0, 1)}
    for site in SITES:
        for register in REGISTERS:
            for at in moments:
                assert told(store, site, register, at) == counted(store, site, register, at), (
                    site,
                    register,
                    at,
                )


def test_counting_begins_at_the_last_close_before_the_moment(door: Door) -> None:
    november, december = (at for (at,) in door.store.rows("SELECT closed_at FROM month ORDER BY month"))
    assert last_checkpoint(door.store, *BOOK, november - 1) == NOTHING
    assert last_checkpoint(door.store, *BOOK, december - 1).before_us == november
    assert last_checkpoint(door.store, *BOOK, december).before_us == december
    assert last_checkpoint(door.store, *BOOK, december).from_date == "2027-01-01"
    assert last_checkpoint(door.store, "TJ01", "merchandise", december) == NOTHING


def test_what_was_recorded_ahead_of_a_close_is_counted_after_it(door: Door) -> None:
    (november,) = (at for (at,) in door.store.rows("SELECT MIN(closed_at) FROM month"))
    ((arrived,),) = door.store.rows(
        "SELECT recorded_at FROM line WHERE type = 'arrival' AND business_date = '2026-11-30' AND from_site = 'BJ01'"
    )
    assert november < arrived
    assert last_checkpoint(door.store, *BOOK, november).from_date == "2026-11-30"


def test_a_close_of_the_first_format_is_passed_over(door: Door) -> None:
    rows = door.store.rows("SELECT month, payload FROM month")
    change = "UPDATE month SET payload = ? WHERE month = ?"
    with door.store.writing():
        for month, payload in rows:
            kept = msgspec.json.decode(payload)
            del kept["checkpoint"]
            door.store.execute(change, (msgspec.json.encode(kept).decode(), month))
    assert last_checkpoint(door.store, *BOOK, door.now) == NOTHING
    assert told(door.store, *BOOK, door.now) == counted(door.store, *BOOK, door.now)
    with door.store.writing():
        for month, payload in rows:
            door.store.execute(change, (payload, month))


def test_what_a_close_says_was_held_is_looked_at(door: Door) -> None:
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []
    ((payload,),) = door.store.rows("SELECT payload FROM month WHERE month = '2026-11'")
    closed = decode_statement(payload)
    assert closed.checkpoint is not None
    first, *others = closed.checkpoint.held
    other = msgspec.structs.replace(first, in_stock=first.in_stock - 1, quarantined=first.quarantined + 1)
    wrong = msgspec.structs.replace(closed.checkpoint, held=(other, *others))
    changed = encode_statement(msgspec.structs.replace(closed, checkpoint=wrong)).decode()
    digest = hashlib.sha256(changed.encode()).hexdigest()
    with door.store.writing():
        change = "UPDATE month SET payload = ?, digest = ? WHERE month = '2026-11'"
        door.store.execute(change, (changed, digest))
    faults = [(fault.key, fault.what) for fault in month_faults(door.store)]
    with door.store.writing():
        kept = hashlib.sha256(payload.encode()).hexdigest()
        door.store.execute(change, (payload, kept))
    told_of = "the ledger held something else at the close"
    assert faults == [("BJ01/merchandise/2026-11", told_of)]
    assert list(month_faults(door.store)) == []


def test_a_month_that_was_opened_again_is_counted_from_no_more(door: Door, stores: Stores) -> None:
    door.session_store.close()
    now, door = door.now, Door(stores.copy(door.store))
    door.now = now
    (december,) = (at for (at,) in door.store.rows("SELECT MAX(closed_at) FROM month"))
    reopened = door.sign_in("zhang").post(f"{MONTH.replace('2026-11', DECEMBER)}/reopen", {"reason": "漏记"})
    assert reopened.status_code == 200, reopened.text
    assert last_checkpoint(door.store, *BOOK, december).before_us < december
    assert told(door.store, *BOOK, december) == counted(door.store, *BOOK, december)
    stores.drop(door.store)
