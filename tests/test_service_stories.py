"""What happens to a unit that serves customers, from its beginning to its end: five stories, told through the API."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from devices.calendar import day_of
from devices.paperwork.dispatches import TECHNICIAN
from devices.service.jobs.board import Lane, board
from devices.store.database import Store
from panku.demo import TAXPAYERS, fill
from tests.conftest import ENGINES, Stores
from tests.custody import DAY_US, House, codes
from tests.dispatched import done, sent
from tests.printed import Printed, printed
from web.door import add_pages

pytestmark = pytest.mark.both_engines

SERVED, SECOND, SPARE, SOLD = "661565714354", "661565720011", "661565720012", "661565714357"
"""A disk in service and one that is too, of another customer; a spare, and a disk on the shelf."""
PHOTO = b"\xff\xd8\xff\xe0 what the customer signed"
ORDERS = "/v1/dispatch-orders"
CONTACT = {"name": "刘会计", "phone": "010-62000000", "address": "学院路 30 号"}
SPOKEN_TO = {"name": "刘会计", "phone": "010-62000000", "remarks": "下次请提前打电话"}
WELL = {
    "answers": {
        "on_time": "not_agreed", "manner": "yes", "proper": "yes", "promise": "yes", "paid_fen": 5_000,
        "favour": "no", "solved": "yes", "disk": SOLD, "signed": "yes", "overall": 5,
    }
}  # fmt: skip
"""A customer who says what the record says, of a job that they paid 50 yuan for."""


def at(text: str) -> str:
    """A moment of October 2026 in Beijing: `09T16:50`."""
    return f"2026-10-{text}:00+08:00"


FRIDAY, SATURDAY, SUNDAY, MONDAY = (at(f"{day:02}T16:50") for day in (9, 10, 11, 12))
"""The Saturday makes up for a day of the National Day holiday: it is a working day."""


class Story(House):
    """The house on a Friday afternoon; `it_is` lets time pass."""

    def it_is(self, moment: str) -> None:
        self.now = int(datetime.fromisoformat(moment).timestamp()) * 1_000_000

    def did(self, who: str, path: str, body: Any = None) -> Any:
        """What somebody did; its answer."""
        answer = self.of(who).post(path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    def refused(self, who: str, path: str, body: Any = None) -> list[str]:
        """Why somebody could not do it."""
        answer = self.of(who).post(path, body)
        assert answer.status_code >= 400, answer.text
        return codes(answer)

    def told(self, who: str, path: str) -> Any:
        answer = self.of(who).get(path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def posted(self, document: str, *lines: dict[str, str], who: str = "zhang", **more: Any) -> str:
        """The number of a document of today."""
        day = day_of(self.now).isoformat()
        body = {"type": document, "site": "BJ01", "business_date": day, "lines": list(lines), **more}
        return str(self.did(who, "/v1/documents", body)["number"])

    def stands(self, number: str, site: str = "BJ01", who: str = "zhang") -> list[tuple[str, str]]:
        """How an order stands under its deadline, and until which day, as long as it is due or since it was met."""
        told = self.told(who, f"/v1/deadlines?site={site}&limit=500&met_since=2026-10-01")
        return [(each["standing"], each["due_on"]) for each in told if each["subject"] == number]

    def lanes(self, *sites: str) -> dict[Lane, list[str]]:
        """What the board shows, by lane."""
        shown = board(self.store, sites or ("BJ01",), day_of(self.now), lambda _: True)
        return {lane: [card.order.number for card in cards] for lane, cards in shown.items() if cards}

    def signed(self, number: str, who: str = "wang") -> dict[str, str]:
        """The confirmation of a job: the paper that the customer signed, photographed and uploaded."""
        answer = self.of(who).post(f"/v1/attachments?site={number.split('-')[1]}&under={number}", PHOTO)
        assert answer.status_code == 201, answer.text
        return {"how": "signed", "paper": answer.json["digest"]}

    def slip(self, number: str, who: str = "zhang") -> Printed:
        """The paper of an order."""
        return printed(self.of(who), f"{ORDERS}/{number}/slip")


def filed(moment: str, *used: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A record of a job that was done at a moment."""
    return done(*used, arrived_at=moment, completed_at=moment, **more)


