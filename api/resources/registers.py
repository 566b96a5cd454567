"""Sites, bins, models and carriers over HTTP: kept by administrators, each change a journalled revision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from api.calls import Call, Done, Shown
from api.wire.paging import page_sorted, sites_kept
from devices import records, serials
from devices.journal import open_journals
from devices.ledger.reading.registers import held_at_site, held_in_bin, is_site
from devices.problems import refuse
from devices.records import RecordKind
from devices.texts.lengths import Name
from devices.values import BIN_STATE, UNIT, Bin, Carrier, Condition, Kind, Model, Register, Site

_Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9][A-Z0-9-]{0,19}$", max_length=20)]
SiteCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{1,7}$", max_length=8)]
Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]


class SiteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A site; the `_days` are how long devices may be on their way, or other work may take, before it is overdue.

    `installation_days` and `filing_days` are working days; `complaints_warned` is how many valid complaints in twelve
    months are warned of.
    """

    code: SiteCode
    name: Name
    in_transit_days: Days = 10
    carried_days: Days = 3
    at_factory_days: Days = 60
    inspection_days: Days = 90
    installation_days: Days = 3
    filing_days: Days = 3
    complaints_warned: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2
    active: bool = True


class BinBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bin: one site, one register, one condition, for good."""

    site: SiteCode
    code: _Code
    register: Register
    condition: Condition
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    active: bool = True


class ModelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model; `serial_pattern` is a small regular expression that whole serials must match."""

    code: _Code
    kind: Kind
    name: Name
    serial_pattern: Name
    price_fen: Annotated[int, msgspec.Meta(ge=0, le=100_000_000_00)]
    warranty_months: Annotated[int, msgspec.Meta(ge=0, le=600)]
    family: _Code | None = None
    active: bool = True


class CarrierBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A carrier on the approved list."""

    code: _Code
    name: Name
    active: bool = True


class Catalogue(msgspec.Struct, frozen=True):
    """One register's door: its kind of record, how a body becomes its value, and what never changes in it."""

    kind: RecordKind
    value: Callable[[Any], msgspec.Struct]
    fixed: tuple[str, ...]


def _site(body: SiteBody) -> Site:
    if body.code == UNIT:
        raise refuse("reserved_code", "/code", code=body.code)
    _refuse_command_prefix(body.code)
    return msgspec.convert(msgspec.structs.asdict(body), Site)


def _bin(body: BinBody) -> Bin:
    if (body.register, body.condition) not in BIN_STATE:
        raise refuse("impossible_bin", "/condition", register=body.register, condition=body.condition)
    _refuse_command_prefix(body.code)
    return msgspec.convert(msgspec.structs.asdict(body), Bin)


def _refuse_command_prefix(code: str) -> None:
    """A bin's code and a site's numbers are printed as barcodes, which a scanning page must not take for commands."""
    if code.startswith(serials.COMMAND_PREFIX):
        raise refuse("reserved_code", "/code", code=code)


def _model(body: ModelBody) -> Model:
    fault = serials.pattern_fault(body.serial_pattern, "/serial_pattern")
    if fault is not None:
        raise refuse(fault.code, fault.pointer, **fault.facts)
    return msgspec.convert({**msgspec.structs.asdict(body), "family": body.family or body.code}, Model)


def _carrier(body: CarrierBody) -> Carrier:
    return msgspec.convert(msgspec.structs.asdict(body), Carrier)


SITES = Catalogue(records.SITE, _site, ("code",))
BINS = Catalogue(records.BIN, _bin, ("site", "code", "register", "condition"))
MODELS = Catalogue(records.MODEL, _model, ("code", "kind"))
CARRIERS = Catalogue(records.CARRIER, _carrier, ("code",))


def creating(register: Catalogue) -> Callable[[Call], Done]:
    """A function that adds a record of this register."""

    def write(call: Call) -> Done:
        value = register.value(call.body)
        _require_site(call, value)
        writer = open_journals(call.store, [register.kind.journal(value)], call.at_us)
        _, written = records.write(writer, register.kind, value, by=call.who.username, expected=0)
        return Done(201, written.key)

    return write


def _require_site(call: Call, value: msgspec.Struct) -> None:
    site = getattr(value, "site", None)
    if site and not is_site(call.store, site):
        raise refuse("unknown_site", "/site", site=site)


def replacing(register: Catalogue) -> Callable[[Call], Done]:
    """A function that changes a record, for whoever has seen its latest revision."""

    def write(call: Call) -> Done:
        value = register.value(call.body)
        key = register.kind.key(value)
        if key != "/".join(call.path.values()):
            raise refuse("field_is_fixed", "/code", field="code")
        writer = open_journals(call.store, _journals_held(register, value), call.at_us)
        old, _ = _find(call, register, key)
        for field in register.fixed:
            if getattr(old, field) != getattr(value, field):
                raise refuse("field_is_fixed", f"/{field}", field=field)
        _refuse_in_use(call, register, value)
        records.write(writer, register.kind, value, by=call.who.username, expected=call.if_match)
        return Done(200, key)

    return write


def _journals_held(register: Catalogue, value: Any) -> set[str]:
    """The journal a record is written to, and a site's own: nobody posts there while it is looked at."""
    return {register.kind.journal(value)} | ({value.code} if register.kind.name == "site" else set())


def _refuse_in_use(call: Call, register: Catalogue, value: Any) -> None:
    """A site or bin with devices in it is not closed."""
    if value.active or register.kind.name not in ("site", "bin"):
        return
    count = (
        held_at_site(call.store, value.code)
        if register.kind.name == "site"
        else held_in_bin(call.store, value.site, value.code)
    )
    if count:
        raise refuse("in_use", kind=register.kind.name, key=register.kind.key(value), count=count)


def _find(call: Call, register: Catalogue, key: str) -> tuple[Any, int]:
    """A record of a register with its revision. Raises Refused (`not_found`)."""
    for value, revision in records.all_current(call.store, register.kind):
        if register.kind.key(value) == key:
            return value, revision
    raise refuse("not_found")


def showing_of(register: Catalogue) -> Callable[[Call, Done], Shown]:
    """A function that shows one record."""

    def show(call: Call, done: Done) -> Shown:
        value, revision = _find(call, register, done.key or "/".join(call.path.values()))
        return Shown(value, revision)

    return show


def listing_of(register: Catalogue) -> Callable[[Call, Done], Shown]:
    """A function that lists a register."""

    def show(call: Call, _: Done) -> Shown:
        values = [value for value, _ in records.all_current(call.store, register.kind)]
        return page_sorted(call, values, register.kind.key)

    return show


def list_bins(call: Call, _: Done) -> Shown:
    """The bins of the sites the caller reads, an administrator's of all."""
    sites = sites_kept(call)
    bins = (value for value, _ in records.all_current(call.store, records.BIN))
    return page_sorted(call, (each for each in bins if sites is None or each.site in sites), records.BIN.key)
