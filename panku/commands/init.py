"""`panku init`: found the unit and make its first administrator."""

import argparse
from datetime import date

from devices.journal import open_journals
from devices.people.enrolment import found_administrator
from devices.problems import Refused as RuleRefused
from devices.texts.lengths import Name
from devices.unit import found
from devices.values import UNIT
from panku.commands import DONE
from panku.console.opening import books
from panku.console.terminal import say
from panku.console.words import iso_day, new_password, one_line, refusal
from panku.settings import Settings
from panku.wiring import clock


def declare(parser: argparse.ArgumentParser) -> None:
    """Who the administrator is; the password is asked for, or read from standard input when that is no terminal."""
    parser.add_argument("--username", required=True, help="the administrator's username, such as admin")
    parser.add_argument("--name", required=True, type=one_line(Name), help="their name as it is shown")
    parser.add_argument(
        "--books-from",
        type=iso_day,
        metavar="DATE",
        help="the first day of the books: nothing is dated before it; by default the first of the month a year ago",
    )
    parser.add_argument("--unit", type=one_line(Name), default="税控服务单位", help="the unit's name")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Make the administrator; refused when there is one."""
    secret = new_password("A new password for " + arguments.username)
    with books(settings, may_begin=True) as store:
        try:
            with store.writing():
                told = arguments.books_from
                unit = found(store, arguments.unit, clock(), date.fromisoformat(told) if told else None)
                writer = open_journals(store, [UNIT], clock())
                key = found_administrator(writer, unit, arguments.username, arguments.name, secret)
        except RuleRefused as refused:
            raise refusal(refused) from refused
    say(f"{arguments.username} is the administrator; signing key {key.fingerprint}")
    return DONE
