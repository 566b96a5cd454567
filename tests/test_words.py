"""The catalogues: every code has its words in both languages, and every sentence names only facts that exist."""

from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from polib import pofile

from devices import deadlines, lifecycle, serials, values
from devices.audit import kinds, vouching
from devices.audit.custody import custody_kinds, handovers, inspections, open_items
from devices.audit.stocktake import counting, sheet
from devices.ledger.posting import closed_months
from devices.paperwork import complaints, dispatches, follow_ups, installations, orders, papers
from devices.people import certified
from devices.people.roles import ROLE
from devices.problems import PROBLEMS, Problem
from devices.service.complaints import handling
from devices.store import unusable
from labels import words
from labels.words import LOCALES, Locale
from panku.wiring import RECORD_KINDS

STATUSES = ("pending", "posted", "rejected", "withdrawn", "reversed")

TERMS: dict[str, Iterable[str]] = {
    "kind": values.DEVICE_KIND,
    "label": ("command", "bin", "title"),
    "command": serials.SCAN_COMMANDS,
    "register": values.REGISTERS,
    "condition": values.CONDITIONS,
    "state": (values.NEW, *values.STATE),
    "mark": values.MARKS,
    "document": lifecycle.DOCUMENT,
    "review": {document.review for document in lifecycle.DOCUMENTS},
    "status": STATUSES,
    "decision": ("approve", "reject"),
    "role": ("outlet", *ROLE, *(role for document in lifecycle.DOCUMENTS for role in document.posters)),
    "deadline": deadlines.DEADLINE,
    "stocktake": get_args(kinds.State),
    "method": get_args(kinds.Method),
    "part": get_args(counting.Part),
    "result": counting.RESULT,
    "disclosed": ("read", "refused", "posted"),
    "late": kinds.LATE_SCANS.states,
    "cause": unusable.CAUSE,
    "lack": get_args(certified.Lack),
    "left_out": get_args(papers.WhyLeftOut),
    "remark": (*sheet.REMARKS, vouching.LET_IN_BY_ONE),
    "purpose": dispatches.PURPOSES,
    "outcome": {outcome for outcomes in dispatches.OUTCOMES.values() for outcome in outcomes},
    "dispatch": dispatches.DISPATCHES.states,
    "dispatch_step": ("open", *dispatches.DISPATCHES.step),
    "wait": dispatches.WAIT_REASONS,
    "repair_order": orders.ORDERS.states,
    "confirmed": dispatches.CONFIRMED,
    "installation": installations.INSTALLATIONS.states,
    "install_mode": installations.INSTALL_MODES,
    "install_step": ("ask", *installations.INSTALLATIONS.step, "correct"),
    "install_check": installations.InstallChecks.__struct_fields__,
    "guidance": installations.GUIDANCE_OUTCOMES,
    "follow_up": follow_ups.FOLLOW_UPS.states,
    "missed": follow_ups.MISSED_CALLS,
    "question": follow_ups.QUESTION,
    "asks": follow_ups.QUESTION,
    "answer": {each for asked in follow_ups.QUESTIONS for each in asked.choices if asked.kind == "choice"},
    "score": {each for asked in follow_ups.QUESTIONS for each in asked.choices if asked.kind == "score"},
    "complaint": complaints.COMPLAINTS.states,
    "channel": complaints.COMPLAINT_CHANNELS,
    "category": complaints.CATEGORIES,
    "consequence": complaints.CONSEQUENCES,
    "passed_to": complaints.PASSED_TO,
    "customer_word": complaints.CUSTOMER_WORDS,
    "follow_up_step": follow_ups.FOLLOW_UPS.step,
    "month": get_args(closed_months.State),
    "standing": deadlines.STANDINGS,
    "check": inspections.CHECK,
    "visit": get_args(custody_kinds.VisitState),
    "handover": get_args(custody_kinds.HandoverState),
    "party": handovers.PARTIES,
    "complaint_step": complaints.COMPLAINTS.step,
    "complaint_view": ("true", "false"),
    "complaint_check": ("true", "false"),
    "complaint_decision": get_args(handling.Decision),
    "open_item": ("stocktakes", *(items.name for items in open_items.OPEN_ITEMS)),
}
EVERY_TERM = sorted({f"{group}.{code}" for group, codes in TERMS.items() for code in codes})
WIDER_GROUPS = ("record", "file", "field")  # named in facts; their values are declared where they are used
NAMES_THE_DEVICE = {"serial", "row"}  # facts that tell which device or row is meant: a sentence must use them


def ids(group: str) -> set[str]:
    return {
        code.removeprefix(f"{group}.") for code in words.catalogue("zh_CN") if code.startswith(f"{group}.")
    }


def named_in(locale: Locale) -> dict[str, set[str]]:
    """The facts that the sentence of each problem names."""
    return {code: words.placeholders(words.catalogue(locale)[f"problem.{code}"]) for code in PROBLEMS}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_problem_has_a_sentence_that_names_only_its_facts(locale: Locale) -> None:
    more = {code: named - set(PROBLEMS[code].facts) for code, named in named_in(locale).items()}
    assert {code: facts for code, facts in more.items() if facts} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sentence_names_its_serial_and_its_row(locale: Locale) -> None:
    needed = {code: NAMES_THE_DEVICE & set(problem.facts) for code, problem in PROBLEMS.items()}
    missed = {code: needed[code] - named for code, named in named_in(locale).items()}
    assert {code: facts for code, facts in missed.items() if facts} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sentence_is_whole_and_ends_like_one(locale: Locale) -> None:
    ends = {"zh_CN": "。", "en": "."}
    for code in PROBLEMS:
        assert words.detail(Problem(code), locale).endswith(ends[locale])


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sentence_with_all_its_facts_shows_no_gap(locale: Locale) -> None:
    told = {
        code: words.detail(Problem(code, facts=dict.fromkeys(problem.facts, "A1")), locale)
        for code, problem in PROBLEMS.items()
    }
    gaps = {*"{}", words.ABSENT}
    shown = {code: {gap for gap in gaps if gap in text.replace("{12}", "")} for code, text in told.items()}
    assert {code: found for code, found in shown.items() if found} == {}


