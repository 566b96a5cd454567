"""A customer of two sites: known once, by the site that made them known, and read by whoever deals with them."""

from __future__ import annotations

import pytest

from devices.ledger.proving.verify import verify
from devices.store.database import Store
from panku.wiring import CHECKS, RECORD_KINDS
from tests.door import TODAY, Client, Door

NUMBER, TAXPAYER, NAME = "C-BJ01-000002", "110101199003077", "朝阳区惠民便利店"
PATH = f"/v1/customers/{NUMBER}"


@pytest.fixture
def door(demo: Store) -> Door:
    """Demo books on each engine; the customer is of BJ01."""
    return Door(demo)


def sale(zhao: Client) -> None:
    """TJ01 receives a disk, sells it to BJ01's customer, and tells an address of theirs."""
    day = {"site": "TJ01", "business_date": TODAY}
    lines = {"lines": [{"serial": "661565790001"}]}
    receipt = {"type": "receipt", **day, "register": "merchandise", "supplier": "x", "delivery_note": "y",
               "model": "TCG-01", "bin": "M-01", **lines}  # fmt: skip
    customer = {"taxpayer_id": TAXPAYER, "name": NAME, "address": "天津路 1 号"}
    for body in (receipt, {"type": "sale", **day, "customer": customer, "application": "A-1", **lines}):
        answer = zhao.post("/v1/documents", body)
        assert answer.status_code == 201, answer.text


def read(client: Client) -> tuple[int, list[str]]:
    """The status of the customer's record, and the numbers found by their taxpayer id."""
    found = client.get(f"/v1/customers?taxpayer_id={TAXPAYER}").json
    return client.get(PATH).status_code, [each["number"] for each in found]


def test_a_site_without_dealings_does_not_find_the_customer(door: Door) -> None:
    assert read(door.sign_in("zhao")) == (404, [])
    assert read(door.sign_in("zhang")) == (200, [NUMBER])


def test_a_sale_elsewhere_joins_the_customer_and_both_sites_read_them(door: Door) -> None:
    zhang, zhao = door.sign_in("zhang"), door.sign_in("zhao")
    sale(zhao)
    assert read(zhang) == read(zhao) == (200, [NUMBER])
    told = zhang.get(PATH).json
    assert (told["site"], told["data"]["address"]) == ("BJ01", "天津路 1 号")


def test_what_another_site_tells_of_a_customer_is_in_that_sites_journal(door: Door) -> None:
    sale(door.sign_in("zhao"))
    assert door.store.rows(
        "SELECT r.journal_site, c.site FROM revision r JOIN record c ON c.kind = r.kind AND c.key = r.key"
        " WHERE r.kind = 'customer' AND r.key = ? ORDER BY r.revision DESC LIMIT 1", (NUMBER,),
    ) == [("TJ01", "BJ01")]  # fmt: skip
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_only_the_customers_own_site_corrects_them(door: Door) -> None:
    zhang, zhao = door.sign_in("zhang"), door.sign_in("zhao")
    sale(zhao)
    revision = zhang.get(PATH).headers["etag"]
    body = {"name": NAME, "contact": "李经理"}
    assert zhao.send("PUT", PATH, body, If_Match=revision).status_code == 404
    answer = zhang.send("PUT", PATH, body, If_Match=revision)
    assert (answer.status_code, answer.json["site"]) == (200, "BJ01")
    assert zhao.get(PATH).json["data"]["contact"] == "李经理"
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


@pytest.mark.both_engines
def test_a_site_reads_a_customer_while_it_has_their_repair_open(door: Door) -> None:
    zhao = door.sign_in("zhao")
    order = zhao.post("/v1/repairs", {"site": "TJ01", "serial": "661565714354", "fault": "不亮"}).json[
        "number"
    ]
    assert read(zhao) == (200, [NUMBER])
    assert zhao.post(f"/v1/repairs/{order}/cancel").status_code == 200
    assert read(zhao) == (404, [])
