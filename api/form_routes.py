"""The routes of forms: beside each path that answers JSON, the same on xlsx and PDF, with the same access and query."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from api.callers.access import (
    ANYONE,
    COMPLAINT_READER,
    JOB_READER,
    READ_BOOK,
    READER,
    SIGNED_IN,
    STAFF_NUMBER,
    VISIT_NUMBER,
    Access,
)
from api.resources import books, forms
from api.resources.forms import FORM_WRITERS, Load, drawing
from api.resources.service import call_papers, papers
from api.resources.service.service_months import SpanQuery
from api.routing import Route
from api.wire.reading import Nothing


class Door(msgspec.Struct, frozen=True):
    """Where a form is had: its path without the ending, the name of the JSON's route beside it, and how it is loaded.

    Access and query are the JSON's; a `past` one may come from the replica, as the JSON does. One that is `beside`
    nothing is blank: nothing of the books is on it, and whoever is signed in may have it.
    """

    path: str
    name: str
    beside: str | None
    access: Access
    load: Load
    query: type[msgspec.Struct] = Nothing
    past: bool = False


DOORS = (
    Door("/v1/documents/{number}/slip", "print_slip", "read_document", READER, forms.load_slip),
    Door("/v1/stocktakes/{number}/sheet", "print_sheet", "read_sheet", STAFF_NUMBER, forms.load_sheet),
    Door("/v1/books/{site}/{register}/card", "print_card", "read_card", READ_BOOK, forms.load_card,
         query=books.CardQuery, past=True),
    Door("/v1/books/{site}/{register}/statement", "print_statement", "read_statement", READ_BOOK,
         forms.load_statement, query=books.StatementQuery, past=True),
    Door("/v1/months/{site}/{register}/{month}/statement", "print_month", "read_month", READ_BOOK, forms.load_month),
    Door("/v1/devices/{serial}/history", "print_history", "read_history", ANYONE, forms.load_history, past=True),
    Door("/v1/customers/{number}/devices", "print_customer_devices", "read_customer", SIGNED_IN,
         forms.load_belongings),
    Door("/v1/inspections/{number}/sheet", "print_inspection", "read_inspection", STAFF_NUMBER, forms.load_inspection),
    Door("/v1/visits/{number}/slip", "print_visit", "read_visit", VISIT_NUMBER, forms.load_visit),
    Door("/v1/visits", "print_visits", "list_visits", SIGNED_IN, forms.load_visits, query=forms.AccessLogQuery),
    Door("/v1/handovers/{number}/slip", "print_handover", "read_handover", SIGNED_IN, forms.load_handover),
    Door("/v1/dispatch-orders/{number}/slip", "print_dispatch_order", "read_dispatch_order", JOB_READER,
         papers.load_dispatch_order, query=papers.CopiesQuery),
    Door("/v1/repairs/{number}/slip", "print_repair", "read_repair", READER, papers.load_repair,
         query=papers.CopiesQuery),
    Door("/v1/installations/{number}/slip", "print_installation", "read_installation", JOB_READER,
         papers.load_installation, query=papers.CopiesQuery),
    Door("/v1/follow-ups/{number}/sheet", "print_follow_up", "read_follow_up", JOB_READER, call_papers.load_call),
    Door("/v1/call-months/{site}/{month}/sheet", "print_call_month", "read_call_month", READ_BOOK,
         call_papers.load_call_month),
    Door("/v1/complaints/{number}/sheet", "print_complaint", "read_complaint", COMPLAINT_READER,
         call_papers.load_complaint),
    Door("/v1/blank-forms/complaint", "print_blank_complaint", None, SIGNED_IN, call_papers.load_blank_complaint),
    Door("/v1/complaint-reports/{site}/sheet", "print_complaint_report", "read_complaint_report", READ_BOOK,
         call_papers.load_complaint_report, query=SpanQuery),
)  # fmt: skip


def routes_of(doors: tuple[Door, ...]) -> Iterator[Route]:
    """The routes of these doors, one for each kind of file."""
    for door in doors:
        for ending, writer in FORM_WRITERS.items():
            yield Route(
                "GET",
                f"{door.path}.{ending}",
                f"{door.name}_{ending}",
                door.access,
                drawing(door.load, ending, past=door.past),
                bytes,
                query=door.query,
                media_types=(writer.media_type,),
            )


FORM_ROUTES = tuple(routes_of(DOORS))
