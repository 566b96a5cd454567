"""The scan page: which tasks its reader has where, and for one task everything that its script needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import msgspec
from markupsafe import Markup

from api.callers.access import READERS
from api.calls import Call
from api.wire.texts import SENTENCES
from api.withholding import as_told
from devices import records, serials
from devices.audit.kinds import RUNNING, Stocktake
from devices.audit.stocktake import scans, stocktakes, taking
from devices.ledger.duties.open_orders import open_repairs
from devices.ledger.papers.announced import Expected, Offered, dispatches_for, expected_under, manifests_of
from devices.ledger.reading.posted import last_application
from devices.lifecycle import DOCUMENT
from devices.listed import Only, listed
from devices.paperwork.dispatches import TO_BE_DONE, DispatchOrder
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import DISPATCH_ORDER
from devices.problems import refuse
from devices.service.jobs.settling import settled_by
from devices.values import REGISTERS, STATE, Bin
from labels.barcodes import ModuleUm, code128, svg
from labels.words import term
from web.pages import View
from web.tasks import (
    GROUPS,
    TASK,
    Task,
    bin_is_optional,
    bins_fitting,
    fields_of,
    line_fields_of,
    most_lines,
    parts_of,
)
from web.views.home import sites_of

NO_PAPER = "none"
INTERNAL_SERIAL = "[A-Z0-9]+-[0-9]{4}-[0-9]{6}-[0-9]+"
"""What the serials look like that posting gives to parts without one: a document's number and its line."""
MODULE_UM: ModuleUm = 330  # the wider of the two: a card is read from any distance
_COMMANDS = {command: serials.command_barcode(command) for command in serials.SCAN_COMMANDS}

NEWEST_DISPATCHES = 200
"""How many dispatch orders are offered: older ones are found by their number."""


class Option(msgspec.Struct, frozen=True):
    """One choice of a field; the one for `serial` is chosen when that device is scanned, and tells its `fault`."""

    value: str
    told: str
    serial: str | None = None
    fault: str | None = None


def tasks_page(view: View) -> dict[str, Any]:
    """The tasks of each site in their groups, as far as the reader may post what they make; the counts that go on."""
    call = view.call
    places = [(site, groups) for site in sites_of(call) if (groups := _groups(view, site))]
    counts = [
        each
        for site in sorted(view.person.sites_of(stocktakes.SIGNING_ROLES))
        for each in stocktakes.stocktakes_of(call.store, site, states=RUNNING)
    ]
    return {"places": places, "counts": counts}


def _groups(view: View, site: str) -> list[tuple[str, list[Task]]]:
    allowed = ((group, [task for task in tasks if _may(view, task, site)]) for group, tasks in GROUPS.items())
    return [(group, tasks) for group, tasks in allowed if tasks]


def _may(view: View, task: Task, site: str) -> bool:
    return view.person.may(DOCUMENT[task.document].posters if task.document else READERS, site)


def task_page(view: View) -> dict[str, Any]:
    """One task at one site: which paper it goes by, or the scanning itself."""
    task = TASK.get(view.call.path["task"])
    if task is None:
        raise refuse("not_found")
    site = _site(view, task)
    paper = view.text("paper")
    offered = _offered(view.call, task, site)
    shown = {
        "task": task, "site": site, "offered": offered, "no_paper": NO_PAPER, "answers": view.text("answers"),
    }  # fmt: skip
    if task.paper and not paper and (offered or task.paper.required):
        return {**shown, "scanning": False}
    expected = None
    if task.paper and paper not in ("", NO_PAPER):
        expected = view.told(expected_under(view.call.store, task.paper.kind, paper, site))
        if expected is None:
            raise refuse("not_found")
    return {**shown, "scanning": True, **_scanning(view, task, site, expected)}


def _site(view: View, task: Task) -> str:
    """The site asked for, or the reader's first where they may do this."""
    allowed = [site for site in sites_of(view.call) if _may(view, task, site)]
    asked = view.text("site") or (allowed[0] if allowed else "")
    if asked not in allowed:
        roles = DOCUMENT[task.document].posters if task.document else READERS
        raise refuse("role_missing", roles=list(roles), site=asked)
    return asked


def _offered(call: Call, task: Task, site: str) -> list[Offered]:
    if task.paper is None:
        return []
    if task.paper.kind == "manifest":
        return manifests_of(call.store, site)
    return dispatches_for(call.store, task.paper.kind, site)


