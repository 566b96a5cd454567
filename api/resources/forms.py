"""Forms over HTTP: what is read as JSON, on xlsx and PDF beside it, for the same callers and with the same masking."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import IO, Any, Literal

import msgspec
from msgspec.structs import replace

from api.callers.blind import refuse_while_blind
from api.callers.masking import lines_masked_for, masked_for
from api.calls import Call, Done, Shown
from api.resources.books import register_of
from api.resources.customers import seen_customer
from api.resources.handovers import visible_handover
from api.wire.downloads import Download, download_of
from api.wire.paging import codes_asked
from api.wire.times import day_read, month_read
from api.withholding import as_told
from devices import serials
from devices.audit import vouching
from devices.audit.custody import handovers, inspections, visits
from devices.audit.custody.custody_kinds import Visit
from devices.audit.kinds import STOCKTAKES
from devices.audit.month import months
from devices.audit.month.month_statement import decode_statement
from devices.audit.stocktake import sheet, stocktakes
from devices.audit.stocktake.late import late_on_sheet
from devices.audit.stocktake.reading import digest_of_sheet
from devices.journal import heads
from devices.ledger.books import books, cards
from devices.ledger.papers import slip_lines, slips
from devices.ledger.posting.closed_months import MONTHS, month_record
from devices.ledger.posting.gather import models_of
from devices.ledger.reading import history, passport
from devices.ledger.reading.customers import customer_as_named, customer_shown
from devices.ledger.reading.passport import CustomerShown, devices_of
from devices.ledger.reading.registers import conditions_of_bins, kinds_of_models, site_name
from devices.people.persons import names_of
from devices.problems import refuse
from devices.store.database import Store
from devices.texts.lengths import Word
from labels.forms.custody import (
    HANDOVER_FORM,
    INSPECTION_FORM,
    VISITS_FORM,
    HandoverPrinted,
    InspectionPrinted,
    Visited,
    VisitsPrinted,
)
from labels.forms.devices import BELONGINGS, HISTORY, BelongingsPrinted, HistoryPrinted
from labels.forms.form import Form, Names
from labels.forms.ledger import CARD, STATEMENT, CardPrinted, StatementPrinted
from labels.forms.paper import Paper, paper_of
from labels.forms.slips import SLIP, SlipPrinted
from labels.forms.stocktake import STOCKTAKE_FORM, SheetPrinted
from labels.forms.writers import pdf, xlsx
from labels.words import sentence

Ending = Literal["xlsx", "pdf"]
Loaded = tuple[Form, Any]
Load = Callable[[Call, Store], Loaded]

_AT_ONCE = 500
"""So many devices are masked at a time."""


class Writer(msgspec.Struct, frozen=True):
    """How a paper becomes a file of one kind; the moment is when it was asked for, in UTC microseconds."""

    media_type: str
    write: Callable[[Paper, IO[bytes], int], None]


FORM_WRITERS: dict[Ending, Writer] = {
    "xlsx": Writer(xlsx.MEDIA_TYPE, lambda paper, file, _: xlsx.write_xlsx(paper, file)),
    "pdf": Writer(pdf.MEDIA_TYPE, pdf.write_pdf),
}


def drawing(load: Load, ending: Ending, *, past: bool = False) -> Callable[[Call, Done], Shown]:
    """A function that answers with a form; one of the `past` may be read from the replica, as its JSON is."""

    def show(call: Call, _: Done) -> Shown:
        def draw(store: Store) -> Download:
            with store.reading():  # every statement of a form sees the same moment
                form, value = load(call, store)
                return _drawn(
                    paper_of(form, as_told(call, value), call.locale, _names(call, store)), ending, call.at_us
                )

        return Shown(call.read_past(draw) if past else draw(call.store))

    show.__doc__ = f"{load.__doc__ or ''} On paper: {ending}."
    return show


def _names(call: Call, store: Store) -> Names:
    """How persons are printed: for people by name and username, for programs by username, as in the JSON."""
    if call.who.via == "token":
        return str

    @cache
    def printed(username: str) -> str:
        name = names_of(store, {username})[username]
        facts = {"name": name, "username": username}
        return username if name == username else sentence("form.person", facts, call.locale)

    return printed


def _drawn(paper: Paper, ending: Ending, at_us: int) -> Download:
    writer = FORM_WRITERS[ending]
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer is read from it, and whoever serves closes it
    try:
        writer.write(paper, file, at_us)
        return download_of(file, f"{paper.title} {paper.number}", ending, writer.media_type)
    except BaseException:
        file.close()
        raise


# --- documents


def load_slip(call: Call, store: Store) -> Loaded:
    """One document as a slip."""
    slip = slips.slip_of(store, call.unit.name, call.path["number"])
    if slip is None:
        raise refuse("not_found")
    sent = slip.consignment
    slip = replace(
        slip,
        customer=_customer_of(store, slip),
        consignment=sent if sent and call.who.reads(sent.site) else None,
    )
    lines, given = slip_lines.lines_of(store, slip.view), _signed_with(store, slip)
    return SLIP, SlipPrinted(slip, lines, given)


def _signed_with(store: Store, slip: slips.Slip) -> Sequence[vouching.Vouched]:
    """The two signatures that a shortage stands on: those of its stocktake's sheet."""
    stocktake = slip.content.get("stocktake")
    if slip.view.document.type != "shortage" or stocktake is None:
        return ()
    value, _ = stocktakes.stocktake_of(store, stocktake)
    return vouching.standing_vouched(store, value.number, digest_of_sheet(store, value))


def _customer_of(store: Store, slip: slips.Slip) -> CustomerShown | None:
    """A slip's customer as named on it: whoever may read a site's paper reads all of it."""
    document = slip.view.document
    if slip.customer_number is None:
        return None
    return customer_as_named(store, slip.customer_number, document.number, document.recorded_at_us)


