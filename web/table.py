"""Every page there is."""

from __future__ import annotations

from api.callers.access import (
    ADMINS,
    ANY_READER,
    COMPLAINT_READER,
    CONFIRMER,
    COUNTER,
    INSPECTOR,
    JOB_READER,
    JOBS_SOMEWHERE,
    PUBLIC,
    READ_BOOK,
    RECEIVER_SOMEWHERE,
    SIGNED_IN,
    STAFF_NUMBER,
    TECHNICIANS,
    VISIT_NUMBER,
    Access,
)
from web.pages import Page
from web.views import account, home, search
from web.views.administration import people, registers, settings
from web.views.custody import custody, handovers, inspections, visits
from web.views.papers import attachments, documents, labels, manifests, reviews
from web.views.service import board, complaints, follow_ups, installations, jobs, orders
from web.views.stock import books, customers, devices, journal, months, scan, stocktakes

CHECKER = Access(roles=journal.CHECKERS, site="any")

PAGES = (
    Page("/", "home", PUBLIC, "home.html", home.home_page),
    Page("/sign-in", "sign_in", PUBLIC, "sign_in.html", account.sign_in_page),
    Page("/sign-up", "sign_up", PUBLIC, "sign_up.html", account.sign_up_page),
    Page("/me", "me", SIGNED_IN, "me.html", account.me_page),
    Page("/orders", "orders", ANY_READER, "orders.html", orders.orders_page),
    Page("/dispatch", "dispatch", ANY_READER, "dispatch.html", board.board_page),
    Page("/orders/{number}", "order", STAFF_NUMBER, "order.html", orders.order_page),
    Page("/jobs", "jobs", Access(roles=TECHNICIANS, site="any"), "jobs.html", jobs.jobs_page),
    Page("/jobs/{number}", "job", Access(roles=TECHNICIANS, site="number"), "jobs.html", jobs.job_page),
    Page("/installations", "installations", JOBS_SOMEWHERE, "installations.html", installations.installations_page),
    Page("/installations/{number}", "installation", JOB_READER, "installation.html",
         installations.installation_page),
    Page("/complaints", "complaints", RECEIVER_SOMEWHERE, "complaints.html", complaints.complaints_page),
    Page("/complaints/new", "new_complaint", RECEIVER_SOMEWHERE, "complaint_new.html", complaints.new_complaint_page),
    Page("/complaints/{number}", "complaint", COMPLAINT_READER, "complaint.html", complaints.complaint_page),
    Page("/follow-ups", "follow_ups", ANY_READER, "follow_ups.html", follow_ups.follow_ups_page),
    Page("/follow-ups/{number}", "follow_up", JOB_READER, "follow_up.html", follow_ups.follow_up_page),
    Page("/stocktakes", "counts", ANY_READER, "stocktakes.html", stocktakes.stocktakes_page),
    Page("/stocktakes/{number}", "count", STAFF_NUMBER, "stocktake.html", stocktakes.stocktake_page),
    Page("/scan", "scan", ANY_READER, "scan.html", scan.tasks_page),
    Page("/scan/{task}", "scan_task", ANY_READER, "scan_task.html", scan.task_page),
    Page("/scan-cards", "scan_cards", SIGNED_IN, "scan_cards.html", scan.cards_page),
    Page("/labels", "labels", SIGNED_IN, "labels.html", labels.labels_page),
    Page("/scanner-test", "scanner_test", SIGNED_IN, "scanner_test.html", scan.scanner_test_page),
    Page("/stocktakes/{number}/count", "counting", COUNTER, "count.html", scan.counting_page),
    Page("/months", "months", ANY_READER, "months.html", months.months_page),
    Page("/months/{site}/{register}/{month}", "month", READ_BOOK, "month.html", months.month_page),
    Page("/keys", "keys", CONFIRMER, "keys.html", people.keys_page),
    Page("/admin/registers", "registers", ADMINS, "registers.html", registers.registers_page),
    Page("/admin/people", "people", ADMINS, "people.html", people.people_page),
    Page("/admin/people/{username}", "person", ADMINS, "person.html", people.person_page),
    Page("/admin/tokens", "tokens", ADMINS, "tokens.html", people.tokens_page),
    Page("/admin/settings", "settings", ADMINS, "settings.html", settings.settings_page),
    Page("/devices/{serial}", "device", SIGNED_IN, "device.html", devices.device_page),
    Page("/search", "search", SIGNED_IN, "search.html", search.search_page, posted=True),
    Page("/books", "books", ANY_READER, "books.html", books.books_page),
    Page("/books/{site}/{register}", "book", READ_BOOK, "book.html", books.book_page),
    Page("/books/{site}/{register}/card", "card", READ_BOOK, "card.html", books.card_page),
    Page("/books/{site}/{register}/statement", "statement", READ_BOOK, "statement.html", books.statement_page),
    Page("/documents", "documents", ANY_READER, "documents.html", documents.documents_page),
    Page("/documents/new-proof", "proof", ANY_READER, "proof.html", attachments.proof_page),
    Page("/manifests", "manifests", ANY_READER, "manifests.html", manifests.manifests_page),
    Page("/manifests/{number}", "manifest", STAFF_NUMBER, "manifest.html", manifests.manifest_page),
    Page("/documents/{number}", "document", SIGNED_IN, "document.html", documents.document_page),
    Page("/documents/{number}/elsewhere", "foreign_document", SIGNED_IN, "foreign_document.html",
         documents.foreign_page),
    Page("/notices", "notices", ANY_READER, "notices.html", customers.notices_page),
    Page("/customers/{number}", "customer", SIGNED_IN, "customer.html", customers.customer_page),
    Page("/custody", "custody", SIGNED_IN, "custody.html", custody.custody_page),
    Page("/inspections/new", "checklist", INSPECTOR, "inspection_new.html", inspections.checklist_page),
    Page("/inspections/{number}", "inspection", STAFF_NUMBER, "inspection.html", inspections.inspection_page),
    Page("/visits/{number}", "visit", VISIT_NUMBER, "visit.html", visits.visit_page),
    Page("/handovers/{number}", "handover", SIGNED_IN, "handover.html", handovers.handover_page),
    Page("/journal", "journal", CHECKER, "journals.html", journal.journals_page),
    Page("/journal/{site}", "journal_end", CHECKER, "journal.html", journal.journal_page),
    Page("/reviews", "reviews", Access(roles=reviews.REVIEWERS, site="any"), "reviews.html", reviews.reviews_page),
)  # fmt: skip

assert len({page.path for page in PAGES}) == len(PAGES), "a page is declared twice"
assert len({page.name for page in PAGES}) == len(PAGES), "two pages share a name"
