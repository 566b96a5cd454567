"""Charts as SVG, drawn on the server. They carry no style or script of their own: the stylesheet has their looks.

A chart only repeats a table that stands beside it, and is told to screen readers by its title alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element

import pygal
from markupsafe import Markup

SIZE = {"width": 480, "height": 260}
LEFT_OUT = ("style", "script", "title", "desc")
"""What a strict content policy forbids, and what the page says itself."""
_STEPS = 5

Series = Sequence[tuple[str, Sequence[int]]]


def bars(title: str, labels: Sequence[str], series: Series) -> Markup:
    """Bars side by side for each label, one of each series."""
    return _drawn(pygal.Bar, title, labels, series)


def line(title: str, labels: Sequence[str], series: Series) -> Markup:
    """A line from label to label for each series, from zero on."""
    return _drawn(pygal.Line, title, labels, series)


def _drawn(kind: Any, title: str, labels: Sequence[str], series: Series) -> Markup:
    chart = kind(
        **SIZE,
        js=(),
        no_prefix=True,
        classes=("chart",),
        disable_xml_declaration=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(series),
        include_x_axis=True,
        y_labels=_scale([value for _, values in series for value in values]),
        formatter=lambda value: f"{value:g}",
        x_labels=list(labels),
        margin=6,
    )
    for name, values in series:
        chart.add(name, list(values))
    chart.add_xml_filter(lambda root: _bare(root, title))
    return Markup(chart.render())  # noqa: S704 - pygal escapes the texts


def _scale(values: Sequence[int]) -> list[int]:
    """Whole numbers for the axis: from zero, or the least, to the most, in at most six even steps."""
    least, most = min([0, *values]), max([1, *values])
    step = next(
        size * 10**power
        for power in range(12)
        for size in (1, 2, 5)
        if (most - least) / (size * 10**power) <= _STEPS
    )
    return list(range(step * (least // step), most + step, step))


def _bare(root: Element, title: str) -> Element:
    """The drawing without what is LEFT_OUT, named by its title."""
    for parent in list(root.iter()):
        for child in list(parent):
            if _left_out(child):
                parent.remove(child)
    for element in root.iter():
        element.attrib.pop("id", None)  # two charts on a page would have the same ones
    root.attrib.update({"role": "img", "aria-label": title})
    return root


def _left_out(element: Element) -> bool:
    name: object = element.tag  # a comment's is a function
    kept = isinstance(name, str) and name.rpartition("}")[2] not in LEFT_OUT
    return not kept or element.get("class") == "tooltip"
