"""The rules of documents beyond their steps: one rule a function, each returning every problem it finds. Pure.

The table at the bottom says which rules a document has; swaps, orders and the factory have theirs in spares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from devices import serials
from devices.ledger.after import lasts
from devices.ledger.case import Case, Move
from devices.ledger.consignments import Sending, destination_of
from devices.ledger.plan import Rule
from devices.ledger.reversal import standing_lines
from devices.lifecycle import RANK
from devices.problems import Problem
from devices.values import BOOKS, RECEIVABLE, STATE

Problems = Iterator[Problem]
Moves = Sequence[Move]

# --- of every document


def devices_are_free(case: Case, moves: Moves) -> Problems:
    """No device waits on another document (DESIGN section 4, review before)."""
    for entry in case.entries:
        held = case.held.get(entry.serial)
        if held and held.reserved and held.reserved != case.own_reservation:
            yield Problem("reserved", entry.pointer, {"serial": entry.serial, "document": held.reserved})


ANYWHERE = {"arrival"}
OF_THE_SELLER = {"registration", "sale_cancellation"}


def devices_are_here(case: Case, moves: Moves) -> Problems:
    """A device in a register is moved by its own site; a sold one is registered or taken back by its seller."""
    if case.document in ANYWHERE:
        return
    for move in moves:
        site = move.before.site
        if site is None and case.document in OF_THE_SELLER:
            site = move.before.responsible_site
        if site is not None and site != case.draft.site:
            yield Problem("foreign_device", move.entry.pointer, {"serial": move.entry.serial, "site": site})


def dates_run_forward(case: Case, moves: Moves) -> Problems:
    """A business date lies neither in the future nor before a device's previous line (DESIGN section 1, idea 6)."""
    try:
        day = date.fromisoformat(case.draft.business_date)
    except ValueError:
        yield Problem("malformed_date", "/business_date", {"date": case.draft.business_date})
        return
    if day > case.today:
        yield Problem(
            "future_date", "/business_date", {"date": day.isoformat(), "today": case.today.isoformat()}
        )
    for entry in case.entries:
        held = case.held.get(entry.serial)
        if held and case.draft.business_date < held.business_date:
            facts = {"serial": entry.serial, "date": case.draft.business_date, "previous": held.business_date}
            yield Problem("date_before_previous", entry.pointer, facts)


def months_are_open(case: Case, moves: Moves) -> Problems:
    """Nothing is dated into a closed month of a book it leaves, enters or stays in (DESIGN section 1, idea 6)."""
    for move in moves:
        for book in dict.fromkeys(_books_of(move)):
            closed = case.closed.get(book)
            if closed is not None and case.draft.business_date[:7] <= closed:
                site, register = book
                facts = {"serial": move.entry.serial, "site": site, "register": register, "month": closed}
                yield Problem("month_closed", move.entry.pointer, facts)


def months_of_the_site_are_open(case: Case, moves: Moves) -> Problems:
    """A document that moves no device of a book is not dated into a closed month of any book of its site.

    Both books of a site wait for such a document before they close (see audit.month_conditions.OF_THE_SITE), so
    what is closed has seen every one of them.
    """
    closed = [(month, register) for (site, register), month in case.closed.items() if site == case.draft.site]
    if not closed or any(True for move in moves for _ in _books_of(move)):
        return
    month, register = max(closed)
    if case.draft.business_date[:7] <= month:
        for move in moves:
            facts = {
                "serial": move.entry.serial,
                "site": case.draft.site,
                "register": register,
                "month": month,
            }
            yield Problem("month_closed", move.entry.pointer, facts)


def _books_of(move: Move) -> Iterator[tuple[str, str]]:
    for place in (move.before, move.after):
        if place.site is not None and place.register in BOOKS:
            yield place.site, place.register


def models_fit(case: Case, moves: Moves) -> Problems:
    """A new serial has a catalogued model in use, and looks as that model's serials do."""
    for move in moves:
        if move.before.state not in RECEIVABLE:
            continue
        facts = {"serial": move.entry.serial}
        if move.after.model is None:
            yield Problem("model_required", move.entry.pointer, facts)
            continue
        model = case.models.get(move.after.model)
        if model is None:
            yield Problem("unknown_model", move.entry.pointer, {"model": move.after.model})
        elif not model.active:
            yield Problem("inactive_model", move.entry.pointer, {"model": model.code})
        elif not _internal(case, move) and not serials.matches(model.serial_pattern, move.entry.serial):
            yield Problem("serial_not_of_model", move.entry.pointer, {**facts, "model": model.code})
        elif model.kind == "spare_part" and "merchandise" in (move.after.register, move.after.left_book):
            yield Problem("spare_part_is_spare", move.entry.pointer, facts)


