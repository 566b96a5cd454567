"""Every form there is, over books that have something of everything."""

from __future__ import annotations

import importlib
import pkgutil

import labels.forms
from tests import custody
from tests.called import answered, said
from tests.closing import DAY_US, close, review_all, seal
from tests.conftest import Stores
from tests.custody import House, answers, fault, fill_house, inspect, request
from tests.dispatched import done, sent
from tests.door import TODAY

FORM_MODULES = [
    importlib.import_module(each.name)
    for each in pkgutil.walk_packages(labels.forms.__path__, "labels.forms.")
]
"""Every module of the forms, in whatever room."""
MONTH = TODAY[:7]
OF_A_CUSTOMER = "661565714354"


def filled_house(stores: Stores) -> House:
    """Demo books with counts, an inspection, a visit, a handover, and a month that both have signed."""
    house = House(stores.filled("sqlite", fill_house))
    custody.count_all(house)
    inspect(house.of("zhang"), answers(fault()))
    request(house)
    order = {"site": "BJ01", "serial": OF_A_CUSTOMER, "fault": "不亮"}
    assert house.of("zhang").post("/v1/repairs", order).status_code == 201
    assert house.of("zhang").post("/v1/dispatch-orders", sent(OF_A_CUSTOMER)).status_code == 201
    call_about_a_job(house)
    asked = {"site": "BJ01", "serial": OF_A_CUSTOMER, "mode": "download"}
    assert house.of("zhang").post("/v1/installations", asked).status_code == 201
    custody.begin(house)
    review_all(house)
    house.now += 8 * DAY_US
    assert close(house.of("zhang")).status_code == 201
    seal(house)
    return house


def call_about_a_job(house: House) -> None:
    """A return visit is done, and the customer says that they paid for it: a complaint."""
    body = sent(OF_A_CUSTOMER, purposes=["return_visit"], technician="wang")
    order = house.of("zhang").post("/v1/dispatch-orders", body).json["number"]
    filed = house.of("wang").post(
        f"/v1/dispatch-orders/{order}/service-record", done(outcomes={"return_visit": "all_well"})
    )
    assert filed.status_code == 201, filed.text
    bad = said("收了我 100 元，没有给收据", paid_fen=10_000)
    answered(house, order, {**bad, "passed_on": "收费与单据不符", "passed_to": "unit_head"})


def every_form(house: House) -> dict[str, str]:
    """The address of every form of the books on xlsx, by a short name."""
    documents = house.store.rows("SELECT MAX(number), type FROM document GROUP BY type")
    counts = house.store.rows("SELECT key FROM record WHERE kind = 'stocktake' ORDER BY key")
    return {
        **{f"slip_{kind}": f"/v1/documents/{number}/slip.xlsx" for number, kind in documents},
        **{f"sheet{n}": f"/v1/stocktakes/{number}/sheet.xlsx" for n, (number,) in enumerate(counts)},
        "card": f"/v1/books/BJ01/merchandise/card.xlsx?model=TCG-01&from={MONTH}-01&to={MONTH}-30",
        "statement": f"/v1/books/BJ01/spare/statement.xlsx?month={MONTH}",
        "month": f"/v1/months/BJ01/merchandise/{MONTH}/statement.xlsx",
        "history": "/v1/devices/661565714353/history.xlsx",
        "devices": "/v1/customers/C-BJ01-000002/devices.xlsx",
        "inspection": "/v1/inspections/I-BJ01-000001/sheet.xlsx",
        "visit": "/v1/visits/V-BJ01-000001/slip.xlsx",
        "visits": "/v1/visits.xlsx?site=BJ01",
        "repair": "/v1/repairs/R-BJ01-000001/slip.xlsx",
        "dispatch_order": "/v1/dispatch-orders/D-BJ01-000001/slip.xlsx?copies=2",
        "installation": "/v1/installations/N-BJ01-000001/slip.xlsx",
        "follow_up": "/v1/follow-ups/D-BJ01-000002/sheet.xlsx",
        "call_month": f"/v1/call-months/BJ01/{MONTH}/sheet.xlsx",
        "complaint": "/v1/complaints/P-BJ01-000001/sheet.xlsx",
        "blank_complaint": "/v1/blank-forms/complaint.xlsx",
        "complaint_report": f"/v1/complaint-reports/BJ01/sheet.xlsx?from={MONTH}&to={MONTH}",
        "handover": "/v1/handovers/H-BJ01-000001/slip.xlsx",
    }
