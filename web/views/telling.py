"""How positions and what a document says are told on pages: as lines of plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from devices.calendar import TIME_ZONE
from devices.ledger.posting.post import BESIDES_DRAFT
from devices.lifecycle import DOCUMENT
from devices.people.roles import Person
from labels.words import LIST_COMMA, Locale, sentence, term
from web.tasks import CHOICES, MOMENTS, TASKS

_FEN = 100


class Placed(Protocol):
    """Whatever has a place in the books: a position, a passport."""

    @property
    def state(self) -> str | None: ...
    @property
    def register(self) -> str | None: ...
    @property
    def site(self) -> str | None: ...
    @property
    def bin(self) -> str | None: ...
    @property
    def party(self) -> str | None: ...


def place_of(at: Placed, locale: Locale) -> str:
    """Where a device is, in words: its state, and the site, register, bin or party that go with it.

    One whose state is withheld is somewhere in its register.
    """
    parts = (at.site, at.register and term("register", at.register, locale), at.bin, at.party)
    told = " ".join(part for part in parts if part)
    state = term("state", at.state, locale) if at.state else sentence("page.device.withheld", {}, locale)
    return f"{state} · {told}" if told else state


class Said(msgspec.Struct, frozen=True):
    """One thing a document says: the field's word, the text, and the page it leads to.

    The text of one that is `coded` is a code, whose word is `page.said.<code>`.
    """

    field: str
    text: str
    href: str | None = None
    coded: bool = False


APART = (
    "type", "site", "business_date", "register", "lines", "serials", "attachments", "document", "answers",
    *BESIDES_DRAFT,
)  # fmt: skip
"""What a document's page shows elsewhere."""
_GROUPS = {
    "register": "register",
    "state": "state",
    "condition": "condition",
    "left": "state",
}
LEADS_TO = {
    "dispatch": "/documents/{}",
    "cited": "/documents/{}",
    "faulty": "/devices/{}",
    "spare": "/devices/{}",
    "old": "/devices/{}",
    "new": "/devices/{}",
    "paired_with": "/devices/{}",
    "order": "/orders/{}",
    "customer": "/customers/{}",
}


def said(content: Mapping[str, Any], locale: Locale, apart: tuple[str, ...] = APART) -> list[Said]:
    """What a document, or one of its lines, says field by field; nothing empty, and nothing of `apart`."""
    told = []
    for field, value in content.items():
        text = _text(field, value, locale)
        if field not in apart and text:
            leads = LEADS_TO.get(field)
            coded = isinstance(value, bool) or (field, text) in CHOICES
            told.append(Said(field_word(field, locale), text, leads and leads.format(text), coded))
    return told


def field_word(field: str, locale: Locale) -> str:
    """The word for a field; the field itself where there is none."""
    return term("field", field, locale)


def _text(field: str, value: Any, locale: Locale) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.endswith("_fen") and isinstance(value, int):
        return f"{value // _FEN}.{value % _FEN:02d}"
    if isinstance(value, dict):
        return str(value.get("number") or "")
    if isinstance(value, list | tuple):
        return LIST_COMMA[locale].join(_text(field, each, locale) for each in value)
    if field in MOMENTS:
        return f"{datetime.fromisoformat(value).astimezone(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M}"
    text = "" if value is None else str(value)
    return term(_GROUPS[field], text, locale) if field in _GROUPS else text


def tasks_of(person: Person, document: str, site: str) -> list[str]:
    """The scanning tasks by which somebody may post a document of this type at a site; none where they may not."""
    if not person.may(DOCUMENT[document].posters, site):
        return []
    return [task.name for task in TASKS if task.document == document]
