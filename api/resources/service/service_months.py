"""What calls and complaints come to over HTTP: a month of calls, and the complaints of some months."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from api.calls import Call, Done, Shown
from api.wire.times import month_read
from devices.problems import refuse
from devices.records import sites_by_code
from devices.serials import shortened
from devices.service.calls.by_month import CallMonth, calls_of_month
from devices.service.complaints.figures import ComplaintReport, complaint_report
from devices.store.database import Store
from devices.texts.lengths import YearMonth
from devices.values import UNIT, Site


class SpanQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}
):
    """From one calendar month to another, YYYY-MM, both included."""

    first: YearMonth
    last: YearMonth


def show_call_month(call: Call, _: Done) -> Shown:
    """The calls of a site, or of the unit, that ended in a month or were due in it, and their figures."""
    return Shown(call_month(call, call.store))


def show_complaint_report(call: Call, _: Done) -> Shown:
    """The complaints written down at a site, or in the unit, from one month to another, and their figures."""
    return Shown(complaints_reported(call, call.store))


def call_month(call: Call, store: Store) -> CallMonth:
    """The month of calls in a path.

    Raises Refused: `not_found` for a site that there is not, `malformed_parameter`, `before_books`, `future_date`.
    """
    month = month_read(call.path["month"], call.days)
    return calls_of_month(store, call.path["site"], _sites(call, store), month, call.today)


def complaints_reported(call: Call, store: Store) -> ComplaintReport:
    """The report that a path and a SpanQuery ask for. Raises Refused, as `call_month` does."""
    query: SpanQuery = call.query
    first, last = month_read(query.first, call.days, "from"), month_read(query.last, call.days, "to")
    if last < first:
        raise refuse("malformed_parameter", name="to", value=shortened(last))
    return complaint_report(store, call.path["site"], _sites(call, store), (first, last), call.today)


def _sites(call: Call, store: Store) -> Mapping[str, Site]:
    """The site of the path, or every site of the unit, by code."""
    every, code = sites_by_code(store), call.path["site"]
    if code == UNIT:
        return every
    if code not in every:
        raise refuse("not_found")
    return {code: every[code]}
