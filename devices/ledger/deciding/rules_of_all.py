"""The rules of every document beyond its steps: what no device is moved without. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from devices import serials
from devices.ledger.deciding.case import Case, Move
from devices.ledger.deciding.drafts import Draft
from devices.ledger.deciding.positions import lasts
from devices.problems import Problem
from devices.values import BOOKS, DEVICE_KIND, RECEIVABLE

_Problems = Iterator[Problem]
_Moves = Sequence[Move]


def devices_are_free(case: Case[Draft], moves: _Moves) -> _Problems:
    """No device waits on another document (docs/decisions.md, "Reviewed before, reviewed after")."""
    for entry in case.entries:
        held = case.held.get(entry.serial)
        if held and held.reserved and held.reserved != case.own_reservation:
            yield Problem("reserved", entry.pointer, {"serial": entry.serial, "document": held.reserved})


ANYWHERE = {"arrival"}
OF_THE_SELLER = {"registration", "sale_cancellation"}


def devices_are_here(case: Case[Draft], moves: _Moves) -> _Problems:
    """A device in a register is moved by its own site; a sold one is registered or taken back by its seller."""
    if case.document in ANYWHERE:
        return
    for move in moves:
        site = move.before.site
        if site is None and case.document in OF_THE_SELLER:
            site = move.before.responsible_site
        if site is not None and site != case.draft.site:
            yield Problem("foreign_device", move.entry.pointer, {"serial": move.entry.serial, "site": site})


def dates_run_forward(case: Case[Draft], moves: _Moves) -> _Problems:
    """A business date is a day of the books, and does not lie before a device's previous line.

    What a clock that was ahead dated after today stands in the way of everything but its reversal, which is dated on
    its own day. See docs/decisions.md, "Two times", "Books begin on a day" and "A moment in the future is none".
    """
    told, today = case.draft.business_date, case.days.today.isoformat()
    try:
        day = date.fromisoformat(told)
    except ValueError:
        yield Problem("malformed_date", "/business_date", {"date": told})
        return
    ahead = {entry.serial: case.ahead[entry.serial] for entry in case.entries if entry.serial in case.ahead}
    last = max((dated.day for dated in ahead.values()), default="")
    if case.document == "reversal" and last > today:
        if told != last:
            facts = {"document": case.cited.number if case.cited else "", "date": told, "previous": last}
            yield Problem("undone_on_its_day", "/business_date", {**facts, "today": today})
        return
    if fault := case.days.fault(day, "/business_date"):
        yield fault
    for entry in case.entries:
        held, dated = case.held.get(entry.serial), ahead.get(entry.serial)
        previous = dated.day if dated else held.business_date if held else ""
        facts = {"serial": entry.serial, "date": told, "previous": previous}
        if dated and previous > today:
            yield Problem(
                "previous_dated_ahead", entry.pointer, {**facts, "document": dated.document, "today": today}
            )
        elif told < previous:
            yield Problem("date_before_previous", entry.pointer, facts)


def months_are_open(case: Case[Draft], moves: _Moves) -> _Problems:
    """Nothing is dated into a closed month of a book it leaves, enters or stays in.

    See docs/decisions.md, "Two times".
    """
    for move in moves:
        for book in dict.fromkeys(_books_of(move)):
            closed = case.closed.get(book)
            if closed is not None and case.draft.business_date[:7] <= closed:
                site, register = book
                facts = {"serial": move.entry.serial, "site": site, "register": register, "month": closed}
                yield Problem("month_closed", move.entry.pointer, facts)


def months_of_the_site_are_open(case: Case[Draft], moves: _Moves) -> _Problems:
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


def models_fit(case: Case[Draft], moves: _Moves) -> _Problems:
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
        elif {move.after.register, move.after.left_book} & set(BOOKS) - set(DEVICE_KIND[model.kind].books):
            yield Problem("spare_part_is_spare", move.entry.pointer, facts)


def _internal(case: Case[Draft], move: Move) -> bool:
    return case.document == "adoption" and move.entry.item.serial is None


_ISSUED = ("in_stock", "in_repair", "carried", "sold", "in_service")
"""Where a device is available, or with whoever it was issued to."""


def marks_are_kept(case: Case[Draft], moves: _Moves) -> _Problems:
    """What was written off once is never stock again, nor issued, by whichever way it comes.

    See docs/decisions.md, "Never".
    """
    for move in moves:
        if lasts(move.before.mark) and move.after.state in _ISSUED:
            yield Problem("not_releasable", move.entry.pointer, {"serial": move.entry.serial})


def books_are_kept(case: Case[Draft], moves: _Moves) -> _Problems:
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


def papers_exist(case: Case[Draft], moves: _Moves) -> _Problems:
    """Every attachment is kept by the site that posts."""
    for index, digest in enumerate(case.draft.attachments):
        if digest not in case.attachments:
            yield Problem("unknown_attachment", f"/attachments/{index}", {"digest": digest})


def answered_is_rejected(case: Case[Draft], moves: _Moves) -> _Problems:
    """A document answers one that an auditor rejected, at the same site."""
    if case.draft.answers is None:
        return
    answered = case.answered
    if answered is None:
        yield Problem("unknown_document", "/answers", {"document": case.draft.answers})
    elif answered.review != "rejected" or answered.status == "reversed":
        yield Problem("answers_not_rejected", "/answers", {"document": answered.number})


def customers_are_not_erased(case: Case[Draft], moves: _Moves) -> _Problems:
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
