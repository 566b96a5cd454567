"""The filled example: what `panku demo` holds to be looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from devices.audit.evidence_checks import check_evidence
from devices.audit.stocktake.stocktakes import stocktakes_of
from devices.ledger.proving.verify import verify
from devices.people.signing_keys import keys_of
from devices.records import sites_by_code
from devices.service.calls.standing import due_of_call, open_follow_ups
from devices.store.database import Store
from panku import settings
from panku.commands import main
from panku.demo_counts import COUNTED_SITE, count
from panku.demo_service import SPARES, UNSETTLED, fill_service
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.door import NOW, TODAY, Door


@pytest.fixture(scope="module", params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """The example with its service and its counts, on each engine."""
    store: Store = stores.demo(request.param)
    made = Door(store)
    fill_service(store, NOW)
    count(store, NOW)
    made.now = NOW + 3_600_000_000
    yield made
    stores.drop(store)


def test_the_example_has_a_sealed_count_and_one_under_way(door: Door) -> None:
    found = [(each.register, each.state) for each in stocktakes_of(door.store, COUNTED_SITE)]
    assert sorted(found) == [("merchandise", "sealed"), ("spare", "counting")]


def test_the_sealed_count_tells_a_shortage_and_a_misplaced_disk(door: Door) -> None:
    zhao = door.sign_in("zhao")
    (sealed,) = zhao.get("/v1/stocktakes?state=sealed").json
    lines = zhao.get(f"/v1/stocktakes/{sealed['number']}/sheet?result=variance").json["lines"]
    assert [line["result"] for line in lines] == ["shortage", "misplaced"]
    assert all(line["explanation"] for line in lines)
    short = zhao.get(f"/v1/devices/{lines[0]['serial']}").json["device"]
    assert short["state"] == "missing"


def test_the_examples_evidence_holds(door: Door) -> None:
    li = door.sign_in("li")
    (sealed,) = li.get("/v1/stocktakes?state=sealed").json
    content = li.get(f"/v1/stocktakes/{sealed['number']}/evidence").content
    trusted = [key.fingerprint for who in ("zhao", "li") for key in keys_of(door.store, who)]
    assert check_evidence(content, trusted).holds


def test_the_example_has_too_few_spares_of_a_model(door: Door) -> None:
    (level,) = door.sign_in("zhao").get("/v1/minimum-levels").json
    assert (level["minimum"], level["available"], level["lacking"]) == (6, 4, 2)


def test_the_example_has_an_order_in_every_state(door: Door) -> None:
    zhang, wang = door.sign_in("zhang"), door.sign_in("wang")
    orders = zhang.get("/v1/dispatch-orders").json
    assert [order["state"] for order in orders] == [
        *["done"] * 4, "done", "done", "waiting", "cancelled", "accepted", "open", "open",
    ]  # fmt: skip
    assert [order["technician"] for order in orders if order["state"] == "open"] == [None, "wang"]
    assert [each["state"] for each in zhang.get("/v1/installations").json] == ["installed", "asked"]
    hours = {act["at"][11:13] for order in orders for act in order["course"]}
    assert hours <= {f"{hour:02}" for hour in range(8, 18)}
    told = [wang.get(f"/v1/dispatch-orders/{order['number']}").json for order in orders[4:6]]
    assert [len(order["unsettled"]) for order in told] == [0, 1]


def test_the_examples_storekeeper_scans_a_faulty_disk_and_is_offered_its_swap(door: Door) -> None:
    body = {"site": "BJ01", "scans": [{"serial": UNSETTLED}]}
    (scanned,) = door.sign_in("zhang").post("/v1/devices/check", body).json
    assert (scanned["settles"]["spare"], scanned["settles"]["terms"]) == (SPARES[1], "free")


def test_the_examples_calls_went_well_differed_reached_nobody_or_are_to_be_made(door: Door) -> None:
    calls = door.sign_in("li").get("/v1/follow-ups").json
    assert [call["state"] for call in calls] == ["answered", "settled", "unreached", "due", "due", "due"]
    well, charged, silent = calls[:3]
    assert not any(each["differs"] for each in well["compared"])
    assert [each["question"] for each in charged["compared"] if each["differs"]] == ["paid_fen"]
    assert len({act["at"][:10] for act in silent["course"]}) == 3
    assert (charged["categories"], charged["complaint"]) == (["charge"], "P-BJ01-000002")
    site, today = sites_by_code(door.store)["BJ01"], date.fromisoformat(TODAY)
    found = [due_of_call(value, site, today) for value in open_follow_ups(door.store, ["BJ01"])]
    to_call = [due for due in found if due]
    assert [each.due_on == TODAY for each in to_call] == [True, False, False]
    assert {each.standing for each in to_call} == {"due"}


def test_the_examples_complaints_wait_for_a_call_back_and_for_an_owner_and_one_is_closed(door: Door) -> None:
    stray, charged, late = door.sign_in("li").get("/v1/complaints").json
    assert [each["state"] for each in (stray, charged, late)] == ["closed", "resolved", "received"]
    assert (stray["customer"], stray["valid"]) == (None, False)
    assert stray["registered"]["reference"] == "HJ-TS-0031"
    assert (charged["channel"], charged["owner"], charged["persons"]) == ("follow_up", "sun", ["wang"])
    assert (late["owner"], late["persons"]) == ("wang", ["wang"])
    told = {
        who: door.sign_in(who).get(f"/v1/complaints/{late['number']}").json["next"] for who in ("li", "wang")
    }
    assert told == {"li": ["hand_over"], "wang": []}
    assert door.sign_in("li").get(f"/v1/complaints/{charged['number']}").json["next"] == ["confirm"]


def test_the_examples_books_verify(door: Door) -> None:
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The data's folder, for a process whose settings are its own; the command changes them."""
    monkeypatch.setenv("PANKU_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PANKU_DATABASE_URL", "")
    settings.of_this_process.cache_clear()
    yield tmp_path
    settings.of_this_process.cache_clear()


def test_the_command_fills_it_once(folder: Path) -> None:
    for _ in range(2):
        del os.environ["PANKU_DATABASE_URL"]
        settings.of_this_process.cache_clear()
        assert main(["demo", "--fill-only"]) == 0
    store = Store(f"sqlite:///{folder}/demo.sqlite3")
    assert len(stocktakes_of(store, COUNTED_SITE)) == 2
