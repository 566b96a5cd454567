"""A consignment goes to one place, and what is lost on the way is claimed under the one it was sent with."""

import pytest

from devices import records
from devices.ledger.deciding.drafts import DRAFTS, Sending
from devices.ledger.deciding.rules_of_sending import waybill_goes_to_one_place
from devices.ledger.proving.verify import verify
from devices.paperwork_kinds import CONSIGNMENT
from devices.problems import Refused
from devices.store.database import Store
from panku.wiring import RECORD_KINDS, RULEBOOK
from tests.ledger_books import Books

GIVEN_TO_A_CARRIER = [name for name, draft in DRAFTS.items() if "carrier" in draft.__struct_fields__]
FIRST, SECOND, THIRD = "100000000001", "100000000002", "100000000003"


def test_whatever_a_carrier_takes_along_makes_its_waybill_known() -> None:
    sending = {draft.__struct_config__.tag for draft in Sending.__args__}
    assert sending == set(GIVEN_TO_A_CARRIER), "Sending in devices/ledger/deciding/drafts.py"


@pytest.mark.parametrize("document", GIVEN_TO_A_CARRIER)
def test_whatever_a_carrier_takes_along_is_judged_by_its_waybill(document: str) -> None:
    assert waybill_goes_to_one_place in RULEBOOK.get(document, ()), (
        "RULES in devices/ledger/deciding/rules_of_one.py or devices/spares/rules.py"
    )


@pytest.mark.both_engines
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


def to_the_maker(books: Books, serial: str, waybill: str) -> str:
    """A quarantined device goes to the maker."""
    return books.post("factory_dispatch", serial, maker="厂", carrier="SF", consignment_number=waybill).number


def elsewhere(refused: Refused) -> dict[str, object]:
    """The facts of a refusal to send with a waybill that goes elsewhere."""
    (problem,) = refused.problems
    assert problem.code == "consignment_elsewhere"
    return dict(problem.facts)


@pytest.mark.both_engines
def test_one_waybill_does_not_go_to_two_places(store: Store) -> None:
    books = Books(store)
    books.receive(FIRST, SECOND, THIRD)
    books.post("hold", SECOND, reason="坏", bin="MQ")
    sent = {"carrier": "SF", "consignment_number": "W1"}
    books.post("dispatch", FIRST, destination="TJ01", **sent)
    known = {"consignment": "W1", "carrier": "SF", "destination": "TJ01"}
    with pytest.raises(Refused) as refused:
        to_the_maker(books, SECOND, "W1")
    assert elsewhere(refused.value) == known
    with pytest.raises(Refused) as refused:
        books.post("supplier_return", SECOND, reason="退", **sent)
    assert elsewhere(refused.value) == known
    to_the_maker(books, SECOND, "W2")
    with pytest.raises(Refused) as refused:
        books.post("dispatch", THIRD, destination="TJ01", carrier="SF", consignment_number="W2")
    assert elsewhere(refused.value) == {"consignment": "W2", "carrier": "SF", "destination": "厂"}
    books.post("dispatch", THIRD, destination="TJ01", **sent)


def test_a_waybill_of_another_site_is_another_one(store: Store) -> None:
    books = Books(store)
    books.receive(FIRST)
    books.receive(SECOND, site="TJ01")
    sent = {"carrier": "SF", "consignment_number": "W1"}
    books.post("dispatch", FIRST, destination="TJ01", **sent)
    books.post("dispatch", SECOND, site="TJ01", destination="BJ01", **sent)


def test_a_waybill_whose_documents_were_all_reversed_goes_elsewhere(store: Store) -> None:
    books = Books(store)
    books.receive(FIRST, SECOND)
    books.post("hold", SECOND, reason="坏", bin="MQ")
    wrong = books.post("dispatch", FIRST, destination="TJ01", carrier="SF", consignment_number="W1").number
    books.settle("reversal", document=wrong, reason="错")
    to_the_maker(books, SECOND, "W1")
    found = records.current(store, CONSIGNMENT, "BJ01/SF/W1")
    assert found is not None
    assert (found[0].destination, found[1]) == ("厂", 2)
    assert verify(store, RECORD_KINDS).faults == []


def test_a_proposed_return_approved_later_goes_with_its_own_waybill(store: Store) -> None:
    books = Books(store)
    books.receive(FIRST)
    books.post("hold", FIRST, reason="坏", bin="MQ")
    books.settle("supplier_return", FIRST, reason="退", carrier="SF", consignment_number="W1")
    assert books.state(FIRST) == "returned"
