"""Stocktakes over HTTP: opened, scanned, recounted, closed, reopened or cancelled."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from api.calls import Call, Done, Shown
from api.signing import SignatureAnswer, shown_signature
from api.wire import times
from api.wire.paging import SiteQuery, page, sites_asked
from api.writing import at_site_of_body, at_site_of_number
from devices.audit import vouching
from devices.audit.kinds import RUNNING, STOCKTAKE, Method, Stocktake
from devices.audit.stocktake import counters, keeping, late, stocktakes, taking
from devices.audit.stocktake import scans as counting_scans
from devices.audit.stocktake.counting import Part, Place
from devices.audit.stocktake.keeping import Outcome
from devices.audit.stocktake.taking import Sent, Taken
from devices.listed import listed
from devices.people.persons import names_of
from devices.problems import Problem
from devices.texts.lengths import Scan, Sentence, Word
from devices.values import Register
from labels.words import sentence

SCANS_LIMIT = 500


class StocktakeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A count of one register of one site; `blind` hides what is expected, `double` has two people count apart."""

    site: Word
    register: Register
    method: Method = "blind"
    double: bool = False


class ScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scan: its id, made where it was scanned, what was scanned, the bin, and the phone's time."""

    id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$", max_length=64)]
    serial: Scan
    at: times.Told
    bin: Word | None = None
    count: Part | None = None


class ScansBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of scans; `sent_at` is the phone's time of sending, by which its clock is corrected."""

    sent_at: times.Told
    scans: Annotated[list[ScanBody], msgspec.Meta(min_length=1, max_length=SCANS_LIMIT)]


class ReasonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Sentence


class EndBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The end of a count or of its first part.

    `finished` is the caller's word that they have nothing left to send, `reason` why it ends although somebody who
    scanned has not finished.
    """

    reason: Sentence | None = None
    finished: bool = False


class StocktakeQuery(SiteQuery, frozen=True, kw_only=True):
    """Stocktakes by site and state; a page at a time."""

    state: Literal["counting", "recounting", "closed", "sealed", "cancelled"] | None = None


class Fault(msgspec.Struct, frozen=True):
    """Why a scan was not taken: a stable code, a sentence, and the facts."""

    code: str
    detail: str
    facts: dict[str, Any]


class ScanAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one scan. `belongs`, in an open count, says where the books have an unexpected device.

    `withheld` is the number of the blind count, of another register, that keeps that from the caller.
    """

    id: str
    outcome: Outcome
    serial: str | None = None
    belongs: Place | None = None
    error: Fault | None = None
    withheld: str | None = None


class CounterAnswer(msgspec.Struct, frozen=True):
    """Somebody who counts: when they were last heard, and whether they have finished.

    `scans` are those of them that stand; while a blind count runs, others' are hidden.
    """

    username: str
    name: str
    scans: int | None
    last_heard_at: times.Told
    finished: bool


class StocktakeAnswer(msgspec.Struct, frozen=True):
    """A stocktake as it stands.

    `tally` is hidden while a blind count runs, all but the caller's own number of scans, `mine`; `counters` are those
    who count, of a closed one as of its close; `late_waiting` is how many late scans nobody has settled; `disputed`
    are the serials of a recount; `digest` is that of the closed sheet, which is signed. `let_in_by_one` is true where
    one person may have signed for all: they let all in, and nobody else confirmed.
    """

    number: str
    site: str
    register: str
    method: str
    double: bool
    state: str
    opened_at: times.Told
    opened_by: str
    closed_at: times.Told | None
    closed_by: str | None
    sealed_at: times.Told | None
    reason: str | None
    mine: int
    tally: counting_scans.Tally | None
    counters: list[CounterAnswer]
    late_waiting: int
    disputed: list[str]
    digest: str | None
    signatures: list[SignatureAnswer]
    let_in_by_one: bool


# --- the course of a count


def begin(call: Call) -> Done:
    """Open a stocktake."""
    body = call.body
    writer = at_site_of_body(call)
    value = stocktakes.begin_stocktake(
        writer,
        site=body.site,
        register=body.register,
        method=body.method,
        double=body.double,
        by=call.who.username,
    )
    return Done(201, value.number)


def site_of_stocktake(call: Call) -> str:
    """The site of the stocktake a path names."""
    return stocktakes.stocktake_of(call.store, call.path["number"])[0].site


def recount(call: Call) -> Done:
    """Begin the recount of what two counters disagree on."""
    writer, number, body = at_site_of_number(call), call.path["number"], call.body
    who = call.who.username
    begun = stocktakes.begin_recount(writer, number, by=who, reason=body.reason, finished=body.finished)
    return Done(200, begun.number)


def finish(call: Call) -> Done:
    """Say that one has nothing left to send; scanning or undoing again takes it back."""
    writer, number = at_site_of_number(call), call.path["number"]
    counters.finish(writer, number, by=call.who.username)
    return Done(200, number)


