"""Closed months over HTTP: a month of a book is closed, signed, opened again, and exported as evidence."""

from __future__ import annotations

from typing import Any

import msgspec

from api.callers.blind import refuse_while_blind
from api.calls import Call, Done, Shown
from api.signing import SignatureAnswer, shown_signature, signing_of
from api.wire import times
from api.wire.paging import codes_asked, page_sorted
from api.writing import at_site_of_body
from devices.audit import evidence, vouching
from devices.audit.month import months
from devices.audit.month.month_statement import Header, decode_statement
from devices.journal import open_journals
from devices.ledger.books.books import Checkpoint, Statement
from devices.ledger.posting.closed_months import Month, month_key, month_record, months_of
from devices.texts.lengths import Word, YearMonth
from devices.values import Book


class MonthBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A month of a book, YYYY-MM."""

    site: Word
    register: Book
    month: YearMonth


class MonthAnswer(msgspec.Struct, frozen=True):
    """A month that was closed; `digest` is that of its statement, which is signed; `reason` is that of a reopening.

    `let_in_by_one` is true where one person may have signed for all: they let all in, and nobody else confirmed.
    """

    site: str
    register: str
    month: str
    state: str
    stocktake: str
    digest: str
    closed_at: times.Told
    closed_by: str
    reason: str | None
    signatures: list[SignatureAnswer]
    let_in_by_one: bool


class ClosedMonth(MonthAnswer, frozen=True):
    """A closed month with what was frozen: the statement, the digest of every model's card, what was held at the close.

    A card's digest is the SHA-256 of a JSON array without spaces: site, register, model, from, to, opening, lines,
    closing; a line is serial, step, document, n, type, reverses, business_date, and 1 for in or -1 for out.
    """

    header: dict[str, Any]
    statement: Statement
    cards: dict[str, str]
    checkpoint: Checkpoint | None


def _place(call: Call) -> tuple[str, str, str]:
    return call.path["site"], call.path["register"], call.path["month"]


# --- the course of a month


def close(call: Call) -> Done:
    """Close a month of a book."""
    body = call.body
    writer = at_site_of_body(call)
    months.close_month(writer, call.unit, body.site, body.register, body.month, call.who.username)
    return Done(201, month_key(body.site, body.register, body.month))


def reopen(call: Call) -> Done:
    """Open the last closed month of a book again."""
    site, register, month = _place(call)
    writer = open_journals(call.store, [site], call.at_us)
    months.reopen_month(writer, site, register, month, by=call.who.username, reason=call.body.reason)
    return Done(200, month_key(site, register, month))


def sign(call: Call) -> Done:
    """Sign a closed month; the second of the two signatures seals it."""
    site, register, month = _place(call)
    writer = open_journals(call.store, [site], call.services.clock())
    months.sign_month(writer, site, register, month, signing_of(call))
    return Done(201, month_key(site, register, month))


# --- reading


def show_done(call: Call, done: Done) -> Shown:
    """A month as it stands, without its statement."""
    value, revision = month_record(call.store, *done.key.split("/"))
    return Shown(_answer(call, value), revision)


def list_months(call: Call, _: Done) -> Shown:
    """The months of the caller's sites, by site, book and month."""
    found = [value for site in codes_asked(call) for value in months_of(call.store, site)]
    return page_sorted(call, found, _key, lambda value: _answer(call, value))


def _key(value: Month) -> str:
    return month_key(value.site, value.register, value.month)


def show_closed_month(call: Call, _: Done) -> Shown:
    """A month with its frozen statement; not while its register is counted blind."""
    site, register, month = _place(call)
    value, revision = month_record(call.store, site, register, month)
    refuse_while_blind(call, [site], register)
    closed = decode_statement(value.payload)
    whole = ClosedMonth(
        **msgspec.structs.asdict(_answer(call, value)),
        header=_header(closed.header),
        statement=closed.statement,
        cards=closed.cards,
        checkpoint=closed.checkpoint,
    )
    return Shown(whole, revision)


def show_month_evidence(call: Call, _: Done) -> Shown:
    """The evidence once it is sealed: the DSSE envelope, the keys, the journal's links and its records, in one file."""
    site, register, month = _place(call)
    payload, given = months.payload_and_signatures(call.store, site, register, month)
    return Shown(evidence.written(evidence.bundle_of(call.store, payload, given)))


def _answer(call: Call, value: Month) -> MonthAnswer:
    payload = months.payload_of(value)
    given = vouching.standing_vouched(call.store, payload.subject, payload.digest)
    return MonthAnswer(
        site=value.site,
        register=value.register,
        month=value.month,
        state=value.state,
        stocktake=value.stocktake,
        digest=value.digest,
        closed_at=times.shown(value.closed_at),
        closed_by=value.closed_by,
        reason=value.reason,
        signatures=[shown_signature(each) for each in given],
        let_in_by_one=vouching.let_in_by_one(given),
    )


def _header(header: Header) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(header)
    return {**shown, "closed_at": times.shown(header.closed_at)}
