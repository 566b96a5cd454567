"""Stocktakes over HTTP: opened, scanned, closed into a sheet, explained, signed, and exported as evidence."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import msgspec

from api import times
from api.access import visible_sites
from api.calls import Call, Done, Shown
from api.documents import Limit, reauthenticate
from devices.audit import evidence, sealing, sheet, signing, stocktakes
from devices.audit import scans as counting_scans
from devices.audit.counting import VARIANCES, Part, Place
from devices.audit.kinds import RUNNING, Method, Signature, Stocktake
from devices.audit.scans import Sent, Taken
from devices.journal import open_journals
from devices.people import signing_keys
from devices.problems import Problem, refuse
from devices.values import Register
from labels.words import sentence

SCANS_LIMIT = 500

Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class StocktakeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A count of one register of one site; `blind` hides what is expected, `double` has two people count apart."""

    site: str
    register: Register
    method: Method = "blind"
    double: bool = False


class ScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scan: its id, made where it was scanned, what was scanned, the bin, and the phone's time."""

    id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    serial: Annotated[str, msgspec.Meta(max_length=200)]
    at: times.Told
    bin: Code | None = None
    count: Part | None = None


class ScansBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of scans; `sent_at` is the phone's time of sending, by which its clock is corrected."""

    sent_at: times.Told
    scans: Annotated[list[ScanBody], msgspec.Meta(min_length=1, max_length=SCANS_LIMIT)]


class ReasonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Sentence


class FindingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a variance is there, and what is done about it."""

    explanation: Sentence
    action: Sentence


class SignatureBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature: in which role, over the digest one has seen, with the password again."""

    role: Code
    digest: Digest
    password: str


class SiteQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stocktakes of one site, or of every site the caller reads."""

    site: str | None = None
    state: Literal["counting", "recounting", "closed", "sealed", "cancelled"] | None = None


class SheetQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines of a sheet: those of one result, or the variances, after a serial."""

    result: str | None = None
    after: str = ""
    limit: Limit = 100


class Fault(msgspec.Struct, frozen=True):
    """Why a scan was not taken: a stable code, a sentence, and the facts."""

    code: str
    detail: str
    facts: dict[str, Any]


class ScanAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one scan. `belongs`, in an open count, says where the books have an unexpected device."""

    id: str
    outcome: counting_scans.Outcome
    serial: str | None = None
    belongs: Place | None = None
    error: Fault | None = None


class SignatureAnswer(msgspec.Struct, frozen=True):
    """One standing signature."""

    role: str
    username: str
    fingerprint: str
    signed_at: times.Told


class StocktakeAnswer(msgspec.Struct, frozen=True):
    """A stocktake as it stands.

    `tally` is hidden while a blind count runs, all but the caller's own number of scans, `mine`; `disputed` are the
    serials of a recount; `digest` is that of the closed sheet, which is signed.
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
    disputed: list[str]
    digest: str | None
    signatures: list[SignatureAnswer]


class SignedAnswer(msgspec.Struct, frozen=True):
    """What a signature came to: sealed, waiting for the other, or reopened since short devices have moved.

    `remarks` are what the sheet tells its signers; `documents` the shortages that the seal posted.
    """

    stocktake: StocktakeAnswer
    remarks: list[str]
    reopened: list[str]
    documents: list[str]


class SheetLine(msgspec.Struct, frozen=True):
    """One line of a sheet; `revision` is the ETag its explanation is replaced by."""

    serial: str
    model: str | None
    result: str
    book_state: str | None
    book_site: str | None
    book_register: str | None
    book_bin: str | None
    found_bin: str | None
    scanned_at: times.Told | None
    scanned_by: str | None
    recount: str | None
    moved: tuple[str, ...]
    document_due: str | None
    cited: str | None
    explanation: str | None
    action: str | None
    explained_by: str | None
    revision: int


class SheetAnswer(msgspec.Struct, frozen=True):
    """A sheet: its digest, its header with the summary by model, and a page of its lines by serial."""

    digest: str
    header: dict[str, Any]
    lines: list[SheetLine]
    unexplained: list[str]
    signatures: list[SignatureAnswer]


# --- the course of a count


def begin(call: Call) -> Done:
    """Open a stocktake."""
    body = call.body
    writer = open_journals(call.store, [body.site], call.at_us)
    value = stocktakes.begin(
        writer,
        site=body.site,
        register=body.register,
        method=body.method,
        double=body.double,
        by=call.who.username,
    )
    return Done(201, value.number)


