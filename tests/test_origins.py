"""Where a change may come from: our own pages, by host, port and scheme; and the cookies that say who sends it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from falcon import testing

from tests.conftest import Stores
from tests.door import Client, Door, move
from web.door import add_pages

HOST = "panku.example"


@pytest.fixture
def door(stores: Stores) -> Iterator[Door]:
    made = Door(stores.demo("sqlite"))
    add_pages(made.app, made.services)
    yield made
    stores.drop(made.store)


def post(client: Client, origin: str, host: str = HOST, protocol: str = "http") -> tuple[int, str]:
    headers = {**client.headers, "Idempotency-Key": origin + host + protocol, "Origin": origin}
    answer = client.client.simulate_post(
        "/v1/documents", headers=headers, json=move(), host=host, protocol=protocol
    )
    return answer.status_code, answer.json.get("code", "")


@pytest.mark.parametrize(
    ("origin", "host", "protocol"),
    [
        ("http://panku.example", HOST, "http"),
        ("http://panku.example:80", HOST, "http"),
        ("https://panku.example", HOST, "https"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "http"),
    ],
)
def test_a_change_from_our_own_pages_is_taken(door: Door, origin: str, host: str, protocol: str) -> None:
    assert post(door.sign_in("zhang"), origin, host, protocol)[0] == 201


@pytest.mark.parametrize(
    ("origin", "protocol"),
    [
        ("http://panku.example", "https"),
        ("https://panku.example", "http"),
        ("http://panku.example:8000", "http"),
        ("http://evil.example", "http"),
        ("null", "http"),
        ("file:///tmp/x.html", "http"),
        ("http://[", "http"),
        ("http://panku.example:x", "http"),
    ],
)
def test_a_change_from_another_scheme_port_or_host_is_refused(door: Door, origin: str, protocol: str) -> None:
    assert post(door.sign_in("zhang"), origin, protocol=protocol) == (403, "foreign_origin")


def test_where_cookies_are_secure_our_pages_come_over_https_however_the_proxy_asked(door: Door) -> None:
    zhang = door.sign_in("zhang")
    door.services.secure_cookies = True
    zhang.headers = {"Cookie": f"__Host-{zhang.headers['Cookie']}"}
    assert post(zhang, "https://panku.example")[0] == 201
    assert post(zhang, "http://panku.example") == (403, "foreign_origin")


def test_nobody_is_signed_in_from_another_origin(door: Door) -> None:
    body = {"username": "zhang", "password": door.password("zhang")}
    for origin, status in (("https://evil.example", 403), ("http://falconframework.org", 201)):
        answer = door.nobody().client.simulate_post("/v1/session", json=body, headers={"Origin": origin})
        assert (answer.status_code, "panku_session" in answer.cookies) == (status, status == 201)


@pytest.mark.parametrize(("secure", "prefix"), [(True, "__Host-"), (False, "")])
def test_cookies_are_bound_to_https_where_they_can_be_and_go_as_they_came(
    door: Door, secure: bool, prefix: str
) -> None:
    door.services.secure_cookies = secure
    body = {"username": "zhang", "password": door.password("zhang")}
    client = testing.TestClient(door.app)
    begun = client.simulate_post("/v1/session", json=body).cookies[f"{prefix}panku_session"]
    headers = {"Cookie": f"{prefix}panku_session={begun.value}"}
    ended = client.simulate_delete("/v1/session", headers=headers)
    gone = ended.cookies[f"{prefix}panku_session"]
    chosen = client.simulate_get("/sign-in?lang=en").cookies[f"{prefix}panku_language"]
    for cookie in (begun, gone, chosen):
        assert (cookie.secure, cookie.http_only, cookie.path, cookie.domain or "") == (secure, True, "/", "")
    assert (ended.status_code, gone.value) == (204, "")
    assert gone.expires is not None
    assert gone.expires.year == 1970
    kept = {"Cookie": f"{prefix}panku_language=en"}
    assert '<html lang="en">' in client.simulate_get("/sign-in", headers=kept).text


def test_what_a_page_sends_is_the_word_of_whoever_it_was_shown_to_and_of_nobody_else(door: Door) -> None:
    zhang = door.sign_in("zhang")
    refused = zhang.post("/v1/documents", move(), key="once", X_Signed_In_As="li")
    assert (refused.status_code, refused.json["code"]) == (401, "signed_in_as_another")
    told = refused.json["errors"][0]
    assert (told["username"], told["page"]) == ("zhang", "li")
    assert zhang.post("/v1/documents", move(), key="once", X_Signed_In_As="zhang").status_code == 201


def test_a_page_that_was_shown_to_another_still_reads_and_signs_somebody_in(door: Door) -> None:
    li = door.sign_in("li")
    assert li.get("/v1/me", X_Signed_In_As="zhang").json["username"] == "li"
    body = {"username": "zhang", "password": door.password("zhang")}
    assert li.post("/v1/session", body, X_Signed_In_As="chen").status_code == 201
