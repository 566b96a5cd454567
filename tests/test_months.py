"""Closing a month: what is asked for first, what is frozen and signed, and what can not be changed then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from devices.audit.evidence_checks import check_evidence
from devices.audit.month import months
from devices.audit.month.month_checks import month_faults
from devices.journal import open_journals
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post, reviewing
from devices.ledger.posting.closed_months import Month
from devices.ledger.proving.verify import verify
from devices.people import enrolment, grants, persons
from devices.problems import Problem, Refused
from devices.store.database import Store
from devices.unit import Unit, unit_of
from devices.values import UNIT
from panku.wiring import CHECKS, RECORD_KINDS, RULEBOOK
from tests.closing import (
    DAY_US,
    DECEMBER,
    JANUARY,
    MONTH,
    NOVEMBER,
    close,
    count,
    make_ready,
    review_all,
    seal,
)
from tests.closing import sign_month as sign
from tests.conftest import ENGINES, Stores, Undone
from tests.counts import begin, close_count, held
from tests.door import Door

LATE, IN_TIME = "2026-11-30", "2026-12-01"
CUSTOMER = {"taxpayer_id": "110101199003077"}


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """A door in November."""
    store = stores.demo(request.param)
    yield Door(store)
    stores.drop(store)


@pytest.fixture(scope="module", params=ENGINES)
def ready(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """A door in December, with November ready to be closed; nothing that the tests do stays."""
    store = stores.demo(request.param)
    made = Door(store)
    make_ready(made)
    yield made
    stores.drop(store)


@pytest.fixture(scope="module", params=ENGINES)
def closed(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """A door in December, with November closed and not signed; nothing that the tests do stays."""
    store = stores.demo(request.param)
    made = Door(store)
    make_ready(made)
    assert close(made.sign_in("zhang")).status_code == 201
    yield made
    stores.drop(store)


@contextmanager
def undone(door: Door) -> Iterator[Ledger]:
    """A transaction that is taken back at its end, with the guards of the ledger's lines lifted within."""
    try:
        with door.store.writing():
            on = "" if door.store.engine == "sqlite" else " ON line"
            door.store.execute(f"DROP TRIGGER line_no_update{on}")
            yield Ledger(door)
            raise Undone  # noqa: TRY301
    except Undone:
        pass


class Ledger:
    """Posts, reviews and closes within a transaction, as zhang, li and zhang."""

    def __init__(self, door: Door) -> None:
        unit = unit_of(door.store)
        assert unit is not None
        self.store: Store = door.store
        self.unit: Unit = unit
        self.now = door.now

    def post(
        self, kind: str, *serials: str, day: str = LATE, site: str = "BJ01", by: str = "zhang", **fields: Any
    ) -> str:
        """Post a document; lines are the serials."""
        body = {"type": kind, "site": site, "business_date": day, **fields}
        if serials:
            body["lines"] = [{"serial": serial} for serial in serials]
        draft = msgspec.convert(body, AnyDraft)
        poster = post.Poster(by)
        return post.post(self.store, self.unit, draft, by=poster, at_us=self.now, rulebook=RULEBOOK).number

    def review(self, number: str, decision: reviewing.Decision = "approve") -> None:
        """Decide on a document."""
        reviewing.review(
            self.store, self.unit, number, decision, by="li", reason="查验", at_us=self.now, rulebook=RULEBOOK
        )

    def close(self, month: str = NOVEMBER, register: Any = "merchandise", *, days_later: int = 0) -> Month:
        """Close a month of BJ01."""
        writer = open_journals(self.store, ["BJ01"], self.now + days_later * DAY_US)
        return months.close_month(writer, self.unit, "BJ01", register, month, "zhang")

    def problems(self, *place: str, days_later: int = 0) -> list[Problem]:
        """Why a month can not be closed."""
        with pytest.raises(Refused) as refused:
            self.close(*place, days_later=days_later)
        return list(refused.value.problems)

    def codes(self, *place: str, days_later: int = 0) -> list[str]:
        """The codes of why a month can not be closed."""
        return [problem.code for problem in self.problems(*place, days_later=days_later)]

    def in_stock(self, register: str = "merchandise") -> str:
        """A device on BJ01's shelf."""
        query = "SELECT MIN(serial) FROM position WHERE site = 'BJ01' AND register = ? AND state = 'in_stock'"
        (serial,) = self.store.row(query, (register,)) or (None,)
        assert isinstance(serial, str)
        return serial

    def sell(self, day: str = LATE) -> str:
        """Sell a device."""
        return self.post("sale", self.in_stock(), day=day, application="A-77", customer=CUSTOMER)


