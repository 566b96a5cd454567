"""Complaints (投诉) over HTTP: received by anybody with a role, worked by their owner, decided by others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from typing import Annotated, Literal, get_args

import msgspec
from msgspec.structs import replace

from api.callers.access import reads_in_brief, site_of_number, visible_sites
from api.calls import Call, Done, Shown
from api.resources.records import found_record
from api.resources.service.order_lists import OrderQuery, only_asked
from api.wire import times
from api.wire.paging import page, refuse_unknown
from api.writing import at_site_of_body
from devices.calendar import read_day
from devices.journal import Writer, open_journals
from devices.ledger.deciding.drafts import Party
from devices.ledger.reading.customers import customer_shown, sees_customer
from devices.ledger.reading.passport import CustomerShown
from devices.listed import Only, listed
from devices.paperwork.complaints import (
    CATEGORIES,
    CHANNELS_ASKED,
    COMPLAINTS,
    EVERYBODY,
    Category,
    Complainant,
    Complaint,
    ComplaintState,
    Consequence,
    CustomerWord,
    Measure,
    PassedTo,
    Registered,
)
from devices.paperwork.dispatches import MOST_DEVICES
from devices.paperwork_kinds import COMPLAINT
from devices.people.signing_keys import refuse_waiting
from devices.problems import refuse, refuse_foreign
from devices.records import Written, site_codes
from devices.service.complaints import handling
from devices.service.complaints.counting import complainant_of
from devices.service.complaints.deciders import steps_for
from devices.service.complaints.receiving import ComplaintAsked, receive_complaint
from devices.service.complaints.waiting import staffed_on
from devices.texts.lengths import Contact, Day, Name, Note, Sentence, Serial, Username, Word
from devices.values import UNIT

ChannelAsked = Literal["phone", "in_person", "letter", "online", "visit", "call_center", "tax_office"]
"""Any but that of a call, which is received with its answers."""
assert get_args(ChannelAsked) == CHANNELS_ASKED
MOST_PERSONS = 10
ComplainedOf = Annotated[tuple[Username, ...], msgspec.Meta(max_length=MOST_PERSONS)]


class ComplaintBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A complaint as it is received. `account` is what the customer says, in their words, `name` and `contact` who they
    are: erased with the customer, or by themselves.

    `received_at` is when the customer complained, in RFC 3339: the deadline counts from it; now where it is left out.
    `about` is the number of a job, a repair, an installation or a document; `persons` are usernames.
    """

    site: Word
    channel: ChannelAsked
    categories: Annotated[tuple[Category, ...], msgspec.Meta(min_length=1, max_length=len(CATEGORIES))]
    account: Sentence
    received_at: times.Told | None = None
    name: Name | None = None
    contact: Contact | None = None
    customer: Party | None = None
    about: Word | None = None
    serials: Annotated[tuple[Serial, ...], msgspec.Meta(max_length=MOST_DEVICES)] = ()
    persons: ComplainedOf = ()


class HandOverBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who owns it from now on, and why: journalled for good, no personal data there."""

    owner: Username
    reason: Sentence


class InvestigateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner found, and whether it is valid in their view: journalled for good, no personal data there.

    `persons` are further people complained of; `customer` who the customer is, where nobody knew.
    """

    text: Sentence
    valid: bool
    persons: ComplainedOf = ()
    customer: Party | None = None


class DecideBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The decision; `received` sends it back. `persons` are further people complained of, `cleared` those of them whom
    it was found not to be about. `reason` is asked for where that is not what the owner found, or clears somebody.
    """

    decision: handling.Decision
    reason: Note | None = None
    persons: ComplainedOf = ()
    cleared: ComplainedOf = ()


class ResolveBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it was made good, or what was explained of an invalid one: journalled for good, no personal data there.

    A valid one has `apology_at`, when the customer was apologised to, in RFC 3339, and the `consequence` for those
    complained of.
    """

    text: Sentence
    apology_at: times.Told | None = None
    consequence: Consequence | None = None
    passed_to: PassedTo | None = None


class ConfirmBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The customer's word, by a call or a visit of somebody else than the owner; a reason for any but content."""

    word: CustomerWord
    reason: Note | None = None


class CorrectBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The corrective action: what is done, by whom, by which day. `what` is journalled for good: no personal data."""

    what: Sentence
    owner: Username
    due_on: Day


class CheckBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was seen of the corrective action, and whether it holds: journalled for good, no personal data there."""

    text: Sentence
    holds: bool


class CloseComplaintBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an invalid one is closed, where there is more to say than the decision."""

    reason: Note | None = None


class RegisterBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number under which the call centre has it, and the day on which it was registered."""

    reference: Word
    day: Day


class ComplaintQuery(OrderQuery, frozen=True, kw_only=True):
    """Complaints in one state besides, or of one owner; the day is that on which it was written down."""

    state: ComplaintState | None = None
    owner: Username | None = None


