"""The texts that the scripts of the technician's pages say."""

from __future__ import annotations

_JOBS = (
    *(f"jobs.{each}" for each in ("needs_network", "offline", "left_offline", "left", "left_refused")),
    *(f"jobs.{each}" for each in ("row", "row_refused", "refused", "edit", "discard", "discard_ask", "uploaded")),
    *(f"jobs.heard_{each}" for each in ("faulty", "spare", "again", "faulty_unknown", "spare_unknown")),
    "jobs.signed_out", "jobs.picture_unfit", "jobs.copied", "jobs.clock_ahead", "jobs.in_the_future",
    "jobs.clock_behind", "scan.sign_in", "scan.no_camera",
)  # fmt: skip
JOB_WORDS: dict[str, tuple[str, ...]] = {
    "jobs": _JOBS,
    "job": _JOBS,
    "me": ("jobs.sign_out_ask",),
    "sign_in": ("jobs.left_of",),
}
"""By page, as rendering's SCRIPT_WORDS."""
