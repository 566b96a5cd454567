"""Documents: the list with its filters, and one document with its lines, its review and what may be done about it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import falcon
import msgspec

from api.callers.access import reads_records, site_of_number, visible_sites
from api.callers.masking import foreign_document_for
from devices import serials
from devices.ledger.papers.attached import papers_of
from devices.ledger.reading import listing
from devices.ledger.reading.citing import citing, undone
from devices.ledger.reading.listing import DocumentRow
from devices.ledger.reading.posters import posters_of
from devices.lifecycle import DOCUMENT, DOCUMENTS
from devices.people.persons import names_of
from devices.problems import refuse
from web.pages import View
from web.views.filters import filters_of
from web.views.home import sites_of
from web.views.service.installations import install_offers
from web.views.telling import place_of, said, tasks_of

PAGE_ROWS = 50
PAGE_LINES = 200
STATUSES = ("pending", "posted", "rejected", "withdrawn", "reversed")
REVIEWS = ("none", "waiting", "approved", "rejected", "withdrawn")
FILTERS = ("site", "type", "status", "review", "from", "to")
ITEM_APART = ("serial", "faulty", "spare", "old", "new", "customer")


def documents_page(view: View) -> dict[str, Any]:
    """A page of documents, the newest first. Raises Refused (`malformed_parameter`, `malformed_cursor`)."""
    types = [document.name for document in DOCUMENTS]
    asked = filters_of(view, FILTERS, type=types, status=STATUSES, review=REVIEWS)
    page = listing.documents(
        view.call.store,
        sites=visible_sites(view.person, asked.get("site")),
        type=asked.get("type"),
        status=asked.get("status"),
        review=asked.get("review"),
        from_date=asked.get("from"),
        to_date=asked.get("to"),
        cursor=view.text("cursor") or None,
        limit=PAGE_ROWS,
        newest_first=True,
    )
    following = f"/documents?{urlencode({**asked, 'cursor': page.cursor})}" if page.cursor else None
    return {
        "asked": dict.fromkeys(FILTERS, "") | asked,
        "sites": sites_of(view.call),
        "types": types,
        "statuses": STATUSES,
        "reviews": REVIEWS,
        "documents": page.documents,
        "names": names_of(view.call.store, {each.made_by for each in page.documents}),
        "following": following,
    }


class Acts(msgspec.Struct, frozen=True):
    """What the reader may do about a document, and by which scanning tasks answer it; the API decides again."""

    withdraw: bool
    review: bool
    reverse: bool
    answer: list[str]


class Line(msgspec.Struct, frozen=True):
    """One line of a document in words. A proposed one has not moved its devices yet."""

    n: int
    serials: list[str]
    before: str
    after: str
    said: list[Any]
    undone_by: str | None


def document_page(view: View) -> dict[str, Any]:
    """One document. Raises Refused (`not_found`)."""
    call = view.call
    number, after = call.path["number"], _after(view)
    if not reads_records(call.who, site_of_number(number)):
        foreign_document_for(call, number, limit=1)
        raise falcon.HTTPSeeOther(f"/documents/{quote(number)}/elsewhere")
    found = view.told(listing.document(call.store, number, after=after, limit=PAGE_LINES))
    if found is None:
        raise refuse("not_found")
    document = found.document
    undoings = undone(call.store, number)
    lines = _lines(view, found, undoings) if found.lines else _proposed(view, found, after)
    citations = citing(call.store, number)
    people = {document.made_by, *([found.reviewed.made_by] if found.reviewed else [])}
    return {
        "document": document,
        "found": found,
        "said": said(found.content, call.locale),
        "findings": _findings(found.content),
        "repeated": found.content.get("repeated", []),
        "lines": lines,
        "offers": install_offers(
            call,
            (
                (each.serial, each.position.state, each.position.customer, document.site)
                for each in found.lines
            ),
        ),
        "telling": any(line.said or line.undone_by for line in lines),
        "more_after": lines[-1].n if len(lines) == PAGE_LINES else None,
        "names": names_of(call.store, people),
        "papers": [
            each
            for each in papers_of(call.store, [] if found.withheld else [number])
            if view.person.reads(each.attachment.site)
        ],
        "cited": [(how, each) for how in ("cites", "answers") if (each := getattr(document, how))],
        "citing": citations,
        "reads": view.person.reads,
        "acts": acts_of(view, document, posters_of(call.store, document)),
        "own": view.person.username in posters_of(call.store, document),
        "days": call.days,
        "undone_on": max(document.business_date, call.days.today.isoformat()),
        "policy": DOCUMENT[document.type].review,
    }


def foreign_page(view: View) -> dict[str, Any]:
    """Of another site's document the lines of devices that the reader's answered for. Raises Refused (`not_found`)."""
    found = view.told(foreign_document_for(view.call, view.call.path["number"], limit=PAGE_LINES))
    return {"found": found, "places": [place_of(line.position, view.call.locale) for line in found.lines]}


def acts_of(view: View, document: DocumentRow, made: frozenset[str]) -> Acts:
    """What the reader may do about a document, by the lifecycle's table and how the document stands."""
    person, site = view.person, document.site
    posts = person.may(DOCUMENT[document.type].posters, site)
    reverses = person.may(DOCUMENT["reversal"].posters, site)
    tasks = [] if document.resolved else tasks_of(view.person, document.type, site)
    return Acts(
        withdraw=posts and document.status == "pending" and document.made_by == person.username,
        review=document.review == "waiting"
        and person.may(("auditor",), site)
        and person.username not in made,
        reverse=reverses
        and document.type != "reversal"
        and (document.lines is None or document.reversed < document.lines),
        answer=tasks,
    )


def _after(view: View) -> int:
    text = view.text("after", "0")
    if not text.isdecimal() or len(text) > 9:
        raise refuse("malformed_parameter", name="after", value=serials.shortened(text))
    return int(text)


def _lines(view: View, found: listing.DocumentView, undoings: dict[str, str]) -> list[Line]:
    locale = view.call.locale
    return [
        Line(
            line.n,
            [line.serial],
            place_of(_Left(line.from_state, line.from_register, line.from_site, line.from_bin, None), locale),
            place_of(line.position, locale),
            said(line.facts, locale, (*ITEM_APART, "bin")),
            undoings.get(line.serial),
        )
        for line in found.lines
    ]


class _Left(msgspec.Struct, frozen=True):
    """Where a device was before a line."""

    state: str
    register: str | None
    site: str | None
    bin: str | None
    party: str | None


def _proposed(view: View, found: listing.DocumentView, after: int) -> list[Line]:
    """The lines as the poster sent them, where none has taken effect."""
    items = found.content.get("lines") or [{"serial": each} for each in found.content.get("serials") or ()]
    shown = items[after : after + PAGE_LINES]
    return [
        Line(
            after + n,
            [item[name] for name in ("serial", "faulty", "spare", "old", "new") if item.get(name)],
            "",
            "",
            said(item, view.call.locale, ITEM_APART),
            None,
        )
        for n, item in enumerate(shown, 1)
    ]


def _findings(content: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """What a document found besides moving devices, each finding as a list of texts."""
    found = []
    for name, value in (content.get("findings") or {}).items():
        values = value if isinstance(value, list) else [value]
        told = [f"{each['row']}: {each['text']}" if isinstance(each, dict) else str(each) for each in values]
        found.append((name, told))
    return found
