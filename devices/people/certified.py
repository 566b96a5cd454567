"""Who may be sent to a customer: a technician of the site whose certificate is valid on the day. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import msgspec

from devices.problems import refuse

SOON_DAYS = 30
"""So long before its last day a certificate is said to end soon."""
Lack = Literal["no_role", "no_certificate", "expired"]
CertificateEnding = Literal["missing", "over", "soon"]


class Certified(msgspec.Struct, frozen=True):
    """How somebody stands as a technician of a site on a day.

    `why` is what they lack, None where they may be sent; `valid_until` the last day (ISO) of their certificate, None
    where they never had one.
    """

    username: str
    site: str
    why: Lack | None
    valid_until: str | None


def lack_on(day: date, *, has_role: bool, valid_until: str | None) -> Lack | None:
    """What somebody lacks to be sent on a day; whoever is shut out has no role any more."""
    if not has_role:
        return "no_role"
    if valid_until is None:
        return "no_certificate"
    return "expired" if valid_until < day.isoformat() else None


def refuse_technician(standing: Certified, pointer: str = "/technician") -> None:
    """Raise Refused (`not_certified`) for whoever may not be sent on the day of which the standing tells."""
    if standing.why is not None:
        raise refuse(
            "not_certified",
            pointer,
            username=standing.username,
            site=standing.site,
            why=standing.why,
            valid_until=standing.valid_until,
        )


def ending_on(day: date, valid_until: str | None) -> CertificateEnding | None:
    """What is to be told on a day of a technician's certificate; None of one that is valid for long."""
    if valid_until is None:
        return "missing"
    if valid_until < day.isoformat():
        return "over"
    return "soon" if valid_until <= (day + timedelta(days=SOON_DAYS)).isoformat() else None
