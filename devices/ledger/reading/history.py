"""The history of a device: its lines with their document, people and times, oldest first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from devices.store.database import Store
from devices.values import POSITION_FIELDS, Instant, Position


class TokenNamed(msgspec.Struct, frozen=True):
    """The token that somebody's word came through."""

    id: str
    label: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a device: what moved it, on whose word (through which `token`, if any), from where, and its whole
    position after it.

    `document_type` is the document's own type; `type` is that of the line, which for a reversal is the type of what
    it undoes, and `reverses` then the step it undoes. `review` is the auditor's decision. `business_date` is an
    ISO date. `journal_site` and `journal_seq` name the link that holds it.
    """

    serial: str
    step: int
    document: str
    n: int
    type: str
    document_type: str
    site: str
    business_date: str
    recorded_at_us: Instant
    made_by: str
    token: TokenNamed | None
    reviewed_by: str | None
    review: str | None
    from_state: str
    from_register: str | None
    from_site: str | None
    from_bin: str | None
    reverses: int | None
    facts: dict[str, Any]
    journal_site: str
    journal_seq: int
    position: Position
    masked: bool = False


OWN_FIELDS = Event.__struct_fields__[:-2]
EVENT_COLUMNS = (
    "l.serial, l.step, l.document, l.n, l.type, d.type, d.site, l.business_date, l.recorded_at, d.made_by,"
    " d.token, r.made_by, r.decision, l.from_state, l.from_register, l.from_site, l.from_bin, l.reverses, l.facts,"
    " l.journal_site, l.journal_seq, t.label, " + ", ".join(f"l.{name}" for name in POSITION_FIELDS)
)
# By hand, in pieces: a hot path, which histories, cards and changes put together.
EVENT_TABLES = (
    "line l JOIN document d ON d.number = l.document LEFT JOIN token t ON t.id = d.token"
    " LEFT JOIN review r ON r.document = l.document"
)
EVENTS = f"SELECT {EVENT_COLUMNS} FROM {EVENT_TABLES}"


def token_named(token: str | None, label: str | None) -> TokenNamed | None:
    """The token with this id and label; None where the word came through none."""
    return None if token is None else TokenNamed(token, label or "")


def event_of(row: Sequence[Any]) -> Event:
    """An event from the columns of EVENTS."""
    own = dict(zip(OWN_FIELDS, row, strict=False))
    own["facts"] = msgspec.json.decode(own["facts"])
    label, *after = row[len(OWN_FIELDS) :]
    own["token"] = token_named(own["token"], label)
    position = Position(**dict(zip(POSITION_FIELDS, after, strict=True)))
    return Event(**own, position=position)


def history(store: Store, serial: str, after_step: int = 0, limit: int = 50) -> list[Event]:
    """The lines of a device after step `after_step`, oldest first, at most `limit`; empty for an unknown serial."""
    rows = store.rows(
        f"{EVENTS} WHERE l.serial = ? AND l.step > ? ORDER BY l.serial, l.step LIMIT ?",
        (serial, after_step, limit),
    )
    return [event_of(row) for row in rows]


def masked(event: Event, seen: Collection[str]) -> Event:
    """The event without its customer's number, for a viewer who sees these customers and not that one."""
    if event.position.customer is None or event.position.customer in seen:
        return event
    return replace(event, position=replace(event.position, customer=None), masked=True)
