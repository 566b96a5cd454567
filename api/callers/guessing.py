"""Whoever names customers wrongly again and again waits, as after wrong passwords: a name is not found by trying.

Which document, order or lookup it was does not matter; the log of security tells of each that was refused.
"""

from __future__ import annotations

from api.calls import Call
from devices.ledger.posting.customers import parties_of
from devices.people.signing_in import throttle
from devices.problems import Refused

GUESSES = frozenset(("taxpayer_name_differs", "customer_not_matched"))
"""The refusals that may be those of a guess."""


def refuse_guesser(call: Call) -> None:
    """Raise Refused (`throttled`) while the caller waits, if the body names a customer."""
    if any(True for _ in parties_of(call.body)):
        refuse_waiting(call)


def refuse_waiting(call: Call) -> None:
    """Raise Refused (`throttled`) while the caller waits."""
    throttle.refuse_guesser(call.services.session_store, call.who.principal, call.at_us)


def count_guess(call: Call) -> None:
    """Count one name that was wrong."""
    throttle.count_guess(call.services.session_store, call.who.principal, call.at_us)


def count_refused(call: Call, refused: Refused) -> None:
    """Count a refusal that says that a customer was named wrongly; outside of the transaction that was refused."""
    if call.person is not None and any(problem.code in GUESSES for problem in refused.problems):
        count_guess(call)
