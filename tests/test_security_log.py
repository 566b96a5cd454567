"""The security log: who came in and went, who was kept out, from where, when and why; never what they typed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from api.callers import security_log
from api.callers.security_acts import ACTS, LOGGED, Act
from api.routes import ROUTES
from api.wire.secret_fields import confidential_fields
from devices.problems import PROBLEMS
from tests.conftest import Stores
from tests.door import Door, move
from web.door import add_pages

Lines = Callable[[], list[str]]
AT = "2026-11-24T14:00:00+08:00"


@pytest.fixture
def door(stores: Stores) -> Iterator[Door]:
    made = Door(stores.demo("sqlite"))
    add_pages(made.app, made.services)
    yield made
    stores.drop(made.store)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Lines]:
    """What the log holds so far, each line without the time that it begins with, which is the door's."""
    with caplog.at_level(logging.INFO, logger="panku.security"):
        yield lambda: [line.removeprefix(f"{AT} ") for line in caplog.messages]


def sign_in(door: Door, username: str, password: str = "not the right one") -> int:
    body = {"username": username, "password": password}
    return door.nobody().client.simulate_post("/v1/session", json=body).status_code


def test_a_failed_sign_in_is_logged_with_the_person_and_without_what_was_typed(
    door: Door, lines: Lines
) -> None:
    assert sign_in(door, "li") == 401
    assert sign_in(door, "my secret password") == 401
    assert lines() == [
        "wrong_credentials who='li' from='127.0.0.1' at='POST /v1/session'",
        "wrong_credentials who='-' from='127.0.0.1' at='POST /v1/session'",
    ]


def test_throttling_is_logged(door: Door, lines: Lines) -> None:
    assert [sign_in(door, "li") for _ in range(6)][-1] == 429
    assert lines()[-1] == "throttled who='li' from='127.0.0.1' at='POST /v1/session'"


def test_a_missing_role_is_logged_at_the_api_and_at_the_pages(door: Door, lines: Lines) -> None:
    zhang = door.sign_in("zhang")
    assert zhang.get("/v1/people").status_code == 403
    assert zhang.get("/admin/people").status_code == 403
    assert lines()[1:] == [
        "role_missing who='zhang' from='127.0.0.1' at='GET /v1/people'",
        "role_missing who='zhang' from='127.0.0.1' at='GET /admin/people'",
    ]


def test_a_token_is_logged_by_its_id_and_a_wrong_one_not_at_all(door: Door, lines: Lines) -> None:
    outlet = door.token()
    secret = outlet.headers["Authorization"].removeprefix("Bearer ")
    assert outlet.get("/v1/people").status_code == 403
    wrong = secret[:-1] + ("y" if secret.endswith("x") else "x")
    outlet.headers["Authorization"] = f"Bearer {wrong}"
    assert outlet.get("/v1/me").status_code == 401
    identity = secret.split("_")[1]
    assert lines() == [
        f"person_required who='token:{identity}' from='127.0.0.1' at='GET /v1/people'",
        "token_refused who='-' from='127.0.0.1' at='GET /v1/me'",
    ]
    assert secret not in "".join(lines())


def test_a_posting_through_a_token_that_waits_for_its_person_is_logged(door: Door, lines: Lines) -> None:
    outlet = door.token(scopes=("post",), username="zhang", confirmed=False)
    identity = outlet.headers["Authorization"].split("_")[1]
    assert outlet.post("/v1/documents", {}).status_code == 403
    assert lines() == [f"token_not_confirmed who='token:{identity}' from='127.0.0.1' at='POST /v1/documents'"]


def test_a_wrong_password_at_a_review_is_logged(door: Door, lines: Lines) -> None:
    body = {"decision": "approve", "password": "not the right one"}
    assert door.sign_in("li").post("/v1/documents/BJ01-2026-000001/review", body).status_code == 403
    assert lines()[1:] == ["wrong_password who='li' from='127.0.0.1' at='POST /v1/documents/{number}/review'"]


