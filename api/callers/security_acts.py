"""What the security log is told of: which acts, once they are done, and which refusals. Two declared tables."""

from __future__ import annotations

from typing import Any

import msgspec


class Act(msgspec.Struct, frozen=True):
    """An operation that the log is told of once it is done: its route's name, and what it is called in the log.

    `named` says that the log names what it was done to: a username, a token's id, a key's fingerprint, a number.
    `facts` are the fields of its body that the log has too; none of them is a secret, nor free text.
    """

    route: str
    event: str
    named: bool = True
    facts: tuple[str, ...] = ()


ACTS = (
    # who is here
    Act("sign_in", "signed_in", named=False),
    Act("sign_out", "signed_out", named=False),
    Act("end_own_session", "own_session_ended", named=False),
    Act("end_other_sessions", "other_sessions_ended", named=False),
    Act("enrol", "signed_up"),
    # what people prove themselves by
    Act("change_password", "password_changed", named=False),
    Act("reset_password", "password_reset"),
    Act("rotate_key", "key_replaced"),
    Act("confirm_key", "key_confirmed"),
    # who may do what
    Act("add_person", "person_added"),
    Act("deactivate", "person_shut_out"),
    Act("reactivate", "person_let_back_in"),
    Act("rename", "person_renamed"),
    Act("grant_role", "role_granted", facts=("role", "site")),
    Act("revoke_role", "role_withdrawn", facts=("role", "site")),
    Act("replace_certificate", "certificate_written", facts=("valid_until",)),
    # programs
    Act("issue_token", "token_issued", facts=("site", "username")),
    Act("confirm_own_token", "token_confirmed"),
    Act("end_own_token", "token_ended"),
    Act("revoke_token", "token_revoked"),
    # what is signed; the third signature of a handover moves the storekeeper's role
    Act("sign_sheet", "sheet_signed", facts=("role",)),
    Act("sign_month", "month_signed", facts=("role",)),
    Act("sign_handover", "handover_signed", facts=("role",)),
    # personal data
    Act("move_customer", "customer_moved", facts=("site",)),
    Act("erase_customer", "customer_erased"),
    Act("erase_visitor", "visitor_erased"),
    Act("erase_certificate", "certificate_erased"),
    Act("erase_complaint", "complainant_erased"),
)
ACT = {act.route: act for act in ACTS}
assert len(ACT) == len(ACTS), "two acts share a route"

REFUSALS = {
    "who one is": (
        "wrong_credentials", "wrong_password", "throttled", "enrolment_refused", "token_refused",
        "signed_in_as_another", "reauthentication_expired",
    ),
    "what one may": ("role_missing", "scope_missing", "token_not_confirmed", "person_required", "foreign_origin"),
    "two persons": (
        "granting_oneself", "certifying_oneself", "resetting_oneself", "admin_has_no_other_role", "last_administrator",
        "key_own_confirmation", "key_let_in_confirmation", "own_document", "own_visit", "only_poster_withdraws",
        "auditor_posted", "same_person_twice", "same_session_twice", "own_job", "own_call", "own_complaint",
        "complained_of", "own_measure",
    ),
    "guessing": ("taxpayer_name_differs", "customer_not_matched"),
    "what no page sends": (
        "malformed_request", "malformed_body", "malformed_parameter", "malformed_cursor", "wrong_media_type",
        "wrong_encoding", "body_too_large", "idempotency_key_reused", "control_character",
    ),
}  # fmt: skip
"""The codes of the refusals that are logged, by what was tried. A shelf's everyday refusals are not among them."""
LOGGED = frozenset(code for codes in REFUSALS.values() for code in codes)


def told_of(route: str, key: str, body: Any) -> tuple[str, dict[str, Any]] | None:
    """What the log says of an operation that is done, and its facts; None where it is none of the log's.

    `key` is that of what it was done to.
    """
    act = ACT.get(route)
    if act is None:
        return None
    named = {"of": key} if act.named else {}
    return act.event, named | {name: getattr(body, name) for name in act.facts}
