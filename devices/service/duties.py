"""What is due at the customer's, from the day they asked: on-site repairs, and installations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from devices.ledger.duties.due import Due, Duty
from devices.ledger.duties.open_orders import open_dispatch_orders
from devices.listed import Only, listed
from devices.paperwork.dispatches import DispatchOrder
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION
from devices.service.installations.installs import TO_INSTALL, due_of_installation, installs_under_way
from devices.service.jobs.board import ON_SITE_REPAIR, due_of_job
from devices.store.database import Store
from devices.values import Site


def _due(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    return _of_jobs(open_dispatch_orders(store, by_code), by_code, today)


def _met(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """Each on the day on which the job was done, whenever it was written up."""
    by_code = {site.code: site for site in sites}
    only = Only(states=("done",), since=since.isoformat())
    return _of_jobs(listed(store, DISPATCH_ORDER, by_code, only=only), by_code, since)


def _of_jobs(orders: Iterable[DispatchOrder], by_code: Mapping[str, Site], today: date) -> Iterator[Due]:
    for order in orders:
        if due := due_of_job(order, by_code[order.site], today):
            yield due


DISPATCH_DUTY = Duty((ON_SITE_REPAIR.name,), _due, _met)


def _to_install(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    for value in installs_under_way(store, by_code):
        yield due_of_installation(value, by_code[value.site], today)


def _was_installed(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    """Each on the day on which the job was done; one that was given up met nothing."""
    by_code = {site.code: site for site in sites}
    only = Only(states=("installed",), since=since.isoformat())
    for value in listed(store, INSTALLATION, by_code, only=only):
        yield due_of_installation(value, by_code[value.site], since)


INSTALLATION_DUTY = Duty((TO_INSTALL.name,), _to_install, _was_installed)
