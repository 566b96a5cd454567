"""The forms of a complaint's steps: what each asks for, declared once, and what of it is asked of one complaint."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, get_args

import msgspec

from devices.paperwork.complaints import COMPLAINTS, CONSEQUENCES, CUSTOMER_WORDS, PASSED_TO, Complaint
from devices.people.roles import Person
from devices.service.complaints.handling import Decision
from devices.service.complaints.waiting import people_of_site

_Of = Callable[[Complaint], bool]


def _of_any(_: Complaint) -> bool:
    return True


class ComplaintField(msgspec.Struct, frozen=True):
    """One field of a step's form: where it stands in the body, and how it is asked for; its text is
    `page.complaint.field.<step>_<told>`.

    A `sentence` is journalled for good, `choices` are codes of the group `told_as`, yes and no of a `flag`; `accused`
    are those complained of. It is asked of those complaints alone that `of` says.
    """

    name: str
    asked: Literal[
        "sentence", "choice", "flag", "moment", "day", "person", "persons", "accused", "line", "password"
    ]
    told: str
    required: bool = True
    longest: int = 500
    choices: tuple[str, ...] = ()
    told_as: str = ""
    of: _Of = _of_any


def _is_valid(value: Complaint) -> bool:
    return bool(value.valid)


def _is_of_somebody(value: Complaint) -> bool:
    return bool(value.vetoed)


def _names_somebody(value: Complaint) -> bool:
    return bool(value.persons)


def _is_of_nobody_known(value: Complaint) -> bool:
    return value.customer is None


_PERSONS = ComplaintField("persons", "persons", "persons", required=False)
_PASSED_TO = ComplaintField(
    "passed_to", "choice", "passed_to", required=False, choices=PASSED_TO, told_as="passed_to"
)
COMPLAINT_FORMS: dict[str, tuple[ComplaintField, ...]] = {
    "hand_over": (
        ComplaintField("owner", "person", "owner"),
        ComplaintField("reason", "sentence", "reason"),
    ),
    "investigate": (
        ComplaintField("text", "sentence", "text"),
        ComplaintField("valid", "flag", "valid", told_as="complaint_view"),
        _PERSONS,
        ComplaintField("customer.taxpayer_id", "line", "taxpayer_id", required=False, longest=40,
                       of=_is_of_nobody_known),
        ComplaintField("customer.name", "line", "customer", required=False, longest=200, of=_is_of_nobody_known),
    ),
    "decide": (
        ComplaintField("decision", "choice", "decision", choices=get_args(Decision),
                       told_as="complaint_decision"),
        ComplaintField("reason", "sentence", "reason", required=False),
        _PERSONS,
        ComplaintField("cleared", "accused", "cleared", required=False, of=_names_somebody),
    ),
    "resolve": (
        ComplaintField("text", "sentence", "text"),
        ComplaintField("apology_at", "moment", "apology_at", of=_is_valid),
        ComplaintField("consequence", "choice", "consequence", choices=CONSEQUENCES, told_as="consequence",
                       of=_is_of_somebody),
        _PASSED_TO,
    ),
    "confirm": (
        ComplaintField("word", "choice", "word", choices=CUSTOMER_WORDS, told_as="customer_word"),
        ComplaintField("reason", "sentence", "reason", required=False),
    ),
    "correct": (
        ComplaintField("what", "sentence", "what"),
        ComplaintField("owner", "person", "owner"),
        ComplaintField("due_on", "day", "due_on"),
    ),
    "check": (
        ComplaintField("text", "sentence", "text"),
        ComplaintField("holds", "flag", "holds", told_as="complaint_check"),
    ),
    "close": (ComplaintField("reason", "sentence", "reason", required=False),),
    "register": (
        ComplaintField("reference", "line", "reference", longest=40),
        ComplaintField("day", "day", "day"),
    ),
    "erase": (ComplaintField("password", "password", "password"),),
}  # fmt: skip
"""What the form of each step asks for."""
assert COMPLAINT_FORMS.keys() == COMPLAINTS.step.keys(), "a step without a form"


class ComplaintForm(msgspec.Struct, frozen=True):
    """The form of one step: its fields, and the people who may be chosen in those that ask for some."""

    name: str
    fields: tuple[ComplaintField, ...]
    people: tuple[Person, ...] = ()


def form_of(name: str, value: Complaint, people: Collection[Person]) -> ComplaintForm:
    """The form of a step as it is asked of one complaint; `people` are all who have a role."""
    asked = tuple(field for field in COMPLAINT_FORMS[name] if field.of(value))
    left_out = {"hand_over": (*value.persons, value.owner), "correct": (), "investigate": value.persons,
                "decide": value.persons}.get(name)  # fmt: skip
    if left_out is None:
        return ComplaintForm(name, asked)
    there = people_of_site(people, value.site)
    return ComplaintForm(name, asked, tuple(person for person in there if person.username not in left_out))
