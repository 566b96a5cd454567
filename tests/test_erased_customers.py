"""An erased customer: nothing is entered as theirs any more, not even by a proposal from before."""

from __future__ import annotations

import pytest

from devices.database import Store
from tests.door import TODAY, Client, Door

NUMBER = "C-BJ01-000003"
OTHER = "91110000600037341L"


@pytest.fixture
def door(store: Store) -> Door:
    """Demo books on each engine, with a proposed opening that makes a new customer known."""
    return Door(store)


def proposal(zhang: Client) -> str:
    """An opening of two devices that the new customer has, waiting for an auditor."""
    digest = zhang.post("/v1/attachments?site=BJ01", b"the old books").json["digest"]
    line = {"model": "TCG-01", "state": "in_service", "customer": {"taxpayer_id": OTHER, "name": "甲公司"}}
    lines = [{"serial": serial, **line} for serial in ("661565790001", "661565790002")]
    body = {
        "type": "opening",
        "site": "BJ01",
        "business_date": TODAY,
        "attachments": [digest],
        "lines": lines,
    }
    answer = zhang.post("/v1/documents", body)
    assert answer.status_code == 202, answer.text
    number: str = answer.json["number"]
    return number


def erased(door: Door) -> Client:
    li = door.sign_in("li")
    answer = li.post(f"/v1/customers/{NUMBER}/erase", {"password": door.password("li")})
    assert answer.status_code == 200, answer.text
    return li


def test_a_proposal_is_not_approved_once_its_customer_was_erased(door: Door) -> None:
    number = proposal(door.sign_in("zhang"))
    li = erased(door)
    body = {"decision": "approve", "password": door.password("li")}
    answer = li.post(f"/v1/documents/{number}/review", body)
    assert (answer.status_code, answer.json["code"]) == (422, "customer_erased")
    assert [each["serial"] for each in answer.json["errors"]] == ["661565790001", "661565790002"]
    rejected = li.post(
        f"/v1/documents/{number}/review", {**body, "decision": "reject", "reason": "客户已注销"}
    )
    assert rejected.json["document"]["status"] == "rejected"


def test_nothing_is_sold_to_a_customer_who_was_erased(door: Door) -> None:
    zhang = door.sign_in("zhang")
    proposal(zhang)
    erased(door)
    sale = {"type": "sale", "site": "BJ01", "business_date": TODAY, "application": "A-1",
            "customer": {"number": NUMBER}, "lines": [{"serial": "661565714358"}]}  # fmt: skip
    answer = zhang.post("/v1/documents", sale)
    assert (answer.status_code, answer.json["code"]) == (422, "customer_erased")
    known_anew = zhang.post("/v1/documents", {**sale, "customer": {"taxpayer_id": OTHER, "name": "甲公司"}})
    assert known_anew.status_code == 201, known_anew.text
