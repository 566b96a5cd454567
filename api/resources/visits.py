"""The access log over HTTP: visitors are asked for, let in or not, enter and leave, and are erased."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from api.calls import Call, Done, Shown
from api.wire.paging import codes_asked, page
from api.writing import at_site_of_body, at_site_of_number
from devices.audit.custody import visits
from devices.audit.custody.custody_kinds import (
    VISIT,
    Stage,
    Visit,
    VisitorData,
    VisitState,
)
from devices.listed import listed
from devices.people import signing_keys
from devices.texts.lengths import Line, Sentence, Word


class VisitBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who is to be let in on a day. The purpose is journalled: no personal data there."""

    site: Word
    visit_on: Word
    purpose: Sentence
    name: Line
    organisation: Line
    contact: Line | None = None


class RefusalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a visitor is not let in."""

    reason: Sentence


class EscortBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The storekeeper who stays with a visitor."""

    escort: Word


class VisitAnswer(msgspec.Struct, frozen=True):
    """A visit; `visitor` is null once that was erased, `course` every step in order."""

    number: str
    site: str
    visit_on: str
    purpose: str
    state: VisitState
    visitor: VisitorData | None
    erased: bool
    course: tuple[Stage, ...]


def request_visit(call: Call) -> Done:
    """Ask for a visitor to be let in."""
    body = call.body
    writer = at_site_of_body(call)
    value = visits.request(
        writer,
        call.unit,
        site=body.site,
        visit_on=body.visit_on,
        purpose=body.purpose,
        visitor=VisitorData(body.name, body.organisation, body.contact),
        by=call.who.username,
    )
    return Done(201, value.number)


def taking(step: str, doc: str) -> Callable[[Call], Done]:
    """A function that takes one step of a visit, with what its body says."""

    def write(call: Call) -> Done:
        said = msgspec.structs.asdict(call.body) if call.body is not None else {}
        number = call.path["number"]
        visits.take_step(at_site_of_number(call), call.unit, number, step, by=call.who.username, **said)
        return Done(200, number)

    write.__doc__ = doc
    return write


def erase_visitor(call: Call) -> Done:
    """Erase for good who a visitor was (个人信息保护法 article 47); the log and the chain stay whole."""
    signing_keys.refuse_waiting(call.store, call.who.username)
    number = call.path["number"]
    visits.erase(at_site_of_number(call), call.unit, number, by=call.who.username)
    return Done(200, number)


def show_visit(call: Call, done: Done) -> Shown:
    """One visit with who comes."""
    value, revision = visits.visit_of(call.store, done.key or call.path["number"])
    return Shown(_visit(call, value), revision)


def list_visits(call: Call, _: Done) -> Shown:
    """The access log of the sites where the caller may read it, oldest first."""
    sites = [site for site in codes_asked(call) if call.who.may(visits.VISIT_READERS, site)]
    found = listed(call.store, VISIT, sites, call.query.place)
    return page(call, found, VISIT.key, lambda each: _visit(call, each))


def _visit(call: Call, value: Visit) -> VisitAnswer:
    return VisitAnswer(
        number=value.number,
        site=value.site,
        visit_on=value.visit_on,
        purpose=value.purpose,
        state=value.state,
        visitor=visits.visitor_of(call.store, value.number),
        erased=value.erased,
        course=value.course,
    )
