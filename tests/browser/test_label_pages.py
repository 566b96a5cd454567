"""Printing labels from the pages: what is chosen is on the sheet that the browser keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from labels.label_stock import STOCK
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit
from tests.paper import labels_on, scanned

BINS = ["M-01", "M-02", "M-09", "R-01", "S-01", "S-08", "S-09"]


def sheet_of(form: Locator) -> bytes:
    """What the browser keeps once the form was sent."""
    with form.page.expect_download() as download:
        form.get_by_role("button").click()
    return Path(download.value.path()).read_bytes()


def form_of(section: Locator) -> Locator:
    return section.locator("form").first


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_all_bins_of_the_storekeepers_site_are_printed(visit: Visit, viewport: ViewportSize) -> None:
    page = visit("zhang", "/scan", viewport)
    page.get_by_role("link", name="打标签").click()
    printed = labels_on(sheet_of(form_of(page.locator("section[aria-labelledby=bins]"))), STOCK["L7160"], 203)
    assert [read[0] for label in printed if (read := scanned(label))] == BINS


def test_one_bin_is_printed_for_a_thermal_printer(visit: Visit) -> None:
    page = visit("admin", "/admin/registers", DESKTOP)
    page.get_by_role("link", name="打标签").click()
    page.get_by_text("BJ01", exact=True).click()
    form = form_of(page.locator("section[aria-labelledby=bins]"))
    form.get_by_label("货位").select_option("M-09")
    form.get_by_label("打印方式").select_option("zpl")
    assert sheet_of(form).count(b"^XA") == 1


def test_the_devices_of_a_document_are_printed_from_the_label_that_is_free(visit: Visit, site: Site) -> None:
    page = visit("zhang", f"/documents/{site.document(2)}", PHONE)
    lines = page.request.get(page.url.replace("/documents/", "/v1/documents/")).json()["lines"]
    page.get_by_role("link", name="打标签").click()
    form = form_of(page.locator("section[aria-labelledby=devices]"))
    form.get_by_label("标签规格").select_option("L7651")
    form.get_by_label("从第几张标签开始").fill("3")
    printed = [scanned(label) for label in labels_on(sheet_of(form), STOCK["L7651"], 203)]
    assert printed[:2] == [[], []]
    assert [read[0] for read in printed if read] == [line["serial"] for line in lines]


def test_a_device_that_is_in_no_book_is_named_and_nothing_is_printed(visit: Visit) -> None:
    page = visit("zhang", "/labels", PHONE)
    form = form_of(page.locator("section[aria-labelledby=devices]"))
    form.get_by_label("设备编号").fill("661565714353\n999999999999")
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_contain_text("999999999999")
