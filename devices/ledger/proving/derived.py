"""The caches against the ledger they are derived from: positions, standing, reservations, current records, papers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from peewee import fn

from devices.calendar import a_year_before, day_of
from devices.chain import commitment
from devices.ledger.posting.rows import NOT_UNDONE
from devices.ledger.proving.current import LATEST, check_kind
from devices.ledger.proving.faults import SHOWN, UNREADABLE, Fault, Faults, decoded_as
from devices.lifecycle import DOCUMENT, DOCUMENTS, UNREVIEWED
from devices.paperwork_kinds import ATTACHMENT
from devices.records import RecordKind
from devices.serials import trimmed
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables import name_of
from devices.store.tables.ledger import (
    Blobs,
    Documents,
    Lines,
    PersonalBlobs,
    PersonalData,
    RecordDevices,
    Records,
    Reservations,
    Reviews,
    Revisions,
    Standings,
)
from devices.store.tables.registers import Units
from devices.unit import FOUNDING, Founded, Unit, founded, unit_of
from devices.values import POSITION_FIELDS

_DIFFERS = " OR ".join(
    f"p.{name} IS DISTINCT FROM l.{name}"
    for name in ("document", "recorded_at", "business_date", *POSITION_FIELDS)
)
# By hand: every line against the one before it.
_LINES = {
    "a step is missing before it, or it does not begin where that step ended": (
        "SELECT l.serial FROM line l LEFT JOIN line b ON b.serial = l.serial AND b.step = l.step - 1"
        " WHERE (l.step > 1 AND (b.serial IS NULL OR l.from_state IS DISTINCT FROM b.state"
        " OR l.from_register IS DISTINCT FROM b.register OR l.from_site IS DISTINCT FROM b.site"
        " OR l.from_bin IS DISTINCT FROM b.bin OR l.recorded_at < b.recorded_at))"
        " OR (l.step = 1 AND l.from_state IS DISTINCT FROM 'new') ORDER BY l.serial LIMIT ?"
    ),
}
# By hand: the whole tables of positions and lines, each against the other.
_POSITIONS = {
    "the position is not where the last line left the device": (
        "SELECT p.serial FROM position p LEFT JOIN line l ON l.serial = p.serial AND l.step = p.step"
        f" WHERE l.serial IS NULL OR {_DIFFERS} ORDER BY p.serial LIMIT ?"
    ),
    "a line follows the position, or there is no position": (
        "SELECT l.serial FROM line l LEFT JOIN position p ON p.serial = l.serial"
        " WHERE p.serial IS NULL OR l.step > p.step ORDER BY l.serial LIMIT ?"
    ),
}


_WITH_LINE_BEFORE = "line l LEFT JOIN line b ON b.serial = l.serial AND b.step = CAST(l.step AS BIGINT) - 1"
_ANSWERED = "COALESCE(b.site, b.responsible_site)"
_ANSWERS = "COALESCE(l.site, l.responsible_site)"
# By hand: every line against the one before it, and all that is derived of both.
_ELSEWHERE = {
    "whoever answered for the device is not told of the line": (
        f"SELECT l.serial FROM {_WITH_LINE_BEFORE}"
        f" WHERE ({_ANSWERED} <> l.journal_site OR {_ANSWERS} <> l.journal_site)"
        f" AND EXISTS (SELECT 1 FROM site s WHERE s.code IN ({_ANSWERED}, {_ANSWERS}) AND s.code <> l.journal_site"
        "  AND NOT EXISTS (SELECT 1 FROM line_elsewhere e WHERE e.site = s.code AND e.journal_site = l.journal_site"
        "   AND e.journal_seq = l.journal_seq AND e.n = l.n)) ORDER BY l.serial LIMIT ?"
    ),
    "a site is told of a line of a device that it did not answer for": (
        "SELECT e.journal_site FROM line_elsewhere e WHERE e.site = e.journal_site OR NOT EXISTS"
        f" (SELECT 1 FROM {_WITH_LINE_BEFORE} WHERE l.journal_site = e.journal_site"
        f" AND l.journal_seq = e.journal_seq AND l.n = e.n AND e.site IN ({_ANSWERED}, {_ANSWERS})) ORDER BY 1 LIMIT ?"
    ),
}


def cache_checks(kinds: Sequence[RecordKind]) -> Mapping[str, Callable[[Store], Faults]]:
    """Every check of what is not itself the ledger, by its name, such as `record finding`."""
    committed = [kind.name for kind in kinds if "commitment" in kind.value.__struct_fields__]
    return {
        "line": partial(_steps, table="line", statements=_LINES),
        "position": partial(_steps, table="position", statements=_POSITIONS),
        "line_elsewhere": partial(_steps, table="line_elsewhere", statements=_ELSEWHERE),
        "standing": _standing,
        "reservation": _reservations,
        **{f"record {kind.name}": partial(check_kind, kind=kind) for kind in kinds},
        "kinds": partial(_unknown_kinds, kinds=kinds, committed=committed),
        "personal": partial(_personal, kinds=committed),
        "unit": _unit,
        "blob": _papers,
    }


def _steps(store: Store, table: str, statements: Mapping[str, str]) -> Faults:
    for what, statement in statements.items():
        for (serial,) in store.rows(statement, (SHOWN,)):
            yield Fault(table, str(serial), what)


_BEFORE = [document.name for document in DOCUMENTS if document.review == "before"]
_PENDING = compiled(
    Documents.select(Documents.number, Documents.type, Documents.cites, Documents.content).where(
        Documents.type.in_(_BEFORE),
        ~fn.EXISTS(Reviews.select(Reviews.document).where(Reviews.document == Documents.number)),
    )
)
_RESERVED = compiled(Reservations.select(Reservations.serial, Reservations.document))
_STANDING_LINES = compiled(
    Lines.select(Lines.serial).where(
        Lines.document == GIVEN,
        NOT_UNDONE,
    )
)
_STRAY_STANDINGS = compiled(
    Standings.select(Standings.document).where(
        ~fn.EXISTS(Documents.select(Documents.number).where(Documents.number == Standings.document))
    )
)
_UNITS = compiled(
    Units.select(Units.id, Units.name, Units.time_zone, Units.secret, Units.books_from, Units.made_at)
)
_IN_MONTH = compiled(Lines.select(Lines.serial).where(fn.SUBSTR(Lines.business_date, 1, 7) == GIVEN).limit(1))
_DIGESTS = compiled(Blobs.select(Blobs.digest).order_by(Blobs.digest))
_BYTES = compiled(Blobs.select(Blobs.bytes).where(Blobs.digest == GIVEN))
_PERSONAL_BYTES = (
    compiled(PersonalBlobs.select(PersonalBlobs.digest).order_by(PersonalBlobs.digest)),
    compiled(PersonalBlobs.select(PersonalBlobs.bytes).where(PersonalBlobs.digest == GIVEN)),
)

_STANDING = (
    "WITH undone AS (SELECT l.document, COUNT(*) AS lines FROM line u"
    "  CROSS JOIN line l WHERE u.reverses IS NOT NULL AND l.serial = u.serial AND l.step = u.reverses"
    "  GROUP BY l.document)"
    " SELECT d.number, d.site, d.type, v.decision,"
    "  (SELECT COUNT(*) FROM line l WHERE l.document = d.number), COALESCE(u.lines, 0),"
    "  EXISTS (SELECT 1 FROM document a JOIN review w ON w.document = a.number AND w.decision = 'approve'"
    "   LEFT JOIN undone r ON r.document = a.number WHERE a.answers = d.number AND COALESCE(r.lines, 0)"
    "   < (SELECT COUNT(*) FROM line l WHERE l.document = a.number)),"
    "  s.site, s.status, s.review, s.lines, s.reversed, s.resolved"
    " FROM document d LEFT JOIN review v ON v.document = d.number LEFT JOIN undone u ON u.document = d.number"
    " LEFT JOIN standing s ON s.document = d.number"
)
"""By hand: every document against its review and all lines.

