"""What the complaints of some months come to: figures that are computed from them alone, and never from a customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from devices.calendar import day_of, first_day, last_day
from devices.deadlines import STANDINGS, Standing
from devices.listed import Only, listed
from devices.paperwork.complaints import (
    CATEGORIES,
    COMPLAINT_CHANNELS,
    Complaint,
    ComplaintChannel,
    ComplaintState,
)
from devices.paperwork_kinds import COMPLAINT
from devices.service.complaints.counting import (
    TO_CORRECT,
    TO_REGISTER,
    TO_RESOLVE,
    YearOfComplaints,
    deadlines_of_complaint,
    valid_in_a_year,
)
from devices.store.database import Store
from devices.values import Site


class ComplaintLine(msgspec.Struct, frozen=True):
    """One complaint in brief: what it was, and how it stands by each of its deadlines; None of one it is not under.

    `vetoed` are those of the persons complained of whom it bars from "excellent".
    """

    number: str
    received_on: str
    channel: ComplaintChannel
    categories: tuple[str, ...]
    about: str | None
    persons: tuple[str, ...]
    vetoed: tuple[str, ...]
    owner: str
    state: ComplaintState
    valid: bool | None
    not_content: int
    resolved: Standing | None
    registered: Standing | None
    corrected: Standing | None


class PersonComplained(msgspec.Struct, frozen=True):
    """How many complaints there are of a person, and how many of them bar them from "excellent" (一票否决)."""

    username: str
    complaints: int
    valid: int
    vetoed: bool


class ComplaintFigures(msgspec.Struct, frozen=True):
    """What complaints come to, each of them counted on its day; one may have several categories.

    `resolved`, `registered` and `corrected` count by how they stand: all four standings, of those under the deadline.
    `not_content` are those of whom a customer was not content at least once.
    """

    received: int
    channels: dict[str, int]
    categories: dict[str, int]
    valid: int
    invalid: int
    undecided: int
    closed: int
    not_content: int
    resolved: dict[str, int]
    registered: dict[str, int]
    corrected: dict[str, int]
    persons: tuple[PersonComplained, ...]


class ComplaintReport(msgspec.Struct, frozen=True):
    """The complaints of a site, or of the unit, from one month to another, `YYYY-MM`, both included.

    `year` are the valid ones of the twelve months before the span's end, or before today.
    """

    site: str
    first: str
    last: str
    figures: ComplaintFigures
    year: YearOfComplaints
    complaints: tuple[ComplaintLine, ...]


def complaint_report(
    store: Store, site: str, sites: Mapping[str, Site], span: tuple[str, str], today: date
) -> ComplaintReport:
    """The report on these sites, by their code, over a span of months. `site` is whose it is called."""
    first, last = first_day(span[0]), last_day(span[1])
    only = Only(since=first.isoformat(), until=last.isoformat())
    lines = tuple(_line(each, sites[each.site], today) for each in listed(store, COMPLAINT, sites, only=only))
    until = min(last, today)
    valid = [
        each
        for each in valid_in_a_year(store, sites, until)
        if (COMPLAINT.found_by(each).day or "") <= until.isoformat()
    ]
    warned_from = min((each.complaints_warned for each in sites.values()), default=0)
    year = YearOfComplaints(site, tuple(each.number for each in valid), warned_from)
    return ComplaintReport(site, *span, complaint_figures(lines), year, lines)


def complaint_figures(lines: Sequence[ComplaintLine]) -> ComplaintFigures:
    """What these complaints come to. Pure."""
    channels = Counter(each.channel for each in lines)
    categories = Counter(category for each in lines for category in each.categories)
    decided = Counter(each.valid for each in lines)
    return ComplaintFigures(
        received=len(lines),
        channels={name: channels[name] for name in COMPLAINT_CHANNELS},
        categories={name: categories[name] for name in CATEGORIES},
        valid=decided[True],
        invalid=decided[False],
        undecided=decided[None],
        closed=sum(each.state == "closed" for each in lines),
        not_content=sum(each.not_content > 0 for each in lines),
        resolved=_standings(each.resolved for each in lines),
        registered=_standings(each.registered for each in lines),
        corrected=_standings(each.corrected for each in lines),
        persons=tuple(_persons(lines)),
    )


def _standings(found: Iterable[Standing | None]) -> dict[str, int]:
    counted = Counter(found)
    return {name: counted[name] for name in STANDINGS}


def _persons(lines: Sequence[ComplaintLine]) -> Iterator[PersonComplained]:
    every = Counter(username for each in lines for username in each.persons)
    valid = Counter(username for each in lines for username in each.vetoed)
    for username in sorted(every):
        yield PersonComplained(username, every[username], valid[username], valid[username] > 0)


def _line(value: Complaint, site: Site, today: date) -> ComplaintLine:
    stood = {due.deadline: due.standing for due in deadlines_of_complaint(value, site, today)}
    return ComplaintLine(
        value.number, day_of(value.received_at).isoformat(), value.channel, value.categories, value.about,
        value.persons, value.vetoed, value.owner, value.state, value.valid, value.not_content,
        stood.get(TO_RESOLVE.name), stood.get(TO_REGISTER.name), stood.get(TO_CORRECT.name),
    )  # fmt: skip
