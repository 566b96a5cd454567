"""Processes fighting over one serial, document or customer, at one site and at two: the books stay one story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec
import pytest

from devices.ledger.proving.verify import verify
from devices.store.database import Store
from panku.wiring import RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.dispatched import done, sent, taken_along
from tests.door import Client, Door
from tests.fighters import FIGHTERS, Action, Answer, Ask, Fighters, Post, Review
from tests.ledger_books import SITES, TAXPAYER, TODAY, Books, assert_consistent

pytestmark = pytest.mark.both_engines

BJ, TJ = SITES
A, B, C, S, T = "661565714353", "661565714354", "661565714355", "661565720011", "661565720012"


@pytest.fixture(scope="module")
def fighters() -> Iterator[Fighters]:
    """The processes that fight."""
    made = Fighters()
    yield made
    made.end()


@pytest.fixture
def books(store: Store) -> Books:
    """Two sites on each engine."""
    return Books(store)


def posting(kind: str, *serials: str, site: str = BJ, **fields: Any) -> Post:
    """A posting of today; lines are the serials unless `lines` are given."""
    body = {"type": kind, "site": site, "business_date": TODAY, **fields}
    if serials:
        body["lines"] = [{"serial": serial} for serial in serials]
    return Post(body)


def receipt(*serials: str, site: str = BJ, **fields: Any) -> Post:
    """A receipt into merchandise."""
    return posting(
        "receipt", *serials, site=site, register="merchandise", supplier="厂", delivery_note="D", model="TCG-01",
        bin="MG", **fields,
    )  # fmt: skip


def sale(serial: str, site: str = BJ, customer: dict[str, str] = TAXPAYER) -> Post:
    """A sale to one customer."""
    return posting("sale", serial, site=site, customer=customer, application="A")


def swap(books: Books, faulty: str, spare: str, site: str = BJ) -> Post:
    """A swap under the faulty device's fresh repair order."""
    line = {"faulty": faulty, "spare": spare}
    order = books.repair(faulty, site)
    return posting("swap", site=site, order=order, fault="坏", terms="free", bin="SF", lines=[line])


def intake(books: Books, serial: str, site: str) -> Post:
    """A customer's device taken in for repair."""
    return posting("repair_intake", serial, site=site, order=books.repair(serial, site), fault="坏", bin="CG")


def opening(books: Books, serial: str, site: str) -> Post:
    """A proposal of opening stock."""
    line = {"serial": serial, "model": "TCG-01", "state": "in_stock", "bin": "MG"}
    return posting("opening", site=site, attachments=[books.paper], lines=[line])


def carrying(books: Books, spare: str, site: str, faulty: str = A) -> Post:
    """A spare carried out for a customer's device."""
    line = {"serial": spare, "faulty": faulty}
    return posting("carry_out", site=site, order=books.dispatch_order(faulty, site), lines=[line])


# --- exactly one wins


def receipts_at_one_site(books: Books) -> list[Action]:
    return [receipt(A) for _ in range(FIGHTERS)]


def receipts_at_two_sites(books: Books) -> list[Action]:
    return [receipt(A, site=site) for site in SITES * 2]


def receipts_of_several_in_another_order(books: Books) -> list[Action]:
    return [receipt(A, B, C), receipt(C, B, A, site=TJ)]


def a_receipt_and_an_adoption(books: Books) -> list[Action]:
    adopted = [{"serial": A, "model": "TCG-01"}]
    return [
        receipt(A),
        posting("adoption", site=TJ, customer=TAXPAYER, attachments=[books.paper], lines=adopted),
    ]


def a_receipt_and_an_opening_elsewhere(books: Books) -> list[Action]:
    return [receipt(A), opening(books, A, TJ)]


def openings_at_two_sites(books: Books) -> list[Action]:
    return [opening(books, A, site) for site in SITES]


def sales_at_one_site(books: Books) -> list[Action]:
    books.receive(A)
    return [sale(A) for _ in range(FIGHTERS)]