def fill_unit(store: Store) -> None:
    """The demo of some days before that Friday, a second technician, and everybody else."""
    story = Story(store)
    story.it_is(FRIDAY)
    fill(store, story.now - 3 * DAY_US)
    story.enrol_extra()
    story.enrol("sun")
    for site in ("BJ01", "TJ01"):
        story.grant("sun", TECHNICIAN, site)
    story.certify("sun")
    story.session_store.close()


@pytest.fixture(scope="module", params=ENGINES)
def filled(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Store]:
    store = stores.filled(request.param, fill_unit)
    yield store
    stores.drop(store)


@pytest.fixture
def story(filled: Store, stores: Stores) -> Iterator[Story]:
    told = Story(stores.copy(filled))
    add_pages(told.app, told.services)
    told.keys = itertools.count(10_000)
    told.it_is(FRIDAY)
    yield told
    told.session_store.close()
    stores.drop(told.store)


def test_a_customer_calls_on_the_friday_before_a_saturday_on_which_people_work(story: Story) -> None:
    done_in_time, late = (
        str(story.did("zhang", ORDERS, sent(serial, technician="wang"))["number"])
        for serial in (SERVED, SECOND)
    )
    numbers = (done_in_time, late)
    assert [story.stands(number) for number in numbers] == [[("due", "2026-10-10")]] * 2
    story.it_is(SATURDAY)
    assert [story.stands(number) for number in numbers] == [[("due", "2026-10-10")]] * 2
    assert story.lanes() == {"assigned": [done_in_time, late]}
    story.it_is(SUNDAY)
    assert [story.stands(number) for number in numbers] == [[("overdue", "2026-10-10")]] * 2
    story.it_is(MONDAY)
    story.did("wang", f"{ORDERS}/{done_in_time}/service-record", filed(at("10T17:30")))
    story.did("wang", f"{ORDERS}/{late}/service-record", filed(at("12T09:30")))
    assert story.stands(done_in_time) == [("met", "2026-10-10")], "written up late, done in time"
    assert story.stands(late) == [("met_late", "2026-10-10")]
    assert story.lanes() == {"done": [late]}, "today's, and nobody else's"
    assert story.faults() == []


def test_a_spare_goes_in_on_friday_evening_and_the_storekeeper_settles_it_in_the_morning(
    story: Story,
) -> None:
    number = story.did("zhang", ORDERS, sent(SERVED, technician="wang", contact=CONTACT))["number"]
    story.did("wang", f"{ORDERS}/{number}/accept")
    story.posted("carry_out", {"serial": SPARE, "faulty": SERVED}, order=number)
    story.it_is(at("09T19:40"))
    record = filed(at("09T19:30"), (SERVED, SPARE), confirmation=story.signed(number))
    waits = story.did("wang", f"{ORDERS}/{number}/service-record", record)
    assert (waits["unsettled"], waits["contact"]["phone"]) == (
        [{"faulty": SERVED, "spare": SPARE}], CONTACT["phone"],
    )  # fmt: skip
    assert story.lanes() == {"done": [number], "unsettled": [number]}
    story.it_is(at("10T08:50"))
    assert story.lanes() == {"unsettled": [number]}, "it waits for as long as the spare is out"
    (scanned,) = story.did("zhang", "/v1/devices/check", {"site": "BJ01", "scans": [{"serial": SERVED}]})
    offered = scanned["settles"]
    assert (offered["order"], offered["spare"], offered["terms"]) == (number, SPARE, "free")
    said = {name: offered[name] for name in ("order", "fault", "terms")}
    story.posted("swap", {"faulty": SERVED, "spare": offered["spare"]}, bin="S-09", **said)
    assert story.lanes() == {}
    (again,) = story.did("zhang", "/v1/devices/check", {"site": "BJ01", "scans": [{"serial": SERVED}]})
    assert again["settles"] is None
    kept = story.told("wang", f"{ORDERS}/{number}")
    assert (kept["unsettled"], kept["contact"], kept["record"]["filed_by"]) == ([], None, "wang")
    served = story.told("zhang", f"/v1/devices/{SPARE}")
    orders = [each["number"] for each in served["orders"]]
    assert (served["device"]["state"], orders) == ("in_service", [number])
    assert story.faults() == []


