"""Minimum levels of spares on pages: the spare book and home say what is short, administrators set them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.conftest import Stores
from tests.door import TODAY, Door
from tests.test_minimum_levels import AVAILABLE, begin_blind, put
from tests.test_reading_pages import opened, text_of

ELSEWHERE = "/v1/minimum-levels/BJ01/TCG-02"


@pytest.fixture
def door(stores: Stores) -> Iterator[Door]:
    """The demo behind its pages."""
    yield from opened(stores, "sqlite")


def test_the_spare_book_shows_levels_and_warns_of_what_is_short(door: Door) -> None:
    admin, zhang = door.sign_in("admin"), door.sign_in("zhang")
    assert "低于" not in text_of(zhang.get("/books/BJ01/spare"))
    put(admin, 10)
    put(admin, 2, path=ELSEWHERE)
    told = text_of(zhang.get("/books/BJ01/spare"))
    assert "最低库存" in told
    assert "低于最低库存，缺 3" in told
    assert "TCG-02" in told, "of what the book holds none, all lack"
    assert "低于最低库存，缺 2" in told
    assert "Below the minimum level, 3 lacking" in zhang.get("/books/BJ01/spare?lang=en").text


def test_levels_are_told_of_spares_now_and_of_no_other_book_or_moment(door: Door) -> None:
    put(door.sign_in("admin"), 10)
    zhang = door.sign_in("zhang")
    for page in ("/books/BJ01/merchandise", f"/books/BJ01/spare?as_of={TODAY}T00:00", "/books/TJ01/spare"):
        answer = zhang.get(page)
        assert "低于最低库存" not in answer.text
    assert "低于" not in text_of(zhang.get("/books/BJ01/merchandise"))


def test_home_says_what_is_short_at_the_readers_own_sites(door: Door) -> None:
    admin = door.sign_in("admin")
    put(admin, AVAILABLE)
    assert "低于" not in text_of(door.sign_in("zhang").get("/"))
    put(admin, AVAILABLE + 1, seen='"1"')
    told = text_of(door.sign_in("zhang").get("/"))
    assert "要处理的" in told
    assert "BJ01 备件账 TCG-01 可用 7 只，低于最低库存 8 只，缺 1" in told
    assert "低于" not in text_of(door.sign_in("zhao").get("/"))


def test_the_registers_have_a_form_for_each_site_and_model_with_its_revision(door: Door) -> None:
    admin = door.sign_in("admin")
    put(admin, 10)
    page = admin.get("/admin/registers").text
    forms = re.findall(
        r'data-api="PUT /v1/minimum-levels/([^"]+)" data-revision="(\d+)".*?name="minimum" value="(\d+)"',
        page,
        re.DOTALL,
    )
    assert forms == [
        ("BJ01/TCG-01", "1", "10"), ("BJ01/TCG-02", "0", "0"), ("TJ01/TCG-01", "0", "0"), ("TJ01/TCG-02", "0", "0"),
    ]  # fmt: skip


def test_home_tells_no_counter_what_is_short_while_they_count_blind(door: Door) -> None:
    put(door.sign_in("admin"), AVAILABLE + 1)
    begin_blind(door)
    for who in ("zhang", "li", "wu"):
        assert "低于" not in text_of(door.sign_in(who).get("/"))
    assert "低于最低库存" in text_of(door.sign_in("chen").get("/"))
