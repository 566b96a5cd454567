"""Sheets over HTTP: what a close found, explained, signed, and exported as evidence."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.calls import Call, Done, Shown
from api.resources.stocktakes import StocktakeAnswer, answer_of, site_of_stocktake
from api.signing import SignatureAnswer, shown_signature, signing_of
from api.wire import times
from api.wire.paging import PAGE, Limit, cut
from api.writing import at_site_of_number
from devices.audit import evidence, signing, vouching
from devices.audit.kinds import LateScan
from devices.audit.stocktake import sealing, sheet, stocktakes
from devices.audit.stocktake.counting import RESULT, VARIANCES
from devices.audit.stocktake.late import late_on_sheet
from devices.audit.stocktake.reading import sheet_line
from devices.journal import open_journals
from devices.problems import refuse
from devices.texts.lengths import Sentence, Serial, one_of


class FindingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a variance is there, and what is done about it."""

    explanation: Sentence
    action: Sentence


OneResult = Annotated[str, one_of([*RESULT, "variance"])]


class SheetQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines of a sheet: those of one result, or the variances, after a serial."""

    result: OneResult | None = None
    after: Serial = ""
    limit: Limit = PAGE


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
    """A sheet: its digest, its header with the summary by model, and a page of its lines by serial.

    `late` are the scans that came after the close, until the seal. `let_in_by_one` is true where one person may have
    signed for all: they let all in, and nobody else confirmed.
    """

    digest: str
    header: sheet.Header
    lines: list[SheetLine]
    unexplained: list[str]
    late: list[LateScan]
    signatures: list[SignatureAnswer]
    let_in_by_one: bool


class SignedAnswer(msgspec.Struct, frozen=True):
    """What a signature came to: sealed, waiting for the other, or reopened since short devices have moved.

    `remarks` are what the sheet tells its signers; `documents` the shortages that the seal posted.
    """

    stocktake: StocktakeAnswer
    remarks: list[str]
    reopened: list[str]
    documents: list[str]


def show_sheet(call: Call, _: Done) -> Shown:
    """The sheet of a closed stocktake, a page of lines at a time."""
    store, query = call.store, call.query
    value, _revision = stocktakes.stocktake_of(store, call.path["number"])
    if value.closed is None:
        raise refuse("stocktake_not_closed", stocktake=value.number, state=value.state)
    wanted = VARIANCES if query.result == "variance" else (query.result,) if query.result else ()
    closing = value.closed.closing
    header = sheet.header_of(store, value.number, closing)
    found = list(
        sheet.lines_of(store, value.number, closing, results=wanted, after=query.after, limit=query.limit + 1)
    )
    lines, more = cut(found, query.limit)
    variances = sheet.lines_of(store, value.number, closing, results=VARIANCES)
    payload = stocktakes.payload_of(store, value)
    given = vouching.standing_vouched(store, value.number, payload.digest)
    answer = SheetAnswer(
        digest=payload.digest,
        header=header,
        lines=[_line(each) for each in lines],
        unexplained=sheet.unexplained(variances),
        late=late_on_sheet(store, value),
        signatures=[shown_signature(each) for each in given],
        let_in_by_one=vouching.let_in_by_one(given),
    )
    return Shown(answer, next={"after": lines[-1].row.serial} if more else None)


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
    writer = at_site_of_number(call)
    number, serial = call.path["number"], call.path["serial"]
    stocktakes.explain_variance(
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
    if value.closed is None:
        raise refuse("stocktake_not_closed", stocktake=value.number, state=value.state)
    line = sheet_line(call.store, value.number, value.closed.closing, call.path["serial"])
    if line is None:
        raise refuse("not_found")
    return Shown(_line(line), line.revision)


def sign(call: Call) -> Done:
    """Sign a sheet; the second of the two signatures seals it and posts its shortages."""
    store, number = call.store, call.path["number"]
    writer = open_journals(store, [site_of_stocktake(call)], call.services.clock())
    signed = sealing.sign_sheet(writer, call.unit, number, signing_of(call), rulebook=call.services.rulebook)
    outcome = (signed.remarks, signed.reopened, signed.documents)
    return Done(201, msgspec.json.encode(outcome).decode())


def show_signed(call: Call, done: Done) -> Shown:
    """What a signature came to."""
    value, revision = stocktakes.stocktake_of(call.store, call.path["number"])
    remarks, reopened, documents = msgspec.json.decode(done.key)
    return Shown(SignedAnswer(answer_of(call, value), remarks, reopened, documents), revision)


def show_evidence(call: Call, _: Done) -> Shown:
    """The evidence once it is sealed: the DSSE envelope, the keys, the journal's links and its records, in one file."""
    value, _revision = stocktakes.stocktake_of(call.store, call.path["number"])
    if value.closed is None:
        raise refuse("stocktake_not_closed", stocktake=value.number, state=value.state)
    payload = stocktakes.payload_of(call.store, value)
    given = signing.standing(call.store, value.number, payload.digest)
    return Shown(evidence.written(evidence.bundle_of(call.store, payload, given)))
