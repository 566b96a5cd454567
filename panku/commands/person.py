"""`panku person`: people from the command line, on an administrator's word.

An administrator who has lost their own password, with nobody to reset it, is reset on the system's word: whoever runs
this command can reach the database anyway, and the journal says that it was the system.
"""

import argparse

from devices.journal import Writer, open_journals
from devices.people import credentials, enrolment, grants, persons
from devices.people.certificates import CertificateData, every_certificate, set_certificate
from devices.people.roles import ROLE, SYSTEM, Person
from devices.problems import Refused as RuleRefused
from devices.store.database import Store
from devices.texts.lengths import Line, Name, Sentence, Word
from devices.unit import Unit
from devices.values import UNIT
from panku.commands import BAD_USE, DONE, Refused
from panku.console.opening import books, session_store_of
from panku.console.terminal import say
from panku.console.words import acting, founded_unit, iso_day, new_password, one_line, refusal
from panku.settings import Settings
from panku.wiring import clock


def declare(parser: argparse.ArgumentParser) -> None:
    """What to do with whom."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    what.add_parser("list", help="everybody with their roles")
    add = what.add_parser("add", help="make a person; prints their one-time enrolment code")
    add.add_argument("username")
    add.add_argument("--name", required=True, type=one_line(Name))
    enrol = what.add_parser("enrol", help="sign up with the code; the password is asked for")
    enrol.add_argument("username")
    enrol.add_argument("--code", required=True)
    reset = what.add_parser(
        "reset", help="void a password and signing key; prints a new code. An administrator's needs no --by"
    )
    reset.add_argument("username")
    what.add_parser("deactivate", help="shut a person out: no role, no password, no key").add_argument(
        "username"
    )
    back = what.add_parser("reactivate", help="let a person back in, without a role; prints a new code")
    back.add_argument("username")
    rename = what.add_parser("rename", help="change the name that is shown")
    rename.add_argument("username")
    rename.add_argument("--name", required=True, type=one_line(Name))
    certificate = what.add_parser(
        "certificate", help="write or renew a technician's certificate, or end it sooner"
    )
    certificate.add_argument("username")
    certificate.add_argument("--number", required=True, type=one_line(Word))
    certificate.add_argument("--issuer", required=True, type=one_line(Line))
    certificate.add_argument("--valid-until", required=True, type=iso_day, help="the last day, YYYY-MM-DD")
    certificate.add_argument(
        "--reason", type=one_line(Sentence), help="why, where it ends sooner than before"
    )
    for name, meaning in (("grant", "give a role"), ("revoke", "take a role away")):
        one = what.add_parser(name, help=meaning)
        one.add_argument("username")
        one.add_argument("role", choices=sorted(ROLE))
        one.add_argument("--site", default=UNIT, help="a site's code; left out for roles of the whole unit")
    for one in what.choices.values():
        if one.prog.split()[-1] not in ("list", "enrol"):
            one.add_argument(
                "--by",
                required=one is not reset,
                help="the administrator's username; the password is asked for",
            )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Do it, journalled."""
    with books(settings) as store:
        if arguments.what == "list":
            certificates = every_certificate(store)
            for listed in persons.everybody(store):
                roles = ", ".join(f"{role}@{site}" for role, site in sorted(listed.roles))
                state = "active" if listed.active else "inactive"
                kept = certificates.get(listed.username)
                until = [f"certificate until {kept.certificate.valid_until}"] if kept else []
                say(listed.username, listed.name, roles or "-", state, *until, between="\t")
            return DONE
        try:
            say(_act(store, settings, arguments))
        except RuleRefused as refused:
            raise refusal(refused) from refused
    return DONE


def _act(store: Store, settings: Settings, arguments: argparse.Namespace) -> str:
    unit, username = founded_unit(store), arguments.username
    if arguments.what == "enrol":
        secret = new_password(f"A new password for {username}")
        may = credentials.may_enrol(store, username, arguments.code, clock())
        chosen = enrolment.choose(store, unit, username, secret) if may else None
        with store.writing():
            writer = open_journals(store, [UNIT], clock())
            key = enrolment.enrol(writer, username, arguments.code, chosen)
        return f"{username} has signed up; signing key {key.fingerprint} ({key.status})"
    by = _on_whose_word(store, settings, arguments)
    with store.writing():
        writer = open_journals(store, [UNIT], clock())
        return DONE_BY[arguments.what](writer, unit, by, arguments)


def _add(writer: Writer, unit: Unit, by: Person, asked: argparse.Namespace) -> str:
    return persons.create(writer, unit, by, asked.username, asked.name).code


def _reset(writer: Writer, unit: Unit, by: Person, asked: argparse.Namespace) -> str:
    return enrolment.reset_password(writer, by, asked.username)


def _deactivate(writer: Writer, unit: Unit, by: Person, asked: argparse.Namespace) -> str:
    persons.deactivate(writer, by, asked.username)
    return f"deactivate: {asked.username}"


def _reactivate(writer: Writer, unit: Unit, by: Person, asked: argparse.Namespace) -> str:
    return persons.reactivate(writer, by, asked.username).code


def _rename(writer: Writer, unit: Unit, by: Person, asked: argparse.Namespace) -> str:
    persons.rename(writer, unit, by, asked.username, asked.name)
    return f"rename: {asked.username} {asked.name}"


def _grant(writer: Writer, unit: Unit, by: Person, asked: argparse.Namespace) -> str:
    change = grants.grant if asked.what == "grant" else grants.revoke
    change(writer, by, asked.username, asked.role, asked.site)
    return f"{asked.what}: {asked.username} {asked.role}@{asked.site}"


def _certify(writer: Writer, unit: Unit, by: Person, asked: argparse.Namespace) -> str:
    data = CertificateData(asked.number, asked.issuer)
    set_certificate(writer, unit, by, asked.username, data, asked.valid_until, reason=asked.reason)
    return f"certificate: {asked.username} until {asked.valid_until}"


DONE_BY = {
    "add": _add,
    "reset": _reset,
    "deactivate": _deactivate,
    "reactivate": _reactivate,
    "rename": _rename,
    "grant": _grant,
    "revoke": _grant,
    "certificate": _certify,
}
"""What each is done by; it answers what is printed."""


def _on_whose_word(store: Store, settings: Settings, arguments: argparse.Namespace) -> Person:
    """The administrator who proves themself, or, to reset an administrator, the system."""
    if arguments.by is not None:
        return acting(store, session_store_of(settings), arguments.by, clock())
    if arguments.username not in grants.administrators(store):
        raise Refused(
            f"{arguments.username} is no administrator: an administrator resets them, with --by.", BAD_USE
        )
    return SYSTEM
