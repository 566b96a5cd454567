"""Follow-up calls as tests make them: what a content customer answers, and what one says who is not."""

from __future__ import annotations

from typing import Any

from tests.custody import House

CONTENT: dict[str, Any] = {
    "on_time": "not_agreed", "manner": "yes", "proper": "yes", "promise": "yes", "paid_fen": 0, "favour": "no",
    "solved": "yes", "disk": None, "signed": "yes", "overall": 5,
}  # fmt: skip
"""The answers to a repair of tests/dispatched.py with which its record agrees."""


def said(complaint: str | None = None, **answers: Any) -> dict[str, Any]:
    """The body of an answered call: those of CONTENT but for these, and what the customer complains of."""
    return {"answers": {**CONTENT, **answers}, **({"complaint": complaint} if complaint else {})}


def call(house: House, job: str, step: str, body: Any = None, who: str = "chen") -> Any:
    """Take a step of the follow-up of a job."""
    return house.of(who).post(f"/v1/follow-ups/{job}/{step}", body)


def answered(house: House, job: str, body: Any = None, who: str = "chen") -> Any:
    """The follow-up of a job of which somebody heard every answer; of a content customer where it is left out."""
    answer = call(house, job, "answer", body or said(), who)
    assert answer.status_code == 200, answer.text
    return answer.json