class ComplaintAnswer(Complaint, frozen=True):
    """A complaint as the caller sees it.

    `customer_shown` is told to whoever sees the customer; `complainant` to the owner, and to whoever reads the site and
    is not complained of: not to a token without a person, who may be. `next` are the steps that the caller may take.
    """

    customer_shown: CustomerShown | None = None
    complainant: Complainant | None = None
    next: tuple[str, ...] = ()


COMPLAINT_BODIES: dict[str, type[msgspec.Struct] | None] = {
    "hand_over": HandOverBody,
    "investigate": InvestigateBody,
    "decide": DecideBody,
    "resolve": ResolveBody,
    "confirm": ConfirmBody,
    "correct": CorrectBody,
    "check": CheckBody,
    "close": CloseComplaintBody,
    "register": RegisterBody,
}
"""What each step of a complaint asks for, but for erasing, which asks for a password."""

COMPLAINT_TOLD = {
    "hand_over": "Give it to another owner, where its own left, is complained of, was idle, or alone could decide.",
    "investigate": "Tell, as its owner, what was found and whether it is valid in their view.",
    "decide": "Decide whether it is valid, as somebody who neither owns it nor is complained of.",
    "resolve": "Tell, as its owner, how it was made good, or what was explained of an invalid one.",
    "confirm": "Tell the customer's word; one who is not content waits for another remedy, or another decision.",
    "correct": "Agree, as its owner, on a corrective action of a valid one.",
    "check": "Tell what was seen of the corrective action; it is closed once that holds.",
    "close": "Close an invalid one.",
    "register": "Tell the number under which the call centre has it (统一备案).",
    "erase": "Erase for good who complained and what they said; what was found and decided stays.",
}


def take_complaint(call: Call) -> Done:
    """Receive a complaint; whoever does owns it to the end."""
    body: ComplaintBody = call.body
    asked = ComplaintAsked(
        site=body.site,
        channel=body.channel,
        received_at=call.at_us
        if body.received_at is None
        else times.moment(body.received_at, "/received_at"),
        categories=body.categories,
        complainant=Complainant(body.account, body.name or None, body.contact or None),
        customer=body.customer,
        about=body.about or None,
        serials=body.serials,
        persons=body.persons,
    )
    written = receive_complaint(at_site_of_body(call), call.unit, asked, by=call.who.username)
    return Done(201, written.key)


_ComplaintAct = Callable[[Call, Writer, Complaint, int], Written]


