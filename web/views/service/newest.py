"""A list of everything there ever was, the newest first: as many as a page shows, and the link to those that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from devices.ledger.reading import cursors
from devices.records import RecordKind
from web.pages import View

_SHOWN_AT_ONCE = 50
_Value = TypeVar("_Value", bound=msgspec.Struct)


def place_of(view: View) -> str:
    """The key before which a list goes on, by the cursor of its address; "" of its beginning.

    Raises Refused: `malformed_cursor`.
    """
    cursor = view.text("cursor")
    return cursors.decoded(cursor, str) if cursor else ""


def newest(
    view: View,
    kind: RecordKind,
    rows: Iterator[_Value],
    asked: Mapping[str, str],
    *,
    path: str,
    anchor: str = "",
) -> tuple[list[_Value], str | None]:
    """What a page shows of a list that begins at `place_of`, and the address of what follows, None of the last.

    `asked` are the filters that go on with it, `anchor` the part of the page where the list is.
    """
    found = list(islice(rows, _SHOWN_AT_ONCE + 1))
    shown = found[:_SHOWN_AT_ONCE]
    told: list[_Value] = view.told(shown)
    if len(found) == len(shown):
        return told, None
    return told, f"{path}?{urlencode({**asked, 'cursor': cursors.encoded(kind.key(shown[-1]))})}{anchor}"
