"""The journals that a call writes to, opened: of the site in its body, of the site in its number, or the unit's."""

from __future__ import annotations

from api.callers.access import site_of_number
from api.calls import Call
from devices.journal import Writer, open_journals
from devices.values import UNIT


def at_site_of_body(call: Call) -> Writer:
    """A writer of the site that the body names, for something new."""
    return open_journals(call.store, [call.body.site], call.at_us)


def at_site_of_number(call: Call) -> Writer:
    """A writer of the site in the path's number: what is read of what is there already stays so until it is written."""
    return open_journals(call.store, [site_of_number(call.path["number"])], call.at_us)


def at_unit(call: Call) -> Writer:
    """A writer of the unit's own journal."""
    return open_journals(call.store, [UNIT], call.at_us)
