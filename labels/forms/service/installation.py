"""安装记录: how a device is installed at a customer's, guided by phone or on the spot, and who confirmed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from devices.ledger.reading.passport import CustomerShown
from devices.paperwork.installations import INSTALLING, Confirmer, InstallAct, Installation, InstallChecks
from labels.forms.form import Box, Column, Field, Form, FormPart, Table
from labels.forms.parts import NUMBER
from labels.forms.service.parts import (
    CUSTOMER_FIELDS,
    TO_SIGN_OR_STAMP,
    DeviceNamed,
    copies_named,
    site_field,
    to_tick,
    to_write,
    when_to_write,
)

ATTEMPTS_TO_WRITE = 3
"""So many more attempts to guide by phone may be written down on a paper of one that is not ended."""


class InstallationPrinted(msgspec.Struct, frozen=True, kw_only=True):
    """An installation as it is printed, for whoever may read it.

    `customer` is as they were named on it, masked to whoever does not see them, who are not told who confirmed it
    either. There are so many `copies`.
    """

    unit: str
    site_name: str
    installation: Installation
    customer: CustomerShown | None = None
    confirmed_by: Confirmer | None = None
    device: DeviceNamed | None = None
    copies: int = 1


def _guided(printed: InstallationPrinted) -> Iterator[tuple[int, InstallAct | None]]:
    """Every attempt to guide by phone, and room for further ones while it is not ended."""
    value = printed.installation
    told = [act for act in value.course if act.step == "guide"]
    more = ATTEMPTS_TO_WRITE if value.state in INSTALLING else 0
    return iter(enumerate([*told, *[None] * more], 1))


def _guidance(name: str, of: str, width: int, **more: Any) -> Column:
    return Column(f"form.column.{name}", lambda row: getattr(row[1], of, None), width, **more)


_ATTEMPTS = (
    NUMBER,
    _guidance("guided_at", "at", 50, kind="moment"),
    _guidance("guided_by", "by", 40, kind="person"),
    _guidance("minutes", "minutes", 36, kind="number", summed=True),
    _guidance("guidance", "outcome", 44, words="guidance"),
)


def _check(name: str) -> Field:
    def read(printed: InstallationPrinted) -> str | None:
        checks = printed.installation.checks
        return None if checks is None else "yes" if getattr(checks, name) else "no"

    return Field(f"install_check.{name}", read, words="form.check")


def _confirmer(name: str) -> Field:
    return Field(
        f"form.field.confirmer_{name}",
        lambda printed: printed.confirmed_by and getattr(printed.confirmed_by, name),
    )


def _unfit(printed: InstallationPrinted) -> str | None:
    acts = [act for act in printed.installation.course if act.step == "give_up"]
    return acts[-1].reason if acts else None


def _confirmed(printed: InstallationPrinted) -> FormPart:
    """What ended it, or what is to be filled in by hand."""
    checks, title = InstallChecks.__struct_fields__, "form.part.confirmed"
    if printed.installation.state not in INSTALLING:
        return FormPart(
            title,
            (
                *map(_check, checks),
                Field("form.field.installed_at", "installation.installed_at", "moment"),
                *map(_confirmer, Confirmer.__struct_fields__),
                Field("form.field.why_unfit", _unfit, wide=True),
            ),
        )
    return FormPart(
        title,
        (
            *(to_tick(f"install_check.{name}", ("yes", "no"), "form.check") for name in checks),
            when_to_write("form.field.installed_at"),
            *(
                to_write(f"form.field.confirmer_{name}", lines=2, wide=False)
                for name in Confirmer.__struct_fields__
            ),
            to_write("form.field.why_unfit", lines=3),
        ),
    )


def _boxes(printed: InstallationPrinted) -> list[Box]:
    value = printed.installation
    ended = value.course[-1] if value.state not in INSTALLING and value.course else None
    return [
        Box("form.box.desk", value.opened_by, value.opened_at),
        Box("form.box.installer", ended.by, ended.at) if ended else Box("form.box.installer"),
        Box("form.box.customer", place=TO_SIGN_OR_STAMP),
    ]


INSTALLATION_FORM = Form(
    name="installation",
    title=lambda printed: ("form.title.installation", {}),
    number="installation.number",
    unit="unit",
    fields=(
        site_field("installation"),
        Field("form.field.state", "installation.state", words="installation"),
        Field("form.field.install_mode", "installation.mode", words="install_mode"),
        Field("form.field.asked_at", "installation.asked_at", "moment"),
        Field("form.field.order_opened_at", "installation.opened_at", "moment"),
        Field("form.field.order_opened_by", "installation.opened_by", "person"),
        Field("form.field.dispatch_order", "installation.order"),
        Field("form.field.earlier", "installation.earlier"),
        *CUSTOMER_FIELDS,
        Field("form.field.serial", "installation.serial", "serial"),
        Field("form.field.kind", lambda p: p.device and p.device.kind, words="kind"),
        Field("form.field.model", lambda p: p.device and p.device.model),
        Field("form.field.warranty_until", lambda p: p.device and p.device.warranty_until, "date"),
    ),
    tables=(Table("form.table.guidance", _guided, _ATTEMPTS),),
    below=_confirmed,
    boxes=_boxes,
    code="installation.number",
    copies=copies_named,
)
