"""The filled example's service at BJ01: what its technician has done, has in hand and is asked for, in daytime hours.

There is one of everything: an order in each state, a swap that is settled and one that the storekeeper settles by
scanning its faulty disk, an installation that is asked for and one that is done, calls and complaints.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from devices import records
from devices.calendar import add_working_days
from devices.ledger.deciding.drafts import AnyDraft, Party
from devices.ledger.posting import post, reviewing
from devices.moments.spans import MINUTE_US
from devices.paperwork.dispatches import (
    Confirmation,
    DispatchOrder,
    JobContact,
    Outcomes,
    Purpose,
    ServiceRecord,
    Used,
    WaitReason,
    Window,
)
from devices.paperwork.installations import Confirmer, GuidanceOutcome, InstallChecks
from devices.paperwork_kinds import DISPATCH_ORDER, INSTALLATION
from devices.service import filing
from devices.service.installations import installing
from devices.service.installations.installing import InstallAsked
from devices.service.jobs import dispatching
from devices.service.jobs.dispatching import OrderAsked
from devices.store.database import Store
from devices.unit import unit_of
from panku.demo import TAXPAYERS
from panku.demo_calls import DoneJobs, Supervision
from panku.demo_days import SERVED_SITE, DemoDay, moment_on, working_day_before
from panku.wiring import RULEBOOK

SWAPPED, UNSETTLED, WAITS, TODAYS, ASKED, INSTALLED = (f"{661565714354 + n}" for n in range(6))
"""Disks by what becomes of them; all but the first are sold by this."""
WELL, CHARGED, SILENT, UNCALLED = (f"{661565714361 + n}" for n in range(4))
"""Disks of jobs by what becomes of the call about them: well, 100 yuan told, nobody reached, still to be called."""
SPARES = ("661565720012", "661565720013")
FIRST, SECOND = (
    Party(taxpayer_id=taxpayer_id, name=name, contact=contact)
    for (taxpayer_id, name), contact in zip(
        TAXPAYERS, ("陈经理 0591-87000001", "刘会计 010-62001111"), strict=True
    )
)
SOLD = ((FIRST, (UNSETTLED, WAITS, WELL, SILENT)), (SECOND, (TODAYS, CHARGED, UNCALLED)))
"""What is sold and registered, to whom; what is to be installed is sold and no more."""


def fill_service(store: Store, now_us: int) -> None:
    """Tell of the three working days before that of `now_us`, in books that `panku.demo.fill` has filled by then."""
    unit = unit_of(store)
    assert unit is not None, "the example was filled"
    today = unit.day_of(now_us)
    yesterday = working_day_before(today)
    before = working_day_before(yesterday)
    first, second, third = (
        _Jobs(store, unit, day) for day in (working_day_before(before), before, yesterday)
    )
    calls = Supervision(_tell_of_the_first(first))
    calls.tell_of_the_first(first)
    _tell_of_the_second(second)
    calls.tell_of_the_second(second)
    unsettled = _tell_of_the_third(third, today, add_working_days(today, 1))
    calls.tell_of_the_third(third, unsettled)


def _tell_of_the_first(day: _Jobs) -> DoneJobs:
    """Disks are sold, and wang is at four customers', each of whom is to be called about it."""
    day.at("08:40")
    for username, name in (("liu", "刘敏"), ("sun", "孙丽")):
        day.employ(username, name)
    for told, (customer, serials) in zip(("08:50", "08:52"), SOLD, strict=True):
        day.at(told).post("sale", serials, customer=customer, application="SY-0002")
    for customer, serials in SOLD:
        day.at("08:55").post("registration", serials, customer=customer)
    return DoneJobs(
        well=day.job("开票软件升级后打不开", WELL, ("09:00", "09:40", "10:20"), "重装开票软件，测试正常"),
        charged=day.job("读盘很慢", CHARGED, ("10:30", "11:00", "11:30"), "换 USB 接口，测试正常"),
        silent=day.job("上报汇总失败", SILENT, ("13:00", "13:40", "14:10"), "重设网络参数，上报成功"),
        uncalled=day.job("时钟不准", UNCALLED, ("14:20", "15:00", "15:30"), "校准时钟，测试正常"),
    )