def a_sale_and_a_hold(books: Books) -> list[Action]:
    books.receive(A)
    return [sale(A), posting("hold", A, reason="损", bin="MQ")]


def a_sale_and_a_dispatch(books: Books) -> list[Action]:
    books.receive(A)
    return [sale(A), posting("dispatch", A, destination=TJ, carrier="SF", consignment_number="W")]


def swaps_of_one_spare(books: Books) -> list[Action]:
    books.serve(A, B)
    books.receive(S, register="spare")
    return [swap(books, A, S), swap(books, B, S)]


def swaps_of_one_faulty_device_at_two_sites(books: Books) -> list[Action]:
    books.serve(A)
    books.receive(S, register="spare")
    books.receive(T, register="spare", site=TJ)
    return [swap(books, A, S), swap(books, A, T, TJ)]


def a_swap_and_the_spare_carried_out_for_another(books: Books) -> list[Action]:
    books.serve(A, B)
    books.receive(S, register="spare")
    return [swap(books, A, S), carrying(books, S, BJ, B)]


def a_swap_and_an_intake_elsewhere(books: Books) -> list[Action]:
    books.serve(A)
    books.receive(S, register="spare")
    return [swap(books, A, S), intake(books, A, TJ)]


def intakes_at_two_sites(books: Books) -> list[Action]:
    books.serve(A)
    return [intake(books, A, site) for site in SITES]


def spares_carried_out_for_one_device(books: Books) -> list[Action]:
    books.serve(A)
    books.receive(S, register="spare")
    books.receive(T, register="spare", site=TJ)
    return [carrying(books, S, BJ), carrying(books, T, TJ)]


def a_loss_and_a_return_elsewhere(books: Books) -> list[Action]:
    books.serve(A)
    lost = posting("loss_report", A, site=TJ, report_number="R", customer=TAXPAYER)
    return [posting("customer_return", A, reason="注销", bin="MQ"), lost]


def an_arrival_and_a_loss_on_the_way(books: Books) -> list[Action]:
    books.receive(A)
    sent = books.post("dispatch", A, destination=TJ, carrier="SF", consignment_number="W").number
    return [
        posting("arrival", A, site=TJ, dispatch=sent, bin="MG"),
        posting("transit_loss", A, consignment_number="W", claim="赔"),
    ]


def arrivals_of_one_dispatch(books: Books) -> list[Action]:
    books.receive(A)
    sent = books.post("dispatch", A, destination=TJ, carrier="SF", consignment_number="W").number
    return [posting("arrival", A, site=TJ, dispatch=sent, bin="MG") for _ in range(FIGHTERS)]


def recoveries_at_two_sites(books: Books) -> list[Action]:
    books.serve(A)
    books.post("loss_report", A, report_number="R")
    return [posting("recovery", A, site=site, found="角落", customer=TAXPAYER) for site in SITES]


def a_proposal_and_a_posting_at_one_site(books: Books) -> list[Action]:
    books.receive(A)
    books.post("hold", A, reason="损", bin="MQ")
    sent = {"carrier": "SF", "consignment_number": "W"}
    return [
        posting("supplier_return", A, reason="坏", **sent),
        posting("factory_dispatch", A, maker="厂", **sent),
    ]


def a_reversal_and_a_posting_elsewhere(books: Books) -> list[Action]:
    books.receive(A)
    books.post("sale", A, customer=TAXPAYER, application="A")
    registered = books.post("registration", A, customer=TAXPAYER).number
    return [posting("reversal", document=registered, reason="错"), intake(books, A, TJ)]


def a_reversal_of_many_and_a_posting_of_one_elsewhere(books: Books) -> list[Action]:
    books.receive(A, B, C)
    books.post("sale", A, B, C, customer=TAXPAYER, application="A")
    registered = books.post("registration", A, B, C, customer=TAXPAYER).number
    return [posting("reversal", document=registered, reason="错"), intake(books, B, TJ)]


