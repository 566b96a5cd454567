"""`panku import`: a maker's packing list becomes a manifest, the old books' spreadsheet opening stock (期初)."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from devices.journal import open_journals
from devices.ledger.posting import manifests, opening_stock, post
from devices.paperwork.papers import LeftOut
from devices.people.roles import Person
from devices.problems import PROBLEMS, Problem
from devices.problems import Refused as RuleRefused
from devices.sheets.sheet_cells import row_of
from devices.store.database import Store
from devices.texts.lengths import Line, Name
from devices.unit import Unit
from labels.words import sentence, term
from panku.commands import DONE, FAULT, Refused
from panku.console.opening import books, session_store_of
from panku.console.terminal import say
from panku.console.words import acting, founded_unit, iso_day, one_line, refusal
from panku.settings import Settings
from panku.wiring import RULEBOOK, clock

_STOREKEEPER = ("storekeeper",)
RACE = PROBLEMS["race_lost"].status


def declare(parser: argparse.ArgumentParser) -> None:
    """What to read, where it belongs, on whose word."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    manifest = what.add_parser("manifest", help="a maker's packing list, xlsx or CSV")
    manifest.add_argument("--register", choices=["merchandise", "spare"], required=True)
    manifest.add_argument("--supplier", required=True, type=one_line(Line))
    manifest.add_argument("--delivery-note", required=True, type=one_line(Name))
    opening = what.add_parser(
        "opening", help="opening stock, xlsx or CSV; an auditor approves it before it counts"
    )
    opening.add_argument("--date", required=True, type=iso_day, help="the business date, YYYY-MM-DD")
    for one in (manifest, opening):
        one.add_argument("file", type=Path)
        one.add_argument("--site", required=True)
        one.add_argument("--by", required=True, help="the storekeeper's username; the password is asked for")
        one.add_argument("--dry-run", action="store_true", help="tell what would happen and write nothing")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Exit status 1 when rows were wrong; they are told by row."""
    try:
        data = arguments.file.read_bytes()
    except OSError as error:
        raise Refused(f"{arguments.file} cannot be read: {error.strerror}", 2) from error
    with books(settings) as store:
        founded_unit(store)
        by = acting(store, session_store_of(settings), arguments.by, clock())
        if not by.may(_STOREKEEPER, arguments.site):
            raise Refused(f"{by.username} is not a storekeeper of {arguments.site}.")
        work = _manifest if arguments.what == "manifest" else _opening
        try:
            return work(store, by, arguments, data)
        except RuleRefused as refused:
            raise refusal(refused) from refused


def _proposed(store: Store, unit: Unit, by: Person, proposals: Sequence[opening_stock.Proposal]) -> list[str]:
    """Post each proposal; returns their numbers. Raises devices.problems.Refused with what is wrong in any, by row."""
    numbers: list[str] = []
    problems: list[Problem] = []
    poster = post.Poster(by.username)
    for each in tqdm(proposals, unit=" documents", leave=False, disable=None):
        try:
            posted = post.post(store, unit, each.draft, by=poster, at_us=clock(), rulebook=RULEBOOK)
            numbers.append(posted.number)
        except RuleRefused as refused:
            problems += each.by_row(refused)
            if refused.status == RACE:  # the transaction is spoilt
                break
    if problems:
        raise RuleRefused(problems)
    return numbers


class DryRun(Exception):
    """Everything was decided; nothing is to be kept."""


def _keep_unless(dry_run: bool) -> None:
    """Roll the transaction back after a dry run."""
    if dry_run:
        raise DryRun


def _tell_left_out(parts: Sequence[LeftOut]) -> None:
    """Say of each part of a list that is no device where it stood, what it said and why it was left out."""
    for part in parts:
        place = "sheet" if part.row is None else f"row {part.row}"
        say(f'left out: {place} "{part.text}": {term("left_out", part.why, "en")}')


def _manifest(store: Store, by: Person, arguments: argparse.Namespace, data: bytes) -> int:
    given = manifests.read_manifest(store, data)
    _tell_left_out(given.left_out)
    good = sum(row.serial is not None for row in tqdm(given.rows, unit=" rows", leave=False, disable=None))
    for problem in given.problems:
        told = sentence(f"problem.{problem.code}", {"row": row_of(problem), **problem.facts}, "en")
        say(f"row {row_of(problem) or '-'}: {told}")
    say(f"{len(given.rows)} rows: {good} devices, {len(given.problems)} problems")
    try:
        with store.writing():
            kept = manifests.keep_manifest(
                store,
                given,
                site=arguments.site,
                register=arguments.register,
                supplier=arguments.supplier,
                delivery_note=arguments.delivery_note,
                name=arguments.file.name,
                by=by.username,
                at_us=clock(),
            )
            _keep_unless(arguments.dry_run)
        say(f"manifest {kept.number}")
    except DryRun:
        say("nothing was written")
    return FAULT if given.problems else DONE


def _opening(store: Store, by: Person, arguments: argparse.Namespace, data: bytes) -> int:
    unit = founded_unit(store)
    stock = opening_stock.read(store, data)
    _tell_left_out(stock.left_out)
    numbers: list[str] = []
    try:
        with store.writing():
            writer = open_journals(store, [arguments.site], clock())
            digest = manifests.attach(
                writer,
                data,
                site=arguments.site,
                name=arguments.file.name,
                media_type=manifests.SPREADSHEET,
                by=by.username,
            )
            proposals = opening_stock.proposals(stock, arguments.site, arguments.date, digest)
            numbers = _proposed(store, unit, by, proposals)
            told = f"{len(stock.rows)} rows: {sum(len(each.rows) for each in proposals)} devices"
            _keep_unless(arguments.dry_run)
    except DryRun:
        say(f"{told} would be proposed in {len(numbers)} documents; nothing was written")
        return DONE
    say(f"{told} proposed, waiting for an auditor: {', '.join(numbers)}")
    return DONE
