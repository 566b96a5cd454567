"""What `panku verify` asks of handovers: signatures are over what was handed over, and a completed one has three."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from devices.audit.custody.custody_kinds import HANDOVER, Handover
from devices.audit.custody.handovers import PARTIES, decode_handover, payload_of
from devices.audit.signature_checks import signature_faults
from devices.ledger.proving.faults import UNREADABLE, Fault
from devices.store.database import Store
from devices.store.statements import compiled
from devices.store.tables.ledger import Records

_HANDOVERS = compiled(
    Records.select(Records.key, Records.content).where(Records.kind == HANDOVER.name).order_by(Records.key)
)


def handover_faults(store: Store) -> Iterator[Fault]:
    """Everything wrong with handovers and the signatures over them."""
    for key, content in store.rows(_HANDOVERS):
        try:
            value = msgspec.json.decode(content, type=Handover)
            decode_handover(value.payload)
        except UNREADABLE:
            yield Fault("handover", key, "it can not be read")
            continue
        yield from signature_faults(store, payload_of(value), PARTIES if value.state == "completed" else ())