def close(call: Call) -> Done:
    """Close a stocktake into its sheet."""
    writer, number, body = at_site_of_number(call), call.path["number"], call.body
    closed = stocktakes.close_stocktake(
        writer, call.unit, number, by=call.who.username, reason=body.reason, finished=body.finished
    )
    return Done(200, closed.number)


def reopen(call: Call) -> Done:
    """Go on counting."""
    writer = at_site_of_number(call)
    number, who = call.path["number"], call.who.username
    return Done(200, stocktakes.reopen_stocktake(writer, number, by=who, reason=call.body.reason).number)


def cancel(call: Call) -> Done:
    """Give a stocktake up."""
    writer = at_site_of_number(call)
    number, who = call.path["number"], call.who.username
    return Done(200, stocktakes.cancel_stocktake(writer, number, by=who, reason=call.body.reason).number)


def show(call: Call, done: Done) -> Shown:
    """One stocktake as it stands."""
    value, revision = stocktakes.stocktake_of(call.store, done.key or call.path["number"])
    return Shown(answer_of(call, value), revision)


def list_stocktakes(call: Call, _: Done) -> Shown:
    """The stocktakes of the caller's sites, oldest first."""
    found = listed(call.store, STOCKTAKE, sites_asked(call), call.query.place)
    wanted = (each for each in found if call.query.state in (None, each.state))
    return page(call, wanted, STOCKTAKE.key, lambda each: answer_of(call, each))


def answer_of(call: Call, value: Stocktake) -> StocktakeAnswer:
    """A stocktake as its reader may see it."""
    counts = counting_scans.tally(call.store, value.number)
    hidden = value.method == "blind" and value.state in RUNNING
    payload = stocktakes.payload_of(call.store, value) if value.closed else None
    given = vouching.standing_vouched(call.store, value.number, payload.digest) if payload else []
    recounting = value.state == "recounting"
    return StocktakeAnswer(
        number=value.number,
        site=value.site,
        register=value.register,
        method=value.method,
        double=value.double,
        state=value.state,
        opened_at=times.shown(value.opened_at),
        opened_by=value.opened_by,
        closed_at=times.shown(value.closed.at) if value.closed else None,
        closed_by=value.closed.by if value.closed else None,
        sealed_at=times.shown(value.sealed_at) if value.sealed_at else None,
        reason=value.reason,
        mine=counts.by_person.get(call.who.username, 0),
        tally=None if hidden else counts,
        counters=_counters(call, value, hidden=hidden),
        late_waiting=len(late.waiting(call.store, value.number)),
        disputed=counting_scans.disputed(call.store, value) if recounting else [],
        digest=payload.digest if payload else None,
        signatures=[shown_signature(each) for each in given],
        let_in_by_one=vouching.let_in_by_one(given),
    )


def _counters(call: Call, value: Stocktake, *, hidden: bool) -> list[CounterAnswer]:
    found = stocktakes.counters_as_known(call.store, value)
    names = names_of(call.store, {each.username for each in found})
    return [
        CounterAnswer(
            username=each.username,
            name=names[each.username],
            scans=None if hidden and each.username != call.who.username else each.scans,
            last_heard_at=times.shown(each.last_heard_at),
            finished=each.finished,
        )
        for each in found
    ]


# --- scans


def take_scans(call: Call, _: Done) -> Shown:
    """Keep a batch of scans and tell what became of each.

    Each is known by its own id, so the batch may be sent again and needs no Idempotency-Key.
    """
    scans = [
        Sent(each.id, each.serial, each.bin, times.moment(each.at, f"/scans/{n}/at"), each.count)
        for n, each in enumerate(call.body.scans)
    ]
    sent_at = times.moment(call.body.sent_at, "/sent_at")
    number = call.path["number"]
    taken = taking.receive(
        call.store, number, scans, sent_at_us=sent_at, received_at_us=call.at_us, by=call.who
    )
    for each in taken:
        if each.kept_now:
            call.services.meter.count("panku_scans_kept", each.outcome)
    return Shown([_outcome(call, each) for each in taken])


def _outcome(call: Call, taken: Taken) -> ScanAnswer:
    problem = taken.problem
    fault = Fault(problem.code, _detail(call, problem), dict(problem.facts)) if problem else None
    return ScanAnswer(taken.id, taken.outcome, taken.serial, taken.belongs, fault)


def _detail(call: Call, problem: Problem) -> str:
    return sentence(f"problem.{problem.code}", problem.facts, call.locale)


def undo_scan(call: Call) -> Done:
    """Undo one scan; both are kept."""
    writer, number = at_site_of_number(call), call.path["number"]
    keeping.undo(writer, number, call.path["id"], by=call.who.username)
    return Done(200, number)
