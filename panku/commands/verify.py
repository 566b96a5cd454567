"""`panku verify`: recompute every link, digest and position, and compare with heads held outside."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from devices import schema
from devices.database import Store
from devices.ledger.verify import export_heads, verify
from panku.commands import BAD_USE, DONE, FAULT, Refused
from panku.commands.opening import existing
from panku.settings import Settings
from panku.wiring import CHECKS, RECORD_KINDS


def declare(parser: argparse.ArgumentParser) -> None:
    """Which heads to compare with, and where to write today's."""
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="heads exported earlier, which must be in the journals"
    )
    parser.add_argument(
        "--export-heads", type=Path, metavar="FILE", help="write the heads, to be held outside"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Exit status 1 when anything is wrong; the first wrong row of each journal is named."""
    heads = _read_heads(arguments.against) if arguments.against else None
    with existing(settings) as store:
        differing = _schema_faults(store)
        with tqdm(unit=" rows", disable=arguments.quiet or not sys.stderr.isatty(), leave=False) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            report = verify(store, RECORD_KINDS, progress=progress, heads=heads, checks=CHECKS)
        if arguments.export_heads:
            _write_heads(arguments.export_heads, store)
    told = [f"schema: {text}" for text in differing]
    told += [f"{fault.table} {fault.key}: {fault.what}" for fault in report.faults]
    for text in told:
        print(f"WRONG {text}")
    print(f"{report.links} links, {report.lines} lines, {report.devices} devices: ", end="")
    print(_counted(len(told)))
    return FAULT if told else DONE


def _counted(faults: int) -> str:
    if faults == 0:
        return "all hold"
    return "1 fault" if faults == 1 else f"{faults} faults"


def _schema_faults(store: Store) -> list[str]:
    """What of the schema was changed behind Panku's back, such as a guard that is missing.

    Raises SchemaDiffers where migrations are pending, or came from a newer version: nothing can be told then.
    """
    try:
        schema.check(store)
    except schema.SchemaDiffers:
        if differing := schema.differences(store):
            return differing
        raise
    return []


def _write_heads(path: Path, store: Store) -> None:
    try:
        path.write_text(json.dumps(export_heads(store), indent=2) + "\n")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", BAD_USE) from error


def _read_heads(path: Path) -> dict[str, tuple[int, str]]:
    try:
        content = json.loads(path.read_text())
        heads = {site: (int(head["seq"]), str(head["hash"])) for site, head in content.items()}
    except RecursionError as error:
        raise Refused(f"{path} holds no exported heads: it is nested too deeply.", BAD_USE) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{path} holds no exported heads: {error}", BAD_USE) from error
    if not heads:
        raise Refused(f"{path} holds no exported heads.", BAD_USE)
    return heads
