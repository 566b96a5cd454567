"""Customers over HTTP: looked up, corrected, moved to another home, erased."""

from __future__ import annotations

import msgspec

from api.callers.guessing import count_guess, refuse_waiting
from api.calls import Call, Done, Shown
from api.resources.records import found_record
from api.wire.secret_fields import Password
from devices import records, taxpayers
from devices.journal import Writer, open_journals
from devices.ledger.posting.customers import hold_customers, write_customer
from devices.ledger.posting.erasure import forget_customer, refuse_erasure, sites_about
from devices.ledger.posting.notices import move_home
from devices.ledger.reading.customers import customer_data, number_of_taxpayer, sees_customer
from devices.lifecycle import DESK
from devices.paperwork.customers import Customer, CustomerData
from devices.paperwork_kinds import CUSTOMER
from devices.people import signing_keys
from devices.people.grants import refuse_site
from devices.problems import Problem, Refused, refuse, refuse_foreign
from devices.texts.lengths import Address, Contact, CustomerName, Line, Word


class LookupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer by taxpayer id; another site's by the name, too. It is in the body, which no log keeps."""

    taxpayer_id: Word
    name: CustomerName | None = None


class CustomerAnswer(msgspec.Struct, frozen=True):
    """A customer; `site` is their home, which corrects and erases. `data` is null once it was erased.

    `masked`: the caller named them rightly, but does not see them; there is no number then, nor what was not said.
    """

    number: str | None
    site: str
    data: CustomerData | None
    erased: bool
    masked: bool = False


class HomeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site that is to be a customer's home."""

    site: Word


class CustomerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's data as it should be."""

    name: Line
    address: Address | None = None
    contact: Contact | None = None


class EraseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The auditor's own password, entered again: what is erased never comes back."""

    password: Password


def show_customer(call: Call, done: Done) -> Shown:
    """One customer with their data."""
    value, revision = seen_customer(call, done.key or call.path["number"])
    return Shown(_answer(call, value), revision)


def seen_customer(call: Call, number: str) -> tuple[Customer, int]:
    """A customer whom the caller sees, with the revision. Raises Refused (`not_found`)."""
    value, revision = found_record(call, CUSTOMER, number)
    if not sees_customer(call.store, number, call.who.reads):
        raise refuse_foreign()
    return value, revision


def find_customer(call: Call, _: Done) -> Shown:
    """The customer with this taxpayer id whom the caller sees, or has named rightly: one or none."""
    body = call.body
    refuse_waiting(call)
    taxpayer = taxpayers.recognise_taxpayer(body.taxpayer_id, "/taxpayer_id")
    if isinstance(taxpayer, Problem):
        raise refuse(taxpayer.code, taxpayer.pointer, **taxpayer.facts)
    number = number_of_taxpayer(call.store, taxpayer.id)
    found = records.current(call.store, CUSTOMER, number) if number else None
    if found and sees_customer(call.store, found[0].number, call.who.reads):
        return Shown([_answer(call, found[0])])
    data = customer_data(call.store, number) if number else None
    if body.name is None:
        return Shown([])
    if found is None or data is None or data.name is None or not taxpayers.same_name(data.name, body.name):
        count_guess(call)
        return Shown([])
    told = CustomerData(data.taxpayer_id, data.form, data.name)
    return Shown([CustomerAnswer(None, found[0].home, told, erased=False, masked=True)])


def replace_customer(call: Call) -> Done:
    """Correct a customer's name, address or contact, at their home; the taxpayer id stays."""
    value, revision, writer = _held_customer(call, DESK)
    if revision != call.if_match:
        raise refuse("if_match_failed", revision=revision)
    old = _answer(call, value).data
    if old is None:
        raise refuse("already_erased", customer=value.number)
    changed = msgspec.structs.replace(old, **msgspec.structs.asdict(call.body))
    write_customer(writer, call.unit, value, changed, by=call.who.username)
    return Done(200, value.number)


def move_customer(call: Call) -> Done:
    """Make another site a customer's home: it keeps their data from now on, and sees them always."""
    number, site = call.path["number"], call.body.site
    home = found_record(call, CUSTOMER, number)[0].home
    writer = open_journals(call.store, [home, site], call.at_us)
    hold_customers(call.store, [number])
    value, revision = found_record(call, CUSTOMER, number)
    if problems := [*refuse_site(call.store, site)]:
        raise Refused(problems)
    if value.home != home:
        raise refuse("race_lost", serial=None)
    if site == home:
        raise refuse("same_destination", "/site", site=site)
    if value.erased:
        raise refuse("already_erased", customer=number)
    move_home(writer, value, revision, site, by=call.who.username)
    return Done(200, number)


def erase_customer(call: Call) -> Done:
    """Erase a customer's personal data for good (个人信息保护法 article 47); the chain stays whole.

    Every record of them is reached, and what they signed; journalled free text and other attachments are not. Refused
    while the customer has devices of ours or open service, or a proposal that waits for an auditor would give them
    one, and to a person whose signing key waits.
    """
    signing_keys.refuse_waiting(call.store, call.who.username)
    value, _, writer = _held_customer(call, ("auditor",), everywhere=True)
    if value.erased:
        raise refuse("already_erased", customer=value.number)
    kinds = call.services.kinds
    refuse_erasure(call.store, value.number, kinds)
    forget_customer(writer, value, kinds, by=call.who.username)
    return Done(200, value.number)


def _answer(call: Call, value: Customer) -> CustomerAnswer:
    return CustomerAnswer(value.number, value.home, customer_data(call.store, value.number), value.erased)


def _held_customer(
    call: Call, roles: tuple[str, ...], *, everywhere: bool = False
) -> tuple[Customer, int, Writer]:
    """A customer whom nobody else changes, or sells anything to, meanwhile; with the writer of their home's journal.

    `everywhere`: and of the journals of every site that keeps records of them. Raises Refused: `not_found` for one whom
    the caller does not see, `role_missing` for who has none of these at home.
    """
    number = call.path["number"]
    home = seen_customer(call, number)[0].home
    if not call.who.may(roles, home):
        raise refuse("role_missing", roles=list(roles), site=home)
    sites = sites_about(call.store, number) if everywhere else set()
    writer = open_journals(call.store, [home, *sites], call.at_us)
    hold_customers(call.store, [number])
    value, revision = found_record(call, CUSTOMER, number)
    if value.home != home or (everywhere and not sites_about(call.store, number) <= {home, *sites}):
        raise refuse("race_lost", serial=None)
    return value, revision, writer
