"""What is lost on the way is claimed under the consignment it was sent with."""

import pytest

from devices.database import Store
from devices.problems import Refused
from tests.ledger_books import Books

FIRST, SECOND = "100000000001", "100000000002"


def test_a_loss_under_another_consignment_is_refused_naming_both(store: Store) -> None:
    books = Books(store)
    books.receive(FIRST, SECOND)
    books.post("dispatch", FIRST, destination="TJ01", carrier="SF", consignment_number="W1")
    books.post("dispatch", SECOND, destination="TJ01", carrier="SF", consignment_number="W2")
    with pytest.raises(Refused) as refused:
        books.post("transit_loss", FIRST, SECOND, consignment_number="W2", claim="赔")
    assert [(each.code, dict(each.facts)) for each in refused.value.problems] == [
        ("consignment_differs", {"serial": FIRST, "consignment": "W2", "sent": "W1"})
    ]
    books.settle("transit_loss", FIRST, consignment_number="W1", claim="赔")
    assert books.state(FIRST) == "missing"


def test_the_last_dispatch_of_a_device_is_the_one_that_counts(store: Store) -> None:
    books = Books(store)
    books.receive(FIRST)
    first = books.post("dispatch", FIRST, destination="TJ01", carrier="SF", consignment_number="W1").number
    books.settle("reversal", document=first, reason="错")
    books.post("dispatch", FIRST, destination="TJ01", carrier="SF", consignment_number="W2")
    with pytest.raises(Refused, match="consignment_differs"):
        books.post("transit_loss", FIRST, consignment_number="W1", claim="赔")
    books.post("transit_loss", FIRST, consignment_number="W2", claim="赔")


def test_opening_stock_on_its_way_has_no_dispatch_to_agree_with(store: Store) -> None:
    books = Books(store)
    line = {
        "serial": FIRST,
        "model": "TCG-01",
        "state": "in_transit",
        "register": "merchandise",
        "party": "SF",
    }
    books.settle("opening", lines=[line], attachments=[books.paper])
    books.settle("transit_loss", FIRST, consignment_number="W9", claim="赔")
    assert books.state(FIRST) == "missing"
