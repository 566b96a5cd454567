"""Passwords: which are refused, and how they are hashed."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from zxcvbn.matching import L33T_TABLE, enumerate_l33t_subs, relevant_l33t_subtable

from api.routes import ROUTES
from devices.people import passwords
from devices.people.passwords import hash_password, nobodys_hash, outdated, password_matches, refuse_password
from devices.problems import Problem
from panku.demo import PASSWORDS
from panku.demo_days import SERVICE_STAFF

ROOT = Path(__file__).parent.parent
GOOD = "library window otter"
pytestmark = pytest.mark.usefixtures("true_cost")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd1234",
        "123456789012",
        "qwertyuiop12",
        "aaaaaaaaaaaa",
        "abcdefghijkl",
        "Admin@123456",
        "woaini1314520",
        "盘库盘库盘库盘库盘库盘库",
        "hunter2hunter2",
        "storekeeper-2026",
    ],
)
def test_a_common_or_repeated_or_sequential_password_is_refused(password: str) -> None:
    assert refuse_password(password) == [Problem("password_too_common", "/password")]


@pytest.mark.parametrize("password", ["li.ming-2026", "李明李明李明李明李明李明", "航信服务单位2026!!"])
def test_a_password_made_of_the_persons_or_the_units_name_is_refused(password: str) -> None:
    known = ("li.ming", "李明", "航信服务单位")
    assert refuse_password(password, known=known) == [Problem("password_too_common", "/password")]


def typed(value: Any) -> Iterator[str]:
    """Every password in an example's body."""
    if isinstance(value, Mapping):
        yield from (
            text for name, text in value.items() if name in ("password", "new") and isinstance(text, str)
        )
        for inner in value.values():
            yield from typed(inner)


def printed() -> set[str]:
    """Every password that the description of the API, the demo and the documents print."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")]
    quoted = {text for page in pages for text in re.findall(r'"password": "([^"$…]+)"', page.read_text())}
    return (
        quoted
        | {text for route in ROUTES for text in typed(route.example)}
        | {text for text, _ in (PASSWORDS | SERVICE_STAFF).values()}
    )


def test_every_password_that_is_printed_is_refused() -> None:
    found = printed()
    assert len(found) >= 6
    assert [text for text in sorted(found) if not refuse_password(text)] == []


@pytest.mark.parametrize(
    "password",
    [
        "Seven Grey Herons at Dawn 2026!",
        "SevenGreyHeronsAtDawn",
        "s3v3n grey herons at dawn",
        "correct-horse-battery-staple-1",
    ],
)
def test_a_password_that_is_printed_is_refused_in_another_dress(password: str) -> None:
    assert refuse_password(password) == [Problem("password_too_common", "/password")]


@pytest.mark.parametrize(
    "password",
    [
        "shuikongpan-beijian-pandian",
        "Shuikongpan@2026!#",
        "pankuBaoshuipan8301",
        "TCG-01/TCG-02/2026-11",
        "税控盘-报税盘-备件-2026年",
        "tax disk & report disk 99",
        "panku-83649174619",
        "ｐａｎｋｕ　ｓｈｕｉｋｏｎｇｐａｎ　７７３１",
    ],
)
def test_a_password_that_is_mostly_words_of_the_trade_is_refused(password: str) -> None:
    assert refuse_password(password) == [Problem("password_too_common", "/password")]


@pytest.mark.parametrize("password", ["panku library window otter", "an otter took the fapiao to the fair"])
def test_a_word_of_the_trade_among_others_does_no_harm(password: str) -> None:
    assert refuse_password(password) == []


def test_a_password_that_is_mostly_the_persons_and_the_units_name_is_refused() -> None:
    known = ("zhang.wei", "张伟", "北方税控服务中心")
    assert refuse_password("zhangwei@北方税控服务中心#731", known=known) != []


def test_a_password_of_eleven_characters_is_too_short() -> None:
    assert refuse_password("kx8!vQ2mZp0") == [Problem("password_too_short", "/password", {"minimum": 12})]


@pytest.mark.parametrize(
    "password", [GOOD, "kx8!vQ2mZp0L", "窗边的水獭正在读一本旧书", "marble kettle " * 20]
)
def test_a_long_uncommon_password_will_do(password: str) -> None:
    assert refuse_password(password) == []


def test_a_password_matches_its_own_hash_only() -> None:
    stored = hash_password(GOOD)
    assert password_matches(stored, GOOD)
    assert not password_matches(stored, GOOD + " ")


def test_the_same_password_never_hashes_alike() -> None:
    assert hash_password(GOOD) != hash_password(GOOD)


def test_a_password_typed_on_another_machine_is_the_same_password() -> None:
    stored = hash_password(unicodedata.normalize("NFC", "ça va, la loutre?"))
    assert password_matches(stored, unicodedata.normalize("NFD", "ça va, la loutre?"))


def test_an_unknown_user_costs_the_same_work_and_never_matches() -> None:
    assert extract_parameters(nobodys_hash()) == extract_parameters(hash_password(GOOD))
    assert not password_matches(None, GOOD)


def test_a_damaged_hash_matches_nothing() -> None:
    assert not password_matches("not a hash", GOOD)


def test_the_parameters_are_those_of_the_cheat_sheet() -> None:
    found = extract_parameters(hash_password(GOOD))
    assert (found.type.name, found.memory_cost, found.time_cost, found.parallelism) == ("ID", 19456, 2, 1)


def test_a_hash_made_with_other_parameters_is_outdated() -> None:
    assert outdated(PasswordHasher(1, 8192, 1).hash(GOOD))
    assert not outdated(hash_password(GOOD))


def test_weighing_a_very_long_password_stops_at_a_limit() -> None:
    assert refuse_password(GOOD + "x" * 100_000) == []
    assert len(passwords.weighed(GOOD * 100)) == passwords.WEIGHED


def test_the_signs_are_those_that_the_weighing_knows() -> None:
    assert [set(signs) for signs in passwords.SIGNS] == [set(signs) for signs in L33T_TABLE.values()]


def test_a_text_of_every_sign_is_weighed_under_a_few_substitutions_only() -> None:
    text = "a4@8({[<369&#!1/|0$5+7%2`*3" * 4
    assert len(list(enumerate_l33t_subs(relevant_l33t_subtable(text, L33T_TABLE)))) > 100
    weighed = passwords.weighed(text)
    assert (
        len(list(enumerate_l33t_subs(relevant_l33t_subtable(weighed, L33T_TABLE)))) <= passwords.COMBINATIONS
    )
    assert refuse_password(text) == []
