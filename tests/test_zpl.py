"""ZPL: its commands as a printer would read them, its bars and bitmaps drawn and read again."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from devices.ledger.papers.labelled import (
    BinLabelled,
    CommandLabelled,
    DeviceLabelled,
    DocumentLabelled,
    Labelled,
)
from devices.problems import Refused
from labels.barcodes import MODULES_UM, RESOLUTIONS, START_B, START_C, TO_B, TO_C, code128
from labels.label_stock import STOCK, Stock
from labels.label_values import Label, labels_of
from labels.zpl import escaped, field_data, zpl
from tests.paper import scanned

STOCK_MM = STOCK["60x40"]
DEVICE = DeviceLabelled("661565714353", "tax_disk", "TCG-01", "税控盘")
THINGS: list[Labelled] = [
    DEVICE,
    BinLabelled("BJ01", "S-09", "北京海淀库房", "spare", "faulty", "B 架"),
    DocumentLabelled("BJ01-2026-000001", "receipt", "BJ01", "北京海淀库房", "2026-11-24"),
    CommandLabelled("finish"),
]
BARCODES = st.from_regex(r"[A-Z0-9-]{1,32}", fullmatch=True)
COMMANDS = {"XA", "XZ", "CI", "PW", "LL", "LH", "FO", "BY", "BC", "FD", "FS", "A0", "A@", "FB", "FH", "GF"}
INVOKES = {">:": START_B, ">;": START_C, ">5": TO_C, ">6": TO_B}


class Field(msgspec.Struct):
    """One field of a format: where it is in dots, its commands by name, its data."""

    across: int
    down: int
    commands: dict[str, str]
    data: str


def commands_of(text: str) -> list[tuple[str, str]]:
    """Every command of a format with its parameters, as a printer splits them."""
    return [(part[:2], part[2:].rstrip("\n")) for part in text.split("^")[1:]]


def formats_of(written: bytes) -> list[str]:
    """Every format, from ^XA to ^XZ; nothing stands between them."""
    text = written.decode()
    found = re.findall(r"\^XA.*?\^XZ\n", text, re.DOTALL)
    assert "".join(found) == text
    return found


def fields_of(text: str) -> list[Field]:
    """The fields of one format."""
    found: list[Field] = []
    for name, parameters in commands_of(text):
        if name == "FO":
            across, down = parameters.split(",")
            found.append(Field(int(across), int(down), {}, ""))
        elif name == "FD":
            found[-1].data = parameters
        elif found:
            found[-1].commands[name] = parameters
    return found


def symbols_of(data: str) -> list[int]:
    """The symbols that a printer makes of a ^BC field's data (ZPL II programming guide, Code 128 subsets)."""
    symbols: list[int] = []
    subset = "B"
    while data:
        if data[:2] in INVOKES:
            symbols.append(INVOKES[data[:2]])
            subset = "B" if symbols[-1] in (START_B, TO_B) else "C"
            data = data[2:]
        elif subset == "C":
            symbols.append(int(data[:2]))
            data = data[2:]
        else:
            symbols.append(ord(data[0]) - 32)
            data = data[1:]
    return symbols


def bars_of(field: Field) -> Image.Image:
    """The bars of a ^BC field as the printer draws them: ^BY dots to a module, ^BC's height."""
    (text,) = [each for each in map(code128, TEXTS) if field_data(each) == field.data]
    module, high = int(field.commands["BY"]), int(field.commands["BC"].split(",")[1])
    picture = Image.new("L", (text.width * module, high), 255)
    draw = ImageDraw.Draw(picture)
    for at, wide in text.bars:
        draw.rectangle((at * module, 0, (at + wide) * module - 1, high), fill=0)
    return picture


TEXTS = [label.barcode for label in labels_of(THINGS, "zh_CN")]


def bitmap_of(field: Field) -> Image.Image:
    """The bitmap of a ^GFA field, black on white; its counts are checked against its data."""
    compression, sent, whole, across, data = field.commands["GF"].split(",")
    rows = bytes.fromhex(data)
    assert (compression, int(sent), int(whole)) == ("A", len(rows), len(rows))
    assert len(rows) % int(across) == 0
    return Image.frombytes("1", (int(across) * 8, len(rows) // int(across)), rows)


@settings(deadline=None)
@given(BARCODES)
def test_the_printer_is_told_exactly_the_symbols_that_were_measured(text: str) -> None:
    barcode = code128(text)
    assert symbols_of(field_data(barcode)) == list(barcode.symbols)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("661565714353", ">;661565714353"),
        ("M-01", ">:M-01"),
        ("BJ01-2026-000001", ">:BJ01->52026>6->5000001"),
        ("991234", ">;991234"),
        ("12345", ">;1234>65"),
    ],
)
def test_subsets_are_invoked_as_the_printers_guide_says(text: str, data: str) -> None:
    assert field_data(code128(text)) == data


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("module_um", MODULES_UM)
def test_the_bars_are_read_again_at_the_printers_resolution(module_um: int, dpi: int) -> None:
    stock = Stock("own", (100.0, 40.0), page_mm=(100.0, 40.0))
    formats = formats_of(zpl(labels_of(THINGS, "zh_CN"), stock, dpi=dpi, module_um=module_um))
    read = [
        scanned(bars_of(field)) for text in formats for field in fields_of(text) if "BC" in field.commands
    ]
    assert read == [[text] for text in TEXTS]


@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_a_format_is_as_wide_and_high_as_its_label_and_everything_is_on_it(dpi: int) -> None:
    for text in formats_of(zpl(labels_of(THINGS, "zh_CN"), STOCK_MM, dpi=dpi)):
        whole = dict(commands_of(text))
        width, height = int(whole["PW"]), int(whole["LL"])
        assert (width, height) == (round(60 * dpi / 25.4), round(40 * dpi / 25.4))
        for field in fields_of(text):
            wide, high = extent_of(field)
            assert 0 <= field.across <= field.across + wide <= width
            assert 0 <= field.down <= field.down + high <= height


