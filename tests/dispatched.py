"""Dispatch orders as tests open them, and the records that close them."""

from __future__ import annotations

from typing import Any

from tests.door import TODAY, Client

DONE_AT = "2026-11-24T14:00:00+08:00"
"""The moment at which the clock of the demo's books stands."""


def sent(serial: str, site: str = "BJ01", **more: Any) -> dict[str, Any]:
    """The body that opens a dispatch order for a device."""
    return {"site": site, "serials": [serial], "fault": "不亮", **more}


def taken_along(order: str, *pairs: tuple[str, str], site: str = "BJ01") -> dict[str, Any]:
    """The document by which spares go out under an order: each faulty device and the spare that is meant for it."""
    lines = [{"serial": spare, "faulty": faulty} for faulty, spare in pairs]
    return {"type": "carry_out", "site": site, "business_date": TODAY, "order": order, "lines": lines}


def done(*used: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The body that files what was done of a repair: each faulty device and the spare that went in for it."""
    return {
        "arrived_at": DONE_AT,
        "completed_at": DONE_AT,
        "diagnosis": "主板故障",
        "work": "更换备件",
        "outcomes": {"repair": "solved"},
        "used": [{"faulty": faulty, "spare": spare} for faulty, spare in used],
        "confirmation": {"how": "stamped"},
        **more,
    }


def sign_for_a_visit(zhang: Client, paper: bytes) -> None:
    """A customer of the demo signs for a visit: bytes that can be erased are in the books."""
    visit = {
        "site": "BJ01",
        "fault": "回访",
        "purposes": ["return_visit"],
        "customer": {"number": "C-BJ01-000001"},
    }
    order = zhang.post("/v1/dispatch-orders", visit).json["number"]
    assert zhang.post(f"/v1/attachments?site=BJ01&under={order}", paper).status_code == 201
