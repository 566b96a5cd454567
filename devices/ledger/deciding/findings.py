"""What a document finds besides moving devices: short and over against a manifest or a dispatch. Pure."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from devices.ledger.deciding.case import Case, Plan
from devices.ledger.deciding.drafts import Draft


def without_extras(case: Case[Draft]) -> Case[Draft]:
    """An arrival without the serials that are not on its dispatch: they are findings, never lines."""
    if case.document != "arrival" or case.cited is None:
        return case
    sent = case.cited.lines
    return replace(case, entries=tuple(entry for entry in case.entries if entry.serial in sent))


def findings_in(case: Case[Draft], plan: Plan) -> dict[str, Any]:
    """Findings by name, only those that found something; kept in the document and told to its poster."""
    found: dict[str, Any] = {}
    if case.document == "receipt" and case.manifest:
        found = _against_manifest(case, {move.entry.serial for move in plan.moves})
    elif case.document == "arrival" and case.cited:
        found = _against_dispatch(case, plan)
    return {name: value for name, value in found.items() if value}


def _against_manifest(case: Case[Draft], now: set[str]) -> dict[str, Any]:
    assert case.manifest is not None, "no manifest"
    rows = case.manifest.rows
    listed = {row.serial for row in rows if row.serial}
    return {
        "received": len(now & listed),
        "short": sorted(listed - now - case.received),
        "over": sorted(now - listed),
        "duplicate": [
            {"row": row.row, "text": row.text} for row in rows if row.problem == "duplicate_serial"
        ],
        "malformed": [
            {"row": row.row, "text": row.text, "code": row.problem}
            for row in rows
            if row.problem and row.problem != "duplicate_serial"
        ],
    }


def _against_dispatch(case: Case[Draft], plan: Plan) -> dict[str, Any]:
    assert case.cited is not None, "no dispatch"
    arrived = {move.entry.serial for move in plan.moves}
    on_the_way = {
        serial for serial, line in case.cited.lines.items() if case.position(serial).state == "in_transit"
    }
    lines = getattr(case.draft, "lines", ())
    return {
        "short": sorted(on_the_way - arrived),
        "damaged": sorted(move.entry.serial for move in plan.moves if move.facts.get("damaged")),
        "extra": sorted({line.serial.strip() for line in lines} - case.cited.lines.keys()),
    }
