"""Every way Panku refuses: a table of codes, each with its HTTP status and the facts its sentence may name.

Rules know codes, never sentences; the sentences are in labels/words. A refusal carries every problem found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

Fact = str | int | bool | None | list[str]


class Meaning(msgspec.Struct, frozen=True):
    """What a code stands for: the HTTP `status` it leads to, and the names of its `facts`."""

    status: int
    facts: tuple[str, ...] = ()


def _of(status: int, *facts: str) -> Meaning:
    return Meaning(status, facts)


PROBLEMS: dict[str, Meaning] = {
    # the request itself
    "malformed_request": _of(400, "reason"),
    "malformed_body": _of(400, "reason"),
    "wrong_media_type": _of(415, "accepted"),
    "wrong_encoding": _of(415, "accepted"),
    "body_too_large": _of(413, "limit_bytes"),
    "body_stalled": _of(408),
    "control_character": _of(400, "field", "code_point"),
    "text_too_long": _of(400, "field", "limit"),
    "idempotency_key_required": _of(400),
    "idempotency_key_malformed": _of(400),
    "idempotency_key_reused": _of(422),
    "if_match_required": _of(428),
    "if_match_failed": _of(412, "revision"),
    "malformed_cursor": _of(400),
    "malformed_parameter": _of(400, "name", "value"),
    "missing_parameter": _of(400, "name"),
    "foreign_origin": _of(403),
    "not_found": _of(404),
    "method_not_allowed": _of(405),
    "unavailable": _of(503, "cause"),
    "outcome_unknown": _of(503),
    "fault": _of(500),
    # who asks
    "sign_in_required": _of(401),
    "wrong_credentials": _of(401),
    "token_refused": _of(401),
    "session_ended": _of(401),
    "signed_in_as_another": _of(401, "username", "page"),
    "throttled": _of(429, "seconds"),
    "person_required": _of(403),
    "scope_missing": _of(403, "scope"),
    "token_not_confirmed": _of(403),
    "role_missing": _of(403, "roles", "site"),
    "wrong_password": _of(403),
    "enrolment_refused": _of(403),
    "password_too_short": _of(422, "minimum"),
    "password_too_common": _of(422),
    # people, roles and keys
    "malformed_username": _of(422, "username"),
    "username_taken": _of(409, "username"),
    "unknown_person": _of(422, "username"),
    "inactive_person": _of(422, "username"),
    "unknown_role": _of(422, "role"),
    "role_needs_site": _of(422, "role"),
    "role_for_whole_unit": _of(422, "role"),
    "one_role_per_site": _of(422, "username", "role", "site"),
    "admin_has_no_other_role": _of(422, "username"),
    "granting_oneself": _of(422),
    "grant_missing": _of(422, "username", "role", "site"),
    "last_administrator": _of(422),
    "administrator_exists": _of(409),
    "key_own_confirmation": _of(422),
    "key_let_in_confirmation": _of(422, "username"),
    "key_not_waiting": _of(409),
    "key_not_confirmed": _of(409, "username"),
    "resetting_oneself": _of(422),
    "certifying_oneself": _of(422),
    "not_certified": _of(422, "username", "site", "why", "valid_until"),
    "unknown_scope": _of(422, "scope"),
    "token_needs_person": _of(422),
    "token_expiry_past": _of(422),
    "token_not_waiting": _of(409),
    # registers
    "already_exists": _of(409, "kind", "key"),
    "malformed_code": _of(422, "code"),
    "reserved_code": _of(422, "code"),
    "unknown_site": _of(422, "site"),
    "inactive_site": _of(422, "site"),
    "unknown_bin": _of(422, "bin", "site"),
    "inactive_bin": _of(422, "bin", "site"),
    "impossible_bin": _of(422, "register", "condition"),
    "unknown_model": _of(422, "model"),
    "inactive_model": _of(422, "model"),
    "pattern_refused": _of(422, "pattern"),
    "unknown_carrier": _of(422, "carrier"),
    "inactive_carrier": _of(422, "carrier"),
    "unknown_attachment": _of(422, "digest"),
    "not_a_signed_paper": _of(422),
    "paper_is_personal": _of(409, "digest"),
    "paper_not_erasable": _of(409, "digest"),
    "paper_of_other_customer": _of(409, "digest"),
    "paper_of_other_order": _of(409, "digest", "order"),
    "paper_erased": _of(410, "digest"),
    "unknown_customer": _of(422, "customer"),
    "field_is_fixed": _of(422, "field"),
    "in_use": _of(409, "kind", "key", "count"),
    # serials, taxpayers and spreadsheets
    "malformed_serial": _of(422, "text"),
    "full_width": _of(422, "text", "serial"),
    "command_barcode": _of(422, "text"),
    "serial_not_of_model": _of(422, "serial", "model"),
    "serial_of_no_model": _of(422, "serial"),
    "malformed_taxpayer_id": _of(422),
    "taxpayer_check_character": _of(422),
    "not_a_spreadsheet": _of(422, "reason"),
    "spreadsheet_too_large": _of(422, "limit"),
    "upload_too_large": _of(413, "limit_bytes"),
    "unclosed_quote": _of(422, "row"),
    "no_header": _of(422, "found"),
    "above_heading": _of(422, "row", "serial"),
    "no_devices": _of(422),
    "duplicate_serial": _of(422, "serial", "row", "first_row"),
    "missing_serial": _of(422, "row"),
    "leading_zeros_lost": _of(422, "row", "text"),
    "precision_lost": _of(422, "row", "text"),
    "formula_without_value": _of(422, "row"),
    "unknown_word": _of(422, "row", "column", "text"),
    "several_tables": _of(422, "sheets"),
    "repeated_column": _of(422, "header"),
    "malformed_range": _of(422, "text"),
    "range_backwards": _of(422, "text"),
    "range_too_long": _of(422, "text", "count", "limit"),
    "list_too_long": _of(422, "limit"),
    "form_too_long": _of(422, "limit"),
    # paper
    "missing_glyph": _of(422, "character", "code_point", "text"),
    "malformed_barcode": _of(422, "text"),
    "barcode_too_wide": _of(422, "text", "needed_mm", "width_mm"),
    "label_too_low": _of(422, "text", "height_mm"),
    "unknown_stock": _of(422, "stock", "known"),
    "stock_off_page": _of(422, "needed_mm", "page_mm"),
    "offset_off_paper": _of(422, "offset_mm", "paper_mm"),
    "start_off_sheet": _of(422, "start", "count"),
    "one_label_only": _of(422, "format", "count"),
    "unknown_serial": _of(422, "serial"),
    # documents: the draft
    "malformed_number": _of(422, "number"),
    "malformed_date": _of(422, "date"),
    "future_date": _of(422, "date", "today"),
    "before_books": _of(422, "date", "books_from"),
    "no_lines": _of(422),
    "conflicting_lines": _of(422, "serial"),
    "mixed_registers": _of(422, "serial", "registers"),
    "empty_text": _of(422, "field"),
    "reason_required": _of(422),
    "proof_required": _of(422),
    "field_required": _of(422, "field", "serial"),
    "state_of_opening": _of(422, "serial", "state"),
    # documents: the devices
    "unknown_device": _of(422, "serial", "document"),
    "wrong_state": _of(422, "serial", "state", "document", "allowed", "cited"),
    "wrong_register": _of(422, "serial", "register", "document"),
    "foreign_device": _of(422, "serial", "site"),
    "reserved": _of(422, "serial", "document"),
    "already_held": _of(422, "serial", "state", "cited"),
    "date_before_previous": _of(422, "serial", "date", "previous"),
    "previous_dated_ahead": _of(422, "serial", "date", "previous", "document", "today"),
    "undone_on_its_day": _of(422, "document", "date", "previous", "today"),
    "bin_required": _of(422, "serial"),
    "bin_not_wanted": _of(422, "serial", "bin"),
    "bin_of_other_register": _of(422, "serial", "bin", "register", "expected"),
    "bin_of_other_condition": _of(422, "serial", "bin", "condition", "document"),
    "same_bin": _of(422, "serial", "bin"),
    "never_ours": _of(422, "serial"),
    "spare_part_is_spare": _of(422, "serial"),
    "other_book": _of(422, "serial", "register", "expected"),
    "model_required": _of(422, "serial"),
    "race_lost": _of(409, "serial"),
    "not_releasable": _of(422, "serial"),
    "reinitialisation_required": _of(422, "serial"),
    "better_than_sent": _of(422, "serial", "left"),
    "damaged_needs_quarantine": _of(422, "serial"),
    "not_on_dispatch": _of(422, "serial", "cited"),
    "sent_again": _of(422, "serial", "cited", "document"),
    "unserialised_only_spare_part": _of(422),
    # documents: manifests
    "unknown_manifest": _of(422, "manifest"),
    "manifest_exists": _of(409, "manifest", "delivery_note"),
    "manifest_of_other_site": _of(422, "manifest", "site"),
    "over_manifest": _of(422, "serial", "manifest"),
    "model_not_manifest": _of(422, "serial", "model", "expected"),
    "quarantine_reason_required": _of(422, "serial"),
    # documents: customers, sales and swaps
    "taxpayer_name_differs": _of(422, "serial"),
    "customer_name_required": _of(422),
    "customer_required": _of(422, "serial"),
    "customer_not_matched": _of(422, "serial"),
    "other_taxpayer": _of(422, "serial"),
    "pair_not_found": _of(422, "serial", "paired_with"),
    "pair_of_other_customer": _of(422, "serial", "paired_with"),
    "pair_kind": _of(422, "serial", "paired_with"),
    "faulty_with_customer_required": _of(422, "serial", "faulty"),
    "faulty_already_provided": _of(422, "faulty", "serial"),
    "other_spare_out": _of(422, "serial", "faulty", "other"),
    "swap_kind_differs": _of(422, "serial", "faulty"),
    "swap_model_incompatible": _of(422, "serial", "faulty", "model", "expected"),
    "swap_other_faulty": _of(422, "serial", "faulty"),
    "swap_other_order": _of(422, "serial", "order"),
    "charge_differs": _of(422, "serial"),
    "exchange_kind_differs": _of(422, "serial", "old"),
    "consent_required": _of(422, "serial"),
    # orders
    "unknown_order": _of(422, "order"),
    "order_of_other_site": _of(422, "order", "site"),
    "not_with_a_customer": _of(422, "serial", "state", "cited"),
    "order_of_other_device": _of(422, "order", "serial"),
    "order_of_other_customer": _of(422, "order", "serial"),
    "order_kind": _of(422, "order", "document"),
    "order_closed": _of(422, "order"),
    "order_required": _of(422),
    "order_in_use": _of(409, "order", "serial", "document"),
    "order_open_already": _of(409, "serial", "order"),
    "service_record_required": _of(422, "order"),
    "service_record_exists": _of(409, "order"),
    "completed_before_opened": _of(422, "order"),
    # what happens at the customer's
    "dispatch_out_of_order": _of(409, "order", "order_state"),
    "issued_already": _of(409, "issued_as", "order"),
    "serials_of_two_customers": _of(422, "serial", "other"),
    "window_ends_first": _of(422),
    "spare_carried_under": _of(409, "order", "serial"),
    "technician_missing": _of(422, "order"),
    "not_the_technician": _of(403, "order", "technician"),
    "filed_by_another": _of(403, "order", "username"),
    "arrived_before_asked": _of(422, "order"),
    "arrived_after_completed": _of(422, "order"),
    "outcome_required": _of(422, "order", "purpose"),
    "outcome_not_asked": _of(422, "order", "purpose"),
    "spare_not_carried": _of(422, "order", "serial", "faulty"),
    "used_was_swapped": _of(422, "serial", "faulty", "document"),
    "used_twice": _of(422, "serial"),
    "signed_paper_required": _of(422),
    "swap_not_in_record": _of(422, "order", "faulty", "serial"),
    "not_installable": _of(422, "serial", "state"),
    "installation_open_already": _of(409, "serial", "installation"),
    "installed_already": _of(409, "serial", "installation"),
    "installation_out_of_order": _of(409, "installation", "installation_state"),
    "guidance_spent": _of(409, "installation", "minutes"),
    "install_check_failed": _of(422, "installation", "install_check"),
    "installation_confirmed": _of(409, "installation", "order"),
    "trip_under_way": _of(409, "installation", "order"),
    "order_not_to_install": _of(422, "order"),
    "followed_up": _of(409, "order", "follow_up"),
    "job_not_done": _of(409, "order"),
    "follow_up_out_of_order": _of(409, "follow_up", "follow_up_state"),
    "follow_up_answered": _of(409, "follow_up", "username"),
    "own_job": _of(403, "order", "username"),
    "own_call": _of(403, "follow_up", "username"),
    "answer_required": _of(422, "question"),
    "answer_not_asked": _of(422, "question"),
    "passed_up_in_part": _of(422),
    "complaint_required": _of(422, "categories"),
    "attempts_missing": _of(409, "follow_up", "attempts", "days"),
    "explanation_missing": _of(409, "follow_up", "technician", "date"),
    "called_before_done": _of(422, "order"),
    "reference_used": _of(409, "reference", "follow_up"),
    "call_outcome_missing": _of(422, "reference"),
    "complaint_out_of_order": _of(409, "complaint", "complaint_state"),
    "not_the_owner": _of(403, "complaint", "owner"),
    "own_complaint": _of(403, "complaint"),
    "complained_of": _of(403, "complaint", "username"),
    "own_measure": _of(403, "complaint"),
    "owner_fixed": _of(409, "complaint", "owner"),
    "owner_unfit": _of(422, "complaint", "username", "site"),
    "customer_known": _of(409, "complaint", "customer"),
    "about_other_customer": _of(422, "about"),
    "not_complained_of": _of(422, "complaint", "username"),
    "apology_required": _of(422, "complaint"),
    "consequence_required": _of(422, "complaint"),
    "complaint_not_valid": _of(409, "complaint"),
    "measure_required": _of(409, "complaint"),
    "before_received": _of(422, "complaint", "date"),
    "measurer_unfit": _of(422, "username", "site"),
    "checker_missing": _of(422, "complaint", "username"),
    "registered_already": _of(409, "reference", "complaint"),
    "complaint_erased": _of(409, "complaint"),
    "charged_under_warranty": _of(422, "order", "charged_fen"),
    "told_used": _of(422, "order", "serial", "faulty"),
    # citing other documents
    "unknown_document": _of(422, "document"),
    "cited_wrong_type": _of(422, "document", "type"),
    "cited_not_posted": _of(422, "document", "status"),
    "consignment_differs": _of(422, "serial", "consignment", "sent"),
    "consignment_elsewhere": _of(422, "consignment", "carrier", "destination"),
    "same_destination": _of(422, "site"),
    "other_destination": _of(422, "document", "site"),
    "answers_not_rejected": _of(422, "document"),
    # reversal
    "not_reversible": _of(422, "document", "type"),
    "not_a_line": _of(422, "serial", "document"),
    "already_reversed": _of(422, "serial", "document"),
    "later_lines": _of(422, "serial", "document", "later"),
    "pair_incomplete": _of(422, "serial", "partner"),
    # review
    "own_document": _of(422, "document"),
    "not_waiting": _of(409, "document", "status"),
    "only_poster_withdraws": _of(403, "document"),
    "not_withdrawable": _of(409, "document"),
    # stocktakes
    "no_bins": _of(422, "site", "register"),
    "stocktake_open_already": _of(409, "stocktake", "state"),
    "stocktake_not_counting": _of(409, "stocktake", "state"),
    "stocktake_not_closed": _of(409, "stocktake", "state"),
    "stocktake_settled": _of(409, "stocktake", "state"),
    "stocktake_signed": _of(409, "stocktake", "username"),
    "count_is_blind": _of(409, "site", "register"),
    "not_a_double_count": _of(409, "stocktake"),
    "recount_needed": _of(409, "stocktake", "count"),
    "recount_unfinished": _of(409, "stocktake", "serials"),
    "counters_not_finished": _of(409, "username", "name", "heard_at", "scans"),
    "scan_id_reused": _of(422, "id", "serial"),
    "scan_before_opening": _of(422, "serial", "stocktake"),
    "wrong_part": _of(422, "serial", "part"),
    "no_variance": _of(422, "serial", "result"),
    "findings_unexplained": _of(422, "serials"),
    "late_scans_unsettled": _of(422, "serials"),
    "late_scan_settled": _of(409, "serial", "stocktake"),
    # signatures
    "digest_differs": _of(409, "digest"),
    "signed_already": _of(409, "role", "username"),
    "same_person_twice": _of(422, "username"),
    "same_session_twice": _of(422),
    "reauthentication_expired": _of(403),
    "key_not_on_sheet": _of(409, "username", "fingerprint"),
    "auditor_posted": _of(422, "username", "document"),
    "not_sealed": _of(409, "subject", "parties"),
    # months
    "month_not_over": _of(422, "month", "today"),
    "month_closed_already": _of(409, "site", "register", "month", "last"),
    "month_out_of_order": _of(422, "site", "register", "month", "following"),
    "stocktake_missing": _of(422, "site", "register", "month"),
    "documents_unsettled": _of(422, "site", "register", "month", "documents"),
    "statement_differs": _of(422, "site", "register", "month", "model", "stated", "kept"),
    "month_sealed": _of(409, "site", "register", "month"),
    "month_not_closed": _of(409, "site", "register", "month"),
    "month_not_last": _of(409, "site", "register", "month", "last"),
    "month_closed": _of(422, "site", "register", "month", "serial"),
    "opening_after_close": _of(422, "site", "month"),
    # safety inspections
    "unknown_check": _of(422, "check"),
    "check_repeated": _of(422, "check"),
    "checks_missing": _of(422, "checks"),
    "expiry_required": _of(422, "check"),
    "expiry_not_wanted": _of(422, "check"),
    "expired": _of(422, "check", "date"),
    "finding_required": _of(422, "check"),
    "finding_not_wanted": _of(422, "check"),
    "owner_without_role": _of(422, "username", "site"),
    "finding_settled": _of(409, "check", "username"),
    "day_past": _of(422, "date", "today"),
    # visits
    "visit_out_of_order": _of(409, "visit", "state"),
    "own_visit": _of(422, "visit"),
    "visit_day_over": _of(409, "visit", "date"),
    "visit_not_today": _of(409, "visit", "date", "today"),
    "escort_not_storekeeper": _of(422, "username", "site"),
    # handovers
    "handover_open_already": _of(409, "handover"),
    "handover_settled": _of(409, "handover", "state"),
    "handover_out_of_date": _of(409, "handover", "lists"),
    "no_active_bins": _of(422, "site"),
    "three_persons_needed": _of(422),
    "party_without_role": _of(422, "username", "role", "party"),
    "signer_without_key": _of(422, "username"),
    "not_this_party": _of(403, "party", "username"),
    "key_not_on_handover": _of(409, "username", "fingerprint"),
    # notices
    "notice_settled": _of(409, "notice"),
    "notice_proposes": _of(422, "notice"),
    "nothing_proposed": _of(422, "notice"),
    # personal data
    "visitor_erased": _of(409, "visit"),
    "visit_under_way": _of(409, "visit"),
    "certificate_erased": _of(409, "username"),
    "still_active": _of(409, "username"),
    "already_erased": _of(409, "customer"),
    "customer_has_devices": _of(409, "customer", "count"),
    "customer_has_proposals": _of(409, "customer", "documents"),
    "customer_has_open_service": _of(409, "customer", "records"),
    "customer_erased": _of(422, "customer", "serial"),
}


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong: a code of PROBLEMS, the JSON pointer of what it is about, and facts for its sentence."""

    code: str
    pointer: str = ""
    facts: Mapping[str, Fact] = {}


class Refused(Exception):
    """Nothing was written; `problems` says everything that was wrong, in the order found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        assert self.problems, "a refusal without a problem"
        super().__init__(", ".join(problem.code for problem in self.problems))

    @property
    def status(self) -> int:
        """The HTTP status of the first problem."""
        return PROBLEMS[self.problems[0].code].status


class ForeignRead(Refused):
    """A record of a site that the caller has nothing to do with: answered as if it were not there, and logged."""


def refuse_foreign() -> Refused:
    """A refusal of what is there, in the words for what is not; `raise refuse_foreign()`."""
    return ForeignRead([Problem("not_found")])


def refuse(code: str, pointer: str = "", /, **facts: Fact) -> Refused:
    """A refusal with one problem; `raise refuse("not_found")`."""
    return Refused([Problem(code, pointer, facts)])
