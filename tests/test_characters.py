"""Which characters a text may have, by what Unicode says of them, and what is taken off its ends."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.texts.characters import OFF_THE_ENDS, stripped, unkeepable
from devices.texts.judging import fault_of_line
from devices.texts.lengths import Name, longest

DRAWN = {
    *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440),
}  # fmt: skip
"""Format characters that are seen: Arabic number signs, the end of an ayah, the quadrats of hieroglyphs."""
INVISIBLE = {
    "soft hyphen": "\u00ad", "right-to-left mark": "\u200f", "Arabic letter mark": "\u061c", "override": "\u202e",
    "isolate": "\u2066", "end of an isolate": "\u2069", "zero-width space": "\u200b", "joiner": "\u200d",
    "word joiner": "\u2060", "byte order mark": "\ufeff", "Hangul filler": "\u3164", "half-width filler": "\uffa0",
    "grapheme joiner": "\u034f", "Mongolian separator": "\u180e", "tag": "\U000e0041", "half a character": "\ud800",
}  # fmt: skip


@pytest.mark.parametrize("character", INVISIBLE.values(), ids=INVISIBLE)
def test_what_is_not_seen_is_refused_by_its_code_point(character: str) -> None:
    for text in (f"王{character}伟", f"{character}王", f"王{character}"):
        assert unkeepable(text) == unkeepable(text, sentence=True) == f"U+{ord(character):04X}"


def test_every_format_character_of_unicode_is_refused_or_seen() -> None:
    formats = {code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"}
    assert {code for code in formats if unkeepable(f"a{chr(code)}") is None} <= DRAWN


@pytest.mark.parametrize(
    "text",
    [
        "北京晨光商贸有限公司",
        "葛\U000e0100城",
        "☎\ufe0f 13800000000",
        "1\ufe0f\u20e3",
        "Ünal & Söhne",
        "𠮷野家",
    ],
)
def test_a_name_may_have_what_is_seen_and_what_chooses_the_form_of_a_character(text: str) -> None:
    assert unkeepable(text) is None


@pytest.mark.parametrize("text", ["\ufe0f王", "王 \ufe0f", "王\ufe0f\ufe0f", "葛\U000e0100\U000e0101城"])
def test_a_variation_of_no_character_is_refused(text: str) -> None:
    assert (unkeepable(text) or "").startswith(("U+FE0F", "U+E0101"))


@given(st.text(st.sampled_from(OFF_THE_ENDS), max_size=20), st.text(max_size=20))
def test_what_is_added_around_a_text_is_taken_off_in_any_order(added: str, text: str) -> None:
    assert stripped(added + text + added) == stripped(text)
    assert stripped(text) in text
    assert stripped(stripped(text)) == stripped(text)


def test_a_line_is_judged_by_its_length_first() -> None:
    limit = longest(Name)
    assert fault_of_line("名" * limit, "name", Name) is None
    long, unseen = (
        fault_of_line("\u202e" * (limit + 1), "name", Name),
        fault_of_line("a\nb", "name", Name, "/name"),
    )
    assert long is not None
    assert unseen is not None
    assert (long.code, long.facts) == ("text_too_long", {"field": "name", "limit": limit})
    assert (unseen.code, unseen.pointer, unseen.facts["code_point"]) == (
        "control_character",
        "/name",
        "U+000A",
    )