def _scanning(view: View, task: Task, site: str, expected: Expected | None) -> dict[str, Any]:
    fixed = dict(expected.fixed) if expected else {}
    fields = [field for field in fields_of(task) if field.path not in fixed]
    fitting = bins_fitting(task.document)
    places = [each for each in _bins_of(view.call, site) if (each.register, each.condition) in fitting]
    if "register" in fixed:
        places = [each for each in places if each.register == fixed["register"]]
    sources = {field.source for field in (*fields, *line_fields_of(task)) if field.source}
    if task.paper and expected:
        fixed[task.paper.field] = expected.number
    if view.text("answers"):
        fixed["answers"] = view.text("answers")
    options = {source: OPTIONS[source](view.call, site) for source in sources}
    return {
        "ordered": _ordered(view.text("order"), options.values()),
        "fields": fields,
        "line_fields": line_fields_of(task),
        "options": options,
        "journalled": any(
            field.label in SENTENCES and not field.path.startswith("customer.")  # those can be erased
            for field in (*fields, *line_fields_of(task))
        ),
        "suggested": {"application": _next_application(view.call, site)} if task.name == "sell" else {},
        "bins": places,
        "paper": expected,
        "data": {
            **shared_data(view, site),
            "kind": "document",
            "task": task.name,
            "document": task.document,
            "paper": expected.number if expected else "",
            "fixed": fixed,
            "expected": expected.serials if expected and not expected.withheld else None,
            "extra": task.paper.extra if task.paper else "told",
            "parts": [{"role": role, "field": field} for role, field in parts_of(task)],
            "bins": [each.code for each in places],
            "binned": bool(fitting),
            "bin_optional": bin_is_optional(task.document),
            "most": most_lines(task),
            "then": task.then,
            "looks": task.document is None,
            "opens": f"/v1/{task.opens}" if task.opens else None,
            "begin": view.text("faulty"),
            "unserved": _unserved(view.call, site) if "orders" in sources else {},
        },
    }


def shared_data(view: View, site: str) -> dict[str, Any]:
    """What every scanning script needs: who and where, the clock, the site's bins, how commands and serials look."""
    call, locale = view.call, view.call.locale
    models = [model for model, _ in records.all_current(call.store, records.MODEL)]
    return {
        "user": view.person.username,
        "site": site,
        "now_us": call.at_us,
        "every_bin": {
            each.code: {"register": each.register, "condition": each.condition}
            for each in _bins_of(call, site)
        },
        "commands": _COMMANDS,
        "patterns": sorted({INTERNAL_SERIAL, *(model.serial_pattern for model in models)}),
        "terms": {
            "state": {state: term("state", state, locale) for state in STATE},
            "register": {register: term("register", register, locale) for register in REGISTERS},
        },
    }


def _bins_of(call: Call, site: str) -> list[Bin]:
    """The bins of a site that are in use, by code."""
    found = (each for each, _ in records.all_current(call.store, records.BIN))
    return sorted((each for each in found if each.site == site and each.active), key=lambda each: each.code)


def counting_page(view: View) -> dict[str, Any]:
    """The page at which one counts by scanning; once the count is over, what its browser still has is sent from it."""
    counted, _ = stocktakes.stocktake_of(view.call.store, view.call.path["number"])
    places = _bins_of(view.call, counted.site)
    return {
        "counted": counted,
        "running": counted.state in RUNNING,
        "bins": places,
        "data": {
            **shared_data(view, counted.site),
            "kind": "count",
            "task": counted.number,
            "number": counted.number,
            "blind": counted.method == "blind",
            "disputed": scans.disputed(view.call.store, counted) if counted.state == "recounting" else [],
            "state": counted.state,
            "part": _part(view, counted),
            "parts": [{"role": "device", "field": "serial"}],
            "bins": [each.code for each in places],
            "binned": True,
        },
    }


def _part(view: View, counted: Stocktake) -> str | None:
    """Which part of the count the reader's scans are of, said with each: one sent late is not taken for a recount.

    None once the count is over.
    """
    allowed = taking.ALLOWED_PARTS.get((counted.double, counted.state), ())
    held = [role for role, site in view.person.roles if site == counted.site]
    own = [taking.PART_OF_ROLE[role] for role in held if role in taking.PART_OF_ROLE]
    return next((part for part in (*own, *allowed) if part in allowed), None)