def everything(store: Store) -> list[Any]:
    """What a refusal must leave as it was."""
    tables = ("journal", "month", "document", "revision", "record", "position")
    return [store.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]


# --- the story


def test_a_month_from_its_count_to_its_evidence_and_the_next(door: Door) -> None:
    stocktake = make_ready(door)
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    answer = close(zhang)
    assert (answer.status_code, answer.json["state"], answer.json["stocktake"]) == (201, "closed", stocktake)
    shown = li.get(MONTH).json
    live = zhang.get(f"/v1/books/BJ01/merchandise/statement?month={NOVEMBER}").json
    assert live == {**shown["statement"], "closed": "closed"}
    assert shown["statement"]["models"][0]["closing"] > 0

    assert sign(zhang, "zhang", "storekeeper").json["state"] == "closed"
    sealed = sign(li, "li", "auditor")
    assert (sealed.status_code, sealed.json["state"]) == (201, "sealed"), sealed.text
    trusted = [each["fingerprint"] for each in sealed.json["signatures"]]
    report = check_evidence(li.get(f"{MONTH}/evidence").content, trusted)
    assert report.holds, report
    assert {each.role: each.username for each in report.signatures} == {
        "storekeeper": "zhang",
        "auditor": "li",
    }
    assert report.digest == shown["digest"]

    (serial, _), *_ = held(door, "merchandise")
    sale = {"type": "sale", "site": "BJ01", "business_date": IN_TIME, "application": "A-77", "customer": CUSTOMER,
            "lines": [{"serial": serial}]}  # fmt: skip
    assert zhang.post("/v1/documents", sale).status_code == 201
    review_all(door)
    count(door)
    door.now += 31 * DAY_US
    zhang = door.sign_in("zhang")
    assert close(zhang, DECEMBER).status_code == 201
    following = zhang.get(MONTH.replace(NOVEMBER, DECEMBER)).json["statement"]
    opening = {each["model"]: each["opening"] for each in following["models"]}
    assert opening == {each["model"]: each["closing"] for each in shown["statement"]["models"]}
    assert following["models"][0]["out"] == {"sale": 1}
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


# --- what is asked for first


@pytest.mark.parametrize(
    ("month", "register", "status", "code"),
    [
        (DECEMBER, "merchandise", 422, "month_not_over"),
        ("2999-12", "merchandise", 422, "month_not_over"),
        ("2026-10", "merchandise", 422, "stocktake_missing"),
        (NOVEMBER, "spare", 422, "stocktake_missing"),
        (NOVEMBER, "custody", 400, "malformed_body"),
        ("2026-13", "merchandise", 400, "malformed_body"),
    ],
)
def test_a_month_that_may_not_be_closed_changes_nothing(
    month: str, register: str, status: int, code: str, ready: Door
) -> None:
    zhang, before = ready.sign_in("zhang"), everything(ready.store)
    answer = close(zhang, month, register=register)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert everything(ready.store) == before


def test_a_month_closed_twice_changes_nothing(closed: Door) -> None:
    zhang, before = closed.sign_in("zhang"), everything(closed.store)
    answer = close(zhang)
    assert (answer.status_code, answer.json["code"]) == (409, "month_closed_already")
    assert everything(closed.store) == before


@pytest.mark.parametrize(
    ("month", "code"),
    [
        ("2026-10", "month_closed_already"),
        (NOVEMBER, "month_closed_already"),
        (DECEMBER, "stocktake_missing"),
        (JANUARY, "month_out_of_order"),
    ],
)
def test_months_are_closed_one_after_another(month: str, code: str, closed: Door) -> None:
    with undone(closed) as ledger:
        assert ledger.codes(month, days_later=70) == [code]


def test_the_same_request_again_closes_once(door: Door) -> None:
    make_ready(door)
    zhang = door.sign_in("zhang")
    body = {"site": "BJ01", "register": "merchandise", "month": NOVEMBER}
    first = zhang.post("/v1/months", body, key="once")
    before = everything(door.store)
    again = zhang.post("/v1/months", body, key="once")
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert everything(door.store) == before


def an_unreviewed_sale(ledger: Ledger) -> str | None:
    return ledger.sell()