def a_reversal_and_a_later_sale(books: Books) -> list[Action]:
    number = books.receive(A)
    return [posting("reversal", document=number, reason="错"), sale(A)]


def reversals_of_one_document(books: Books) -> list[Action]:
    number = books.receive(A)
    return [posting("reversal", document=number, reason="错") for _ in range(FIGHTERS)]


def reviews_of_what_has_its_effect(books: Books) -> list[Action]:
    number = books.receive(A)
    return [Review(number, "approve"), Review(number, "reject"), Review(number, "approve", by="wang")]


def reviews_of_a_proposal(books: Books) -> list[Action]:
    number = books.post("reversal", document=books.receive(A), reason="错").number
    return [
        Review(number, "approve"),
        Review(number, "reject", by="wang"),
        Review(number, "withdraw", by="zhang"),
    ]


HELD = {"already_held", "reserved", "race_lost"}
MOVED = {"wrong_state", "race_lost", "wrong_register"}
FREE = {"reserved", "race_lost", "later_lines", "wrong_state", "same_bin"}
DECIDED = {"not_waiting", "not_withdrawable"}


class Fight(NamedTuple):
    """What is prepared and done at once, and what the losers may be told."""

    actions: Callable[[Books], list[Action]]
    losers: set[str]


FIGHTS = [
    Fight(receipts_at_one_site, HELD),
    Fight(receipts_at_two_sites, HELD),
    Fight(receipts_of_several_in_another_order, HELD),
    Fight(a_receipt_and_an_adoption, HELD),
    Fight(a_receipt_and_an_opening_elsewhere, HELD),
    Fight(openings_at_two_sites, HELD),
    Fight(sales_at_one_site, MOVED),
    Fight(a_sale_and_a_hold, MOVED),
    Fight(a_sale_and_a_dispatch, MOVED),
    Fight(swaps_of_one_spare, MOVED),
    Fight(swaps_of_one_faulty_device_at_two_sites, MOVED),
    Fight(a_swap_and_the_spare_carried_out_for_another, MOVED | {"swap_other_faulty"}),
    Fight(a_swap_and_an_intake_elsewhere, MOVED | {"foreign_device"}),
    Fight(intakes_at_two_sites, MOVED),
    Fight(spares_carried_out_for_one_device, {"faulty_already_provided"}),
    Fight(a_loss_and_a_return_elsewhere, MOVED),
    Fight(an_arrival_and_a_loss_on_the_way, MOVED | {"reserved", "foreign_device"}),
    Fight(arrivals_of_one_dispatch, MOVED),
    Fight(recoveries_at_two_sites, FREE),
    Fight(a_proposal_and_a_posting_at_one_site, FREE),
    Fight(a_reversal_and_a_posting_elsewhere, FREE),
    Fight(a_reversal_of_many_and_a_posting_of_one_elsewhere, FREE),
    Fight(a_reversal_and_a_later_sale, FREE),
    Fight(reversals_of_one_document, FREE),
    Fight(reviews_of_what_has_its_effect, DECIDED),
    Fight(reviews_of_a_proposal, DECIDED),
]


@pytest.mark.parametrize("fight", FIGHTS, ids=lambda fight: fight.actions.__name__.replace("_", " "))
def test_exactly_one_wins_and_the_others_are_told(fight: Fight, books: Books, fighters: Fighters) -> None:
    actions = fight.actions(books)
    answers = fighters.fight(books.store, actions)
    assert sum(answer.won for answer in answers) == 1, answers
    assert {answer.code for answer in answers if not answer.won} <= fight.losers
    assert all(answer.told in (A, B, C, S, T) for answer in lost(answers) if answer.code == "race_lost")
    whole(books.store)


def lost(answers: list[Answer]) -> list[Answer]:
    """The answers of those who did not win."""
    return [answer for answer in answers if not answer.won]


