"""The journalled records of an audit: counts, what is said of them, signatures; those of custody are in `custody`."""

from __future__ import annotations

from typing import Literal

import msgspec

from devices.audit.custody.custody_kinds import CUSTODY_KINDS
from devices.audit.stocktake.counting import Part
from devices.calendar import day_of
from devices.records import Found, RecordKind
from devices.values import Instant, Register
from devices.workflow import Step, Workflow

Method = Literal["blind", "open"]
State = Literal["counting", "recounting", "closed", "sealed", "cancelled"]

STOCKTAKES = Workflow(
    "counting",
    #    step       before                                after         refused otherwise
    Step("recount", ("counting",),                        "recounting", "stocktake_not_counting"),
    Step("close",   ("counting", "recounting"),           "closed",     "stocktake_not_counting"),
    Step("reopen",  ("closed",),                          "counting",   "stocktake_not_closed"),
    Step("explain", ("closed",),                          "closed",     "stocktake_not_closed"),
    Step("sign",    ("closed",),                          "closed",     "stocktake_not_closed"),
    Step("seal",    ("closed",),                          "sealed",     "stocktake_not_closed"),
    Step("cancel",  ("counting", "recounting", "closed"), "cancelled",  "stocktake_settled"),
)  # fmt: skip
"""A count is closed into a sheet, explained, signed, and sealed by the second signature."""
RUNNING = STOCKTAKES.before("close")
UNSETTLED = STOCKTAKES.before("cancel")
AWAITED: tuple[State, ...] = ("closed", "sealed")
"""The states of a count in which its late scans wait to be settled; nothing waits for those of a cancelled one."""

LateState = Literal["waiting", "taken", "explained", "listed"]

LATE_SCANS = Workflow(
    "waiting",
    #    step       before                     after        refused otherwise
    Step("take_in", ("waiting",),              "taken",     "late_scan_settled"),
    Step("explain", ("waiting", "explained"),  "explained", "late_scan_settled"),
    Step("list",    ("waiting",),              "listed",    "late_scan_settled"),
)  # fmt: skip
"""A late scan is taken into the count that is reopened, explained, or listed by the next count that is sealed."""


class Close(msgspec.Struct, frozen=True):
    """When a stocktake was closed and what it found then.

    `seq` and `hash` are the site's journal head as of the close; `scans` and `rows` are digests of every scan with
    its undoing, and of the sheet's header and rows. The scans are those up to the `scanned`th, and the first `undone`
    undoings: should the count be reopened, more may follow. A close of an earlier version does not say.
    """

    closing: int
    at: int
    by: str
    seq: int
    hash: str
    scans: str
    rows: str
    scanned: int | None = None
    undone: int | None = None


class Stocktake(msgspec.Struct, frozen=True):
    """A count of one site and one register. Times are UTC microseconds.

    `double` counts are made by the storekeeper and the auditor apart. `reason` says why it was cancelled or reopened,
    or recounted before everybody had finished. `late` is the number of the last late scan on a sealed sheet: those that
    came after it are none of it.
    """

    number: str
    site: str
    register: Register
    method: Method
    double: bool
    state: State
    opened_at: int
    opened_by: str
    closed: Close | None = None
    sealed_at: int | None = None
    reason: str | None = None
    closings: int = 0
    late: int = 0


class Finish(msgspec.Struct, frozen=True):
    """Somebody's word that they have nothing left to send, in one part of a count.

    It stands until they scan or undo again: `scanned` is the last scan that there was, `undone_at` when the last
    undoing was recorded (0 for none). `part` is the state the count was in.
    """

    stocktake: str
    site: str
    username: str
    part: State
    scanned: int
    undone_at: int
    at: int


class LateScan(msgspec.Struct, frozen=True):
    """A scan, or with `undoes` the undoing of one, that came when its count took none any more: kept apart.

    It is the `n`th of its count; the other facts are those of a scan (devices/store/tables/audits.py). Once it is
    settled, `settled_by` is who took it in, explained it or sealed the count that lists it, `listed_by`. One of an
    earlier version has no `after_seq`, and is written without it as it was.
    """

    stocktake: str
    site: str
    id: str
    n: int
    serial: str | None
    text: str
    bin: str | None
    part: Part
    claimed_at: Instant
    at: Instant
    received_at: Instant
    skewed: bool
    made_by: str
    undoes: str | None = None
    state: LateState = "waiting"
    explanation: str | None = None
    settled_by: str | None = None
    listed_by: str | None = None
    after_seq: int | msgspec.UnsetType = msgspec.UNSET

    @property
    def named(self) -> str:
        """What it is called: its serial, or the text that is none."""
        return self.serial or self.text

    @property
    def placed_after(self) -> int | None:
        """The last link of the site's journal that it came after, None where nobody noted it."""
        return self.after_seq if isinstance(self.after_seq, int) else None


class Finding(msgspec.Struct, frozen=True):
    """What somebody says about one variance of a sheet, and what is done about it.

    It speaks of `result`: should another close find another result, it no longer counts. `step` is the device's last
    step when it was written, None for a serial that Panku does not know.
    """

    stocktake: str
    site: str
    serial: str
    result: str
    explanation: str
    action: str
    step: int | None
    made_by: str


class Signature(msgspec.Struct, frozen=True):
    """One person's signature over the payload of a subject, in a role; void once the subject has changed.

    `signature` is Ed25519 over DSSE's pre-authentication encoding, in hex; `digest` the SHA-256 of the payload;
    `session` the digest of the session it was given in.
    """

    subject: str
    site: str
    role: str
    username: str
    fingerprint: str
    digest: str
    signature: str
    signed_at: int
    session: str
    void: bool = False


def signature_key(subject: str, role: str) -> str:
    """The key of a subject's signature in one role."""
    return f"{subject}#{role}"


STOCKTAKE = RecordKind(
    "stocktake",
    Stocktake,
    lambda v: v.number,
    lambda v: v.site,
    found_by=lambda v: Found(v.state, day=day_of(v.closed.at if v.closed else v.opened_at).isoformat()),
    letter="S",
)
FINDING = RecordKind(
    "finding",
    Finding,
    lambda v: f"{v.stocktake}/{v.serial}",
    lambda v: v.site,
    found_by=lambda v: Found(serials=(v.serial,)),
)
FINISH = RecordKind("finish", Finish, lambda v: f"{v.stocktake}/{v.username}", lambda v: v.site)
LATE_SCAN = RecordKind(
    "late_scan",
    LateScan,
    lambda v: f"{v.stocktake}/{v.id}",
    lambda v: v.site,
    found_by=lambda v: Found(v.state, serials=(v.serial,) if v.serial else ()),
)
SIGNATURE = RecordKind("signature", Signature, lambda v: signature_key(v.subject, v.role), lambda v: v.site)
AUDIT_KINDS = (STOCKTAKE, FINISH, LATE_SCAN, FINDING, SIGNATURE, *CUSTODY_KINDS)
