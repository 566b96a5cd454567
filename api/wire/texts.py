"""Which characters a request's texts may have: what no engine, spreadsheet or eye can keep is refused at the door.

PostgreSQL refuses U+0000, XML (so xlsx) most control characters, UTF-8 unpaired surrogates. Line breaks belong in
sentences only: in a code they would hide behind a pattern's `$`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import msgspec

from devices.problems import Problem

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
"""A code, a username, a day: one word."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Note = Annotated[str, msgspec.Meta(max_length=500)]
"""A sentence that need not be said."""

UNKEEPABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
UNKEEPABLE_IN_LINE = re.compile(f"[\t\n\r\u2028\u2029]|{UNKEEPABLE.pattern}")
UNKEEPABLE_ENDS = re.compile(rf"\A(?:{UNKEEPABLE_IN_LINE.pattern})+|(?:{UNKEEPABLE_IN_LINE.pattern})+\Z")

SENTENCES = frozenset((
    "reason", "note", "fault", "diagnosis", "work", "inspection", "claim", "found", "consent", "result", "damaged",
    "reinitialised", "address", "explanation", "action",
))  # fmt: skip
"""Fields in which people write sentences, of several lines if they like."""

JUDGED_ELSEWHERE = frozenset((
    "serial", "faulty", "spare", "old", "new", "paired_with", "serials", "entries", "password",
))  # fmt: skip
"""Scanned serials, from whose ends the rules strip what a scanner appends (EOT, GS) and refuse the rest by line,
and passwords, which may be of any characters: they are never kept as text."""


def unkeepable(text: str, *, sentence: bool = False) -> bool:
    """Whether a text has a character that it may not have; a `sentence` may have line breaks and tabs."""
    return (UNKEEPABLE if sentence else UNKEEPABLE_IN_LINE).search(text) is not None


def keepable_within(text: str) -> str:
    """A text without the characters at its ends that it may not have, such as what a scanner appends (EOT, GS)."""
    return UNKEEPABLE_ENDS.sub("", text)


def refuse_texts(body: Any) -> Iterator[Problem]:
    """`control_character` for each text of a decoded body that can not be kept, with the JSON pointer of its field."""
    for pointer, field, text in _texts(msgspec.to_builtins(body), "", ""):
        if field not in JUDGED_ELSEWHERE and unkeepable(text, sentence=field in SENTENCES):
            yield Problem("control_character", pointer, {"field": field})


def _texts(value: Any, pointer: str, field: str) -> Iterator[tuple[str, str, str]]:
    """(pointer, name of the field, text) of every text; the items of a list bear the list's name."""
    if isinstance(value, str):
        yield pointer, field, value
        return
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list | tuple):
        inner = enumerate(value)
    for name, part in inner:
        yield from _texts(part, f"{pointer}/{name}", name if isinstance(value, dict) else field)
