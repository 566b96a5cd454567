"""Every route, every caller, own and foreign ids and names: what is another site's is as what is not there.

The routes, the documents and their fields are read from the tables that serve; a new one that names something is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from api.examples import DOCUMENT_EXAMPLES
from api.routes import ROUTES
from api.routing import Route
from devices.ledger.deciding.drafts import DRAFTS
from devices.ledger.deciding.naming import MAKING
from tests import custody, hostile
from tests.conftest import ENGINES, Stores
from tests.dispatched import done, sent
from tests.door import TODAY, Client, Door

CALLERS = ("zhang", "ma", "wu", "admin", "token", "bound token", "posting token")
"""Who has nothing to do with TJ01."""
PERSONS = ("zhang", "ma", "wu", "admin")
THERE = "661565790001"
"""A device of TJ01's customer."""
WHOSE = {"taxpayer_id": "110101199003888", "name": "津门文具店"}
RECEIVED = {
    "register": "merchandise", "supplier": "津厂", "delivery_note": "TJ-1", "model": "TCG-01", "bin": "M-01",
}  # fmt: skip


class Scene:
    """Books in which TJ01 has one of everything, and who asks at BJ01."""

    def __init__(self, door: Door) -> None:
        self.door = door
        door.enrol_extra()
        self.clients: dict[str, Client] = {name: door.sign_in(name) for name in (*PERSONS, "zhao", "chen")}
        self.clients |= {
            "token": door.token("BJ01"),
            "bound token": door.token("BJ01", username="zhang"),
            "posting token": door.token("BJ01", ("read", "post"), username="zhang"),
        }
        self.foreign = self._fill(self.clients["zhao"])

    def _fill(self, zhao: Client) -> dict[str, str]:
        """What TJ01 has, by the path under which it is found."""
        day = {"site": "TJ01", "business_date": TODAY, "lines": [{"serial": THERE}]}
        receipt = made(zhao, "/v1/documents", {"type": "receipt", **day, **RECEIVED})
        made(zhao, "/v1/documents", {"type": "sale", **day, "customer": WHOSE, "application": "A"})
        made(zhao, "/v1/documents", {"type": "registration", **day, "customer": WHOSE})
        order = {"site": "TJ01", "serial": THERE, "fault": "不亮"}
        asked = {"site": "TJ01", "serial": THERE, "mode": "disc"}
        query = "site=TJ01&register=merchandise&supplier=x&delivery_note=TJ-2"
        complaint = {"site": "TJ01", "channel": "phone", "categories": ["manner"], "account": "态度生硬"}
        manifest = made(zhao, f"/v1/manifests?{query}", "序列号\n661565714999\n".encode())
        paper = made(zhao, "/v1/attachments?site=TJ01", b"a paper of TJ01")
        inspection = {"site": "TJ01", "items": custody.answers()}
        here = {"site": "BJ01", "serial": THERE, "fault": "不亮", "customer": WHOSE}
        told = made(self.clients["zhang"], "/v1/repairs", here)["number"]
        made(self.clients["zhang"], f"/v1/repairs/{told}/cancel", None)
        return {
            "/v1/documents": receipt["number"],
            "/v1/repairs": made(zhao, "/v1/repairs", order)["number"],
            "/v1/installations": made(zhao, "/v1/installations", asked)["number"],
            "/v1/dispatch-orders": made(zhao, "/v1/dispatch-orders", sent(THERE, "TJ01"))["number"],
            "/v1/follow-ups": self._done_job(zhao),
            "/v1/complaints": made(zhao, "/v1/complaints", complaint)["number"],
            "/v1/manifests": manifest["number"],
            "/v1/attachments": paper["digest"],
            "/v1/customers": "C-TJ01-000001",
            "/v1/stocktakes": made(zhao, "/v1/stocktakes", {"site": "TJ01", "register": "spare"})["number"],
            "/v1/inspections": made(zhao, "/v1/inspections", inspection)["number"],
            "/v1/visits": made(zhao, "/v1/visits", {**custody.VISIT, "site": "TJ01"})["number"],
            "/v1/notices": f"{told}/C-TJ01-000001",
        }

    def _done_job(self, zhao: Client) -> str:
        """A job of TJ01 that was done: its customer is to be called about it."""
        made(self.clients["admin"], "/v1/people/wang/grants", {"role": "technician", "site": "TJ01"})
        visit = {"site": "TJ01", "customer": WHOSE, "fault": "回访", "purposes": ["return_visit"]}
        order = made(zhao, "/v1/dispatch-orders", {**visit, "technician": "wang"})
        record = done(outcomes={"return_visit": "all_well"})
        path = f"/v1/dispatch-orders/{order['number']}/service-record"
        made(self.door.sign_in("wang"), path, record)
        return str(order["number"])

    def ask(self, who: str, route: Route, path: str) -> tuple[int, str]:
        """What a caller is answered: the status and the text."""
        query = {**hostile.QUERIES.get(route.name, {})}
        body = b"x" if route.raw else route.example
        if isinstance(body, dict) and "password" in body and who in PERSONS:
            body = {**body, "password": self.door.password(who)}
        address = f"{path}?{urlencode(query)}" if query else path
        client = self.clients[who]
        headers = {"If_Match": '"99"'} if route.replaces else {}
        answer = (
            client.get(address)
            if route.method == "GET"
            else client.send(route.method, address, body, **headers)
        )
        return answer.status_code, answer.text


