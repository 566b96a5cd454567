"""What stands above the signatures follows from the facts beside them, of every combination, and on both papers."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devices.audit.custody.custody_kinds import Handover, HandoverState
from devices.audit.custody.handovers import PARTIES, Count
from devices.audit.custody.handovers import Header as HandoverHeader
from devices.audit.custody.handovers import Statement as HandoverStatement
from devices.audit.declarations import (
    Declared,
    HandoverFacts,
    MonthFacts,
    SheetFacts,
    declared_of_handover,
    declared_of_month,
    declared_of_sheet,
)
from devices.audit.month.month_statement import Header as MonthHeader
from devices.audit.stocktake.sheet import Header as SheetHeader
from devices.audit.stocktake.sheet import Signer
from devices.audit.vouching import Vouched
from devices.ledger.books.books import Statement
from labels.forms.custody import HANDOVER_FORM, HandoverPrinted
from labels.forms.form import Form
from labels.forms.ledger import STATEMENT, StatementPrinted
from labels.forms.paper import Paper, paper_of
from labels.forms.stocktake import STOCKTAKE_FORM, SheetPrinted
from labels.forms.writers.pdf import write_pdf
from labels.forms.writers.xlsx import write_xlsx
from labels.words import ABSENT, LOCALES, Locale, catalogue
from tests import closing, counts, custody
from tests.conftest import Stores
from tests.custody import House, fill_house
from tests.paper import texts
from tests.printed import Printed, pdf_text, printed

AT_US = 1_795_500_000_000_000
ROLES = ("storekeeper", "auditor")
SIGNERS = {
    "storekeeper": "zhang",
    "auditor": "li",
    "outgoing": "zhang",
    "incoming": "sun",
    "supervisor": "chen",
}
EVERYBODY = ("zhang", "li", "wang", "sun", "chen")
PEOPLE = ("zhang", "li", "wang")
"""The storekeeper and the auditor who sign, and a storekeeper who does not."""
ROLE_OF = {"zhang": "storekeeper", "li": "auditor", "wang": "storekeeper"}


def subsets(of: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every choice of some of them."""
    for count in range(len(of) + 1):
        yield from itertools.combinations(of, count)


def given(roles: tuple[str, ...], signed: tuple[str, ...]) -> dict[str, str | None]:
    return {role: SIGNERS[role] if role in signed else None for role in roles}


def sheet_facts(
    *, counters: tuple[str, ...], signed: tuple[str, ...], double: bool, cancelled: bool = False
) -> SheetFacts:
    roles = frozenset(ROLE_OF[each] for each in counters)
    return SheetFacts(cancelled, double, frozenset(counters), roles, given(ROLES, signed))


SHEETS = [
    sheet_facts(counters=counters, signed=signed, double=double, cancelled=cancelled)
    for counters in subsets(PEOPLE)
    for signed in subsets(ROLES)
    for double in (False, True)
    for cancelled in (False, True)
    if not (cancelled and signed)
]
MONTHS = [
    MonthFacts(reopened, "zhang", AT_US, "S-BJ01-000001", given(ROLES, signed))
    for reopened in (False, True)
    for signed in subsets(ROLES)
    if not (reopened and signed)
]
COUNTS: tuple[dict[str, tuple[str, ...]], ...] = tuple(
    {"S-BJ01-000001": first, "S-BJ01-000002": second}
    for first in subsets(("zhang", "li", "sun"))
    for second in ((), ("zhang",), ("sun", "zhang"))
)
HANDOVERS = [
    HandoverFacts(cancelled, "zhang", "sun", counted, open_items, given(PARTIES, signed))
    for cancelled in (False, True)
    for counted in COUNTS
    for open_items in (False, True)
    for signed in subsets(PARTIES)
    if not (cancelled and signed)
]


DECLARED: dict[type, Callable[[Any], list[Declared]]] = {
    SheetFacts: declared_of_sheet,
    MonthFacts: declared_of_month,
    HandoverFacts: declared_of_handover,
}
SIGNED: dict[type, str] = {
    SheetFacts: "sheet_signed",
    MonthFacts: "month_signed",
    HandoverFacts: "handover_signed",
}


def everything() -> Iterator[Declared]:
    """Every sentence of every combination."""
    for facts in (*SHEETS, *MONTHS, *HANDOVERS):
        yield from DECLARED[type(facts)](facts)