def _internal(case: Case, move: Move) -> bool:
    return case.document == "adoption" and move.entry.item.serial is None


ISSUED = ("in_stock", "in_repair", "carried", "sold", "in_service")
"""Where a device is available, or with whoever it was issued to."""


def marks_are_kept(case: Case, moves: Moves) -> Problems:
    """What was written off once is never stock again, nor issued, by whichever way it comes (DESIGN 4, never)."""
    for move in moves:
        if lasts(move.before.mark) and move.after.state in ISSUED:
            yield Problem("not_releasable", move.entry.pointer, {"serial": move.entry.serial})


def books_are_kept(case: Case, moves: Moves) -> Problems:
    """A serial that was returned comes back into the book it left: merchandise never becomes a spare, nor the reverse.

    A `void` serial is free of this unless it had been returned before: a receipt is reversed to correct its book.
    """
    for move in moves:
        left, book = move.before.left_book, move.after.register
        if move.before.state not in RECEIVABLE or left is None:
            continue
        if book not in BOOKS:  # a customer's: the book that it would come back to
            book = move.after.left_book
        if book is not None and book != left:
            facts = {"serial": move.entry.serial, "register": book, "expected": left}
            yield Problem("other_book", move.entry.pointer, facts)


def papers_exist(case: Case, moves: Moves) -> Problems:
    """Every attachment is kept by the site that posts."""
    for index, digest in enumerate(case.draft.attachments):
        if digest not in case.attachments:
            yield Problem("unknown_attachment", f"/attachments/{index}", {"digest": digest})


def answered_is_rejected(case: Case, moves: Moves) -> Problems:
    """A document answers one that an auditor rejected, at the same site."""
    if case.draft.answers is None:
        return
    answered = case.answered
    if answered is None or answered.site != case.draft.site:
        yield Problem("unknown_document", "/answers", {"document": case.draft.answers})
    elif answered.review != "rejected" or answered.status == "reversed":
        yield Problem("answers_not_rejected", "/answers", {"document": answered.number})


def customers_are_not_erased(case: Case, moves: Moves) -> Problems:
    """No device is entered as that of a customer who was erased, nor given back to one by a reversal.

    They may have been erased since the document was proposed, or since what a reversal undoes.
    """
    erased = {known.number for known in case.customers.values() if known.erased}
    whole = getattr(case.draft, "customer", None)
    for move in moves:
        named = case.customer(getattr(move.entry.item, "customer", None) or whole)
        given = move.after.customer if move.after.customer != move.before.customer else None
        for number in sorted(erased & {given, named.number if named else None}):
            yield Problem(
                "customer_erased", move.entry.pointer, {"customer": number, "serial": move.entry.serial}
            )


# --- of some


def carrier_is_approved(case: Case, moves: Moves) -> Problems:
    """Only carriers on the approved list carry devices."""
    carrier: str = case.draft.carrier  # type: ignore[attr-defined]
    if carrier not in case.carriers:
        yield Problem("unknown_carrier", "/carrier", {"carrier": carrier})
    elif not case.carriers[carrier]:
        yield Problem("inactive_carrier", "/carrier", {"carrier": carrier})


def waybill_goes_to_one_place(case: Case, moves: Moves) -> Problems:
    """What a carrier takes under one number goes to one destination: a site, the maker or the supplier."""
    known, draft = case.consignment, case.draft
    if known is not None and isinstance(draft, Sending) and known.destination != destination_of(draft):
        facts = {"consignment": known.waybill, "carrier": known.carrier, "destination": known.destination}
        yield Problem("consignment_elsewhere", "/consignment_number", facts)


def destination_is_another_site(case: Case, moves: Moves) -> Problems:
    """A transfer goes to another site in use."""
    destination: str = case.draft.destination  # type: ignore[attr-defined]
    if destination == case.draft.site:
        yield Problem("same_destination", "/destination", {"site": destination})
    elif destination not in case.sites:
        yield Problem("unknown_site", "/destination", {"site": destination})
    elif not case.sites[destination]:
        yield Problem("inactive_site", "/destination", {"site": destination})


