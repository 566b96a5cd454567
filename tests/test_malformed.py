"""Whatever is wrong with a request, its answer is a problem with a known code, and never a fault of ours."""

from functools import cache
from itertools import islice
from urllib.parse import quote

import pytest
from falcon import testing

from api.openapi import description
from api.routes import ROUTES
from api.routing import ANSWERS, EVERY_ANSWER, Route
from devices.problems import PROBLEMS
from tests.conftest import ENGINES, Stores
from tests.dispatched import sent
from tests.door import Client, Door
from tests.hostile import ROUTE, Hostile, hostile_requests, sound

pytestmark = pytest.mark.both_engines

ENDS_WHAT_THE_OTHERS_NEED = {"sign_out", "deactivate", "reset_password"}
STRIDE = 13  # shares no factor with the number of values, so that every value is tried somewhere
FIRST = {"sqlite": 0, "postgresql": 6}
"""Each engine is asked every so many-th of the requests, the other engine others."""
CALLERS = {
    "storekeeper": "zhang",
    "auditor": "li",
    "admin": "admin",
    "supervisor": "chen",
    "clerk": "wu",
    "technician": "wang",
}


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Door:
    """Demo books with an order of each kind, an installation and a manifest, on each engine."""
    made = Door(stores.demo(request.param))
    made.enrol_extra()
    zhang = made.sign_in("zhang")
    made.sign_in("wang")
    assert zhang.post("/v1/dispatch-orders", sent("661565714354")).status_code == 201
    asked = {"site": "BJ01", "serial": "661565714354", "mode": "disc"}
    assert zhang.post("/v1/installations", asked).status_code == 201
    manifest = "/v1/manifests?site=BJ01&register=spare&supplier=x&delivery_note=y"
    assert zhang.post(manifest, "序列号\n661565714999\n".encode()).status_code == 201
    return made


@cache
def every() -> list[Hostile]:
    """Every request that leaves the others what they need."""
    return [each for each in hostile_requests() if each.route not in ENDS_WHAT_THE_OTHERS_NEED]


def caller_of(route: Route) -> str:
    """Somebody who may ask it."""
    roles = route.access.roles
    if roles is None or roles == "of_document":
        return "zhang"
    return next(CALLERS[role] for role in CALLERS if role in roles)


def ask(client: Client, hostile: Hostile) -> testing.Result:
    """Send it as it is."""
    query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in hostile.query)
    headers = {"Idempotency-Key": f"k{next(client.door.keys)}", **client.headers, **hostile.headers}
    return client.client.simulate_request(
        hostile.method, hostile.path, query_string=query, headers=headers, body=hostile.body
    )


def fault_of(answer: testing.Result) -> str | None:
    """What is wrong with an answer, None where it is one of those the description promises."""
    if answer.status_code < 400:
        return None
    if answer.headers.get("content-type") != "application/problem+json":
        return f"{answer.status_code} is no problem document"
    told = answer.json
    codes = [told["code"], *(each["code"] for each in told["errors"])]
    if unknown := [code for code in codes if code not in PROBLEMS]:
        return f"unknown codes {unknown}"
    if answer.status_code >= 500 or PROBLEMS[told["code"]].status != answer.status_code:
        return f"{answer.status_code} {told['code']}"
    return None


DESCRIBED = description(ROUTES)["paths"]
SHARED = {"connection", "content-language", "content-length", "content-type", "set-cookie"} | {
    name.lower() for name in (*EVERY_ANSWER, *ANSWERS)
}
"""Headers of any answer, of which the description says nothing."""


def undescribed(route: Route, answer: testing.Result) -> str | None:
    """What an answer has that the description of its operation does not, None where it says all of it."""
    responses = DESCRIBED[route.path][route.method.lower()]["responses"]
    response = responses.get(str(answer.status_code))
    if response is None:
        # A path that names nothing leads to no operation, or to another one's.
        return None if answer.status_code in (404, 405) else f"{answer.status_code} is not described"
    extra = (
        {name.lower() for name in answer.headers} - SHARED - {n.lower() for n in response.get("headers", {})}
    )
    return f"{answer.status_code} has {sorted(extra)}, which is not described" if extra else None


def test_no_malformed_request_is_a_fault_of_ours(door: Door) -> None:
    clients = {who: door.sign_in(who) for who in CALLERS.values()}
    found = {}
    for hostile in islice(every(), FIRST[door.store.engine], None, STRIDE):
        answer = ask(clients[caller_of(ROUTE[hostile.route])], hostile)
        fault = fault_of(answer) or undescribed(ROUTE[hostile.route], answer)
        if fault is not None:
            found[hostile.route, hostile.what] = fault
    assert found == {}


def test_every_operation_is_asked_in_every_part_that_it_has() -> None:
    asked = {(each.route, each.what.split()[0]) for each in every()}
    for name, route in ROUTE.items():
        if name not in ENDS_WHAT_THE_OTHERS_NEED:
            assert {(name, "header"), (name, "query")} <= asked
            assert ("{" not in route.path) or (name, "path") in asked
            assert (route.body is None and not route.raw) or (name, "body") in asked


def test_the_requests_would_be_sound_but_for_that_one_place(door: Door) -> None:
    asked = {
        name: ask(door.sign_in(caller_of(route)), sound(route))
        for name, route in ROUTE.items()
        if route.body is None and not route.raw and route.method == "GET"
    }
    refused = {name: answer.json["code"] for name, answer in asked.items() if answer.status_code >= 400}
    malformed = {
        "malformed_parameter",
        "missing_parameter",
        "malformed_body",
        "malformed_request",
        "role_missing",
    }
    assert {name: code for name, code in refused.items() if code in malformed} == {}
