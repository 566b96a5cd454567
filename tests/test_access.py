"""Every route against every role, own and foreign site: what the access table says is what happens over HTTP."""

from urllib.parse import urlencode

import pytest

from api.callers.access import site_of
from api.routes import ROUTES
from api.routing import Route
from devices.lifecycle import DOCUMENT
from devices.values import UNIT
from tests import hostile
from tests.conftest import Stores
from tests.door import Client, Door

PEOPLE = {"zhang": ("storekeeper", "BJ01"), "zhao": ("storekeeper", "TJ01"), "li": ("auditor", "BJ01"),
          "wu": ("clerk", "BJ01"), "wang": ("technician", "BJ01"), "chen": ("supervisor", UNIT),
          "admin": ("admin", UNIT)}  # fmt: skip
HOLDS = {**{name: {held} for name, held in PEOPLE.items()}, "li": {("auditor", "BJ01"), ("auditor", "TJ01")}}
STRANGERS = ("zhao", "wang", "admin")
"""To whom BJ01 is foreign: a technician reads nothing of their own site."""
PATHS = hostile.PATHS | {"username": "nobody"}
REFUSED = {"role_missing", "person_required", "scope_missing", "sign_in_required"}


@pytest.fixture(scope="module")
def door(stores: Stores) -> Door:
    """Demo books with one person of each role."""
    made = Door(stores.demo("sqlite"))
    made.enrol_extra()
    return made


@pytest.fixture(scope="module")
def clients(door: Door) -> dict[str, Client]:
    """Each person's client, an outlet's, and nobody's."""
    known = {name: door.sign_in(name) for name in PEOPLE}
    return {**known, "outlet": door.token("BJ01"), "nobody": door.nobody()}


def ask(client: Client, route: Route) -> tuple[int, str]:
    """Send a well-formed request that no state can satisfy; returns the status and code."""
    path = route.path.format(**PATHS)
    query = hostile.QUERIES.get(route.name)
    body = b"x" if route.raw else route.example if route.name != "post_document" else route.example["move"]
    headers = {"If_Match": '"99"'} if route.replaces else {}
    address = f"{path}?{urlencode(query)}" if query else path
    answer = (
        client.get(address) if route.method == "GET" else client.send(route.method, address, body, **headers)
    )
    told = answer.json if answer.content and "json" in answer.headers.get("content-type", "") else None
    code = told.get("code", "") if isinstance(told, dict) else ""
    return answer.status_code, code


CHANGES_THE_TEST = {
    "sign_out", "sign_in", "enrol", "deactivate", "reactivate", "reset_password", "change_password",
}  # fmt: skip
GUARDED = [route for route in ROUTES if not route.access.public and route.name not in CHANGES_THE_TEST]


@pytest.mark.parametrize("route", [r for r in ROUTES if not r.access.public], ids=lambda route: route.name)
def test_nobody_is_let_in_unknown(route: Route, clients: dict[str, Client]) -> None:
    assert ask(clients["nobody"], route)[0] == 401


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
def test_a_role_opens_exactly_the_declared_routes(route: Route, clients: dict[str, Client]) -> None:
    for who in PEOPLE:
        opens_as_declared(route, who, clients)


def opens_as_declared(route: Route, who: str, clients: dict[str, Client]) -> None:
    """Whether a route lets somebody in is as the tables say."""
    status, code = ask(clients[who], route)
    roles = DOCUMENT["move"].posters if route.access.roles == "of_document" else route.access.roles
    site = "BJ01" if route.access.site != "unit" else UNIT
    allowed = roles is None or any(
        role in roles and (held in (site, UNIT) or route.access.site == "any") for role, held in HOLDS[who]
    )
    if allowed:
        assert code not in REFUSED, (who, status, code)
    elif route.access.site == "number" and who in STRANGERS:
        assert (status, code) == (404, "not_found"), who
    elif route.access.site == "query" and "site" not in hostile.QUERIES.get(route.name, {}):
        assert status != 500
    else:
        assert (status, code) == (403, "role_missing"), who


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
def test_an_outlets_token_opens_only_what_its_scope_says(route: Route, clients: dict[str, Client]) -> None:
    _, code = ask(clients["outlet"], route)
    expected = {None: "person_required", "post": "scope_missing"}.get(route.access.scope)
    if expected is not None:
        assert code == expected
    elif route.access.roles is None:
        assert code not in REFUSED


def test_every_route_finds_its_site() -> None:
    for route in ROUTES:
        if route.access.site in ("path", "number"):
            assert "{site}" in route.path or "{number}" in route.path, route.path
            assert site_of(route.access, PATHS, None, None) == "BJ01"