def scanner_test_page(view: View) -> dict[str, Any]:
    """The page at which one tries a scanner."""
    models = [model for model, _ in records.all_current(view.call.store, records.MODEL) if model.active]
    return {"data": {"commands": _COMMANDS, "patterns": sorted({model.serial_pattern for model in models})}}


def cards_page(view: View) -> dict[str, Any]:
    """The command barcodes as a card to be printed, in their true size."""
    drawn = {command: svg(code128(text), module_um=MODULE_UM).decode() for command, text in _COMMANDS.items()}
    return {"cards": [(command, Markup(barcode)) for command, barcode in drawn.items()]}  # noqa: S704 - our own drawing


# --- where a field's choices come from


def _sites(call: Call, site: str) -> list[Option]:
    found = [
        each for each, _ in records.all_current(call.store, records.SITE) if each.active and each.code != site
    ]
    return [Option(each.code, f"{each.code} {each.name}") for each in found]


def _ordered(number: str, options: Iterable[list[Option]]) -> str:
    """The order with which a page begins; of one with several devices, which one is meant is asked."""
    found = [each for offered in options for each in offered if each.value == number]
    return number if len(found) == 1 else ""


def _carriers(call: Call, _site: str) -> list[Option]:
    found = [each for each, _ in records.all_current(call.store, records.CARRIER) if each.active]
    return [Option(each.code, each.name) for each in found]


def _models(call: Call, _site: str) -> list[Option]:
    found = [each for each, _ in records.all_current(call.store, records.MODEL) if each.active]
    return [Option(each.code, f"{each.code} {each.name}") for each in found]


def _repairs(call: Call, site: str) -> list[Option]:
    return _of_orders(call, open_repairs(call.store, [site]))


def _orders(call: Call, site: str) -> list[Option]:
    """The orders under which a device may be swapped: open repairs, and dispatches whose service record is filed."""
    return _repairs(call, site) + _dispatches(call, site, served=True)


def _visits(call: Call, site: str) -> list[Option]:
    """The dispatch orders under which a spare may be carried out: those that are not served yet."""
    return _dispatches(call, site, served=False)


def _unserved(call: Call, site: str) -> dict[str, str]:
    """By the serial of its device, each dispatch order that still wants its service record.

    Not of a device whose swap an earlier order's record tells: that swap is posted, whatever it is called out for next.
    """
    wanting = {each.serial: each.value for each in _visits(call, site) if each.serial}
    settled = settled_by(call.store, wanting)
    return {serial: order for serial, order in wanting.items() if serial not in settled}


def _dispatches(call: Call, site: str, *, served: bool) -> list[Option]:
    states = ("done",) if served else TO_BE_DONE
    found = listed(call.store, DISPATCH_ORDER, [site], newest_first=True, only=Only(states=states))
    return _of_orders(call, islice(found, NEWEST_DISPATCHES))


def _of_orders(call: Call, orders: Iterable[RepairOrder | DispatchOrder]) -> list[Option]:
    """Orders by number and device; one whose device a blind count keeps from the reader, by number and fault."""
    return [
        Option(each.number, f"{each.number} {serial or each.fault}", serial, each.fault)
        for each in as_told(call, list(orders))
        for serial in _devices_of(each)
    ]


def _devices_of(order: RepairOrder | DispatchOrder) -> tuple[str | None, ...]:
    return (order.serials or (None,)) if isinstance(order, DispatchOrder) else (order.serial,)


OPTIONS: dict[str, Callable[[Call, str], list[Option]]] = {
    "sites": _sites,
    "carriers": _carriers,
    "models": _models,
    "repairs": _repairs,
    "orders": _orders,
    "visits": _visits,
}


def _next_application(call: Call, site: str) -> str:
    """The number after that of the site's last usage application, as far as it counts; a seller may change it."""
    return following(last_application(call.store, site)) or f"{call.unit.day_of(call.at_us):%Y%m%d}-001"


def following(text: str) -> str:
    """A number that counts up at its end, counted up once; empty where it does not count."""
    found = re.fullmatch(r"(.*?)(\d{1,12})", text, re.ASCII)
    return f"{found[1]}{int(found[2]) + 1:0{len(found[2])}}" if found else ""
