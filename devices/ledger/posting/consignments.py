"""A document that sends devices away makes its waybill known, so that papers can be attached to it later.

One waybill goes to one destination, as long as a document that sent something with it stands.
"""

from __future__ import annotations

import msgspec

from devices import records
from devices.journal import Writer
from devices.ledger.deciding.drafts import Draft, Sending, destination_of
from devices.paperwork.papers import Consignment, consignment_key
from devices.paperwork_kinds import CONSIGNMENT
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.ledger import Documents, Standings

_SENT = compiled(
    Documents.select(Documents.content)
    .join(Standings, on=(Standings.document == Documents.number))
    .where(
        Documents.site == GIVEN,
        Documents.type.in_([draft.__struct_config__.tag for draft in Sending.__args__]),
        Standings.status.not_in(["withdrawn", "reversed"]),
        (Standings.status == "pending") | (Standings.lines > 0),
    )
)


def consignment_of(store: Store, draft: Draft) -> Consignment | None:
    """The consignment that a sending document would join; None where there is none, or nothing stands under it."""
    if not isinstance(draft, Sending):
        return None
    found = records.current(store, CONSIGNMENT, _key(draft))
    if found is None:
        return None
    known: Consignment = found[0]
    if known.destination != destination_of(draft) and not _stands(store, known):
        return None
    return known


def _stands(store: Store, known: Consignment) -> bool:
    waybill = (known.carrier, known.waybill)
    contents = (msgspec.json.decode(row[0]) for row in store.rows(_SENT, (known.site,)))
    return any((each["carrier"], each["consignment_number"]) == waybill for each in contents)


def keep_consignment(writer: Writer, draft: Draft, *, by: str) -> None:
    """Journal the consignment of a sending document, unless its site has that waybill already.

    One whose documents were all undone may go elsewhere: it is told anew, and keeps what else was told of it.
    """
    if not isinstance(draft, Sending):
        return
    there, sent_on = destination_of(draft), draft.business_date
    found = records.current(writer.store, CONSIGNMENT, _key(draft))
    if found is None:
        value = Consignment(_key(draft), draft.site, draft.carrier, draft.consignment_number, there, sent_on)
        records.write(writer, CONSIGNMENT, value, by=by, expected=0)
    elif found[0].destination != there:
        changed = msgspec.structs.replace(found[0], destination=there, sent_on=sent_on)
        records.write(writer, CONSIGNMENT, changed, by=by)


def _key(draft: Sending) -> str:
    return consignment_key(draft.site, draft.carrier, draft.consignment_number)
