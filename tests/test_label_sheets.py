"""Label sheets: each barcode is read again from the rasterised page, and each label is where the stock says.

`python -m tests.test_label_sheets` draws the golden pictures anew; look at them before they are committed.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from devices.ledger.papers.labelled import (
    BinLabelled,
    CommandLabelled,
    DeviceLabelled,
    DocumentLabelled,
    Labelled,
)
from devices.problems import PROBLEMS, Refused
from devices.serials import SCAN_COMMANDS
from labels.barcodes import MODULES_UM, QUIET, RESOLUTIONS
from labels.label_layout import placed
from labels.label_sheets import label_sheets
from labels.label_stock import STOCK, STOCKS, Stock, checked, stock_named
from labels.label_values import Label, labels_of
from labels.pdf import drawable
from labels.words import LOCALES, Locale
from tests.paper import labels_on, opened, pages, scanned, texts

GOLDEN = Path(__file__).parent / "golden"
GOLDEN_DPI = 100
MOST_DIFFERENCE = 1.5  # of 255 on average: another release of the renderer smooths edges otherwise
MM = 1 / 25.4
DEVICES: list[Labelled] = [
    DeviceLabelled(f"{661565714353 + n}", "tax_disk", "TCG-01", "税控盘") for n in range(9)
]
THINGS: list[Labelled] = [
    *DEVICES[:6],
    DeviceLabelled("BJ01-2026-000007-1", "spare_part", "PSU-9", "电源模块（专用设备配套）"),
    BinLabelled("BJ01", "M-01", "北京海淀库房", "merchandise", "good", "A 架 1 层"),
    BinLabelled("BJ01", "S-09", "北京海淀库房", "spare", "faulty", ""),
    DocumentLabelled("BJ01-2026-000001", "receipt", "BJ01", "北京海淀库房", "2026-11-24"),
    *(CommandLabelled(command) for command in SCAN_COMMANDS),
]


def sheet(
    things: list[Labelled], stock: Stock, *, locale: Locale = "zh_CN", module_um: int = 250, start: int = 1,
    offset_mm: tuple[float, float] = (0.0, 0.0), outline: bool = False,
) -> bytes:  # fmt: skip
    """These labels on this stock, made at one moment."""
    return label_sheets(
        labels_of(things, locale), stock, title="标签", at_us=1_795_500_000_000_000, module_um=module_um,
        start=start, offset_mm=offset_mm, outline=outline,
    )  # fmt: skip


def barcodes_of(things: list[Labelled]) -> list[str]:
    return [label.barcode for label in labels_of(things, "zh_CN")]


def printable(stock: Stock, module_um: int) -> list[Labelled]:
    """Those things whose barcode is not too wide for the stock."""
    kept = []
    for thing in THINGS:
        try:
            placed(labels_of([thing], "zh_CN"), stock, module_um / 1000)
        except Refused:
            continue
        kept.append(thing)
    return kept


def codes(refused: Refused) -> list[tuple[str, str]]:
    assert all(set(p.facts) == set(PROBLEMS[p.code].facts) for p in refused.problems)
    return [(p.code, p.pointer) for p in refused.problems]


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("module_um", MODULES_UM)
@pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.name)
def test_every_barcode_is_read_again_from_its_label(stock: Stock, module_um: int, dpi: int) -> None:
    things = printable(stock, module_um)
    found = [scanned(label) for label in labels_on(sheet(things, stock, module_um=module_um), stock, dpi)]
    assert found[: len(things)] == [[text] for text in barcodes_of(things)]
    assert not any(found[len(things) :])


@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_a_full_sheet_of_the_smallest_labels_is_read_again(dpi: int) -> None:
    stock = STOCK["L7651"]
    things: list[Labelled] = [
        DeviceLabelled(f"{661565714353 + 7 * n:012}", "tax_disk", "TCG-01", "税控盘") for n in range(65)
    ]
    found = [scanned(label) for label in labels_on(sheet(things, stock), stock, dpi)]
    assert found == [[text] for text in barcodes_of(things)]


def test_only_a_short_barcode_fits_the_smallest_labels() -> None:
    assert printable(STOCK["L7651"], 250) == [
        thing for thing in THINGS if isinstance(thing, DeviceLabelled | BinLabelled) and len(
            labels_of([thing], "zh_CN")[0].barcode) <= 12
    ]  # fmt: skip


@pytest.mark.parametrize("module_um", MODULES_UM)
def test_the_bars_are_as_wide_as_asked_for_and_where_the_layout_says(module_um: int) -> None:
    dpi, stock = 2540, STOCK["50x30"]  # a hundredth of a mm to a dot
    (label,) = placed(labels_of(DEVICES[:1], "zh_CN"), stock, module_um / 1000)
    (page,) = pages(sheet(DEVICES[:1], stock, module_um=module_um), dpi)
    line = round((label.top + 2) * 100)
    row = page.crop((0, line, page.width, line + 1)).tobytes()
    dark = [x for x, grey in enumerate(row) if grey < 128]
    left = label.left * 100 + QUIET * module_um / 10
    assert dark[0] == pytest.approx(left, abs=2)
    assert dark[-1] + 1 == pytest.approx(left + len(label.barcode.modules) * module_um / 10, abs=2)


@pytest.mark.parametrize(
    ("name", "count", "label_mm", "first_mm", "last_mm"),
    [
        ("L7160", 21, (63.5, 38.1), (7.25, 15.15), (139.25, 243.75)),
        ("L7651", 65, (38.1, 21.2), (4.75, 10.7), (167.15, 265.1)),
        ("L7163", 14, (99.1, 38.1), (4.65, 15.15), (106.25, 243.75)),
    ],
)
def test_a_declared_sheet_is_the_makers(
    name: str, count: int, label_mm: tuple[float, float], first_mm: tuple[float, float],
    last_mm: tuple[float, float],
) -> None:  # fmt: skip
    stock = STOCK[name]
    assert (stock.count, stock.label_mm) == (count, label_mm)
    assert stock.place_mm(0) == pytest.approx(first_mm)
    assert stock.place_mm(count - 1) == pytest.approx(last_mm)


@pytest.mark.parametrize("stock", STOCKS, ids=lambda stock: stock.name)
def test_every_declared_stock_is_within_its_page(stock: Stock) -> None:
    assert checked(stock) is stock
    assert stock_named(stock.name) is stock


def test_the_first_label_is_the_one_it_starts_at_and_the_next_sheet_begins_at_one() -> None:
    stock = STOCK["L7160"]
    found = [scanned(label) for label in labels_on(sheet(DEVICES[:3], stock, start=20), stock, 203)]
    filled = {index: read[0] for index, read in enumerate(found, start=1) if read}
    assert filled == dict(zip((20, 21, 22), barcodes_of(DEVICES[:3]), strict=True))
    assert len(found) == 2 * stock.count


@pytest.mark.parametrize("start", [0, -1, 22])
def test_a_sheet_is_not_begun_beside_itself(start: int) -> None:
    with pytest.raises(Refused) as refused:
        sheet(DEVICES[:1], STOCK["L7160"], start=start)
    assert codes(refused.value) == [("start_off_sheet", "/start")]


def test_the_printers_offset_moves_everything() -> None:
    dpi, stock = 254, STOCK["L7160"]
    (plain,), (moved,) = (
        pages(sheet(DEVICES[:2], stock, offset_mm=offset), dpi) for offset in ((0.0, 0.0), (1.0, -2.0))
    )
    left, top, right, bottom = ImageChops.invert(plain).getbbox() or (0, 0, 0, 0)
    assert right > left
    assert ImageChops.invert(moved).getbbox() == pytest.approx(
        (left + 10, top - 20, right + 10, bottom - 20), abs=1
    )


@pytest.mark.parametrize("offset", [(-20.0, 0.0), (0.0, -20.0), (20.0, 0.0), (0.0, 20.0)])
def test_an_offset_that_moves_a_label_off_its_paper_is_refused(offset: tuple[float, float]) -> None:
    for name in ("L7160", "60x40"):
        labels = [*DEVICES, *DEVICES, *DEVICES[:3]] if name == "L7160" else DEVICES[:1]
        with pytest.raises(Refused) as refused:
            sheet(labels, STOCK[name], offset_mm=offset)
        assert codes(refused.value) == [("offset_off_paper", "/offset_mm")]


def test_an_offset_within_the_free_edges_of_a_label_is_printed() -> None:
    (page,) = pages(sheet(DEVICES[:1], STOCK["60x40"], offset_mm=(0.5, 0.5)), 300)
    assert scanned(page) == barcodes_of(DEVICES[:1])


def test_a_size_of_ones_own_is_printed_where_it_says() -> None:
    stock = checked(Stock("own", (60.0, 40.0), 3, 6, gap_mm=(5.0, 2.0), margin_mm=(8.0, 12.0)))
    found = [scanned(label) for label in labels_on(sheet(DEVICES[:5], stock, start=2), stock, 300)]
    assert found[1:6] == [[text] for text in barcodes_of(DEVICES[:5])]


@pytest.mark.parametrize(
    "stock",
    [
        Stock("own", (60.0, 40.0), 4, 1),
        Stock("own", (60.0, 40.0), 1, 8),
        Stock("own", (60.0, 40.0), 3, 7, margin_mm=(40.0, 0.0)),
        Stock("own", (60.0, 40.0), page_mm=(50.0, 50.0)),
    ],
)
def test_a_size_of_ones_own_must_be_on_its_page(stock: Stock) -> None:
    with pytest.raises(Refused) as refused:
        checked(stock, "/stock")
    assert codes(refused.value) == [("stock_off_page", "/stock")]


def test_an_unknown_stock_is_told_with_those_there_are() -> None:
    with pytest.raises(Refused) as refused:
        stock_named("L9999", "/stock")
    assert codes(refused.value) == [("unknown_stock", "/stock")]
    assert refused.value.problems[0].facts["known"] == list(STOCK)


def test_every_label_that_cannot_be_printed_is_told_at_once() -> None:
    things = [
        DEVICES[0],
        THINGS[9],
        DeviceLabelled("1234", "tax_disk", "TCG-01", "笑脸😀盘"),
        DeviceLabelled("A" * 32, "tax_disk", "TCG-01", ""),
    ]
    with pytest.raises(Refused) as refused:
        sheet(things, STOCK["L7651"])
    assert codes(refused.value) == [
        ("barcode_too_wide", "/what/1"), ("missing_glyph", "/what/2"), ("barcode_too_wide", "/what/3")
    ]  # fmt: skip
    assert refused.value.problems[1].facts["character"] == "😀"
    assert refused.value.problems[1].facts["code_point"] == "U+1F600"


def test_a_label_too_low_for_bars_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        sheet(DEVICES[:1], Stock("own", (60.0, 10.0)))
    assert codes(refused.value) == [("label_too_low", "/what/0")]


def test_the_font_has_the_characters_of_chinese_names() -> None:
    everyday = "税控盘报税盘备件商品账送修代管库房货位网点合格待检故障完成取消撤销（）《》、，。：；“”…·—￥№"
    rare = "堃犇垚喆甯翀钘頔㛃䶮𬭎𠮷"
    assert {*map(ord, everyday + rare)} <= drawable()


@pytest.mark.usefixtures("true_font")
@pytest.mark.parametrize("locale", LOCALES)
def test_the_words_and_the_number_can_be_read_beside_the_bars(locale: Locale) -> None:
    stock = STOCK["L7163"]
    told = " ".join("".join(texts(sheet(THINGS, stock, locale=locale))).split())
    for label in labels_of(THINGS, locale):
        for text in (label.heading, label.caption, *label.lines):
            assert " ".join(text.split()) in told


def test_a_name_that_is_too_long_is_cut_and_a_number_never() -> None:
    label = Label("长" * 80, "661565714353", "661565714353", ("名" * 80,))
    pdf = label_sheets([label], STOCK["40x30"], title="标签", at_us=0)
    assert "…" in texts(pdf)[0]
    assert "661565714353" in texts(pdf)[0]


def test_the_same_labels_at_the_same_moment_are_the_same_bytes() -> None:
    assert sheet(THINGS, STOCK["L7160"]) == sheet(THINGS, STOCK["L7160"])


@pytest.mark.usefixtures("true_font")
def test_the_font_is_in_the_document() -> None:
    assert b"/FontFile3" in sheet(DEVICES[:1], STOCK["L7160"])


# --- golden pictures: looked at once, then compared

PICTURES: dict[str, tuple[list[Labelled], Stock, int]] = {
    "label-sheet-L7160": (THINGS, STOCK["L7160"], 4),
    "label-sheet-L7651": (DEVICES, STOCK["L7651"], 1),
    "label-bin": ([THINGS[7]], STOCK["60x40"], 1),
    "label-command": ([THINGS[-3]], STOCK["60x40"], 1),
}


def picture_of(name: str) -> Image.Image:
    things, stock, start = PICTURES[name]
    (page,) = pages(sheet(things, stock, start=start, outline=True), GOLDEN_DPI)
    return page


@pytest.mark.usefixtures("true_font")
@pytest.mark.parametrize("name", PICTURES)
def test_a_page_looks_as_it_did_when_it_was_looked_at(name: str) -> None:
    golden, page = opened((GOLDEN / f"{name}.png").read_bytes()).convert("L"), picture_of(name)
    assert page.size == golden.size
    assert ImageStat.Stat(ImageChops.difference(page, golden)).mean[0] < MOST_DIFFERENCE


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in PICTURES:
        picture_of(each).quantize(16).save(GOLDEN / f"{each}.png", optimize=True)
