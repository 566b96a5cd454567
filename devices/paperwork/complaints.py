"""Complaints (用户投诉记录表): who received one owns it to the end, others decide, the customer is asked.

Their steps are one table, COMPLAINTS, that the acts, the API, the pages, the docs and the tests read.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from devices.values import Instant
from devices.workflow import SAME, Step, Workflow

ComplaintChannel = Literal[
    "phone", "in_person", "letter", "online", "visit", "call_center", "tax_office", "follow_up",
]  # fmt: skip
COMPLAINT_CHANNELS: tuple[ComplaintChannel, ...] = (
    "phone", "in_person", "letter", "online", "visit", "call_center", "tax_office", "follow_up",
)  # fmt: skip
BY_CALL: ComplaintChannel = "follow_up"
"""The channel of those that a follow-up call found; nobody receives one by it in any other way."""
CHANNELS_ASKED = tuple(channel for channel in COMPLAINT_CHANNELS if channel != BY_CALL)
"""The channels over which somebody receives one."""

Category = Literal["untimely", "manner", "irregular", "promise", "charge", "harm", "other"]
CATEGORIES: tuple[Category, ...] = (
    "untimely", "manner", "irregular", "promise", "charge", "harm", "other",
)  # fmt: skip
"""What a complaint is about: the six of the unit's service rules, part 七, and what is none of them."""

Consequence = Literal["none", "criticised", "retrained", "fined", "moved", "dismissed"]
CONSEQUENCES: tuple[Consequence, ...] = (
    "none", "criticised", "retrained", "fined", "moved", "dismissed",
)  # fmt: skip
"""What happens to a person of whom a customer complained, or whose record differs from what one says."""

PassedTo = Literal["site_head", "unit_head", "call_center", "tax_office"]
PASSED_TO: tuple[PassedTo, ...] = ("site_head", "unit_head", "call_center", "tax_office")
"""To whom something is passed up: offices and not names, since it stays for good."""

OWNER = "owner"
"""As whose a step is: the one person who owns the complaint, whatever their role."""
EVERYBODY = ("storekeeper", "auditor", "clerk", "technician", "supervisor", "admin")
"""Who receives a complaint: anybody with a role."""
DECIDERS = ("supervisor", "auditor")
"""Who decides on one: never its owner, and never a person complained of."""
WORDS_IN_VAIN = 2
"""After so many times that the customer was not content, their word ends the round whatever it is."""

ComplaintState = Literal[
    "received", "investigated", "valid", "invalid", "resolved", "confirmed", "correcting", "closed",
]  # fmt: skip
TO_BE_CLOSED: tuple[ComplaintState, ...] = (
    "received", "investigated", "valid", "invalid", "resolved", "confirmed", "correcting",
)  # fmt: skip
CustomerWord = Literal["content", "not_content", "unreached"]
CUSTOMER_WORDS: tuple[CustomerWord, ...] = ("content", "not_content", "unreached")

_ODD = "complaint_out_of_order"
_OWNED = (OWNER,)
_NOT_VALID, _ANEW = ("invalid", "received"), ("valid", "investigated")
COMPLAINTS = Workflow(
    "received",
    #    step           before                    after           refused   whose it is
    Step("hand_over",   TO_BE_CLOSED,             SAME,           _ODD, who=DECIDERS),
    Step("investigate", ("received",),            "investigated", _ODD, who=_OWNED),
    Step("decide",      ("investigated",),        "valid",        _ODD, who=DECIDERS, or_else=_NOT_VALID),
    Step("resolve",     ("valid", "invalid"),     "resolved",     _ODD, who=_OWNED),
    Step("confirm",     ("resolved",),            "confirmed",    _ODD, who=DECIDERS, or_else=_ANEW),
    Step("correct",     ("confirmed",),           "correcting",   _ODD, who=_OWNED),
    Step("check",       ("correcting",),          "closed",       _ODD, who=DECIDERS, or_else=("correcting",)),
    Step("close",       ("confirmed",),           "closed",       _ODD, who=DECIDERS),
    Step("register",    ("resolved", "confirmed", "correcting", "closed"), SAME, _ODD, who=("supervisor",)),
    Step("erase",       ("closed",),              SAME,           _ODD, who=("auditor",)),
    told_as="complaint_state",
)  # fmt: skip
"""The owner investigates and makes good, others decide, ask the customer and check; see SERVICE section 5. A customer
who is not content with a valid one waits for another remedy, with an invalid one for another decision."""


class Measure(msgspec.Struct, frozen=True):
    """A corrective action: what is done so that it does not happen again, by whom (a username), by which ISO day."""

    what: str
    owner: str
    due_on: str


class Registered(msgspec.Struct, frozen=True):
    """That it was registered with the call centre (统一备案): under which number of theirs, on which ISO day."""

    reference: str
    day: str


class ComplaintAct(msgspec.Struct, frozen=True):
    """One step that was taken of a complaint, and what it said; what a step does not say is None.

    `text` is the finding, the remedy, what was explained, the measure or what a check found, `reason` why it is so;
    `valid` the owner's view or the decision, `word` the customer's.
    """

    step: str
    at: Instant
    by: str
    text: str | None = None
    reason: str | None = None
    owner: str | None = None
    valid: bool | None = None
    apology_at: Instant | None = None
    consequence: Consequence | None = None
    word: CustomerWord | None = None
    measure: Measure | None = None
    held: bool | None = None
    registered: Registered | None = None
    persons: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    passed_to: PassedTo | None = None


class Complainant(msgspec.Struct, frozen=True):
    """Who complains, how to reach them, and what they say: personal data of the complaint."""

    account: str
    name: str | None = None
    contact: str | None = None


class Complaint(msgspec.Struct, frozen=True):
    """投诉: received once, by whoever the customer turned to first (首问), who owns it to the end.

    `about` is the number of the job, repair or installation it is about, `persons` the usernames of those complained
    of: the technician of a job always is one; `cleared` are those of them whom a valid one was found not to be about.
    `workers` are those who had a hand in that job: they decide nothing of it, though nobody complains of them. `valid`
    is what others decided, None until then and while they have to decide anew; `resolved_at` when it was made good,
    None again once the customer was not content with that, and `not_content` how often they were not. `closed_on` is
    the ISO day on which the corrective action was seen to hold, or an invalid one was closed. Those devices that a
    blind count keeps from a reader are left out of `serials`.
    """

    number: str
    site: str
    channel: ComplaintChannel
    received_at: Instant
    received_by: str
    owner: str
    categories: tuple[Category, ...]
    customer: str | None = None
    about: str | None = None
    serials: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    state: ComplaintState = "received"
    valid: bool | None = None
    resolved_at: Instant | None = None
    measure: Measure | None = None
    registered: Registered | None = None
    not_content: int = 0
    closed_on: str | None = None
    course: tuple[ComplaintAct, ...] = ()
    commitment: str = ""
    erased: bool = False

    @property
    def written_at(self) -> int:
        """When it was written down, which nobody can choose; it was received then or before."""
        return self.course[0].at if self.course else self.received_at

    @property
    def blamed(self) -> tuple[str, ...]:
        """Those complained of who were not cleared."""
        return tuple(username for username in self.persons if username not in self.cleared)

    @property
    def vetoed(self) -> tuple[str, ...]:
        """Whom it bars from a mark of "excellent" for the period (一票否决): nobody unless it is valid."""
        return self.blamed if self.valid else ()

    def last(self, step: str) -> ComplaintAct | None:
        """The latest act of a step, None where it was never taken."""
        return next((act for act in reversed(self.course) if act.step == step), None)
