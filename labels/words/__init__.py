"""Every word and sentence a person reads, in Chinese and English, from the gettext catalogues beside this file.

A message's id is a code: `state.in_stock` for a term, `problem.wrong_state` for a refusal's sentence. Its text may
name facts in braces. A part in square brackets is left out where one of its facts is absent:
`设备现为“{state}”[（依据单据 {cited}）]`. The catalogues are read by polib at first use and kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Literal

from polib import pofile

from devices.problems import Problem

Locale = Literal["zh_CN", "en"]
LOCALES: tuple[Locale, ...] = ("zh_CN", "en")
DEFAULT: Locale = "zh_CN"
LANGUAGE_TAGS: dict[Locale, str] = {"zh_CN": "zh-CN", "en": "en"}
"""What each locale is called in HTML's `lang` and in Content-Language."""

FACT_WORDS: dict[str, tuple[str, ...]] = {
    "state": ("state", "stocktake", "visit", "handover"),
    "order_state": ("dispatch",),
    "installation_state": ("installation",),
    "install_check": ("install_check",),
    "follow_up_state": ("follow_up",),
    "complaint_state": ("complaint",),
    "categories": ("category",),
    "question": ("question",),
    "purpose": ("purpose",),
    "left": ("state",),
    "allowed": ("state", "document"),
    "document": ("document",),
    "type": ("document",),
    "later": ("document",),
    "status": ("status",),
    "register": ("register",),
    "registers": ("register",),
    "expected": ("register", "condition"),
    "condition": ("condition",),
    "role": ("role", "party"),
    "roles": ("role",),
    "kind": ("record", "kind"),
    "field": ("field",),
    "column": ("field",),
    "reason": ("file",),
    "result": ("result",),
    "part": ("part",),
    "check": ("check",),
    "checks": ("check",),
    "party": ("party",),
    "parties": ("party", "role"),
    "lists": ("open_item",),
    "cause": ("cause",),
    "why": ("lack",),
}
"""Facts whose values are codes, each with the groups of terms to look in; a value that is no code stays as it is."""

MOMENTS = ("heard_at", "date")
"""Facts that are, or may be, moments, RFC 3339 in the unit's time zone: a sentence tells them to the minute."""

ABSENT = "—"
_NOTHING: tuple[object, ...] = (None, "", [], ())
LIST_COMMA: dict[Locale, str] = {"zh_CN": "、", "en": ", "}
SENTENCE_SPACE: dict[Locale, str] = {"zh_CN": "", "en": " "}
"""What parts one sentence from the next."""
_MINUTE = re.compile(r"\A(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*")
_OPTIONAL = re.compile(r"\[([^\[\]]*\{[^\[\]]*)\]")
_LANGUAGES: dict[str, Locale] = {"zh": "zh_CN", "en": "en"}


def sentence(code: str, facts: Mapping[str, object], locale: Locale) -> str:
    """The sentence with the id `code` (such as `problem.not_found`), its facts filled in.

    Lists are joined, codes are put into words (FACT_WORDS), an absent fact outside brackets is a dash. An id that
    has no text is answered as it is, so that a refusal is never lost over a missing word.
    """
    present = {name: value for name, value in facts.items() if value not in _NOTHING}
    told = _Facts((name, _told(name, value, locale)) for name, value in present.items())

    def kept(part: re.Match[str]) -> str:
        return part[1] if placeholders(part[1]) <= told.keys() else ""

    return Formatter().vformat(_OPTIONAL.sub(kept, text_of(code, locale)), (), told)


def detail(problem: Problem, locale: Locale) -> str:
    """What a refusal says to a person about one problem."""
    return sentence(f"problem.{problem.code}", problem.facts, locale)


def term(group: str, code: str, locale: Locale) -> str:
    """The word for a code of a group, such as ("state", "in_stock"); the code itself where there is none."""
    return catalogue(locale).get(f"{group}.{code}", code)


def text_of(code: str, locale: Locale) -> str:
    """The text of an id with its placeholders unfilled; the id, braces doubled, where there is none."""
    return catalogue(locale).get(code) or code.replace("{", "{{").replace("}", "}}")


def placeholders(text: str) -> set[str]:
    """The names of the facts that a text names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@lru_cache(maxsize=len(LOCALES))
def catalogue(locale: Locale) -> Mapping[str, str]:
    """The whole catalogue of a locale: id to text. Raises FileNotFoundError for a locale that has none."""
    messages = pofile(Path(__file__).with_name(f"{locale}.po").read_text(encoding="utf-8"))
    return {str(message.msgid): str(message.msgstr) for message in messages if not message.obsolete}


def negotiate(accept_language: str | None) -> Locale:
    """The locale for an Accept-Language header (RFC 9110, 12.5.4), quality values honoured; Chinese by default.

    Every Chinese (`zh-Hans`, `zh-TW`, …) is answered in the one we have, every English likewise.
    """
    languages = (tag.partition("-")[0] for tag in _preferred(accept_language or ""))
    return next((_LANGUAGES[language] for language in languages if language in _LANGUAGES), DEFAULT)


def _told(name: str, value: object, locale: Locale) -> str:
    if isinstance(value, (list, tuple)):
        return LIST_COMMA[locale].join(_told(name, item, locale) for item in value)
    if name in MOMENTS:
        return _MINUTE.sub(r"\1 \2", str(value))
    words = (term(group, str(value), locale) for group in FACT_WORDS.get(name, ()))
    return next((word for word in words if word != str(value)), str(value))


def _preferred(header: str) -> list[str]:
    wishes = [(_quality(parameters), tag.strip().lower()) for tag, parameters in _ranges(header)]
    wanted = sorted((wish for wish in wishes if wish[0] > 0), key=lambda wish: -wish[0])
    refused = {tag for quality, tag in wishes if quality <= 0}
    anything = [language for language in _LANGUAGES if language not in refused]
    return [tag for _, wish in wanted for tag in (anything if wish == "*" else [wish])]


def _ranges(header: str) -> Iterator[tuple[str, str]]:
    for item in header.split(","):
        tag, _, parameters = item.partition(";")
        yield tag, parameters


def _quality(parameters: str) -> float:
    found = re.fullmatch(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", parameters)
    return float(found[1]) if found else float(not parameters.strip())


class _Facts(dict[str, str]):
    """Facts for a format that never fails: one that is absent is a dash."""

    def __missing__(self, name: str) -> str:
        return ABSENT


__all__ = [
    "DEFAULT", "FACT_WORDS", "LANGUAGE_TAGS", "LOCALES", "SENTENCE_SPACE", "Locale", "catalogue", "detail", "negotiate",
    "placeholders", "sentence", "term", "text_of",
]  # fmt: skip
