"""Customers, what is known of them, and what other sites tell their home of them."""

from __future__ import annotations

import msgspec

from devices.workflow import Step, Workflow


class Customer(msgspec.Struct, frozen=True):
    """A customer by number. Who they are is personal data; the journal holds the commitment to it only.

    `moved_to` is the site that a supervisor has made their home; before that it is the one in their number.
    """

    number: str
    site: str
    commitment: str = ""
    erased: bool = False
    moved_to: str | None = None

    @property
    def home(self) -> str:
        """The site that they belong to: it always sees them, and keeps their data."""
        return self.moved_to or self.number.split("-")[1]


class CustomerData(msgspec.Struct, frozen=True):
    """A customer's personal data, kept in the one erasable table. `form` is the taxpayer id's (see taxpayers)."""

    taxpayer_id: str
    form: str
    name: str | None = None
    address: str | None = None
    contact: str | None = None


class Proposed(msgspec.Struct, frozen=True):
    """What another site learned of a customer, for their home to take over or not: personal data."""

    name: str | None = None
    address: str | None = None
    contact: str | None = None


NOTICES = Workflow(
    "told",
    #    step       before     after       refused otherwise
    Step("see",     ("told",), "seen",     "notice_settled"),
    Step("accept",  ("told",), "accepted", "notice_settled"),
    Step("decline", ("told",), "declined", "notice_settled"),
)  # fmt: skip
"""A notice is seen, or, where it proposes something, accepted or declined."""


class Notice(msgspec.Struct, frozen=True):
    """What another site did with a customer of this one: told to `site`, their home, by `at`.

    `under` is the number of the document, order or installation, `what` its type or kind; `told_on` is an
    ISO date. With `proposes`, what was learned of the customer is personal data (Proposed) that `commitment` commits
    to.
    """

    site: str
    customer: str
    under: str
    what: str
    at: str
    by: str
    told_on: str
    serials: tuple[str, ...]
    proposes: bool = False
    commitment: str = ""
    erased: bool = False
    state: str = NOTICES.begins
    settled_by: str | None = None


def notice_key(under: str, customer: str) -> str:
    """The key of a notice: one of each document or order for each customer it concerns."""
    return f"{under}/{customer}"
