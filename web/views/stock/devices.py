"""A device's page: its story as a timeline, where it is, whose, what may come next, and the evidence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import msgspec

from api.callers.masking import lines_masked_for, masked_for, orders_told
from devices import serials
from devices.journal import heads
from devices.ledger.duties.due import Due
from devices.ledger.papers.attached import Paper, papers_of
from devices.ledger.reading import history, passport
from devices.ledger.reading.replacements import replacements
from devices.lifecycle import DESK, DOCUMENT
from devices.paperwork.complaints import EVERYBODY
from devices.people.persons import names_of
from devices.problems import Problem, refuse
from devices.service.jobs.settling import Settling, settled_by
from devices.values import NOWHERE
from labels.words import detail
from web.pages import View
from web.views.home import due_as_read
from web.views.papers.labels import PRINTING
from web.views.service.briefs import briefs_shown
from web.views.service.installations import install_offers
from web.views.telling import Said, place_of, said, tasks_of

LINES_SHOWN = 200
LINE_APART = ("serial", "bin", "model", "site", "state", "register", "customer")


class _Event(msgspec.Struct, frozen=True):
    """One line of the timeline in words: from where to where, and which line undid it."""

    line: history.Event
    before: str
    after: str
    said: list[Said]
    undone_by: str | None
    readable: bool


def device_page(view: View) -> dict[str, Any]:
    """Everything Panku knows of one serial. Raises Refused (`not_found`), or why the text is no serial."""
    call = view.call
    serial = serials.recognised(call.path["serial"])
    found = passport.passports(call.store, [serial]).get(serial)
    if found is None:
        raise refuse("not_found")
    (shown,) = view.told(masked_for(call, [found]))
    lines = view.told(call.read_past(lambda store: history.history(store, serial, _after(view), LINES_SHOWN)))
    newest_first = view.text("order") == "newest"
    orders = () if shown.withheld else orders_told(call, [serial]).get(serial, ())
    events = _events(view, lines)
    steps = passport.next_steps(shown)
    site = shown.site or shown.responsible_site
    return {
        "printing": PRINTING,
        "device": shown,
        "place": place_of(shown, call.locale),
        "events": events[::-1] if newest_first else events,
        "newest_first": newest_first,
        "more_after": lines[-1].step if len(lines) == LINES_SHOWN else None,
        "names": names_of(call.store, _people(lines)),
        "chain": [] if shown.withheld else replacements(call.store, serial),
        "papers": _papers(view, lines),
        "allowed": [(step.type, tasks_of(view.person, step.type, site)) for step in steps if step.allowed],
        "site": site,
        "refused": [
            (step.type, detail(Problem(step.code, facts=step.facts), call.locale))
            for step in steps
            if step.code
        ],
        "settles": _settles(view, serial),
        "sends": site if shown.customer is not None and view.person.may(DESK, site) else None,
        "complains_at": site if shown.customer is not None and view.person.may(EVERYBODY, site) else None,
        "customer_number": _number_of(shown),
        "offer": install_offers(call, [(serial, shown.state, _number_of(shown), site)]).get(serial),
        "due": _due(view, shown, {each.number for each in orders}),
        "briefs": briefs_shown(view, orders),
        "heads_held": heads(call.store),
        "reads_site": view.person.reads(site),
        "reads_document": bool(shown.document) and view.person.reads(str(shown.document).rsplit("-", 2)[0]),
        "reads_customer": shown.customer is not None and shown.customer.number is not None,
    }


def _settles(view: View, serial: str) -> list[Settling]:
    """The swap that the device waits for, where its reader may post it; none of a spare that is kept from them."""
    found = settled_by(view.call.store, [serial]).get(serial)
    if found is None or not view.person.may(DOCUMENT["swap"].posters, found.site):
        return []
    return view.told([found])


def _after(view: View) -> int:
    text = view.text("after", "0")
    if not text.isdecimal() or len(text) > 9:
        raise refuse("malformed_parameter", name="after", value=serials.shortened(text))
    return int(text)


def _events(view: View, lines: Sequence[history.Event]) -> list[_Event]:
    locale = view.call.locale
    tell = partial(place_of, locale=locale)
    undone: dict[int, str] = {}
    for line in lines:
        if line.reverses is not None:
            undone |= {n: line.document for n in range(line.reverses, line.step) if n not in undone}
    before: dict[int, str] = {line.step + 1: tell(line.position) for line in lines}
    masked = lines_masked_for(view.call, lines)
    return [
        _Event(
            line,
            before.get(line.step) or tell(_left(line)),
            tell(line.position),
            said(line.facts, locale, LINE_APART),
            undone.get(line.step) if line.reverses is None else None,
            view.person.reads(line.site),
        )
        for line in masked
    ]


def _left(line: history.Event) -> Any:
    """Where a device was before a line, as far as the line itself tells."""
    return msgspec.structs.replace(
        NOWHERE,
        state=line.from_state,
        register=line.from_register,
        site=line.from_site,
        bin=line.from_bin,
    )


def _number_of(shown: passport.Passport) -> str | None:
    """The number of the device's customer, to whoever sees them."""
    return shown.customer.number if shown.customer else None


def _people(lines: Sequence[history.Event]) -> set[str]:
    return {name for line in lines for name in (line.made_by, line.reviewed_by) if name}


def _papers(view: View, lines: Sequence[history.Event]) -> list[Paper]:
    """The papers of the documents the reader may read."""
    numbers = dict.fromkeys(line.document for line in lines if view.person.reads(line.site))
    found = papers_of(view.call.store, list(numbers))
    return [each for each in found if view.person.reads(each.attachment.site)]


def _due(view: View, shown: passport.Passport, orders: Collection[str]) -> list[Due]:
    """What is due for the device, or for an order that is about it, as far as the reader reads its site."""
    site = shown.site or shown.responsible_site
    if not view.person.reads(site):
        return []
    subjects = {shown.serial, *orders}
    return [due_as_read(each) for each in view.call.due_at([site]) if each.subject in subjects]
