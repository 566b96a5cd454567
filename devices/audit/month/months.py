"""The course of a month of a book: closed once its conditions hold, signed by two persons, or opened again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from devices import records
from devices.audit import signing
from devices.audit.kinds import Signature
from devices.audit.month.month_conditions import named, refuse_untimely, sealed_count, unmet
from devices.audit.month.month_statement import (
    STATEMENT_FORMAT,
    STATEMENT_TYPE,
    ClosedStatement,
    Header,
    card_digests,
    checkpoint_at,
    decode_statement,
    encode_statement,
)
from devices.audit.stocktake.stocktakes import SIGNING_ROLES, signers_of
from devices.calendar import first_day, last_day
from devices.journal import Writer
from devices.ledger.books.books import statement
from devices.ledger.posting.closed_months import MONTH, MONTHS, Month, closed_months, month_key, month_record
from devices.people.roles import Person
from devices.problems import Problem, Refused, refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents
from devices.unit import Unit
from devices.values import Book

_POSTED_BY = compiled(
    Documents.select(Documents.number)
    .where(
        Documents.site == GIVEN,
        Documents.register == GIVEN,
        Documents.made_by == GIVEN,
        Documents.business_date >= GIVEN,
        Documents.business_date <= GIVEN,
    )
    .order_by(Documents.number)
    .limit(1)
)


def close_month(writer: Writer, unit: Unit, site: str, register: Book, month: str, by: str) -> Month:
    """Close a month of a book, with the journal of the site held; from now no document can be dated into it.

    Raises Refused: what `month_conditions` says against it.
    """
    store = writer.store
    refuse_untimely(writer, unit, site, register, month)
    stated = statement(store, site, register, month)
    stocktake = sealed_count(store, stated)
    if problems := unmet(store, stated, stocktake):
        raise Refused(problems)
    head = writer.heads[site]
    assert head is not None, "a sealed stocktake without a journal"
    assert stocktake is not None, "its lack is a problem"
    header = Header(
        format=STATEMENT_FORMAT,
        unit=unit.name,
        site=site,
        register=register,
        month=month,
        stocktake=stocktake,
        closed_at=writer.at_us,
        closed_by=by,
        journal=head.site,
        seq=head.seq,
        hash=head.hash,
        signers=tuple(signers_of(store, site)),
    )
    closed = ClosedStatement(
        header, stated, card_digests(store, stated), checkpoint_at(store, stated, writer.at_us)
    )
    payload = encode_statement(closed)
    digest = hashlib.sha256(payload).hexdigest()
    value = Month(site, register, month, "closed", stocktake, digest, payload.decode(), writer.at_us, by)
    return records.write(writer, MONTH, value, by=by)[0]


def reopen_month(writer: Writer, site: str, register: str, month: str, *, by: str, reason: str) -> Month:
    """Open the last closed month of a book again, before both have signed it; a first signature is void.

    Raises Refused: `not_found`, `month_sealed`, `month_not_closed`, `month_not_last`.
    """
    value, revision = month_record(writer.store, site, register, month)
    step = MONTHS.take("reopen", value.state, **named(site, register, month))
    last = closed_months(writer.store, {site})[site, register]
    if last != month:
        raise refuse("month_not_last", **named(site, register, month), last=last)
    signing.void(writer, month_key(site, register, month), by=by)
    opened = msgspec.structs.replace(value, state=step.after, reason=reason)
    return records.write(writer, MONTH, opened, by=by, expected=revision)[0]


def sign_month(writer: Writer, site: str, register: str, month: str, given: signing.Signing) -> Signature:
    """Sign a closed month as storekeeper or auditor; the second of the two seals it.

    Raises Refused: `not_found`, `month_sealed`, `month_not_closed`, `role_missing`, `key_not_on_sheet`,
    `auditor_posted`, and whatever devices.audit.signing.sign does.
    """
    store, role, by = writer.store, given.role, given.by
    value, revision = month_record(store, site, register, month)
    MONTHS.take("sign", value.state, **named(site, register, month))
    if role not in SIGNING_ROLES or (role, site) not in by.roles:
        raise refuse("role_missing", "/role", roles=[role], site=site)
    if problems := [*_unnamed(value, role, given.key), *_independent(store, value, role, by)]:
        raise Refused(problems)
    payload = payload_of(value)
    signature = signing.sign(writer, payload, given)
    if {each.role for each in signing.standing(store, payload.subject, payload.digest)} == set(SIGNING_ROLES):
        step = MONTHS.take("seal", value.state, **named(site, register, month))
        sealed = msgspec.structs.replace(value, state=step.after)
        records.write(writer, MONTH, sealed, by=by.username, expected=revision)
    return signature


def payload_of(value: Month) -> signing.Payload:
    """What is signed of a closed month."""
    subject = month_key(value.site, value.register, value.month)
    return signing.Payload(subject, value.site, STATEMENT_TYPE, value.payload.encode())


def payload_and_signatures(
    store: Store, site: str, register: str, month: str
) -> tuple[signing.Payload, list[Signature]]:
    """What is signed of a closed month, and the signatures that stand.

    Raises Refused: `not_found`, `month_not_closed` for one that was reopened.
    """
    value, _ = month_record(store, site, register, month)
    if value.state in MONTHS.before("close"):
        raise refuse("month_not_closed", **named(site, register, month))
    payload = payload_of(value)
    return payload, signing.standing(store, payload.subject, payload.digest)


def _unnamed(value: Month, role: str, key: signing.Key) -> Iterator[Problem]:
    """Only a key that the month was closed with signs it, in its owner's role."""
    public = key[0]
    signers = decode_statement(value.payload).header.signers
    if (role, public.fingerprint) not in {(each.role, each.fingerprint) for each in signers}:
        yield Problem(
            "key_not_on_sheet", "", {"username": public.username, "fingerprint": public.fingerprint}
        )


def _independent(store: Store, value: Month, role: str, by: Person) -> Iterator[Problem]:
    """Whoever posted in this book in the month does not sign for its auditor."""
    if role != "auditor":
        return
    first, last = first_day(value.month).isoformat(), last_day(value.month).isoformat()
    row = store.row(_POSTED_BY, (value.site, value.register, by.username, first, last))
    if row is not None:
        yield Problem("auditor_posted", "/role", {"username": by.username, "document": row[0]})
