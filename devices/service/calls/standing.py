"""Follow-ups as they are read: those still open, how they stand by their deadlines, and who was spoken to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from devices import records
from devices.calendar import day_of
from devices.deadlines import DEADLINE
from devices.ledger.duties.due import Due, due_of
from devices.listed import open_at
from devices.paperwork.follow_ups import FollowUp, SpokenTo
from devices.paperwork_kinds import FOLLOW_UP
from devices.service.calls.calling import TO_EXPLAIN
from devices.store.database import Store
from devices.values import Site

TO_CALL = DEADLINE["follow_up"]


def open_follow_ups(store: Store, sites: Iterable[str]) -> list[FollowUp]:
    """The follow-ups of these sites whose customer is still to be reached, or of which a difference is to be settled,
    by number.
    """
    return open_at(store, FOLLOW_UP, sites)


def due_of_call(value: FollowUp, site: Site, today: date) -> Due | None:
    """How a follow-up stands under its deadline, from the day the job was done; None of one that is allowed and not
    due. Pure.
    """
    if not value.is_due:
        return None
    met_on = day_of(value.ended_at) if value.ended_at is not None else None
    done_on = min(day_of(value.done_at), met_on or today)
    return due_of(TO_CALL, value.number, site, done_on, today, met_on)


def due_of_explanation(value: FollowUp, site: Site, today: date) -> Due | None:
    """How a difference stands under the deadline of its explanation; None where there is none, or it was settled
    without one. Pure.
    """
    explained = value.last("explain")
    if not value.differs or value.ended is None or (value.state == "settled" and explained is None):
        return None
    met_on = day_of(explained.at) if explained else None
    return due_of(TO_EXPLAIN, value.number, site, min(day_of(value.ended.at), today), today, met_on)


def spoken_to(store: Store, number: str) -> SpokenTo | None:
    """Who was spoken to, and what they said beside the answers; None where nobody was, and once that was erased."""
    content = records.personal_of(store, FOLLOW_UP, number)
    return msgspec.json.decode(content, type=SpokenTo) if content else None
