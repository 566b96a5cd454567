"""The rules of single documents beyond their steps: one rule a function, each returning every problem it finds. Pure.

The table at the bottom says which rules a document has; swaps, orders and the factory have theirs in spares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devices.calendar import read_day
from devices.ledger.deciding.case import Case, Move
from devices.ledger.deciding.drafts import Draft, Receipt, Registration, WriteOff
from devices.ledger.deciding.naming import (
    customer_is_known_by_name,
    foreign_customer_is_named,
    opening_customers_are_known_by_name,
)
from devices.ledger.deciding.plan import Rule
from devices.ledger.deciding.rules_of_all import (
    answered_is_rejected,
    books_are_kept,
    customers_are_not_erased,
    dates_run_forward,
    devices_are_free,
    devices_are_here,
    marks_are_kept,
    models_fit,
    months_are_open,
    months_of_the_site_are_open,
    papers_exist,
)
from devices.ledger.deciding.rules_of_sending import (
    arrives_where_sent,
    carrier_is_approved,
    destination_is_another_site,
    lost_with_its_consignment,
    sent_last_by_the_cited,
    waybill_goes_to_one_place,
)
from devices.problems import Problem
from devices.values import BOOKS, DEVICE_KIND, STATE

_Problems = Iterator[Problem]
_Moves = Sequence[Move]


def proof_is_attached(case: Case[Draft], moves: _Moves) -> _Problems:
    """Devices that come from nowhere need a paper that says whence."""
    if not case.draft.attachments:
        yield Problem("proof_required", "/attachments")


def opening_precedes_the_first_close(case: Case[Draft], moves: _Moves) -> _Problems:
    """Opening stock is told until the first month of any of the site's books is closed."""
    closed = [month for (site, _), month in case.closed.items() if site == case.draft.site]
    if closed:
        yield Problem("opening_after_close", "/type", {"site": case.draft.site, "month": min(closed)})


def opening_is_complete(case: Case[Draft], moves: _Moves) -> _Problems:
    """An opening line names what its state must have: a register, a party, a customer."""
    for move in moves:
        place, item = STATE[move.after.state].place, move.entry.item
        wanted = {
            "register": place in ("party", "nobody") and item.register is None,
            "party": place == "party" and item.party is None,
            "customer": (place == "customer" or move.after.register == "custody") and item.customer is None,
        }
        for field, missing in wanted.items():
            if missing:
                facts = {"field": field, "serial": move.entry.serial}
                yield Problem("field_required", f"{move.entry.pointer}/{field}", facts)
        if move.after.register and move.after.register not in STATE[move.after.state].registers:
            facts = {"serial": move.entry.serial, "register": move.after.register, "document": "opening"}
            yield Problem("wrong_register", move.entry.pointer, facts)


def nothing_sold_was_a_spare(case: Case[Draft], moves: _Moves) -> _Problems:
    """A spare is never sold, in the past either; a customer has one in service only."""
    for move in moves:
        if move.after.state == "sold" and move.after.left_book == "spare":
            facts = {"serial": move.entry.serial, "register": "spare", "document": "sale"}
            yield Problem("wrong_register", move.entry.pointer, facts)


def warranty_ends_on_a_day(case: Case[Draft], moves: _Moves) -> _Problems:
    """A warranty that is told ends on a day of the calendar."""
    for move in moves:
        day: str | None = move.entry.item.warranty_until
        if day is not None and read_day(day) is None:
            yield Problem("malformed_date", f"{move.entry.pointer}/warranty_until", {"date": day})


def quarantine_has_a_reason(case: Case[Draft], moves: _Moves) -> _Problems:
    """What is received into quarantine says why."""
    for move in moves:
        if move.after.state == "quarantined" and not move.entry.item.reason:
            yield Problem("quarantine_reason_required", move.entry.pointer, {"serial": move.entry.serial})


def manifest_agrees(case: Case[Receipt], moves: _Moves) -> _Problems:
    """A serial that is not on the manifest is received into quarantine only, and a listed one as the listed model."""
    name: str | None = case.draft.manifest
    if name is None:
        return
    manifest = case.manifest
    if manifest is None:
        yield Problem("unknown_manifest", "/manifest", {"manifest": name})
        return
    if manifest.register != case.draft.register:
        yield Problem(
            "wrong_register",
            "/register",
            {"serial": name, "register": manifest.register, "document": "receipt"},
        )
    listed = {row.serial: row.model for row in manifest.rows if row.serial}
    for move in moves:
        serial, pointer = move.entry.serial, move.entry.pointer
        if serial not in listed:
            if move.after.state != "quarantined":
                yield Problem("over_manifest", pointer, {"serial": serial, "manifest": name})
        elif listed[serial] and listed[serial] != move.after.model:
            facts = {"serial": serial, "model": move.after.model, "expected": listed[serial]}
            yield Problem("model_not_manifest", pointer, facts)


def bin_changes(case: Case[Draft], moves: _Moves) -> _Problems:
    """A move goes to another bin of the same condition."""
    for move in moves:
        facts = {"serial": move.entry.serial, "bin": move.after.bin}
        if move.after.bin == move.before.bin:
            yield Problem("same_bin", move.entry.pointer, facts)
        elif move.after.condition != move.before.condition:
            wrong = {**facts, "condition": move.after.condition, "document": "move"}
            yield Problem("bin_of_other_condition", move.entry.pointer, wrong)


