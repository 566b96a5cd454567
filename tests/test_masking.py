"""Another site's customer is masked, unless the site deals with them: one definition, wherever it is asked."""

from typing import Any

import pytest

from devices.store.database import Store
from tests.door import TODAY, Client, Door

SERIAL, NAME, NUMBER = "661565714354", "朝阳区惠民便利店", "C-BJ01-000002"


@pytest.fixture
def door(demo: Store) -> Door:
    """The application over demo books, on each engine."""
    return Door(demo)


def ways_to_ask(client: Client) -> dict[str, str]:
    """What each way to ask for the device answers, as text."""
    return {
        "device": client.get(f"/v1/devices/{SERIAL}").text,
        "lookup": client.post("/v1/devices/lookup", {"serials": [SERIAL]}).text,
        "history": client.get(f"/v1/devices/{SERIAL}/history").text,
    }


def seen(client: Client) -> dict[str, bool]:
    """By way to ask, whether the customer shows: by name, or in a history by number."""
    return {way: (NUMBER if way == "history" else NAME) in text for way, text in ways_to_ask(client).items()}


def open_repair(door: Door) -> str:
    """A repair order for the device at the other site."""
    named = {"taxpayer_id": "110101199003077", "name": NAME}
    body = {"site": "TJ01", "serial": SERIAL, "fault": "不亮", "customer": named}
    answer = door.sign_in("zhao").post("/v1/repairs", body)
    assert answer.status_code == 201, answer.text
    number: str = answer.json["number"]
    return number


EVERYWHERE = {"device": True, "lookup": True, "history": True}
NOWHERE = dict.fromkeys(EVERYWHERE, False)


def test_a_foreign_customer_is_masked_wherever_the_device_is_asked_for(door: Door) -> None:
    assert seen(door.token("TJ01")) == NOWHERE
    assert seen(door.token("BJ01")) == EVERYWHERE


def test_an_open_repair_order_shows_the_customer(door: Door) -> None:
    open_repair(door)
    assert seen(door.token("TJ01")) == EVERYWHERE


def test_a_cancelled_repair_order_masks_the_customer_again(door: Door) -> None:
    number = open_repair(door)
    assert door.sign_in("zhao").post(f"/v1/repairs/{number}/cancel").status_code == 200
    assert seen(door.token("TJ01")) == NOWHERE


def test_a_repair_order_of_another_customer_shows_nothing(door: Door) -> None:
    open_repair(door)
    other = door.token("TJ01").get("/v1/devices/661565720011").json["device"]["customer"]
    assert other["masked"] is True


def test_custody_shows_the_customer_when_the_order_is_closed(door: Door) -> None:
    number, zhao = open_repair(door), door.sign_in("zhao")
    intake: dict[str, Any] = {
        "type": "repair_intake", "site": "TJ01", "business_date": TODAY, "order": number, "fault": "不亮",
        "bin": "R-01", "lines": [{"serial": SERIAL}],
    }  # fmt: skip
    assert zhao.post("/v1/documents", intake).status_code == 201
    record = {"completed_at": f"{TODAY}T00:00:00+08:00", "diagnosis": "x", "work": "y"}
    assert zhao.post(f"/v1/repairs/{number}/service-record", record).status_code == 201
    shown = seen(door.token("TJ01"))
    assert (shown["device"], shown["lookup"]) == (True, True)
    assert seen(door.token("BJ01")) == EVERYWHERE, "their home always sees its customer"


def test_after_a_repair_elsewhere_the_home_still_sees_its_customer(door: Door) -> None:
    number, zhao = open_repair(door), door.sign_in("zhao")
    day = {"site": "TJ01", "business_date": TODAY, "lines": [{"serial": SERIAL}]}
    intake = {"type": "repair_intake", **day, "order": number, "fault": "不亮", "bin": "R-01"}
    back = {
        "type": "repair_return",
        **day,
        "diagnosis": "x",
        "work": "y",
        "completed_at": f"{TODAY}T00:00:00+08:00",
    }
    for body in (intake, back):
        assert zhao.post("/v1/documents", body).status_code == 201
    assert seen(door.token("BJ01")) == EVERYWHERE
    zhang = door.sign_in("zhang")
    assert zhang.get(f"/v1/customers/{NUMBER}").status_code == 200
