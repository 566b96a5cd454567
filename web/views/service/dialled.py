"""Whom to call, as a page has it: what somebody wrote of them, and what of it a telephone calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from devices.paperwork.dispatches import JobContact

_PHONE = re.compile(r"\+?\d[\d\- ]{5,}\d")
"""What of a contact's text can be called."""


class Dial(msgspec.Struct, frozen=True):
    """Whom to call: as it is written, and what a telephone calls of it, None where nothing of it can be called."""

    text: str
    phone: str | None


def dial_of(text: str | None) -> Dial | None:
    """A contact as it is dialled; None where there is none."""
    if not text:
        return None
    called = _PHONE.search(text)
    return Dial(text, called and re.sub(r"[\- ]", "", called[0]))


def dials_of(contact: JobContact | None, customer: str | None) -> Iterator[Dial]:
    """Whom to call about a job: whom its order names, then the customer's own contact."""
    named = contact or JobContact()
    texts = (" ".join(filter(None, (named.name, named.phone))), customer)
    return filter(None, map(dial_of, dict.fromkeys(texts)))
