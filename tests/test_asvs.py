"""docs/asvs.md has every item of OWASP ASVS 5.0, levels 1 and 2, once, each with a verdict, and counts them rightly."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (pass|\*\*fail\*\*|–) \| (.+) \|$", PAGE, re.MULTILINE
)
SECTIONS = {
    "1.1": "22", "1.2": "111112222", "1.3": "11222222222", "1.4": "222", "1.5": "12", "2.1": "122",
    "2.2": "112", "2.3": "1222", "2.4": "2", "3.2": "11", "3.3": "1222", "3.4": "112222", "3.5": "11122",
    "3.7": "22", "4.1": "122", "4.2": "2", "4.3": "22", "4.4": "1222", "5.1": "2", "5.2": "112", "5.3": "11",
    "5.4": "222", "6.1": "122", "6.2": "111111112222", "6.3": "1122", "6.4": "1122", "6.5": "22222",
    "6.6": "222", "6.8": "2222", "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "22",
    "7.6": "22", "8.1": "12", "8.2": "112", "8.3": "1", "8.4": "2", "9.1": "111", "9.2": "1222", "10.1": "22",
    "10.2": "22", "10.3": "2222", "10.4": "11111222222", "10.5": "22222", "10.6": "22", "10.7": "222",
    "11.1": "22", "11.2": "222", "11.3": "112", "11.4": "1222", "11.5": "2", "11.6": "2", "12.1": "122",
    "12.2": "11", "12.3": "2222", "13.1": "2", "13.2": "22222", "13.3": "22", "13.4": "12222", "14.1": "22",
    "14.2": "1222", "14.3": "122", "15.1": "122", "15.2": "122", "15.3": "1222222", "16.1": "2",
    "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "222", "17.1": "2", "17.2": "2222", "17.3": "22",
}  # fmt: skip
"""The standard's sections with the level of each item of 1 and 2, in their order; those of 3 alone come last in theirs.

Source: OWASP ASVS 5.0.0, https://github.com/OWASP/ASVS.
"""
VERDICTS = {"pass": "pass", "**fail**": "fail", "–": "does not apply"}


def counted(verdict: str) -> int:
    """How many rows have it."""
    return sum(VERDICTS[row[3]] == verdict for row in ROWS)


def test_every_item_of_both_levels_stands_once_in_its_order() -> None:
    wanted = [
        (f"{section}.{n}", level) for section, levels in SECTIONS.items() for n, level in enumerate(levels, 1)
    ]
    assert [(number, level) for number, level, *_ in ROWS] == wanted


def test_no_row_goes_without_a_verdict_and_its_ground() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) == len(ROWS)
    assert all(ground.strip() for *_, ground in ROWS)


def test_the_totals_that_are_told_are_those_of_the_table() -> None:
    told = re.search(r"Of (\d+) items (\d+) apply: (\d+) pass, (\d+) fail\. The other (\d+)", PAGE)
    assert told is not None
    passed, failed, other = map(counted, ("pass", "fail", "does not apply"))
    total = len(ROWS)
    assert tuple(map(int, told.groups())) == (total, passed + failed, passed, failed, other)


@pytest.mark.parametrize("number", [number for number, *_, verdict, _ in ROWS if VERDICTS[verdict] == "fail"])
def test_what_fails_says_why(number: str) -> None:
    (ground,) = (row[-1] for row in ROWS if row[0] == number)
    assert len(ground.split()) >= 15, "a sentence of why it stays open"


def test_every_name_that_a_row_gives_of_a_file_is_in_it() -> None:
    named = re.findall(r"`([A-Z_]{3,})`(?: and `([A-Z_]{3,})`)? in `([\w/]+)\.py`", PAGE)
    assert len(named) >= 5
    for *names, path in named:
        module = importlib.import_module(path.replace("/", "."))
        assert [name for name in names if name and not hasattr(module, name)] == []
