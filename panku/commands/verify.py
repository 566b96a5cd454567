"""`panku verify`: recompute every link, digest and position, and compare with heads held outside."""

import argparse
from collections.abc import Collection, Iterator
from pathlib import Path

from api.wire.times import shown
from devices.chain import Held
from devices.journal import clock_standing
from devices.ledger.proving.verify import export_heads, verify
from devices.moments.readings import leaps
from devices.store import schema
from devices.store.database import Store
from panku.commands import DONE, FAULT
from panku.console.heads import read_heads, take_heads, write_heads
from panku.console.opening import existing
from panku.console.terminal import say
from panku.console.words import bar, told_on
from panku.settings import Settings
from panku.wiring import CHECKS, RECORD_KINDS, clock


def declare(parser: argparse.ArgumentParser) -> None:
    """Which heads to compare with, and where to write today's."""
    take_heads(parser, "heads held outside, which must be in the journals")
    parser.add_argument(
        "--export-heads", type=Path, metavar="FILE", help="write the heads, to be held outside"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Exit status 1 when anything is wrong; the first wrong row of each journal is named."""
    held = read_heads(arguments.against)
    with existing(settings, only_read=True) as store:
        status = verified(store, held, quiet=arguments.quiet)
        if arguments.export_heads:
            write_heads(arguments.export_heads, export_heads(store))
    return status


def verified(store: Store, held: Collection[Held], *, quiet: bool) -> int:
    """Check a store's schema and everything in it, and tell what is wrong; returns the exit status, 1 for a fault."""
    differing = _schema_faults(store)
    with bar(" rows", quiet=quiet) as shown:
        report = verify(store, RECORD_KINDS, progress=told_on(shown), held=held, checks=CHECKS)
    told = [f"schema: {text}" for text in differing]
    told += [f"{fault.table} {fault.key}: {fault.what}" for fault in report.faults]
    for text in told:
        say("WRONG", text)
    for text in _of_the_clock(store):
        say("CLOCK", text)
    say(f"{report.links} links, {report.lines} lines, {report.devices} devices: {_counted(len(told))}")
    return FAULT if told else DONE


def _counted(faults: int) -> str:
    if faults == 0:
        return "all hold"
    return "1 fault" if faults == 1 else f"{faults} faults"


def _of_the_clock(store: Store) -> Iterator[str]:
    """Where entries are dated ahead of what the clock said, and whether it is behind now: findings, and no faults."""
    for leap in leaps(store):
        read = f"the clock read {shown(leap.first_us)}"
        if leap.last_us != leap.first_us:
            read += f" to {shown(leap.last_us)}"
        yield (
            f"{leap.journal} from link {leap.seq} on: dated ahead of the clock, at link {leap.read_seq} by "
            f"{leap.ahead_seconds} s: dated {shown(leap.recorded_us)}, {read}"
        )
    standing = clock_standing(store, clock())
    if standing.is_behind:
        yield (
            f"this machine's clock is {standing.behind_seconds} s behind: the newest entry is dated "
            f"{shown(standing.newest_us)}"
        )


def _schema_faults(store: Store) -> list[str]:
    """What of the schema was changed behind Panku's back, such as a guard that is missing.

    Raises SchemaDiffers where migrations are pending, or came from a newer version: nothing can be told then.
    """
    try:
        schema.check_schema(store)
    except schema.SchemaDiffers:
        if differing := schema.differences(store):
            return differing
        raise
    return []