def proof_is_attached(case: Case, moves: Moves) -> Problems:
    """Devices that come from nowhere need a paper that says whence."""
    if not case.draft.attachments:
        yield Problem("proof_required", "/attachments")


def opening_precedes_the_first_close(case: Case, moves: Moves) -> Problems:
    """Opening stock is told until the first month of any of the site's books is closed."""
    closed = [month for (site, _), month in case.closed.items() if site == case.draft.site]
    if closed:
        yield Problem("opening_after_close", "/type", {"site": case.draft.site, "month": min(closed)})


def opening_is_complete(case: Case, moves: Moves) -> Problems:
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


def warranty_ends_on_a_day(case: Case, moves: Moves) -> Problems:
    """A warranty that is told ends on a day of the calendar."""
    for move in moves:
        day: str | None = move.entry.item.warranty_until
        if day is not None and not _is_day(day):
            yield Problem("malformed_date", f"{move.entry.pointer}/warranty_until", {"date": day})


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def quarantine_has_a_reason(case: Case, moves: Moves) -> Problems:
    """What is received into quarantine says why."""
    for move in moves:
        if move.after.state == "quarantined" and not move.entry.item.reason:
            yield Problem("quarantine_reason_required", move.entry.pointer, {"serial": move.entry.serial})


def manifest_agrees(case: Case, moves: Moves) -> Problems:
    """A serial that is not on the manifest is received into quarantine only, and a listed one as the listed model."""
    name: str | None = case.draft.manifest  # type: ignore[attr-defined]
    if name is None:
        return
    manifest = case.manifest
    if manifest is None or manifest.site != case.draft.site:
        yield Problem("unknown_manifest", "/manifest", {"manifest": name})
        return
    if manifest.register != case.draft.register:  # type: ignore[attr-defined]
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


def bin_changes(case: Case, moves: Moves) -> Problems:
    """A move goes to another bin of the same condition."""
    for move in moves:
        facts = {"serial": move.entry.serial, "bin": move.after.bin}
        if move.after.bin == move.before.bin:
            yield Problem("same_bin", move.entry.pointer, facts)
        elif move.after.condition != move.before.condition:
            wrong = {**facts, "condition": move.after.condition, "document": "move"}
            yield Problem("bin_of_other_condition", move.entry.pointer, wrong)


def release_is_inspected(case: Case, moves: Moves) -> Problems:
    """A device a customer gave back is re-initialised before it is stock again."""
    for move in moves:
        again = move.after.state == "in_stock" and move.before.mark == "reinitialise"
        if again and not move.entry.item.reinitialised:
            yield Problem("reinitialisation_required", move.entry.pointer, {"serial": move.entry.serial})


def cited_dispatch(case: Case, field: str, *types: str) -> Problems:
    """The cited document exists where the poster may know of it, has one of `types`, and stands."""
    name = getattr(case.draft, field)
    cited = case.cited
    if cited is None or (cited.site != case.draft.site and cited.type != "dispatch" and field != "dispatch"):
        yield Problem("unknown_document", f"/{field}", {"document": name})
    elif cited.type not in types:
        yield Problem("cited_wrong_type", f"/{field}", {"document": name, "type": cited.type})
    elif cited.status in ("pending", "withdrawn", "reversed") or (
        cited.status == "rejected" and cited.type == "opening"
    ):
        yield Problem("cited_not_posted", f"/{field}", {"document": name, "status": cited.status})


SENDS = ("dispatch", "factory_dispatch", "opening")


def sent_last_by_the_cited(case: Case, moves: Moves) -> Problems:
    """A device comes back from where it was last sent, not from an earlier dispatch that it has come back from."""
    for move in moves:
        sent = [line for line in standing_lines(case.trails.get(move.entry.serial, ())) if line.type in SENDS]
        if case.cited and sent and sent[-1].document != case.cited.number:
            facts = {"serial": move.entry.serial, "cited": case.cited.number, "document": sent[-1].document}
            yield Problem("sent_again", move.entry.pointer, facts)