def _hand_over(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    body: HandOverBody = call.body
    return handling.hand_complaint_over(
        writer, value, revision, body.owner, body.reason, by=call.who.username
    )


def _investigate(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    body: InvestigateBody = call.body
    finding = handling.Investigated(
        text=body.text, valid=body.valid, persons=body.persons, customer=body.customer
    )
    return handling.investigate(writer, value, revision, finding, by=call.who.username)


def _decide(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    body: DecideBody = call.body
    verdict = handling.Verdict(
        decision=body.decision, reason=body.reason or None, persons=body.persons, cleared=body.cleared
    )
    return handling.decide_complaint(writer, value, revision, verdict, by=call.who.username)


def _resolve(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    body: ResolveBody = call.body
    at_us = None if body.apology_at is None else times.moment(body.apology_at, "/apology_at")
    remedy = handling.Remedy(
        text=body.text, apology_at=at_us, consequence=body.consequence, passed_to=body.passed_to
    )
    return handling.resolve(writer, value, revision, remedy, by=call.who.username)


def _confirm(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    body: ConfirmBody = call.body
    return handling.confirm_with_customer(
        writer, value, revision, body.word, body.reason or None, by=call.who.username
    )


def _correct(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    body: CorrectBody = call.body
    measure = Measure(body.what, body.owner, _day(body.due_on, "/due_on"))
    return handling.agree_on_measure(writer, call.unit, value, revision, measure, by=call.who.username)


def _check(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    body: CheckBody = call.body
    return handling.check_measure(
        writer, call.unit, value, revision, body.text, held=body.holds, by=call.who.username
    )


def _close(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    return handling.close_invalid(
        writer, call.unit, value, revision, call.body.reason or None, by=call.who.username
    )


def _register(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    body: RegisterBody = call.body
    told = Registered(body.reference, _day(body.day, "/day"))
    return handling.register_complaint(writer, call.unit, value, revision, told, by=call.who.username)


def _erase(call: Call, writer: Writer, value: Complaint, revision: int) -> Written:
    refuse_waiting(call.store, call.who.username)
    return handling.erase_complainant(writer, value, revision, by=call.who.username)


def _day(text: str, pointer: str) -> str:
    """An ISO day of a body. Raises Refused (`malformed_date`)."""
    if read_day(text) is None:
        raise refuse("malformed_date", pointer, date=text)
    return text


COMPLAINT_ACTS: dict[str, _ComplaintAct] = {
    "hand_over": _hand_over,
    "investigate": _investigate,
    "decide": _decide,
    "resolve": _resolve,
    "confirm": _confirm,
    "correct": _correct,
    "check": _check,
    "close": _close,
    "register": _register,
    "erase": _erase,
}
"""By the step's name; every declared one is here."""
assert list(COMPLAINT_ACTS) == list(COMPLAINTS.step), "a step that nobody can take"
assert set(COMPLAINT_BODIES) | {"erase"} == set(COMPLAINTS.step), "a step that asks for nothing declared"


def complaint_step(name: str) -> Callable[[Call], Done]:
    """A function that takes a step of a complaint, for whom it is to take."""

    def write(call: Call) -> Done:
        number = call.path["number"]
        sites = [site_of_number(number), *([UNIT] if name == "register" else [])]
        writer = open_journals(call.store, sites, call.at_us)
        value, revision = found_record(call, COMPLAINT, number)
        _refuse_unread(call, value)
        handling.refuse_others(writer, call.unit, name, value, call.who)
        COMPLAINT_ACTS[name](call, writer, value, revision)
        return Done(200, value.number)

    write.__doc__ = COMPLAINT_TOLD[name]
    return write


def show_complaint(call: Call, done: Done) -> Shown:
    """One complaint as the caller may see it."""
    value, revision = found_record(call, COMPLAINT, done.key or call.path["number"])
    return Shown(complaint_seen(call, value), revision)


def reads_complaint(call: Call, value: Complaint) -> bool:
    """Whether a complaint is the caller's to read: of a site they read, or their own."""
    return reads_in_brief(call.who, COMPLAINT.name, value.site, value.owner)


def _refuse_unread(call: Call, value: Complaint) -> None:
    if not reads_complaint(call, value):
        raise refuse_foreign()


def complaint_seen(call: Call, value: Complaint) -> ComplaintAnswer:
    """A complaint as the caller may see it.

    Raises Refused (`not_found`) for one that is neither of their site nor theirs.
    """
    _refuse_unread(call, value)
    who, store = call.who, call.store
    steps = steps_for(staffed_on(store, call.today), value, who)
    answer = ComplaintAnswer(**msgspec.structs.asdict(value), next=tuple(steps))
    if who.username == value.owner or (who.username and who.username not in value.persons):
        answer = replace(answer, complainant=complainant_of(store, value.number))
    if value.customer is not None and sees_customer(store, value.customer, who.reads):
        answer = replace(answer, customer_shown=customer_shown(store, value.customer))
    return answer


def list_complaints(call: Call, _: Done) -> Shown:
    """The complaints of the sites that the caller reads, and those they own, by number."""
    return page(call, _wanted(call), COMPLAINT.key)


def _wanted(call: Call) -> Iterator[Complaint]:
    query: ComplaintQuery = call.query
    refuse_unknown(call, "owner")
    refuse_unknown(call, "site")
    only = only_asked(call, query.state, query.owner)
    works_there = query.site is not None and call.who.may(EVERYBODY, query.site)
    every = (
        [] if works_there and not call.who.reads(query.site or "") else visible_sites(call.who, query.site)
    )
    return complaints_in_sight(call, every, owned_at(call, query.site), only, query.place)


def complaints_in_sight(
    call: Call,
    sites: list[str] | None,
    elsewhere: list[str],
    only: Only,
    after: str = "",
    *,
    newest_first: bool = False,
) -> Iterator[Complaint]:
    """The complaints of these sites, None for all, and the caller's own of those `elsewhere`, by number."""
    username = call.who.username
    found = listed(call.store, COMPLAINT, sites, after, only, newest_first=newest_first)
    if not username or not elsewhere or only.assignee not in (None, username):
        return found
    own = replace(only, assignee=username)
    # Not by their sites too: no engine has statistics of that, and PostgreSQL would sort all that they own.
    theirs = listed(call.store, COMPLAINT, None, after, own, newest_first=newest_first)
    outside = (value for value in theirs if value.site in elsewhere)
    return merge(found, outside, key=COMPLAINT.key, reverse=newest_first)


def owned_at(call: Call, site: str | None = None) -> list[str]:
    """The sites that the caller does not read, and at which they may own complaints; of one alone where it is named."""
    there = receiving_sites(call) if site is None else [site]
    return [each for each in there if call.who.may(EVERYBODY, each) and not call.who.reads(each)]


def receiving_sites(call: Call) -> list[str]:
    """The sites at which somebody receives complaints, by code: every one, where they have a role of the whole unit."""
    if any(role in EVERYBODY and site == UNIT for role, site in call.who.roles):
        return site_codes(call.store)
    return sorted(call.who.sites_of(EVERYBODY))