def _site(call: Call) -> str:
    return stocktakes.stocktake_of(call.store, call.path["number"])[0].site


def recount(call: Call) -> Done:
    """Begin the recount of what two counters disagree on."""
    writer = open_journals(call.store, [_site(call)], call.at_us)
    return Done(200, stocktakes.begin_recount(writer, call.path["number"], by=call.who.username).number)


def close(call: Call) -> Done:
    """Close a stocktake into its sheet."""
    writer = open_journals(call.store, [_site(call)], call.at_us)
    return Done(200, stocktakes.close(writer, call.unit, call.path["number"], by=call.who.username).number)


def reopen(call: Call) -> Done:
    """Go on counting."""
    writer = open_journals(call.store, [_site(call)], call.at_us)
    number, who = call.path["number"], call.who.username
    return Done(200, stocktakes.reopen(writer, number, by=who, reason=call.body.reason).number)


def cancel(call: Call) -> Done:
    """Give a stocktake up."""
    writer = open_journals(call.store, [_site(call)], call.at_us)
    number, who = call.path["number"], call.who.username
    return Done(200, stocktakes.cancel(writer, number, by=who, reason=call.body.reason).number)


def show(call: Call, done: Done) -> Shown:
    """One stocktake as it stands."""
    value, revision = stocktakes.stocktake_of(call.store, done.key or call.path["number"])
    return Shown(_answer(call, value), revision)


def list_stocktakes(call: Call, _: Done) -> Shown:
    """The stocktakes of the caller's sites, oldest first."""
    sites = visible_sites(call.who, call.query.site)
    if sites is None:
        sites = [site for (site,) in call.store.rows("SELECT code FROM site ORDER BY code")]
    found = [each for site in sites for each in stocktakes.stocktakes_of(call.store, site)]
    wanted = [each for each in found if call.query.state in (None, each.state)]
    return Shown([_answer(call, each) for each in wanted])


def _answer(call: Call, value: Stocktake) -> StocktakeAnswer:
    counts = counting_scans.tally(call.store, value.number)
    hidden = value.method == "blind" and value.state in RUNNING
    payload = stocktakes.payload_of(call.store, value) if value.closed else None
    given = signing.standing(call.store, value.number, payload.digest) if payload else []
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
        disputed=counting_scans.disputed(call.store, value) if recounting else [],
        digest=payload.digest if payload else None,
        signatures=[_shown(each) for each in given],
    )


def _shown(each: Signature) -> SignatureAnswer:
    return SignatureAnswer(each.role, each.username, each.fingerprint, times.shown(each.signed_at))


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

    def write() -> list[Taken]:
        with call.store.writing():
            return counting_scans.take(
                call.store,
                call.path["number"],
                scans,
                sent_at_us=sent_at,
                received_at_us=call.at_us,
                by=call.who,
            )

    return Shown([_outcome(call, each) for each in call.store.retrying(write)])


def _outcome(call: Call, taken: Taken) -> ScanAnswer:
    problem = taken.problem
    fault = Fault(problem.code, _detail(call, problem), dict(problem.facts)) if problem else None
    return ScanAnswer(taken.id, taken.outcome, taken.serial, taken.belongs, fault)


def _detail(call: Call, problem: Problem) -> str:
    return sentence(f"problem.{problem.code}", problem.facts, call.locale)


def undo_scan(call: Call) -> Done:
    """Undo one scan; both are kept."""
    number = call.path["number"]
    counting_scans.undo(call.store, number, call.path["id"], by=call.who.username, at_us=call.at_us)
    return Done(200, number)


# --- the sheet


def show_sheet(call: Call, _: Done) -> Shown:
    """The sheet of a closed stocktake, a page of lines at a time."""
    store, query = call.store, call.query
    value, _revision = stocktakes.stocktake_of(store, call.path["number"])
    if value.closed is None:
        raise refuse("stocktake_not_closed", stocktake=value.number, state=value.state)
    wanted = VARIANCES if query.result == "variance" else (query.result,) if query.result else ()
    closing = value.closed.closing
    header = sheet.header_of(store, value.number, closing)
    lines = list(
        sheet.lines_of(store, value.number, closing, results=wanted, after=query.after, limit=query.limit)
    )
    variances = sheet.lines_of(store, value.number, closing, results=VARIANCES)
    payload = stocktakes.payload_of(store, value)
    given = signing.standing(store, value.number, payload.digest)
    answer = SheetAnswer(
        digest=payload.digest,
        header=_header(header),
        lines=[_line(each) for each in lines],
        unexplained=sheet.unexplained(variances),
        signatures=[_shown(each) for each in given],
    )
    following = None
    if len(lines) == query.limit:
        result = f"&result={query.result}" if query.result else ""
        place = f"after={lines[-1].row.serial}&limit={query.limit}{result}"
        following = f"/v1/stocktakes/{value.number}/sheet?{place}"
    return Shown(answer, next=following)


