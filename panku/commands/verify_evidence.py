"""`panku verify-evidence`: check a file of evidence on a machine that has never seen the database."""

import argparse
from pathlib import Path

from devices.audit.evidence_checks import Checked, Report, check_evidence
from panku.commands import BAD_USE, DONE, FAULT, Refused
from panku.console.heads import read_heads, take_heads
from panku.console.terminal import say
from panku.settings import Settings


def declare(parser: argparse.ArgumentParser) -> None:
    """Which file, whose keys are trusted, and which heads are held."""
    parser.add_argument("file", type=Path, help="the file that `panku export evidence` wrote")
    parser.add_argument(
        "--trust",
        nargs="+",
        action="extend",
        default=[],
        metavar="FINGERPRINT",
        help="fingerprints of the signers' keys, known from elsewhere: printed sheets, the people themselves",
    )
    take_heads(parser, "heads held outside, to which the file's links must be bound")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Exit status 1 unless all holds under trusted keys, bound to a head if any is held; what does not says why."""
    held = read_heads(arguments.against)
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise Refused(f"{arguments.file} cannot be read: {error.strerror}", BAD_USE) from error
    report = check_evidence(content, {plain(fingerprint) for fingerprint in arguments.trust}, held)
    _tell(report)
    if not report.holds:
        say("the evidence does not hold")
        return FAULT
    if report.bound is False:
        say("the signatures hold, but the file is not bound to the heads held outside")
        return FAULT
    say("the evidence holds" if report.bound is None else "the evidence holds, bound to a head held outside")
    return DONE


def _tell(report: Report) -> None:
    """Everything that was found, a line each; a line that begins with a blank goes on with the one before it."""
    for text in report.faults:
        say("WRONG", text)
    for checked in report.signatures:
        say(_told(checked))
        if checked.username:
            say(f"  {_word(checked)}")
    if report.let_in_by_one:
        say(
            "NOTE one person may have signed for all: they let every signer in or are one of them, and nobody else"
        )
        say("  confirmed a key")
    for text in report.limits:
        say("NOTE", text)
    if report.digest is not None:
        say("digest", report.digest)


def plain(fingerprint: str) -> str:
    """A fingerprint however it was printed: in small letters, without colons and blanks."""
    return "".join(letter for letter in fingerprint.lower() if letter.isalnum())


def _told(checked: Checked) -> str:
    """How one role's signature stands, in a line."""
    who = f" {checked.username} {checked.fingerprint}" if checked.username else ""
    why = f": {checked.why}" if checked.why else ""
    return f"{checked.role} {checked.standing}{who}{why}"


def _word(checked: Checked) -> str:
    """On whose word somebody signed, as the file tells it, in a line."""
    if checked.word is None:
        return "the file does not say who let them in and who confirmed their key"
    let_in_by, confirmed_by = checked.word.let_in_by, checked.word.confirmed_by
    return f"let in by {let_in_by or 'nobody recorded'}, key confirmed by {confirmed_by or 'nobody else'}"