def a_sale_of_the_next_month(ledger: Ledger) -> str | None:
    ledger.sell(IN_TIME)
    return None


def a_rejected_sale(ledger: Ledger) -> str | None:
    number = ledger.sell()
    ledger.review(number, "reject")
    return number


def a_rejected_sale_that_was_reversed(ledger: Ledger) -> str | None:
    number = ledger.sell()
    ledger.review(number, "reject")
    ledger.review(ledger.post("reversal", document=number, reason="错"))
    return None


def an_unreviewed_document_of_no_book(ledger: Ledger) -> str | None:
    (serial,) = ledger.store.row("SELECT MIN(serial) FROM position WHERE state = 'in_service'") or (None,)
    return ledger.post("loss_report", str(serial), report_number="R")


def an_unreviewed_document_of_the_other_book(ledger: Ledger) -> str | None:
    ledger.post("hold", ledger.in_stock("spare"), reason="损", bin="S-08")
    return None


def a_proposal_that_waits(ledger: Ledger) -> str | None:
    number = ledger.sell()
    ledger.review(number)
    return ledger.post("reversal", document=number, reason="错")


def a_proposal_that_was_rejected(ledger: Ledger) -> str | None:
    ledger.review(str(a_proposal_that_waits(ledger)), "reject")
    return None


def an_unreviewed_arrival_elsewhere(ledger: Ledger) -> str | None:
    return arrive(ledger)


def a_reviewed_arrival_elsewhere(ledger: Ledger) -> str | None:
    ledger.review(arrive(ledger))
    return None


def arrive(ledger: Ledger, day: str = LATE) -> str:
    """Take in at TJ01 what BJ01 sent."""
    (sent,) = ledger.store.row("SELECT number FROM document WHERE type = 'dispatch'") or (None,)
    (serial,) = ledger.store.row("SELECT MIN(serial) FROM position WHERE state = 'in_transit'") or (None,)
    return ledger.post("arrival", str(serial), day=day, site="TJ01", by="zhao", dispatch=sent, bin="M-01")


SETTLED = [
    an_unreviewed_sale, a_sale_of_the_next_month, a_rejected_sale, a_rejected_sale_that_was_reversed,
    an_unreviewed_document_of_no_book, an_unreviewed_document_of_the_other_book, a_proposal_that_waits,
    a_proposal_that_was_rejected, an_unreviewed_arrival_elsewhere, a_reviewed_arrival_elsewhere,
]  # fmt: skip


@pytest.mark.parametrize("happens", SETTLED, ids=lambda one: one.__name__.replace("_", " "))
def test_a_month_waits_for_what_is_unreviewed_or_rejected(
    happens: Callable[[Ledger], str | None], ready: Door
) -> None:
    with undone(ready) as ledger:
        number = happens(ledger)
        if number is None:
            assert ledger.close().state == "closed"
        else:
            (problem,) = ledger.problems()
            assert (problem.code, problem.facts["documents"]) == ("documents_unsettled", [number])


def test_everything_that_is_missing_is_told_at_once(ready: Door) -> None:
    with undone(ready) as ledger:
        ledger.post("hold", ledger.in_stock("spare"), reason="损", bin="S-08")
        assert ledger.codes(NOVEMBER, "spare") == ["stocktake_missing", "documents_unsettled"]


def test_an_unsealed_count_does_not_close_a_month(door: Door) -> None:
    review_all(door)
    zhang = door.sign_in("zhang")
    number = begin(zhang, "spare")
    assert close_count(zhang, number).status_code == 200
    door.now += 8 * DAY_US
    assert close(door.sign_in("zhang"), register="spare").json["code"] == "stocktake_missing"


def test_a_statement_that_differs_from_the_devices_last_lines_is_not_closed(ready: Door) -> None:
    with undone(ready) as ledger:
        (sold, model) = ledger.store.row("SELECT serial, model FROM line WHERE type = 'sale'") or (None, None)
        ledger.store.execute(
            "UPDATE line SET from_site = NULL, from_register = NULL WHERE type = 'sale' AND serial = ?",
            (sold,),
        )
        (problem,) = ledger.problems()
        assert (problem.code, problem.facts["model"]) == ("statement_differs", model)
        assert problem.facts["stated"] == int(str(problem.facts["kept"])) + 1