def _tell_of_the_second(day: _Jobs) -> None:
    """A swap at a customer's is settled on the same day; a disk is installed by phone."""
    day.at("09:00").post("sale", (ASKED, INSTALLED), customer=SECOND, application="SY-0003")
    order = day.at("09:30").open("无法识别", (SWAPPED,), technician="wang")
    day.at("09:34").step(order, "accept")
    day.at("09:50").carry(order, SWAPPED, SPARES[0])
    day.at("13:40").file(order, ("11:00", "11:40"), Used(SWAPPED, SPARES[0]))
    installation = day.at("14:10").ask(INSTALLED)
    day.at("14:35").guide(installation, 9, "helped")
    day.at("14:40").confirm(installation)
    day.at("16:30").swap(order, Used(SWAPPED, SPARES[0]))


def _tell_of_the_third(day: _Jobs, today: date, tomorrow: date) -> str:
    """A swap is left to settle, a job waits, one is accepted for today, one is nobody's yet, one is wang's. Answers the
    order of the first.
    """
    order = day.at("09:10").open("开票软件报错，读不出税控盘", (UNSETTLED,), technician="wang")
    day.at("09:15").step(order, "accept")
    day.at("09:30").carry(order, UNSETTLED, SPARES[1])
    installation = day.at("09:40").ask(ASKED)
    day.at("10:05").guide(installation, 12, "not_helped")
    waits = day.at("10:20").open("打印机不出票", (WAITS,), technician="wang")
    day.at("10:40").step(waits, "accept")
    day.at("11:30").postpone(waits, "customer_absent", _window(tomorrow, "10:00", "11:30"))
    day.at("14:20").file(order, ("13:20", "14:00"), Used(UNSETTLED, SPARES[1]))
    visit = day.at("15:10").open("约好回访", (), customer=FIRST, purposes=("return_visit",))
    day.at("15:40").cancel(visit, "客户出差，下月再约")
    asks_for = JobContact("孙出纳", "13700001111", "学院路 30 号后门")
    todays = day.at("16:20").open(
        "抄报时报错", (TODAYS,), technician="wang", purposes=("repair", "return_visit"), contact=asks_for,
        window=_window(today, "10:00", "11:30"),
    )  # fmt: skip
    day.at("16:35").step(todays, "accept")
    day.at("16:50").open("新装的电脑上不会开票", (), customer=SECOND)
    day.at("16:55").open("换上的盘不能报税", (SPARES[0],), technician="wang")
    return order


def _window(day: date, starts: str, ends: str) -> Window:
    return Window(moment_on(day, starts), moment_on(day, ends))