def test_no_sentence_stands_for_a_problem_that_is_gone() -> None:
    assert ids("problem") == PROBLEMS.keys()


def test_both_catalogues_have_the_same_ids_in_the_same_order() -> None:
    assert list(words.catalogue("zh_CN")) == list(words.catalogue("en"))


@pytest.mark.parametrize("locale", LOCALES)
def test_no_id_is_there_twice_and_none_is_empty(locale: Locale) -> None:
    text = Path(words.__file__).with_name(f"{locale}.po").read_text(encoding="utf-8")
    assert sum(line.startswith("msgid ") for line in text.splitlines()) == len(words.catalogue(locale)) + 1
    assert all(words.catalogue(locale).values())
    assert not [message.msgid for message in pofile(text) if message.fuzzy]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_value_of_the_tables_has_a_word(locale: Locale) -> None:
    missing = [code for code in EVERY_TERM if not words.catalogue(locale).get(code)]
    assert missing == [], f"labels/words/{locale}.po"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_kind_of_record_has_a_word(locale: Locale) -> None:
    wanted = {f"record.{kind.name}" for kind in RECORD_KINDS}
    assert wanted - words.catalogue(locale).keys() == set(), f"labels/words/{locale}.po"


@pytest.mark.parametrize("group", sorted(TERMS))
def test_no_word_stands_for_a_value_that_is_gone(group: str) -> None:
    assert ids(group) == set(TERMS[group])


def test_every_id_belongs_to_a_known_group() -> None:
    groups = {code.partition(".")[0] for code in words.catalogue("zh_CN")}
    assert groups == {*TERMS, *WIDER_GROUPS, "problem", "page", "form"}


def test_facts_are_put_into_words_from_groups_that_exist() -> None:
    groups = {group for looked_in in words.FACT_WORDS.values() for group in looked_in}
    assert groups <= {*TERMS, *WIDER_GROUPS}
    assert set(words.FACT_WORDS) <= {fact for meaning in PROBLEMS.values() for fact in meaning.facts}


@pytest.mark.parametrize("group", ["document", "register", "state"])
def test_the_words_of_a_group_tell_its_codes_apart(group: str) -> None:
    said = [words.term(group, code, "zh_CN") for code in TERMS[group]]
    assert len(said) == len(set(said))


def test_a_state_in_a_sentence_is_said_in_words() -> None:
    told = words.sentence("problem.wrong_state", {"serial": "661565714353", "state": "sold"}, "zh_CN")
    assert "661565714353" in told
    assert "已发售" in told


def test_a_list_in_a_sentence_is_joined_in_words() -> None:
    told = words.sentence("problem.mixed_registers", {"registers": ["merchandise", "spare"]}, "zh_CN")
    assert "商品账、备件账" in told


def test_a_document_number_stays_as_it_is() -> None:
    facts = {"serial": "1", "document": "A1-2026-000001"}
    assert "A1-2026-000001" in words.sentence("problem.reserved", facts, "en")


def test_a_part_in_brackets_goes_with_its_fact() -> None:
    facts = {"serial": "1", "state": "sold", "document": "sale"}
    assert "依据" not in words.sentence("problem.wrong_state", {**facts, "cited": None}, "zh_CN")
    assert "依据单据 A1-2026-000001" in words.sentence(
        "problem.wrong_state", {**facts, "cited": "A1-2026-000001"}, "zh_CN"
    )


def test_an_absent_fact_is_a_dash_and_no_error() -> None:
    assert words.ABSENT in words.sentence("problem.unknown_site", {}, "zh_CN")


def test_braces_and_brackets_in_a_fact_are_only_text() -> None:
    assert "[{site.x}]" in words.sentence("problem.unknown_site", {"site": "[{site.x}]"}, "zh_CN")


@pytest.mark.parametrize("locale", LOCALES)
def test_an_unknown_id_is_answered_as_it_is(locale: Locale) -> None:
    assert words.sentence("problem.{x}", {}, locale) == "problem.{x}"
    assert words.term("state", "melted", locale) == "melted"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "zh_CN"),
        ("", "zh_CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh_CN"),
        ("zh-Hans-CN", "zh_CN"),
        ("zh-TW", "zh_CN"),
        ("EN-us, ZH;q=0.5", "en"),
        ("ZH;q=0, *", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh;q=0.3,en;q=0.7", "en"),
        ("fr, en ; q = 0.5, zh;q=0.2", "en"),
        ("de", "zh_CN"),
        ("*", "zh_CN"),
        ("zh;q=0,*", "en"),
        ("en;q=0", "zh_CN"),
        ("en;q=high", "zh_CN"),
        (",;,;;q=", "zh_CN"),
    ],
)
def test_the_language_follows_the_readers_wish(header: str | None, locale: Locale) -> None:
    assert words.negotiate(header) == locale
