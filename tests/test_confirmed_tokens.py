"""On whose word: a token posts once its person has confirmed it, and whatever came through it says so."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from devices import records
from devices.ledger.proving.verify import verify
from devices.people.kinds import Token
from devices.store import schema
from devices.store.database import Store
from panku.commands import main
from panku.demo import PASSWORDS
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door, move
from tests.printed import pdf_text, printed
from tests.test_reading_pages import text_of
from web.door import add_pages

pytestmark = pytest.mark.both_engines

SERIAL = "661565714358"
BOTH = ("read", "post")
THROUGH = "经令牌“outlet”"


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """The demo behind its doors, on each engine."""
    store = stores.demo(request.param)
    made = Door(store)
    made.enrol_extra()
    add_pages(made.app, made.services)
    yield made
    made.session_store.close()
    stores.drop(store)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def the_token(door: Door) -> str:
    """The id of the one token there is."""
    [(identity,)] = door.store.rows("SELECT id FROM token")
    return str(identity)


def confirm(client: Client, identity: str, word: str, **headers: str) -> Any:
    return client.post(f"/v1/tokens/{identity}/confirm", {"password": word}, **headers)


def waiting(door: Door) -> tuple[Client, str]:
    """A token that would post in zhang's name, and its id."""
    return door.token(scopes=BOTH, username="zhang", confirmed=False), the_token(door)


def test_a_token_reads_and_does_not_post_before_its_person_has_confirmed_it(door: Door) -> None:
    outlet, identity = waiting(door)
    documents = door.store.row("SELECT COUNT(*) FROM document")
    assert outlet.get(f"/v1/devices/{SERIAL}").status_code == 200
    assert code_of(outlet.post("/v1/documents", move())) == (403, "token_not_confirmed")
    assert door.store.row("SELECT COUNT(*) FROM document") == documents
    confirmed = confirm(door.sign_in("zhang"), identity, door.password("zhang"))
    assert (confirmed.status_code, confirmed.json["confirmed"]) == (200, True)
    assert outlet.post("/v1/documents", move()).status_code == 201


def test_nobody_confirms_a_token_but_its_person_in_a_session(door: Door) -> None:
    outlet, identity = waiting(door)
    for other in ("li", "admin", "wu"):
        assert code_of(confirm(door.sign_in(other), identity, door.password(other))) == (404, "not_found")
    assert code_of(confirm(outlet, identity, door.password("zhang"))) == (403, "person_required")
    zhang = door.sign_in("zhang")
    assert code_of(confirm(zhang, identity, "not the password at all")) == (403, "wrong_password")
    assert code_of(confirm(zhang, "0000000000", door.password("zhang"))) == (404, "not_found")
    assert code_of(outlet.post("/v1/documents", move())) == (403, "token_not_confirmed")


def test_a_token_is_confirmed_once_and_one_that_reads_never_waits(door: Door) -> None:
    _, identity = waiting(door)
    zhang, word = door.sign_in("zhang"), door.password("zhang")
    assert confirm(zhang, identity, word, key="once").status_code == 200
    assert confirm(zhang, identity, word, key="once").status_code == 200
    assert code_of(confirm(zhang, identity, word)) == (409, "token_not_waiting")
    made = "SELECT made_by FROM revision WHERE kind = 'token' AND key = ? ORDER BY revision"
    assert door.store.rows(made, (identity,)) == [("admin",), ("zhang",)]
    door.token(username="zhang")
    (reads,) = (each for each in zhang.get("/v1/me/tokens").json if each["scopes"] == ["read"])
    assert code_of(confirm(zhang, reads["id"], word)) == (409, "token_not_waiting")


@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_a_token_that_has_ended_is_not_confirmed(door: Door, ended: str) -> None:
    _, identity = waiting(door)
    if ended == "revoked":
        assert door.sign_in("admin").post(f"/v1/tokens/{identity}/revoke").status_code == 200
    else:
        door.now += 10**12
    assert code_of(confirm(door.sign_in("zhang"), identity, door.password("zhang"))) == (404, "not_found")