def made(client: Client, path: str, body: Any) -> Any:
    """What was made."""
    answer = client.post(path, body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json


@pytest.fixture(scope="module", params=ENGINES)
def scene(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Scene]:
    """One scene on each engine; whatever is refused changes nothing."""
    store = stores.demo(request.param)
    yield Scene(Door(store))
    stores.drop(store)


pytestmark = pytest.mark.both_engines


def family(route: Route) -> str:
    """The path under which what a route names is found: `/v1/repairs`."""
    return "/".join(route.path.split("/")[:3])


NAMING_IDS = ("{number}", "{digest}", "{under}")
BY_ID = [route for route in ROUTES if any(each in route.path for each in NAMING_IDS)]
OF_PARTIES = {"/v1/handovers"}
"""What is no site's to read, but that of those who sign it: tests/test_handovers.py tries who they are."""


def address(route: Route, of: str) -> str:
    """A route's path with this id, and the rest of it as it may be."""
    path = route.path.replace("{under}/{customer}", "{number}").replace("{digest}", "{number}")
    return path.replace("{number}", of).format(**{**hostile.PATHS, "serial": THERE})


def unknown(of: str) -> str:
    """An id of the same site that nothing has."""
    return f"{'0' * 63}1" if len(of) == 64 else of.replace("00000", "00999")


def test_everything_that_is_found_by_an_id_is_tried(scene: Scene) -> None:
    assert {family(route) for route in BY_ID} == scene.foreign.keys() | OF_PARTIES
    for path, of in scene.foreign.items():
        route = next(each for each in BY_ID if family(each) == path and each.method == "GET")
        assert scene.ask("chen", route, address(route, of))[0] == 200, "it is there"


@pytest.mark.parametrize(
    "route", [each for each in BY_ID if family(each) not in OF_PARTIES], ids=lambda route: route.name
)
def test_a_foreign_id_is_as_an_unknown_one(route: Route, scene: Scene) -> None:
    of = scene.foreign[family(route)]
    for who in CALLERS:
        foreign, missing = (scene.ask(who, route, address(route, each)) for each in (of, unknown(of)))
        assert foreign[0] in (403, 404), (who, foreign)
        assert foreign[1].replace(of, "ID") == missing[1].replace(unknown(of), "ID"), who
        assert foreign[0] == missing[0], who


@pytest.mark.parametrize(
    "route", [each for each in ROUTES if each.access.site == "path"], ids=lambda route: route.name
)
def test_a_foreign_site_in_an_address_is_refused(route: Route, scene: Scene) -> None:
    path = route.path.format(**{**hostile.PATHS, "site": "TJ01", "register": "merchandise"})
    for who in CALLERS:
        status, text = scene.ask(who, route, path)
        kept = who == "admin" and "admin" in (route.access.roles or ())
        assert status in ((200, 404, 412) if kept else (403,)), (who, text)


@pytest.mark.parametrize(
    "route",
    [each for each in ROUTES if "site" in each.query.__struct_fields__ and not each.raw],
    ids=lambda route: route.name,
)
def test_a_foreign_site_in_a_query_is_refused(route: Route, scene: Scene) -> None:
    asked = {**hostile.QUERIES.get(route.name, {}), "site": "TJ01"}
    for who in CALLERS:
        answer = scene.clients[who].get(f"{route.path}?{urlencode(asked)}")
        keeps_them = who == "admin" and route.name in ("list_bins", "list_minimum_levels", "list_complaints")
        assert answer.status_code in ((200,) if keeps_them else (403,)), (who, answer.text)


# --- documents: whom they name, and what they cite


def posted(scene: Scene, who: str, document: str, /, **changes: Any) -> str:
    """What a document of a device of TJ01's customer, posted at BJ01, is answered with."""
    body = {**DOCUMENT_EXAMPLES[document], "business_date": TODAY, **changes}
    if isinstance(body.get("lines"), list) and "serial" in body["lines"][0]:
        body["lines"] = [{**body["lines"][0], "serial": THERE}]
    answer = scene.clients[who].post("/v1/documents", body)
    scene.door.now += 16 * 60 * 1_000_000  # a quarter of an hour: nobody waits for having guessed
    for name in PERSONS:
        scene.clients[name] = scene.door.sign_in(name)
    assert answer.status_code == 422, answer.text
    text: str = answer.text
    return text


NAMING = [
    name
    for name, draft in DRAFTS.items()
    if any(field.name == "customer" for field in msgspec.structs.fields(draft))
]
UNKNOWN = {"taxpayer_id": "110101199003999", "name": "没有这家"}
WRONG = {**WHOSE, "name": "猜一个"}


def test_the_documents_that_name_a_customer_are_these() -> None:
    assert NAMING == ["adoption", "sale", "registration", "surrender", "loss_report", "recovery"]
    assert {draft.__struct_config__.tag for draft in MAKING} - {*NAMING} == {"opening"}, "it names one a line"


@pytest.mark.parametrize("document", NAMING)
def test_a_foreign_customers_number_is_as_an_unknown_one(document: str, scene: Scene) -> None:
    known, missing = (
        posted(scene, "zhang", document, customer={"number": number})
        for number in ("C-TJ01-000001", "C-TJ01-000999")
    )
    assert "unknown_customer" in known
    assert known.replace("C-TJ01-000001", "ID") == missing.replace("C-TJ01-000999", "ID")


@pytest.mark.parametrize("document", NAMING)
def test_a_wrong_name_tells_no_more_than_it_must(document: str, scene: Scene) -> None:
    wrong = posted(scene, "zhang", document, customer=WRONG)
    assert WHOSE["name"] not in wrong
    if document in {draft.__struct_config__.tag for draft in MAKING}:
        assert "taxpayer_name_differs" in wrong
    else:
        assert wrong == posted(scene, "zhang", document, customer=UNKNOWN)


CITING = {
    "document": "/v1/documents", "dispatch": "/v1/documents", "answers": "/v1/documents",
    "order": "/v1/repairs", "manifest": "/v1/manifests", "attachments": "/v1/attachments",
}  # fmt: skip
"""By field of a document: what it names."""
NAMES_NOTHING_OF_A_SITE = {
    "site", "business_date", "note", "lines", "register", "supplier", "delivery_note", "model", "bin", "customer",
    "reason", "inspection", "destination", "carrier", "consignment_number", "claim", "application", "fault",
    "diagnosis", "work", "completed_at", "terms", "charged_fen", "maker", "result", "tax_document", "report_number",
    "found", "consent", "serials",
}  # fmt: skip


def test_every_field_of_a_document_is_one_that_cites_or_one_that_does_not() -> None:
    fields = {field.name for draft in DRAFTS.values() for field in msgspec.structs.fields(draft)}
    assert fields == CITING.keys() | NAMES_NOTHING_OF_A_SITE


@pytest.mark.parametrize(
    ("document", "field"),
    [(name, field) for name, draft in DRAFTS.items() for field in CITING if field in draft.__struct_fields__],
)
def test_what_a_document_cites_of_a_foreign_site_is_as_what_is_not_there(
    document: str, field: str, scene: Scene
) -> None:
    of = scene.foreign[CITING[field]]
    named = [of] if field == "attachments" else of
    missing = [unknown(of)] if field == "attachments" else unknown(of)
    known, absent = (posted(scene, "zhang", document, **{field: each}) for each in (named, missing))
    assert known.replace(of, "ID") == absent.replace(unknown(of), "ID")
