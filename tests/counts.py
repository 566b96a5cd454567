"""Counting at a door: opening, scanning, explaining and signing, as one would over HTTP."""

from __future__ import annotations

from typing import Any

from api.wire.times import shown
from tests.door import Client, Door

SECOND = 1_000_000


def held(door: Door, register: str, state: str = "in_stock", site: str = "BJ01") -> list[tuple[str, str]]:
    """Serial and bin of every device of a register in a state."""
    rows = door.store.rows(
        "SELECT serial, bin FROM position WHERE site = ? AND register = ? AND state = ? ORDER BY serial",
        (site, register, state),
    )
    return [(serial, bin_code) for serial, bin_code in rows]


def scan(client: Client, number: str, *scans: tuple[str, str | None]) -> list[dict[str, Any]]:
    """Scan serials in bins, a second apart; returns the outcomes."""
    door = client.door
    door.now += SECOND
    sent = [
        {"id": f"{client.headers['Cookie'][-8:]}-{door.now}-{n}", "serial": serial, "at": shown(door.now)}
        | ({"bin": bin_code} if bin_code else {})
        for n, (serial, bin_code) in enumerate(scans)
    ]
    answer = client.post(f"/v1/stocktakes/{number}/scans", {"sent_at": shown(door.now), "scans": sent})
    assert answer.status_code == 200, answer.text
    outcomes: list[dict[str, Any]] = answer.json
    return outcomes


def begin(client: Client, register: str = "merchandise", **more: Any) -> str:
    """Open a count at BJ01."""
    client.door.now += SECOND
    answer = client.post("/v1/stocktakes", {"site": "BJ01", "register": register, **more})
    assert answer.status_code == 201, answer.text
    number: str = answer.json["number"]
    return number


def finish(client: Client, number: str) -> Any:
    """Say that one has nothing left to send."""
    return client.post(f"/v1/stocktakes/{number}/finish")


def close_count(client: Client, number: str, *others: Client) -> Any:
    """Close a count that whoever closes it, and these others, have finished."""
    for other in others:
        assert finish(other, number).status_code == 200
    return client.post(f"/v1/stocktakes/{number}/close", {"finished": True})


def settle(client: Client, number: str, scan_id: str, words: str = "看过货架", revision: int = 1) -> Any:
    """Explain a late scan that was kept as its first revision, or by another."""
    path = f"/v1/stocktakes/{number}/late-scans/{scan_id}"
    return client.send("PUT", path, {"explanation": words}, If_Match=f'"{revision}"')


def explain(client: Client, number: str) -> None:
    """Explain every variance of a sheet."""
    sheet = client.get(f"/v1/stocktakes/{number}/sheet?result=variance").json
    for line in sheet["lines"]:
        answer = client.send(
            "PUT",
            f"/v1/stocktakes/{number}/findings/{line['serial']}",
            {"explanation": "查过", "action": "照办"},
            If_Match=f'"{line["revision"]}"',
        )
        assert answer.status_code == 200, answer.text


def sign(client: Client, number: str, username: str, role: str) -> Any:
    """Sign the sheet as it is now."""
    digest = client.get(f"/v1/stocktakes/{number}").json["digest"]
    body = {"role": role, "digest": digest, "password": client.door.password(username)}
    client.door.now += SECOND
    return client.post(f"/v1/stocktakes/{number}/signatures", body)
