"""Customers over HTTP: found, corrected, erased."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.calls import Call, Done, Shown
from api.resources.records import found_record
from api.wire.secret_fields import Password
from api.wire.texts import Line
from api.writing import at_site_of_number
from devices import records, taxpayers
from devices.journal import Writer
from devices.ledger.duties.open_orders import deals_with
from devices.ledger.posting.customers import hold_customers, write_customer
from devices.ledger.posting.erasure import refuse_erasure
from devices.ledger.reading.customers import customer_data, number_of_taxpayer
from devices.paperwork import Customer, CustomerData, home_of
from devices.paperwork_kinds import CUSTOMER
from devices.people import signing_keys
from devices.problems import Problem, refuse


class CustomerQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer by taxpayer id."""

    taxpayer_id: str


class CustomerAnswer(msgspec.Struct, frozen=True):
    """A customer; `site` is the one they belong to, which corrects and erases. `data` is null once it was erased."""

    number: str
    site: str
    data: CustomerData | None
    erased: bool


class CustomerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's data as it should be."""

    name: Line
    address: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    contact: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class EraseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The auditor's own password, entered again: what is erased never comes back."""

    password: Password


def show_customer(call: Call, done: Done) -> Shown:
    """One customer with their data."""
    number = done.key or call.path["number"]
    value, revision = found_record(call, CUSTOMER, number)
    if not deals_with(call.store, number, call.who.reads):
        raise refuse("not_found")
    return Shown(_answer(call, value), revision)


def find_customer(call: Call, _: Done) -> Shown:
    """The customer with this taxpayer id whom one of the caller's sites deals with: one or none."""
    taxpayer = taxpayers.recognise_taxpayer(call.query.taxpayer_id, "/taxpayer_id")
    if isinstance(taxpayer, Problem):
        raise refuse(taxpayer.code, taxpayer.pointer, **taxpayer.facts)
    number = number_of_taxpayer(call.store, taxpayer.id)
    found = records.current(call.store, CUSTOMER, number) if number else None
    shown = [found[0]] if found and deals_with(call.store, found[0].number, call.who.reads) else []
    return Shown([_answer(call, value) for value in shown])


def replace_customer(call: Call) -> Done:
    """Correct a customer's name, address or contact; the taxpayer id stays."""
    value, revision, writer = _held_customer(call)
    if revision != call.if_match:
        raise refuse("if_match_failed", revision=revision)
    old = _answer(call, value).data
    if old is None:
        raise refuse("already_erased", customer=value.number)
    changed = msgspec.structs.replace(old, **msgspec.structs.asdict(call.body))
    write_customer(writer, call.unit, value.number, changed, by=call.who.username)
    return Done(200, value.number)


def erase_customer(call: Call) -> Done:
    """Erase a customer's personal data for good (个人信息保护法 article 47); the chain stays whole.

    Journalled free text and attachments are not reached. Refused while the customer has devices of ours, or a
    proposal that waits for an auditor would give them one, and to a person whose signing key waits.
    """
    signing_keys.refuse_waiting(call.store, call.who.username)
    value, _, writer = _held_customer(call)
    if value.erased:
        raise refuse("already_erased", customer=value.number)
    refuse_erasure(call.store, value.number)
    changed = msgspec.structs.replace(value, commitment="", erased=True)
    records.write(writer, CUSTOMER, changed, by=call.who.username)
    records.erase_personal(call.store, CUSTOMER, value.number)
    return Done(200, value.number)


def _answer(call: Call, value: Customer) -> CustomerAnswer:
    data = customer_data(call.store, value.number)
    return CustomerAnswer(value.number, home_of(value.number), data, value.erased)


def _held_customer(call: Call) -> tuple[Customer, int, Writer]:
    """A customer whom nobody else changes, or sells anything to, meanwhile; with the writer of their journal."""
    number = call.path["number"]
    writer = at_site_of_number(call)
    hold_customers(call.store, [number])
    value, revision = found_record(call, CUSTOMER, number)
    return msgspec.structs.replace(value, site=home_of(number)), revision, writer
