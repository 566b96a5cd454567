"""`panku export`: what leaves the books to be kept outside: signed evidence, journals' heads, ledger lines, jobs."""

import argparse
from collections.abc import Callable, Collection, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from devices.audit import evidence
from devices.audit.custody import handovers
from devices.audit.custody.custody_kinds import HANDOVER
from devices.audit.kinds import STOCKTAKE, Signature
from devices.audit.month import months
from devices.audit.signing import Payload, standing
from devices.audit.stocktake import stocktakes
from devices.chain import Held
from devices.journal import link_hash
from devices.ledger.proving.verify import export_heads
from devices.ledger.reading import exported_lines
from devices.ledger.reading.changes import EVER, FeedPage, count_told
from devices.ledger.reading.registers import is_site
from devices.problems import Refused as RuleRefused
from devices.problems import refuse
from devices.service.exported_jobs import JOB_COLUMNS, exported_jobs
from devices.store.database import Row, Store
from devices.store.placing import beside, put_in_place
from panku.commands import BAD_USE, DONE, Refused
from panku.console.heads import read_heads, take_heads, told_heads, write_heads
from panku.console.line_files import LINE_WRITERS, Write
from panku.console.opening import books
from panku.console.terminal import say
from panku.console.words import bar, iso_day, refusal
from panku.settings import Settings

_Signed = tuple[Payload, list[Signature]]
MONTH_SLASHES = 2  # SITE/register/YYYY-MM


def declare(parser: argparse.ArgumentParser) -> None:
    """What to export, and where to."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    one = what.add_parser(
        "evidence", help="the signatures over a sheet, with the keys and the journal's links"
    )
    one.add_argument(
        "number",
        help="a stocktake such as S-BJ01-000001, a handover such as H-BJ01-000001, or a month such as"
        " BJ01/spare/2026-11",
    )
    one.add_argument("--to", type=Path, metavar="FILE", help="by default NUMBER.evidence.json")
    take_heads(one, "heads held outside, to the last of which the links go on: it binds them")

    heads = what.add_parser("heads", help="every journal's head, which `panku verify --against` reads")
    heads.add_argument("--to", type=Path, metavar="FILE", required=True)
    lines = what.add_parser(
        "lines", help="every line that a site's books are made of; customers by number only"
    )
    lines.add_argument("--site", required=True)
    lines.add_argument(
        "--after", metavar="CURSOR", help="go on after the lines of the file that told this cursor"
    )
    lines.add_argument(
        "--from", dest="first", type=iso_day, metavar="DATE",
        help="only what is dated this day or later; such a file tells no cursor",
    )  # fmt: skip
    lines.add_argument(
        "--until",
        dest="last",
        type=iso_day,
        metavar="DATE",
        help="only what is dated this day or earlier; likewise",
    )
    lines.add_argument("--to", type=Path, metavar="FILE", required=True, help="a name in .csv or .jsonl")
    lines.add_argument("--quiet", action="store_true", help="no progress bar")
    jobs = what.add_parser(
        "jobs", help="a site's dispatch orders and what was done under them; no free text, nobody's name"
    )
    jobs.add_argument("--site", required=True)
    jobs.add_argument(
        "--from",
        dest="first",
        type=iso_day,
        metavar="DATE",
        help="only what was opened or done this day or later",
    )
    jobs.add_argument(
        "--until",
        dest="last",
        type=iso_day,
        metavar="DATE",
        help="only what was opened or done this day or earlier",
    )
    jobs.add_argument("--to", type=Path, metavar="FILE", required=True, help="a name in .csv or .jsonl")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Write the file, which is there whole or not at all, and tell what is in it."""
    export, path = EXPORTS[arguments.what], arguments.to or _named(arguments.number)
    with books(settings) as store:
        try:
            with beside(path) as folder:
                first, *others = export(store, folder / path.name, arguments)
                put_in_place(folder / path.name, path)
        except OSError as error:
            raise Refused(f"{path} cannot be written: {error.strerror}", BAD_USE) from error
    say(f"{path}: {first}")
    for line in others:
        say(line)
    return DONE


def _named(number: str) -> Path:
    return Path(f"{number.replace('/', '-')}.evidence.json")


def _evidence(store: Store, made: Path, arguments: argparse.Namespace) -> list[str]:
    """A sealed sheet's bundle; tells the digest and the signers' fingerprints, which a checker compares."""
    number: str = arguments.number
    held = read_heads(arguments.against)
    try:
        payload, signatures = signed(store, number)
        until = _last_held(store, payload.site, held)
        bundle = evidence.bundle_of(store, payload, signatures, until=until)
    except RuleRefused as refused:
        said = refusal(refused)
        raise Refused(f"{number}: {said.lines[0]}", said.status, said.lines[1:]) from refused
    made.write_bytes(evidence.written(bundle))
    signers = [f"{given.role} {given.username} {given.fingerprint}" for given in signatures]
    return [f"{len(signatures)} signatures over {payload.digest}", *signers]


