"""A customer whom the caller does not see is masked: devices and their lines as a caller may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from api.callers.access import reads_in_brief, visible_sites
from api.calls import Call
from devices.ledger.reading import history, listing, passport
from devices.ledger.reading.customers import seen_customers
from devices.problems import refuse_foreign
from devices.service.briefs import OrderBrief, orders_of_devices
from devices.store.database import Store


def masked_for(call: Call, found: Sequence[passport.Passport]) -> list[passport.Passport]:
    """The passports as the caller may see them."""
    numbers = [each.customer.number for each in found if each.customer is not None]
    seen = seen_customers(call.store, numbers, call.who.reads)
    return [passport.masked(each, seen) for each in found]


def orders_told(
    call: Call, serials: Iterable[str], store: Store | None = None
) -> Mapping[str, tuple[OrderBrief, ...]]:
    """The orders of these devices as the caller may see them, by serial; read in `store`, else in the books."""
    return orders_of_devices(store or call.store, serials, partial(reads_in_brief, call.who))


def foreign_document_for(
    call: Call, number: str, *, after: int = 0, limit: int = 100
) -> listing.ForeignDocument:
    """What the caller may see of another site's document, at most `limit` lines. Raises Refused (`not_found`)."""
    sites = visible_sites(call.who, None) or ()
    found = listing.foreign_document(call.store, number, sites, after=after, limit=limit)
    if found is None:
        raise refuse_foreign()
    return found


def lines_masked_for(call: Call, found: Sequence[history.Event]) -> list[history.Event]:
    """The lines as the caller may see them: a site's own documents always tell the customer they were of."""
    numbers = [event.position.customer for event in found if not call.who.reads(event.site)]
    seen = seen_customers(call.store, numbers, call.who.reads)
    return [event if call.who.reads(event.site) else history.masked(event, seen) for event in found]