# --- stocktakes


def load_sheet(call: Call, store: Store) -> Loaded:
    """The sheet of a closed stocktake."""
    value, _ = stocktakes.stocktake_of(store, call.path["number"])
    if value.closed is None:
        raise refuse("stocktake_not_closed", stocktake=value.number, state=value.state)
    digest = digest_of_sheet(store, value)
    closing = value.closed.closing
    return STOCKTAKE_FORM, SheetPrinted(
        header=sheet.header_of(store, value.number, closing),
        site_name=_site_name(store, value.site),
        digest=digest,
        sealed_at=value.sealed_at,
        signatures=vouching.standing_vouched(store, value.number, digest),
        kinds=kinds_of_models(store),
        conditions=conditions_of_bins(store, value.site),
        lines=sheet.lines_of(store, value.number, closing),
        unknown=sheet.count_of(store, value.number, closing, "unknown"),
        cancelled=value.state == STOCKTAKES.step["cancel"].after,
        late=late_on_sheet(store, value),
    )


# --- books


def load_card(call: Call, store: Store) -> Loaded:
    """One model's card."""
    query, site, register = call.query, call.path["site"], register_of(call)
    first, last = day_read(query.from_, "from", call.days), day_read(query.to, "to", call.days)
    head = cards.card_head(store, site, register, query.model, first, last)
    model = models_of(store, [query.model]).get(query.model)
    return CARD, CardPrinted(
        unit=call.unit.name,
        site_name=_site_name(store, site),
        head=head,
        model_name=model.name if model else "",
        kind=model.kind if model else None,
        on=_today(call),
        lines=cards.card_lines(store, head),
    )


def load_statement(call: Call, store: Store) -> Loaded:
    """A month's statement."""
    site, register = call.path["site"], register_of(call)
    stated = books.statement(store, site, register, month_read(call.query.month, call.days))
    return STATEMENT, StatementPrinted(call.unit.name, _site_name(store, site), stated, as_of_us=call.at_us)


def load_month(call: Call, store: Store) -> Loaded:
    """A closed month's frozen statement, with its signatures."""
    site, register, month = (call.path[name] for name in ("site", "register", "month"))
    value, _ = month_record(store, site, register, month)
    refuse_while_blind(call, [site], register)
    closed, payload = decode_statement(value.payload), months.payload_of(value)
    given = vouching.standing_vouched(store, payload.subject, payload.digest)
    name = _site_name(store, site)
    return STATEMENT, StatementPrinted(
        closed.header.unit,
        name,
        closed.statement,
        closed.header,
        payload.digest,
        given,
        reopened=value.state in MONTHS.before("close"),
    )


def _today(call: Call) -> str:
    """The day on which a form is asked for, as an ISO date."""
    return call.unit.day_of(call.at_us).isoformat()


def _site_name(store: Store, code: str) -> str:
    return site_name(store, code) or ""


# --- devices and customers


def load_history(call: Call, store: Store) -> Loaded:
    """A device's whole history."""
    serial = serials.recognised(call.path["serial"])
    found = passport.passports(store, [serial]).get(serial)
    if found is None:
        raise refuse("not_found")
    (device,) = masked_for(call, [found])
    head = next((each for each in heads(store) if each.site == found.responsible_site), None)
    return HISTORY, HistoryPrinted(call.unit.name, device, head, _today(call), _events(call, store, serial))


def _events(call: Call, store: Store, serial: str) -> Iterator[history.Event]:
    step = 0
    while some := history.history(store, serial, step, _AT_ONCE):
        yield from lines_masked_for(call, some)
        step = some[-1].step


def load_belongings(call: Call, store: Store) -> Loaded:
    """The devices of a customer whom the caller sees."""
    number = seen_customer(call, call.path["number"])[0].number
    on = _today(call)
    theirs = devices_of(store, number)
    return BELONGINGS, BelongingsPrinted(call.unit.name, number, customer_shown(store, number), on, theirs)


# --- custody


def load_inspection(call: Call, store: Store) -> Loaded:
    """One safety inspection."""
    value, _ = inspections.inspection_of(store, call.path["number"])
    return INSPECTION_FORM, InspectionPrinted(call.unit.name, _site_name(store, value.site), value)


def load_visit(call: Call, store: Store) -> Loaded:
    """One visit, as a line of the access log."""
    value, _ = visits.visit_of(store, call.path["number"])
    return _log(call, store, value.number, [value])


class AccessLogQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The access log of one site, or of every site whose log the caller reads; whole."""

    site: Word | None = None


def load_visits(call: Call, store: Store) -> Loaded:
    """The access log of the sites where the caller may read it."""
    sites = [site for site in codes_asked(call) if call.who.may(visits.VISIT_READERS, site)]
    found = (each for site in sites for each in visits.visits_of(store, site))
    return _log(call, store, " ".join(sites), found)


def _log(call: Call, store: Store, number: str, found: Iterable[Visit]) -> Loaded:
    on = _today(call)
    visited = (Visited(each, visits.visitor_of(store, each.number)) for each in found)
    return VISITS_FORM, VisitsPrinted(call.unit.name, number, on, visited)


def load_handover(call: Call, store: Store) -> Loaded:
    """One handover, with what is signed and who has."""
    value, _ = visible_handover(call, call.path["number"])
    payload = handovers.payload_of(value)
    given = vouching.standing_vouched(store, value.number, payload.digest)
    name, statement = _site_name(store, value.site), handovers.decode_handover(value.payload)
    counters = handovers.counters_of(store, statement)
    return HANDOVER_FORM, HandoverPrinted(name, value, statement, payload.digest, given, counters)