def arrives_where_sent(case: Case, moves: Moves) -> Problems:
    """An arrival cites its dispatch, at the destination, and is never better than what was sent."""
    yield from cited_dispatch(case, "dispatch", "dispatch", "opening")
    cited = case.cited
    if cited and cited.type == "dispatch" and cited.content.get("destination") != case.draft.site:
        yield Problem("other_destination", "/dispatch", {"document": cited.number, "site": case.draft.site})
    for move in moves:
        left, state = move.before.left_state or "", move.after.state
        facts = {"serial": move.entry.serial}
        if state != left and not (
            state in RANK and left in RANK and RANK[state] < RANK[left] and state != "faulty"
        ):
            yield Problem("better_than_sent", move.entry.pointer, {**facts, "left": left})
        if move.entry.item.damaged and left == "in_stock" and state != "quarantined":
            yield Problem("damaged_needs_quarantine", move.entry.pointer, facts)


def lost_with_its_consignment(case: Case, moves: Moves) -> Problems:
    """A device is lost with the consignment that it was dispatched with."""
    given: str = case.draft.consignment_number  # type: ignore[attr-defined]
    for move in moves:
        sent = case.waybills.get(move.entry.serial, given)
        if sent != given:
            facts = {"serial": move.entry.serial, "consignment": given, "sent": sent}
            yield Problem("consignment_differs", move.entry.pointer, facts)


def customer_is_known_by_name(case: Case, moves: Moves) -> Problems:
    """A registered customer has a name, and a known taxpayer keeps the one it has."""
    party = case.draft.customer  # type: ignore[attr-defined]
    known = case.customer(party)
    if known and not known.name and not party.name and case.document != "sale":
        yield Problem("customer_name_required", "/customer/name")
    elif known and known.name and party.name and known.name != party.name.strip():
        serial = case.entries[0].serial if case.entries else None
        yield Problem("taxpayer_name_differs", "/customer/name", {"serial": serial})


def taxpayer_bought_it(case: Case, moves: Moves) -> Problems:
    """A device is registered for the taxpayer it was sold to."""
    customer = case.customer(case.draft.customer)  # type: ignore[attr-defined]
    for move in moves:
        if customer is None or move.before.customer != customer.number:
            yield Problem("other_taxpayer", move.entry.pointer, {"serial": move.entry.serial})


def pairs_fit(case: Case, moves: Moves) -> Problems:
    """A report disk is paired with a tax disk of the same customer."""
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
            case.models[p.model].kind for p in (move.after, other) if p.model and p.model in case.models
        )
        if kinds != ("report_disk", "tax_disk"):
            yield Problem("pair_kind", f"{move.entry.pointer}/paired_with", facts)
        elif other.customer != move.after.customer:
            yield Problem("pair_of_other_customer", f"{move.entry.pointer}/paired_with", facts)


def unserialised_is_a_part(case: Case, moves: Moves) -> Problems:
    """Only a spare part may lack a serial of its own."""
    for move in moves:
        model = case.models.get(move.after.model or "")
        if move.entry.item.serial is None and model and model.kind != "spare_part":
            yield Problem("unserialised_only_spare_part", move.entry.pointer)


def customer_consents(case: Case, moves: Moves) -> Problems:
    """A customer's property is scrapped only with their consent."""
    for move in moves:
        if move.before.register == "custody" and not case.draft.consent:  # type: ignore[attr-defined]
            yield Problem("consent_required", "/consent", {"serial": move.entry.serial})


def stays_in_books(case: Case, moves: Moves) -> Problems:
    """What a customer returns goes back to a book of ours, so it must have come from one."""
    for move in moves:
        if move.after.register not in BOOKS:
            yield Problem("never_ours", move.entry.pointer, {"serial": move.entry.serial})


def restored_bins_are_in_use(case: Case, moves: Moves) -> Problems:
    """A reversal puts nothing back into a bin that has been taken out of use since."""
    for move in moves:
        site, code = move.after.site, move.after.bin
        target = case.bins.get(code) if code else None
        if target is not None and not target.active:
            yield Problem("inactive_bin", move.entry.pointer, {"bin": code, "site": site})


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
    "customer_return": (stays_in_books,),
    "supplier_return": (carrier_is_approved, waybill_goes_to_one_place),
    "write_off": (customer_consents,),
    "reversal": (restored_bins_are_in_use,),
}
