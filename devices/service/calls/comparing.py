"""What a customer says of a job beside what its record says: where they differ, and what is a complaint. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

import msgspec

from devices.calendar import day_of
from devices.paperwork.complaints import Category
from devices.paperwork.dispatches import DispatchOrder, Used
from devices.paperwork.follow_ups import QUESTIONS, AnswerBeside, Answers, Question
from devices.paperwork.orders import RepairOrder
from devices.problems import Problem

SomeJob: TypeAlias = DispatchOrder | RepairOrder
WELL = ("solved", "installed", "all_well", "helped")
"""The outcomes of which a customer would say that it is solved."""
UNKNOWN = (None, "unknown")


class DoneJob(msgspec.Struct, frozen=True):
    """A job that was done, and the pairs of the swaps under it that stand: what answers are held against."""

    order: SomeJob
    swapped: Collection[Used] = ()


_Fact = Callable[[DoneJob], tuple[str, ...]]


def _window(job: DoneJob) -> tuple[str, ...]:
    """Whether somebody came on a day that was agreed."""
    order = job.order
    if not isinstance(order, DispatchOrder) or order.window is None or order.record is None:
        return ()
    if order.record.arrived_at is None:
        return ()
    agreed = day_of(order.window.starts_at), day_of(order.window.ends_at)
    return ("yes",) if agreed[0] <= day_of(order.record.arrived_at) <= agreed[1] else ("no",)


def _postponed(job: DoneJob) -> tuple[str, ...]:
    return ("yes",) if was_postponed(job.order) else ()


def _charged(job: DoneJob) -> tuple[str, ...]:
    return (str(job.order.record.charged_fen),) if job.order.record else ()


def _outcomes(job: DoneJob) -> tuple[str, ...]:
    order = job.order
    if not isinstance(order, DispatchOrder) or order.record is None:
        return ()
    told = [each for each in msgspec.structs.asdict(order.record.outcomes).values() if each]
    return () if not told else ("yes",) if all(each in WELL for each in told) else ("no",)


def _disks(job: DoneJob) -> tuple[str, ...]:
    """The devices that are with the customer after it: what went in, and what was not taken out."""
    order = job.order
    if isinstance(order, DispatchOrder):
        pairs, serials = {*order.used, *job.swapped}, order.serials
    else:
        pairs, serials = {*job.swapped}, (order.serial,) if order.serial else ()
    out = {pair.faulty for pair in pairs}
    return tuple(sorted({pair.spare for pair in pairs} | {each for each in serials if each not in out}))


def _confirmation(job: DoneJob) -> tuple[str, ...]:
    order = job.order
    told = order.record.confirmation if isinstance(order, DispatchOrder) and order.record else None
    return () if told is None else ("no",) if told.how == "declined" else ("yes",)


RECORD_FACTS: Mapping[str, _Fact] = {
    "window": _window,
    "postponed": _postponed,
    "charged_fen": _charged,
    "outcomes": _outcomes,
    "disks": _disks,
    "confirmation": _confirmation,
}
"""What of a record each question is held against, as text; nothing where the record does not say."""
assert {question.fact for question in QUESTIONS if question.fact} == set(RECORD_FACTS), (
    "a fact that nothing tells"
)


def spares_in(job: DoneJob) -> tuple[str, ...]:
    """The devices that went in under a job, as its record or a swap tells."""
    order = job.order
    used = order.used if isinstance(order, DispatchOrder) else ()
    return tuple(dict.fromkeys(pair.spare for pair in (*used, *job.swapped)))


def last_postponed(order: SomeJob) -> str | None:
    """Why a job was put off the last time, a WaitReason; None of one that never was."""
    acts = order.course if isinstance(order, DispatchOrder) else ()
    return next((act.reason for act in reversed(acts) if act.step == "postpone"), None)


def was_postponed(order: SomeJob) -> bool:
    """Whether a job was put off, so that the customer is asked whether that was so."""
    return last_postponed(order) is not None


def answer_faults(order: SomeJob, answers: Answers) -> Iterator[Problem]:
    """What is wrong of answers before they are held against anything: of a job that was put off that is asked too."""
    if was_postponed(order) != (answers.waited is not None):
        code = "answer_required" if answers.waited is None else "answer_not_asked"
        yield Problem(code, "/answers/waited", {"question": "waited"})


def compare_answers(answers: Answers, job: DoneJob) -> tuple[AnswerBeside, ...]:
    """Every answer that the record has a word on, beside it. A customer who does not know contradicts nothing."""
    return tuple(_compared(answers, job))


def _compared(answers: Answers, job: DoneJob) -> Iterator[AnswerBeside]:
    for question in QUESTIONS:
        told = getattr(answers, question.name)
        recorded = RECORD_FACTS[question.fact](job) if question.fact else ()
        if recorded:
            differs = told not in UNKNOWN and str(told) not in recorded
            text = "unknown" if told in UNKNOWN else str(told)
            yield AnswerBeside(question.name, text, recorded, differs)


def categories_hit(answers: Answers, job: DoneJob) -> tuple[Category, ...]:
    """What the bad answers are a complaint of, in the order of the questions; none where none is bad.

    Whoever is dissatisfied all in all without any other bad answer complains of `other`.
    """
    hit = [
        question.category
        for question in QUESTIONS
        if question.category and question.name != "overall" and _is_bad(question, answers, job)
    ]
    if not hit and str(answers.overall) in _OVERALL.bad and _OVERALL.category:
        hit.append(_OVERALL.category)
    return tuple(dict.fromkeys(hit))


def _is_bad(question: Question, answers: Answers, job: DoneJob) -> bool:
    told = getattr(answers, question.name)
    if question.kind == "fen":
        charged = job.order.record.charged_fen if job.order.record else 0
        return told is not None and told > charged
    return str(told) in question.bad


_OVERALL = next(question for question in QUESTIONS if question.name == "overall")
