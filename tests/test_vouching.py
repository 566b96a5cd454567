"""On whose word somebody signs: told beside each signature of a sheet, a month and a handover, and remarked upon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from devices.audit.vouching import Vouched, let_in_by_one
from labels.words import term
from tests import closing, counts, custody
from tests.closing import close, count, review_all, seal
from tests.conftest import ENGINES, Stores
from tests.custody import House, fill_house
from tests.printed import pdf_text, printed
from web.door import add_pages

REMARK = term("remark", "let_in_by_one", "zh_CN")
NOBODY = "密钥确认人：无"


def given(username: str, let_in_by: str | None, confirmed_by: str | None = None) -> Vouched:
    return Vouched("", username, "", 0, let_in_by, confirmed_by)


@pytest.mark.parametrize(
    ("signatures", "doubt"),
    {
        "one let both in": ([given("a", "x"), given("b", "x")], True),
        "one let all three in": ([given("a", "x"), given("b", "x"), given("c", "x")], True),
        "two let them in": ([given("a", "x"), given("b", "y")], False),
        "one key was confirmed": ([given("a", "x", "b"), given("b", "x")], False),
        "one of three keys was confirmed": ([given("a", "x"), given("b", "x"), given("c", "x", "y")], False),
        "both keys were confirmed": ([given("a", "x", "y"), given("b", "x", "y")], False),
        "one signer let the other in": ([given("a", "b"), given("b", "x")], True),
        "one signer, confirmed, let the other in": ([given("a", "b"), given("b", "x", "y")], True),
        "one signer let the other in, whose key was confirmed": (
            [given("a", "b", "y"), given("b", "x")],
            False,
        ),
        "it was never recorded": ([given("a", None), given("b", None)], False),
        "one has signed yet": ([given("a", "x")], False),
        "nobody has signed": ([], False),
    }.values(),
)
def test_one_person_may_have_signed_for_all_unless_somebody_elses_word_says_otherwise(
    signatures: list[Vouched], doubt: bool
) -> None:
    assert let_in_by_one(signatures) is doubt


@pytest.fixture(params=ENGINES)
def house(request: pytest.FixtureRequest, stores: Stores) -> Iterator[House]:
    """Books whose every person one administrator let in, before anybody confirmed a key."""
    store = stores.filled(request.param, fill_house)
    made = House(store)
    add_pages(made.app, made.services)
    yield made
    stores.drop(store)


def confirm(house: House, username: str, by: str) -> None:
    """Confirm somebody's key, which nobody has yet."""
    (key,) = house.of(by).get(f"/v1/keys?username={username}").json
    assert (key["status"], key["confirmed_by"]) == ("active", None)
    assert house.of(by).post(f"/v1/keys/{key['fingerprint']}/confirm").status_code == 200


def shown(house: House, path: str, page: str, paper: str) -> None:
    """What JSON, page, xlsx and PDF tell of the signatures, before zhang's key is confirmed by li and after."""
    client = house.of("li")
    for confirmed in (False, True):
        if confirmed:
            confirm(house, "zhang", by="li")
        told = client.get(path).json
        words = {each["username"]: (each["let_in_by"], each["confirmed_by"]) for each in told["signatures"]}
        assert words == {
            **dict.fromkeys(words, ("admin", None)),
            "zhang": ("admin", "li" if confirmed else None),
        }
        assert told["let_in_by_one"] is not confirmed
        html = client.get(page).text
        assert (REMARK in html) is not confirmed
        assert html.count("注册码由 王建国 发放") == len(words)
        assert ("密钥由 李静 确认" in html) is confirmed
        text = "".join(pdf_text(client, paper).split())
        sheet = printed(client, paper)
        assert (REMARK in "".join(str(sheet.fields.get("提请注意", "")).split())) is not confirmed
        assert (REMARK in text) is not confirmed
        for every in ("".join("".join(sheet.texts).split()), text):
            assert every.count("注册码发放人：王建国（admin）") == len(words)
            assert every.count(NOBODY) == len(words) - confirmed
            assert every.count("密钥确认人：李静（li）") == confirmed


@pytest.mark.both_engines
def test_a_sheet_tells_on_whose_word_its_signers_are(house: House) -> None:
    review_all(house)
    number = count(house)
    path = f"/v1/stocktakes/{number}"
    assert house.of("li").get(path).json["let_in_by_one"] is True
    shown(house, f"{path}/sheet", f"/stocktakes/{number}", f"{path}/sheet")


@pytest.mark.both_engines
def test_a_month_tells_on_whose_word_its_signers_are(house: House) -> None:
    closing.make_ready(house)
    assert close(house.of("zhang")).status_code == 201
    seal(house)
    shown(house, closing.MONTH, closing.MONTH.removeprefix("/v1"), f"{closing.MONTH}/statement")


@pytest.mark.both_engines
def test_a_handover_tells_on_whose_word_its_signers_are(house: House) -> None:
    custody.count_all(house)
    number = custody.begin(house).json["number"]
    for party in ("outgoing", "incoming", "supervisor"):
        assert custody.sign(house, number, party).status_code == 201
    path = f"/v1/handovers/{number}"
    shown(house, path, f"/handovers/{number}", f"{path}/slip")


def test_a_sheet_that_one_has_signed_is_not_remarked_upon_yet(house: House) -> None:
    review_all(house)
    zhang = house.of("zhang")
    number = counts.begin(zhang, "merchandise")
    assert counts.close_count(zhang, number).status_code == 200
    counts.explain(zhang, number)
    assert counts.sign(zhang, number, "zhang", "storekeeper").status_code == 201
    told = zhang.get(f"/v1/stocktakes/{number}/sheet").json
    assert (len(told["signatures"]), told["let_in_by_one"]) == (1, False)


def test_a_key_that_is_confirmed_changes_nothing_that_was_signed(house: House) -> None:
    review_all(house)
    number = count(house)
    before = house.of("li").get(f"/v1/stocktakes/{number}/sheet").json
    confirm(house, "zhang", by="li")
    after = house.of("li").get(f"/v1/stocktakes/{number}/sheet").json
    assert (after["digest"], len(after["signatures"])) == (before["digest"], 2)
    assert house.faults() == []


def test_first_keys_stand_apart_from_those_that_wait(house: House) -> None:
    page = house.of("li").get("/keys").text
    assert "已能用、还没人确认的" in page
    assert "等确认才能用的" not in page
    assert "注册码由 王建国 发放" in page
    assert house.of("zhang").get("/keys").status_code == 403
    home = house.of("li").get("/").text
    assert "个签名密钥还没有旁人确认" in home
    assert "等另一人确认" not in home
    for username in ("zhang", "chen", "sun", "qian", "wu"):
        if house.of("li").get(f"/v1/keys?username={username}").json:
            confirm(house, username, by="li")
    assert "zhang" not in house.of("li").get("/keys").text


def test_ones_own_account_and_the_list_of_people_tell_whether_a_key_was_confirmed(house: House) -> None:
    assert "还没有旁人确认" in house.of("zhang").get("/me").text
    confirm(house, "zhang", by="li")
    assert "由 李静 确认" in house.of("zhang").get("/me").text
    listed = {each["username"]: each["key_confirmed_by"] for each in house.of("admin").get("/v1/people").json}
    assert (listed["zhang"], listed["li"]) == ("li", None)
    assert "有效，还没有旁人确认" in house.of("admin").get("/admin/people").text