def test_each_line_begins_with_its_own_time(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    sign_in(door, "li")
    door.now += 61_250_000
    sign_in(door, "li")
    later = "2026-11-24T14:01:01.250000+08:00"
    told = "wrong_credentials who='li' from='127.0.0.1' at='POST /v1/session'"
    assert caplog.messages == [f"{AT} {told}", f"{later} {told}"]


def test_who_signs_in_and_out_is_logged(door: Door, lines: Lines) -> None:
    zhang = door.sign_in("zhang")
    assert zhang.client.simulate_delete("/v1/session", headers=zhang.headers).status_code == 204
    assert lines() == [
        "signed_in who='zhang' from='127.0.0.1' at='POST /v1/session'",
        "signed_out who='zhang' from='127.0.0.1' at='DELETE /v1/session'",
    ]
    assert door.password("zhang") not in "".join(lines())


def test_a_password_entered_again_is_logged_though_the_books_refuse_what_it_was_for(
    door: Door, lines: Lines
) -> None:
    li = door.sign_in("li")
    path = "/v1/documents/BJ01-2026-000004/review"
    body = {"decision": "approve", "password": door.password("li")}
    assert [li.post(path, body).status_code for _ in range(2)] == [200, 409]
    assert (
        lines()[1:]
        == ["reauthenticated who='li' from='127.0.0.1' at='POST /v1/documents/{number}/review'"] * 2
    )
    assert door.password("li") not in "".join(lines())


def test_a_record_of_a_foreign_site_is_answered_as_none_and_logged_as_foreign(
    door: Door, lines: Lines
) -> None:
    zhao = door.sign_in("zhao")
    answers = [zhao.get(f"{path}/BJ01-2026-000001") for path in ("/v1/documents", "/documents")]
    missing = zhao.get("/v1/documents/TJ01-2026-000099")
    assert [answer.status_code for answer in (*answers, missing)] == [404] * 3
    assert answers[0].json == missing.json
    assert lines()[1:] == [
        "foreign_read who='zhao' from='127.0.0.1' at='GET /v1/documents/{number}'",
        "foreign_read who='zhao' from='127.0.0.1' at='GET /documents/{number}'",
    ]


def test_the_log_is_written_to_standard_error_once_a_line(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("panku.security")
    security_log.to_standard_error()
    security_log.to_standard_error()
    try:
        door.sign_in("zhang")
    finally:
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
    told = f"{AT} signed_in who='zhang' from='127.0.0.1' at='POST /v1/session'\n"
    assert capsys.readouterr().err == told


def test_what_the_books_take_and_what_they_refuse_is_not_logged(door: Door, lines: Lines) -> None:
    zhang = door.sign_in("zhang")
    assert zhang.post("/v1/documents", move()).status_code == 201
    assert zhang.post("/v1/documents", move(to="NO-BIN")).status_code == 422
    assert len(lines()) == 1


ROUTE = {route.name: route for route in ROUTES}


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.route)
def test_an_act_is_a_writing_route_and_its_facts_are_said_in_no_confidence(act: Act) -> None:
    route = ROUTE[act.route]
    assert route.write is not None
    fields = set(getattr(route.body, "__struct_fields__", ()))
    assert set(act.facts) <= fields - confidential_fields(route.body)


def test_every_operation_on_people_keys_tokens_and_sessions_is_told_to_the_log() -> None:
    of_people = ("people", "keys", "tokens", "session", "me")
    wanted = {r.name for r in ROUTES if r.method != "GET" and r.path.split("/")[2] in of_people}
    assert wanted <= {act.route for act in ACTS}, "ACTS in api/callers/security_acts.py"


def test_every_refusal_that_is_logged_is_one() -> None:
    assert set(PROBLEMS) >= LOGGED


def test_who_gets_in_and_may_what_is_logged_once_with_whom_it_was_about(door: Door, lines: Lines) -> None:
    admin = door.sign_in("admin")
    person = {"username": "sun", "name": "孙丽"}
    answers = [admin.post("/v1/people", person, key="the same") for _ in range(2)]
    code = answers[0].json["enrolment_code"]
    chosen = {"code": code, "password": "nine pale boats in the fog"}
    for path, body in (
        ("/v1/people/sun/enrol", chosen),
        ("/v1/people/sun/grants", {"role": "clerk", "site": "BJ01"}),
        ("/v1/people/sun/revoke", {"role": "clerk", "site": "BJ01"}),
        ("/v1/people/admin/grants", {"role": "clerk", "site": "BJ01"}),
        ("/v1/people/sun/deactivate", None),
    ):
        (door.nobody() if "enrol" in path else admin).post(path, body)
    told = [line.replace(" from='127.0.0.1'", "") for line in lines()[1:]]
    assert told == [
        "person_added who='admin' at='POST /v1/people' of='sun'",
        "signed_up who='-' at='POST /v1/people/{username}/enrol' of='sun'",
        "role_granted who='admin' at='POST /v1/people/{username}/grants' of='sun' role='clerk' site='BJ01'",
        "role_withdrawn who='admin' at='POST /v1/people/{username}/revoke' of='sun' role='clerk' site='BJ01'",
        "granting_oneself who='admin' at='POST /v1/people/{username}/grants'",
        "admin_has_no_other_role who='admin' at='POST /v1/people/{username}/grants'",
        "person_shut_out who='admin' at='POST /v1/people/{username}/deactivate' of='sun'",
    ]
    assert not any(secret in "".join(lines()) for secret in (*chosen.values(), person["name"]))


def test_tokens_and_passwords_are_logged_without_their_secrets(door: Door, lines: Lines) -> None:
    admin, zhang = door.sign_in("admin"), door.sign_in("zhang")
    body = {"label": "网点", "site": "BJ01", "scopes": ["post"], "expires_at": "2027-01-01T00:00:00+08:00"}
    issued = admin.post("/v1/tokens", {**body, "username": "zhang"}).json
    password = door.password("zhang")
    zhang.post(f"/v1/tokens/{issued['id']}/confirm", {"password": password})
    zhang.post("/v1/me/password", {"password": password, "new": "nine pale boats in the fog"})
    assert [line.split()[0] for line in lines()[2:]] == [
        "token_issued", "reauthenticated", "token_confirmed", "reauthenticated", "password_changed",
    ]  # fmt: skip
    assert f"of='{issued['id']}' site='BJ01' username='zhang'" in lines()[2]
    assert not any(said in "".join(lines()) for said in (issued["secret"], password, "nine pale", "网点"))


def test_a_body_that_no_page_sends_is_logged(door: Door, lines: Lines) -> None:
    assert door.nobody().post("/v1/session", b"{").status_code == 400
    assert lines() == ["malformed_body who='-' from='127.0.0.1' at='POST /v1/session'"]
