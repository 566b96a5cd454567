"""Processes fighting over one serial, at one site and at two: exactly one wins, the others are told."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from typing import Any

import msgspec
import peewee
import pytest

from devices.database import Store
from devices.ledger import post
from devices.ledger.drafts import AnyDraft
from devices.ledger.verify import verify
from devices.problems import Refused
from devices.unit import unit_of
from panku.wiring import RECORD_KINDS, RULEBOOK
from tests.ledger_books import NOW, TAXPAYER, TODAY, Books

SERIAL = "661565714353"
FIGHTERS = 4


def fight(url: str, body: dict[str, Any], barrier: Barrier, answers: multiprocessing.Queue[Any]) -> None:
    """Post once the others are ready; report the number, or the codes and serials of the refusal."""
    store = Store(url)
    unit = unit_of(store)
    assert unit is not None
    draft = msgspec.convert(body, AnyDraft)
    barrier.wait(30)

    def attempt() -> str:
        with store.writing():
            return post.post(store, unit, draft, by=post.Poster("zhang"), at_us=NOW, rulebook=RULEBOOK).number

    try:
        answers.put(("won", store.retrying(attempt)))
    except Refused as refused:
        answers.put((refused.problems[0].code, refused.problems[0].facts.get("serial")))
    except peewee.DatabaseError as error:  # told, so that the test says what went wrong instead of waiting
        answers.put((repr(error), None))
    store.close()


def outcome(store: Store, body_of: Callable[[int], dict[str, Any]]) -> list[tuple[str, str]]:
    """What each of the processes was answered."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(FIGHTERS), context.Queue()
    fighters = [
        context.Process(target=fight, args=(store.url, body_of(n), barrier, answers)) for n in range(FIGHTERS)
    ]
    for fighter in fighters:
        fighter.start()
    found = [answers.get(timeout=60) for _ in fighters]
    for fighter in fighters:
        fighter.join(30)
    return found


def receipt(site: str) -> dict[str, Any]:
    """A receipt of the one serial."""
    return {
        "type": "receipt", "site": site, "business_date": TODAY, "register": "merchandise", "supplier": "厂",
        "delivery_note": "D", "model": "TCG-01", "bin": "MG", "lines": [{"serial": SERIAL}],
    }  # fmt: skip


@pytest.mark.parametrize("sites", [("BJ01",), ("BJ01", "TJ01")], ids=["one site", "two sites"])
def test_one_of_many_receipts_of_a_serial_wins(store: Store, sites: tuple[str, ...]) -> None:
    Books(store)
    found = outcome(store, lambda n: receipt(sites[n % len(sites)]))
    lost = [answer for answer in found if answer[0] != "won"]
    assert len(lost) == FIGHTERS - 1
    assert {code for code, _ in lost} <= {"already_held", "race_lost"}
    assert {serial for _, serial in lost} == {SERIAL}
    assert store.row("SELECT COUNT(*) FROM line") == (1,)
    assert verify(store, RECORD_KINDS).faults == []


def test_one_of_two_sites_takes_a_customers_device_in(store: Store) -> None:
    books = Books(store)
    books.serve(SERIAL)
    orders = {site: books.repair(SERIAL, site) for site in ("BJ01", "TJ01")}

    def intake(n: int) -> dict[str, Any]:
        site = ("BJ01", "TJ01")[n % 2]
        return {
            "type": "repair_intake", "site": site, "business_date": TODAY, "order": orders[site], "fault": "坏",
            "bin": "CG", "lines": [{"serial": SERIAL}],
        }  # fmt: skip

    found = outcome(store, intake)
    assert sum(answer[0] == "won" for answer in found) == 1
    assert {code for code, _ in found} <= {"won", "wrong_state", "race_lost"}
    assert verify(store, RECORD_KINDS).faults == []


def test_one_of_two_sites_proposes_a_lost_devices_recovery(store: Store) -> None:
    books = Books(store)
    books.serve(SERIAL)
    books.post("loss_report", SERIAL, report_number="R")

    def recovery(n: int) -> dict[str, Any]:
        site = ("BJ01", "TJ01")[n % 2]
        return {
            "type": "recovery", "site": site, "business_date": TODAY, "found": "角落",
            "lines": [{"serial": SERIAL}],
        }  # fmt: skip

    found = outcome(store, recovery)
    lost = [answer for answer in found if answer[0] != "won"]
    assert len(lost) == FIGHTERS - 1
    assert {code for code, _ in lost} <= {"reserved", "race_lost"}
    assert {serial for _, serial in lost} == {SERIAL}
    assert verify(store, RECORD_KINDS).faults == []


def test_two_sites_meet_the_same_new_customer_at_once(store: Store) -> None:
    books = Books(store)
    serials = [f"66156571436{n}" for n in range(FIGHTERS)]
    for n, serial in enumerate(serials):
        books.receive(serial, site=("BJ01", "TJ01")[n % 2])

    def sale(n: int) -> dict[str, Any]:
        site = ("BJ01", "TJ01")[n % 2]
        return {
            "type": "sale", "site": site, "business_date": TODAY, "customer": TAXPAYER, "application": "A",
            "lines": [{"serial": serials[n]}],
        }  # fmt: skip

    found = outcome(store, sale)
    assert {code for code, _ in found} <= {"won", "race_lost"}
    assert {serial for code, serial in found if code == "race_lost"} <= set(serials)
    assert store.row("SELECT COUNT(*) FROM personal WHERE latest = 1 AND kind = 'customer'") == (1,)
    assert verify(store, RECORD_KINDS).faults == []