def test_a_person_sees_their_running_tokens_and_ends_them(door: Door) -> None:
    outlet = door.token(scopes=BOTH, username="zhang", confirmed=False)
    identity = the_token(door)
    door.token(username="wu")
    zhang = door.sign_in("zhang")
    (own,) = zhang.get("/v1/me/tokens").json
    assert own == {
        "id": identity, "label": "outlet", "site": "BJ01", "scopes": ["post", "read"], "username": "zhang",
        "expires_at": own["expires_at"], "active": True, "confirmed": False, "secret": None,
    }  # fmt: skip
    assert code_of(door.sign_in("li").post(f"/v1/me/tokens/{identity}/end")) == (404, "not_found")
    assert zhang.post(f"/v1/me/tokens/{identity}/end").json["active"] is False
    assert code_of(zhang.post(f"/v1/me/tokens/{identity}/end")) == (404, "not_found")
    assert zhang.get("/v1/me/tokens").json == []
    assert code_of(outlet.get("/v1/me")) == (401, "token_refused")
    last = "SELECT made_by FROM revision WHERE kind = 'token' AND key = ? ORDER BY revision DESC LIMIT 1"
    assert door.store.row(last, (identity,)) == ("zhang",)


def test_an_administrator_resets_a_person_and_nothing_of_theirs_goes_on(door: Door) -> None:
    outlet = door.token(scopes=BOTH, username="zhang")
    zhang = door.sign_in("zhang")
    assert door.sign_in("admin").post("/v1/people/zhang/reset").status_code == 200
    assert code_of(outlet.post("/v1/documents", move())) == (401, "token_refused")
    assert code_of(outlet.get("/v1/me")) == (401, "token_refused")
    assert code_of(zhang.get("/v1/me")) == (401, "session_ended")
    last = "SELECT made_by, content FROM revision WHERE kind = 'token' ORDER BY revision DESC LIMIT 1"
    ((made_by, content),) = door.store.rows(last)
    assert (made_by, msgspec.json.decode(content)["active"]) == ("admin", False)


# --- what came through a token says so


def posted(door: Door) -> tuple[str, dict[str, str]]:
    """A document that came through a token and waits for its review, and how the token is named."""
    hold = {**move(to="M-09"), "type": "hold", "reason": "外壳破损"}
    answer = door.token(scopes=BOTH, username="zhang").post("/v1/documents", hold)
    assert answer.status_code == 201, answer.text
    named = {"id": the_token(door), "label": "outlet"}
    assert (answer.json["made_by"], answer.json["token"]) == ("zhang", named)
    return answer.json["number"], named


def test_documents_and_histories_tell_the_token(door: Door) -> None:
    number, named = posted(door)
    zhang = door.sign_in("zhang")
    by_hand = zhang.post("/v1/documents", move("661565714360"))
    assert by_hand.json["token"] is None
    found = zhang.get(f"/v1/documents/{number}").json
    assert found["document"]["token"] == named
    assert [each["token"] for each in found["lines"]] == [named]
    listed = {each["number"]: each for each in zhang.get("/v1/documents?limit=500").json["documents"]}
    assert {each["number"] for each in listed.values() if each["token"]} == {number}
    assert listed[number]["token"] == named
    history = zhang.get(f"/v1/devices/{SERIAL}/history").json
    lines = history["lines"]
    assert [each["token"] for each in lines] == [*[None] * (len(lines) - 1), named]
    changes = zhang.get("/v1/changes").text
    assert changes.count(f'"token":{msgspec.json.encode(named).decode()}') == 1


def test_the_pages_tell_the_token_beside_its_person(door: Door) -> None:
    number, _ = posted(door)
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    for client, page in (
        (zhang, f"/documents/{number}"),
        (zhang, "/documents"),
        (zhang, f"/devices/{SERIAL}"),
        (li, "/reviews"),
    ):
        assert text_of(client.get(page)).count(f"张伟 {THROUGH}") == 1, page
    assert li.post(
        f"/v1/documents/{number}/review", {"decision": "reject", "reason": "不对", "password": door.password("li")}
    ).status_code == 200  # fmt: skip
    assert f"张伟 {THROUGH}" in text_of(li.get("/reviews"))