def _last_held(store: Store, site: str, held: Collection[Held]) -> int:
    """The number of the last head of a journal that is held, 0 for none. Raises Refused for one that is not in it."""
    numbers = [0]
    for journal, seq, digest in held:
        if journal == site:
            if link_hash(store, site, seq) != digest:
                raise Refused(f"The journal of {site} does not have the head held outside, {site}/{seq}.")
            numbers.append(seq)
    return max(numbers)


def _heads(store: Store, made: Path, _: argparse.Namespace) -> list[str]:
    heads = export_heads(store)
    write_heads(made, heads)
    return [f"{len(heads)} heads", *told_heads(heads)]


def _lines(store: Store, made: Path, arguments: argparse.Namespace) -> list[str]:
    """Every line of a site's feed at one moment, streamed; tells the cursor that goes on after them.

    Of lines between two days it tells none: what is dated into them later lies on either side of it.
    """
    write = _writer_of(made)
    site, after, dated = arguments.site, arguments.after, bool(arguments.first or arguments.last)
    if after is not None and dated:
        raise Refused("--after goes without --from and --until: a cursor knows no days.", BAD_USE)
    days = (arguments.first or EVER[0], arguments.last or EVER[1])
    with store.reading():
        if not is_site(store, site):
            raise Refused(f"There is no site {site}.")
        try:
            whole = count_told(store, site, after, days)
        except RuleRefused as refused:
            raise refusal(refused) from refused
        with bar(" lines", quiet=arguments.quiet) as shown:
            shown.total = whole
            pages = _Pages(exported_lines.pages(store, site, after, days), shown)
            write(made, exported_lines.COLUMNS, pages.rows())
    return [f"{whole} lines", *([] if dated else [f"to go on after them: --after {pages.cursor}"])]


def _writer_of(made: Path) -> Write:
    write = LINE_WRITERS.get(made.suffix)
    if write is None:
        raise Refused(f"{made.name} must end in {' or '.join(LINE_WRITERS)}.", BAD_USE)
    return write


def _jobs(store: Store, made: Path, arguments: argparse.Namespace) -> list[str]:
    """A site's dispatch orders at one moment."""
    write, site = _writer_of(made), arguments.site
    with store.reading():
        if not is_site(store, site):
            raise Refused(f"There is no site {site}.")
        told = count()
        rows = exported_jobs(store, site, arguments.first, arguments.last)
        jobs = (row for row, _ in zip(rows, told, strict=False))  # the rows first: the last one ends it
        write(made, [column.name for column in JOB_COLUMNS], jobs)
    return [f"{next(told)} jobs"]


class _Pages:
    """Pages as rows, with a bar that moves along; `cursor` is that of the last one."""

    def __init__(self, pages: Iterator[FeedPage], shown: Any) -> None:
        self._pages, self._shown = pages, shown
        self.cursor: str | None = None

    def rows(self) -> Iterator[Row]:
        for page in self._pages:
            yield from page.rows
            self._shown.update(len(page.rows))
            self.cursor = page.cursor


Export = Callable[[Store, Path, argparse.Namespace], list[str]]
EXPORTS: dict[str, Export] = {"evidence": _evidence, "heads": _heads, "lines": _lines, "jobs": _jobs}
"""What can be exported: each writes the file and returns what is told of it, a line each."""


def signed(store: Store, number: str) -> _Signed:
    """What was signed under a number, and the signatures that stand. Raises devices.problems.Refused for no such."""
    if number.count("/") == MONTH_SLASHES:
        return months.payload_and_signatures(store, *number.split("/"))
    find = _FOUND.get(number.partition("-")[0])
    if find is None:
        raise refuse("not_found")
    payload = find(store, number)
    return payload, standing(store, number, payload.digest)


def _of_stocktake(store: Store, number: str) -> Payload:
    counted, _ = stocktakes.stocktake_of(store, number)
    if counted.closed is None:
        raise refuse("stocktake_not_closed", stocktake=number, state=counted.state)
    return stocktakes.payload_of(store, counted)


def _of_handover(store: Store, number: str) -> Payload:
    return handovers.payload_of(handovers.handover_of(store, number)[0])


_FOUND: dict[str | None, Callable[[Store, str], Payload]] = {
    STOCKTAKE.letter: _of_stocktake,
    HANDOVER.letter: _of_handover,
}
"""What a number's prefix stands for."""