def release_is_inspected(case: Case[Draft], moves: _Moves) -> _Problems:
    """A device a customer gave back is re-initialised before it is stock again."""
    for move in moves:
        again = move.after.state == "in_stock" and move.before.mark == "reinitialise"
        if again and not move.entry.item.reinitialised:
            yield Problem("reinitialisation_required", move.entry.pointer, {"serial": move.entry.serial})


def taxpayer_bought_it(case: Case[Registration], moves: _Moves) -> _Problems:
    """A device is registered for the taxpayer it was sold to."""
    customer = case.customer(case.draft.customer)
    for move in moves:
        if customer is None or move.before.customer != customer.number:
            yield Problem("other_taxpayer", move.entry.pointer, {"serial": move.entry.serial})


def pairs_fit(case: Case[Draft], moves: _Moves) -> _Problems:
    """A report disk is paired with the tax disk or golden disk of the same customer, as its kind declares."""
    together = {move.entry.serial: move.after for move in moves}
    for move in moves:
        pair = move.after.paired_with
        if pair is None:
            continue
        facts = {"serial": move.entry.serial, "paired_with": pair}
        other = together.get(pair) or (case.held[pair].position if pair in case.held else None)
        if other is None:
            yield Problem("pair_not_found", f"{move.entry.pointer}/paired_with", facts)
            continue
        kinds = tuple(
            DEVICE_KIND[case.models[p.model].kind]
            for p in (move.after, other)
            if p.model and p.model in case.models
        )
        if len(kinds) != len((move.after, other)) or kinds[1].name not in kinds[0].paired_with:
            yield Problem("pair_kind", f"{move.entry.pointer}/paired_with", facts)
        elif other.customer != move.after.customer:
            yield Problem("pair_of_other_customer", f"{move.entry.pointer}/paired_with", facts)


def unserialised_is_a_part(case: Case[Draft], moves: _Moves) -> _Problems:
    """Only a kind that says so, a spare part, may lack a serial of its own."""
    for move in moves:
        model = case.models.get(move.after.model or "")
        if move.entry.item.serial is None and model and not DEVICE_KIND[model.kind].unserialised:
            yield Problem("unserialised_only_spare_part", move.entry.pointer)


def customer_consents(case: Case[WriteOff], moves: _Moves) -> _Problems:
    """A customer's property is scrapped only with their consent."""
    for move in moves:
        if move.before.register == "custody" and not case.draft.consent:
            yield Problem("consent_required", "/consent", {"serial": move.entry.serial})


def stays_in_books(case: Case[Draft], moves: _Moves) -> _Problems:
    """What a customer returns goes back to a book of ours, so it must have come from one."""
    for move in moves:
        if move.after.register not in BOOKS:
            yield Problem("never_ours", move.entry.pointer, {"serial": move.entry.serial})


def restored_bins_are_in_use(case: Case[Draft], moves: _Moves) -> _Problems:
    """A reversal puts nothing back into a bin that has been taken out of use since."""
    for move in moves:
        site, code = move.after.site, move.after.bin
        target = case.bins.get(code) if code else None
        if target is not None and not target.active:
            yield Problem("inactive_bin", move.entry.pointer, {"bin": code, "site": site})


def told_used_stays_out(case: Case[Draft], moves: _Moves) -> _Problems:
    """A carried spare that a filed record says went in leaves the technician by its swap, or once that is corrected."""
    for move in moves:
        told = case.told_used.get(move.entry.serial)
        if told is not None and move.before.state == "carried":
            facts = {"serial": move.entry.serial, "order": told.order, "faulty": told.faulty}
            yield Problem("told_used", move.entry.pointer, facts)


RULES: dict[str, tuple[Rule, ...]] = {
    "every": (
        devices_are_free,
        devices_are_here,
        dates_run_forward,
        months_are_open,
        months_of_the_site_are_open,
        models_fit,
        marks_are_kept,
        books_are_kept,
        papers_exist,
        answered_is_rejected,
        customers_are_not_erased,
    ),
    "opening": (
        opening_precedes_the_first_close,
        proof_is_attached,
        opening_is_complete,
        opening_customers_are_known_by_name,
        nothing_sold_was_a_spare,
        warranty_ends_on_a_day,
    ),
    "receipt": (quarantine_has_a_reason, manifest_agrees),
    "adoption": (
        proof_is_attached,
        customer_is_known_by_name,
        unserialised_is_a_part,
        warranty_ends_on_a_day,
    ),
    "move": (bin_changes,),
    "release": (release_is_inspected,),
    "dispatch": (carrier_is_approved, destination_is_another_site, waybill_goes_to_one_place),
    "arrival": (arrives_where_sent, sent_last_by_the_cited),
    "transit_loss": (lost_with_its_consignment,),
    "sale": (customer_is_known_by_name,),
    "registration": (customer_is_known_by_name, taxpayer_bought_it, pairs_fit),
    "carry_back": (told_used_stays_out,),
    "customer_return": (stays_in_books,),
    "supplier_return": (carrier_is_approved, waybill_goes_to_one_place),
    "surrender": (foreign_customer_is_named,),
    "loss_report": (foreign_customer_is_named,),
    "recovery": (foreign_customer_is_named,),
    "write_off": (customer_consents,),
    "reversal": (restored_bins_are_in_use, told_used_stays_out),
}