def codes(said: list[Declared]) -> list[str]:
    return [each.code for each in said]


# --- the rules, on every combination


def test_every_sentence_that_there_are_words_for_is_said_and_no_other() -> None:
    worded = {code.rpartition(".")[2] for code in catalogue("zh_CN") if code.startswith("form.declared.")}
    assert {each.code for each in everything()} == worded


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda each: str(SHEETS.index(each)))
def test_a_sheet_names_who_counted_and_who_signed_and_nobody_else(sheet: SheetFacts) -> None:
    said = declared_of_sheet(sheet)
    if sheet.cancelled:
        assert codes(said) == ["sheet_cancelled"]
        return
    counted, signed = said
    signers = {who for who in sheet.given.values() if who}
    if counted.code == "counted_together":
        assert signers == {"zhang", "li"} <= sheet.counters
        assert {*counted.people["others"]} == sheet.counters - signers
    else:
        assert {*counted.people["counters"]} == sheet.counters
    alone = counted.code in ("counted_by_one", "counted_double_by_one")
    assert alone == (len(sheet.counters) == 1)
    assert (counted.code == "counted_by_nobody") == (not sheet.counters)
    assert (counted.code in ("counted_apart", "counted_double", "counted_double_by_one")) == (
        sheet.double and bool(sheet.counters)
    )
    assert counted.code != "counted_apart" or {"li"} < sheet.counters
    assert (signed.code == "sheet_signed") == (signers == {"zhang", "li"})
    if signed.code == "sheet_signed":
        assert {*signed.people["absent"]} == (signers - sheet.counters if sheet.counters else set())


def test_who_has_not_signed_is_waited_for_and_nothing_is_said_of_them() -> None:
    everything: list[Any] = [*SHEETS, *MONTHS, *HANDOVERS]
    for facts in everything:
        *_, last = DECLARED[type(facts)](facts)
        missing = tuple(role for role, who in facts.given.items() if who is None)
        signed = tuple(who for who in facts.given.values() if who)
        if last.code.endswith(("_cancelled", "_reopened")):
            assert signed == ()
        elif missing:
            assert last.code == ("signed_by_some" if signed else "signed_by_nobody")
            assert (last.facts["parties"], last.people["signed"]) == (missing, signed)
        else:
            assert last.code == SIGNED[type(facts)]


def test_a_handover_says_that_both_counted_where_both_did_in_every_count() -> None:
    for handover in HANDOVERS:
        counted, *left = declared_of_handover(handover)
        if handover.cancelled:
            assert (counted.code, left) == ("handover_cancelled", [])
            continue
        scanned = [set(people) for people in handover.counted.values() if people]
        everybody = set[str]().union(*scanned)
        both = bool(scanned) and all({"zhang", "sun"} <= people for people in scanned)
        assert (counted.code == "handover_counted_together") == both
        assert counted.facts["stocktakes"] == ("S-BJ01-000001", "S-BJ01-000002")
        if not both:
            assert {*counted.people["counters"]} == everybody
            assert {*counted.people["absent"]} == ({"zhang", "sun"} - everybody if everybody else set())
        assert (left[0].code == "handover_open_items") == handover.open_items


# --- on paper


def signatures(facts: dict[str, str | None]) -> tuple[Vouched, ...]:
    return tuple(Vouched(role, who, role[0] * 64, AT_US, "admin") for role, who in facts.items() if who)


def sheet_printed(facts: SheetFacts) -> SheetPrinted:
    header = SheetHeader(
        format=1, unit="北方税控服务中心", number="S-BJ01-000001", closing=1, site="BJ01", register="merchandise",
        method="blind", double=facts.double, month="2026-11", opened_at=AT_US, opened_by="zhang", closed_at=AT_US,
        closed_by="zhang", journal="BJ01", seq=12, hash="5" * 64, scans="0" * 64,
        counters=dict.fromkeys(sorted(facts.counters), 9),
        signers=tuple(Signer(ROLE_OF[each], each, each * 8) for each in PEOPLE),
        remarks=("counted_by_one",) if len(facts.counters) == 1 else (), unreadable=(), skewed=0, summary=(),
    )  # fmt: skip
    return SheetPrinted(
        header,
        "北京海淀库房",
        "d" * 64,
        None,
        signatures(dict(facts.given)),
        {},
        {},
        (),
        cancelled=facts.cancelled,
    )


