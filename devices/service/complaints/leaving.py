"""What of calls and complaints would be left behind by somebody who leaves, told before they do."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from devices.paperwork.follow_ups import CALLERS
from devices.people.persons import active_people
from devices.service.complaints.counting import open_complaints
from devices.service.complaints.deciders import people_at
from devices.store.database import Store
from devices.values import UNIT


class LeftBehind(msgspec.Struct, frozen=True):
    """The open complaints that are somebody's own, by number; and whether nobody but them is a supervisor."""

    complaints: list[str] = []
    is_only_supervisor: bool = False


def left_behind(store: Store, username: str, sites: Iterable[str]) -> LeftBehind:
    """What somebody would leave behind at these sites, and in the unit."""
    theirs = [value.number for value in open_complaints(store, sites) if value.owner == username]
    return LeftBehind(theirs, people_at(active_people(store), CALLERS, UNIT) == [username])