def test_an_opening_that_is_not_the_previous_closing_is_not_closed(closed: Door) -> None:
    with undone(closed) as ledger:
        (payload,) = ledger.store.row("SELECT payload FROM month") or ("",)
        before = json.loads(payload)
        before["statement"]["models"][0]["closing"] -= 1
        ledger.store.execute("UPDATE month SET payload = ?", (json.dumps(before),))
        assert ledger.codes(DECEMBER, days_later=40) == ["stocktake_missing", "statement_differs"]


# --- what is dated into it


def test_a_late_document_is_refused_naming_device_book_and_month(closed: Door) -> None:
    with undone(closed) as ledger:
        serial = ledger.in_stock()
        with pytest.raises(Refused) as refused:
            ledger.sell()
        (problem,) = refused.value.problems
        facts = {"serial": serial, "site": "BJ01", "register": "merchandise", "month": NOVEMBER}
        assert (problem.code, problem.pointer, dict(problem.facts)) == ("month_closed", "/lines/0", facts)
        ledger.sell(IN_TIME)


def test_the_other_book_stays_open(closed: Door) -> None:
    with undone(closed) as ledger:
        ledger.post("hold", ledger.in_stock("spare"), reason="损", bin="S-08")


def test_an_arrival_waits_for_the_origins_open_month_too(closed: Door) -> None:
    with undone(closed) as ledger:
        with pytest.raises(Refused) as refused:
            arrive(ledger)
        assert [(one.code, one.facts["site"]) for one in refused.value.problems] == [("month_closed", "BJ01")]
        arrive(ledger, IN_TIME)


def test_a_reversal_is_dated_in_its_own_month(closed: Door) -> None:
    with undone(closed) as ledger:
        (number,) = ledger.store.row("SELECT MAX(number) FROM document WHERE type = 'hold'") or (None,)
        with pytest.raises(Refused, match="month_closed"):
            ledger.post("reversal", document=number, reason="错")
        ledger.review(ledger.post("reversal", document=number, reason="错", day=IN_TIME))


def test_opening_stock_can_not_be_told_any_more(closed: Door) -> None:
    with undone(closed) as ledger:
        ledger.store.execute("UPDATE month SET register = 'spare'")
        line = {"serial": "661565799999", "model": "TCG-01", "state": "in_stock", "bin": "M-01"}
        with pytest.raises(Refused, match="opening_after_close"):
            ledger.post("opening", day=IN_TIME, lines=[line])
        with pytest.raises(Refused, match=r"^proof_required$"):
            ledger.post("opening", day=IN_TIME, site="TJ01", lines=[line])


def test_a_proposal_whose_month_was_closed_meanwhile_is_rejected_and_posted_anew(door: Door) -> None:
    review_all(door)
    unit = unit_of(door.store)
    assert unit is not None
    with door.store.writing():
        ledger = Ledger(door)
        arrival = arrive(ledger, "2026-11-24")
        ledger.review(arrival)
        proposal = ledger.post(
            "reversal", document=arrival, reason="错", day="2026-11-24", site="TJ01", by="zhao"
        )
    count(door)
    door.now += 8 * DAY_US
    assert close(door.sign_in("zhang")).status_code == 201
    li, password = door.sign_in("li"), door.password("li")
    late = li.post(f"/v1/documents/{proposal}/review", {"decision": "approve", "password": password})
    assert (late.status_code, late.json["code"], late.json["errors"][0]["site"]) == (
        422,
        "month_closed",
        "BJ01",
    )
    rejected = li.post(
        f"/v1/documents/{proposal}/review", {"decision": "reject", "reason": "已结账", "password": password}
    )
    assert (rejected.status_code, rejected.json["document"]["status"]) == (200, "rejected"), rejected.text
    with door.store.writing():
        again = Ledger(door)
        again.review(
            again.post("reversal", document=arrival, reason="错", day=IN_TIME, site="TJ01", by="zhao")
        )
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


# --- opened again


