"""The story of a count: one shortage, a surplus that was sold, a spare in the wrong zone, and a sale in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.times import shown
from devices.audit import evidence
from devices.ledger.verify import verify
from panku.wiring import RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.door import TODAY, Client, Door

SECOND = 1_000_000


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    store = stores.fresh(request.param)
    yield Door(store)
    stores.drop(store)


def held(door: Door, register: str, state: str = "in_stock", site: str = "BJ01") -> list[tuple[str, str]]:
    """Serial and bin of every device of a register in a state."""
    rows = door.store.rows(
        "SELECT serial, bin FROM position WHERE site = ? AND register = ? AND state = ? ORDER BY serial",
        (site, register, state),
    )
    return [(serial, bin_code) for serial, bin_code in rows]


def scan(client: Client, number: str, *scans: tuple[str, str | None]) -> list[dict[str, Any]]:
    """Scan serials in bins, a second apart; returns the outcomes."""
    door = client.door
    door.now += SECOND
    sent = [
        {"id": f"{client.headers['Cookie'][-8:]}-{door.now}-{n}", "serial": serial, "at": shown(door.now)}
        | ({"bin": bin_code} if bin_code else {})
        for n, (serial, bin_code) in enumerate(scans)
    ]
    answer = client.post(f"/v1/stocktakes/{number}/scans", {"sent_at": shown(door.now), "scans": sent})
    assert answer.status_code == 200, answer.text
    outcomes: list[dict[str, Any]] = answer.json
    return outcomes


def begin(client: Client, register: str = "merchandise", **more: Any) -> str:
    """Open a count at BJ01."""
    client.door.now += SECOND
    answer = client.post("/v1/stocktakes", {"site": "BJ01", "register": register, **more})
    assert answer.status_code == 201, answer.text
    number: str = answer.json["number"]
    return number


def explain(client: Client, number: str) -> None:
    """Explain every variance of a sheet."""
    sheet = client.get(f"/v1/stocktakes/{number}/sheet?result=variance").json
    for line in sheet["lines"]:
        answer = client.send(
            "PUT",
            f"/v1/stocktakes/{number}/findings/{line['serial']}",
            {"explanation": "查过", "action": "照办"},
            If_Match=f'"{line["revision"]}"',
        )
        assert answer.status_code == 200, answer.text


def sign(client: Client, number: str, username: str, role: str) -> Any:
    """Sign the sheet as it is now."""
    digest = client.get(f"/v1/stocktakes/{number}").json["digest"]
    body = {"role": role, "digest": digest, "password": client.door.password(username)}
    client.door.now += SECOND
    return client.post(f"/v1/stocktakes/{number}/signatures", body)


def test_a_count_from_opening_to_evidence(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    stock = held(door, "merchandise")
    quarantined = held(door, "merchandise", "quarantined")
    (short, _), (sold, sold_bin), *there = stock
    (service,) = door.store.rows(
        "SELECT serial FROM position WHERE state = 'in_service' ORDER BY serial LIMIT 1"
    )
    (spare, _), *_ = held(door, "spare")

    number = begin(zhang)
    assert {each["outcome"] for each in scan(zhang, number, (sold, sold_bin), *there, *quarantined)} == {
        "taken"
    }
    sale = {"type": "sale", "site": "BJ01", "business_date": TODAY, "application": "A-77",
            "customer": {"taxpayer_id": "110101199003077"}, "lines": [{"serial": sold}]}  # fmt: skip
    door.now += SECOND
    assert zhang.post("/v1/documents", sale).status_code == 201
    outcomes = scan(li, number, (service[0], "M-01"), (spare, "M-01"))
    assert [each["outcome"] for each in outcomes] == ["taken", "taken"]

    door.now += SECOND
    closed = zhang.post(f"/v1/stocktakes/{number}/close")
    assert (closed.status_code, closed.json["state"]) == (200, "closed"), closed.text
    sheet = zhang.get(f"/v1/stocktakes/{number}/sheet").json
    results = {line["serial"]: line["result"] for line in sheet["lines"]}
    assert results[short] == "shortage"
    assert results[service[0]] == "surplus"
    assert results[spare] == "wrong_zone"
    assert results[sold] == "match"
    assert {results[serial] for serial, _ in there} == {"match"}
    assert sorted(sheet["unexplained"]) == sorted([short, service[0], spare])

    assert sign(zhang, number, "zhang", "storekeeper").json["code"] == "findings_unexplained"
    explain(zhang, number)
    first = sign(zhang, number, "zhang", "storekeeper")
    assert (first.status_code, first.json["stocktake"]["state"]) == (201, "closed"), first.text
    second = sign(li, number, "li", "auditor")
    assert second.json["stocktake"]["state"] == "sealed", second.text
    (document,) = second.json["documents"]
    device = zhang.get(f"/v1/devices/{short}").json["device"]
    assert (device["state"], device["document"]) == ("missing", document)
    assert verify(door.store, RECORD_KINDS).faults == []

    content = li.get(f"/v1/stocktakes/{number}/evidence").content
    trusted = [each["fingerprint"] for each in second.json["stocktake"]["signatures"]]
    report = evidence.check(content, trusted)
    assert report.holds, report
    assert {each.role: each.username for each in report.signatures} == {
        "storekeeper": "zhang",
        "auditor": "li",
    }
