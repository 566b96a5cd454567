"""A thousand labels as PDF and as ZPL, against the same pages of the same document with neither text nor bars."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from devices.ledger.papers.labelled import DeviceLabelled
from labels.label_sheets import label_sheets
from labels.label_stock import STOCK, Stock
from labels.label_values import Label, labels_of
from labels.pdf import Document
from labels.zpl import zpl

ROUNDS = 5
TITLE = "标签"


def measure(count: int) -> None:
    """Time both and print the ratio."""
    sheets, roll = STOCK["L7160"], STOCK["60x40"]
    labels = _labels(count)
    _median_s(lambda: label_sheets(labels[:1], sheets, title=TITLE, at_us=0), 1)  # the font, once per process
    drawn = _median_s(lambda: label_sheets(labels, sheets, title=TITLE, at_us=0))
    bare = _median_s(lambda: _empty_pages(labels, sheets))
    thermal = _median_s(lambda: zpl(labels, roll, dpi=203))
    size = len(label_sheets(labels, sheets, title=TITLE, at_us=0))
    print(
        f"labels: {count} on L7160 as PDF {drawn:.2f} s, {size // 1024} KiB; the same pages empty {bare:.2f} s;"
        f" {drawn / bare:.1f} times, {(drawn - bare) / count * 1e6:.0f} µs a label more"
    )
    print(
        f"labels: {count} as ZPL with bitmaps {thermal:.2f} s, {thermal / count * 1e6:.0f} µs a label",
        flush=True,
    )


def _labels(count: int) -> list[Label]:
    devices = [
        DeviceLabelled(f"{661565714353 + number:012}", "tax_disk", "TCG-01", "税控盘")
        for number in range(count)
    ]
    return labels_of(devices, "zh_CN")


def _empty_pages(labels: Sequence[Label], stock: Stock) -> bytes:
    """The document with its font and as many pages, without a word or a bar on them."""
    document = Document(TITLE, 0, page_mm=stock.page_mm)
    for _ in range(0, len(labels), stock.count):
        document.add_page()
    return document.written()


def _median_s(work: Callable[[], bytes], rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
