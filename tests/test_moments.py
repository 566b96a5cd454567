"""Every place that holds kept moments against another: through devices/moments, or declared here with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from devices.moments.spans import TOLERATED_US, elapsed, is_ahead, is_over, latest, left

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path for folder in ("devices", "labels", "api", "web", "panku") for path in (ROOT / folder).rglob("*.py")
)
NOW = {"now", "now_us", "at_us", "received_at_us", "clock"}
"""What a present moment is called in the code."""
KEPT = {
    "recorded_at", "recorded_at_us", "recorded_us", "seen_at", "seen_at_us", "made_at", "begun_at", "opened_at",
    "closed_at", "sealed_at", "received_at", "expires_at", "enrolment_expires_at", "signed_at", "authenticated_at_us",
    "clock_us", "newest_us", "filed_at", "settled_at",
}  # fmt: skip
"""What a kept moment is called."""

JOURNAL = "in a journal's own order: what is recorded there never goes back, whatever the clock says"
DELETED = "what is deleted or changed lies in the past; what lies ahead is told apart beside it"
GIVEN_DAY = "what somebody sends now, not what is kept"
PHONE = "two times of one phone's clock: how old a scan is, and whether it was set back before it was sent"
MONOTONIC = "a clock of this process's own, which only rises"
STORY = "the demo tells of the past"
DECLARED = {
    "api/callers/blind.py Blind.is_own": JOURNAL,
    "api/resources/service/repairs.py file_repair": GIVEN_DAY,
    "api/wire/times.py moment": "the range of what can be a moment at all",
    "devices/audit/custody/open_items.py _MOVED_SINCE": JOURNAL,
    "devices/audit/stocktake/comparing.py _BEFORE": JOURNAL,
    "devices/audit/stocktake/scans.py Placing.__init__": "how far the journal's end lies in the future",
    "devices/audit/stocktake/scans.py Placing.after": JOURNAL,
    "devices/audit/stocktake/taking.py _Desk._problem": PHONE,
    "devices/audit/stocktake/taking.py _Desk._skewed": PHONE,
    "devices/audit/stocktake/taking.py take": "how far a phone's clock is off",
    "devices/journal.py ClockStanding.behind_us": "how far the clock is behind",
    "devices/journal.py _LAST_BY": JOURNAL,
    "devices/ledger/books/books.py _LAST_CLOSE": JOURNAL,
    "devices/ledger/books/books.py _RECORDED_SINCE": JOURNAL,
    "devices/ledger/deciding/findings.py _against_manifest": "no moments: serials that are there now",
    "devices/ledger/duties/review_queue.py _REVERSALS": JOURNAL,
    "devices/ledger/duties/review_queue.py _reversals": JOURNAL,
    "devices/ledger/papers/slip_lines.py _THEN": JOURNAL,
    "devices/ledger/proving/verify.py _link_fault": JOURNAL,
    "devices/ledger/reading/customers.py _AS_OF": JOURNAL,
    "devices/moments/readings.py Leap.ahead_seconds": "how far entries are dated ahead",
    "devices/moments/readings.py _same_leap": JOURNAL,
    "devices/moments/readings.py keep_reading": "how far the clock is behind",
    "devices/moments/spans.py elapsed": "the one comparison",
    "devices/moments/spans.py is_ahead": "the one comparison",
    "devices/people/credentials.py _CODE": "between now and the longest that a code lasts",
    "devices/people/signing_in/sessions.py _IDLE_ENDED": DELETED,
    "devices/people/signing_in/sessions.py _SEEN": DELETED,
    "devices/people/signing_in/sessions.py begin.write": DELETED,
    "devices/people/signing_in/throttle.py _CUT_OFF": DELETED,
    "devices/people/signing_in/throttle.py _JUST_AHEAD": DELETED,
    "devices/people/signing_in/throttle.py _KNOWN": "between the longest that a network is known and now",
    "devices/people/signing_in/throttle.py _NOT_SEEN_SINCE": DELETED,
    "devices/people/signing_in/throttle.py _OLD_FORGOTTEN": DELETED,
    "devices/people/signing_in/throttle.py _forgive": DELETED,
    "devices/people/signing_in/throttle.py _take_slot": DELETED,
    "devices/people/signing_in/throttle.py count_guess.write": DELETED,
    "devices/people/tokens.py _BEARER": "the day that an administrator said, whenever they did",
    "devices/people/tokens.py _refuse_issue": GIVEN_DAY,
    "devices/people/tokens.py tokens_of": "the day that an administrator said, whenever they did",
    "devices/service/briefs.py _BEFORE": "where a page of a list goes on: by the moment that its cursor says",
    "devices/service/complaints/handling.py _refuse_apology": "what somebody tells, and what lies ahead is told apart",
    "devices/service/complaints/handling.py register_complaint": "a day that somebody tells; what lies ahead is today",
    "devices/service/jobs/dispatching.py _last_job": "whole days since a job, done before its record was filed",
    "panku/commands/demo.py run": STORY,
    "panku/demo.py fill": STORY,
    "panku/demo_counts.py count": STORY,
    "panku/demo_service.py _Jobs.ask": STORY,
    "panku/demo_service.py _Jobs.open": STORY,
    "panku/worker.py BoundedWorker.murder_keepalived": MONOTONIC,
}
"""By file and what is in it: why moments are held against each other there, and no clock that was ahead does harm."""
NOBODY_SETS = {
    "now_us": ("devices/journal.py",),
    "at_us": ("devices/journal.py", "devices/ledger/posting/post.py"),
}
"""Attributes of a Writer that nobody but these modules sets: the server's clock is nobody's to change."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def word_of(node: ast.AST) -> str | None:
    """What a name, an attribute, or the function of a call is called."""
    match node:
        case (
            ast.Name(id=name)
            | ast.Attribute(attr=name)
            | ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))
        ):
            return name
    return None


