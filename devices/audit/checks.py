"""What `panku verify` asks of stocktakes: scans and sheets are those that were closed, signatures hold over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from devices.audit import sheet, signing
from devices.audit.kinds import STOCKTAKE, Close, Stocktake
from devices.audit.scans import digest
from devices.audit.stocktakes import SIGNING_ROLES, payload_of
from devices.database import Store
from devices.ledger.faults import Fault
from devices.people.signing_keys import key_by_fingerprint

REVISIONS = "SELECT content FROM revision WHERE kind = ? ORDER BY key, revision"
STRAY = {
    "scan": "SELECT DISTINCT stocktake FROM scan s WHERE NOT EXISTS"
    " (SELECT 1 FROM record r WHERE r.kind = 'stocktake' AND r.key = s.stocktake)",
    "sheet": "SELECT s.stocktake FROM sheet s WHERE NOT EXISTS"
    " (SELECT 1 FROM record r WHERE r.kind = 'stocktake' AND r.key = s.stocktake)",
}


def stocktake_faults(store: Store) -> Iterator[Fault]:
    """Everything wrong with counts, their sheets and the signatures over them."""
    for table, query in STRAY.items():
        for (number,) in store.rows(query):
            yield Fault(table, number, "there is no such stocktake")
    revisions = [_decoded(content) for (content,) in store.rows(REVISIONS, (STOCKTAKE.name,))]
    stocktakes = [
        each for each in revisions if each is not None
    ]  # what can not be read is told of its revision
    yield from _sheets(
        store, {(each.number, each.closed.closing): each.closed for each in stocktakes if each.closed}
    )
    for counted in {each.number: each for each in stocktakes}.values():
        yield from _last_close(store, counted)


def _sheets(store: Store, closes: Mapping[tuple[str, int], Close]) -> Iterator[Fault]:
    for (number, closing), close in closes.items():
        if sheet.stored_digest(store, number, closing) != close.rows:
            yield Fault("sheet", f"{number}/{closing}", "it is not what the stocktake was closed with")
    for number, closing in store.rows("SELECT stocktake, closing FROM sheet ORDER BY stocktake, closing"):
        if (number, closing) not in closes:
            yield Fault("sheet", f"{number}/{closing}", "no close made it")


def _last_close(store: Store, counted: Stocktake) -> Iterator[Fault]:
    close = counted.closed
    if close is None:
        return
    if digest(store, counted.number) != close.scans:
        yield Fault("scan", counted.number, "the scans are not those that were counted at the close")
    try:
        payload = payload_of(store, counted)
    except (AssertionError, msgspec.DecodeError):
        return  # the sheet itself is wrong, which has been told
    standing = signing.standing(store, counted.number, payload.digest)
    for given in standing:
        key = key_by_fingerprint(store, given.fingerprint)
        signature = bytes.fromhex(given.signature)
        if key is None or not signing.verifies(payload, signature, bytes.fromhex(key.public_hex)):
            yield Fault("signature", f"{counted.number}#{given.role}", "it is not of this sheet by this key")
    if counted.state == "sealed" and {given.role for given in standing} != set(SIGNING_ROLES):
        yield Fault("signature", counted.number, "it is sealed without both signatures over its sheet")


def _decoded(content: str) -> Stocktake | None:
    try:
        return msgspec.json.decode(content, type=Stocktake)
    except msgspec.DecodeError:
        return None
