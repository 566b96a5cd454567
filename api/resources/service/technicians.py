"""Technicians over HTTP: their certificates, which administrators keep, and who may be sent by a site."""

from __future__ import annotations

import msgspec

from api.calls import Call, Done, Shown
from api.wire.paging import PageQuery, page_sorted, refuse_unknown
from api.writing import at_unit
from devices.people.certificates import (
    CertificateData,
    Kept,
    certificate_of,
    erase_certificate,
    set_certificate,
    technicians_of,
)
from devices.people.persons import record_of
from devices.problems import Refused, refuse
from devices.texts.lengths import Day, Line, Sentence, Word


class CertificateBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate: its number, who issued it, its last day, and the `reason` where it ends sooner than before."""

    number: Word
    issuer: Line
    valid_until: Day
    reason: Sentence | None = None


class CertificateAnswer(msgspec.Struct, frozen=True):
    """A certificate as administrators see it; number and issuer are None once erased.

    Of somebody who never had one `valid_until` is None too.
    """

    username: str
    number: str | None
    issuer: str | None
    valid_until: str | None
    reason: str | None
    erased: bool


class TechnicianQuery(PageQuery, frozen=True, kw_only=True):
    """Those of one site."""

    site: Word


def certificate_answer(username: str, kept: Kept | None) -> CertificateAnswer:
    """A certificate as it is answered."""
    if kept is None:
        return CertificateAnswer(username, None, None, None, None, erased=False)
    data = kept.data or CertificateData("", "")
    certificate = kept.certificate
    return CertificateAnswer(
        username,
        data.number or None,
        data.issuer or None,
        certificate.valid_until,
        certificate.reason,
        certificate.erased,
    )


def show_certificate(call: Call, _: Done) -> Shown:
    """A person's certificate; its ETag is its own, of revision 0 where there never was one."""
    username = call.path["username"]
    try:
        record_of(call.store, username)
    except Refused as refused:
        raise refuse("not_found") from refused
    kept = certificate_of(call.store, username)
    return Shown(certificate_answer(username, kept), kept.revision if kept else 0)


def replace_certificate(call: Call) -> Done:
    """Write a person's certificate, renew it, or end it sooner."""
    body, username = call.body, call.path["username"]
    set_certificate(
        at_unit(call),
        call.unit,
        call.who,
        username,
        CertificateData(body.number, body.issuer),
        body.valid_until,
        reason=body.reason,
        expected=call.if_match,
    )
    return Done(200, username)


def erase_number(call: Call) -> Done:
    """Erase for good the number and issuer of the certificate of somebody who has left; its days stay."""
    username = call.path["username"]
    erase_certificate(at_unit(call), call.who, username)
    return Done(200, username)


def list_technicians(call: Call, _: Done) -> Shown:
    """Who may be sent by a site today: technicians of it with a valid certificate, by username."""
    refuse_unknown(call, "site")
    found = technicians_of(call.store, call.query.site, call.today)
    return page_sorted(call, found, lambda each: each.username)