def whole(store: Store) -> None:
    """The books balance, and are what the chain says."""
    assert_consistent(store)
    assert verify(store, RECORD_KINDS).faults == []


# --- more than one may win


def test_moves_of_one_device_follow_one_another(books: Books, fighters: Fighters) -> None:
    books.receive(A)
    answers = fighters.fight(
        books.store, [posting("move", A, bin=code) for code in ("MG2", "MG", "MG2", "MG")]
    )
    assert {answer.code for answer in answers} <= {"won", "same_bin"}
    whole(books.store)


def test_a_reversals_approval_wins_over_a_posting_elsewhere(books: Books, fighters: Fighters) -> None:
    books.receive(A)
    books.post("sale", A, customer=TAXPAYER, application="A")
    number = books.post("registration", A, customer=TAXPAYER).number
    proposal = books.post("reversal", document=number, reason="错").number
    approval, taken_in = fighters.fight(books.store, [Review(proposal, "approve"), intake(books, A, TJ)])
    assert approval.won
    assert taken_in.code in ("reserved", "wrong_state")
    assert books.state(A) == "sold"
    whole(books.store)


def test_two_sites_meet_the_same_new_customer_at_once(books: Books, fighters: Fighters) -> None:
    serials = [A, B, C, S]
    for serial, site in zip(serials, SITES * 2, strict=True):
        books.receive(serial, site=site)
    sales = [sale(serial, site) for serial, site in zip(serials, SITES * 2, strict=True)]
    answers = fighters.fight(books.store, sales)
    assert {answer.code for answer in answers} <= {"won", "race_lost"}
    assert any(answer.won for answer in answers)
    assert {answer.told for answer in lost(answers)} <= set(serials)
    assert books.store.row("SELECT COUNT(*) FROM personal WHERE latest = 1 AND kind = 'customer'") == (1,)
    whole(books.store)


def test_two_sites_register_the_same_new_customer_under_two_names(books: Books, fighters: Fighters) -> None:
    def adoption(serial: str, site: str, name: str) -> Post:
        customer = {**TAXPAYER, "name": name}
        lines = [{"serial": serial, "model": "TCG-01"}]
        return posting("adoption", site=site, customer=customer, attachments=[books.paper], lines=lines)

    answers = fighters.fight(books.store, [adoption(A, BJ, "甲店"), adoption(B, TJ, "乙店")])
    (loser,) = lost(answers)
    assert loser.code in ("race_lost", "taxpayer_name_differs")
    whole(books.store)


def test_a_customer_without_a_name_is_given_one_name(books: Books, fighters: Fighters) -> None:
    for serial, site in ((A, BJ), (B, TJ), (C, BJ)):
        books.receive(serial, site=site)
    books.post("sale", C, customer={"taxpayer_id": TAXPAYER["taxpayer_id"]}, application="A")
    sales = [
        sale(A, BJ, {**TAXPAYER, "name": "甲店"}),
        sale(B, TJ, {**TAXPAYER, "name": "乙店"}),
    ]
    told = [answer.code for answer in lost(fighters.fight(books.store, sales))]
    assert told in ([], ["taxpayer_name_differs"]), "another site's name is only proposed"
    [(content,)] = books.store.rows("SELECT content FROM personal WHERE kind = 'customer' AND latest = 1")
    assert "甲店" in content
    whole(books.store)


# --- over HTTP


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """The demo's books behind the real application."""
    made = Door(stores.demo(request.param))
    yield made
    stores.drop(made.store)


def asking(client: Client, method: str, path: str, body: Any, *, key: str, **headers: str) -> Ask:
    """A request of a signed-in person or token."""
    sent = {**client.headers, "Idempotency-Key": key}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Ask(method, path, sent, body if isinstance(body, bytes) else msgspec.json.encode(body))


def a_move(to: str = "M-02") -> dict[str, Any]:
    """A move of one device of the demo."""
    lines = [{"serial": "661565714358"}]
    return {"type": "move", "site": BJ, "business_date": TODAY, "bin": to, "lines": lines}


