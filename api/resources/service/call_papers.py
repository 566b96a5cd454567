"""The papers of calls and complaints: 电话跟踪单, 电话跟踪记录表, 用户投诉记录表 and 投诉分析报告."""

from __future__ import annotations

from msgspec.structs import replace

from api.calls import Call
from api.resources.forms import Loaded
from api.resources.records import found_record
from api.resources.service.complaints import complaint_seen
from api.resources.service.follow_ups import follow_up_at_hand, follow_up_seen
from api.resources.service.service_months import call_month, complaints_reported
from devices.ledger.reading.customers import customers_shown
from devices.ledger.reading.passport import CustomerShown
from devices.ledger.reading.registers import site_name
from devices.paperwork.complaints import Complaint
from devices.paperwork.orders import RepairOrder
from devices.paperwork_kinds import COMPLAINT
from devices.service.calls.about_jobs import job_of_subject
from devices.service.calls.comparing import last_postponed
from devices.service.complaints.counting import complainant_of
from devices.store.database import Store
from labels.forms.service.calls import CALL_FORM, CALL_MONTH_FORM, CallMonthPrinted, CallPrinted
from labels.forms.service.complaints import (
    BLANK_COMPLAINT_FORM,
    COMPLAINT_FORM,
    REPORT_FORM,
    ComplaintPrinted,
    ComplaintReportPrinted,
)


def load_call(call: Call, store: Store) -> Loaded:
    """The call about one job: its questions to be asked, or what was answered beside the record."""
    value, _ = follow_up_at_hand(call)
    seen, order = follow_up_seen(call, value), job_of_subject(store, value.subject)
    assert order is not None, "a follow-up is of a job"
    return CALL_FORM, CallPrinted(
        unit=call.unit.name,
        site_name=site_name(store, value.site) or "",
        call=replace(value, serials=()),
        customer=_customer(value.customer, seen.customer_shown),
        spoken_to=seen.spoken_to,
        put_off=last_postponed(order),
        was_sent_in=isinstance(order, RepairOrder),
    )


def _customer(number: str | None, shown: CustomerShown | None) -> CustomerShown | None:
    """A customer where its reader sees them, or that they do not."""
    return None if number is None else shown or CustomerShown(masked=True)


def load_call_month(call: Call, store: Store) -> Loaded:
    """A month of calls."""
    month = call_month(call, store)
    return CALL_MONTH_FORM, CallMonthPrinted(
        call.unit.name,
        site_name(store, month.site) or "",
        call.today.isoformat(),
        month,
        customers_shown(store, (each.call.customer for each in month.calls), call.who.reads),
    )


def load_complaint(call: Call, store: Store) -> Loaded:
    """A complaint with its course; while it is open what is still to be done is filled in by hand."""
    value: Complaint
    value, _ = found_record(call, COMPLAINT, call.path["number"])
    seen = complaint_seen(call, value)
    return COMPLAINT_FORM, ComplaintPrinted(
        unit=call.unit.name,
        site_name=site_name(store, value.site) or "",
        complaint=value,
        customer=_customer(value.customer, seen.customer_shown),
        complainant=seen.complainant,
        told=seen.complainant is not None or complainant_of(store, value.number) is None,
    )


def load_blank_complaint(call: Call, _: Store) -> Loaded:
    """A complaint to be written down by hand: nothing of the books is on it."""
    return BLANK_COMPLAINT_FORM, ComplaintPrinted(unit=call.unit.name)


def load_complaint_report(call: Call, store: Store) -> Loaded:
    """What the complaints of some months come to, with room for why and for what is to be better."""
    report = complaints_reported(call, store)
    return REPORT_FORM, ComplaintReportPrinted(
        call.unit.name, site_name(store, report.site) or "", call.today.isoformat(), report
    )