def month_printed(facts: MonthFacts) -> StatementPrinted:
    header = MonthHeader(
        format=2, unit="北方税控服务中心", site="BJ01", register="spare", month="2026-11", stocktake=facts.stocktake,
        closed_at=facts.closed_at, closed_by=facts.closed_by, journal="BJ01", seq=12, hash="5" * 64, signers=(),
    )  # fmt: skip
    stated = Statement("BJ01", "spare", "2026-11", [], [], [])
    given_ = signatures(dict(facts.given))
    return StatementPrinted(
        header.unit, "北京海淀库房", stated, header, "d" * 64, given_, reopened=facts.reopened
    )


def handover_printed(facts: HandoverFacts) -> HandoverPrinted:
    stocktakes = tuple(Count("spare", number, AT_US, "d" * 64) for number in facts.counted)
    header = HandoverHeader(
        format=1, unit="北方税控服务中心", number="H-BJ01-000001", site="BJ01", reason="岗位调整", outgoing="zhang",
        incoming="sun", supervisor="chen", opened_at=AT_US, opened_by="zhang", journal="BJ01", seq=12, hash="5" * 64,
        signers=(), stocktakes=stocktakes,
    )  # fmt: skip
    signed: HandoverState = "completed" if all(facts.given.values()) else "open"
    state: HandoverState = "cancelled" if facts.cancelled else signed
    value = Handover("H-BJ01-000001", "BJ01", "zhang", "sun", "chen", state, "{}", AT_US, "zhang")
    items = {"carried": ["661565714353"] if facts.open_items else []}
    return HandoverPrinted(
        "北京海淀库房",
        value,
        HandoverStatement(header, items),
        "d" * 64,
        signatures(dict(facts.given)),
        facts.counted,
    )


PAPERS: list[tuple[Form, Any, list[Declared]]] = [
    *((STOCKTAKE_FORM, sheet_printed(each), declared_of_sheet(each)) for each in SHEETS),
    *((STATEMENT, month_printed(each), declared_of_month(each)) for each in MONTHS),
    *((HANDOVER_FORM, handover_printed(each), declared_of_handover(each)) for each in HANDOVERS),
]


def name(username: str) -> str:
    return f"{username.upper()}（{username}）"


def bare(text: str) -> str:
    """A text without what lines are broken at."""
    return "".join(text.split())


@pytest.mark.parametrize("locale", LOCALES)
def test_a_form_names_just_whom_its_declaration_names(locale: Locale) -> None:
    for form, value, declared in PAPERS:
        said = paper_of(form, value, locale, name).declared or ""
        named = {who for each in declared for some in each.people.values() for who in some}
        assert {who for who in EVERYBODY if name(who) in said} == named, declared
        assert ABSENT not in said


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("form", [STOCKTAKE_FORM, STATEMENT, HANDOVER_FORM], ids=lambda form: form.name)
def test_both_papers_print_the_whole_of_the_longest(form: Form, locale: Locale) -> None:
    def paper(value: Any) -> Paper:
        return paper_of(form, value, locale, name)

    longest = max(
        (value for of, value, _ in PAPERS if of is form), key=lambda value: len(paper(value).declared or "")
    )
    said = bare(paper(longest).declared or "")
    assert said in bare("".join(Printed(written(write_xlsx, paper(longest))).texts))
    assert said in bare("".join(texts(written(lambda p, f: write_pdf(p, f, AT_US), paper(longest)))))


def written(write: Any, paper: Paper) -> bytes:
    file = io.BytesIO()
    write(paper, file)
    return file.getvalue()


# --- through the doors


@pytest.fixture
def house(stores: Stores) -> Iterator[House]:
    store = stores.filled("sqlite", fill_house)
    made = House(store)
    yield made
    made.session_store.close()
    stores.drop(store)


def said_on(house: House, path: str) -> str:
    """What stands above the signatures of a form on xlsx, which is on the PDF too."""
    chen = house.of("chen")
    (text,) = (
        each for each in printed(chen, path).texts if each.endswith(("签字。", "。")) and "签字" in each
    )
    assert bare(text) in bare(pdf_text(chen, path))
    return text


