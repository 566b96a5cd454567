"""An erased customer: nothing is entered as theirs any more, not even by a proposal from before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from falcon import testing

from devices import records
from devices.calendar import day_of
from devices.journal import open_journals
from devices.paperwork.customers import Customer
from devices.paperwork_kinds import CUSTOMER
from devices.service.erasable import erasable_before
from devices.store.database import Store
from panku.wiring import RECORD_KINDS
from tests.door import NOW, TODAY, Client, Door

NUMBER = "C-BJ01-000003"
OTHER = "91110000600037341L"


@pytest.fixture
def door(demo: Store) -> Door:
    """Demo books on each engine, with a proposed opening that makes a new customer known."""
    return Door(demo)


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


def erasing(li: Client, number: str = NUMBER) -> testing.Result:
    return li.post(f"/v1/customers/{number}/erase", {"password": li.door.password("li")})


def erased(door: Door, number: str = NUMBER) -> Client:
    li = door.sign_in("li")
    answer = erasing(li, number)
    assert answer.status_code == 200, answer.text
    return li


def erased_behind(door: Door) -> None:
    """Erase the customer past what refuses it now: an older version did not look at proposals."""
    with door.store.writing():
        writer = open_journals(door.store, ["BJ01"], NOW)
        changed = Customer(NUMBER, "BJ01", erased=True)
        records.write(writer, CUSTOMER, changed, by="li")
        door.store.execute(
            "UPDATE personal SET salt = NULL, content = NULL, taxpayer_id = NULL WHERE key = ?", (NUMBER,)
        )


@pytest.mark.both_engines
def test_a_customer_whom_a_proposal_names_is_not_erased_before_it_is_decided(door: Door) -> None:
    number, li = proposal(door.sign_in("zhang")), door.sign_in("li")
    answer = erasing(li)
    assert (answer.status_code, answer.json["code"]) == (409, "customer_has_proposals")
    assert answer.json["errors"][0]["documents"] == [number]
    rejected(li, number)
    assert erasing(li).status_code == 200


def rejected(li: Client, number: str) -> None:
    body = {"decision": "reject", "password": li.door.password("li"), "reason": "客户已注销"}
    assert li.post(f"/v1/documents/{number}/review", body).json["document"]["status"] == "rejected"


def test_a_proposal_is_not_approved_once_its_customer_was_erased(door: Door) -> None:
    number, li = proposal(door.sign_in("zhang")), door.sign_in("li")
    erased_behind(door)
    body = {"decision": "approve", "password": door.password("li")}
    answer = li.post(f"/v1/documents/{number}/review", body)
    assert (answer.status_code, answer.json["code"]) == (422, "customer_erased")
    assert [each["serial"] for each in answer.json["errors"]] == ["661565790001", "661565790002"]
    rejected(li, number)


def test_nothing_is_sold_to_a_customer_who_was_erased(door: Door) -> None:
    zhang = door.sign_in("zhang")
    rejected(door.sign_in("li"), proposal(zhang))
    erased(door)
    sale = {"type": "sale", "site": "BJ01", "business_date": TODAY, "application": "A-1",
            "customer": {"number": NUMBER}, "lines": [{"serial": "661565714358"}]}  # fmt: skip
    answer = zhang.post("/v1/documents", sale)
    assert (answer.status_code, answer.json["code"]) == (422, "customer_erased")
    known_anew = zhang.post("/v1/documents", {**sale, "customer": {"taxpayer_id": OTHER, "name": "甲公司"}})
    assert known_anew.status_code == 201, known_anew.text


DEVICE = "661565714358"
UNDOING = {
    "sale_cancellation": {"reason": "取消", "bin": "M-01"},
    "customer_return": {"reason": "注销", "bin": "M-09"},
    "surrender": {"tax_document": "T", "reason": "deregistration"},
}


def posted(client: Client, kind: str, **fields: object) -> str:
    """Post a document of one device; its number."""
    body = {"type": kind, "site": "BJ01", "business_date": TODAY, **fields}
    if kind != "reversal":
        body["lines"] = [{"serial": DEVICE}]
    answer = client.post("/v1/documents", body)
    assert answer.status_code in (201, 202), answer.text
    return str(answer.json["number"])


def gone(zhang: Client, kind: str) -> str:
    """A device of the new customer that they no longer have; the number of the document that took it from them."""
    customer = {"taxpayer_id": OTHER, "name": "甲公司"}
    posted(zhang, "sale", customer=customer, application="A")
    if kind != "sale_cancellation":
        posted(zhang, "registration", customer=customer)
    return posted(zhang, kind, **UNDOING[kind])


@pytest.mark.parametrize("kind", UNDOING)
def test_a_reversal_gives_nothing_back_to_a_customer_who_was_erased(door: Door, kind: str) -> None:
    zhang = door.sign_in("zhang")
    number = gone(zhang, kind)
    erased(door)
    body = {"type": "reversal", "site": "BJ01", "business_date": TODAY, "document": number, "reason": "错"}
    answer = zhang.post("/v1/documents", body)
    assert (answer.status_code, answer.json["code"]) == (422, "customer_erased")
    assert answer.json["errors"][0]["serial"] == DEVICE


@pytest.mark.both_engines
@pytest.mark.parametrize("kind", UNDOING)
def test_a_customer_whom_a_reversal_would_give_a_device_is_not_erased(door: Door, kind: str) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    reversal = posted(zhang, "reversal", document=gone(zhang, kind), reason="错")
    answer = erasing(li)
    assert (answer.status_code, answer.json["code"]) == (409, "customer_has_proposals")
    assert answer.json["errors"][0]["documents"] == [reversal]
    body = {"decision": "approve", "password": door.password("li")}
    assert li.post(f"/v1/documents/{reversal}/review", body).status_code == 200
    assert erasing(li).json["code"] == "customer_has_devices"


def test_a_reversal_is_not_approved_once_the_customer_it_serves_was_erased(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    reversal = posted(zhang, "reversal", document=gone(zhang, "surrender"), reason="错")
    erased_behind(door)
    body = {"decision": "approve", "password": door.password("li")}
    answer = li.post(f"/v1/documents/{reversal}/review", body)
    assert (answer.status_code, answer.json["code"]) == (422, "customer_erased")


@pytest.mark.both_engines
def test_customers_are_due_by_the_last_document_that_was_of_them_until_they_are_needed_or_erased(
    door: Door,
) -> None:
    zhang = door.sign_in("zhang")
    customer = {"taxpayer_id": OTHER, "name": "甲公司"}
    posted(zhang, "sale", customer=customer, application="A")
    posted(zhang, "registration", customer=customer)
    door.now += 500 * 86_400_000_000
    later = day_of(door.now).isoformat()
    took = posted(door.sign_in("zhang"), "customer_return", business_date=later, reason="注销", bin="M-09")
    assert NUMBER not in due(door, later), "their device came back on that very day"
    assert NUMBER in due(door, "2099-01-01")
    reversal = posted(door.sign_in("zhang"), "reversal", business_date=later, document=took, reason="错")
    assert NUMBER not in due(door, "2099-01-01"), "a reversal would give it back"
    rejected(door.sign_in("li"), reversal)
    visit = {"site": "BJ01", "fault": "回访", "purposes": ["return_visit"], "customer": {"number": NUMBER}}
    order = door.sign_in("zhang").post("/v1/dispatch-orders", visit).json["number"]
    assert NUMBER not in due(door, "2099-01-01"), "somebody is sent to them"
    cancelled = door.sign_in("zhang").post(f"/v1/dispatch-orders/{order}/cancel", {"reason": "改期"})
    assert cancelled.status_code == 200, cancelled.text
    assert NUMBER in due(door, "2099-01-01")
    for complaint in a_complaint(door):
        assert (NUMBER in due(door, "2099-01-01")) == (complaint["state"] == "closed"), "they complain"
    erased(door)
    assert NUMBER not in due(door, "2099-01-01")


def a_complaint(door: Door) -> Iterator[dict[str, Any]]:
    """A complaint of the customer, after each of its steps to the end."""
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    body = {"site": "BJ01", "channel": "letter", "categories": ["other"], "account": "来信一封"}
    received = zhang.post("/v1/complaints", {**body, "customer": {"number": NUMBER}})
    assert received.status_code == 201, received.text
    yield received.json
    for who, step, told in (
        (zhang, "investigate", {"text": "查无此事", "valid": False}),
        (li, "decide", {"decision": "invalid"}),
        (zhang, "resolve", {"text": "已说明"}),
        (li, "confirm", {"word": "content"}),
        (li, "close", {}),
    ):
        answer = who.post(f"/v1/complaints/{received.json['number']}/{step}", told)
        assert answer.status_code == 200, answer.text
        yield answer.json


def due(door: Door, day: str) -> list[str]:
    """Whose data may go, where nothing was written of them since a day."""
    return [each.number for each in erasable_before(door.store, day, RECORD_KINDS)]
