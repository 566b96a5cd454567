"""Opaque cursors: where a list goes on, as base64 of JSON. They hold positions in the books, never data."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from devices.problems import refuse

Place = TypeVar("Place")


def encoded(place: object) -> str:
    """The cursor that stands for `place`."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decoded(cursor: str, kind: type[Place]) -> Place:
    """The place a cursor stands for. Raises Refused (`malformed_cursor`)."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = msgspec.json.decode(text, type=kind)
    except (binascii.Error, UnicodeError, ValueError) as error:  # msgspec's errors are ValueErrors
        raise refuse("malformed_cursor") from error
    if isinstance(place, str) and not place.isprintable():  # no key of ours, and PostgreSQL takes no NUL
        raise refuse("malformed_cursor")
    return place
