"""The filled example's calls and complaints at BJ01: how the supervisor, the auditor and others follow its jobs up.

A call that goes well, one of a customer who paid what no record tells, one that reaches nobody on two days; a complaint
for every hand: to be called back about, to be handed over, and closed.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from devices import records
from devices.journal import Writer
from devices.paperwork.complaints import Complainant, Complaint, Registered
from devices.paperwork.follow_ups import Answers, FollowUp, MissedCall, SpokenTo
from devices.paperwork_kinds import COMPLAINT
from devices.people.persons import person_of
from devices.service.calls import calling
from devices.service.calls.about_jobs import done_job, follow_up_of
from devices.service.calls.calling import CallGiven, Settlement
from devices.service.complaints import handling
from devices.service.complaints.handling import Investigated, Remedy, Verdict
from devices.service.complaints.receiving import ComplaintAsked, receive_complaint
from devices.values import UNIT
from panku.demo_days import SERVED_SITE, DemoDay, moment_on

PAID_FEN = 10_000
"""What the customer says they paid, of a job whose record says that it was free."""
CALLER, JUDGE, CLERK, TECHNICIAN = "sun", "li", "liu", "wang"

_OnCall = Callable[[Writer, FollowUp, int], object]
_OnComplaint = Callable[[Writer, Complaint, int], object]


class DoneJobs(msgspec.Struct, frozen=True):
    """The orders of jobs by what becomes of the call about them."""

    well: str
    charged: str
    silent: str
    uncalled: str


class Supervision:
    """What is followed up, day by day, after the jobs of the day; every act is one that its person may do."""

    def __init__(self, jobs: DoneJobs) -> None:
        self.jobs = jobs
        self.stray = self.charge = ""

    def tell_of_the_first(self, day: DemoDay) -> None:
        """Somebody complains who does not say who they are; a customer does not answer."""
        self.stray = _receive(
            day.at("16:10"), CLERK,
            ComplaintAsked(
                site=SERVED_SITE, channel="online", received_at=moment_on(day.day, "15:50"), categories=("other",),
                complainant=Complainant("你们的服务电话下午一直占线，打不进去"),
            ),
        )  # fmt: skip
        self._try(day.at("16:30"), "no_answer")

    def tell_of_the_second(self, day: DemoDay) -> None:
        """One customer is content; another paid 100 yuan, which is a complaint, and which wang explains."""
        answers = Answers(
            on_time="yes", manner="yes", proper="yes", promise="yes", paid_fen=0, favour="no", solved="yes",
            disk=None, signed="yes", overall=5,
        )  # fmt: skip
        cashier = SpokenTo("陈经理", "0591-87000001", "希望下次提前半小时打个电话")
        _answer(day.at("16:40"), self.jobs.well, CallGiven(answers=answers, spoken_to=cashier))
        paid = replace(answers, paid_fen=PAID_FEN, overall=4)
        told = CallGiven(
            answers=paid, spoken_to=SpokenTo("刘会计", "010-62001111"),
            complaint="师傅走的时候收了 100 元，说是上门费，没有给收据",
        )  # fmt: skip
        _answer(day.at("16:50"), self.jobs.charged, told)
        self._try(day.at("17:00"), "busy")
        _call(
            day.at("17:10"), "explain", self.jobs.charged, TECHNICIAN,
            lambda writer, value, revision: calling.explain_difference(
                writer, value, revision, "另卖了一根数据线收 100 元，没有写进上门服务单", by=TECHNICIAN
            ),
        )  # fmt: skip
        finding = Investigated(
            text="查话务记录，留言所说的时间服务电话接通 11 次，没有占线；拨错了号码", valid=False
        )
        _investigate(day.at("17:20"), self.stray, CLERK, finding)
        _decide(day.at("17:30"), self.stray, "invalid")

    def tell_of_the_third(self, day: DemoDay, unsettled: str) -> None:
        """The charge is given back; nobody answers a third time; the stray one is closed; wang is told of himself."""
        charged = _follow_up(day, self.jobs.charged)[0]
        assert charged.complaint is not None, "a bad answer is a complaint"
        self.charge = charged.complaint
        finding = Investigated(
            text="上门服务单收费 0 元，实收 100 元，未开票，用户没有要买数据线", valid=True
        )
        _investigate(day.at("17:00"), self.charge, CALLER, finding)
        _decide(day.at("17:04"), self.charge, "valid")
        self._settle(day.at("17:08"))
        self._give_back(day.at("17:20"))
        self._try(day.at("17:25"), "no_answer")
        _call(
            day.at("17:27"), "close", self.jobs.silent, CALLER,
            lambda writer, value, revision: calling.give_up_calling(writer, value, revision, by=CALLER),
        )  # fmt: skip
        self._close_the_stray(day)
        late = Complainant("说好上午来，下午才到，也没有打电话", "陈经理", "0591-87000001")
        _receive(
            day.at("17:50"), TECHNICIAN,
            ComplaintAsked(
                site=SERVED_SITE, channel="phone", received_at=moment_on(day.day, "17:45"), categories=("untimely",),
                complainant=late, about=unsettled,
            ),
        )  # fmt: skip

    def _try(self, day: DemoDay, outcome: MissedCall) -> None:
        _call(
            day, "attempt", self.jobs.silent, CALLER,
            lambda writer, value, revision: calling.attempt_call(writer, value, revision, outcome, by=CALLER),
        )  # fmt: skip

    def _settle(self, day: DemoDay) -> None:
        told = Settlement(
            accepted=False,
            text="收费没有写进服务单，退还用户",
            consequence="criticised",
            passed_to="site_head",
        )
        site = records.sites_by_code(day.store)[SERVED_SITE]
        _call(
            day, "settle", self.jobs.charged, JUDGE,
            lambda writer, value, revision: calling.settle_difference(
                writer, day.unit, site, value, revision, told, by=JUDGE
            ),
        )  # fmt: skip

    def _give_back(self, day: DemoDay) -> None:
        remedy = Remedy(
            text="当面退还 100 元，说明上门收费标准", apology_at=moment_on(day.day, "17:15"), consequence="criticised",
            passed_to="site_head",
        )  # fmt: skip
        _work(
            day, "resolve", self.charge, CALLER,
            lambda writer, value, revision: handling.resolve(writer, value, revision, remedy, by=CALLER),
        )  # fmt: skip

    def _close_the_stray(self, day: DemoDay) -> None:
        remedy = Remedy(text="在留言下公开答复，写明服务电话和服务时间")
        told = Registered("HJ-TS-0031", day.day.isoformat())
        acts: tuple[tuple[str, str, str, _OnComplaint], ...] = (
            ("17:30", "resolve", CLERK, lambda writer, value, revision: handling.resolve(
                writer, value, revision, remedy, by=CLERK)),
            ("17:34", "confirm", CALLER, lambda writer, value, revision: handling.confirm_with_customer(
                writer, value, revision, "unreached", "没有留下联系方式", by=CALLER)),
            ("17:36", "close", CALLER, lambda writer, value, revision: handling.close_invalid(
                writer, day.unit, value, revision, None, by=CALLER)),
            ("17:40", "register", CALLER, lambda writer, value, revision: handling.register_complaint(
                writer, day.unit, value, revision, told, by=CALLER)),
        )  # fmt: skip
        for at, name, by, act in acts:
            _work(day.at(at), name, self.stray, by, act)


def _receive(day: DemoDay, by: str, asked: ComplaintAsked) -> str:
    return day.write(lambda writer: receive_complaint(writer, day.unit, asked, by=by)).key


def _answer(day: DemoDay, subject: str, given: CallGiven) -> None:
    job = done_job(day.store, subject)
    read = replace(given.answers, disk=_follow_up(day, subject)[0].serials[0])
    given = replace(given, answers=read)
    _call(
        day, "answer", subject, CALLER,
        lambda writer, value, revision: calling.answer_call(
            writer, day.unit, value, revision, given, job, by=CALLER
        ),
    )  # fmt: skip


def _call(day: DemoDay, name: str, subject: str, by: str, act: _OnCall) -> None:
    def write(writer: Writer) -> None:
        value, revision = _follow_up(day, subject)
        calling.take_call(name, value, done_job(day.store, subject).order, by)
        act(writer, value, revision)

    day.write(write)


def _follow_up(day: DemoDay, subject: str) -> tuple[FollowUp, int]:
    found = follow_up_of(day.store, subject)
    assert found is not None, "the job is done"
    return found


def _investigate(day: DemoDay, number: str, by: str, finding: Investigated) -> None:
    _work(
        day, "investigate", number, by,
        lambda writer, value, revision: handling.investigate(writer, value, revision, finding, by=by),
    )  # fmt: skip


def _decide(day: DemoDay, number: str, decision: handling.Decision) -> None:
    verdict = Verdict(decision=decision)
    _work(
        day, "decide", number, JUDGE,
        lambda writer, value, revision: handling.decide_complaint(writer, value, revision, verdict, by=JUDGE),
    )  # fmt: skip


def _work(day: DemoDay, name: str, number: str, by: str, act: _OnComplaint) -> None:
    def write(writer: Writer) -> None:
        found, person = records.current(day.store, COMPLAINT, number), person_of(day.store, by)
        assert found is not None, "it was received"
        assert person is not None, "the example's people"
        handling.refuse_others(writer, day.unit, name, found[0], person)
        act(writer, *found)

    day.write(write, UNIT)
