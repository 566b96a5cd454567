"""Search from every page: what a text is, and the page it leads to; a full-width or malformed one is told as such."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import falcon
import msgspec

from api.callers.access import reads_in_brief, visible_sites
from api.callers.blind import blind_of
from devices import records, serials, taxpayers
from devices.audit.kinds import STOCKTAKE
from devices.ledger.reading import listing
from devices.ledger.reading.customers import number_of_taxpayer, sees_customer
from devices.ledger.reading.finding import DOCUMENT_NUMBER, devices_beginning, is_device, is_document
from devices.paperwork.dispatches import issued_key
from devices.paperwork.follow_ups import follow_up_key, job_of_follow_up
from devices.paperwork_kinds import COMPLAINT, CUSTOMER, DISPATCH_ORDER, FOLLOW_UP, INSTALLATION, REPAIR
from devices.problems import Problem
from devices.records import RecordKind
from labels.words import detail
from web.pages import View
from web.views.service.briefs import PAGE_OF_JOB

SHORTEST_PREFIX = 4
HITS = 50


class Hit(msgspec.Struct, frozen=True):
    """Something found: its kind (the words are `page.search.<kind>`), what it is called, and its page."""

    kind: str
    text: str
    href: str
    told: str = ""


Finder = Callable[[View, str], list[Hit]]

NUMBERS: dict[str | None, tuple[RecordKind, str]] = {
    REPAIR.letter: (REPAIR, "/orders/"),
    DISPATCH_ORDER.letter: (DISPATCH_ORDER, "/orders/"),
    INSTALLATION.letter: (INSTALLATION, "/installations/"),
    COMPLAINT.letter: (COMPLAINT, "/complaints/"),
    CUSTOMER.letter: (CUSTOMER, "/customers/"),
    STOCKTAKE.letter: (STOCKTAKE, "/stocktakes/"),
    **{follow_up_key(str(kind.letter)): (FOLLOW_UP, "/follow-ups/") for kind in (REPAIR, DISPATCH_ORDER)},
}
"""By what a record's number begins with: its kind, and where its page is, of a follow-up by the number of its job."""
RECORD_NUMBER = re.compile(r"(F?[A-Z])-[A-Z][A-Z0-9]{1,7}-[0-9]{4,}")


def search_page(view: View) -> dict[str, Any]:
    """What a text leads to; one hit leads straight to its page."""
    asked = view.text("q")
    text = serials.trimmed(asked)
    hits = _hits(view, text)
    if len(hits) == 1:
        raise falcon.HTTPSeeOther(hits[0].href)
    problem = _fault(text) if text and not hits else None
    return {
        "asked": asked,
        "hits": hits,
        "told": detail(problem, view.call.locale) if problem else None,
        "meant": problem.facts.get("serial") if problem and problem.code == "full_width" else None,
        "shortest": SHORTEST_PREFIX,
        "too_short": bool(text) and len(text) < SHORTEST_PREFIX,
        "many": len(hits) >= HITS,
    }


def _hits(view: View, text: str) -> list[Hit]:
    """What the text names exactly; where it names nothing, the devices whose serial begins with it."""
    if not text:
        return []
    exact = [hit for find in EXACT for hit in find(view, text)]
    return exact or _beginning(view, text)


def _fault(text: str) -> Problem | None:
    """Why a text that has a digit, as all that is searched for has, is no serial."""
    if not any(letter.isdigit() for letter in text):
        return None
    found = serials.recognise(text)
    return found if isinstance(found, Problem) else None


def _device(view: View, text: str) -> list[Hit]:
    found = serials.recognise(text)
    if isinstance(found, Problem):
        return []
    known = is_device(view.call.store, found)
    return [Hit("device", found, f"/devices/{quote(found)}")] if known else []


def _document(view: View, text: str) -> list[Hit]:
    number = DOCUMENT_NUMBER.fullmatch(text)
    if number is None:
        return []
    if view.person.reads(number[1]):
        known = is_document(view.call.store, text)
    else:
        sites = visible_sites(view.person, None) or ()
        known = listing.foreign_document(view.call.store, text, sites) is not None
    return [Hit("document", text, f"/documents/{text}")] if known else []


def _record(view: View, text: str) -> list[Hit]:
    number = RECORD_NUMBER.fullmatch(text)
    if number is None or number[1] not in NUMBERS:
        return []
    kind, path = NUMBERS[number[1]]
    found = records.current(view.call.store, kind, text)
    if found is None:
        return []
    if kind is CUSTOMER:
        known = sees_customer(view.call.store, text, view.person.reads)
        return [Hit(kind.name, text, path + text)] if known else []
    return _theirs(view, kind, found[0], path)


def _issued(view: View, _: str) -> list[Hit]:
    """A dispatch order by its number in 服务综合管理系统, however that is typed."""
    order = records.referred_to(view.call.store, DISPATCH_ORDER, issued_key(view.text("q")))
    return _theirs(view, DISPATCH_ORDER, order, "/orders/") if order else []


def _theirs(view: View, kind: RecordKind, value: Any, path: str) -> list[Hit]:
    """A record of a site that the reader reads, or one that is their own work."""
    site, assignee, key = kind.journal(value), kind.found_by(value).assignee, kind.key(value)
    of_job = job_of_follow_up(key)
    if view.person.reads(site):
        return [Hit(kind.name, key, path + of_job)]
    theirs = reads_in_brief(view.person, kind.name, site, assignee)
    own = PAGE_OF_JOB.get(kind.name) if theirs else None
    return [Hit(kind.name, key, own.format(of_job))] if own else []


def _taxpayer(view: View, text: str) -> list[Hit]:
    """Only of what was posted: a taxpayer id has no business in an address."""
    taxpayer = taxpayers.recognise_taxpayer(text)
    if isinstance(taxpayer, Problem) or not view.posted:
        return []
    number = number_of_taxpayer(view.call.store, taxpayer.id)
    if number is None or not sees_customer(view.call.store, number, view.person.reads):
        return []
    return [Hit("customer", taxpayer.id, f"/customers/{number}")]


EXACT: tuple[Finder, ...] = (_device, _document, _record, _issued, _taxpayer)


def _beginning(view: View, text: str) -> list[Hit]:
    """Devices of the reader's sites whose serial begins so, without those of a register they are counting blind."""
    if len(text) < SHORTEST_PREFIX or isinstance(serials.recognise(text), Problem):
        return []
    sites = visible_sites(view.person, None)
    if sites is not None and not sites:
        return []
    found = devices_beginning(
        view.call.store, text, sites=sites, hidden=blind_of(view.call).counts, limit=HITS
    )
    return [Hit("device", serial, f"/devices/{quote(serial)}", state) for serial, state in found]
