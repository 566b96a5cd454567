"""Installations (安装记录): one per device and customer, from the asking until it opens, runs and prints there.

Their steps are one table, INSTALLATIONS, that the acts, the API, the pages, the docs and the tests read.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from devices.lifecycle import DESK
from devices.paperwork.dispatches import TECHNICIAN, DispatchOrder
from devices.values import Instant
from devices.workflow import Step, Workflow

InstallMode = Literal["disc", "download", "on_site"]
INSTALL_MODES: tuple[InstallMode, ...] = ("disc", "download", "on_site")
GuidanceOutcome = Literal["helped", "not_helped"]
GUIDANCE_OUTCOMES: tuple[GuidanceOutcome, ...] = ("helped", "not_helped")
GUIDED_MINUTES = 30
"""After so many minutes of guidance by phone in all somebody is sent (the unit's service rules, part 五)."""
LONGEST_GUIDANCE = 60
"""How many minutes one attempt may tell: what went beyond GUIDED_MINUTES was spent all the same."""

InstallationState = Literal["asked", "on_site", "installed", "unfit"]
INSTALLING: tuple[InstallationState, ...] = ("asked", "on_site")
"""The states of an installation that is still to be done."""
_CLERK = ("clerk",)
_WHOEVER_HELPS = ("clerk", TECHNICIAN)
ASKERS = DESK
"""Who writes down that a customer asks for one."""

INSTALLATIONS = Workflow(
    "asked",
    #    step       before                after        refused otherwise            whose it is
    Step("guide",   ("asked",),           "asked",     "installation_out_of_order", who=_WHOEVER_HELPS),
    Step("send",    ("asked", "on_site"), "on_site",   "installation_out_of_order", who=_CLERK),
    Step("confirm", ("asked", "on_site"), "installed", "installation_out_of_order", who=_WHOEVER_HELPS),
    Step("give_up", ("asked", "on_site"), "unfit",     "installation_out_of_order", who=_CLERK),
    told_as="installation_state",
)  # fmt: skip
"""Guided by phone, or somebody is sent; installed once the customer confirms it, or their equipment is unfit. From
`on_site` it goes on by another order, or is given up, only where its order came to nothing (see `not_in_vain`)."""


class InstallChecks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The three checks of an installation, every one told: the software opens, the device runs, an invoice prints."""

    opens: bool
    runs: bool
    prints: bool


class Confirmer(msgspec.Struct, frozen=True):
    """Who at the customer's confirmed an installation: personal data of it."""

    name: str
    phone: str | None = None


class InstallAct(msgspec.Struct, frozen=True):
    """One step that was taken of an installation, and what it said: `minutes` and `outcome` of a guidance by phone,
    the `order` under which somebody was sent, the `reason` why it was given up.
    """

    step: str
    at: Instant
    by: str
    minutes: int | None = None
    outcome: GuidanceOutcome | None = None
    order: str | None = None
    reason: str | None = None


class Installation(msgspec.Struct, frozen=True):
    """安装记录: one device is installed at one customer's; the three checks and whoever confirmed them end it.

    `serial` is None only to a reader from whom a blind count keeps it. `minutes` are those of all guidance by phone;
    `order` the dispatch order under which somebody was sent, `earlier` the installation of the same device there that
    was given up before. `installed_at` is when the job was done, on site by its service record; the deadline is met
    then.
    """

    number: str
    site: str
    customer: str
    serial: str | None
    mode: InstallMode
    asked_at: Instant
    opened_at: Instant
    opened_by: str
    earlier: str | None = None
    minutes: int = 0
    order: str | None = None
    checks: InstallChecks | None = None
    installed_at: Instant | None = None
    state: InstallationState = "asked"
    course: tuple[InstallAct, ...] = ()
    commitment: str = ""
    erased: bool = False

    @property
    def is_spent(self) -> bool:
        """Whether guidance by phone has not helped in GUIDED_MINUTES, so that only a visit is left."""
        told = [act.outcome for act in self.course if act.step == "guide"]
        return self.minutes >= GUIDED_MINUTES and told[-1:] == ["not_helped"]

    @property
    def ended_at(self) -> int:
        """When it was installed or given up, else when it was opened."""
        return self.installed_at or (
            self.course[-1].at if self.state not in INSTALLING and self.course else self.opened_at
        )


def not_in_vain(order: DispatchOrder | None) -> DispatchOrder | None:
    """An order to install something, unless it came to nothing: cancelled, or done without that. Pure."""
    if order is None or order.cancelled:
        return None
    done_without = order.record is not None and order.record.outcomes.install != "installed"
    return None if done_without else order