def test_a_technician_leaves_and_what_they_did_keeps_their_name(story: Story) -> None:
    old, open_, taken = (
        str(story.did("zhang", ORDERS, {**sent(serial, technician="wang"), "purposes": [purpose]})["number"])
        for serial, purpose in ((SERVED, "repair"), (SERVED, "return_visit"), (SECOND, "repair"))
    )
    story.did("wang", f"{ORDERS}/{old}/service-record", filed(FRIDAY, confirmation=story.signed(old)))
    story.did("wang", f"{ORDERS}/{taken}/accept")
    wang = story.of("wang")
    story.did("admin", "/v1/people/wang/deactivate")
    assert wang.get("/v1/me").status_code == 401
    shown = board(story.store, ["BJ01"], day_of(story.now), lambda _: True)
    assert {card.order.number: card.lack for card in (*shown["assigned"], *shown["accepted"])} == {
        open_: "no_role", taken: "no_role",
    }  # fmt: skip
    assert [card.lack for card in shown["done"]] == [None], "who came is not asked of what is done"
    assert "王强" in story.of("zhang").get("/dispatch").text
    assert story.refused("zhang", ORDERS, sent(SERVED, technician="wang")) == ["not_certified"]
    for number in (open_, taken):
        assert story.refused("wu", f"{ORDERS}/{number}/reassign", {"technician": "sun"}) == [
            "reason_required"
        ]
        answer = story.did("wu", f"{ORDERS}/{number}/reassign", {"technician": "sun", "reason": "王强已离职"})
        assert (answer["technician"], answer["state"]) == ("sun", "open")
    assert story.lanes()["assigned"] == [open_, taken]
    story.did("sun", f"{ORDERS}/{taken}/accept")
    kept = story.told("li", f"{ORDERS}/{old}")
    assert (kept["technician"], kept["record"]["filed_by"]) == ("wang", "wang")
    assert "王强" in " ".join(story.slip(old).texts)
    assert story.faults() == []


