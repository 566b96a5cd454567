"""The texts of a request's body, each judged by what its field is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from devices.problems import Problem
from devices.texts.characters import unkeepable

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


KEPT_OF_QUERIES = frozenset(("supplier", "delivery_note"))
"""Of a query, whose other texts choose among what is kept, those that are kept themselves."""


def refuse_texts(body: Any) -> Iterator[Problem]:
    """`control_character` for each text of a decoded body or query that can not be kept, with its JSON pointer."""
    for pointer, field, text in _texts(msgspec.to_builtins(body), "", ""):
        if field in JUDGED_ELSEWHERE:
            continue
        if (code_point := unkeepable(text, sentence=field in SENTENCES)) is not None:
            yield Problem("control_character", pointer, {"field": field, "code_point": code_point})


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
