"""`panku erase-due`: the customers whose data may go by age; a person decides, and an auditor of their home erases."""

import argparse
import re

from devices.calendar import day_of
from devices.service.erasable import erasable_before
from panku.commands import DONE
from panku.console.opening import existing
from panku.console.terminal import say
from panku.settings import Settings
from panku.wiring import RECORD_KINDS, clock

MOST_YEARS = 99


def declare(parser: argparse.ArgumentParser) -> None:
    """How long nothing must have been written of them."""
    parser.add_argument(
        "--older", type=_years, metavar="YEARS", required=True,
        help="such as 5y: nothing was written of them for as many years",
    )  # fmt: skip


def _years(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]?)y", text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of years such as 5y, of at most {MOST_YEARS}"
        )
    return int(found[1])


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Tell each of them by number, home and the day of what was last written; nothing is erased."""
    today = day_of(clock())
    before = f"{today.year - arguments.older:04d}-{today:%m-%d}"
    with existing(settings, only_read=True) as store, store.reading():
        found = list(erasable_before(store, before, RECORD_KINDS))
    for each in found:
        say(f"{each.number} {each.home} {each.last_on}")
    say(f"{len(found)} customers of whom nothing was written since {before}.")
    return DONE