def test_a_customer_is_forgotten_and_what_was_done_stays(story: Story) -> None:
    theirs = {"taxpayer_id": "91110000600037341L", "name": "甲公司"}
    story.posted("sale", {"serial": SOLD}, customer=theirs, application="SY-7")
    asked = story.did("wu", "/v1/installations", {"site": "BJ01", "serial": SOLD, "mode": "download"})
    confirmed = {
        "checks": {"opens": True, "runs": True, "prints": True}, "confirmed_by": {"name": "刘会计"},
    }  # fmt: skip
    installation = f"/v1/installations/{asked['number']}"
    assert story.did("wu", f"{installation}/confirm", confirmed)["confirmed_by"]["name"] == "刘会计"
    order = story.did("zhang", ORDERS, sent(SOLD, technician="wang", contact=CONTACT))
    number, customer = order["number"], order["customer"]
    story.it_is(SATURDAY)
    paper = story.signed(number)
    story.posted("sale_cancellation", {"serial": SOLD}, reason="取消", bin="M-01")
    forget = f"/v1/customers/{customer}/erase", {"password": story.password("li")}
    assert story.refused("li", *forget) == ["customer_has_open_service"]
    story.did(
        "wang", f"{ORDERS}/{number}/service-record", filed(SATURDAY, charged_fen=5_000, confirmation=paper)
    )
    stays = ("number", "customer", "asked_at", "opened_at", "state", "course", "record")
    before, stood = story.told("zhang", f"{ORDERS}/{number}"), story.stands(number)
    assert before["contact"] == CONTACT
    answer = story.of("li").post(*forget)
    assert (answer.status_code, codes(answer)) == (409, ["customer_has_open_service"]), (
        "the call about the job"
    )
    assert answer.json["errors"][0]["records"] == [f"F{number}"]
    call = story.did("chen", f"/v1/follow-ups/{number}/answer", WELL | {"spoken_to": SPOKEN_TO})
    assert (call["state"], call["spoken_to"]["name"]) == ("answered", "刘会计")
    story.did("li", *forget)
    kept = story.told("chen", f"/v1/follow-ups/{number}")
    assert (kept["spoken_to"], kept["erased"]) == (None, True)
    said_then = ("state", "answers", "compared", "done_at", "technician", "course")
    assert {name: kept[name] for name in said_then} == {name: call[name] for name in said_then}
    after = story.told("zhang", f"{ORDERS}/{number}")
    assert (after["contact"], after["erased"]) == (None, True)
    assert {name: after[name] for name in stays} == {name: before[name] for name in stays}
    assert (after["record"]["charged_fen"], story.stands(number)) == (5_000, stood)
    assert stood == [("met", "2026-10-10")]
    assert story.of("zhang").get(f"/v1/attachments/{paper['paper']}").status_code == 410
    assert story.store.rows("SELECT * FROM personal_blob") == []
    installed = story.told("zhang", installation)
    assert (installed["state"], installed["confirmed_by"], installed["installed_at"]) == (
        "installed", None, asked["opened_at"],
    )  # fmt: skip
    assert "甲公司" not in " ".join(story.slip(number).texts)
    assert story.faults() == []


def test_a_site_sends_somebody_to_the_customer_of_another(story: Story) -> None:
    taxpayer, name = TAXPAYERS[1]
    named = {"taxpayer_id": taxpayer, "name": name}
    assert story.refused("zhao", ORDERS, sent(SERVED, "TJ01", technician="sun")) == ["customer_required"]
    body = sent(SERVED, "TJ01", technician="sun", customer=named, contact=CONTACT)
    order = story.did("zhao", ORDERS, body)
    number, customer = order["number"], order["customer"]
    assert (number.split("-")[1], customer.split("-")[1]) == ("TJ01", "BJ01")
    assert (story.stands(number, "TJ01", "zhao"), story.stands(number)) == ([("due", "2026-10-10")], [])
    at_home = story.told("zhang", f"/v1/customers/{customer}/orders")
    assert [each["masked"] for each in at_home if each["number"] == number] == [True]
    assert story.of("wang").get(f"{ORDERS}/{number}").status_code == 404
    assert story.of("zhang").get(f"{ORDERS}/{number}").status_code == 404
    assert (story.lanes("TJ01"), story.lanes("BJ01")) == ({"assigned": [number]}, {})
    story.it_is(SATURDAY)
    seen = story.told("sun", f"{ORDERS}/{number}")
    assert (seen["customer_shown"]["name"], seen["contact"]["address"]) == (name, CONTACT["address"])
    record = filed(SATURDAY, confirmation=story.signed(number, "sun"))
    story.did("sun", f"{ORDERS}/{number}/service-record", record)
    assert story.stands(number, "TJ01", "zhao") == [("met", "2026-10-10")]
    for who in ("sun", "zhao"):
        kept = story.told(who, f"{ORDERS}/{number}")
        assert (kept["contact"], (kept["customer_shown"] or {}).get("name")) == (None, None), who
    assert story.of("zhao").get(f"/v1/customers/{customer}").status_code == 404
    assert story.faults() == []
