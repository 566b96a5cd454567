"""Signing a sheet, and what its second signature does: shortages are posted, the stocktake is sealed.

Nothing is added back by itself: a surplus stays a finding until its own document is posted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from devices import records
from devices.audit import signing
from devices.audit.kinds import FINDING, LATE_SCANS, STOCKTAKE, STOCKTAKES, Signature, Stocktake
from devices.audit.stocktake import sheet
from devices.audit.stocktake.late import last_late, settle_listed
from devices.audit.stocktake.scans import places_now
from devices.audit.stocktake.sheet import Line, Sheet
from devices.audit.stocktake.stocktakes import SIGNING_ROLES, before_step, stocktakes_of
from devices.journal import Writer
from devices.ledger.deciding.drafts import LINE_LIMIT, Shortage, ShortageItem
from devices.ledger.deciding.plan import Rulebook
from devices.ledger.posting import reviewing
from devices.ledger.posting.post import Poster, decide, keep_document
from devices.people.roles import Person
from devices.problems import Problem, Refused, refuse
from devices.store.database import Store
from devices.store.statements import EACH, GIVEN, compiled
from devices.store.tables.ledger import Documents, Reservations
from devices.unit import Unit

_POSTED_SINCE = compiled(
    Documents.select(Documents.number)
    .where(
        Documents.site == GIVEN,
        Documents.register == GIVEN,
        Documents.made_by == GIVEN,
        Documents.journal_seq > GIVEN,
    )
    .order_by(Documents.number)
    .limit(1)
)
_RESERVED = compiled(Reservations.select(Reservations.document).where(Reservations.serial.in_(EACH)))


class Signed(msgspec.Struct, frozen=True):
    """What a signature came to.

    `reopened` are shortages whose device has moved since the close: their findings are open again, and every
    signature is void. `remarks` are those of the sheet, told to whoever signs; `documents` the shortages posted.
    """

    signature: Signature
    remarks: tuple[str, ...]
    sealed: bool = False
    reopened: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


def sign_sheet(
    writer: Writer, unit: Unit, number: str, given: signing.Signing, *, rulebook: Rulebook
) -> Signed:
    """Sign a closed sheet as storekeeper or auditor; the second of the two seals it.

    Raises Refused: `role_missing`, `stocktake_not_closed`, `findings_unexplained`, `late_scans_unsettled`,
    `key_not_on_sheet`, `auditor_posted`, and whatever devices.audit.signing.sign does.
    """
    store, role, by = writer.store, given.role, given.by
    counted, revision = before_step(store, number, "sign")
    if role not in SIGNING_ROLES or (role, counted.site) not in by.roles:
        raise refuse("role_missing", "/role", roles=[role], site=counted.site)
    whole = sheet.sheet_of(store, counted)
    if problems := [*_unready(whole, role, given.key), *_independent(store, counted, role, by)]:
        raise Refused(problems)
    payload = signing.Payload(number, counted.site, sheet.PAYLOAD_TYPE, sheet.payload_of(whole))
    signature = signing.sign(writer, payload, given)
    signers = {each.role: each for each in signing.standing(store, number, payload.digest)}
    remarks = whole.header.remarks
    if signers.keys() != set(SIGNING_ROLES):
        return Signed(signature, remarks)
    short = [line for line in whole.rows if line.row.result == "shortage"]
    standing, reopened = _checked_again(store, number, short)
    if reopened:
        _reopen(writer, counted, reopened, by=by.username)
        return Signed(signature, remarks, reopened=tuple(line.row.serial for line in reopened))
    posted = tuple(_post_shortages(writer, unit, counted, standing, signers, rulebook))
    sealed = msgspec.structs.replace(
        counted,
        state=STOCKTAKES.step["seal"].after,
        sealed_at=writer.now_us,
        late=last_late(store, number),
    )
    records.write(writer, STOCKTAKE, sealed, by=by.username, expected=revision)
    settle_listed(writer, number, whole.header.left_waiting, by=by.username)
    return Signed(signature, remarks, sealed=True, documents=posted)


def _unready(whole: Sheet, role: str, key: signing.Key) -> Iterator[Problem]:
    """A sheet is signed once every variance is explained and no late scan waits, with a key that stands on it."""
    if left := sheet.unexplained(whole.rows):
        yield Problem("findings_unexplained", "", {"serials": left})
    if late := [each.named for each in whole.late if each.state == LATE_SCANS.begins]:
        yield Problem("late_scans_unsettled", "", {"serials": late})
    signer = sheet.Signer(role, key[0].username, key[0].fingerprint)
    if signer not in whole.header.signers:
        yield Problem(
            "key_not_on_sheet", "", {"username": key[0].username, "fingerprint": key[0].fingerprint}
        )


def _independent(store: Store, counted: Stocktake, role: str, by: Person) -> Iterator[Problem]:
    """Whoever posted in this register since the last sealed count does not sign for its auditor."""
    if role != "auditor":
        return
    sealed = [
        each.closed.seq
        for each in stocktakes_of(store, counted.site, states=("sealed",))
        if each.register == counted.register and each.closed
    ]
    row = store.row(_POSTED_SINCE, (counted.site, counted.register, by.username, max(sealed, default=0)))
    if row is not None:
        yield Problem("auditor_posted", "/role", {"username": by.username, "document": row[0]})


def _checked_again(store: Store, number: str, short: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Shortages that still stand, and those whose device has moved since without anybody saying so.

    One that moved and was explained after that is neither: its device is accounted for.
    """
    said = sheet.findings_of(store, number)
    now = {
        serial: place.step for serial, place in places_now(store, [line.row.serial for line in short]).items()
    }
    standing = [line for line in short if now[line.row.serial] == line.row.step]
    moved = [line for line in short if now[line.row.serial] != line.row.step]
    return standing, [line for line in moved if said[line.row.serial][0].step != now[line.row.serial]]


def _reopen(writer: Writer, counted: Stocktake, lines: Sequence[Line], *, by: str) -> None:
    said = sheet.findings_of(writer.store, counted.number)
    for line in lines:
        finding, revision = said[line.row.serial]
        opened = msgspec.structs.replace(finding, explanation="", action="", made_by=by)
        records.write(writer, FINDING, opened, by=by, expected=revision)
    signing.void(writer, counted.number, by=by)


def _post_shortages(
    writer: Writer,
    unit: Unit,
    counted: Stocktake,
    standing: Sequence[Line],
    signers: dict[str, Signature],
    rulebook: Rulebook,
) -> Iterator[str]:
    """Post every standing shortage, on the storekeeper's word; a proposal that waits on its device is rejected."""
    serials = [line.row.serial for line in standing]
    for number in _waiting_on(writer.store, serials):
        reviewing.reject(writer, number, by=signers["auditor"].username, reason=counted.number)
    poster = Poster(signers["storekeeper"].username)
    each = iter(serials)
    while some := tuple(islice(each, LINE_LIMIT)):
        draft = Shortage(
            site=counted.site,
            business_date=unit.day_of(writer.now_us).isoformat(),
            stocktake=counted.number,
            lines=tuple(ShortageItem(serial=serial, finding=f"{counted.number}/{serial}") for serial in some),
        )
        decided = decide(writer.store, unit, draft, writer, rulebook)
        yield keep_document(writer, unit, decided, poster).number


def _waiting_on(store: Store, serials: Sequence[str]) -> list[str]:
    """The proposals that have reserved one of these devices."""
    return sorted({number for (number,) in store.rows_in(_RESERVED, serials)})
