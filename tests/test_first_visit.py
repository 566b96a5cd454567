"""The page at the root: what it says before and after the first administrator, and that a strict browser shows it."""

import re

import pytest

from labels import words
from labels.words import LOCALES, Locale
from web.first_visit import COMMAND, HERE, render_first_visit, stylesheet


def test_without_an_administrator_the_page_shows_the_command_that_makes_one() -> None:
    page = render_first_visit(has_administrator=False, locale="zh_CN")
    assert COMMAND in shown(page)
    assert "还没有系统管理员" in page


def test_the_command_breaks_between_its_words_only() -> None:
    page = render_first_visit(has_administrator=False, locale="zh_CN")
    assert re.findall(r"<span>(.*?)</span>", page) == COMMAND.split()
    assert "pre span { white-space: nowrap; }" in stylesheet().decode()


def shown(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


def test_with_an_administrator_the_page_says_that_the_service_runs_and_no_command() -> None:
    page = render_first_visit(has_administrator=True, locale="zh_CN")
    assert "服务正在运行" in page
    assert "panku init" not in page


@pytest.mark.parametrize("has_administrator", [False, True])
def test_the_page_leads_to_the_api_description_and_the_instructions(has_administrator: bool) -> None:
    page = render_first_visit(has_administrator, "zh_CN")
    assert 'href="/openapi.json"' in page
    assert "README.md" in page


@pytest.mark.parametrize(("locale", "language"), [("zh_CN", "zh-CN"), ("en", "en")])
def test_the_page_says_which_language_it_is_in(locale: Locale, language: str) -> None:
    assert f'<html lang="{language}">' in render_first_visit(has_administrator=False, locale=locale)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("has_administrator", [False, True])
def test_a_strict_content_policy_takes_nothing_away(has_administrator: bool, locale: Locale) -> None:
    page = render_first_visit(has_administrator, locale)
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|https?://", page)


def test_a_phone_shows_the_page_at_its_own_width() -> None:
    assert '<meta name="viewport" content="width=device-width' in render_first_visit(
        has_administrator=False, locale="zh_CN"
    )
    css = stylesheet().decode()
    assert "overflow-wrap: anywhere" in css
    assert not re.search(r"(?<!max-)\bwidth:\s*\d", css)


def test_the_page_uses_every_one_of_its_words_and_no_other() -> None:
    template = (HERE / "templates" / "first_visit.html").read_text(encoding="utf-8")
    used = {f"page.first_visit.{name}" for name in re.findall(r'words\("(\w+)"\)', template)}
    assert used == {code for code in words.catalogue("zh_CN") if code.startswith("page.first_visit.")}


@pytest.mark.parametrize(("text", "ground"), [("#16202c", "#f6f7f9"), ("#0a4fa0", "#f6f7f9")])
def test_text_stands_out_from_its_ground_as_wcag_aa_asks(text: str, ground: str) -> None:
    assert {text, ground} <= set(re.findall(r"#[0-9a-f]{6}", stylesheet().decode()))
    lighter, darker = sorted((luminance(text), luminance(ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
