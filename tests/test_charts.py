"""Charts: what they draw, what they leave out for a strict content policy, and an axis of whole numbers."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from web import charts

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*values: int) -> ET.Element:
    return ET.fromstring(charts.bars("各月 <收发>", [str(n) for n in range(len(values))], [("收入", values)]))


def axis(root: ET.Element) -> list[str]:
    return [text.text or "" for text in root.findall(f".//{SVG}g[@class='axis y always_show']//{SVG}text")]


def test_a_chart_is_named_and_has_a_bar_for_each_value() -> None:
    root = drawn(3, 0, 7)
    assert (root.get("role"), root.get("aria-label")) == ("img", "各月 <收发>")
    assert len(root.findall(f".//{SVG}g[@class='bar']")) == 3


def test_nothing_in_a_chart_is_what_a_strict_policy_forbids() -> None:
    for kind in (charts.bars, charts.line):
        root = ET.fromstring(kind("x", ["1"], [("a", [1]), ("b", [2])]))
        for element in root.iter():
            assert element.tag.removeprefix(SVG) not in charts.LEFT_OUT
            assert {"style", "id"} & element.attrib.keys() == set()
            assert not [name for name in element.attrib if name.startswith("on")]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ((0,), ["0", "1"]),
        ((3, 7), ["0", "2", "4", "6", "8"]),
        ((24,), ["0", "5", "10", "15", "20", "25"]),
        ((-2, 3), ["-2", "-1", "0", "1", "2", "3"]),
        ((1234,), ["0", "500", "1000", "1500"]),
    ],
)
def test_an_axis_has_whole_even_steps_around_zero(values: tuple[int, ...], labels: list[str]) -> None:
    assert axis(drawn(*values)) == labels