CROSS JOIN: SQLite begins with the few lines that reverse something, and not with every line there is.
"""


def standing_of(
    document: str, decision: str | None, lines: int, reversed_lines: int, answered: bool
) -> tuple[str, str, int]:
    """How a document stands by what the ledger says of it: its status, its review, and whether it is resolved."""
    policy = DOCUMENT[document].review if document in DOCUMENT else "unknown"
    review = {
        None: UNREVIEWED.get(policy, "waiting"),
        "approve": "approved",
        "reject": "rejected",
    }.get(decision, "withdrawn")
    undone = lines > 0 and reversed_lines == lines
    if decision == "withdraw":
        status = "withdrawn"
    elif undone:
        status = "reversed"
    elif decision == "reject":
        status = "rejected"
    else:
        status = "pending" if policy == "before" and decision is None else "posted"
    unresolved = status == "rejected" and lines > 0 and not answered
    return status, review, 0 if unresolved else 1


def _standing(store: Store) -> Faults:
    count = 0
    for row in store.stream(_STANDING):
        number, site, document, decision, lines, reversed_lines, answered = row[:7]
        status, review, resolved = standing_of(document, decision, lines, reversed_lines, bool(answered))
        if tuple(row[7:]) != (site, status, review, lines, reversed_lines, resolved):
            should = f"{status}, review {review}, {reversed_lines} of {lines} lines reversed"
            yield Fault("standing", number, f"it should be {should}, resolved {resolved}; it is {row[8:]}")
            count += 1
        if count == SHOWN:
            return
    for (number,) in store.rows(_STRAY_STANDINGS):
        yield Fault("standing", number, "there is no such document")


def _reservations(store: Store) -> Faults:
    pending = store.rows(_PENDING)
    expected: set[tuple[str, str]] = set()
    for number, document, cites, content in pending:
        expected |= {(serial, str(number)) for serial in _proposed(store, document, cites, content)}
    found = {(str(serial), str(number)) for serial, number in store.rows(_RESERVED)}
    for serial, number in sorted(expected ^ found)[:SHOWN]:
        what = "the device is not reserved" if (serial, number) in expected else "no pending proposal has it"
        yield Fault("reservation", serial, f"{what} ({number})")


class _Item(msgspec.Struct):
    serial: str


class _Proposal(msgspec.Struct):
    lines: tuple[_Item, ...] = ()
    serials: tuple[str, ...] | None = None


def _proposed(store: Store, document: str, cites: str | None, content: str) -> set[str]:
    proposal = decoded_as(content, _Proposal) or _Proposal()
    if document != "reversal":
        return {trimmed(item.serial) for item in proposal.lines}
    if proposal.serials:
        return {trimmed(serial) for serial in proposal.serials}
    return {serial for (serial,) in store.rows(_STANDING_LINES, (cites,))}


def _unknown_kinds(store: Store, kinds: Sequence[RecordKind], committed: Sequence[str]) -> Faults:
    """Records of kinds that there are none of, which no check of a kind would look at."""
    expected: dict[Any, set[str]] = {
        Revisions: {kind.name for kind in kinds},
        Records: {kind.name for kind in kinds if kind.table is None},
        RecordDevices: {kind.name for kind in kinds if kind.table is None},
        PersonalData: set(committed),
    }
    for table, names in expected.items():
        for (name,) in store.rows(compiled(table.select(table.kind).distinct())):
            if name not in names:
                yield Fault(name_of(table), str(name), "no records of this kind are kept there")


def _unit(store: Store) -> Faults:
    """The unit against what was journalled at its founding; one of an earlier version was not, or not its first day."""
    found = [_founded(row) for row in store.rows(_UNITS)]
    for _, _, content in store.rows(LATEST, (FOUNDING.name,)):
        told = decoded_as(content, Founded)
        if isinstance(told, Founded) and told.books_from is None:
            if not all(_begun_as_migrated(store, each) for each in found if each):
                yield Fault("unit", FOUNDING.name, "its books begin on a day that its lines do not tell")
            found = [each and msgspec.structs.replace(each, books_from=None) for each in found]
        if found != [told]:
            yield Fault("unit", FOUNDING.name, "it is not as it was founded")


def _begun_as_migrated(store: Store, unit: Founded) -> bool:
    """Whether books whose unit declared no first day begin as a migration said: a year before it, or with a line."""
    default, told = a_year_before(day_of(unit.made_at)).isoformat(), unit.books_from or ""
    month, day = told[:7], told[7:]
    return told == default or (told < default and day == "-01" and store.row(_IN_MONTH, (month,)) is not None)


def _founded(row: tuple[Any, ...]) -> Founded | None:
    try:
        return founded(Unit(*row[1:5]), row[5]) if row[0] == 1 else None
    except UNREADABLE:  # a secret that is no longer hex
        return None


# By hand: every revision against personal data and its neighbours.
_PERSONAL = (
    "SELECT r.kind, r.key, r.revision, r.content,"
    " (SELECT b.content FROM revision b WHERE b.kind = r.kind AND b.key = r.key AND b.revision = r.revision - 1),"
    " p.salt, p.content, p.taxpayer_id, p.latest,"
    " (SELECT MAX(m.revision) FROM personal m WHERE m.kind = r.kind AND m.key = r.key),"
    " (SELECT e.content FROM revision e WHERE e.kind = r.kind AND e.key = r.key ORDER BY e.revision DESC LIMIT 1)"
    " FROM revision r LEFT JOIN personal p ON p.kind = r.kind AND p.key = r.key AND p.revision = r.revision"
    " WHERE r.kind = ?"
)
_STRAY_PERSONAL = compiled(
    PersonalData.select(PersonalData.kind, PersonalData.key, PersonalData.revision)
    .where(
        ~fn.EXISTS(
            Revisions.select(Revisions.key).where(
                Revisions.kind == PersonalData.kind,
                Revisions.key == PersonalData.key,
                Revisions.revision == PersonalData.revision,
            )
        )
    )
    .limit(SHOWN)
)


def _personal(store: Store, kinds: Sequence[str]) -> Faults:
    """Personal data against the commitments the journal holds; erased data is told by its record's last revision."""
    unit = unit_of(store)
    for kind in kinds:
        for row in store.stream(_PERSONAL, (kind,)):
            what = _personal_fault(unit, row[2:])
            if what is not None:
                yield Fault("personal", f"{kind} {row[1]}@{row[2]}", what)
    for kind, key, revision in store.rows(_STRAY_PERSONAL):
        yield Fault("personal", f"{kind} {key}@{revision}", "no revision is of it")