def test_a_label_is_shown_as_it_was_given(door: Door) -> None:
    posted(door)
    with door.store.writing():
        door.store.execute("UPDATE token SET label = ?", ("A & <b>[{x}]",))
    assert "经令牌“A & <b>[{x}]”" in text_of(door.sign_in("li").get("/reviews")).replace("\xa0", " ")


def test_the_slip_and_the_history_on_paper_tell_the_token(door: Door) -> None:
    number, _ = posted(door)
    zhang = door.sign_in("zhang")
    slip = printed(zhang, f"/v1/documents/{number}/slip")
    (box,) = (text for text in slip.texts if THROUGH in text)
    assert box.startswith("张伟")
    assert THROUGH in pdf_text(zhang, f"/v1/documents/{number}/slip")
    by_hand = zhang.post("/v1/documents", move("661565714360")).json["number"]
    assert not any("经令牌" in text for text in printed(zhang, f"/v1/documents/{by_hand}/slip").texts)
    history = printed(zhang, f"/v1/devices/{SERIAL}/history")
    assert sum(THROUGH in text for text in history.texts) == 1


def test_the_home_page_tells_whom_a_token_waits_for(door: Door) -> None:
    told = "以您名义过账的令牌待确认"
    _, identity = waiting(door)
    zhang = door.sign_in("zhang")
    assert f"{told}：1 个" in text_of(zhang.get("/"))
    assert told not in text_of(door.sign_in("li").get("/"))
    assert "待本人确认" in text_of(zhang.get("/me"))
    assert "待本人确认" in text_of(door.sign_in("admin").get("/admin/tokens"))
    assert confirm(zhang, identity, door.password("zhang")).status_code == 200
    assert told not in text_of(zhang.get("/"))


# --- tokens from before


def test_a_token_from_before_reads_on_and_posts_once_it_is_confirmed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = records.encode

    def as_before(value: msgspec.Struct) -> str:
        text = encode(value)
        return text.replace(',"confirmed":false', "") if isinstance(value, Token) else text

    with monkeypatch.context() as patch:
        patch.setattr(records, "encode", as_before)
        outlet, identity = waiting(door)
    store = door.store
    assert (
        store.row("SELECT content FROM revision WHERE kind = 'token' AND content LIKE '%confirmed%'") is None
    )
    store.execute("ALTER TABLE token DROP COLUMN confirmed")
    store.execute("DELETE FROM schema_migration WHERE name = '0007_confirmed_tokens'")
    schema.accept(store)
    assert schema.migrate(store) == ["0007_confirmed_tokens"]
    assert list(verify(store, RECORD_KINDS, checks=CHECKS).faults) == []
    assert outlet.get(f"/v1/devices/{SERIAL}").status_code == 200
    assert code_of(outlet.post("/v1/documents", move())) == (403, "token_not_confirmed")
    zhang = door.sign_in("zhang")
    assert "待确认：1 个" in text_of(zhang.get("/"))
    assert confirm(zhang, identity, door.password("zhang")).status_code == 200
    assert outlet.post("/v1/documents", move()).status_code == 201
    assert list(verify(store, RECORD_KINDS, checks=CHECKS).faults) == []


# --- from the command line


@pytest.fixture
def books(demo_of_commands: Store) -> Store:
    """Demo books, which are those of the command's process."""
    return demo_of_commands


@pytest.mark.parametrize("scope", ["read", "post"])
def test_the_command_says_that_a_posting_token_waits_for_its_person(
    books: Store, scope: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORDS["admin"][0] + "\n"))
    asked = [
        "token",
        "issue",
        "网点",
        "--site",
        "BJ01",
        "--scope",
        scope,
        "--person",
        "zhang",
        "--by",
        "admin",
    ]
    assert main(asked) == 0
    told = capsys.readouterr()
    ((identity,),) = books.rows("SELECT id FROM token")
    assert told.out.startswith(f"panku_{identity}_")
    assert len(told.out.splitlines()) == 1
    assert (f"{identity} posts once zhang has signed in and confirmed it" in told.err) == (scope == "post")
    assert main(["token", "list"]) == 0
    listed = capsys.readouterr().out.strip().rpartition("\t")[2]
    assert listed == ("waits for zhang" if scope == "post" else "active")