def test_a_reopened_month_takes_documents_and_is_closed_anew(door: Door) -> None:
    make_ready(door)
    zhang = door.sign_in("zhang")
    first = close(zhang).json
    assert sign(zhang, "zhang", "storekeeper").status_code == 201
    opened = zhang.post(f"{MONTH}/reopen", {"reason": "漏记一笔"})
    assert (opened.status_code, opened.json["state"], opened.json["reason"]) == (200, "reopened", "漏记一笔")
    assert opened.json["signatures"] == []
    again = zhang.post(f"{MONTH}/reopen", {"reason": "漏记一笔"})
    assert (again.status_code, again.json["code"]) == (409, "month_not_closed")
    assert zhang.get(f"{MONTH}/evidence").json["code"] == "month_not_closed"
    with door.store.writing():
        ledger = Ledger(door)
        ledger.review(ledger.sell())
    second = close(zhang).json
    assert (second["state"], second["reason"]) == ("closed", None)
    assert second["digest"] != first["digest"]
    seal(door)
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_sealed_month_stays_as_it_is(door: Door) -> None:
    make_ready(door)
    close(door.sign_in("zhang"))
    seal(door)
    zhang, before = door.sign_in("zhang"), everything(door.store)
    for answer in (
        zhang.post(f"{MONTH}/reopen", {"reason": "漏记一笔"}),
        sign(zhang, "zhang", "storekeeper"),
        close(zhang),
    ):
        assert (answer.status_code, answer.json["code"]) in {
            (409, "month_sealed"),
            (409, "month_closed_already"),
        }
    assert everything(door.store) == before


def test_only_the_last_closed_month_is_opened_again(door: Door) -> None:
    make_ready(door)
    assert close(door.sign_in("zhang")).status_code == 201
    count(door)
    door.now += 31 * DAY_US
    zhang = door.sign_in("zhang")
    assert close(zhang, DECEMBER).status_code == 201
    refused = zhang.post(f"{MONTH}/reopen", {"reason": "漏记一笔"})
    assert (refused.json["code"], refused.json["errors"][0]["last"]) == ("month_not_last", DECEMBER)
    assert (
        zhang.post(f"{MONTH.replace(NOVEMBER, DECEMBER)}/reopen", {"reason": "漏记一笔"}).status_code == 200
    )
    assert zhang.post(f"{MONTH}/reopen", {"reason": "漏记一笔"}).status_code == 200


# --- signing


