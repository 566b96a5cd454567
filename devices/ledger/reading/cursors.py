"""Opaque cursors: where a list goes on, as base64 of packed JSON. They hold positions in the books, never data."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import TypeVar

import msgspec

from devices.problems import refuse

Place = TypeVar("Place")
UNPACKED_LIMIT = 65_536
"""Bytes: a place in thousands of journals has fewer."""


def encoded(place: object) -> str:
    """The cursor that stands for `place`: packed, as one of every journal goes into an address (4,094 signs)."""
    return base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(place), 9)).decode().rstrip("=")


def decoded(cursor: str, kind: type[Place]) -> Place:
    """The place a cursor stands for. Raises Refused (`malformed_cursor`)."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(_unpacked(packed), type=kind)
    except (
        binascii.Error,
        UnicodeError,
        ValueError,
        zlib.error,
    ) as error:  # msgspec's errors are ValueErrors
        raise refuse("malformed_cursor") from error
    if isinstance(place, str) and not place.isprintable():  # no key of ours, and PostgreSQL takes no NUL
        raise refuse("malformed_cursor")
    return place


def _unpacked(packed: bytes) -> bytes:
    """At most UNPACKED_LIMIT bytes: what unpacks to more is none of ours, and is not JSON when cut."""
    return zlib.decompressobj().decompress(packed, UNPACKED_LIMIT)
