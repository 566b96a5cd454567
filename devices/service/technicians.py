"""Who may be sent to a customer: a person with the role at the site, whose certificate is valid."""

from __future__ import annotations

from datetime import date

from devices.people.certificates import certificate_standing
from devices.people.certified import refuse_technician
from devices.store.database import Store


def refuse_uncertified(store: Store, username: str, site: str, day: date) -> None:
    """Refuse whoever may not be sent on that day. Raises Refused: `not_certified` (see certificates)."""
    refuse_technician(certificate_standing(store, username, site, day))