def _personal_fault(unit: Unit | None, row: tuple[Any, ...]) -> str | None:
    revision, content, before, salt, data, taxpayer_id, latest, last, newest = row
    erased = _fields(newest).get("erased")
    if erased and (salt, data, taxpayer_id) != (None, None, None):
        return "it was erased, and is there again"
    committed = _fields(content).get("commitment")
    if not committed:
        return None if data is None else "nothing in the journal commits to it"
    if latest is None and before is not None and _fields(before).get("commitment") == committed:
        return None  # the revision changed something else; its data are those of the one before it
    if salt is None or data is None:
        if not erased:
            return "personal data is gone, and nobody erased it"
    elif not _commits(unit, salt, data, committed):
        return "personal data was changed"
    elif taxpayer_id != _fields(data).get("taxpayer_id"):
        return "it is found under another taxpayer id"
    return None if latest == (1 if revision == last else 0) else "another revision is taken for the latest"


def _commits(unit: Unit | None, salt: str, data: str, committed: str) -> bool:
    try:
        return unit is not None and commitment(unit.secret, salt, data) == committed
    except UNREADABLE:  # a secret that is no longer hex
        return False


def _fields(content: str) -> dict[str, Any]:
    return decoded_as(content, dict[str, Any]) or {}


_DIGEST_OF_KEY = "SUBSTR(r.key, LENGTH(r.key) - 63)"
# By hand: all attachments against all papers, whose digest ends the key.
_KEPT_PAPERS = (
    f"SELECT {_DIGEST_OF_KEY}, r.content,"
    f" EXISTS (SELECT 1 FROM blob b WHERE b.digest = {_DIGEST_OF_KEY}),"
    f" EXISTS (SELECT 1 FROM personal_blob b WHERE b.digest = {_DIGEST_OF_KEY})"
    " FROM revision r WHERE r.kind = ? AND r.revision ="
    " (SELECT MAX(m.revision) FROM revision m WHERE m.kind = r.kind AND m.key = r.key) ORDER BY 1"
)


