"""Books, cards, statements and deadlines over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from api.callers.blind import refuse_while_blind
from api.calls import Call, Done, Shown
from api.wire import times
from api.wire.paging import SiteQuery, codes_asked, page_sorted, refuse_unknown
from devices.journal import heads
from devices.ledger.books import books
from devices.ledger.books.cards import card
from devices.ledger.duties.due import Due, what_was_met
from devices.ledger.posting.closed_months import closed_as
from devices.problems import refuse
from devices.store.database import Store
from devices.texts.lengths import Day, Word, YearMonth
from devices.values import REGISTERS


class TotalsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A past moment in RFC 3339; now without one."""

    as_of: times.Told | None = None


class CardQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """One model, from and to a business date, both included."""

    model: Word
    from_: Day
    to: Day


class StatementQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A calendar month, YYYY-MM."""

    month: YearMonth


class StatementAnswer(books.Statement, frozen=True):
    """A statement as the ledger has it now, and whether its month is closed: `closed`, `sealed` by two, or null."""

    closed: Literal["closed", "sealed"] | None


class DeadlineQuery(SiteQuery, frozen=True, kw_only=True):
    """By site, a page at a time; with `met_since`, a business date, what was met since then too."""

    met_since: Day | None = None


def register_of(call: Call) -> str:
    """The register a path names. Raises Refused: `not_found`, `count_is_blind` while it is counted blind."""
    register = call.path["register"]
    if register not in REGISTERS:
        raise refuse("not_found")
    refuse_while_blind(call, [call.path["site"]], register)
    return register


def show_totals(call: Call, _: Done) -> Shown:
    """What a book holds, per model."""
    as_of = times.moment_read(call.query.as_of, "as_of", call.days) if call.query.as_of else None
    return Shown(books.totals(call.store, call.path["site"], register_of(call), as_of_us=as_of))


def show_card(call: Call, _: Done) -> Shown:
    """One model's card: opening, every line in or out, closing."""
    query = call.query
    first, last = times.day_read(query.from_, "from", call.days), times.day_read(query.to, "to", call.days)
    site, register = call.path["site"], register_of(call)
    refuse_unknown(call, "model")
    return Shown(call.read_past(lambda store: card(store, site, register, query.model, first, last)))


def show_statement(call: Call, _: Done) -> Shown:
    """The month's opening, in, out and closing, per model."""
    site, register = call.path["site"], register_of(call)
    month = times.month_read(call.query.month, call.days)

    def read(store: Store) -> StatementAnswer:
        found = books.statement(store, site, register, month)
        closed = closed_as(store, site, register, month)
        return StatementAnswer(**msgspec.structs.asdict(found), closed=closed)

    return Shown(call.read_past(read))


def list_deadlines(call: Call, _: Done) -> Shown:
    """What is due and overdue at the caller's sites, and what was met of late where that is asked for."""
    sites = codes_asked(call)
    found = call.due_at(sites)
    if call.query.met_since is not None:
        since = date.fromisoformat(times.day(call.query.met_since, "met_since"))
        found += what_was_met(call.store, call.services.duties, sites, since)
    return page_sorted(call, found, _order_of)


def _order_of(each: Due) -> str:
    """What was met first, then the earliest day first; no two are the same."""
    place = (each.met_on or "~", each.due_on, each.deadline, each.site, each.subject, each.started_on)
    return "/".join(place)


class HeldHead(msgspec.Struct, frozen=True):
    """A head as it is held outside: the last link's number and hash."""

    seq: int
    hash: str


def show_heads(call: Call, _: Done) -> Shown:
    """The head of every journal in one file, which `panku verify --against` reads."""
    return Shown({head.site: HeldHead(head.seq, head.hash) for head in heads(call.store)})


def show_head(call: Call, _: Done) -> Shown:
    """The head of one journal, to be held outside."""
    for head in heads(call.store):
        if head.site == call.path["site"]:
            return Shown(head)
    raise refuse("not_found")
