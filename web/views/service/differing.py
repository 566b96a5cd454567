"""What a customer answered beside what the record says, and the differences that a technician has to explain."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from api.callers.access import TECHNICIANS
from devices import records
from devices.ledger.duties.due import Due
from devices.listed import Only, listed
from devices.paperwork.follow_ups import FollowUp, Question, questions_asked
from devices.paperwork_kinds import FOLLOW_UP
from devices.service.calls.calling import explains
from devices.service.calls.standing import due_of_explanation
from web.pages import View


class AnsweredRow(msgspec.Struct, frozen=True):
    """What was answered to one question, as its code or text, beside what the record says, where it says anything."""

    question: Question
    told: str
    recorded: tuple[str, ...]
    differs: bool
    bad: bool


def answered_rows(value: FollowUp) -> list[AnsweredRow]:
    """Every answer beside the record, in the order of the questions; none before they are in."""
    answers, beside = value.answers, {each.question: each for each in value.compared}
    if answers is None:
        return []
    rows = []
    for question in questions_asked(put_off=answers.waited is not None):
        told, record = getattr(answers, question.name), beside.get(question.name)
        bad = str(told) in question.bad or (question.kind == "fen" and question.category in value.categories)
        rows.append(
            AnsweredRow(
                question,
                "unknown" if told is None else str(told),
                record.recorded if record else (),
                record is not None and record.differs,
                bad,
            )
        )
    return rows


class ToExplain(msgspec.Struct, frozen=True):
    """A difference that its technician has to explain: the answers beside the record, and until when."""

    call: FollowUp
    rows: list[AnsweredRow]
    due: Due | None


def to_explain(view: View, order: str | None = None) -> list[ToExplain]:
    """The differences that are the reader's to explain, at every site where they are a technician; of one order alone
    where it is named.
    """
    call, sites = view.call, sorted(view.call.who.sites_of(TECHNICIANS))
    only = Only(states=("differing",), assignee=call.who.username)
    values: Iterable[FollowUp] = listed(call.store, FOLLOW_UP, sites, "", only)
    theirs = [value for value in values if order in (None, value.subject) and explains(call.who, value)]
    known = records.sites_by_code(call.store) if theirs else {}
    return [
        ToExplain(each, answered_rows(each), due_of_explanation(each, known[each.site], call.today))
        for each in view.told(theirs)
    ]
