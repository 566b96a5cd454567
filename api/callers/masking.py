"""Another site's customer is masked: devices and their lines as a caller may see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from api.callers.access import visible_sites
from api.calls import Call
from devices.ledger.duties.open_orders import repairing_sites
from devices.ledger.reading import history, passport


def masked_for(call: Call, found: Sequence[passport.Passport]) -> list[passport.Passport]:
    """The passports as the caller may see them, looking for open repairs only where a customer would be masked."""
    shown = [passport.masked(each, call.who.reads) for each in found]
    hidden = {
        each.customer.number
        for each, after in zip(found, shown, strict=True)
        if after.customer is not None and after.customer.masked and each.customer is not None
    }
    repairs = _repairing(call, hidden)
    return [
        passport.masked(
            each, call.who.reads, repairs.get(each.customer.number or "", ()) if each.customer else ()
        )
        for each in found
    ]


def lines_masked_for(call: Call, found: Sequence[history.Event]) -> list[history.Event]:
    """The lines as the caller may see them: a customer's number is told where the customer is."""
    shown = [history.masked(event, call.who.reads) for event in found]
    hidden = {event.position.customer for event, after in zip(found, shown, strict=True) if after.masked}
    repairs = _repairing(call, hidden)
    return [
        event if event.position.customer in repairs else after
        for event, after in zip(found, shown, strict=True)
    ]


def _repairing(call: Call, customers: Collection[str | None]) -> dict[str, set[str]]:
    """By customer, the caller's sites that have a repair of theirs open."""
    return repairing_sites(
        call.store, {each for each in customers if each}, visible_sites(call.who, None) or []
    )
