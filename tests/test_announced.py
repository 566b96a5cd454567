"""Which devices are expected under a paper, at the site that waits for them and at no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.ledger.papers.announced import dispatches_for, expected_under, manifests_of
from devices.store.database import Store
from tests.conftest import ENGINES, Stores
from tests.door import TODAY, Door
from web.views.stock.scan import following

SENT = ["661565714365", "661565714366", "661565714367"]


@pytest.fixture(scope="module", params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    store = stores.demo(request.param)
    yield Door(store)
    stores.drop(store)


@pytest.fixture
def store(door: Door) -> Store:
    return door.store


def test_a_transfer_is_expected_where_it_goes(store: Store) -> None:
    (offered,) = dispatches_for(store, "dispatch", "TJ01")
    assert (offered.told, offered.count) == ("SF SF1234567891", 3)
    expected = expected_under(store, "dispatch", offered.number, "TJ01")
    assert expected is not None
    assert dict(expected.serials) == dict.fromkeys(SENT, "TCG-01")
    assert dispatches_for(store, "dispatch", "BJ01") == []
    assert expected_under(store, "dispatch", offered.number, "BJ01") is None


@pytest.mark.both_engines
def test_a_parcel_to_the_maker_is_expected_where_it_left(store: Store) -> None:
    (offered,) = dispatches_for(store, "factory_dispatch", "BJ01")
    expected = expected_under(store, "factory_dispatch", offered.number, "BJ01")
    assert expected is not None
    assert list(expected.serials) == ["661565714353"]
    assert dispatches_for(store, "factory_dispatch", "TJ01") == []


@pytest.mark.both_engines
def test_a_packing_list_expects_what_no_receipt_has_taken_in(door: Door, store: Store) -> None:
    zhang = door.sign_in("zhang")
    query = "site=BJ01&register=spare&supplier=Maker&delivery_note=N1"
    table = "序列号,型号\n900000000001,TCG-01\n900000000002,TCG-01\n".encode()
    number = zhang.post(f"/v1/manifests?{query}", table).json["number"]
    paper = {"register": "spare", "supplier": "Maker", "delivery_note": "N1"}
    draft = {
        "type": "receipt",
        "site": "BJ01",
        "business_date": TODAY,
        **paper,
        "manifest": number,
        "bin": "S-01",
    }
    lines = [{"serial": "900000000001", "model": "TCG-01"}]
    assert zhang.post("/v1/documents", {**draft, "lines": lines}).status_code == 201
    assert [each.number for each in manifests_of(store, "BJ01")] == [number]
    assert manifests_of(store, "TJ01") == []
    expected = expected_under(store, "manifest", number, "BJ01")
    assert expected is not None
    assert (dict(expected.serials), dict(expected.fixed)) == ({"900000000002": "TCG-01"}, paper)
    assert expected_under(store, "manifest", number, "TJ01") is None


@pytest.mark.parametrize(
    ("last", "following_one"),
    [("SY-0001", "SY-0002"), ("SY-0099", "SY-0100"), ("9", "10"), ("甲字第九号", ""), ("", "")],
)
def test_an_application_number_counts_on_where_it_counts(last: str, following_one: str) -> None:
    assert following(last) == following_one
