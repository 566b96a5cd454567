"""What may be done while devices move and are counted, when, and how often."""

from __future__ import annotations

from collections.abc import Callable

from tests.count_scenes import SCENES, play
from tests.count_walk import Counting
from tests.walks import Act, Course


def during(*states: str) -> Callable[[Counting], bool]:
    """While there is a count in one of these states."""
    return lambda walk: walk.is_in(*states)


def before_any(walk: Counting) -> bool:
    """While there is no count."""
    return walk.count is None


def something_is_short(walk: Counting) -> bool:
    """While a device that was short could turn up before the second signature."""
    return bool(walk.short_and_signed())


SCANNED = during("counting", "recounting")
ACTS: tuple[Act[Counting], ...] = (
    # movements meanwhile
    Act("a receipt", 2, Counting.a_receipt),
    Act("a move", 3, Counting.a_move),
    Act("a sale", 3, Counting.a_sale),
    Act("a sale cancelled", 3, Counting.a_sale_cancelled),
    Act("a dispatch", 3, Counting.a_dispatch),
    Act("an arrival", 3, Counting.an_arrival),
    Act("a hold", 2, Counting.a_hold),
    Act("a swap or an intake", 2, Counting.a_swap_or_an_intake),
    Act("what was scanned is booked", 8, Counting.what_was_scanned_is_booked, SCANNED),
    Act("what is short turns up", 4, Counting.what_is_short_turns_up, something_is_short),
    # scans
    Act("scan the shelf", 6, Counting.scan_the_shelf, SCANNED),
    Act("scan something odd", 12, Counting.scan_something_odd, SCANNED),
    Act("scan what no shelf had yet", 2, Counting.scan_what_no_shelf_had_yet, SCANNED),
    Act("send again", 3, Counting.send_again, SCANNED),
    Act("undo a scan", 3, Counting.undo_a_scan, SCANNED),
    Act("finish", 4, Counting.finish, SCANNED),
    # what comes late
    Act("scan late", 5, Counting.scan_late, during("closed", "recounting")),
    Act("undo late", 2, Counting.undo_late, during("closed")),
    Act("explain late", 6, Counting.explain_late, during("closed")),
    Act("explain what was left", 2, Counting.explain_what_was_left),
    # the count's own course
    Act("open a count", 15, Counting.open_a_count, before_any),
    Act("begin the recount", 5, Counting.begin_the_recount, during("counting")),
    Act("recount", 6, Counting.recount, during("recounting")),
    Act("close", 7, Counting.close, SCANNED),
    Act("explain", 8, Counting.explain, during("closed")),
    Act("sign", 16, Counting.sign, during("closed")),
    Act("reopen", 1, Counting.reopen, during("closed")),
    Act("cancel", 1, Counting.cancel, during("counting", "recounting", "closed")),
)

COURSE = Course(Counting, ACTS, tuple(SCENES), play, walks={"sqlite": 12, "postgresql": 5}, steps=120)