def test_one_key_sent_at_once_posts_once_and_answers_all_alike(door: Door, fighters: Fighters) -> None:
    zhang = door.token(BJ, ("read", "post"), "zhang")
    before = door.store.row("SELECT COUNT(*) FROM document")
    asks = [asking(zhang, "POST", "/v1/documents", a_move(), key="k") for _ in range(FIGHTERS)]
    answers = fighters.fight(door.store, asks)
    assert [answer.code for answer in answers] == ["won"] * FIGHTERS
    assert len({answer.told for answer in answers}) == 1
    assert before is not None
    assert door.store.row("SELECT COUNT(*) FROM document") == (before[0] + 1,)
    whole(door.store)


def test_one_key_for_two_bodies_posts_one_of_them(door: Door, fighters: Fighters) -> None:
    zhang = door.token(BJ, ("read", "post"), "zhang")
    bodies = [a_move(), {**a_move(), "note": "另一个"}]
    asks = [asking(zhang, "POST", "/v1/documents", body, key="k") for body in bodies]
    answers = fighters.fight(door.store, asks)
    assert sorted(answer.code for answer in answers) == ["idempotency_key_reused", "won"]
    whole(door.store)


def test_a_customer_who_is_sold_to_is_not_erased(door: Door, fighters: Fighters) -> None:
    li, zhao = door.sign_in("li"), door.sign_in("zhao")
    taxpayer = {"taxpayer_id": "91350100M000100Y43", "name": "福州晨光商贸有限公司"}
    number = customer_without_devices(door, taxpayer["taxpayer_id"])
    body = {
        "type": "sale", "site": TJ, "business_date": TODAY, "customer": taxpayer, "application": "A",
        "lines": [{"serial": "661565799999"}],
    }  # fmt: skip
    received = {
        "type": "receipt", "site": TJ, "business_date": TODAY, "register": "merchandise", "supplier": "厂",
        "delivery_note": "D", "model": "TCG-01", "bin": "M-01", "lines": [{"serial": "661565799999"}],
    }  # fmt: skip
    assert zhao.post("/v1/documents", received).status_code == 201
    erased, sold = fighters.fight(
        door.store,
        [
            asking(li, "POST", f"/v1/customers/{number}/erase", {"password": door.password("li")}, key="e"),
            asking(zhao, "POST", "/v1/documents", body, key="s"),
        ],
    )
    assert sold.won
    buyer = door.store.row("SELECT customer FROM position WHERE serial = '661565799999'")
    assert buyer is not None
    assert (erased.code, buyer[0]) in (("customer_has_devices", number), ("won", "C-TJ01-000001"))
    whole(door.store)


def test_a_customer_whom_another_sites_reversal_would_serve_is_not_erased(
    door: Door, fighters: Fighters
) -> None:
    zhang, zhao, li = (door.sign_in(name) for name in ("zhang", "zhao", "li"))
    buyer = {"taxpayer_id": "91110000600037341L", "name": "甲公司"}
    line = {"business_date": TODAY, "lines": [{"serial": "661565714358"}]}
    sold = {"type": "sale", "site": BJ, "customer": buyer, "application": "A", **line}
    assert zhang.post("/v1/documents", sold).status_code == 201
    back = {"type": "customer_return", "site": TJ, "reason": "注销", "bin": "M-09", **line}
    returned = zhao.post("/v1/documents", back)
    assert returned.status_code == 201, returned.text
    (number,) = (
        door.store.row("SELECT key FROM personal WHERE taxpayer_id = ?", (buyer["taxpayer_id"],)) or ()
    )
    undo = {
        "type": "reversal",
        "site": TJ,
        "business_date": TODAY,
        "document": returned.json["number"],
        "reason": "错",
    }
    erased, proposed = fighters.fight(
        door.store,
        [
            asking(li, "POST", f"/v1/customers/{number}/erase", {"password": door.password("li")}, key="e"),
            asking(zhao, "POST", "/v1/documents", undo, key="u"),
        ],
    )
    told = (erased.code, proposed.code)
    assert told in (("customer_has_proposals", "won"), ("won", "customer_erased"))
    whole(door.store)


