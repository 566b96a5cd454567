"""What is taken for a serial, what is told instead, and what a range of a carton stands for."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.problems import PROBLEMS, Problem
from devices.serials import (
    COMMAND_PREFIX,
    LONGEST_RANGE,
    SCAN_COMMANDS,
    VARIABLE_PARTS,
    command_barcode,
    expand,
    expand_all,
    lost_zeros,
    matches,
    pattern_fault,
    recognise,
)

SERIALS = st.from_regex(r"[A-Z0-9-]{1,32}", fullmatch=True)
DIGITS = st.from_regex(r"[0-9]{1,12}", fullmatch=True)


def widened(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


def code_of(found: str | Problem | None) -> str:
    assert isinstance(found, Problem)
    assert set(found.facts) == set(PROBLEMS[found.code].facts)
    return found.code


@given(SERIALS)
def test_a_serial_is_recognised_as_itself(serial: str) -> None:
    assert recognise(serial) == serial


@given(st.text(max_size=50))
def test_recognising_twice_changes_nothing(text: str) -> None:
    once = recognise(text)
    if isinstance(once, str):
        assert recognise(once) == once


@given(SERIALS, st.text(" \t\r\n\x04\x1d\x00\x7f\u3000\u200b\ufeff", max_size=4))
def test_what_a_scanner_adds_around_a_serial_is_dropped(serial: str, added: str) -> None:
    assert recognise(added + serial.lower() + added) == serial


@given(SERIALS)
def test_a_full_width_serial_is_told_and_never_taken(serial: str) -> None:
    found = recognise(widened(serial), "/lines/3/serial")
    assert found == Problem("full_width", "/lines/3/serial", {"text": widened(serial), "serial": serial})


@pytest.mark.parametrize("text", ["661５65714353", "661565714353－380", "66156—5714", "ｔｃｇ１"])
def test_one_widened_character_is_enough_to_be_told(text: str) -> None:
    assert code_of(recognise(text)) == "full_width"


@pytest.mark.parametrize(
    "text", ["", " ", "6615 6571", "编号1", "A" * 33, "661565714353+27", "٦٦١", "ı23", "ß1", "A\x1dB", "²"]
)
def test_anything_else_is_malformed(text: str) -> None:
    assert code_of(recognise(text)) == "malformed_serial"


def test_a_long_text_is_told_in_short() -> None:
    found = recognise("x?" * 5000)
    assert isinstance(found, Problem)
    assert len(str(found.facts["text"])) == 64


@pytest.mark.parametrize(
    "pattern", ["[0-9]{12}", r"\d{12}", "TCG-[0-9]{8}", "[A-F0-9]{4,8}-[0-9]{1,3}", "A", "[A-Z0-9-]{1,32}"]
)
def test_a_pattern_of_the_subset_is_accepted(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "", "^[0-9]{12}$", "[0-9]+", "[0-9]*", "(A|B)", "(A{1,9}){1,9}", "[^0]", "[9-0]", "A{3,2}", "A{33}", "A{0}",
        "A?", "A{1,}", ".{12}", "a{12}", "[0-9", r"\w{12}", "[0-9]{12}" * 8, "[0-9]{1,9}" * (VARIABLE_PARTS + 1),
        "１{12}",
    ],
)  # fmt: skip
def test_a_pattern_outside_the_subset_is_refused(pattern: str) -> None:
    assert code_of(pattern_fault(pattern)) == "pattern_refused"


def test_the_slowest_accepted_pattern_is_quick() -> None:
    pattern = "[0-9]{0,32}" * VARIABLE_PARTS + "A"
    assert pattern_fault(pattern) is None
    started = time.perf_counter()
    assert not matches(pattern, "0" * 32)
    assert time.perf_counter() - started < 0.1


def test_a_pattern_is_matched_whole() -> None:
    assert matches("[0-9]{12}", "061565714353")
    assert not matches("[0-9]{12}", "0615657143531")
    assert not matches("[0-9]{12}", "X061565714353")


def test_lost_zeros_are_noticed_only_where_zeros_would_make_it_match() -> None:
    assert lost_zeros("[0-9]{12}", "61565714353")
    assert not lost_zeros("[0-9]{12}", "661565714353")
    assert not lost_zeros("66[0-9]{10}", "61565714353")
    assert not lost_zeros("[0-9]{12}", "A1565714353")


@pytest.mark.parametrize("text", ["661565714353-380", "661565714353+27", " 661565714353 - 661565714380\r"])
def test_a_carton_is_written_in_three_ways(text: str) -> None:
    expansion = expand(text)
    assert not expansion.problems
    assert len(expansion.serials) == 28
    assert expansion.serials[0] == "661565714353"
    assert expansion.serials[-1] == "661565714380"


@given(DIGITS, st.integers(0, LONGEST_RANGE - 1))
def test_a_range_counts_as_many_as_it_says(start: str, more: int) -> None:
    expansion = expand(f"{start}+{more}")
    if int(start) + more < 10 ** len(start) and len(str(more)) <= len(start):
        assert len(set(expansion.serials)) == more + 1
        assert {len(serial) for serial in expansion.serials} == {len(start)}
    else:
        assert [problem.code for problem in expansion.problems] == ["malformed_range"]


@given(DIGITS, DIGITS)
def test_a_range_by_its_last_digits_ends_with_them(start: str, last: str) -> None:
    expansion = expand(f"{start}-{last}")
    assert bool(expansion.serials) != bool(expansion.problems)
    if expansion.serials:
        assert expansion.serials[0] == start
        assert expansion.serials[-1].endswith(last)


def test_zeros_before_a_serial_stay_in_a_range() -> None:
    assert expand("008-11").serials == ("008", "009", "010", "011")


def test_a_hyphen_within_the_serials_of_a_range_is_no_sign() -> None:
    assert expand("TCG-01-098-100").serials == ("TCG-01-098", "TCG-01-099", "TCG-01-100")
    assert expand("AB08-AB10").serials == ("AB08", "AB09", "AB10")


def test_a_plain_serial_stands_for_itself() -> None:
    assert expand("661565714353").serials == ("661565714353",)
    assert expand("ABC-DEF").serials == ("ABC-DEF",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("661565714353-350", "range_backwards"),
        ("661565710000+1000", "range_too_long"),
        ("999+1", "malformed_range"),
        ("12-345", "malformed_range"),
        ("661565714353-38X", "malformed_range"),
        ("６６１-３", "full_width"),
        ("661565714353－380", "full_width"),
        ("??", "malformed_serial"),
        ("1" * 100_000, "malformed_serial"),
    ],
)
def test_each_fault_of_a_range_has_its_name(text: str, code: str) -> None:
    (problem,) = expand(text).problems
    assert code_of(problem) == code


def test_a_list_stands_for_a_bounded_number_of_serials() -> None:
    assert len(expand_all("661565714353+9", most=10).serials) == 10
    for text in ("661565714353+10", "661565714353+9\n661565714353", "?\n" * 11):
        found = expand_all(text, most=10)
        assert (found.serials, [each.code for each in found.problems]) == ((), ["list_too_long"])


def test_every_fault_of_a_batch_is_told_with_its_entry() -> None:
    expansion = expand_all("661565714353+2\n\n??，661565714355、661565714356\n12-345")
    assert expansion.serials == ("661565714353", "661565714354", "661565714355", "661565714356")
    assert [(problem.pointer, problem.code) for problem in expansion.problems] == [
        ("/entries/2", "malformed_serial"),
        ("/entries/3", "duplicate_serial"),
        ("/entries/5", "malformed_range"),
    ]


@pytest.mark.parametrize("command", SCAN_COMMANDS)
def test_a_command_barcode_is_no_serial(command: str) -> None:
    text = command_barcode(command)
    assert re.fullmatch(r"[A-Z0-9]+", text)
    assert recognise(text) == Problem("command_barcode", "", {"text": text})


def test_a_range_of_command_barcodes_is_refused() -> None:
    assert [code_of(problem) for problem in expand(f"{COMMAND_PREFIX}1+3").problems] == ["command_barcode"]