def _header(header: sheet.Header) -> dict[str, Any]:
    moments = {name: times.shown(getattr(header, name)) for name in ("opened_at", "closed_at")}
    shown: dict[str, Any] = msgspec.to_builtins(header)
    return {**shown, **moments}


def _line(line: sheet.Line) -> SheetLine:
    row = msgspec.structs.asdict(line.row)
    row.pop("step")
    at = row.pop("scanned_at")
    return SheetLine(
        **row,
        scanned_at=times.shown(at) if at is not None else None,
        explanation=line.explanation,
        action=line.action,
        explained_by=line.explained_by,
        revision=line.revision,
    )


def explain(call: Call) -> Done:
    """Say why a variance is there; every signature is void then."""
    writer = open_journals(call.store, [_site(call)], call.at_us)
    number, serial = call.path["number"], call.path["serial"]
    stocktakes.explain(
        writer,
        number,
        serial,
        explanation=call.body.explanation,
        action=call.body.action,
        by=call.who.username,
        expected=call.if_match,
    )
    return Done(200, f"{number}/{serial}")


def show_finding(call: Call, _: Done) -> Shown:
    """One line of the sheet with what was said of it."""
    value, _revision = stocktakes.stocktake_of(call.store, call.path["number"])
    serial = call.path["serial"]
    if value.closed is None:
        raise refuse("stocktake_not_closed", stocktake=value.number, state=value.state)
    row = call.store.row(
        "SELECT content FROM sheet_row WHERE stocktake = ? AND closing = ? AND serial = ?",
        (value.number, value.closed.closing, serial),
    )
    if row is None:
        raise refuse("not_found")
    line = sheet.line_of(sheet.decode_row(row[0]), sheet.findings_of(call.store, value.number))
    return Shown(_line(line), line.revision)


# --- signatures


def open_key(call: Call) -> None:
    """Make sure that it is still the person, by their password, and open their signing key with it.

    Both are slow on purpose, so it is done before the transaction.
    """
    reauthenticate(call)
    call.signing_key = signing_keys.open_key(call.store, call.who.username, call.body.password)


def sign(call: Call) -> Done:
    """Sign a sheet; the second of the two signatures seals it and posts its shortages."""
    store, number = call.store, call.path["number"]
    writer = open_journals(store, [_site(call)], call.services.clock())
    signed = sealing.sign(
        writer,
        call.unit,
        number,
        call.body.role,
        call.signing_key,
        by=call.who,
        digest=call.body.digest,
        session=session_digest(call),
        authenticated_at_us=call.at_us,
        rulebook=call.services.rulebook,
    )
    outcome = (signed.remarks, signed.reopened, signed.documents)
    return Done(201, msgspec.json.encode(outcome).decode())


def session_digest(call: Call) -> str:
    """What a signature keeps of the session it was given in."""
    return hashlib.sha256((call.session or "").encode()).hexdigest()


def show_signed(call: Call, done: Done) -> Shown:
    """What a signature came to."""
    value, revision = stocktakes.stocktake_of(call.store, call.path["number"])
    remarks, reopened, documents = msgspec.json.decode(done.key)
    return Shown(SignedAnswer(_answer(call, value), remarks, reopened, documents), revision)


def show_evidence(call: Call, _: Done) -> Shown:
    """The evidence: the DSSE envelope with every signature, the keys, and the journal's links, in one file."""
    value, _revision = stocktakes.stocktake_of(call.store, call.path["number"])
    if value.closed is None:
        raise refuse("stocktake_not_closed", stocktake=value.number, state=value.state)
    payload = stocktakes.payload_of(call.store, value)
    given = signing.standing(call.store, value.number, payload.digest)
    return Shown(evidence.written(evidence.bundle_of(call.store, payload, given)))