def test_a_customer_to_whom_another_site_sends_somebody_is_not_erased(door: Door, fighters: Fighters) -> None:
    li, zhao = door.sign_in("li"), door.sign_in("zhao")
    taxpayer = {"taxpayer_id": "91350100M000100Y43", "name": "福州晨光商贸有限公司"}
    number = customer_without_devices(door, taxpayer["taxpayer_id"])
    order = {"site": TJ, "fault": "回访", "purposes": ["return_visit"], "customer": taxpayer,
             "contact": {"phone": "13700001111"}}  # fmt: skip
    erased, sent = fighters.fight(
        door.store,
        [
            asking(li, "POST", f"/v1/customers/{number}/erase", {"password": door.password("li")}, key="e"),
            asking(zhao, "POST", "/v1/dispatch-orders", order, key="o"),
        ],
    )
    assert erased.won != sent.won, (erased, sent)
    assert {erased.code, sent.code} <= {"won", "customer_has_open_service", "race_lost", "customer_erased"}
    left = door.store.rows("SELECT 1 FROM personal WHERE content LIKE '%13700001111%'")
    assert bool(left) == sent.won
    whole(door.store)


def customer_without_devices(door: Door, taxpayer_id: str) -> str:
    """A customer of the demo whose devices have all come back, and whose repairs are done; their number."""
    zhang = door.sign_in("zhang")
    row = door.store.row("SELECT key FROM personal WHERE taxpayer_id = ? AND latest = 1", (taxpayer_id,))
    assert row is not None
    held = door.store.rows("SELECT serial, left_book FROM position WHERE customer = ?", row)
    for serial, book in held:
        back = {
            "type": "customer_return", "site": BJ, "business_date": TODAY, "reason": "注销",
            "bin": {"merchandise": "M-09", "spare": "S-08"}[book], "lines": [{"serial": serial}],
        }  # fmt: skip
        assert zhang.post("/v1/documents", back).status_code == 201
    done = {"completed_at": f"{TODAY}T09:00:00+08:00", "diagnosis": "无", "work": "退货"}
    still_open = "SELECT key FROM record WHERE kind = 'repair' AND state = 'open' AND customer = ?"
    for (order,) in door.store.rows(still_open, row):
        answer = zhang.post(f"/v1/repairs/{order}/service-record", done)
        assert answer.status_code == 201, answer.text
    return str(row[0])


def test_a_spare_goes_in_or_comes_back_and_is_swapped_or_corrected_never_both(
    door: Door, fighters: Fighters
) -> None:
    zhang, wang = door.sign_in("zhang"), door.sign_in("wang")
    number = zhang.post("/v1/dispatch-orders", sent("661565714354", technician="wang")).json["number"]
    of_today = {"site": BJ, "business_date": TODAY}
    back = {**of_today, "type": "carry_back", "bin": "S-01", "lines": [{"serial": "661565720012"}]}
    out = taken_along(number, ("661565714354", "661565720012"))
    assert zhang.post("/v1/documents", out).status_code == 201
    path, record = f"/v1/dispatch-orders/{number}", done(("661565714354", "661565720012"))
    filing = asking(wang, "POST", f"{path}/service-record", record, key="file")
    answers = fighters.fight(door.store, [filing, asking(zhang, "POST", "/v1/documents", back, key="back")])
    assert sorted(answer.code for answer in answers) in (["told_used", "won"], ["spare_not_carried", "won"])
    if answers[0].code != "won":
        assert zhang.post("/v1/documents", out).status_code == 201
        assert wang.post(f"{path}/service-record", record).status_code == 201
    swap = {
        **of_today, "type": "swap", "order": number, "fault": "不亮", "terms": "free", "bin": "S-09",
        "lines": [{"faulty": "661565714354", "spare": "661565720012"}],
    }  # fmt: skip
    right = {"reason": "没换", "record": done()}
    answers = fighters.fight(
        door.store,
        [
            asking(zhang, "POST", "/v1/documents", swap, key="swap"),
            asking(wang, "POST", f"{path}/correct", right, key="correct"),
        ],
    )
    assert sorted(answer.code for answer in answers) in (
        ["swap_not_in_record", "won"],
        ["used_was_swapped", "won"],
    )
    whole(door.store)