class _Jobs(DemoDay):
    """One day of jobs: orders, records, documents, installations, told by their usual hands."""

    def at(self, told: str) -> _Jobs:
        super().at(told)
        return self

    def post(self, document: str, lines: Sequence[str | dict[str, str]], **more: Any) -> None:
        """Post a document of the storekeeper's, which the auditor then approves where that is asked for."""
        told = [{"serial": line} if isinstance(line, str) else line for line in lines]
        body = {"type": document, "site": SERVED_SITE, "business_date": self.day.isoformat(), "lines": told}
        draft, by = msgspec.convert({**body, **more}, AnyDraft, from_attributes=True), post.Poster("zhang")
        with self.store.writing():
            number = post.post(
                self.store, self.unit, draft, by=by, at_us=self.now_us, rulebook=RULEBOOK
            ).number
        if document in ("sale", "swap"):
            with self.store.writing():
                reviewing.review(
                    self.store, self.unit, number, "approve", by="li", reason=None,
                    at_us=self.now_us + MINUTE_US, rulebook=RULEBOOK,
                )  # fmt: skip

    def open(
        self,
        fault: str,
        serials: tuple[str, ...],
        *,
        purposes: tuple[Purpose, ...] = ("repair",),
        **more: Any,
    ) -> str:
        asked = OrderAsked(
            site=SERVED_SITE, purposes=purposes, asked_at=self.now_us - 5 * MINUTE_US, fault=fault, serials=serials,
            **more,
        )  # fmt: skip
        order, _ = self.write(
            lambda writer: dispatching.open_dispatch_order(writer, self.unit, asked, by="liu")
        )
        return order.number

    def job(self, fault: str, serial: str, told: tuple[str, str, str], work: str) -> str:
        """A job without a swap: when it was asked for, when wang came, and when it was done."""
        asked, came, done = told
        order = self.at(asked).open(
            fault, (serial,), technician="wang", window=_window(self.day, asked, done)
        )
        self.step(order, "accept")
        self.at(done).file(order, (came, done), diagnosis=fault, work=work)
        return order

    def step(self, number: str, name: str) -> None:
        order, revision = self._order(number)
        self.write(lambda writer: dispatching.advance(writer, order, revision, name, by="wang"))

    def postpone(self, number: str, reason: WaitReason, window: Window) -> None:
        order, revision = self._order(number)
        self.write(lambda writer: dispatching.postpone(writer, order, revision, reason, window, by="wang"))

    def cancel(self, number: str, reason: str) -> None:
        order, revision = self._order(number)
        self.write(lambda writer: dispatching.cancel_dispatch(writer, order, revision, reason, by="liu"))

    def carry(self, number: str, faulty: str, spare: str) -> None:
        self.post("carry_out", ({"serial": spare, "faulty": faulty},), order=number)

    def file(
        self,
        number: str,
        came_and_went: tuple[str, str],
        *used: Used,
        diagnosis: str = "盘芯损坏",
        work: str = "更换备件，开票、抄报测试正常",
    ) -> None:
        order, revision = self._order(number)
        arrived_at, completed_at = (moment_on(self.day, told) for told in came_and_went)
        record = ServiceRecord(
            completed_at, diagnosis, work, 0, self.now_us, "wang", arrived_at, Outcomes(repair="solved"), used,
            Confirmation("stamped"),
        )  # fmt: skip
        self.write(lambda writer: filing.file_record(writer, order, revision, record, by="wang"))

    def swap(self, number: str, pair: Used) -> None:
        order, _ = self._order(number)
        line = msgspec.to_builtins(pair)
        self.post("swap", (line,), order=number, fault=order.fault, terms="free", bin="S-09")

    def ask(self, serial: str) -> str:
        asked = InstallAsked(
            site=SERVED_SITE, serial=serial, mode="download", asked_at=self.now_us - MINUTE_US
        )
        return self.write(lambda writer: installing.open_installation(writer, self.unit, asked, by="liu")).key

    def guide(self, number: str, minutes: int, outcome: GuidanceOutcome) -> None:
        value, revision = self._installation(number)
        self.write(lambda writer: installing.guide(writer, value, revision, minutes, outcome, by="liu"))

    def confirm(self, number: str) -> None:
        value, revision = self._installation(number)
        checks, by = InstallChecks(opens=True, runs=True, prints=True), Confirmer("刘会计", "010-62000000")
        self.write(
            lambda writer: installing.confirm_installed(
                writer, self.unit, value, revision, checks, by, by="liu"
            )
        )

    def _order(self, number: str) -> tuple[DispatchOrder, int]:
        found = records.current(self.store, DISPATCH_ORDER, number)
        assert found is not None, "it was opened"
        return found

    def _installation(self, number: str) -> tuple[Any, int]:
        found = records.current(self.store, INSTALLATION, number)
        assert found is not None, "it was asked for"
        return found
