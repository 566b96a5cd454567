"""Which sites deal with a customer, and so may read them (docs/decisions.md, "Who may see a customer")."""

from __future__ import annotations

from devices.database import Store
from devices.ledger.history import Sees
from devices.ledger.open_orders import repairing_sites
from devices.paperwork import home_of

DEALING = (
    "SELECT responsible_site FROM position WHERE customer = ?"
    " UNION SELECT site FROM position WHERE customer = ? AND register = 'custody'"
)


def deals_with(store: Store, number: str, sees: Sees) -> bool:
    """Whether one of the sites that `sees` tells of deals with a customer: the site they belong to, one that acted
    last on, or holds, a device of theirs, or one with a repair of theirs open. A device's answer asks the same.
    """
    if sees(home_of(number)):
        return True
    if any(sees(site) for (site,) in store.rows(DEALING, (number, number)) if site):
        return True
    seen = [site for (site,) in store.rows("SELECT code FROM site") if sees(site)]
    return bool(repairing_sites(store, {number}, seen))