@pytest.mark.parametrize(
    ("username", "role", "changes", "status", "code"),
    [
        ("zhang", "storekeeper", {"digest": "0" * 64}, 409, "digest_differs"),
        ("zhang", "storekeeper", {"password": "not the password"}, 403, "wrong_password"),
        ("zhang", "auditor", {}, 403, "role_missing"),
        ("li", "storekeeper", {}, 403, "role_missing"),
        ("li", "clerk", {}, 403, "role_missing"),
    ],
)
def test_a_signature_that_is_not_in_order_is_refused(
    username: str, role: str, changes: dict[str, str], status: int, code: str, closed: Door
) -> None:
    before = everything(closed.store)
    answer = sign(closed.sign_in(username), username, role, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert everything(closed.store) == before


def test_nobody_signs_twice(door: Door) -> None:
    make_ready(door)
    zhang = door.sign_in("zhang")
    close(zhang)
    assert sign(zhang, "zhang", "storekeeper").status_code == 201
    assert sign(door.sign_in("zhang"), "zhang", "storekeeper").json["code"] == "signed_already"


def test_a_key_that_the_month_was_not_closed_with_does_not_sign_it(door: Door) -> None:
    make_ready(door)
    close(door.sign_in("zhang"))
    unit = unit_of(door.store)
    assert unit is not None
    with door.store.writing():
        writer = open_journals(door.store, [UNIT], door.now)
        code = persons.create(writer, unit, door.admin, "sun", "孙").code
        enrolment.enrol(writer, "sun", code, enrolment.unjudged("sun", door.password("li")))
        grants.grant(writer, door.admin, "sun", "auditor", "BJ01")
    sun = door.sign_in("li")
    cookie = sun.client.simulate_post(
        "/v1/session", json={"username": "sun", "password": door.password("li")}
    )
    sun.headers = {"Cookie": f"panku_session={cookie.cookies['panku_session'].value}"}
    answer = sign(sun, "li", "auditor")
    assert (answer.status_code, answer.json["code"]) == (409, "key_not_on_sheet"), answer.text


def test_an_auditor_who_posted_in_the_month_does_not_sign_it(door: Door) -> None:
    make_ready(door)
    with door.store.writing():
        ledger = Ledger(door)
        number = ledger.post("move", ledger.in_stock(), bin="M-02", by="li")
    close(door.sign_in("zhang"))
    answer = sign(door.sign_in("li"), "li", "auditor")
    assert (answer.json["code"], answer.json["errors"][0]["document"]) == ("auditor_posted", number)


# --- reading


def test_a_cards_digest_is_that_of_the_card_as_anybody_can_write_it(closed: Door) -> None:
    zhang = closed.sign_in("zhang")
    cards = zhang.get(MONTH).json["cards"]
    assert cards
    for model, digest in cards.items():
        query = f"model={model}&from=2026-11-01&to=2026-11-30"
        card = zhang.get(f"/v1/books/BJ01/merchandise/card?{query}").json
        lines = [
            [
                *(
                    line[name]
                    for name in ("serial", "step", "document", "n", "type", "reverses", "business_date")
                ),
                1
                if line["position"]["register"] == "merchandise" and line["position"]["site"] == "BJ01"
                else -1,
            ]
            for line in card["lines"]
        ]
        assert len(lines) > 2
        whole = [
            "BJ01",
            "merchandise",
            model,
            "2026-11-01",
            "2026-11-30",
            card["opening"],
            lines,
            card["closing"],
        ]
        text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == digest


@pytest.mark.both_engines
def test_months_are_listed_for_those_who_read_the_site(door: Door) -> None:
    door.enrol_extra()
    make_ready(door)
    zhang = door.sign_in("zhang")
    digest = close(zhang).json["digest"]
    for username in ("zhang", "li", "wu", "chen"):
        (listed,) = door.sign_in(username).get("/v1/months").json
        assert (listed["month"], listed["digest"]) == (NOVEMBER, digest)
    zhao = door.sign_in("zhao")
    assert zhao.get("/v1/months").json == []
    assert zhao.get("/v1/months?site=BJ01").status_code == 403
    assert zhao.get(MONTH).status_code == 403
    assert zhang.get(MONTH.replace(NOVEMBER, DECEMBER)).status_code == 404


def test_a_statement_is_kept_from_those_who_count_its_register_blind(door: Door) -> None:
    door.enrol_extra()
    make_ready(door)
    zhang = door.sign_in("zhang")
    close(zhang)
    begin(zhang)
    for path in (MONTH, f"{MONTH}/evidence"):
        assert zhang.get(path).json["code"] == "count_is_blind"
    assert door.sign_in("chen").get(MONTH).status_code == 200


# --- tampering


TAMPERED: dict[str, object] = {
    "state": "reopened", "stocktake": "S-BJ01-000009", "digest": "0" * 64, "payload": "{}", "closed_at": 1,
    "closed_by": "li", "reason": "x", "revision": 9, "month": "2026-09", "register": "spare",
}  # fmt: skip


def test_every_change_of_a_closed_month_is_found(door: Door) -> None:
    make_ready(door)
    close(door.sign_in("zhang"))
    assert set(TAMPERED) | {"site"} == {*Month.__struct_fields__, "revision"}
    missed = []
    for column, value in TAMPERED.items():
        (kept,) = door.store.row(f"SELECT {column} FROM month") or (None,)
        change = f"UPDATE month SET {column} = ?"
        with door.store.writing():
            door.store.execute(change, (value,))
        if "month" not in {fault.table for fault in verify(door.store, RECORD_KINDS).faults}:
            missed.append(column)
        with door.store.writing():
            door.store.execute(change, (kept,))
    assert missed == []
    assert verify(door.store, RECORD_KINDS, checks=CHECKS).faults == []


def test_a_ledger_that_no_longer_comes_to_the_closed_statement_is_told(closed: Door) -> None:
    assert list(month_faults(closed.store)) == []
    with undone(closed) as ledger:
        ledger.store.execute("UPDATE line SET from_site = NULL, from_register = NULL WHERE type = 'sale'")
        (fault,) = month_faults(ledger.store)
        assert (fault.table, fault.key) == ("month", f"BJ01/merchandise/{NOVEMBER}")
    with undone(closed) as ledger:
        ledger.store.execute("UPDATE line SET n = n + 1 WHERE type = 'sale'")
        assert [fault.what for fault in month_faults(ledger.store)] == [
            "the ledger's card of TCG-01 is another than was closed"
        ]


def test_a_sealed_month_without_its_signatures_is_told(door: Door) -> None:
    make_ready(door)
    close(door.sign_in("zhang"))
    seal(door)
    assert list(month_faults(door.store)) == []
    with undone(door) as ledger:
        ledger.store.execute("DELETE FROM record WHERE kind = 'signature' AND key LIKE '%2026-11#auditor'")
        assert [fault.table for fault in month_faults(ledger.store)] == ["signature"]