def test_of_two_corrections_of_one_revision_one_is_refused(door: Door, fighters: Fighters) -> None:
    zhang = door.sign_in("zhang")
    asks = [
        asking(zhang, "PUT", "/v1/customers/C-BJ01-000001", {"name": name}, key=name, If_Match='"1"')
        for name in ("one", "two")
    ]
    revision = zhang.get("/v1/customers/C-BJ01-000001").headers["etag"]
    asks = [Ask(ask.method, ask.path, {**ask.headers, "If-Match": revision}, ask.body) for ask in asks]
    answers = fighters.fight(door.store, asks)
    assert sorted(answer.code for answer in answers) == ["if_match_failed", "won"]
    whole(door.store)


def test_a_bin_is_not_closed_over_what_is_put_into_it(door: Door, fighters: Fighters) -> None:
    admin, zhao = door.sign_in("admin"), door.sign_in("zhao")
    shut = {"site": TJ, "code": "M-01", "register": "merchandise", "condition": "good", "active": False}
    received = {
        "type": "receipt", "site": TJ, "business_date": TODAY, "register": "merchandise", "supplier": "厂",
        "delivery_note": "D", "model": "TCG-01", "bin": "M-01", "lines": [{"serial": "661565799999"}],
    }  # fmt: skip
    revision = door.store.row("SELECT revision FROM bin WHERE site = 'TJ01' AND code = 'M-01'")
    assert revision is not None
    answers = fighters.fight(
        door.store,
        [
            asking(admin, "PUT", "/v1/bins/TJ01/M-01", shut, key="b", If_Match=f'"{revision[0]}"'),
            asking(zhao, "POST", "/v1/documents", received, key="r"),
        ],
    )
    assert sorted(answer.code for answer in answers) in (["in_use", "won"], ["inactive_bin", "won"])
    whole(door.store)


def test_a_site_is_not_closed_over_what_is_received_there(door: Door, fighters: Fighters) -> None:
    admin, zhao = door.sign_in("admin"), door.sign_in("zhao")
    shut = {"code": TJ, "name": "天津", "active": False}
    received = {
        "type": "receipt", "site": TJ, "business_date": TODAY, "register": "merchandise", "supplier": "厂",
        "delivery_note": "D", "model": "TCG-01", "bin": "M-01", "lines": [{"serial": "661565799999"}],
    }  # fmt: skip
    answers = fighters.fight(
        door.store,
        [
            asking(admin, "PUT", "/v1/sites/TJ01", shut, key="b", If_Match='"1"'),
            asking(zhao, "POST", "/v1/documents", received, key="r"),
        ],
    )
    assert sorted(answer.code for answer in answers) in (["in_use", "won"], ["inactive_site", "won"])
    whole(door.store)


def test_one_paper_is_kept_once_by_two_sites(door: Door, fighters: Fighters) -> None:
    people = [(door.sign_in("zhang"), BJ), (door.sign_in("zhao"), TJ)]
    asks = [
        asking(client, "POST", f"/v1/attachments?site={site}", b"%PDF-1.7 same", key=site,
               Content_Type="application/pdf")
        for client, site in people
    ]  # fmt: skip
    answers = fighters.fight(door.store, asks)
    assert [answer.code for answer in answers] == ["won", "won"]
    whole(door.store)