def counted_by(house: House, *usernames: str, **more: Any) -> str:
    """A closed count of BJ01's merchandise in which these scanned; its sheet's path."""
    number = counts.begin(house.of("zhang"), **more)
    for username in usernames:
        counts.scan(house.of(username), number, *counts.held(house, "merchandise"))
    assert counts.close_count(house.of("zhang"), number, *map(house.of, usernames)).status_code == 200
    counts.explain(house.of("zhang"), number)
    return f"/v1/stocktakes/{number}"


def test_a_sheet_that_one_person_counted_never_says_that_two_did(house: House) -> None:
    path = counted_by(house, "zhang")
    number = path.rpartition("/")[2]
    assert (
        said_on(house, f"{path}/sheet") == "本表由张伟（zhang）一人盘点。待设备管理员、设备审核员核对、签字。"
    )
    assert counts.sign(house.of("li"), number, "li", "auditor").status_code == 201
    assert said_on(house, f"{path}/sheet") == (
        "本表由张伟（zhang）一人盘点。李静（li）已核对并签字，待设备管理员核对、签字。"
    )
    assert counts.sign(house.of("zhang"), number, "zhang", "storekeeper").status_code == 201
    assert said_on(house, f"{path}/sheet") == (
        "本表由张伟（zhang）一人盘点。管理员张伟（zhang）与审核员李静（li）核对后签字确认，账实情况如上；"
        "其中李静（li）没有参加盘点。"
    )


def test_a_sheet_that_both_counted_says_so_once_both_have_signed(house: House) -> None:
    path = counted_by(house, "zhang", "li")
    number = path.rpartition("/")[2]
    assert said_on(house, f"{path}/sheet").startswith("本表由李静（li）、张伟（zhang）盘点。待")
    for username, role in (("zhang", "storekeeper"), ("li", "auditor")):
        assert counts.sign(house.of(username), number, username, role).status_code == 201
    assert said_on(house, f"{path}/sheet") == (
        "本表由管理员张伟（zhang）与审核员李静（li）共同盘点。"
        "管理员张伟（zhang）与审核员李静（li）核对后签字确认，账实情况如上。"
    )


def test_a_double_count_and_a_cancelled_one_say_what_they_are(house: House) -> None:
    path = counted_by(house, "zhang", "li", double=True)
    assert said_on(house, f"{path}/sheet").startswith("本次为双盘：管理员、审核员两方都参加了扫描")
    assert house.of("zhang").post(f"{path}/cancel", {"reason": "重来"}).status_code == 200
    chen = house.of("chen")
    for text in ("".join(printed(chen, f"{path}/sheet").texts), bare(pdf_text(chen, f"{path}/sheet"))):
        assert "本次盘点已取消，本表不作数。" in text
        assert "核对" not in text


def test_a_month_says_when_and_by_whom_it_was_frozen_and_who_has_signed(house: House) -> None:
    number = closing.make_ready(house)
    assert closing.close(house.of("zhang")).status_code == 201
    path = f"{closing.MONTH}/statement"
    frozen = f"依据账簿和已签封的盘点 {number} 编制；截至月底的有关单据当时均已审核，未通过的均已处理。"
    assert said_on(house, path).startswith("本表由张伟（zhang）在 2026-12-02")
    assert said_on(house, path).endswith(f"{frozen}待设备管理员、设备审核员核对、签字。")
    closing.seal(house)
    assert said_on(house, path).endswith(f"{frozen}管理员张伟（zhang）与审核员李静（li）核对后签字确认。")


def test_a_handover_says_who_counted_and_claims_no_presence(house: House) -> None:
    custody.count_all(house)
    number = custody.begin(house).json["number"]
    path = f"/v1/handovers/{number}/slip"
    assert said_on(house, path) == (
        "移交以已签封的盘点 S-BJ01-000003、S-BJ01-000001、S-BJ01-000002 为准，参加盘点的是张伟（zhang）；sun没有参加。"
        "未了事项如上，随同移交。待移交人、接收人、监交人核对、签字。"
    )
    for party in PARTIES:
        assert custody.sign(house, number, party).status_code == 201
    assert said_on(house, path).endswith("移交人张伟（zhang）与接收人sun签字交接，监交人chen签字监交。")
