"""The story of a count: one shortage, a surplus that was sold, a spare in the wrong zone, and a sale in the middle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.audit.evidence_checks import check_evidence
from devices.ledger.proving.verify import verify
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, held, scan, sign
from tests.door import TODAY, Door


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    store = stores.demo(request.param)
    yield Door(store)
    stores.drop(store)


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
    closed = close_count(zhang, number, li)
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
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []

    content = li.get(f"/v1/stocktakes/{number}/evidence").content
    trusted = [each["fingerprint"] for each in second.json["stocktake"]["signatures"]]
    report = check_evidence(content, trusted)
    assert report.holds, report
    assert {each.role: each.username for each in report.signatures} == {
        "storekeeper": "zhang",
        "auditor": "li",
    }