def extent_of(field: Field) -> tuple[int, int]:
    """How many dots wide and high a field is; that of a bitmap up to its last black dot."""
    if "BC" in field.commands:
        barcode = next(each for each in map(code128, TEXTS) if field_data(each) == field.data)
        return len(barcode.modules) * int(field.commands["BY"]), int(field.commands["BC"].split(",")[1])
    if "GF" in field.commands:
        black = bitmap_of(field).getbbox() or (0, 0, 0, 0)
        return black[2], black[3]
    return int(field.commands["FB"].split(",")[0]), int(field.commands["A0"].split(",")[1])


def test_the_quiet_zones_are_kept_free() -> None:
    (text,) = formats_of(zpl(labels_of([DEVICE], "zh_CN"), STOCK_MM))
    fields = fields_of(text)
    (bars,) = [field for field in fields if "BC" in field.commands]
    wide, high = extent_of(bars)
    assert bars.across >= 20
    assert bars.across + wide + 20 <= int(dict(commands_of(text))["PW"])
    for other in fields:
        above, below = other.down + extent_of(other)[1] <= bars.down, other.down >= bars.down + high
        assert other is bars or above or below


def test_only_known_commands_are_written() -> None:
    written = zpl(labels_of(THINGS, "zh_CN"), STOCK_MM, printer_font="E:SIMSUN.TTF").decode()
    assert {name for name, _ in commands_of(written)} <= COMMANDS
    assert "~" not in written


def test_chinese_is_a_bitmap_where_the_printer_has_no_font() -> None:
    (text,) = formats_of(zpl(labels_of([DEVICE], "zh_CN"), STOCK_MM))
    bitmaps = [bitmap_of(field) for field in fields_of(text) if "GF" in field.commands]
    assert text.isascii()
    assert len(bitmaps) == 1
    left, top, right, bottom = bitmaps[0].getbbox() or (0, 0, 0, 0)
    assert right - left > 5 * (bottom - top) > 0  # five signs and more in a line


def test_different_words_are_different_bitmaps() -> None:
    both = [
        [f.commands["GF"] for f in fields_of(text) if "GF" in f.commands]
        for text in formats_of(
            zpl([Label(words, "1234", "1234") for words in ("税控盘", "报税盘")], STOCK_MM)
        )
    ]
    assert both[0] != both[1]


def test_the_printers_own_font_is_used_where_it_has_one() -> None:
    (text,) = formats_of(zpl(labels_of([DEVICE], "zh_CN"), STOCK_MM, printer_font="E:SIMSUN.TTF"))
    assert "^GF" not in text
    assert "^CI28" in text
    (field,) = [field for field in fields_of(text) if "A@" in field.commands]
    assert field.commands["A@"].endswith(",E:SIMSUN.TTF")
    assert bytes.fromhex(re.sub(r"_([0-9A-F]{2})|(.)", plain, field.data)).decode() == "税控盘  TCG-01"


def plain(found: re.Match[str]) -> str:
    """One byte of a ^FH field in hexadecimal."""
    return found[1] or f"{ord(found[2]):02X}"


@given(st.text(max_size=40))
def test_no_text_can_hold_a_command(text: str) -> None:
    written = escaped(text)
    assert not set("^~>\n\r\x00") & set(written)
    assert bytes.fromhex(re.sub(r"_([0-9A-F]{2})|(.)", plain, written)) == text.encode()


def test_a_name_with_commands_in_it_prints_as_text() -> None:
    hostile = Label("^XZ~JR^XA", "1234", "1234", ("_5E", "^FS"))
    (text,) = formats_of(zpl([hostile], STOCK_MM))
    assert [name for name, _ in commands_of(text)].count("XZ") == 1
    assert {name for name, _ in commands_of(text)} <= COMMANDS


def test_a_character_no_font_has_is_named() -> None:
    with pytest.raises(Refused) as refused:
        zpl([Label("😀", "1234", "1234")], STOCK_MM)
    assert [(p.code, p.facts["code_point"]) for p in refused.value.problems] == [("missing_glyph", "U+1F600")]


def test_the_offset_moves_every_field() -> None:
    plain_fields, moved = (
        fields_of(zpl(labels_of([DEVICE], "zh_CN"), STOCK_MM, offset_mm=offset).decode())
        for offset in ((0.0, 0.0), (1.0, 2.0))
    )
    steps = {
        (new.across - old.across, new.down - old.down)
        for old, new in zip(plain_fields, moved, strict=True)
    }  # fmt: skip
    assert {across for across, _ in steps} <= {7, 8, 9}
    assert {down for _, down in steps} <= {15, 16, 17}


@pytest.mark.parametrize("offset", [(-20.0, 0.0), (0.0, -20.0), (20.0, 0.0), (0.0, 20.0)])
def test_an_offset_that_moves_something_off_the_label_is_refused(offset: tuple[float, float]) -> None:
    with pytest.raises(Refused) as refused:
        zpl(labels_of([DEVICE], "zh_CN"), STOCK_MM, offset_mm=offset)
    assert [(p.code, p.pointer) for p in refused.value.problems] == [("offset_off_paper", "/offset_mm")]


def test_every_label_is_a_format_of_its_own() -> None:
    formats = formats_of(zpl(labels_of(THINGS, "zh_CN"), STOCK_MM))
    assert len(formats) == len(THINGS)
    assert all(text.count("^XA") == text.count("^XZ") == 1 for text in formats)
