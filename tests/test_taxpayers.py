"""Which taxpayer ids are taken, and that one wrong character is noticed in the form that has a check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from devices.problems import PROBLEMS, Problem
from devices.taxpayers import Taxpayer, recognise_taxpayer, same_name

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BODIES = st.from_regex(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{9}}", fullmatch=True)


def checked(body: str) -> str:
    return body + str(uscc.calc_check_digit(body))


def code_of(found: Taxpayer | Problem) -> str:
    assert isinstance(found, Problem)
    assert set(found.facts) == set(PROBLEMS[found.code].facts)
    return found.code


@given(BODIES)
def test_a_unified_code_with_its_check_character_is_taken(body: str) -> None:
    assert recognise_taxpayer(checked(body)) == Taxpayer(checked(body), "uscc")


@given(BODIES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_changed_character_of_a_unified_code_is_refused(body: str, at: int, other: str) -> None:
    code = checked(body)
    if code[at] != other:
        assert isinstance(recognise_taxpayer(code[:at] + other + code[at + 1 :]), Problem)


@given(BODIES, st.integers(0, 16))
def test_two_neighbours_exchanged_are_refused(body: str, at: int) -> None:
    code = checked(body)
    if code[at] != code[at + 1]:
        assert isinstance(recognise_taxpayer(code[:at] + code[at + 1] + code[at] + code[at + 2 :]), Problem)


def test_a_wrong_check_character_is_told_as_such() -> None:
    assert code_of(recognise_taxpayer("91110000600037341X")) == "taxpayer_check_character"


def test_a_rural_collective_whose_code_begins_with_a_letter_is_taken() -> None:
    assert isinstance(recognise_taxpayer(checked("N2110108MA0PANKU1")), Taxpayer)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("91110000600037341L", "uscc"),
        (" 91110000600037341l\r", "uscc"),
        ("110108100000017", "older_15"),
        ("11010872634567X", "older_15"),
        ("110108MA0123456", "older_15"),
        ("11010870010112301", "older_17"),
        ("11010819700101123X01", "older_20"),
    ],
)
def test_each_form_is_taken_and_named(text: str, form: str) -> None:
    found = recognise_taxpayer(text)
    assert isinstance(found, Taxpayer)
    assert found.form == form
    assert found.older == (form != "uscc")


@pytest.mark.parametrize(
    "text", ["", "9111", "9111000060003734IL", "11010819700101123X0", "110108 100000017", "110108MA012345A", "²" * 15]
)  # fmt: skip
def test_anything_else_is_malformed(text: str) -> None:
    assert code_of(recognise_taxpayer(text)) == "malformed_taxpayer_id"


@pytest.mark.parametrize(
    "other",
    [
        "北京晨光（集团）有限公司",
        " 北京晨光 (集团) 有限公司",
        "北京\u200b晨光(集团)有限公司\u202e",
        "北京晨光(集团)有限公司\ufe00",
    ],
)
def test_names_that_are_seen_alike_are_one(other: str) -> None:
    assert same_name("北京晨光(集团)有限公司", other)
    assert not same_name("北京晨光(集团)公司", other)


def test_a_full_width_taxpayer_id_is_told_with_what_it_looks_like() -> None:
    found = recognise_taxpayer("９１１１００００６０００３７３４１Ｌ", "/customer/taxpayer_id")
    assert code_of(found) == "full_width"
    assert isinstance(found, Problem)
    assert found.pointer == "/customer/taxpayer_id"
    assert found.facts["serial"] == "91110000600037341L"
