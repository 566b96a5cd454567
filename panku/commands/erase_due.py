"""`panku erase-due`: the customers whose data may go by age; a person decides, and an auditor of their home erases."""

import argparse
import re
from calendar import monthrange
from datetime import date

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
    before = years_before(day_of(clock()), arguments.older).isoformat()
    with existing(settings, only_read=True) as store, store.reading():
        found = list(erasable_before(store, before, RECORD_KINDS))
    for each in found:
        say(f"{each.number} {each.home} {each.last_on}")
    say(f"{len(found)} customer{'' if len(found) == 1 else 's'} of whom nothing was written since {before}.")
    return DONE


def years_before(day: date, years: int) -> date:
    """The same day of an earlier year; the last of February where that had no 29th."""
    year = day.year - years
    return date(year, day.month, min(day.day, monthrange(year, day.month)[1]))
