"""Follow-up calls (电话跟踪): a customer is asked about a job by somebody who did not do it, and what they say is kept.

The steps are one table, FOLLOW_UPS, and the questions another, QUESTIONS, that the acts, the API, the pages, the paper,
the docs and the tests read.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from devices.paperwork.complaints import Category, Consequence, PassedTo
from devices.paperwork.dispatches import TECHNICIAN
from devices.values import Instant
from devices.workflow import Step, Workflow

MissedCall = Literal["no_answer", "busy", "wrong_number", "declined"]
MISSED_CALLS: tuple[MissedCall, ...] = ("no_answer", "busy", "wrong_number", "declined")
LEAST_ATTEMPTS, LEAST_DAYS = 3, 2
"""Nobody is given up for unreached before as many attempts, on as many days [own]."""
MOST_ATTEMPTS = 10
"""Nobody is called in vain more often on a day, and no program tells of it [own]."""

CALLERS = ("supervisor",)
"""Who calls: 服务监督人员, and never about a job they did or wrote up."""
SETTLERS = ("supervisor", "auditor")
"""Who settles what differs: never the caller."""

FollowUpState = Literal["due", "tried", "answered", "differing", "explained", "settled", "unreached"]
TO_BE_CALLED: tuple[FollowUpState, ...] = ("due", "tried")
"""The states of a follow-up whose customer is still to be reached."""
TO_BE_SETTLED: tuple[FollowUpState, ...] = ("differing", "explained")

_ODD = "follow_up_out_of_order"
_ONCE = MappingProxyType(
    dict.fromkeys(("answered", "differing", "explained", "settled"), "follow_up_answered")
)
FOLLOW_UPS = Workflow(
    "due",
    #    step      before                      after        refused otherwise  whose it is
    Step("attempt", ("due", "tried"),           "tried",     _ODD, _ONCE, who=CALLERS),
    Step("answer",  ("due", "tried"),           "answered",  _ODD, _ONCE, who=CALLERS, or_else=("differing",)),
    Step("explain", ("differing",),             "explained", _ODD, who=(TECHNICIAN,)),
    Step("settle",  ("differing", "explained"), "settled",   _ODD, who=SETTLERS),
    Step("close",   ("tried",),                 "unreached", _ODD, who=CALLERS),
    told_as="follow_up_state",
)  # fmt: skip
"""A customer is called until they answer; what differs from the record is explained by the technician, and settled by
somebody else. An answer with which the record agrees ends it; see SERVICE section 5."""

YesNo = Literal["yes", "no"]
SaidOfIt = Literal["yes", "no", "unknown"]
"""What a customer says of something that the record says too; "unknown" is an answer, and never a good one or a bad."""
OnTime = Literal["yes", "no", "not_agreed", "unknown"]
Overall = Literal[1, 2, 3, 4, 5]
"""From 5, 很满意, to 1, 很不满意."""


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a customer answers to QUESTIONS, every one of them; None where they do not know.

    `waited` is asked of a job that was put off: whether that was so; None of any other. `paid_fen` is integer fen,
    `disk` the serial of the disk that is in the machine now, as they read it.
    """

    on_time: OnTime
    manner: YesNo
    proper: YesNo
    promise: YesNo
    paid_fen: int | None
    favour: YesNo
    solved: SaidOfIt
    disk: str | None
    signed: SaidOfIt
    overall: Overall
    waited: SaidOfIt | None = None


class Question(msgspec.Struct, frozen=True):
    """One question: the field of Answers, which answers are bad and the category of a complaint they are.

    `fact` is what of the record it is held against (see `devices/service/calls/comparing.py`), None where it is held
    against nothing; `kind` is how it is asked.
    """

    name: str
    kind: Literal["choice", "fen", "serial", "score"]
    choices: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    category: Category | None = None
    fact: str | None = None


