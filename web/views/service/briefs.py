"""Orders in brief on the pages of devices and customers: each with the page it leads to and its words' groups."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from devices.paperwork.follow_ups import job_of_follow_up
from devices.paperwork_kinds import COMPLAINT, DISPATCH_ORDER, FOLLOW_UP, INSTALLATION, REPAIR
from devices.people.roles import Person
from devices.service.briefs import BRIEFED, OrderBrief
from web.pages import View

PAGE_OF_KIND = {
    REPAIR.name: "/orders/{}",
    DISPATCH_ORDER.name: "/orders/{}",
    INSTALLATION.name: "/installations/{}",
    FOLLOW_UP.name: "/follow-ups/{}",
    COMPLAINT.name: "/complaints/{}",
}
"""By kind of order: the page of one by the number that people know, for whoever reads its site."""
PAGE_OF_JOB = {
    DISPATCH_ORDER.name: "/jobs/{}",
    FOLLOW_UP.name: "/jobs/{}",
    COMPLAINT.name: "/complaints/{}",
}
"""The same for the technician whose work it is, and for the owner of a complaint."""
STATES_OF_KIND = {
    REPAIR.name: "repair_order",
    DISPATCH_ORDER.name: "dispatch",
    INSTALLATION.name: "installation",
    FOLLOW_UP.name: "follow_up",
    COMPLAINT.name: "complaint",
}
"""By kind of order: the group of the words of its states."""
assert PAGE_OF_KIND.keys() == STATES_OF_KIND.keys() == {each.kind.name for each in BRIEFED}, (
    "an order without a page"
)


class BriefShown(msgspec.Struct, frozen=True):
    """An order in brief, the page it leads to where its reader has one, and the group of its state's word.

    `number` is the one that people know: a call is told by that of its job.
    """

    brief: OrderBrief
    number: str
    href: str | None
    states: str


def briefs_shown(view: View, briefs: Iterable[OrderBrief]) -> list[BriefShown]:
    """Orders in brief as a page shows them."""
    return [
        BriefShown(
            each,
            number := job_of_follow_up(each.number),
            None if each.masked else page_of_order(view.person, each.kind, each.site, number),
            STATES_OF_KIND[each.kind],
        )
        for each in view.told(list(briefs))
    ]


def page_of_order(person: Person, kind: str, site: str, number: str) -> str | None:
    """The page of an order that somebody may see; None where it has none for them."""
    path = (PAGE_OF_KIND if person.reads(site) else PAGE_OF_JOB).get(kind)
    return path and path.format(number)
