"""The auditor's queue: what waits and why to look twice, and what was rejected and stays to be resolved."""

from __future__ import annotations

from typing import Any

from api.callers.access import visible_sites
from devices.ledger.duties.attention import Clock
from devices.ledger.duties.review_queue import Queued, queue
from devices.ledger.reading import listing
from devices.ledger.reading.listing import DocumentRow
from devices.people.persons import names_of
from web.pages import View
from web.views.papers.documents import acts_of
from web.views.telling import said

QUEUED = 20
UNRESOLVED_SHOWN = 100
REVIEWERS = ("auditor", "supervisor")


def reviews_page(view: View) -> dict[str, Any]:
    """A page of the queue, the oldest first. Raises Refused (`malformed_cursor`)."""
    call = view.call
    sites = sites_reviewed(view)
    clock = Clock(call.at_us, call.unit.time_zone)
    page = view.told(queue(call.store, sites, clock, cursor=view.text("cursor") or None, limit=QUEUED))
    rejected = unresolved(view, sites)
    people = {each.document.made_by for each in page.queued} | {each.made_by for each in rejected}
    return {
        "queued": [(each, _may(view, each), said(each.content, call.locale)) for each in page.queued],
        "names": names_of(call.store, people),
        "rejected": rejected,
        "following": f"/reviews?cursor={page.cursor}" if page.cursor else None,
    }


def sites_reviewed(view: View) -> list[str] | None:
    """The sites whose queue somebody sees: an auditor's own, or every site (None) for who reads every site."""
    own = sorted(view.person.sites_of(("auditor",)))
    return own or visible_sites(view.person, None)


def unresolved(view: View, sites: list[str] | None) -> list[DocumentRow]:
    """Rejected documents of these sites that nobody has answered for yet, oldest first."""
    return listing.documents(view.call.store, sites=sites, unresolved=True, limit=UNRESOLVED_SHOWN).documents


def _may(view: View, each: Queued) -> bool:
    return acts_of(view, each.document, each.posters).review