_YES_NO = ("yes", "no")
_TOLD = ("yes", "no", "unknown")
QUESTIONS = (
    #        name       asked as   choices                                bad        category      held against
    Question("on_time",  "choice", ("yes", "no", "not_agreed", "unknown"), ("no",),  "untimely",  "window"),
    Question("waited",   "choice", _TOLD,                                  (),       None,        "postponed"),
    Question("manner",   "choice", _YES_NO,                                ("no",),  "manner"),
    Question("proper",   "choice", _YES_NO,                                ("no",),  "irregular"),
    Question("promise",  "choice", _YES_NO,                                ("no",),  "promise"),
    Question("paid_fen", "fen",    (),                                     (),       "charge",    "charged_fen"),
    Question("favour",   "choice", _YES_NO,                                ("yes",), "harm"),
    Question("solved",   "choice", _TOLD,                                  (),       None,        "outcomes"),
    Question("disk",     "serial", (),                                     (),       None,        "disks"),
    Question("signed",   "choice", _TOLD,                                  (),       None,        "confirmation"),
    Question("overall",  "score",  ("5", "4", "3", "2", "1"),              ("2", "1"), "other"),
)  # fmt: skip
"""What is asked, in this order. More paid than the record says is bad too; a low overall score is `other` where no
other answer is bad."""
QUESTION: Mapping[str, Question] = MappingProxyType({question.name: question for question in QUESTIONS})
assert set(QUESTION) == set(Answers.__struct_fields__), "every question has its answer"


def questions_asked(*, put_off: bool) -> tuple[Question, ...]:
    """The questions of one call: whether they waited is asked of a job that was put off, and of no other."""
    return tuple(question for question in QUESTIONS if put_off or question.fact != "postponed")


class AnswerBeside(msgspec.Struct, frozen=True):
    """One answer beside what the record says; both as text, money in fen. `recorded` are several where any fits."""

    question: str
    told: str
    recorded: tuple[str, ...]
    differs: bool


class CallAct(msgspec.Struct, frozen=True):
    """One step that was taken of a follow-up, and what it said; what a step does not say is None.

    `called_at` is when the customer was called, which a call centre tells and is otherwise `at`; `reference` is the
    number the call has there. `text` is the explanation or the reason of a decision, `accepted` whether the
    explanation was, `passed_on` what was passed up.
    """

    step: str
    at: Instant
    by: str
    outcome: MissedCall | None = None
    called_at: Instant | None = None
    reference: str | None = None
    text: str | None = None
    accepted: bool | None = None
    consequence: Consequence | None = None
    passed_on: str | None = None
    passed_to: PassedTo | None = None


class SpokenTo(msgspec.Struct, frozen=True):
    """Who was spoken to and what they said beside the answers, and who called for a call centre: personal data."""

    name: str | None = None
    phone: str | None = None
    remarks: str | None = None
    caller: str | None = None


class FollowUp(msgspec.Struct, frozen=True):
    """电话跟踪记录: the call about one job, there from the moment that the job's record is filed.

    `subject` is the number of the dispatch order, or of the repair order; `done_at` when the job was done, by the first
    record or an earlier one that corrected it: the deadline counts from it, and a correction never puts it off.
    `technician` is who did the job, `filed_by` who wrote it up. `compared` are the answers beside the record as it
    stood then, `categories` what the bad ones are a complaint of, and `complaint` its number. `reference` is under what
    a call centre has the last of its calls. `is_due` is false of a
    call that is allowed and not asked for: about a repair order, or a job from before such calls were asked for.
    """

    number: str
    site: str
    subject: str
    done_at: Instant
    filed_by: str
    customer: str | None = None
    technician: str | None = None
    serials: tuple[str, ...] = ()
    state: FollowUpState = "due"
    answers: Answers | None = None
    compared: tuple[AnswerBeside, ...] = ()
    categories: tuple[Category, ...] = ()
    complaint: str | None = None
    reference: str | None = None
    course: tuple[CallAct, ...] = ()
    commitment: str = ""
    erased: bool = False
    is_due: bool = True

    @property
    def differs(self) -> bool:
        """Whether an answer is not what the record says."""
        return any(each.differs for each in self.compared)

    @property
    def ended(self) -> CallAct | None:
        """The act by which the customer was reached or given up for unreached; None before."""
        return next((act for act in self.course if act.step in ("answer", "close")), None)

    @property
    def ended_at(self) -> int | None:
        """When the customer was reached or given up, None before."""
        return called_at(self.ended) if self.ended else None

    def last(self, step: str) -> CallAct | None:
        """The latest act of a step, None where it was never taken."""
        return next((act for act in reversed(self.course) if act.step == step), None)


def called_at(act: CallAct) -> int:
    """When a customer was called."""
    return act.at if act.called_at is None else act.called_at


def follow_up_key(subject: str) -> str:
    """The number of the follow-up of a job: there is one per job by it."""
    return f"F{subject}"


def job_of_follow_up(number: str) -> str:
    """The number of the job that a follow-up is of, by its own."""
    return number.removeprefix("F")
