"""The passport of a device: where it is, whose it is, on which document, and what may come next."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from devices.ledger.reading.replacements import LONGEST_CHAIN
from devices.lifecycle import FROM, POSTED, roles_of, starts_of
from devices.paperwork.customers import CustomerData
from devices.problems import Fact
from devices.store.database import Store
from devices.values import Instant


class CustomerShown(msgspec.Struct, frozen=True):
    """A device's customer. `masked`: the viewer's site may not see them; `erased`: their data was erased by request."""

    number: str | None = None
    taxpayer_id: str | None = None
    name: str | None = None
    address: str | None = None
    contact: str | None = None
    masked: bool = False
    erased: bool = False


class Passport(msgspec.Struct, frozen=True, kw_only=True):
    """What Panku knows of one device now.

    `document` is the one that last moved it, with its `status` and `review`; `step` the number of its lines;
    `reserved_by` the proposal that waits for it; `paired_with` the disk it was registered with, or what has replaced
    that since, while it is the same customer's. Dates are ISO dates.

    `withheld` is the number of the blind count that keeps all but what and whose it is from a reader: `state`,
    `document`, `step` and the times are None then.
    """

    serial: str
    kind: str
    model: str
    model_name: str
    state: str | None
    register: str | None
    site: str | None
    bin: str | None
    party: str | None
    responsible_site: str
    customer: CustomerShown | None
    warranty_until: str | None
    replaces: str | None
    replaced_by: str | None
    paired_with: str | None
    order_number: str | None
    meant_for: str | None
    mark: str | None
    reserved_by: str | None
    document: str | None
    status: str | None
    review: str | None
    step: int | None
    recorded_at_us: Instant | None
    business_date: str | None
    withheld: str | None = None


class Next(msgspec.Struct, frozen=True):
    """A document that may come next, or the problem's code and facts that say why it may not."""

    type: str
    allowed: bool
    code: str | None = None
    facts: dict[str, Fact] = {}


PLAIN_FIELDS = tuple(name for name in Passport.__struct_fields__ if name not in ("customer", "withheld"))
TOLD_OF_WITHHELD = frozenset(("serial", "kind", "model", "model_name", "register", "site", "customer"))
"""What is told of a device whose register its reader counts blind; every other field could give its place away."""
# By hand: a recursive walk, and the hot path of the lookup.
PAIR = (
    "(WITH RECURSIVE pair (serial, state, customer, replaced_by, hop) AS ("
    "SELECT q.serial, q.state, q.customer, q.replaced_by, 1 FROM position q WHERE q.serial = p.paired_with"
    " UNION ALL SELECT q.serial, q.state, q.customer, q.replaced_by, pair.hop + 1 FROM pair"
    f" JOIN position q ON q.serial = pair.replaced_by WHERE pair.hop < {LONGEST_CHAIN})"
    " SELECT pair.serial FROM pair WHERE pair.customer = p.customer AND pair.state <> 'lost' ORDER BY hop LIMIT 1)"
)
"""The pair of a device as it is now: a line tells of the day it was registered, and its pair may be swapped since."""
PASSPORTS = (
    "SELECT p.customer, c.content, c.key, p.serial, m.kind, p.model, m.name, p.state, p.register, p.site, p.bin,"
    f" p.party, p.responsible_site, p.warranty_until, p.replaces, p.replaced_by, {PAIR}, p.order_number,"
    " p.meant_for, p.mark, r.document, p.document, s.status, s.review, p.step, p.recorded_at, p.business_date"
    " FROM position p JOIN model m ON m.code = p.model"
    " LEFT JOIN personal c ON c.kind = 'customer' AND c.key = p.customer AND c.latest = 1"
    " LEFT JOIN reservation r ON r.serial = p.serial LEFT JOIN standing s ON s.document = p.document"
)


def passports(store: Store, serials: Sequence[str]) -> dict[str, Passport]:
    """The passports of these serials, by serial, in one statement; a serial Panku never held is missing."""
    rows = store.rows_in(f"{PASSPORTS} WHERE p.serial IN (:each)", serials)
    return {passport.serial: passport for passport in map(passport_of, rows)}


def passport_of(row: Sequence[Any]) -> Passport:
    """A passport from the columns of PASSPORTS."""
    number, content, known, *plain = row
    customer = _customer(number, content, known is not None) if number is not None else None
    return Passport(customer=customer, **dict(zip(PLAIN_FIELDS, plain, strict=True)))


def _customer(number: str, content: str | None, known: bool) -> CustomerShown:
    if content is None:
        return CustomerShown(number, erased=known)
    data = msgspec.json.decode(content, type=CustomerData)
    return CustomerShown(number, data.taxpayer_id, data.name, data.address, data.contact)


def masked(passport: Passport, seen: Collection[str]) -> Passport:
    """The passport as a viewer may see it who sees these customers, by number; any other is masked."""
    customer = passport.customer
    if customer is None or customer.number in seen:
        return passport
    return replace(passport, customer=CustomerShown(masked=True))


def without_place(passport: Passport, stocktake: str) -> Passport:
    """The passport as a counter of its register may see it while that is counted blind."""
    hidden = dict.fromkeys((name for name in PLAIN_FIELDS if name not in TOLD_OF_WITHHELD), None)
    answering = passport.site or passport.responsible_site
    return replace(passport, **{**hidden, "responsible_site": answering, "withheld": stocktake})


_STARTS = {
    document.name: list(
        dict.fromkeys(s for role in roles_of(document.name) for s in starts_of(document.name, role))
    )
    for document in POSTED
}
_REGISTERS = {
    (document.name, state): frozenset(
        register
        for role in roles_of(document.name)
        for step in FROM.get((document.name, role, state), ())
        for register in step.registers
    )
    for document in POSTED
    for state in _STARTS[document.name]
}
"""By document and state: the registers from which the lifecycle lets it take a device."""


def next_steps(passport: Passport) -> tuple[Next, ...]:
    """Every document that moves devices, in the lifecycle's order: may it take this device as it stands?

    Only the declared steps and reservations are asked; a document's own rules may still refuse what it says. Nothing
    is told of a device that is withheld.
    """
    if passport.withheld:
        return ()
    return tuple(_next(passport, document, starts) for document, starts in _STARTS.items() if starts)


def _next(passport: Passport, document: str, starts: list[str]) -> Next:
    registers = _REGISTERS.get((document, passport.state or ""))
    if registers is None:
        facts: dict[str, Fact] = {
            "serial": passport.serial,
            "state": passport.state,
            "document": document,
            "allowed": starts,
            "cited": passport.document,
        }
        return Next(document, allowed=False, code="wrong_state", facts=facts)
    if passport.register not in registers:
        facts = {"serial": passport.serial, "register": passport.register, "document": document}
        return Next(document, allowed=False, code="wrong_register", facts=facts)
    if passport.reserved_by is not None:
        facts = {"serial": passport.serial, "document": passport.reserved_by}
        return Next(document, allowed=False, code="reserved", facts=facts)
    return Next(document, allowed=True)


def devices_of(store: Store, customer: str) -> Iterator[Passport]:
    """The passports of the devices that are a customer's, by serial."""
    rows = store.stream(f"{PASSPORTS} WHERE p.customer = ? ORDER BY p.serial", (customer,))
    return map(passport_of, rows)
