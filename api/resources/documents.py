"""Documents over HTTP: posting, the review queue, approval, rejection and withdrawal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from api.callers import security_log
from api.callers.access import reads_records, site_of_number
from api.callers.masking import foreign_document_for
from api.calls import Call, Done, Shown
from api.wire import times
from api.wire.paging import PAGE, After, Limit, SiteQuery, after_cursor, cut, sites_asked
from api.wire.secret_fields import Password
from devices.ledger.posting import post, reviewing
from devices.ledger.reading import listing
from devices.ledger.reading.history import TokenNamed
from devices.ledger.reading.posted import as_posted, serials_moved
from devices.lifecycle import DOCUMENT
from devices.people.signing_in import sign_in
from devices.problems import refuse
from devices.texts.lengths import Day, Note, one_of
from devices.values import Instant

OneDocument = Annotated[str, one_of(DOCUMENT)]


class DocumentQuery(SiteQuery, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Which documents: by site, type, status, review state and business date; a page at a time."""

    type: OneDocument | None = None
    status: Literal["pending", "posted", "rejected", "withdrawn", "reversed"] | None = None
    review: Literal["none", "waiting", "approved", "rejected", "withdrawn"] | None = None
    from_: Day | None = None
    to: Day | None = None


class LinesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of a document's lines: those after line `after`."""

    after: After = 0
    limit: Limit = PAGE


class ReviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An auditor's decision, with the password again. A rejection says why."""

    decision: Literal["approve", "reject"]
    password: Password
    reason: Note | None = None


class PostedAnswer(msgspec.Struct, frozen=True):
    """A document as it was posted: pending ones have no effect until an auditor approves.

    `lines` are the serials it moves, in order; `repeated` those scanned more than once; `findings` what it found
    besides: short, over, duplicate, malformed, extra, damaged. `withheld` is the number of the blind count that keeps
    these from a caller who asks again for what they posted before it.
    """

    number: str
    type: str
    status: Literal["posted", "pending"]
    business_date: str
    recorded_at: Instant
    made_by: str
    token: TokenNamed | None
    lines: int
    serials: list[str]
    repeated: list[str]
    findings: dict[str, Any]
    journal: dict[str, Any]
    withheld: str | None = None


def post_document(call: Call) -> Done:
    """Post one document, all or nothing."""
    person = call.who
    poster = post.Poster(person.username, person.token, call.request)
    posted = post.post(
        call.store, call.unit, call.body, by=poster, at_us=call.at_us, rulebook=call.services.rulebook
    )
    return Done(202 if posted.status == "pending" else 201, posted.number)


def show_posted(call: Call, done: Done) -> Shown:
    """The answer to a posting; it is read from what never changes, so a repetition gets the same."""
    document = as_posted(call.store, done.key)
    pending = done.status == 202
    serials = _proposed(document.content) if pending else serials_moved(call.store, done.key)
    answer = PostedAnswer(
        number=done.key,
        type=document.type,
        status="pending" if pending else "posted",
        business_date=document.business_date,
        recorded_at=document.recorded_at_us,
        made_by=document.made_by,
        token=document.token,
        lines=len(serials),
        serials=serials,
        repeated=document.content.get("repeated", []),
        findings=document.content.get("findings", {}),
        journal={"site": document.journal_site, "seq": document.journal_seq, "hash": document.hash},
    )
    return Shown(answer, location=f"/v1/documents/{done.key}")


def _proposed(content: dict[str, Any]) -> list[str]:
    named = [item.get("serial") for item in content.get("lines", [])] or content.get("serials") or []
    return [serial for serial in named if serial]


def confirm_password(call: Call) -> None:
    """Make sure that it is still the person, by their password."""
    session_store = call.services.session_store
    sign_in.reauthenticate(call.store, session_store, call.who, call.body.password, call.address, call.at_us)
    call.events.append(security_log.REAUTHENTICATED)


def review_document(call: Call) -> Done:
    """Approve or reject, as a person who has just re-entered the password."""
    return _review(call, call.body.decision, call.body.reason)


def withdraw_document(call: Call) -> Done:
    """Take one's own proposal back."""
    return _review(call, "withdraw", None)


def _review(call: Call, decision: reviewing.Decision, reason: str | None) -> Done:
    reviewing.review(
        call.store,
        call.unit,
        call.path["number"],
        decision,
        by=call.who.username,
        reason=reason,
        at_us=call.at_us,
        rulebook=call.services.rulebook,
    )
    return Done(200, call.path["number"])


def show_document(call: Call, done: Done) -> Shown:
    """One document with its standing, its review and a page of its lines.

    Of another site's, the type, the day and the lines of the devices that one of the caller's sites answered for.
    """
    number = done.key or call.path["number"]
    query = call.query if isinstance(call.query, LinesQuery) else LinesQuery()
    page = {"after": query.after, "limit": query.limit + 1}
    found: listing.DocumentView | listing.ForeignDocument | None
    if reads_records(call.who, site_of_number(number)):
        found = listing.document(call.store, number, **page)
    else:
        found = foreign_document_for(call, number, **page)
    if found is None:
        raise refuse("not_found")
    lines, more = cut(found.lines, query.limit)
    following = {"after": lines[-1].n} if more else None
    return Shown(msgspec.structs.replace(found, lines=lines), next=following)


def list_documents(call: Call, _: Done) -> Shown:
    """Documents of the caller's sites, newest last."""
    query = call.query
    sites = sites_asked(call)
    found = listing.documents(
        call.store,
        sites=sites,
        type=query.type,
        status=query.status,
        review=query.review,
        from_date=query.from_ and times.day(query.from_, "from"),
        to_date=query.to and times.day(query.to, "to"),
        cursor=query.cursor,
        limit=query.limit,
    )
    return Shown(found, next=after_cursor(found.cursor))
