"""Getting a month ready to be closed at a door: reviewed, counted and sealed, and over."""

from __future__ import annotations

from typing import Any

from tests.counts import begin, close_count, explain, held, scan, sign
from tests.door import Client, Door

DAY_US = 86_400_000_000
NOVEMBER, DECEMBER, JANUARY = "2026-11", "2026-12", "2027-01"
BOOK = {"site": "BJ01", "register": "merchandise"}
MONTH = f"/v1/months/BJ01/merchandise/{NOVEMBER}"


def review_all(door: Door, site: str = "BJ01") -> None:
    """Approve whatever waits at a site."""
    li = door.sign_in("li")
    for (number,) in door.store.rows(
        "SELECT document FROM standing WHERE site = ? AND review = 'waiting' ORDER BY document", (site,)
    ):
        body = {"decision": "approve", "password": door.password("li")}
        answer = li.post(f"/v1/documents/{number}/review", body)
        assert answer.status_code == 200, answer.text


def count(door: Door, register: str = "merchandise") -> str:
    """Count a register of BJ01 without a variance, and have both sign; returns the stocktake's number."""
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang, register)
    scan(
        zhang,
        number,
        *(
            place
            for state in ("in_stock", "quarantined", "faulty")
            for place in held(door, register, state=state)
        ),
    )
    assert close_count(zhang, number).status_code == 200
    explain(zhang, number)
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    assert sign(li, number, "li", "auditor").json["stocktake"]["state"] == "sealed"
    return number


def make_ready(door: Door) -> str:
    """Settle and count November at BJ01, and let it pass; returns the stocktake's number."""
    review_all(door)
    number = count(door)
    door.now += 8 * DAY_US
    return number


def close(client: Client, month: str = NOVEMBER, **book: str) -> Any:
    """Close a month of BJ01's merchandise."""
    client.door.now += 1
    return client.post("/v1/months", {**BOOK, **book, "month": month})


def sign_month(client: Client, username: str, role: str, path: str = MONTH, **changes: Any) -> Any:
    """Sign a closed month as it is now."""
    client.door.now += 1
    digest = client.get(path).json["digest"]
    body = {"role": role, "digest": digest, "password": client.door.password(username), **changes}
    return client.post(f"{path}/signatures", body)


def seal(door: Door, path: str = MONTH) -> None:
    """Both sign a closed month."""
    for username, role in (("zhang", "storekeeper"), ("li", "auditor")):
        answer = sign_month(door.sign_in(username), username, role, path)
        assert answer.status_code == 201, answer.text
