"""A house that has lived through everything, whose books are kept for the versions after this one."""

from __future__ import annotations

from typing import Any

from devices.store.database import Store
from tests import counted_house, custody
from tests.counted_house import SITE, made, post, today
from tests.counts import SECOND, begin, close_count, explain, held, scan, settle
from tests.counts import sign as sign_sheet
from tests.custody import House

CALLERS = ("li", "chen", "admin", "zhao", "sun", "zhang")
"""Who is signed in at the end: each may read what those before may not."""
CUSTOMER: dict[str, Any] = {"customer": counted_house.WHOSE}
LOST, CANCELLED, RETURNED, BROKEN = "661565714354", "661565714361", "661565714362", "661565714363"
FROM_FACTORY, REVERSED = "661565714353", "661565799002"


def fill_kept(store: Store) -> House:
    """Fill empty books; the house at the moment at which they were filled, everybody in it signed in."""
    counted_house.fill_counted(store)
    house = counted_house.counted_house(store)
    _devices(house)
    _visits(house)
    _counts(house)
    _words_of_administrators(house)
    _hand_over(house)
    wrong = {"username": "wu", "password": "not at all"}
    assert house.nobody().post("/v1/session", wrong).status_code == 401
    for username in CALLERS:
        house.of(username)
    return house


def _decide(house: House, number: str, decision: str = "approve") -> None:
    body = {"decision": decision, "password": house.password("li"), "reason": "查验"}
    made(house.of("li").post(f"/v1/documents/{number}/review", body))


def _devices(house: House) -> None:
    """A device leaves in each of the ways that the month before knows nothing of."""
    for serial in (CANCELLED, RETURNED):
        post(house, "sale", serial, application="SY-0200", **CUSTOMER)
    post(house, "sale_cancellation", CANCELLED, reason="退单", bin="M-01")
    post(house, "registration", RETURNED, **CUSTOMER)
    post(house, "customer_return", RETURNED, reason="注销", bin="M-09")
    post(house, "loss_report", LOST, report_number="BA-1", **CUSTOMER)
    _decide(house, post(house, "recovery", LOST, found="角落", **CUSTOMER))
    post(
        house,
        "factory_receipt",
        FROM_FACTORY,
        result="修复",
        bin="S-01",
        dispatch=_last(house, "factory_dispatch"),
    )
    reversal = {"type": "reversal", "site": SITE, "business_date": today(house), "document": _last(house, "receipt"),
                "reason": "错号", "serials": [REVERSED]}  # fmt: skip
    _decide(house, made(house.of("zhang").post("/v1/documents", reversal))["number"])
    _decide(house, _last(house, "sale"), "reject")
    post(house, "surrender", LOST, tax_document="S-1", reason="deregistration", **CUSTOMER)
    _decide(house, post(house, "hold", BROKEN, reason="外壳", bin="M-09"))
    _decide(house, post(house, "write_off", BROKEN, reason="坏"))
    post(house, "carry_back", counted_house.CARRIED, bin="S-01")


def _last(house: House, kind: str) -> str:
    row = house.store.row("SELECT MAX(number) FROM document WHERE type = ? AND site = ?", (kind, SITE))
    assert row is not None
    return str(row[0])


def _visits(house: House) -> None:
    """Somebody is expected; somebody came, left, and was erased; somebody was turned away."""
    expected = {"visit_on": today(house)}
    custody.request(house, **expected)
    made(custody.take(house, custody.request(house, **expected), "refuse"))
    number = custody.request(house, **expected)
    for step in ("approve", "enter", "leave"):
        made(custody.take(house, number, step))
    erased = house.of("li").post(f"/v1/visits/{number}/erase", {"password": house.password("li")})
    assert erased.status_code == 200, erased.text


def _counts(house: House) -> None:
    """A count that finds a shortage and something unknown, and to which a scan comes late; and one that runs."""
    zhang, li = house.of("zhang"), house.of("li")
    number = begin(zhang, "spare")
    ((missing, _), *there) = held(house, "spare")
    made(zhang.get(f"/v1/devices/{missing}"))  # which is told on the sheet
    *_, undone = scan(zhang, number, *there, ("661565000001", "S-01"), ("中文", None), there[0])
    made(zhang.post(f"/v1/stocktakes/{number}/scans/{undone['id']}/undo"))
    house.now += SECOND
    made(close_count(zhang, number))
    (late,) = scan(li, number, ("661565000002", "S-01"))
    made(settle(zhang, number, late["id"]))
    explain(zhang, number)
    made(sign_sheet(zhang, number, "zhang", "storekeeper"))
    assert made(sign_sheet(li, number, "li", "auditor"))["stocktake"]["state"] == "sealed"
    number = begin(zhang, "custody")
    made(zhang.post(f"/v1/stocktakes/{number}/cancel", {"reason": "改期"}))
    scan(zhang, begin(zhang, "merchandise", method="open"), *held(house, "merchandise")[:3])


def _words_of_administrators(house: House) -> None:
    """Tokens that read, that wait and that post; a level of spares."""
    house.token(SITE)
    house.token(SITE, scopes=("read", "post"), username="zhang", confirmed=False)
    path = f"/v1/minimum-levels/{SITE}/TCG-01"
    made(house.of("admin").send("PUT", path, {"minimum": 9}, If_Match='"0"'))


def _hand_over(house: House) -> None:
    """The handover that was begun is called off; the next is signed by all three, and moves the role."""
    begun = house.store.row("SELECT MAX(key) FROM record WHERE kind = 'handover'")
    assert begun is not None
    made(house.of("zhang").post(f"/v1/handovers/{begun[0]}/cancel", {"reason": "改期"}))
    number = made(custody.begin(house))["number"]
    for party in custody.PARTIES:
        made(custody.sign(house, number, party))