def of_moments(*sides: ast.AST) -> bool:
    """Whether one of these reckons with a moment."""
    return any(word_of(part) in NOW | KEPT for side in sides for part in ast.walk(side))


def is_comparison(node: ast.AST) -> bool:
    """Whether a node puts moments before or after each other, or takes one from another."""
    match node:
        case ast.Compare(left=first, ops=ops, comparators=others):
            ordered = any(isinstance(each, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for each in ops)
            return ordered and of_moments(first, *others)
        case ast.BinOp(left=first, op=ast.Sub(), right=second):
            return of_moments(first, second)
        case ast.Call(func=ast.Attribute(attr="between", value=column)):
            return of_moments(column)
    return False


def comparing(node: ast.AST, within: str = "") -> Iterator[str]:
    """The functions and queries of a module that compare moments, such as `Session.is_over`."""
    for child in ast.iter_child_nodes(node):
        name = within
        match child:
            case ast.FunctionDef(name=own) | ast.ClassDef(name=own):
                name = f"{within}.{own}" if within else own
            case ast.Assign(targets=[ast.Name(id=own)]) if not within:
                name = own
        if is_comparison(child):
            yield name
        yield from comparing(child, name)


def test_moments_are_compared_in_devices_moments_or_where_it_is_declared_why() -> None:
    found = {f"{path.relative_to(ROOT)} {name}" for path in MODULES for name in comparing(tree_of(path))}
    assert sorted(found - DECLARED.keys()) == []
    assert sorted(DECLARED.keys() - found) == []


@pytest.mark.parametrize("attribute", NOBODY_SETS)
def test_nobody_sets_the_clock_of_a_writer(attribute: str) -> None:
    setting = {
        str(path.relative_to(ROOT))
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == attribute and isinstance(node.ctx, ast.Store)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }  # fmt: skip
    own = {"api/callers/security_log.py", "panku/demo_counts.py"}  # of a request and of a story
    assert setting - own <= set(NOBODY_SETS[attribute])


@pytest.mark.parametrize(
    ("since", "gone", "over", "remaining"),
    [
        (100, 0, False, 60),
        (70, 30, False, 30),
        (40, 60, True, 0),
        (0, 100, True, 0),
        (100 + TOLERATED_US, 0, False, 60),
        (101 + TOLERATED_US, None, True, 0),
        (10**15, None, True, 0),
    ],
)
def test_a_moment_in_the_future_is_none(since: int, gone: int | None, over: bool, remaining: int) -> None:
    assert elapsed(since, 100) == gone
    assert is_over(since, 60, 100) is over
    assert left(since, 60, 100) == remaining
    assert is_ahead(since, 100) is (gone is None)
    assert (since <= latest(100)) is (gone is not None)
