"""Opening stock (期初) from a spreadsheet: one proposal for each register, since no document mixes two books."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from devices.ledger.deciding.drafts import LINE_LIMIT, Opening, OpeningItem, Party
from devices.ledger.posting.gather import models_in_use
from devices.problems import Problem, Refused
from devices.sheets.opening_list import OpeningRow, OpeningStock, read_opening_stock
from devices.store.database import Store
from devices.values import REGISTERS

PARTY_UNKNOWN = {"carried": "技术员", "in_transit": "承运人", "at_factory": "厂家"}
"""Who has a device that is away, where the old books do not say."""


class Proposal(msgspec.Struct, frozen=True):
    """One proposal for part of a sheet; `rows` are the sheet's row numbers, one for each of its lines."""

    draft: Opening
    rows: tuple[int, ...]

    def by_row(self, refused: Refused) -> tuple[Problem, ...]:
        """What was refused of the draft, each line's problems pointing to the row it was read from."""
        return tuple(_of_row(problem, self.rows) for problem in refused.problems)


def _of_row(problem: Problem, rows: Sequence[int]) -> Problem:
    line = re.match(r"/lines/(\d+)", problem.pointer)
    if line is None:
        return problem
    pointer = f"/rows/{rows[int(line[1])]}{problem.pointer[line.end() :]}"
    return msgspec.structs.replace(problem, pointer=pointer)


def read(store: Store, data: bytes) -> OpeningStock:
    """An opening sheet, its serials checked against the catalogue's patterns. Raises Refused as its reading does."""
    return read_opening_stock(data, *models_in_use(store))


def proposals(stock: OpeningStock, site: str, day: str, digest: str) -> list[Proposal]:
    """The proposals for a sheet, with itself as their proof; `digest` is its attachment's.

    Raises Refused with every problem, by row: opening stock is taken whole.
    """
    if stock.problems or not stock.rows:
        raise Refused(stock.problems or [Problem("no_devices")])
    by_register: dict[str | None, list[OpeningRow]] = {}
    for row in stock.rows:
        register = row.register if row.state not in ("sold", "in_service", "lost") else None
        by_register.setdefault(register, []).append(row)
    parts = (
        same[start : start + LINE_LIMIT]
        for same in by_register.values()
        for start in range(0, len(same), LINE_LIMIT)
    )
    return [
        Proposal(
            Opening(
                site=site, business_date=day, attachments=(digest,), lines=tuple(_item(row) for row in part)
            ),
            tuple(row.row for row in part),
        )
        for part in parts
    ]


def _item(row: OpeningRow) -> OpeningItem:
    party = None
    if row.taxpayer:
        party = Party(
            taxpayer_id=row.taxpayer.id, name=row.taxpayer_name, address=row.address, contact=row.contact
        )
    return OpeningItem(
        serial=row.serial or "",
        model=row.model or "",
        state=row.state or "",
        register=next((register for register in REGISTERS if register == row.register), None),
        bin=row.bin,
        party=PARTY_UNKNOWN.get(row.state or ""),
        customer=party,
        warranty_until=row.warranty_until,
    )