def _papers(store: Store) -> Faults:
    """The bytes of every paper, and where each must be: one that can be erased in the table in which it can be."""
    for table, digests, content in ((Blobs, _DIGESTS, _BYTES), (PersonalBlobs, *_PERSONAL_BYTES)):
        for (digest,) in store.rows(digests):
            row = store.row(content, (digest,))
            if row is None or _bytes_digest(row[0]) != digest:
                yield Fault(name_of(table), str(digest), "the paper's bytes are not those of its digest")
    found: dict[tuple[str, str], str] = {}
    erasable: set[str] = set()
    for digest, content, lasting, personal in store.stream(_KEPT_PAPERS, (ATTACHMENT.name,)):
        told = _fields(content)
        if told.get("personal"):
            erasable.add(digest)
        if what := _paper_fault(told, lasting=bool(lasting), personal=bool(personal)):
            found["personal_blob" if told.get("personal") else "blob", str(digest)] = what
    for (digest,) in store.rows(_PERSONAL_BYTES[0]):
        if digest not in erasable:
            found["personal_blob", str(digest)] = "nobody keeps such a paper"
    for (name, digest), what in sorted(found.items())[:SHOWN]:
        yield Fault(name, digest, what)


def _paper_fault(told: dict[str, Any], *, lasting: bool, personal: bool) -> str | None:
    """What is wrong with where a paper's bytes are, by what its record tells."""
    if told.get("erased"):
        return "it was erased, and is there again" if lasting or personal else None
    if told.get("personal") and lasting:
        return "it is kept where nothing can be erased"
    return None if (personal if told.get("personal") else lasting) else "the paper is gone"


def _bytes_digest(content: Any) -> str | None:
    """The SHA-256 (hex) of a paper; None of what was changed into something other than bytes."""
    try:
        return hashlib.sha256(content).hexdigest()
    except UNREADABLE:
        return None
