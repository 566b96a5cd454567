"""Every route and page, asked by those who count blind: none tells of the register what they did not ask for.

The routes and pages are read from the tables that serve; a new one that nobody says how to ask fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args
from urllib.parse import quote, urlencode

import msgspec
import pytest

from api.callers.access import ADMINS
from api.form_routes import FORM_ROUTES
from api.routes import ROUTES
from api.treatments import REFUSED, TREATMENTS
from devices.deadlines import DEADLINE_OF_STATE
from labels.words import term
from tests import hostile
from tests.conftest import ENGINES, Stores
from tests.counted_house import (
    CARRIED,
    CUSTODY,
    MENT,
    SHORT,
    SITE,
    SOLD,
    begin_blind,
    clients,
    counted_house,
    end_blind,
    fill_counted,
    standing,
    text_of,
)
from tests.custody import House
from tests.door import Client
from tests.every_form import FORM_MODULES
from web.door import add_pages
from web.pages import Page
from web.table import PAGES
from web.tasks import TASKS


class Asked(NamedTuple):
    """One request that reads: of which route or page, by which method, where, and with what."""

    name: str
    method: str
    path: str
    body: bytes | None = None

    def answer(self, client: Client) -> Any:
        """What a caller is answered."""
        return client.get(self.path) if self.method == "GET" else client.send("POST", self.path, self.body)


READS = [
    route
    for route in ROUTES
    if route.write is None and route.name != "scan" and not route.name.endswith("_pdf")
]
"""What changes nothing. A scan tells of its own count; a PDF is drawn of what its xlsx is."""
COUNTERS = ["zhang", "li", "wu", "token of zhang"]
FORMS = {route.name for route in FORM_ROUTES}
NAMED = ("661565714358", "661565714371", CARRIED, CUSTODY, "661565714353", "661565714367")
"""A device in stock, quarantined and reserved, carried, in repair, at the factory, in transit."""
BODIES: dict[str, Any] = {
    "look_devices_up": {"serials": list(NAMED)},
    "check_scans": {"site": SITE, "document": "sale", "scans": [{"serial": serial} for serial in NAMED]},
    "expand_list": {"entries": "661565714353-380"},
    "print_labels": {"format": "zpl", "what": [{"kind": "device", "serial": serial} for serial in NAMED]},
    "find_customer": {"taxpayer_id": "110101199003077", "name": "朝阳区惠民便利店"},
}
"""What is asked of a route that reads by a body."""
QUERIES: dict[str, list[dict[str, str]]] = {
    **{name: [query] for name, query in hostile.QUERIES.items()},
    "list_devices": [{"site": SITE, "register": each} for each in ("merchandise", "spare", "custody")],
    "list_deadlines": [{}, {"met_since": "2026-11-01"}],
    **{
        name: [{}, {"serial": CUSTODY}, {"serial": MENT}]
        for name in (
            "list_repairs",
            "list_dispatch_orders",
            "list_installations",
            "list_follow_ups",
            "list_complaints",
        )
    },
    "documents": [{}, {"type": "receipt"}],
    "device": [{}, {"order": "newest"}],
    "count": [{"result": "all"}],
    "scan": [{"site": SITE}],
    "checklist": [{"site": SITE}],
}


def of(house: House, sql: str) -> list[str]:
    """The first column of these rows."""
    return [str(row[0]) for row in house.store.rows(sql)]


def records(house: House, kind: str) -> list[str]:
    """The keys of every record of a kind."""
    return of(house, f"SELECT key FROM record WHERE kind = '{kind}' ORDER BY key")


FILLED: dict[str, Any] = {
    "documents/{number}": lambda house: of(house, "SELECT number FROM document ORDER BY number"),
    "devices/{serial}": lambda house: [*NAMED, SOLD, MENT, SHORT],
    "manifests/{number}": lambda house: records(house, "manifest"),
    "attachments/{digest}": lambda house: of(house, "SELECT digest FROM blob"),
    "repairs/{number}": lambda house: records(house, "repair"),
    "dispatch-orders/{number}": lambda house: records(house, "dispatch_order"),
    "orders/{number}": lambda house: [*records(house, "repair"), *records(house, "dispatch_order")],
    "jobs/{number}": lambda house: records(house, "dispatch_order"),
    "installations/{number}": lambda house: records(house, "installation"),
    "follow-ups/{number}": lambda house: [key.removeprefix("F") for key in records(house, "follow_up")],
    "complaints/{number}": lambda house: records(house, "complaint"),
    "consignments/{site}/{carrier}/{waybill}": lambda house: records(house, "consignment"),
    "customers/{number}": lambda house: records(house, "customer"),
    "notices/{under}/{customer}": lambda house: records(house, "notice"),
    "stocktakes/{number}": lambda house: records(house, "stocktake"),
    "call-months/{site}/{month}": lambda house: [f"{SITE}/2026-11"],
    "complaint-reports/{site}": lambda house: [SITE],
    "months/{site}/{register}/{month}": lambda house: [f"{SITE}/merchandise/2026-11"],
    "inspections/{number}": lambda house: records(house, "inspection"),
    "visits/{number}": lambda house: records(house, "visit"),
    "handovers/{number}": lambda house: records(house, "handover"),
    "sites/{code}": lambda house: [SITE],
    "bins/{site}/{code}": lambda house: [f"{SITE}/M-01"],
    "models/{code}": lambda house: ["TCG-01"],
    "carriers/{code}": lambda house: ["SF"],
    "minimum-levels/{site}/{model}": lambda house: [f"{SITE}/TCG-01"],
    "books/{site}/{register}": lambda house: [
        f"{SITE}/{each}" for each in ("merchandise", "spare", "custody")
    ],
    "journal/{site}": lambda house: [SITE],
    "scan/{task}": lambda house: [task.name for task in TASKS],
    "admin/people/{username}": lambda house: ["zhang"],
    "people/{username}": lambda house: ["zhang", "wang"],
}
"""By what a path begins with, its parts in braces: what they are filled with."""


def filled(house: House, path: str) -> Iterator[str]:
    """Every address that a path stands for."""
    if "{" not in path:
        yield path
        return
    root, rest = ("/v1/", path[4:]) if path.startswith("/v1/") else ("/", path[1:])
    beginning = next((each for each in FILLED if rest.startswith(each)), None)
    assert beginning is not None, f"how to ask for {path}: FILLED in tests/test_blind.py"
    for value in FILLED[beginning](house):
        place = beginning.partition("{")[0] + quote(value)
        yield f"{root}{place}{rest.removeprefix(beginning)}"


def asked(house: House) -> list[Asked]:
    """Every request that reads, of every route and page."""
    found, newest = [], of(house, "SELECT MAX(number) FROM document GROUP BY site, type")
    for route in READS:
        for path in filled(house, route.path):
            if route.name in FORMS and "/documents/" in path and path.split("/")[3] not in newest:
                continue  # of each type of document one slip
            for query in QUERIES.get(route.name, [{}]):
                address = f"{path}?{urlencode(query)}" if query else path
                assert route.method == "GET" or route.name in BODIES, (
                    f"BODIES in tests/test_blind.py: {route.name}"
                )
                body = msgspec.json.encode(BODIES[route.name]) if route.method == "POST" else None
                found.append(Asked(route.name, route.method, address, body))
    for page in PAGES:
        for path in filled(house, page.path):
            addresses = (
                f"{path}?{urlencode(query)}" if query else path for query in _queries_of(house, page, path)
            )
            found.extend(Asked(page.name, "GET", address) for address in addresses)
    texts = ("661565714353", "6615657143", "6615657200", "66156579900", CARRIED)
    return found + [Asked("search", "POST", "/search", urlencode({"q": text}).encode()) for text in texts]


def _queries_of(house: House, page: Page, path: str) -> list[dict[str, str]]:
    """What a page is asked besides."""
    if page.name == "labels":
        return [{"document": number} for number in of(house, "SELECT number FROM document")]
    if page.name == "scan_task":
        task = next(each for each in TASKS if path.endswith(f"/{each.name}"))
        papers = {
            "manifest": records(house, "manifest"),
            "dispatch": of(house, "SELECT number FROM document WHERE type = 'dispatch'"),
            "factory_dispatch": of(house, "SELECT number FROM document WHERE type = 'factory_dispatch'"),
        }
        kinds = papers[task.paper.kind] if task.paper else []
        return [{"site": SITE}, *({"site": SITE, "paper": number} for number in kinds)]
    return QUERIES.get(page.name, [{}])


EXAMPLE = re.compile(r"661565714353[-+][0-9]+")
"""What pages show as an example of how one types a list."""
Told = dict[Asked, tuple[int, str]]
"""By request: the status and the text of its answer."""


class Counted:
    """A house of which everything was asked: by its storekeeper before its registers are counted blind, by all who
    count and by others meanwhile, and by the storekeeper again once the counts are closed.
    """

    def __init__(self, house: House) -> None:
        add_pages(house.app, house.services)
        self.standing = standing(house)
        self.asked = asked(house)
        zhang, plain = house.of("zhang"), [each for each in self.asked if each.name not in FORMS]
        self.before = told(zhang, self.asked)
        self.before |= told(house.of("li"), [each for each in plain if each.name == "reviews"])
        counts = begin_blind(house)
        own = clients(house)
        self.during = {
            who: told(client, plain if who != "zhang" else self.asked) for who, client in own.items()
        }
        others = {"chen": house.of("chen"), "outlet": house.token(SITE)}
        self.others = {who: told(client, plain) for who, client in others.items()}
        end_blind(house, counts)
        self.after = told(zhang, self.asked)

    def named(self, each: Asked, text: str) -> set[str]:
        """The devices of the registers that an answer names and its request did not."""
        said = f"{each.path} {each.body!r}"
        bare = EXAMPLE.sub("", text)
        return {serial for serial in self.standing if serial in bare and serial not in said}


def told(client: Client, requests: list[Asked]) -> Told:
    """What somebody is answered."""
    answers = ((each, each.answer(client)) for each in requests)
    return {each: (answer.status_code, text_of(answer)) for each, answer in answers}


@pytest.fixture(scope="module", params=ENGINES)
def counted(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Counted]:
    house = counted_house(stores.filled(request.param, fill_counted))
    yield Counted(house)
    stores.drop(house.store)


@pytest.mark.both_engines
def test_before_the_count_it_is_told_so_that_there_is_something_to_keep(counted: Counted) -> None:
    telling = {each.name for each, (_, text) in counted.before.items() if counted.named(each, text)}
    assert telling >= {
        "read_document", "list_deadlines", "read_manifest", "list_repairs", "read_repair", "read_changes",
        "list_devices", "read_card", "read_sheet", "print_sheet_xlsx", "print_slip_xlsx",
        "print_dispatch_order_xlsx", "print_repair_xlsx", "print_installation_xlsx", "read_handover", "home",
        "orders", "order", "document", "foreign_document", "manifest", "customer", "reviews", "scan_task",
        "search", "count", "handover", "labels",
    }  # fmt: skip


@pytest.mark.both_engines
@pytest.mark.parametrize("who", COUNTERS)
def test_no_device_that_was_not_asked_for_is_named_to_those_who_count(counted: Counted, who: str) -> None:
    answers = counted.during[who].items()
    assert {each: named for each, (_, text) in answers if (named := counted.named(each, text))} == {}
    assert {each: status for each, (status, _) in answers if status >= 500} == {}


@pytest.mark.both_engines
@pytest.mark.parametrize("who", COUNTERS)
def test_of_a_device_that_was_asked_for_neither_state_nor_bin_is_told(counted: Counted, who: str) -> None:
    for each, (status, text) in counted.during[who].items():
        for serial in (serial for serial in NAMED if serial in f"{each.path}{each.body!r}"):
            state, bin_code = counted.standing[serial]
            if status == 200 and each.name in TELL_OF_A_DEVICE:
                said = {f'"{state}"', term("state", state, "zh_CN"), *({bin_code} if bin_code else ())}
                if state in DEADLINE_OF_STATE:
                    said.add(term("deadline", DEADLINE_OF_STATE[state].name, "zh_CN"))
                assert {word for word in said if word in text} == set(), each


@pytest.mark.both_engines
def test_an_order_is_printed_without_what_is_carried_for_it_and_not_without_its_device(
    counted: Counted,
) -> None:
    asked = counted.during["zhang"].items()
    answers = {each.name: status for each, (status, _) in asked if f"-{SITE}-000001/slip" in each.path}
    assert answers["print_dispatch_order_xlsx"] == 200
    assert (answers["print_repair_xlsx"], answers["print_installation_xlsx"]) == (409, 409)


TELL_OF_A_DEVICE = {
    "read_device",
    "read_history",
    "look_devices_up",
    "check_scans",
    "device",
    "print_history_xlsx",
}


@pytest.mark.both_engines
def test_once_it_is_closed_all_is_told_as_before(counted: Counted) -> None:
    for each, (status, text) in counted.after.items():
        was, before = counted.before[each]
        if each.name != "reviews":  # an auditor's
            assert (status, counted.named(each, text)) == (was, counted.named(each, before)), each


@pytest.mark.both_engines
def test_a_supervisor_and_an_outlet_who_do_not_count_read_on(counted: Counted) -> None:
    for who, answers in counted.others.items():
        for each, (status, text) in answers.items():
            was, before = counted.before[each]
            if (status, was) == (200, 200) and each.name not in OF_THE_READER:
                assert counted.named(each, text) >= counted.named(each, before), (who, each)


OF_THE_READER = {"home", "scan_task"}
"""What shows each reader what is theirs to do."""


# --- the table of treatments: a new type or route that could tell is in it


def structs_in(shape: Any, found: set[type]) -> set[type]:
    """Every struct that a value of this shape may have in it."""
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        if shape not in found:
            found.add(shape)
            for field in msgspec.structs.fields(shape):
                structs_in(field.type, found)
        return found
    for part in get_args(shape):
        structs_in(part, found)
    return found


PRINTED = [
    shape for module in FORM_MODULES for name, shape in vars(module).items() if name.endswith("Printed")
]
PLACE = {"state", "bin", "party", "lines", "position", "book_bin", "from_bin", "next"}


def tells_of_devices(shape: type) -> bool:
    """Whether a struct says where a device is, or what somebody said of one."""
    names = {field.name for field in msgspec.structs.fields(shape)}
    named = names & {"serial", "serials"} and names & PLACE
    return bool(named or {"state", "bin"} <= names or names & {"facts", "content"})


def test_every_type_of_an_answer_or_a_form_that_tells_where_a_device_is_has_its_treatment() -> None:
    reached: set[type] = set()
    for shape in (*(route.answer for route in ROUTES), *PRINTED):
        structs_in(shape, reached)
    telling = {shape for shape in reached if tells_of_devices(shape)}
    assert telling - TREATMENTS.keys() == set(), "TREATMENTS in api/treatments.py"


def test_what_is_refused_answers_nothing_that_has_been_written() -> None:
    for route in ROUTES:
        if route.write is not None and route.access is not ADMINS:  # who has no part in a count
            assert structs_in(route.answer, set()) & REFUSED.keys() == set(), route.name


def test_every_form_is_drawn_of_a_value_whose_treatment_is_known() -> None:
    untold = [shape for shape in PRINTED if not structs_in(shape, set()) & TREATMENTS.keys()]
    assert {shape.__name__ for shape in untold} == {
        "InspectionPrinted",
        "VisitsPrinted",
        "ComplaintReportPrinted",
    }, "they name no device"
