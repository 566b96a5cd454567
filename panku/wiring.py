"""Wiring: the one place where the rules, records and checks of every layer meet, and the clock."""

from __future__ import annotations

import time

from devices.audit.custody.handover_checks import handover_faults
from devices.audit.duties import COUNT_DUTY, INSPECTION_DUTY, VISIT_DUTY
from devices.audit.kinds import AUDIT_KINDS
from devices.audit.month.month_checks import month_faults
from devices.audit.stocktake.stocktake_checks import stocktake_faults
from devices.ledger.deciding.plan import Rule, Rulebook
from devices.ledger.deciding.rules_of_one import RULES as LEDGER_RULES
from devices.ledger.duties.of_devices import DEVICE_DUTY
from devices.ledger.duties.of_repairs import REPAIR_DUTY
from devices.ledger.posting.closed_months import MONTH
from devices.ledger.proving.credentials import credential_faults
from devices.ledger.proving.requests import request_faults
from devices.moments.readings import CLOCK_READING
from devices.paperwork_kinds import PAPERWORK_KINDS
from devices.people.kinds import PEOPLE_KINDS
from devices.records import REGISTER_KINDS
from devices.service.duties import CALL_DUTY, COMPLAINT_DUTY, DISPATCH_DUTY, INSTALLATION_DUTY
from devices.spares.minimum_levels import SPARES_KINDS
from devices.spares.rules import RULES as SPARES_RULES
from devices.unit import FOUNDING

DUTIES = (
    DEVICE_DUTY, REPAIR_DUTY, DISPATCH_DUTY, INSTALLATION_DUTY, CALL_DUTY, COMPLAINT_DUTY,
    COUNT_DUTY, INSPECTION_DUTY, VISIT_DUTY,
)  # fmt: skip
"""Who tells what is due, and what was met."""

RECORD_KINDS = (
    FOUNDING, *REGISTER_KINDS, *PAPERWORK_KINDS, *PEOPLE_KINDS, *SPARES_KINDS, *AUDIT_KINDS, MONTH, CLOCK_READING,
)  # fmt: skip

CHECKS = (request_faults, credential_faults, stocktake_faults, month_faults, handover_faults)
"""What `panku verify` asks besides the ledger."""


def merged(*books: dict[str, tuple[Rule, ...]]) -> Rulebook:
    """The rules of every layer by document, each layer's after those below it."""
    names = {name for book in books for name in book}
    return {name: tuple(rule for book in books for rule in book.get(name, ())) for name in names}


RULEBOOK = merged(LEDGER_RULES, SPARES_RULES)


def clock() -> int:
    """Now, in UTC microseconds."""
    return time.time_ns() // 1000
