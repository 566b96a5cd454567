"""`panku token`: outlets' tokens from the command line, on an administrator's word."""

import argparse
import sys
from datetime import UTC, datetime

from devices.journal import open_journals
from devices.people import tokens
from devices.people.kinds import Token
from devices.problems import Refused as RuleRefused
from devices.store.database import Store
from devices.texts.lengths import Name
from devices.values import UNIT
from panku.commands import DONE
from panku.console.opening import books, session_store_of
from panku.console.terminal import say
from panku.console.words import acting, founded_unit, one_line, refusal
from panku.settings import Settings
from panku.wiring import clock

_DAY_US = 86_400_000_000


LONGEST_DAYS = 3650
WAITS = "{id} posts once {person} has signed in and confirmed it at /me with their password."
"""On standard error: a script takes the secret alone."""


def days(text: str) -> int:
    """A number of days a token may be good for."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST_DAYS):
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {LONGEST_DAYS}")
    return int(text)


def declare(parser: argparse.ArgumentParser) -> None:
    """What to do with which token."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    what.add_parser("list", help="every token, without secrets")
    issue = what.add_parser("issue", help="issue a token; prints its secret once")
    issue.add_argument("label", type=one_line(Name), help="whose it is")
    issue.add_argument("--site", required=True)
    issue.add_argument("--scope", action="append", required=True, choices=["read", "post"])
    issue.add_argument("--days", type=days, default=365, help="how many days it is good for")
    issue.add_argument("--person", help="the person a posting token acts for")
    revoke = what.add_parser("revoke", help="end a token")
    revoke.add_argument("id")
    for one in (issue, revoke):
        one.add_argument(
            "--by", required=True, help="the administrator's username; the password is asked for"
        )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Do it, journalled."""
    with books(settings) as store:
        if arguments.what == "list":
            for token in tokens.every_token(store):
                ends = datetime.fromtimestamp(token.expires_at / 1e6, UTC).date()
                told = (token.id, token.label, token.site, token.scopes, f"until {ends}", _state(token))
                say(*told, between="\t")
            return DONE
        try:
            say(_act(store, settings, arguments))
        except RuleRefused as refused:
            raise refusal(refused) from refused
    return DONE


def _state(token: Token) -> str:
    if not token.active:
        return "revoked"
    return f"waits for {token.username}" if tokens.is_waiting(token) else "active"


def _act(store: Store, settings: Settings, arguments: argparse.Namespace) -> str:
    founded_unit(store)
    by = acting(store, session_store_of(settings), arguments.by, clock())
    with store.writing():
        writer = open_journals(store, [UNIT], clock())
        if arguments.what == "revoke":
            tokens.revoke_token(writer, by, arguments.id)
            return f"revoked {arguments.id}"
        issued = tokens.issue(
            writer,
            by,
            label=arguments.label,
            site=arguments.site,
            scopes=arguments.scope,
            expires_at=clock() + arguments.days * _DAY_US,
            username=arguments.person,
        )
        if tokens.is_waiting(issued.token):
            say(WAITS.format(id=issued.token.id, person=issued.token.username), file=sys.stderr)
        return issued.secret
