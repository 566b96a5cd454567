"""The technician's phone (我的任务): the jobs in hand, each with its facts and the forms of the steps they may take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from api.callers.access import TECHNICIANS
from api.calls import Call
from api.resources.service.dispatch_orders import STEP_BODIES, Job, job_of
from api.resources.service.installations import InstallationAnswer, installation_seen
from devices import records
from devices.calendar import day_of
from devices.ledger.duties.due import Due
from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.dispatches import (
    CONFIRMED,
    DISPATCHES,
    OUTCOMES,
    TECHNICIAN,
    TO_BE_DONE,
    WAIT_REASONS,
    DispatchOrder,
    JobContact,
)
from devices.paperwork.installations import InstallChecks
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.problems import refuse_foreign
from devices.service.in_hand import installations_to_confirm, jobs_in_hand
from devices.service.jobs.board import due_of_job
from devices.values import Site
from devices.workflow import Step
from labels.words import Locale, term
from web.pages import View
from web.views.service.dialled import dial_of
from web.views.service.differing import to_explain

OF_THE_TECHNICIAN = tuple(step for step in DISPATCHES.steps if TECHNICIAN in step.who)
JOB_GROUPS = ("today", "later", "waiting", "unsettled", "closed")
"""The parts of the list, in their order; the last is of a page of one job alone."""


class JobInHand(msgspec.Struct, frozen=True):
    """One job as its technician reads it on a phone: whom to ask for, where, what to call, by when.

    `due` is None for a job under no deadline; `phone` is what a telephone calls; `installs` are the installations that
    are still to be confirmed under it.
    """

    job: Job
    group: str
    due: Due | None
    name: str | None
    address: str | None
    contact: str | None
    phone: str | None
    installs: tuple[InstallationAnswer, ...]


def jobs_page(view: View) -> dict[str, Any]:
    """Everything that the reader has in hand: for today, later, waiting, and done but for the storekeeper's swap."""
    groups = _grouped(cards_of(view, in_hand_of(view.call)))
    return {"groups": groups, "differing": to_explain(view), **_shared(view.call, alone=False)}


def job_page(view: View) -> dict[str, Any]:
    """One job of the reader's. Raises Refused (`not_found`) for one that is not theirs."""
    found = records.current(view.call.store, DISPATCH_ORDER, view.call.path["number"])
    if found is None or found[0].technician != view.person.username:
        raise refuse_foreign()
    groups, differing = _grouped(cards_of(view, [found[0]])), to_explain(view, found[0].number)
    return {"groups": groups, "differing": differing, **_shared(view.call, alone=True)}


def in_hand_of(call: Call) -> list[DispatchOrder]:
    """What the reader has in hand, at every site where they are a technician."""
    return jobs_in_hand(call.store, sorted(call.who.sites_of(TECHNICIANS)), call.who.username)


def cards_of(view: View, orders: Iterable[DispatchOrder]) -> list[JobInHand]:
    """Jobs as their technician reads them."""
    sites = records.sites_by_code(view.call.store)
    return [_card(view, order, sites[order.site]) for order in orders]


def _card(view: View, order: DispatchOrder, site: Site) -> JobInHand:
    job, due = view.told(job_of(view.call, order)), due_of_job(order, site, view.call.today)
    under = installations_to_confirm(view.call.store, order)
    installs = tuple(view.told(installation_seen(view.call, value)) for value in under)
    shown = (job.customer_shown, *(each.customer_shown for each in installs))
    customer, contact = next(filter(None, shown), CustomerShown()), job.contact or JobContact()
    asked_for = " ".join(filter(None, (contact.name, contact.phone))) or customer.contact
    dial = dial_of(asked_for)
    return JobInHand(
        job,
        _group(view.call, job, due, waits=bool(job.unsettled or installs)),
        due,
        customer.name,
        contact.address or customer.address,
        asked_for,
        dial.phone if dial else None,
        installs,
    )


def _group(call: Call, job: Job, due: Due | None, *, waits: bool) -> str:
    if job.state not in TO_BE_DONE:
        return "unsettled" if waits else "closed"
    if job.waits_for:
        return "waiting"
    comes = job.window is not None and day_of(job.window.starts_at) <= call.today
    pressing = due is not None and due.due_on <= call.today.isoformat()
    return "today" if comes or pressing else "later"


def _grouped(cards: Iterable[JobInHand]) -> list[tuple[str, list[JobInHand]]]:
    parts = {group: [card for card in cards if card.group == group] for group in JOB_GROUPS}
    return [(group, found) for group, found in parts.items() if found]


def _shared(call: Call, *, alone: bool) -> dict[str, Any]:
    """What the forms offer, and what the script knows: the clock, the workflow, the words of the states."""
    return {
        "alone": alone,
        "steps": OF_THE_TECHNICIAN,
        "at_once": [step.name for step in OF_THE_TECHNICIAN if not _asks(step)],
        "outcomes": OUTCOMES,
        "reasons": WAIT_REASONS,
        "ways": CONFIRMED,
        "checks": InstallChecks.__struct_fields__,
        "data": {
            "user": call.who.username,
            "alone": alone,
            "now": call.at_us // 1000,
            "steps": {
                **{step.name: _told_step(step, call.locale) for step in OF_THE_TECHNICIAN},
                "confirm": {
                    "before": ["done"],
                    "after": "",
                    "asks": True,
                    "word": term("install_step", "confirm", call.locale),
                },
            },
            "states": {state: term("dispatch", state, call.locale) for state in DISPATCHES.states},
        },
    }


def _asks(step: Step) -> bool:
    """Whether a step asks for anything; filing asks for the record."""
    return step.name not in STEP_BODIES or STEP_BODIES[step.name] is not None


def _told_step(step: Step, locale: Locale) -> dict[str, Any]:
    return {
        "before": step.before,
        "after": step.after,
        "asks": _asks(step),
        "word": term("dispatch_step", step.name, locale),
    }
