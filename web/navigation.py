"""The links every page has, declared once with the roles that need them."""

from __future__ import annotations

import msgspec

from api.callers.access import READERS
from devices.paperwork.complaints import EVERYBODY
from devices.paperwork.dispatches import TECHNICIAN
from devices.people.roles import ADMIN, Person


class Link(msgspec.Struct, frozen=True):
    """One link: its name (the words are `page.nav.<name>`), where it leads, and who has it."""

    name: str
    href: str
    roles: tuple[str, ...]


LINKS = (
    Link("home", "/", (*READERS, TECHNICIAN, ADMIN)),
    Link("jobs", "/jobs", (TECHNICIAN,)),
    Link("reviews", "/reviews", ("auditor", "supervisor")),
    Link("books", "/books", READERS),
    Link("documents", "/documents", READERS),
    Link("scan", "/scan", READERS),
    Link("counts", "/stocktakes", READERS),
    Link("months", "/months", READERS),
    Link("dispatch", "/dispatch", READERS),
    Link("orders", "/orders", READERS),
    Link("installations", "/installations", (*READERS, TECHNICIAN)),
    Link("follow_ups", "/follow-ups", READERS),
    Link("complaints", "/complaints", EVERYBODY),
    Link("custody", "/custody", READERS),
    Link("journal", "/journal", ("auditor", "supervisor")),
    Link("people", "/admin/people", (ADMIN,)),
    Link("registers", "/admin/registers", (ADMIN,)),
    Link("tokens", "/admin/tokens", (ADMIN,)),
    Link("settings", "/admin/settings", (ADMIN,)),
)


def links_of(person: Person | None) -> list[Link]:
    """The links somebody has; nobody has none."""
    if person is None:
        return []
    held = {role for role, _ in person.roles}
    return [link for link in LINKS if held & set(link.roles)]
