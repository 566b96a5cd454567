"""The texts that the scripts of the scanning pages say."""

from __future__ import annotations

from web.tasks import TASKS, parts_of

_DESK = (
    *(f"scan.outcome.{each}" for each in ("taken", "duplicate", "unexpected", "late", "error")),
    *(f"scan.outcome.{each}" for each in ("unsent", "bin", "done", "undone", "looked_up")),
    "scan.bin_first", "scan.bin_is", "scan.bin_unfit", "scan.full", "scan.spoiled", "scan.nothing_to_undo",
    "scan.undo_ask", "scan.undone", "scan.sign_in", "scan.signed_out", "scan.cut_off", "scan.by_hand", "scan.undo",
    "scan.remove", "scan.is_finishing", "scan.to_finish", "scan.no_camera", "scan.not_all_sent", "scan.batch_taken",
)  # fmt: skip
_DOCUMENT = (
    *sorted({f"scan.{said}.{role}" for task in TASKS for role, _ in parts_of(task) for said in ("part", "played")}),
    *(f"scan.extra.{each}" for each in ("told", "quarantined", "found")),
    *(f"scan.findings.{each}" for each in ("short", "over", "duplicate", "malformed", "extra", "damaged")),
    "scan.missing", "scan.full_document", "scan.already_in", "scan.taxpayer_length", "scan.taxpayer_good",
    "scan.taxpayer_new", "scan.nothing", "scan.half", "scan.posted", "scan.pending", "scan.finding", "scan.left_out",
    "scan.unserved", "scan.noted", "scan.reserved", "scan.other_book", "scan.other_customer", "scan.malformed",
    "scan.loose", "scan.only_looks", "scan.cancel_ask", "scan.cancelled", "scan.finishing", "scan.remove_all", "comma",
    "scan.withheld", "scan.unanswered_ask", "scan.say_again", "scan.signed_out_open",
    "scan.settles", "scan.settling",
)  # fmt: skip
COUNT = (
    "scan.count_no_cancel",
    "scan.count_ended",
    "scan.count_finished",
    "scan.late",
    "scan.late_undo",
    "scan.others_left",
    "scan.unknown_here",
    "scan.everybody",
)
TEST = (
    "ime_on", "ime_off", "ends", "no_end", "fast", "slow", "command", "serial", "other", "controls", "lower",
)  # fmt: skip
_UNFINISHED = (
    *(f"scan.task.{task.name}" for task in TASKS),
    *(f"scan.left_{each}" for each in ("scans", "pending", "unanswered")),
    "scan.others_left",
    "jobs.left_here",
)
SCAN_WORDS: dict[str, tuple[str, ...]] = {
    "home": _UNFINISHED,
    "scan": _UNFINISHED,
    "scan_task": (*_DESK, *_DOCUMENT),
    "counting": (*_DESK, *COUNT),
    "scanner_test": tuple(f"scan.test.{each}" for each in TEST),
}
"""By page, as rendering's SCRIPT_WORDS."""
