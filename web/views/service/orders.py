"""Repair and dispatch orders: the repairs that are open, one order of either kind, and the forms that move it on."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import inspect

from api.resources.service.dispatch_orders import STEP_BODIES, Job, ServiceRecordBody, WindowBody, job_of
from devices import records
from devices.calendar import day_of
from devices.ledger.posting.personal_papers import papers_under
from devices.lifecycle import DESK, DOCUMENT
from devices.listed import Only, listed
from devices.paperwork.dispatches import (
    CONFIRMED,
    DISPATCHES,
    OUTCOMES,
    TO_BE_DONE,
    DispatchOrder,
)
from devices.paperwork.follow_ups import FollowUp
from devices.paperwork.orders import ORDERS, RepairOrder
from devices.paperwork_kinds import REPAIR
from devices.people.certificates import Technician, certificate_standing, technicians_of
from devices.people.persons import names_of
from devices.problems import refuse
from devices.service.calls.about_jobs import follow_up_of, job_of_subject
from devices.service.installations.installs import installations_under
from devices.service.jobs.board import due_of_job, times_of
from devices.service.jobs.settling import pairs_carried, swaps_under
from devices.texts.lengths import Username
from web.pages import View
from web.views.home import sites_of
from web.views.service.complaints import complaints_of_order

_FIELDS: tuple[tuple[Any, str], ...] = (
    (inspect.type_info(Username), "technician"),
    (inspect.type_info(WindowBody), "window"),
    (inspect.type_info(ServiceRecordBody), "record"),
)
FILE = "file"


class AskedOfStep(msgspec.Struct, frozen=True):
    """One thing that a step of an order asks for; `values` are its choices, where it is a code."""

    name: str
    kind: Literal["technician", "window", "record", "choice", "text"]
    required: bool
    values: tuple[str, ...] = ()


class StepForm(msgspec.Struct, frozen=True):
    """The form of one step: where it is sent, and what it asks for; nothing, where the step says all."""

    name: str
    path: str
    asks: tuple[AskedOfStep, ...]


def orders_page(view: View) -> dict[str, Any]:
    """The open repair orders of the reader's sites, oldest first, and the form that opens one."""
    call = view.call
    repairs = listed(call.store, REPAIR, sites_of(call), only=Only(states=(ORDERS.begins,)))
    return {"repairs": list(repairs), "own": sorted(call.who.sites_of(DESK))}


def order_page(view: View) -> dict[str, Any]:
    """One order, and what its reader may do about it. Raises Refused (`not_found`)."""
    order = job_of_subject(view.call.store, view.call.path["number"])
    if order is None:
        raise refuse("not_found")
    return _repair(view, order) if isinstance(order, RepairOrder) else _dispatch(view, order)


def _repair(view: View, order: RepairOrder) -> dict[str, Any]:
    acts = view.person.may(DESK, order.site) and order.state == ORDERS.begins
    return {
        "job": None,
        "order": order,
        "path": f"/v1/repairs/{order.number}",
        "acts": acts,
        "complaints": complaints_of_order(view, order.number, order.site, order.customer, order.opened_on),
        "follow_up": _follow_up_of(view, order),
    }


def _follow_up_of(view: View, order: RepairOrder | DispatchOrder) -> FollowUp | None:
    """The call about an order's job, as it would begin where nobody has called; None of one that is not done."""
    found = follow_up_of(view.call.store, order.number) if order.record else None
    return view.told(found[0]) if found else None


def _dispatch(view: View, order: DispatchOrder) -> dict[str, Any]:
    call, store = view.call, view.call.store
    job = job_of(call, order)
    records_of_it = [each.record for each in order.corrections] + ([order.record] if order.record else [])
    lack = None
    if order.technician is not None and order.state in TO_BE_DONE:
        lack = certificate_standing(store, order.technician, order.site, call.today).why
    return {
        "order": order,
        "job": job,
        "due": due_of_job(order, records.sites_by_code(store)[order.site], call.today),
        "times": times_of(store, [order]).get(order.number, 1),
        "lack": lack,
        "names": names_of(store, _people(order)),
        "steps": [step_form(order.number, name) for name in job.next],
        "technicians": _technicians(view, job),
        "papers": [each for each in papers_under(store, order) if not each.erased],
        "versions": records_of_it,
        "pairs": list(dict.fromkeys((*pairs_carried(store, order.number), *order.used))),
        "swaps": list(swaps_under(store, order.number).items()),
        "carries": order.state in TO_BE_DONE and _may_post(view, "carry_out", order.site),
        "settles": _may_post(view, "swap", order.site),
        "installs": installations_under(store, order),
        "follow_up": _follow_up_of(view, order),
        "outcomes": OUTCOMES,
        "ways": CONFIRMED,
        "complaints": complaints_of_order(
            view, order.number, order.site, order.customer, day_of(order.opened_at).isoformat()
        ),
    }


def step_form(number: str, name: str) -> StepForm:
    """The form of a step of an order, as the API declares what it is sent."""
    path = f"/v1/dispatch-orders/{number}/{'service-record' if name == FILE else name}"
    return StepForm(name, path, asked_of(name))


@cache
def asked_of(name: str) -> tuple[AskedOfStep, ...]:
    """What a step asks for, field by field."""
    if name == FILE:
        return (AskedOfStep("", "record", required=True),)
    body = STEP_BODIES[name]
    if body is None:
        return ()
    shape = inspect.type_info(body)
    assert isinstance(shape, inspect.StructType), "a body is a struct"
    return tuple(_asked(field) for field in shape.fields)


def _asked(field: inspect.Field) -> AskedOfStep:
    shape: Any = field.type
    if isinstance(shape, inspect.UnionType):
        shape = next(each for each in shape.types if not isinstance(each, inspect.NoneType))
    if isinstance(shape, inspect.LiteralType):
        values = tuple(str(value) for value in shape.values)
        return AskedOfStep(field.name, "choice", field.required, values)
    kind: Any = next((kind for declared, kind in _FIELDS if shape == declared), "text")
    return AskedOfStep(field.name, kind, field.required)


def _technicians(view: View, job: Job) -> list[Technician]:
    if "reassign" not in job.next:
        return []
    return technicians_of(view.call.store, job.site, view.call.today)


def _people(order: DispatchOrder) -> set[str]:
    filed = [each.filed_by for each in (order.record, *(each.record for each in order.corrections)) if each]
    acted = [name for act in order.course for name in (act.by, act.technician) if name]
    return {order.opened_by, *filed, *acted, *([order.technician] if order.technician else [])}


def _may_post(view: View, document: str, site: str) -> bool:
    return view.person.may(DOCUMENT[document].posters, site)


assert set(STEP_BODIES) | {FILE} == set(DISPATCHES.step), "a step without its form"
