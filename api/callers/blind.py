"""While a register is counted blind, those who count get no list, book or card of it.

See docs/decisions.md, "What blind means".
"""

from __future__ import annotations

from collections.abc import Iterable

from api.callers.access import SITE_STAFF
from api.calls import Call
from devices.audit.stocktake.stocktakes import blind_counts
from devices.problems import refuse


def counts_blind(call: Call, site: str, register: str) -> bool:
    """Whether the caller is of a site's staff and the register is being counted blind there."""
    return site in call.who.sites_of(SITE_STAFF) and register in blind_counts(call.store, site)


def refuse_while_blind(call: Call, sites: Iterable[str] | None, register: str | None) -> None:
    """Refuse (`count_is_blind`) a look into a register that is being counted blind at a site of the caller's.

    `sites` None means every site, `register` None every register. Whoever has no part in a site's counts, such as a
    supervisor or an outlet, is not kept from reading.
    """
    own = call.who.sites_of(SITE_STAFF)
    for site in sorted(own if sites is None else own & set(sites)):
        for blind in sorted(blind_counts(call.store, site)):
            if register in (None, blind):
                raise refuse("count_is_blind", site=site, register=blind)
