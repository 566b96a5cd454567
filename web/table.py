"""Every page there is."""

from __future__ import annotations

from api.callers.access import (
    ADMIN,
    ANY_READER,
    CONFIRMER,
    COUNTER,
    INSPECTOR,
    PUBLIC,
    READ_BOOK,
    SIGNED_IN,
    STAFF_NUMBER,
    VISIT_NUMBER,
    Access,
)
from web.pages import Page
from web.views import account, home, search
from web.views.administration import people, registers, settings
from web.views.custody import custody, handovers, inspections, visits
from web.views.papers import attachments, documents, labels, manifests, orders, reviews
from web.views.stock import books, customers, devices, journal, months, scan, stocktakes

CHECKER = Access(roles=journal.CHECKERS, site="any")

PAGES = (
    Page("/", "home", PUBLIC, "home.html", home.show_home),
    Page("/sign-in", "sign_in", PUBLIC, "sign_in.html", account.show_sign_in),
    Page("/sign-up", "sign_up", PUBLIC, "sign_up.html", account.show_sign_up),
    Page("/me", "me", SIGNED_IN, "me.html", account.show_me),
    Page("/orders", "orders", ANY_READER, "orders.html", orders.show_orders),
    Page("/orders/{number}", "order", STAFF_NUMBER, "order.html", orders.show_order),
    Page("/stocktakes", "counts", ANY_READER, "stocktakes.html", stocktakes.show_stocktakes),
    Page("/stocktakes/{number}", "count", STAFF_NUMBER, "stocktake.html", stocktakes.show_stocktake),
    Page("/scan", "scan", ANY_READER, "scan.html", scan.show_tasks),
    Page("/scan/{task}", "scan_task", ANY_READER, "scan_task.html", scan.show_task),
    Page("/scan-cards", "scan_cards", SIGNED_IN, "scan_cards.html", scan.show_cards),
    Page("/labels", "labels", SIGNED_IN, "labels.html", labels.show_labels),
    Page("/scanner-test", "scanner_test", SIGNED_IN, "scanner_test.html", scan.show_scanner_test),
    Page("/stocktakes/{number}/count", "counting", COUNTER, "count.html", scan.show_counting),
    Page("/months", "months", ANY_READER, "months.html", months.show_months),
    Page("/months/{site}/{register}/{month}", "month", READ_BOOK, "month.html", months.show_month),
    Page("/keys", "keys", CONFIRMER, "keys.html", people.show_keys),
    Page("/admin/registers", "registers", ADMIN, "registers.html", registers.show_registers),
    Page("/admin/people", "people", ADMIN, "people.html", people.show_people),
    Page("/admin/people/{username}", "person", ADMIN, "person.html", people.show_person),
    Page("/admin/tokens", "tokens", ADMIN, "tokens.html", people.show_tokens),
    Page("/admin/settings", "settings", ADMIN, "settings.html", settings.show_settings),
    Page("/devices/{serial}", "device", SIGNED_IN, "device.html", devices.show_device),
    Page("/search", "search", SIGNED_IN, "search.html", search.show_search),
    Page("/books", "books", ANY_READER, "books.html", books.show_books),
    Page("/books/{site}/{register}", "book", READ_BOOK, "book.html", books.show_book),
    Page("/books/{site}/{register}/card", "card", READ_BOOK, "card.html", books.show_card),
    Page("/books/{site}/{register}/statement", "statement", READ_BOOK, "statement.html", books.show_statement),
    Page("/documents", "documents", ANY_READER, "documents.html", documents.show_documents),
    Page("/documents/new-proof", "proof", ANY_READER, "proof.html", attachments.show_proof),
    Page("/manifests", "manifests", ANY_READER, "manifests.html", manifests.show_manifests),
    Page("/manifests/{number}", "manifest", STAFF_NUMBER, "manifest.html", manifests.show_manifest),
    Page("/documents/{number}", "document", STAFF_NUMBER, "document.html", documents.show_document),
    Page("/customers/{number}", "customer", STAFF_NUMBER, "customer.html", customers.show_customer),
    Page("/custody", "custody", SIGNED_IN, "custody.html", custody.show_custody),
    Page("/inspections/new", "checklist", INSPECTOR, "inspection_new.html", inspections.show_checklist),
    Page("/inspections/{number}", "inspection", STAFF_NUMBER, "inspection.html", inspections.show_inspection),
    Page("/visits/{number}", "visit", VISIT_NUMBER, "visit.html", visits.show_visit),
    Page("/handovers/{number}", "handover", SIGNED_IN, "handover.html", handovers.show_handover),
    Page("/journal", "journal", CHECKER, "journals.html", journal.show_journals),
    Page("/journal/{site}", "journal_end", CHECKER, "journal.html", journal.show_journal),
    Page("/reviews", "reviews", Access(roles=reviews.REVIEWERS, site="any"), "reviews.html", reviews.show_reviews),
)  # fmt: skip

assert len({page.path for page in PAGES}) == len(PAGES), "a page is declared twice"
assert len({page.name for page in PAGES}) == len(PAGES), "two pages share a name"
