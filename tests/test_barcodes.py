"""Code 128: what it holds is what is read again, at its true width, between quiet zones."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from devices.problems import Refused
from devices.serials import SCAN_COMMANDS, command_barcode
from labels.barcodes import (
    MODULES_UM,
    QUIET,
    RESOLUTIONS,
    code128,
    dots_of,
    png,
    svg,
)
from tests.paper import opened, scanned

SERIALS = st.from_regex(r"[A-Z0-9-]{1,32}", fullmatch=True)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(path: str, module_px: int) -> Image.Image:
    """The bars of an SVG's path as a picture, each module that many dots wide."""
    bars = [(int(at), int(wide)) for at, wide in re.findall(r"M(\d+) 0h(\d+)v12h-\2z", path)]
    width = max(at + wide for at, wide in bars) + QUIET
    picture = Image.new("L", (width * module_px, 60), 255)
    draw = ImageDraw.Draw(picture)
    for at, wide in bars:
        draw.rectangle((at * module_px, 0, (at + wide) * module_px - 1, 59), fill=0)
    return picture


@settings(max_examples=60, deadline=None)
@given(SERIALS)
def test_every_serial_is_read_again_from_its_png(serial: str) -> None:
    assert scanned(opened(png(code128(serial)))) == [serial]


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("module_um", MODULES_UM)
def test_a_png_is_read_at_every_resolution_and_width(module_um: int, dpi: int) -> None:
    picture = opened(png(code128("661565714353"), module_um=module_um, dpi=dpi))
    assert scanned(picture) == ["661565714353"]
    assert picture.info["dpi"] == pytest.approx((dpi, dpi), abs=0.1)


@pytest.mark.parametrize(
    "text", ["661565714353", "BJ01-2026-000001", "M-01", *map(command_barcode, SCAN_COMMANDS)]
)
def test_an_svg_holds_the_same_bars(text: str) -> None:
    root = ET.fromstring(svg(code128(text)))
    (path,) = root.iter(f"{SVG}path")
    assert scanned(drawn(path.attrib["d"], 3)) == [text]
    assert [each.text for each in root.iter(f"{SVG}text")] == [text]


@pytest.mark.parametrize("module_um", MODULES_UM)
def test_an_svg_is_as_wide_as_its_modules_and_quiet_zones(module_um: int) -> None:
    root = ET.fromstring(svg(code128("661565714353"), module_um=module_um))
    assert root.attrib["width"] == f"{(101 + 2 * 10) * module_um / 1000:g}mm"
    assert root.attrib["viewBox"].split()[2] + "mm" == root.attrib["width"]


def test_twelve_digits_are_101_modules_and_ten_of_quiet_on_either_side() -> None:
    barcode = code128("661565714353")
    assert len(barcode.modules) == 101
    assert barcode.width == 121
    first, (at, wide) = barcode.bars[0][0], barcode.bars[-1]
    assert (first, barcode.width - at - wide) == (10, 10)


@settings(deadline=None)
@given(SERIALS)
def test_the_bars_are_the_modules(serial: str) -> None:
    barcode = code128(serial)
    dark = {module for at, wide in barcode.bars for module in range(at, at + wide)}
    shown = "".join("1" if QUIET + n in dark else "0" for n in range(len(barcode.modules)))
    assert shown == barcode.modules


@pytest.mark.parametrize("text", ["", "a", "税控盘", "A B", "A" * 33, "A\n", "^XA", "６６１"])
def test_what_no_serial_or_code_can_be_is_no_barcode(text: str) -> None:
    with pytest.raises(Refused) as refused:
        code128(text, "/what/0")
    assert [(p.code, p.pointer) for p in refused.value.problems] == [("malformed_barcode", "/what/0")]


@pytest.mark.parametrize(
    ("module_um", "dpi", "dots"), [(250, 203, 2), (250, 300, 3), (330, 203, 3), (330, 300, 4)]
)
def test_a_module_is_a_whole_number_of_dots(module_um: int, dpi: int, dots: int) -> None:
    assert dots_of(module_um, dpi) == dots
